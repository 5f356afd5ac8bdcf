#include "train/run/time_budget.h"

#include <set>

#include "framework/clock.h"
#include "tests/train/run_program.h"

namespace heddle {
namespace {

TrainConfig some_plan() {
  TrainConfig plan;
  plan.minutes = 1;
  plan.eval_interval = 10;
  plan.checkpoint_interval = 20;
  plan.checkpoint_minutes = 0;
  plan.sample_tokens = 0;
  return plan;
}

RunTimes some_times() {
  RunTimes times;
  times.step = 0.25;
  times.evaluation = 2;
  times.whole_evaluation = 5;
  times.checkpoint = 0.5;
  times.sample = 3;
  times.heads = 1;
  return times;
}

}  // namespace

TEST_CASE("a run's time is that of its steps, evaluations, checkpoints, samples and scores of heads") {
  const RunTimes times = some_times();
  TrainConfig plan = some_plan();
  // 45 steps, 5 evaluations that may each be the best, 2 checkpoints and the last, the whole split by the last model
  // and the best
  const double bare = 45 * 0.25 + 5 * 2.5 + 3 * 0.5 + 2 * 5;
  CHECK(times.of(plan, 45, 60) == Approx(bare));
  plan.sample_interval = 20;
  CHECK(times.of(plan, 45, 60) == Approx(bare + 2 * 3));
  plan.sample_tokens = 8;
  CHECK(times.of(plan, 45, 60) == Approx(bare + 3 * 3));
  plan = some_plan();
  plan.inspect_interval = 20;
  CHECK(times.of(plan, 45, 60) == Approx(bare + 4 * 1));
  plan = some_plan();
  plan.checkpoint_minutes = 0.25;
  CHECK(times.of(plan, 45, 60) == Approx(bare + 4 * 0.5));
  plan = some_plan();
  plan.average_last = 3;
  CHECK(times.of(plan, 45, 60) == Approx(bare + 2 * 2 + 4 * 0.5));
}

TEST_CASE("the steps that are chosen end in time, and one more would not") {
  const RunTimes times = some_times();
  TrainConfig plan = some_plan();
  for (const double spent : {0.0, 10.0, 30.0}) {
    const index_t steps = fit_steps(times, plan, spent).steps;
    CHECK(times.of(plan, steps, 60) + spent <= 0.97 * 60);
    CHECK(times.of(plan, steps + 1, 60) + spent > 0.97 * 60);
  }
  plan.minutes = 600;  // many steps, as the search goes there by doubling
  const index_t many = fit_steps(times, plan, 0).steps;
  CHECK(times.of(plan, many, 36000) <= 0.97 * 36000);
  CHECK(times.of(plan, many + 1, 36000) > 0.97 * 36000);
}

TEST_CASE("minutes that are too few for ten steps are refused, and those that it asks for are enough") {
  const RunTimes times = some_times();
  TrainConfig plan = some_plan();
  plan.minutes = 0.1;
  CHECK_THROWS_WITH(fit_steps(times, plan, 1), Catch::Contains("train.minutes = 0.1: too little for 10 steps") &&
                                                   Catch::Contains("give at least 0."));
  plan.minutes = 0.2;
  std::string told;
  try {
    fit_steps(times, plan, 2);
  } catch (const Error& e) {
    told = e.what();
  }
  plan.minutes = std::stod(told.substr(told.find("at least ") + 9));
  CHECK(plan.minutes < 0.4);
  CHECK(fit_steps(times, plan, 2).steps >= 10);
}

TEST_CASE("measuring counts the baselines, scores heads where rows of them are wanted, and leaves no file") {
  const TemporaryFolder folder;
  Experiment experiment(Settings::from_file(tiny_config(folder)));
  experiment.train.inspect_interval = GENERATE(0, 40);
  const auto dataset = experiment.load_data();
  int scored = 0;
  const RunTimes times = measure_run(
      experiment, *dataset, folder.path(), [](const char*, std::uint64_t, std::uint64_t) {},
      [&](const SessionParts&) { ++scored; });
  CHECK(scored == (experiment.train.inspect_interval > 0 ? 1 : 0));
  CHECK_THAT(times.baselines.line, Catch::StartsWith("baselines: "));
  for (const double seconds : {times.step, times.evaluation, times.whole_evaluation, times.checkpoint, times.sample})
    CHECK(seconds > 0);
  CHECK(folder.count() == 1);  // the config
}

TEST_CASE("train.minutes chooses steps that the run's config says, ends in time, and leaves no other trace", "[slow]") {
  const TemporaryFolder folder;
  const double minutes = 0.05;
  const double begun = seconds_now();
  const Outcome timed = train(folder, "timed", {"--train.minutes=0.05", "--train.inspect_interval=40"});
  const double seconds = seconds_now() - begun;
  INFO(timed.out << timed.err);
  REQUIRE(timed.status == 0);
  CHECK(timed.err.empty());
  CHECK(seconds < 4 * 60 * minutes);
  CHECK_THAT(timed.out, Catch::Contains("train.minutes = 0.05: a step takes") && !Catch::Contains("and 0 s that were"));
  const std::string config = read_bytes(folder.path("timed/config.cfg"));
  CHECK_FALSE(Catch::Contains("\nminutes = ").match(config));
  const LoadedRun run = load_checkpoint(folder.path("timed/last.h5"));
  const std::int64_t steps = run.experiment->train.steps;
  CHECK(steps >= 10);
  CHECK((timed.out.find("warmup_steps") != timed.out.npos) == (steps == 10));  // as many warm up
  CHECK(run.state.step == steps);
  CHECK(run.experiment->train.minutes == 0);
  CHECK_THAT(timed.out, Catch::Contains("train.steps = " + std::to_string(steps)));
  // by hand, in pieces, and by the config that it left: the same bytes
  const std::string by_hand = "--train.steps=" + std::to_string(steps);
  REQUIRE(train(folder, "hand", {by_hand, "--train.inspect_interval=40"}).status == 0);
  CHECK(weights_of(folder.path("hand/last.h5")) == weights_of(folder.path("timed/last.h5")));
  CHECK(weights_of(folder.path("hand/best.h5")) == weights_of(folder.path("timed/best.h5")));
  CHECK(read_bytes(folder.path("hand/heads.csv")) == read_bytes(folder.path("timed/heads.csv")));
  CHECK(read_bytes(folder.path("hand/samples.txt")) == read_bytes(folder.path("timed/samples.txt")));
  const LoadedRun hand = load_checkpoint(folder.path("hand/last.h5"));
  CHECK(hand.state.history.column("val_loss") == run.state.history.column("val_loss"));
  CHECK(hand.state.baselines.line == run.state.baselines.line);
  REQUIRE(run_program(folder, {"train", folder.path("timed/config.cfg"), "--run.dir=" + folder.path("again")}).status ==
          0);
  CHECK(weights_of(folder.path("again/last.h5")) == weights_of(folder.path("timed/last.h5")));
  std::set<std::string> left, others;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("timed")))
    left.insert(entry.path().filename());
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("hand")))
    others.insert(entry.path().filename());
  CHECK(left == others);
}

