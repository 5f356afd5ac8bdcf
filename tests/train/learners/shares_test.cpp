#include "train/learners/shares.h"

#include <catch2/catch.hpp>

namespace heddle {

TEST_CASE("every element is owned by one rank, in whole units, and each rank owns about as much of every bucket") {
  const int ranks = GENERATE(1, 2, 3, 8);
  constexpr index_t kUnit = 1000;
  const std::vector<index_t> elements = {5, 3'000'000, 700'123, 1, 999, 1000, 1001, 2'000'000, 64, 64};
  const std::vector<index_t> units = {kUnit, kUnit, kUnit, kUnit, kUnit, kUnit, kUnit, kUnit, kUnit, kUnit};
  const Shares shares(elements, units, ranks);
  std::vector<std::vector<int>> owners;
  for (const index_t n : elements) owners.emplace_back(static_cast<std::size_t>(n), 0);
  for (std::size_t b = 0; b < shares.buckets(); ++b) {
    index_t all = 0;
    for (const std::size_t i : shares.parameters(b)) {
      CHECK(shares.bucket_of(i) == b);
      all += elements[i];
    }
    for (int r = 0; r < ranks; ++r) {
      index_t owned = 0;
      for (const Part& part : shares.parts(b, r)) {
        CHECK(part.begin % kUnit == 0);
        CHECK((part.end % kUnit == 0 || part.end == elements[part.parameter]));
        const ElementRange same = shares.part(part.parameter, r);
        CHECK(same.begin == part.begin);
        CHECK(same.end == part.end);
        for (index_t e = part.begin; e < part.end; ++e) ++owners[part.parameter][static_cast<std::size_t>(e)];
        owned += part.size();
      }
      CHECK(std::abs(owned - all / ranks) <= kUnit + 1);
    }
  }
  for (const auto& of : owners) CHECK(std::all_of(of.begin(), of.end(), [](int owned) { return owned == 1; }));
  CHECK(shares.bucket_of(9) == 0);  // backward comes to the last first
  CHECK(shares.bucket_of(0) == shares.buckets() - 1);
}

TEST_CASE("what cannot be cut has one owner, not always the same") {
  constexpr index_t kSize = 1 << 20;
  const std::vector<index_t> whole(4, kSize);
  const Shares shares(whole, whole, 2);
  std::vector<int> owned(2);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (int r = 0; r < 2; ++r) {
      const index_t size = shares.part(i, r).size();
      CHECK((size == 0 || size == kSize));
      owned[static_cast<std::size_t>(r)] += size > 0 ? 1 : 0;
    }
  }
  CHECK(owned == std::vector<int>{2, 2});
}

}  // namespace heddle
