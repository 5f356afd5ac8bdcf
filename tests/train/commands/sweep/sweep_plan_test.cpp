#include "train/commands/sweep/sweep_plan.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "framework/check.h"
#include "train/run/experiment.h"

namespace heddle {
namespace {

SweepPlan plan_of(const std::string& sweep, const std::string& more = "") {
  return plan_sweep(Settings::from_text(more + "[sweep]\n" + sweep, "x.cfg"));
}

std::vector<std::string> names(const SweepPlan& plan) {
  std::vector<std::string> all;
  for (const SweepRun& run : plan.runs) all.push_back(run.name);
  return all;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a grid is every combination, in the order of the file, each with every seed") {
  const SweepPlan plan = plan_of("optim.lr = 1e-3, 3e-3\nmodel.n_layer = 1..2\nrun.seed = 4, 7\n");
  CHECK(names(plan) == Names{"lr=0.001,n_layer=1,seed=4", "lr=0.001,n_layer=1,seed=7", "lr=0.001,n_layer=2,seed=4",
                             "lr=0.001,n_layer=2,seed=7", "lr=0.003,n_layer=1,seed=4", "lr=0.003,n_layer=1,seed=7",
                             "lr=0.003,n_layer=2,seed=4", "lr=0.003,n_layer=2,seed=7"});
  CHECK(plan.combinations == 4);
  CHECK(plan.seeds == Names{"4", "7"});
  CHECK(plan.text_of(2) == "optim.lr = 0.003, model.n_layer = 1");
  CHECK(plan.text_of(0, true) == "x.cfg: line 2: optim.lr = 0.001, x.cfg: line 3: model.n_layer = 1");
  const Settings run = Settings::from_text(plan.runs[5].config, "");
  CHECK(run.value_of("optim.lr", "") == "0.003");
  CHECK(run.value_of("run.seed", "") == "7");
  CHECK(run.value_of("run.dir", "") == "runs/run/lr=0.003,n_layer=1,seed=7");
}

TEST_CASE("a list takes the values of all keys together, a single one with each") {
  const SweepPlan plan = plan_of("mode = list\noptim.lr = 1e-3, 3e-3\nmodel.n_layer = 1, 2\ntrain.batch_size = 4\n");
  CHECK(names(plan) == Names{"lr=0.001,n_layer=1,batch_size=4,seed=1", "lr=0.003,n_layer=2,batch_size=4,seed=1"});
  CHECK_THROWS_WITH(plan_of("mode = list\noptim.lr = 1e-3, 3e-3\nmodel.n_layer = 1, 2, 3\n"),
                    Catch::StartsWith("x.cfg: line 3: optim.lr has 2 values and another key has 3"));
}

TEST_CASE("drawn combinations lie in their ranges, follow the seed, and the first stay where more are drawn") {
  const std::string keys = "optim.lr = 1e-4..1e-1\nmodel.n_layer = 1..3\nmodel.dropout = 0..0.5\nmodel.n_head = 2, 4\n";
  const SweepPlan plan = plan_of("mode = random\nbudget = 200\n" + keys);
  REQUIRE(plan.runs.size() == 200);
  std::set<std::string> layers, heads;
  std::ptrdiff_t low = 0;
  double most = 0;
  for (std::size_t c = 0; c < 200; ++c) {
    const double lr = std::stod(plan.axes[0].values[c]), dropout = std::stod(plan.axes[2].values[c]);
    REQUIRE((lr >= 1e-4 && lr <= 1e-1 && dropout >= 0 && dropout <= 0.5));
    low += lr < 1e-3 ? 1 : 0;
    most = std::max(most, dropout);
    layers.insert(plan.axes[1].values[c]);
    heads.insert(plan.axes[3].values[c]);
  }
  CHECK(low > 40);  // a third of the range by ratio, a hundredth by difference
  CHECK(low < 95);
  CHECK(most > 0.4);
  CHECK(layers == std::set<std::string>{"1", "2", "3"});
  CHECK(heads == std::set<std::string>{"2", "4"});
  const SweepPlan fewer = plan_of("mode = random\nbudget = 20\n" + keys);
  const Names all = names(plan);
  CHECK(names(fewer) == Names(all.begin(), all.begin() + 20));
  CHECK(names(plan_of("mode = random\nbudget = 20\nseed = 2\n" + keys)) != names(fewer));
}

TEST_CASE("where fewer combinations are to be had than the budget, each is drawn once and that is said") {
  const SweepPlan plan = plan_of("mode = random\nbudget = 50\nmodel.n_layer = 1..3\n");
  CHECK(plan.combinations == 3);
  REQUIRE(plan.notices.size() == 1);
  CHECK_THAT(plan.notices[0], Catch::Contains("3 different combinations"));
}

TEST_CASE("names of runs are those of folders: odd characters are left out, values stay apart") {
  const SweepPlan plan = plan_of("data.val_path = a/b.txt, a-b.txt, a b.txt\n", "[data]\npath = x.txt\n");
  REQUIRE(plan.runs.size() == 3);
  CHECK(plan.runs[1].name == "val_path=a-b.txt,seed=1");
  std::set<std::string> all;
  for (const SweepRun& run : plan.runs) {
    CHECK(run.name.find_first_of("/ ") == run.name.npos);
    all.insert(run.name);
  }
  CHECK(all.size() == 3);
}

TEST_CASE("a sweep of seeds alone has one combination") {
  const SweepPlan plan = plan_of("run.seed = 1..3\n");
  CHECK(names(plan) == Names{"seed=1", "seed=2", "seed=3"});
  CHECK(plan.combinations == 1);
  CHECK(plan.text_of(0).empty());
}

TEST_CASE("what a sweep cannot try is refused with its file and line before anything is trained") {
  const auto refused = [](const std::string& sweep, const std::string& message) {
    INFO(sweep);
    CHECK_THROWS_WITH(plan_of(sweep), Catch::StartsWith(message));
  };
  refused("optim.learning_rate = 1e-3, 1\n", "x.cfg: line 2: unknown key optim.learning_rate; did you mean optim.lr?");
  refused("metrics = loss\noptim.lr = 1, 2\n", "x.cfg: line 2: unknown key sweep.metrics; did you mean sweep.metric?");
  refused("optim.lr = 1e-3, much\n", "x.cfg: line 2: optim.lr = much: ");
  refused("mode = all\noptim.lr = 1e-3\n", "x.cfg: line 2: sweep.mode = all: ");
  refused("optim.lr = 1e-3, 0.001\n", "x.cfg: line 2: optim.lr = 0.001 is there twice");
  refused("run.seed = 1, 1\n", "x.cfg: line 2: run.seed = 1 is there twice");
  refused("optim.lr = 1e-4..1e-2\n", "x.cfg: line 2: optim.lr = 1e-4..1e-2: a range of numbers with a point");
  refused("run.seed = 1.5..2.5\n", "x.cfg: line 2: run.seed = 1.5..2.5: a range of numbers with a point");
  refused("model.n_layer = 3..1\n", "x.cfg: line 2: model.n_layer = 3..1: the range's first number");
  refused("model.n_layer = 1..2, 5\n", "x.cfg: line 2: model.n_layer = 1..2, 5: a range stands alone");
  refused("optim.lr =\n", "x.cfg: line 2: optim.lr has no value to try");
  refused("train.steps = 1..20000\n", "x.cfg: line 2: train.steps = 1..20000: these are more than");
  refused("train.steps = 1..200\nmodel.n_layer = 1..60\n",
          "x.cfg: line 3: model.n_layer: with this the grid has 12000");
  refused("mode = random\nrun.seed = 1..3\n", "[sweep] mode = random has nothing to draw");
  refused("mode = grid\n", "the config has no [sweep] that tries something");
  refused("run.name = a, b\n", "x.cfg: line 2: run.name says where a run lies");
  refused("run.dir = a, b\n", "x.cfg: line 2: run.dir says where a run lies");
  refused("metric = accuracy\noptim.lr = 1, 2\n", "sweep.metric = accuracy: say with sweep.goal");
  refused("train.minutes = 1, 2\n", "x.cfg: line 2: train.minutes is for a single run");
  CHECK_THROWS_WITH(plan_of("optim.lr = 1, 2\n", "[run]\noverwrite = true\n"),
                    Catch::StartsWith("x.cfg: line 2: run.overwrite is for a single run"));
  // one value is fine, and the other settings refuse it
  refused("train.average_last = 1, 3\n",
          "x.cfg: line 2: train.average_last = 3: train.average_last = 3 wants more checkpoints");
}

TEST_CASE("a config with [sweep] is no config of one run") {
  CHECK_THROWS_WITH(Experiment(Settings::from_text("[sweep]\noptim.lr = 1, 2\n", "x.cfg")),
                    Catch::StartsWith("x.cfg: line 2: [sweep] holds values that heddle sweep tries"));
}

}  // namespace heddle