TEST_CASE("of train.minutes and train.steps the one given last counts, and both in one place are refused", "[slow]") {
  const TemporaryFolder folder;
  const std::string timed = folder.write("timed.cfg", "include = tiny.cfg\n[train]\nminutes = 0.05\n");
  tiny_config(folder);
  const auto begin = [&](const std::string& config, const std::string& name, std::vector<std::string> more) {
    more.insert(more.begin(), {"train", config, "--run.dir=" + folder.path(name)});
    return run_program(folder, more);
  };
  check_one_line(train(folder, "run", {"--train.steps=5", "--train.minutes=1"}), 1,
                 "train.minutes = 1 and train.steps = 5 both say how long to train");
  check_one_line(begin(folder.write("both.cfg", "[train]\nsteps = 7\nminutes = 3\n"), "run", {}), 1,
                 "train.minutes = 3 and train.steps = 7 both say how long to train");
  const Outcome steps = begin(timed, "steps", {"--train.steps=3"});
  CHECK(steps.status == 0);
  CHECK_THAT(steps.out, Catch::Contains("train.minutes = 0.05 does not count"));
  CHECK(load_checkpoint(folder.path("steps/last.h5")).state.step == 3);
  const Outcome minutes = begin(timed, "minutes", {"--optim.warmup_steps=100000"});
  CHECK(minutes.status == 0);
  CHECK_THAT(minutes.out, Catch::Contains("train.minutes = 0.05: a step takes") &&
                              Catch::Contains("optim.warmup_steps = 100000 are not fewer than the"));
  const std::int64_t done = load_checkpoint(folder.path("minutes/last.h5")).state.step;
  CHECK(begin(timed, "minutes", {"--optim.warmup_steps=100000", "--resume=auto"}).status == 0);
  CHECK(load_checkpoint(folder.path("minutes/last.h5")).state.step == done);
}

TEST_CASE("train.minutes that are too few, or given to a run that has begun, are refused in one line") {
  const TemporaryFolder folder;
  const std::string timed = folder.write("timed.cfg", "include = tiny.cfg\n[train]\nminutes = 0.0001\n");
  const std::string too_little = "train.minutes = 0.0001: too little for 10 steps";
  check_one_line(train(folder, "run", {"--train.minutes=0.0001"}), 1, too_little);
  // steps = 0 says nothing; an evaluation an epoch is counted out
  check_one_line(train(folder, "run", {"--train.minutes=0.0001", "--train.steps=0", "--train.eval_interval=0"}), 1,
                 too_little);
  check_one_line(run_program(folder, {"train", timed, "--run.dir=" + folder.path("run"), "--train.steps=0"}), 1,
                 too_little);
  CHECK_FALSE(std::filesystem::exists(folder.path("run")));
  check_one_line(train(folder, "run", {"--train.minutes=-1"}), 1, "train.minutes = -1");
  REQUIRE(train(folder, "run", {"--train.steps=2"}).status == 0);
  check_one_line(run_program(folder, {"resume", folder.path("run"), "--train.minutes=1"}), 1,
                 "resume: train.minutes measures a run before its first step, and this one is at step 2");
}

}  // namespace heddle
