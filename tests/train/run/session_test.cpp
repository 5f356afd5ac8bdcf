// What a session makes of the trainer's steps: when it evaluates, stops and saves, and what it writes down.

#include "train/run/session.h"

#include <map>
#include <sstream>

#include "tests/train/run_program.h"
#include "train/run/average.h"
#include "train/tasks/language_model.h"

namespace heddle {
namespace {

/// The columns of a run's metrics.csv that do not depend on the clock.
std::string course(const std::string& run) {
  std::istringstream csv(read_bytes(run + "/metrics.csv"));
  std::string text;
  for (std::string line; std::getline(csv, line);) {
    std::size_t end = 0;  // step, train_loss, val_loss, val_bits_per_character, val_bits_per_byte, lr, grad_norm
    for (int column = 0; column < 7; ++column) end = line.find(',', end) + 1;
    text += line.substr(0, end) + '\n';
  }
  return text;
}

/// The checkpoints that a run's folder keeps, by name, each with the step that it holds.
std::map<std::string, std::int64_t> checkpoints(const std::string& run) {
  std::map<std::string, std::int64_t> all;
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".h5") && name != "tokens.h5" && name != "best.h5")
      all[name] = load_checkpoint(entry.path()).state.step;
  }
  return all;
}

/// What a run told.
struct Told {
  std::vector<RunRow> rows;
  std::vector<std::string> messages, progress;
};

class Keeper final : public RunListener {
 public:
  explicit Keeper(Told& told) : told_(told) {}
  void on_message(const std::string& text) override { told_.messages.push_back(text); }
  void on_progress(const std::string& text) override { told_.progress.push_back(text); }
  void on_row(const RunRow& row) override { told_.rows.push_back(row); }

 private:
  Told& told_;
};

/// Runs an experiment from `state` on, in `folder`, and keeps what it told.
Told run_session(const Experiment& experiment, const TemporaryFolder& folder, RunState state = {}) {
  const auto dataset = experiment.load_data();
  const auto model = experiment.build_model(dataset->state().spec());
  const auto learner = experiment.make_learner(*model);
  Told told;
  std::vector<std::unique_ptr<RunListener>> listeners;
  listeners.push_back(std::make_unique<Keeper>(told));
  Session({experiment, *dataset, *model, *learner}, std::move(state), folder.path()).run(std::move(listeners));
  return told;
}

}  // namespace

TEST_CASE("a run ends when train.early_stop evaluations in a row found no better loss, those before a resume counted") {
  const TemporaryFolder folder;
  // nothing moves, so no loss is better than the first
  const auto train = [&](const std::string& name, const std::string& steps, const std::string& early_stop) {
    return run_program(
        folder, {"train", tiny_config(folder), "--run.dir=" + folder.path(name), "--optim.lr=0", "--optim.min_lr=0",
                 "--train.eval_interval=1", "--train.steps=" + steps, "--train.early_stop=" + early_stop});
  };
  const Outcome straight = train("straight", "50", "3");
  REQUIRE(straight.status == 0);
  CHECK_THAT(straight.out, Catch::Contains("stopped early: 3 evaluations without a better validation loss"));
  CHECK(load_checkpoint(folder.path("straight/last.h5")).state.step == 4);
  CHECK(load_checkpoint(folder.path("straight/best.h5")).state.step == 1);
  REQUIRE(train("resumed", "3", "0").status == 0);
  CHECK(load_checkpoint(folder.path("resumed/last.h5")).state.step == 3);
  const Outcome resumed =
      run_program(folder, {"resume", folder.path("resumed"), "--train.steps=50", "--train.early_stop=5"});
  REQUIRE(resumed.status == 0);
  CHECK_THAT(resumed.out, Catch::Contains("stopped early: 5 evaluations"));
  CHECK(load_checkpoint(folder.path("resumed/last.h5")).state.step == 6);
}

TEST_CASE("a better loss begins the count of evaluations for an early stop anew") {
  const TemporaryFolder folder;
  Experiment experiment(Settings::from_file(tiny_config(folder)));
  experiment.schedule.lr = experiment.schedule.min_lr = 0;
  experiment.train.eval_interval = 1;
  experiment.train.early_stop = 3;
  RunState state;
  state.evaluations_since_best = 2;  // the next is better than all before
  run_session(experiment, folder, state);
  CHECK(load_checkpoint(folder.path("last.h5")).state.step == 4);
}

