#include "train/analysis/space/static_share.h"

#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "framework/ops.h"
#include "train/analysis/geometry/linear_algebra.h"
#include "train/analysis/geometry/random_order.h"

namespace heddle {
namespace {

constexpr std::size_t kLeast = 10, kMost = 64;

}  // namespace

StaticShare static_share(const Tensor& x, std::span<const std::int32_t> ids, const Rng& rng) {
  ensure(x.size(0) == std::ssize(ids), "static share: ", x.size(0), " vectors stand at ", ids.size(),
         " tokens; give a token for each");
  std::map<std::int32_t, std::vector<std::int32_t>> places;
  for (std::size_t i = 0; i < ids.size(); ++i) places[ids[i]].push_back(static_cast<std::int32_t>(i));
  std::erase_if(places, [](const auto& token) { return token.second.size() < kLeast; });
  std::vector<std::vector<std::int32_t>> all;
  for (auto& [token, rows] : places) {
    if (rows.size() > kMost) rows.resize(kMost);
    all.push_back(std::move(rows));
  }
  const std::vector<std::size_t> order = random_order(all.size(), rng.fork(0));
  const std::vector<std::size_t> elsewhere = random_order(ids.size(), rng.fork(1));
  const std::size_t count = std::min(order.size(), kMost);
  std::vector<StaticShare> shares(count);
  parallel_for(static_cast<index_t>(count), 1, [&](index_t begin, index_t end) {
    for (index_t t = begin; t < end; ++t) {
      std::vector<std::int32_t> rows = all[order[static_cast<std::size_t>(t)]];
      const auto share_of = [&] {
        return first_singular_share(embedding(IdTensor(rows, {std::ssize(rows)}), x.detach()));
      };
      StaticShare& share = shares[static_cast<std::size_t>(t)];
      share.share = share_of();
      for (std::int32_t& row : rows) row = static_cast<std::int32_t>(elsewhere[static_cast<std::size_t>(row)]);
      share.chance = share_of();
    }
  });
  StaticShare sum;
  for (const StaticShare& share : shares) {
    sum.share += share.share;
    sum.chance += share.chance;
  }
  return {sum.share / static_cast<double>(count), sum.chance / static_cast<double>(count)};
}

}  // namespace heddle
