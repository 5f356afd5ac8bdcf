#include "train/tasks/language_model.h"

#include <catch2/catch.hpp>

#include "data/text/ngram.h"
#include "framework/rng.h"
#include "tests/data/text/text_fixture.h"
#include "tests/temporary_folder.h"
#include "train/run/experiment.h"

namespace heddle {
namespace {

struct Counted {
  Baselines baselines;
  NgramLosses losses;
};

/// Of a text of words.
Counted count_words(const std::string& text) {
  const TemporaryFolder folder;
  const Experiment experiment(
      Settings::from_text("[data]\ntokenizer = word\nmin_count = 1\npath = " + folder.write("text", text) +
                              "\n[model]\nn_layer = 1\nn_head = 1\nn_embd = 4\nblock_size = 8\n",
                          "test"));
  const auto dataset = experiment.load_data();
  const auto model = experiment.shape_model(dataset->state().spec());
  const auto& tokens = dynamic_cast<const TextDataset&>(*dataset);
  int told = 0;
  Counted counted{
      make_language_model(*model, *dataset)->baselines([&](auto&&...) { ++told; }),
      count_ngrams(tokens.tokens(Split::train), tokens.tokens(Split::val), tokens.tokenizer()->vocab_size())};
  CHECK(told > 0);
  return counted;
}

}  // namespace

TEST_CASE(
    "the baselines of a text are its n-grams of orders 1, 2 and 5, and the log says where discounts are assumed") {
  std::string few, many;
  std::vector<std::string> words;  // of which some stretches come again
  for (std::uint64_t i = 0; i < 4000; ++i) {
    few += Rng(1).below(2, i) == 0 ? "yes " : "no ";
    const double u = Rng(2).uniform(i);
    const auto word = static_cast<int>(400 * u * u * u * u);
    words.push_back({'w', static_cast<char>('a' + word % 20), static_cast<char>('a' + word / 20), ' '});
    if (i < 20 || Rng(3).below(6, i) > 0) continue;
    const std::size_t from = Rng(4).below(i - 10, i);
    for (std::size_t k = 0; k < 4 + i % 6; ++k) words.push_back(words[from + k]);
  }
  for (const std::string& word : words) many += word;
  for (const std::string& text : {few, many}) {
    const auto [baselines, losses] = count_words(text);
    REQUIRE(baselines.all.size() == 4);
    CHECK(baselines.metric == "loss");
    CHECK(baselines.lower_is_better);
    CHECK(baselines.all[0].name == "uniform");
    CHECK(baselines.all[0].value == losses.uniform);
    CHECK(baselines.all[1].name == "unigram");
    CHECK(baselines.all[1].value == losses.of_order[0]);
    CHECK(baselines.all[2].name == "bigram");
    CHECK(baselines.all[2].value == losses.of_order[1]);
    CHECK(baselines.all[3].name == "5-gram");
    CHECK(baselines.all[3].value == losses.of_order[4]);
    std::string assumed;
    for (int n = 1; n <= kNgramOrders; ++n) {
      if (losses.assumed(n)) assumed += (assumed.empty() ? "" : ", ") + std::to_string(n);
    }
    INFO(baselines.line);
    CHECK(assumed.empty() == (text == many));
    if (text == many) {
      CHECK_THAT(baselines.line, !Catch::Contains("discounts"));
    } else {
      CHECK_THAT(baselines.line, Catch::Contains("discounts of 0.5, 1, 1.5 for n = " + assumed));
    }
  }
}

}  // namespace heddle