TEST_CASE("a run that broke off between two rows and was resumed writes the metrics of one that never stopped") {
  const TemporaryFolder folder;
  const auto train = [&](const std::string& name, std::vector<std::string> more) {
    more.insert(more.begin(), {"train", tiny_config(folder), "--run.dir=" + folder.path(name), "--train.steps=30",
                               "--train.log_interval=10", "--train.checkpoint_interval=7", "--train.eval_interval=25"});
    return run_program(folder, more);
  };
  REQUIRE(train("straight", {}).status == 0);
  REQUIRE(train("broken", {"--train.keep_last=2"}).status == 0);
  REQUIRE(load_checkpoint(folder.path("broken/step_28.h5")).state.step == 28);
  REQUIRE(run_program(folder, {"resume", folder.path("broken/step_28.h5")}).status == 0);
  const std::string rows = course(folder.path("straight"));
  for (const char* step : {"step,", "10,", "20,", "25,", "30,"})
    CHECK_THAT(rows, Catch::StartsWith(step) || Catch::Contains(std::string("\n") + step));
  CHECK(std::count(rows.begin(), rows.end(), '\n') == 5);
  CHECK(course(folder.path("broken")) == rows);
}

TEST_CASE("train.keep_last keeps that many of the last checkpoints, through a resume, and each loads") {
  using KeptSteps = std::map<std::string, std::int64_t>;
  const TemporaryFolder folder;
  const std::string run = folder.path("run"), config = tiny_config(folder);
  const auto go = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--train.checkpoint_interval=2", "--train.sample_tokens=0"});
    const Outcome outcome = run_program(folder, arguments);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return checkpoints(run);
  };
  const std::string dir = "--run.dir=" + run, three = "--train.keep_last=3", anew = "--run.overwrite=true";
  CHECK(go({"train", config, dir, three, "--train.steps=9"}) ==
        KeptSteps{{"last.h5", 9}, {"step_6.h5", 6}, {"step_8.h5", 8}, {"step_9.h5", 9}});
  CHECK(go({"resume", run, "--train.steps=12"}) ==
        KeptSteps{{"last.h5", 12}, {"step_9.h5", 9}, {"step_10.h5", 10}, {"step_12.h5", 12}});
  // from an earlier one: what its first course wrote behind it is not among the last, and not lost
  CHECK(go({"resume", run + "/step_9.h5", "--train.steps=11"}) ==
        KeptSteps{{"last.h5", 11}, {"step_9.h5", 9}, {"step_10.h5", 10}, {"step_11.h5", 11}, {"step_12.h5", 12}});
  CHECK(go({"resume", run, "--train.steps=14", "--train.keep_last=2"}) ==
        KeptSteps{{"last.h5", 14}, {"step_12.h5", 12}, {"step_14.h5", 14}});
  CHECK(go({"resume", run, "--train.steps=16", "--train.keep_last=1"}) == KeptSteps{{"last.h5", 16}});
  folder.write("run/step_3.h5.txt", "mine");
  go({"train", config, dir, three, anew, "--train.steps=9"});
  CHECK(go({"train", config, dir, three, anew, "--train.steps=4"}) ==
        KeptSteps{{"last.h5", 4}, {"step_2.h5", 2}, {"step_4.h5", 4}});
  CHECK(read_bytes(folder.path("run/step_3.h5.txt")) == "mine");
}

TEST_CASE("a sample is written by the averaged weights, those that the checkpoint holds") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run");
  REQUIRE(run_program(folder, {"train", tiny_config(folder), "--run.dir=" + run, "--train.steps=30",
                               "--optim.warmup_steps=0", "--optim.lr=0.01", "--optim.ema_decay=0.98"})
              .status == 0);
  const LoadedRun loaded = load_checkpoint(run + "/last.h5");
  const auto dataset = loaded.experiment->load_data(&loaded.data);
  CHECK(read_bytes(run + "/samples.txt") ==
        "--- after step 30 ---\n" + make_language_model(*loaded.model, *dataset)->sample(20) + "\n\n");
}

TEST_CASE("a row has the last step's rate, its own steps' speed, and the seconds of all steps so far") {
  const TemporaryFolder folder;
  Experiment experiment(Settings::from_file(tiny_config(folder)));
  experiment.train.steps = 9;
  experiment.train.log_interval = 2;
  const std::vector<RunRow> rows = run_session(experiment, folder).rows;
  REQUIRE(rows.size() == 5);  // after steps 2, 4, 6, 8 and 9
  double seconds = 0;
  for (const RunRow& row : rows) {
    INFO("step " << row.step);
    CHECK(row.lr == experiment.schedule.lr * static_cast<double>(row.step) / 11);  // 10 steps of warm-up
    seconds += (row.step == 9 ? 1 : 2) * 8 * 16 / row.inputs_per_second;
  }
  CHECK(load_checkpoint(folder.path("last.h5")).state.history.last("seconds", 0) == Approx(seconds));
}

