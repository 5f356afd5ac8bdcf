#include "data/text/shared_run.h"

#include <catch2/catch.hpp>

#include "framework/rng.h"

namespace heddle {
namespace {

/// By trying all places of both.
std::size_t longest_by_trying(const std::vector<std::int32_t>& sample, const std::vector<std::int32_t>& text) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    for (std::size_t j = 0; j < text.size(); ++j) {
      std::size_t length = 0;
      while (i + length < sample.size() && j + length < text.size() && sample[i + length] == text[j + length]) ++length;
      best = std::max(best, length);
    }
  }
  return best;
}

}  // namespace

TEST_CASE(
    "the longest run that a sample shares with a text is as long as trying all places finds it, and stands there") {
  const Rng rng(7);
  for (std::uint64_t round = 0; round < 2000; ++round) {
    const Rng own = rng.fork(round);
    const auto some = [&](std::uint64_t stream, std::size_t count) {
      std::vector<std::int32_t> ids;
      for (std::size_t i = 0; i < count; ++i)
        ids.push_back(static_cast<std::int32_t>(own.fork(stream).below(i, 2 + round % 4)));
      return ids;
    };
    const std::vector<std::int32_t> sample = some(0, round % 45),
                                    text = some(1, 1 + round % (round % 2 == 0 ? 97 : 13));
    const SharedRun run = longest_shared_run(sample, Tokens(text));
    INFO("round " << round);
    REQUIRE(run.length == longest_by_trying(sample, text));
    REQUIRE(run.begin + run.length <= sample.size());
    const auto begin = sample.begin() + static_cast<std::ptrdiff_t>(run.begin);
    const auto end = begin + static_cast<std::ptrdiff_t>(run.length);
    if (run.length > 0) CHECK(std::search(text.begin(), text.end(), begin, end) != text.end());
  }
}

TEST_CASE("a sample that is copied is one run, one of other tokens shares none") {
  const std::vector<std::int32_t> text = {5, 1, 2, 3, 1, 2, 4, 9};
  CHECK(longest_shared_run(text, Tokens(text)).length == 8);
  const std::vector<std::int32_t> sample = {7, 3, 1, 2, 4, 7};
  const SharedRun run = longest_shared_run(sample, Tokens(text));
  CHECK(run.begin == 1);
  CHECK(run.length == 4);
  const std::vector<std::int32_t> twice = {3, 0, 2, 2, 0, 2, 2, 1, 3, 0}, other = {2, 2, 2, 1, 3, 2, 1, 0, 2, 1, 0};
  CHECK(longest_shared_run(twice, Tokens(other)).length == 4);  // 2 2 1 3, though 0 2 2 stands there twice
  CHECK(longest_shared_run(std::vector<std::int32_t>{7, 8}, Tokens(text)).length == 0);
  CHECK(longest_shared_run(std::vector<std::int32_t>{}, Tokens(text)).length == 0);
}

}  // namespace heddle
