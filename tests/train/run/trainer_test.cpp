#include "train/run/trainer.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/temporary_folder.h"

namespace heddle {
namespace {

Experiment tiny(const std::string& more = "") {
  return Experiment(Settings::from_text(
      std::string("[data]\nsize = 20000\n[model]\nn_layer = 1\nn_head = 2\nn_embd = 16\nblock_size = 8\n[train]\n") +
          (more.find("batch_size") == std::string::npos ? "batch_size = 8\n" : "") + more,
      "test"));
}

/// word2vec on a text of letters, with more keys of [data], [model] and [train].
Experiment words(const std::string& data, const std::string& model, const std::string& train = "") {
  return Experiment(Settings::from_text("[data]\ntokenizer = letters\n" + data + "[model]\nkind = word2vec\n" + model +
                                            "[optim]\nkind = sgd\nmomentum = 0\nweight_decay = 0\ngrad_clip = 0\n" +
                                            "[train]\n" + train,
                                        "test"));
}

struct Setup {
  explicit Setup(const std::string& more = "") : Setup(tiny(more)) {}
  explicit Setup(Experiment whole)
      : experiment(std::move(whole)),
        corpus(load_corpus(experiment.data, 1, experiment.model->block_size())),
        model(experiment.build_model(*corpus.tokenizer)),
        trainer(experiment, corpus, *model) {}
  Experiment experiment;
  Corpus corpus;
  std::unique_ptr<Model> model;
  Trainer trainer;
};

}  // namespace

TEST_CASE("one step of 8 windows equals one of two passes of 4 to rounding") {
  Setup whole, halves("accumulate = 2\nbatch_size = 4\n");
  const StepResult a = whole.trainer.step(5), b = halves.trainer.step(5);
  CHECK(a.loss == Approx(b.loss).epsilon(1e-6));
  CHECK(a.grad_norm == Approx(b.grad_norm).epsilon(1e-5));
  CHECK(whole.trainer.tokens_per_step() == 64);
  CHECK(halves.trainer.tokens_per_step() == 64);
}

TEST_CASE("a steady step asks the system for no memory") {
  Setup setup("eval_batches = 2\n");
  for (index_t i = 0; i < 3; ++i) setup.trainer.step(i);
  const std::size_t before = pool_stats().system_requests;
  for (index_t i = 3; i < 10; ++i) setup.trainer.step(i);
  REQUIRE(pool_stats().system_requests == before);
}

TEST_CASE("the whole split's loss counts every token once, whatever the batch") {
  Setup setup;
  const double whole = setup.trainer.evaluate(true);
  CHECK(evaluate_loss(*setup.model, setup.corpus.val, 1, 0) == Approx(whole).epsilon(1e-6));
  CHECK(evaluate_loss(*setup.model, setup.corpus.val, 100000, 0) == Approx(whole).epsilon(1e-6));
  CHECK(whole == Approx(std::log(30)).epsilon(0.1));  // first weights predict little
  const double part = evaluate_loss(*setup.model, setup.corpus.val, 8, 3);
  CHECK(part != whole);
  CHECK(part == Approx(whole).epsilon(0.05));
}

TEST_CASE("the expected memory is near what training takes") {
  Setup setup(GENERATE("batch_size = 4\n", "batch_size = 64\n", "batch_size = 64\nrecompute = true\n",
                       "batch_size = 16\naccumulate = 2\n", "batch_size = 1\n"));
  const MemoryEstimate expected = setup.trainer.estimate_memory();
  const std::size_t before = pool_stats().bytes_in_use;
  pool_reset_peak();
  setup.trainer.step(0);
  const auto taken = static_cast<double>(pool_stats().peak_bytes - before);
  CHECK(expected.activations + expected.gradients >= taken * 0.9);
  CHECK(expected.activations + expected.gradients <= taken * 1.5);
  CHECK(expected.parameters == expected.optimizer / 2);
}

TEST_CASE("what word2vec keeps beside its vectors is expected before the first step") {
  Setup setup(words("size = 200000\n", "n_embd = 20\nblock_size = 200\n", "batch_size = 20\n"));
  const double expected = setup.trainer.estimate_memory().activations;
  for (index_t i = 0; i < 5; ++i) setup.trainer.step(i);
  CHECK(expected > 20 * 200 * 20 * sizeof(real));  // of each piece's words, and of those drawn beside them
  CHECK(setup.model->working_bytes() <= expected * 1.3);
  CHECK(setup.model->working_bytes() >= expected / 1.5);
}

TEST_CASE("a loss of pairs is a mean over pairs: unknown words are none, and a text of them alone has no loss") {
  const TemporaryFolder folder;
  std::string text;
  for (std::uint64_t i = 0; i < 6000; ++i) {
    if (i < 3000) {
      text += Rng(1).below(2, i) == 0 ? "yes " : "no ";
      continue;
    }
    for (std::uint64_t rest = i; rest > 0; rest /= 26) text += static_cast<char>('a' + rest % 26);
    text += "x ";  // seen once
  }
  const std::string path = folder.write("text", text);
  const auto first_loss = [&](const std::string& val_fraction) {
    Setup setup(words("path = " + path + "\nmin_count = 2\nval_fraction = " + val_fraction + '\n',
                      "n_embd = 8\nblock_size = 100\nsubsample = 0\n"));
    return std::pair(setup.trainer.evaluate(true), setup.model->yardsticks()[0].loss);
  };
  const auto [loss, nothing] = first_loss("0.6");
  CHECK(loss == Approx(nothing).epsilon(0.03));
  CHECK_THROWS_WITH(first_loss("0.4"), Catch::Contains("no pair of known words"));
}

TEST_CASE("a step that is not finite changes no weight and names the first op") {
  Setup setup;
  setup.trainer.step(0);
  auto parameters = setup.model->named_parameters();
  for (NamedTensor& p : parameters) {
    if (p.name == "blocks/0/attention/qkv/weight") p.tensor.data()[0] = std::numeric_limits<real>::infinity();
  }
  std::vector<std::vector<real>> before;
  for (const NamedTensor& p : parameters) before.emplace_back(p.tensor.span().begin(), p.tensor.span().end());
  CHECK_THROWS_WITH(setup.trainer.step(1), Catch::Contains("step 2: loss") &&
                                               Catch::Contains("first in linear: result") &&
                                               Catch::Contains("optim.lr"));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto now = parameters[i].tensor.span();
    CHECK(std::equal(now.begin(), now.end(), before[i].begin()));
  }
}

}  // namespace heddle