TEST_CASE("baselines are counted once, and kept: a run that has them counts nothing and compares with those") {
  const TemporaryFolder first, second;
  Experiment experiment(Settings::from_file(tiny_config(first)));
  experiment.train.steps = 2;
  const auto dataset = experiment.load_data();
  const auto model = experiment.shape_model(dataset->state().spec());
  const Baselines counted = make_language_model(*model, *dataset)->baselines({});
  const Told told = run_session(experiment, first);
  CHECK_FALSE(told.progress.empty());
  CHECK(std::count(told.messages.begin(), told.messages.end(), counted.line) == 1);
  const Baselines kept = load_checkpoint(first.path("last.h5")).state.baselines;
  CHECK(kept.line == counted.line);
  CHECK(kept.metric == "loss");
  CHECK(kept.lower_is_better);
  REQUIRE(kept.all.size() == 4);
  for (std::size_t i = 0; i < kept.all.size(); ++i) {
    CHECK(kept.all[i].name == counted.all[i].name);
    CHECK(kept.all[i].value == counted.all[i].value);
  }

  RunState state;
  state.baselines = {{{"a guess", 0.125}, {"another", 1e9}}, "known before", "perplexity", false};
  const Told later = run_session(experiment, second, state);
  CHECK(later.progress.empty());
  CHECK(std::count(later.messages.begin(), later.messages.end(), "known before") == 1);
  const std::string compared =
      "against the baselines: better than a guess (0.125), WORSE than another (1000000000.000)";
  CHECK(std::count(later.messages.begin(), later.messages.end(), compared) == 1);
  const Baselines still = load_checkpoint(second.path("last.h5")).state.baselines;
  CHECK(still.line == "known before");
  CHECK(still.metric == "perplexity");
  CHECK_FALSE(still.lower_is_better);
  REQUIRE(still.all.size() == 2);
  CHECK(still.all[1].name == "another");
  CHECK(still.all[1].value == 1e9);
}

TEST_CASE("a resumed run tells the baselines of its checkpoint") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=2"}).status == 0);
  const std::string line = load_checkpoint(folder.path("run/last.h5")).state.baselines.line;
  CHECK_THAT(line, Catch::StartsWith("baselines: "));
  const Outcome resumed = run_program(folder, {"resume", folder.path("run"), "--train.steps=4"});
  CHECK(resumed.status == 0);
  CHECK_THAT(resumed.out, Catch::Contains(line + '\n'));
}

TEST_CASE("at the end the mean weights of the last checkpoints are kept where they judge better than the last") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run");
  const bool improves = GENERATE(true, false);  // a high rate jumps about the best weights; a low one goes towards them
  const Outcome outcome = run_program(
      folder, {"train", tiny_config(folder), "--run.dir=" + run, "--train.steps=60", "--train.checkpoint_interval=10",
               "--train.eval_interval=60", "--train.eval_batches=0", "--train.keep_last=4", "--train.average_last=3",
               "--optim.schedule=constant", improves ? "--optim.lr=0.05" : "--optim.lr=1e-4"});
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.status == 0);
  CHECK_THAT(outcome.out, Catch::Contains("mean weights of the last 3 checkpoints, from step 40") &&
                              Catch::Contains(improves ? "the mean weights are kept" : "the last are kept"));
  const auto best = load_checkpoint(run + "/best.h5"), last = load_checkpoint(run + "/last.h5");
  CHECK((best.state.best_val_loss < last.state.best_val_loss) == improves);
  std::vector<LoadedRun> three;
  for (const char* name : {"/step_40.h5", "/step_50.h5", "/step_60.h5"}) three.push_back(load_checkpoint(run + name));
  const auto of = [](const LoadedRun& loaded) { return loaded.model->named_parameters(); };
  const auto kept = of(best);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    for (index_t e = 0; e < kept[i].tensor.numel(); ++e) {
      double mean = 0;
      for (const LoadedRun& one : three) mean += static_cast<double>(of(one)[i].tensor.data()[e]) / 3;
      REQUIRE(kept[i].tensor.data()[e] == Approx(improves ? mean : of(last)[i].tensor.data()[e]).margin(1e-7));
      e += kept[i].tensor.numel() / 5;  // some of each
    }
  }
}

TEST_CASE("mean weights that no checkpoints are kept for, or that are averaged already, are refused before a step") {
  const TemporaryFolder folder;
  const auto refused = [&](std::vector<std::string> more, const std::string& text) {
    more.insert(more.begin(), {"train", tiny_config(folder), "--run.dir=" + folder.path("run")});
    check_one_line(run_program(folder, more), 1, text);
  };
  refused({"--train.average_last=3", "--train.keep_last=2"}, "train.keep_last = 2");
  refused({"--train.average_last=3", "--train.keep_last=3", "--optim.ema_decay=0.9"}, "optim.ema_decay");
  const auto experiment = Experiment(Settings::from_file(tiny_config(folder)));
  const auto model = experiment.build_model(experiment.load_data()->state().spec());
  CHECK_THROWS_WITH(load_mean_weights(*model, {}), Catch::Contains("no checkpoint"));
  REQUIRE(train(folder, "wide", {"--train.steps=2", "--model.n_embd=64"}).status == 0);
  CHECK_THROWS_WITH(load_mean_weights(*model, {folder.path("wide/last.h5")}), Catch::Contains("holds another model"));
}

}  // namespace heddle
