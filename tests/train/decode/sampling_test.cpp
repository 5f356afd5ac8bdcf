#include "train/decode/sampling.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <map>

#include "framework/gemm.h"
#include "models/gpt.h"
#include "train/decode/generate.h"

namespace heddle {
namespace {

std::map<std::int32_t, double> shares(const std::vector<real>& logits, const SamplingConfig& config) {
  std::map<std::int32_t, double> share;
  constexpr int kDraws = 40000;
  for (std::uint64_t i = 0; i < kDraws; ++i) share[sample(logits, config, Rng(1), i)] += 1.0 / kDraws;
  return share;
}

}  // namespace

TEST_CASE("tokens come as often as softmax of the scores over the temperature says") {
  const std::vector<real> logits = {std::log(real{1}), std::log(real{2}), std::log(real{5})};
  SamplingConfig config;
  config.temperature = 1;
  auto share = shares(logits, config);
  CHECK(share[0] == Approx(1.0 / 8).margin(0.01));
  CHECK(share[2] == Approx(5.0 / 8).margin(0.01));
  config.temperature = 0.5;
  CHECK(shares(logits, config)[2] == Approx(25.0 / 30).margin(0.01));
  for (const real far : {real{-5000}, real{5000}}) {  // whose exponentials are no numbers
    CHECK(shares({far + std::log(real{1}), far + std::log(real{3})}, {.temperature = 1})[1] ==
          Approx(0.75).margin(0.01));
  }
}

TEST_CASE("top-k and top-p leave the likeliest tokens alone") {
  const std::vector<real> logits = {std::log(real{1}), std::log(real{2}), std::log(real{5}), std::log(real{2})};
  SamplingConfig config;
  config.temperature = 1;
  config.top_k = 2;  // of equals the smaller id
  auto share = shares(logits, config);
  CHECK(share.size() == 2);
  CHECK(share[1] == Approx(2.0 / 7).margin(0.01));
  config.top_k = 0;
  config.top_p = 0.6;  // 5/10 is not enough, with the next 7/10
  share = shares(logits, config);
  CHECK(share.size() == 2);
  CHECK(share[2] == Approx(5.0 / 7).margin(0.01));
  config.top_p = 0.5;
  CHECK(shares(logits, config).size() == 1);
}

TEST_CASE("top-p takes no token more than reach it, and counts those that top-k leaves") {
  SamplingConfig config;
  config.temperature = 1;
  config.top_p = 0.5;
  CHECK(shares({0, 0}, config).size() == 1);
  CHECK(shares({0, 0, 0, 0}, config).size() == 2);
  config.top_k = 2;
  CHECK(shares({0, 0, 0, 0}, config).size() == 1);
}

TEST_CASE("temperature 0, top-k 1 and a tiny top-p all take the likeliest, the first of equals") {
  const std::vector<real> logits = {0, 3, 3, -1};
  SamplingConfig greedy, one, tiny;
  greedy.temperature = 0;
  one.top_k = 1;
  tiny.top_p = 1e-9;
  for (std::uint64_t i = 0; i < 100; ++i) {
    for (const SamplingConfig& config : {greedy, one, tiny}) REQUIRE(sample(logits, config, Rng(1), i) == 1);
  }
}

TEST_CASE("scores that are not numbers are refused, -inf is never drawn") {
  constexpr real inf = std::numeric_limits<real>::infinity();
  const std::vector<real> nan = {0, std::nanf("")}, none = {-inf, -inf}, one = {-inf, 0, -inf};
  REQUIRE_THROWS_WITH(sample(nan, {}, Rng(1), 0), Catch::Contains("not a number"));
  REQUIRE_THROWS_WITH(sample(none, {}, Rng(1), 0), Catch::Contains("finite"));
  REQUIRE_THROWS_WITH(sample(std::vector<real>{0, inf}, {}, Rng(1), 0), Catch::Contains("finite"));
  REQUIRE_THROWS_WITH(sample({}, {}, Rng(1), 0), Catch::Contains("finite"));
  for (std::uint64_t i = 0; i < 100; ++i) REQUIRE(sample(one, {}, Rng(1), i) == 1);
}

TEST_CASE("generation with a cache writes what it writes without, within the context and past it") {
  GPTConfig config;
  config.n_layer = 2;
  config.n_embd = 32;
  config.context = GENERATE(1, 2, 9, 16);
  GPT model(config, 20, Rng(4));
  const index_t prompt_length = GENERATE(1, 8, 30);
  std::vector<std::int32_t> prompt;
  for (index_t i = 0; i < prompt_length; ++i) prompt.push_back(static_cast<std::int32_t>(i % 20));
  const auto text = [&](bool cached) {
    std::vector<std::int32_t> ids;
    SamplingConfig sampling;
    sampling.temperature = 1.5;
    generate(
        model, {prompt}, 50, sampling,
        [&](std::size_t, std::int32_t id) {
          ids.push_back(id);
          return true;
        },
        cached);
    return ids;
  };
  const auto cached = text(true);
  REQUIRE(cached.size() == 50);
  REQUIRE(cached == text(false));
}

TEST_CASE("prompts that are continued together get the texts that they get alone") {
  GPTConfig config;
  config.n_layer = 2;
  config.n_embd = 32;
  config.context = GENERATE(8, 64);
  config.positions = GENERATE(Positions::learned, Positions::rotary);
  GPT model(config, 20, Rng(4));
  if (GENERATE(false, true)) round_weights(model);
  const std::vector<std::vector<std::int32_t>> prompts = {{1, 2, 3}, {4}, {5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, {4}};
  const auto texts = [&](const std::vector<std::vector<std::int32_t>>& some, std::int64_t seed) {
    std::vector<std::vector<std::int32_t>> ids(some.size());
    SamplingConfig sampling;
    sampling.temperature = 1.5;
    sampling.seed = seed;
    generate(model, some, 30, sampling, [&](std::size_t which, std::int32_t id) {
      ids[which].push_back(id);
      return which != 1 || ids[which].size() < 5;  // the second ends early
    });
    return ids;
  };
  const auto together = texts(prompts, 7);
  REQUIRE(together[1].size() == 5);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto alone = texts({prompts[i]}, 7 + static_cast<std::int64_t>(i))[0];
    REQUIRE(alone.size() == 30);
    REQUIRE(std::equal(together[i].begin(), together[i].end(), alone.begin()));
    REQUIRE((i == 1 || together[i].size() == 30));
  }
  REQUIRE(together[1] != std::vector<std::int32_t>(together[3].begin(), together[3].begin() + 5));  // seeds differ
}

TEST_CASE("more prompts than few rows are continued as fewer are") {
  GPTConfig config;
  config.n_layer = 1;
  config.n_embd = 32;
  GPT model(config, 20, Rng(4));
  round_weights(model);
  const auto texts = [&](std::size_t count) {
    std::vector<std::vector<std::int32_t>> ids(count);
    generate(model, std::vector<std::vector<std::int32_t>>(count, {3, 1}), 20, {}, [&](std::size_t which, auto id) {
      ids[which].push_back(id);
      return true;
    });
    return ids;
  };
  const auto many = texts(kFewRows + 3), few = texts(3);
  REQUIRE(std::equal(few.begin(), few.end(), many.begin()));
}

TEST_CASE("generation stops when it is told to, and needs a prompt") {
  GPT model(GPTConfig(), 20, Rng(4));
  int count = 0;
  generate(model, {{1}}, 50, {}, [&](std::size_t, std::int32_t) { return ++count < 3; });
  REQUIRE(count == 3);
  REQUIRE_THROWS_WITH(generate(model, {{1}, {}}, 1, {}, [](std::size_t, std::int32_t) { return true; }),
                      Catch::Contains("holds no token"));
}

}  // namespace heddle
