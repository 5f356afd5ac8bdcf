#include "data/ngram.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace heddle {
namespace {

constexpr int kOrders = 5;
constexpr int kTokenBits = 24;
constexpr std::uint64_t kTokenMask = (std::uint64_t{1} << kTokenBits) - 1;

/// The n-grams of one order as sorted numbers: 40 bits of a hash of the history, then 24 bits of the token. What follows
/// one history stands together. Two of a million histories share a hash with a chance of one in two; a count that is
/// then too large changes no digit that is shown.
class Counts {
 public:
  Counts() = default;
  Counts(std::span<const std::int32_t> tokens, int order) {
    const auto n = static_cast<std::size_t>(order);
    if (tokens.size() < n) return;
    std::vector<std::uint64_t> grams(tokens.size() - n + 1);
    for (std::size_t i = 0; i < grams.size(); ++i) {
      grams[i] = history(tokens.subspan(i, n - 1)) | static_cast<std::uint64_t>(tokens[i + n - 1]);
    }
    std::sort(grams.begin(), grams.end());
    for (const std::uint64_t gram : grams) {
      if (grams_.empty() || grams_.back() != gram) {
        grams_.push_back(gram);
        counts_.push_back(0);
      }
      ++counts_.back();
    }
  }

  static std::uint64_t history(std::span<const std::int32_t> tokens) {
    std::uint64_t hash = 0x9e3779b97f4a7c15U;
    for (const std::int32_t token : tokens) {
      hash = (hash ^ static_cast<std::uint64_t>(token)) * 0xbf58476d1ce4e5b9U;
      hash ^= hash >> 29U;
    }
    return hash & ~kTokenMask;
  }

  /// P(token | history), given the probability by the lower order.
  double probability(std::uint64_t history, std::int32_t token, double lower) const {
    const auto begin = std::lower_bound(grams_.begin(), grams_.end(), history);
    double all = 0, different = 0, same = 0;
    for (auto at = begin; at != grams_.end() && (*at & ~kTokenMask) == history; ++at) {
      const double count = counts_[static_cast<std::size_t>(at - grams_.begin())];
      all += count;
      ++different;
      if ((*at & kTokenMask) == static_cast<std::uint64_t>(token)) same = count;
    }
    return all == 0 ? lower : (same + different * lower) / (all + different);
  }

 private:
  std::vector<std::uint64_t> grams_;
  std::vector<std::uint32_t> counts_;
};

}  // namespace

Baselines count_baselines(std::span<const std::int32_t> train, std::span<const std::int32_t> val, index_t vocab_size) {
  constexpr std::size_t kMostTrain = 2000000, kMostVal = 250000;
  if (train.size() > kMostTrain) train = train.last(kMostTrain);
  if (val.size() > kMostVal) val = val.last(kMostVal);
  ensure(val.size() > 1 && vocab_size > 0, "baselines: ", val.size(), " validation tokens predict none");
  ensure(vocab_size <= static_cast<index_t>(kTokenMask), "baselines: a vocabulary of ", vocab_size, " is too large");
  std::array<Counts, kOrders> orders;  // the first stays empty: it needs no histories
  parallel_for(kOrders - 1, 1, [&](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) orders[static_cast<std::size_t>(i) + 1] = Counts(train, static_cast<int>(i) + 2);
  });
  std::vector<double> unigram(static_cast<std::size_t>(vocab_size));
  for (const std::int32_t token : train) ++unigram[static_cast<std::size_t>(token)];
  const auto different = static_cast<double>(vocab_size - std::count(unigram.begin(), unigram.end(), 0.0));
  const double uniform = 1 / static_cast<double>(vocab_size);
  for (double& count : unigram) count = (count + different * uniform) / (static_cast<double>(train.size()) + different);

  const auto predictions = static_cast<index_t>(val.size()) - 1;
  const auto mean_of = [&](int highest) {
    return parallel_sum(predictions, 4096, [&](index_t begin, index_t end) {
             double nats = 0;
             for (index_t i = begin; i < end; ++i) {
               const auto at = static_cast<std::size_t>(i + 1);
               double p = unigram[static_cast<std::size_t>(val[at])];
               for (std::size_t order = 2; order <= std::min(static_cast<std::size_t>(highest), at + 1); ++order) {
                 p = orders[order - 1].probability(Counts::history(val.subspan(at - order + 1, order - 1)), val[at], p);
               }
               nats -= std::log(p);
             }
             return nats;
           }) /
           static_cast<double>(predictions);
  };
  return {std::log(static_cast<double>(vocab_size)), mean_of(1), mean_of(2), mean_of(kOrders), static_cast<index_t>(train.size())};
}

}  // namespace heddle
