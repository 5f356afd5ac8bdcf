#include "train/run/experiment.h"

#include <catch2/catch.hpp>

#include "train/learners/learner.h"

namespace heddle {
namespace {

Experiment experiment(const std::string& text) { return Experiment(Settings::from_text(text, "x.cfg")); }

}  // namespace

TEST_CASE("a key of another model, learner or kind of data is refused with whose it is") {
  const auto refuse = [](const std::string& text, const std::string& message) {
    INFO(text);
    CHECK_THROWS_WITH(experiment(text),
                      Catch::StartsWith("x.cfg: ") && Catch::Contains(message) && Catch::EndsWith("; leave it out"));
  };
  const std::string words = "[data]\ntokenizer = word\n[model]\nkind = word2vec\n",
                    table = "[data]\nkind = table\npath = a.csv\n[model]\nkind = mlp\n";
  refuse(words + "[optim]\nkind = adamw\n",
         "optim.kind is a key of the learner of model.kind = gpt, not of model.kind = word2vec");
  refuse(words + "[train]\naccumulate = 2\n", "train.accumulate is a key of the learner of model.kind = gpt, not of");
  refuse("[model]\nwindow = 5\n", "model.window is a key of model.kind = word2vec, not of model.kind = gpt");
  refuse(table + "n_head = 2\n", "model.n_head is a key of model.kind = gpt, not of model.kind = mlp");
  refuse("[data]\nkind = table\ntokenizer = char\n[model]\nkind = mlp\n",
         "data.tokenizer is a key of data.kind = text, not of data.kind = table");
  refuse("[data]\nsource = de\n", "data.source is a key of data.kind = pairs, not of data.kind = text");
  // a key of nobody is a slip of the pen
  CHECK_THROWS_WITH(experiment("[model]\nwindwo = 5\n"), Catch::Contains("unknown key model.windwo"));
  CHECK_NOTHROW(experiment(words + "window = 3\n"));
  CHECK_NOTHROW(experiment(table));
}

TEST_CASE("where epochs are given, steps are as many as they have, and an evaluation comes after each") {
  const TrainConfig passes = experiment("[train]\nsteps = 0\nepochs = 2.5\neval_interval = 0\n").plan(20.1);
  CHECK(passes.steps == 51);
  CHECK(passes.eval_interval == 21);
  const TrainConfig steps = experiment("[train]\nsteps = 7\nepochs = 2.5\neval_interval = 3\n").plan(20.1);
  CHECK(steps.steps == 7);
  CHECK(steps.eval_interval == 3);
  CHECK(experiment("[train]\nsteps = 0\nepochs = 0.001\n").plan(20.1).steps == 1);
}

TEST_CASE("rows are drawn from the second random stream of the run's seed, in the order that the config names") {
  for (const auto& [keys, order] : {std::pair("", Order::random),
                                    {"epochs = 2\n", Order::epochs},
                                    {"epochs = 2\norder = random\n", Order::random}}) {
    INFO(keys);
    const Experiment run = experiment(std::string("[run]\nseed = 7\n[data]\nsize = 20000\n[model]\nblock_size = 8\n"
                                                  "[train]\nbatch_size = 4\naccumulate = 2\n") +
                                      keys);
    const auto dataset = run.load_data();
    const Draw draw = make_sampler(order, *dataset, Split::train, {4, 2}, Rng(7).fork(1))->draw(3, 1);
    const IdTensor expected = get_batch(*dataset, Split::train, draw).inputs;
    const Batch batch = run.make_feed(*dataset)->batch(3, 1);
    CHECK(std::equal(expected.data(), expected.data() + expected.numel(), batch.inputs.data()));
    CHECK(batch.first_row == 28);
  }
}

}  // namespace heddle
