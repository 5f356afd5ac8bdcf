// Writing with models that read texts of any length.

#include "train/decode/generate.h"

#include <catch2/catch.hpp>

#include "models/recurrent.h"

namespace heddle {

TEST_CASE("a recurrent model writes with a state what it writes without, for prompts of any length, and rows alone") {
  RecurrentConfig config;
  config.cell = GENERATE(Cell::rnn, Cell::lstm, Cell::gru);
  config.n_embd = 8;
  config.n_hidden = 12;
  config.context = 6;
  Recurrent model(config, 11, Rng(4));
  if (GENERATE(false, true)) round_weights(model);
  std::vector<std::int32_t> prompt;
  for (std::int32_t i = 0; i < 40; ++i) prompt.push_back(i * 7 % 11);
  const auto texts = [&](const std::vector<std::vector<std::int32_t>>& prompts, std::int64_t seed, bool cached) {
    std::vector<std::vector<std::int32_t>> ids(prompts.size());
    SamplingConfig sampling;
    sampling.temperature = 1.5;
    sampling.seed = seed;
    generate(
        model, prompts, 30, sampling,
        [&](std::size_t which, std::int32_t id) {
          ids[which].push_back(id);
          return true;
        },
        cached);
    return ids;
  };
  const std::vector<std::vector<std::int32_t>> prompts = {prompt, {1, 2, 3}, {4}};
  const auto with = texts(prompts, 7, true);
  CHECK(with == texts(prompts, 7, false));
  for (std::size_t i = 0; i < prompts.size(); ++i)
    CHECK(texts({prompts[i]}, 7 + static_cast<std::int64_t>(i), true)[0] == with[i]);
}

}  // namespace heddle
