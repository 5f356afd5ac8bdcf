#include "data/text/grams.h"

#include <catch2/catch.hpp>
#include <map>

#include "framework/rng.h"

namespace heddle {
namespace {

using Codes = std::array<std::uint32_t, 5>;

Gram gram_of(const Codes& codes, bool judged = false) {
  return Gram::of({codes[0], codes[1], codes[2], codes[3], codes[4]}, judged);
}

/// Of few different codes, the least and the largest among them, so that many are alike.
Codes random_codes(std::uint64_t i) {
  constexpr std::array<std::uint32_t, 4> kCodes = {0, 1, 77, 1U << 20U};
  Codes codes;
  for (std::size_t k = 0; k < 5; ++k) codes[k] = kCodes[Rng(4).below(4, 5 * i + k)];
  return codes;
}

/// How often each place's codes come in a text, first of those that are counted, then of those that are judged.
using Counted = std::map<std::pair<Codes, bool>, std::uint64_t>;

void count(const std::vector<std::int32_t>& text, bool judged, Counted& counted) {
  for (std::size_t i = judged ? 1 : 0; i < text.size(); ++i) {
    Codes codes{};
    for (std::size_t k = 0; k < 4 && k < i; ++k) codes[k] = static_cast<std::uint32_t>(text[i - 1 - k]) + 1;
    codes[4] = static_cast<std::uint32_t>(text[i]) + 1;
    ++counted[{codes, judged}];
  }
}

}  // namespace

TEST_CASE("a gram gives back its codes and is ordered by them, the last token before first") {
  for (std::uint64_t i = 0; i < 500; ++i) {
    const Codes a = random_codes(2 * i), b = random_codes(2 * i + 1);
    const Gram gram = gram_of(a, i % 2 == 1);
    for (int k = 0; k < 5; ++k) REQUIRE(gram.code(k) == a[static_cast<std::size_t>(k)]);
    REQUIRE(gram.token() == static_cast<std::int32_t>(a[4]) - 1);
    REQUIRE(gram.judged() == (i % 2 == 1));
    REQUIRE(gram.count() == 1);
    REQUIRE((gram_of(a) < gram_of(b)) == (a < b));
    for (int k = 0; k <= 5; ++k) {
      const bool alike = std::equal(a.begin(), a.begin() + k, b.begin());
      const Gram least = gram.least(k), beyond = gram.beyond(k), other = gram_of(b, i % 3 == 1);
      REQUIRE((least <= other && other < beyond) == alike);
    }
  }
}

TEST_CASE("grams of two texts come sorted, each once with its count, in parts that fit") {
  const auto text = [](std::uint64_t seed, std::size_t size) {
    std::vector<std::int32_t> ids(size);
    for (std::size_t i = 0; i < size; ++i) ids[i] = static_cast<std::int32_t>(Rng(seed).below(3, i));
    return ids;
  };
  const auto train = text(1, 2000), val = text(2, 300);
  Counted wanted;
  count(train, false, wanted);
  count(val, true, wanted);
  const Gram first = Gram().least(0), last = Gram().beyond(0);
  for (const std::size_t most : {8, 9, 100, 601, 5000}) {
    INFO("at most " << most);
    SortedGrams grams(train, val, most);
    CHECK(grams.size() == 2299);
    Counted found;
    Gram before = first;
    for (Gram at = first, end; at < last; at = end) {
      end = last;
      const auto part = grams.load(at, end);
      REQUIRE(part.size() <= most);
      if (most == 5000) REQUIRE(end == last);
      REQUIRE((!part.empty() || end == last));
      for (const Gram& gram : part) {
        REQUIRE((at <= gram && gram < end && before <= gram));
        before = gram;
        Codes codes;
        for (int k = 0; k < 5; ++k) codes[static_cast<std::size_t>(k)] = gram.code(k);
        REQUIRE(found.emplace(std::pair(codes, gram.judged()), gram.count()).second);
      }
      Gram again = last;
      REQUIRE(grams.load(at, again).size() == part.size());
      REQUIRE(again == end);
    }
    CHECK(found == wanted);
  }
  CHECK_THROWS_WITH(SortedGrams(train, val, 7), Catch::Contains("too little"));
}

TEST_CASE("a gram more frequent than one can say comes again with the rest of its count") {
  const std::size_t size = 4 + Gram::kMostCount + 5;  // the first four have shorter histories
  const std::vector<std::int32_t> ids(size, 6);
  for (const std::size_t most : {std::size_t{1} << 16U, size + 1}) {
    SortedGrams grams(ids, std::vector<std::int32_t>{1, 1}, most);
    Gram to = Gram().beyond(0);
    const auto all = grams.load(Gram(), to);
    REQUIRE(all.size() == 1 + 4 + 2);
    CHECK(all[4].count() == 1);
    CHECK(all[5].count() == Gram::kMostCount);
    CHECK(all[6].count() == 5);
    CHECK(all[6].same_but_count(all[5]));
    CHECK_FALSE(all[5].same_but_count(all[4]));
  }
}

}  // namespace heddle
