// Writing with models that read texts of any length.

#include "train/decode/generate.h"

#include <catch2/catch.hpp>

#include "data/io/text_parts.h"
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

namespace {

std::unique_ptr<Tokenizer> learned(const std::string& kind, const std::string& text, std::int64_t vocab_size = 300) {
  TokenizerOptions options;
  options.kind = kind;
  options.min_count = 1;
  options.vocab_size = vocab_size;
  std::size_t at = 0;
  return train_tokenizer(options, [&](std::string& block, std::size_t count) {
    const std::string part = text.substr(at, count);
    block += part;
    at += part.size();
    return part.size();
  });
}

}  // namespace

TEST_CASE("an empty prompt and blanks that are no tokens begin with a line's end, or with the commonest token") {
  const std::string lines = "one two\nthe king and the queen and the cat\n", line = "one two the king and the queen";
  const auto begin = [](const Tokenizer& tokenizer, const std::string& prompt) {
    const Prompt begun = encode_prompt(tokenizer, prompt);
    std::string all;
    for (const std::int32_t id : begun.ids) all += tokenizer.piece(id) + '|';
    return all + begun.text;
  };
  for (const char* kind : {"char", "byte", "word", "bpe"}) CHECK(begin(*learned(kind, lines), "") == "\n|");
  for (const char* kind : {"char", "word"}) CHECK(begin(*learned(kind, lines), "\t\r") == "\n|");
  for (const char* kind : {"byte", "bpe"}) CHECK(begin(*learned(kind, lines), " ") == " | ");
  for (const char* kind : {"word", "letters"}) {
    const auto tokenizer = learned(kind, line);
    for (const char* prompt : {"", " ", "\n", " \t\r\n"}) CHECK(begin(*tokenizer, prompt) == "the|the");
  }
  CHECK(begin(*learned("letters", lines), "\n") == "the|the");
  CHECK(begin(*learned("letters", "a b c d the the", 2), "") == "the|the");  // unknown words are more
  CHECK(begin(*learned("char", line), "") == " | ");   // nothing was counted, and there is no line's end
  CHECK(begin(*learned("char", line), " ") == " | ");  // a prompt as any other
  CHECK(begin(*learned("byte", line), " ") == " | ");
  CHECK(begin(*learned("word", lines), "the king") == "the|king|the king");
  CHECK_THROWS_WITH(encode_prompt(*learned("letters", lines), "1 2"), Catch::Contains("holds no token"));
}

}  // namespace heddle
