#include "train/analysis/words/model_vectors.h"

#include <catch2/catch.hpp>
#include <map>

#include "framework/autograd.h"
#include "tests/temporary_folder.h"
#include "train/run/checkpoint.h"

namespace heddle {
namespace {

/// A GPT's first weights, over single characters of `text`; its positions are turned queries and keys, so that what
/// goes into the first block is the token's alone.
LoadedRun first_weights(const std::string& text_path, index_t block_size) {
  LoadedRun run;
  run.experiment = std::make_unique<Experiment>(
      Settings::from_text("[data]\npath = " + text_path +
                              "\n[model]\nn_layer = 2\nn_head = 2\nn_embd = 8\npositions = rotary\nblock_size = " +
                              std::to_string(block_size) + "\n",
                          "test"));
  run.data = run.experiment->data->load({})->state();
  run.model = run.experiment->build_model(run.data.spec());
  return run;
}

WordVectors vectors_of(const LoadedRun& run, index_t layer, const std::string& path, index_t bytes, index_t min_count,
                       const std::function<void(index_t, index_t)>& progress = {}) {
  TextSource source({path});
  return contextual_vectors(dynamic_cast<NextToken&>(*run.model), *run.tokenizer(), layer, source, bytes, min_count,
                            progress);
}

std::string some_text() {
  std::string text;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const char* const words[] = {"Cat ", "dog, ", "bird ", "a "};
    text += words[Rng(1).below(4, i)];
  }
  return text + "end.\n";
}

}  // namespace

TEST_CASE("contextual vectors are means of the hidden states at words' last tokens") {
  const TemporaryFolder folder;
  const std::string text = some_text(), path = folder.write("text", text);
  const LoadedRun run = first_weights(path, 1000);  // all of the text at once
  const NoGradGuard no_grad;
  const std::vector<std::int32_t> tokens = run.tokenizer()->encode(text);
  Capture capture;
  capture.want("hidden_states/*");
  Context context;
  context.capture = &capture;
  dynamic_cast<NextToken&>(*run.model)
      .logits(IdTensor({tokens.begin(), tokens.end()}, {1, std::ssize(tokens)}), context);
  for (const index_t layer : {0, 1, 2}) {
    const WordVectors found = vectors_of(run, layer, path, 1 << 20, 2);
    REQUIRE(found.words.size() == 4);  // "end" is rarer
    for (const std::string& word : found.words) {
      std::vector<double> sum(8);
      double count = 0;
      const std::string shown = word == "cat" ? "Cat" : word;
      for (std::size_t at = text.find(shown); at != std::string::npos; at = text.find(shown, at + 1)) {
        const auto letter = [&](std::size_t i) { return i < text.size() && std::isalpha(text[i]) != 0; };
        if ((at > 0 && letter(at - 1)) || letter(at + shown.size())) continue;
        ++count;
        for (std::size_t d = 0; d < 8; ++d)
          sum[d] += capture.at("hidden_states/" + std::to_string(layer)).data()[(at + shown.size() - 1) * 8 + d];
      }
      const index_t row = std::find(found.words.begin(), found.words.end(), word) - found.words.begin();
      for (std::size_t d = 0; d < 8; ++d)
        CHECK(found.vectors.data()[static_cast<std::size_t>(row) * 8 + d] == Approx(sum[d] / count).margin(1e-5));
    }
  }
}

TEST_CASE("every place counts once where the text is longer than the context") {
  const TemporaryFolder folder;
  const std::string text = some_text(), path = folder.write("text", text);
  const LoadedRun run = first_weights(path, 16);
  const Tensor letters = dynamic_cast<WordTable&>(*run.model).token_vectors();
  const WordVectors found = vectors_of(run, 0, path, 1 << 20, 1);
  REQUIRE(found.words.size() == 5);
  for (std::size_t w = 0; w < found.words.size(); ++w) {
    const std::int32_t last = run.tokenizer()->encode(found.words[w].substr(found.words[w].size() - 1))[0];
    for (std::size_t d = 0; d < 8; ++d)
      CHECK(found.vectors.data()[w * 8 + d] ==
            Approx(letters.data()[static_cast<std::size_t>(last) * 8 + d]).margin(1e-6));
  }
  index_t read = 0;
  vectors_of(run, 0, path, 1 << 20, 1, [&](index_t done, index_t of) {
    CHECK(done > read);
    CHECK(of == std::ssize(text));
    read = done;
  });
  CHECK(read == std::ssize(text));
  CHECK_THROWS_WITH(vectors_of(run, 3, path, 1 << 20, 1), Catch::Contains("choose 0 (before the first) to 2"));
}

TEST_CASE("<unk> has no vector of its own") {
  const TemporaryFolder folder;
  const Experiment experiment(Settings::from_text("[data]\npath = " + folder.write("text", some_text()) +
                                                      "\ntokenizer = letters\n[model]\nn_embd = 8\nn_head = 2\n",
                                                  "test"));
  const DataState data = experiment.data->load({})->state();
  const auto tokenizer = make_tokenizer(data.tokenizer);
  const auto model = experiment.build_model(data.spec());
  auto& table = dynamic_cast<WordTable&>(*model);
  const WordVectors vectors = token_vectors(table, *tokenizer);
  REQUIRE(std::ssize(vectors.words) == tokenizer->vocab_size() - 1);
  const Tensor all = table.token_vectors();
  for (std::size_t w = 0; w < vectors.words.size(); ++w) {
    CHECK(vectors.words[w] == tokenizer->piece(static_cast<std::int32_t>(w) + 1));
    CHECK(std::equal(&vectors.vectors.data()[w * 8], &vectors.vectors.data()[w * 8] + 8, &all.data()[(w + 1) * 8]));
  }
}

}  // namespace heddle
