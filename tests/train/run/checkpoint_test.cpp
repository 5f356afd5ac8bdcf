// Which checkpoint of a run is taken where some are damaged or missing, and which are kept.

#include "train/run/checkpoint.h"

#include <chrono>
#include <map>

#include "tests/train/run_program.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// Flips a bit in the middle of the weights.
void damage(const std::string& path) {
  std::string bytes = read_bytes(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 16);
  write_bytes(path, bytes);
}

/// The best checkpoints by step, and those of a run's losses that are its lowest.
std::vector<std::int64_t> best_steps(const std::string& run) {
  std::vector<std::int64_t> steps;
  for (const auto& [step, path] : kept_checkpoints(run, Kept::best)) {
    CHECK(load_checkpoint(path).state.step == step);
    steps.push_back(step);
  }
  return steps;
}
std::vector<std::int64_t> lowest(const std::string& run, std::size_t count) {
  const History history = load_checkpoint(run + "/last.h5").state.history;
  const std::vector<double> losses = history.column("val_loss");
  std::vector<std::pair<double, std::int64_t>> all;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (losses[i] == losses[i]) all.emplace_back(losses[i], history.step(i));
  }
  std::sort(all.begin(), all.end());
  std::vector<std::int64_t> steps;
  for (std::size_t i = 0; i < std::min(count, all.size()); ++i) steps.push_back(all[i].second);
  std::sort(steps.begin(), steps.end());
  return steps;
}

}  // namespace

TEST_CASE("resume goes on from the newest checkpoint that is whole, names those that are not, and leaves them") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run");
  const std::vector<std::string> arguments = {"--train.checkpoint_interval=4", "--train.eval_interval=6",
                                              "--train.keep_last=3"};
  const auto train_to = [&](const std::string& name, const std::string& steps) {
    auto more = arguments;
    more.push_back("--train.steps=" + steps);
    more.push_back("--optim.decay_steps=20");
    REQUIRE(train(folder, name, more).status == 0);
  };
  train_to("straight", "20");
  train_to("run", "16");  // last.h5 and step_16.h5 after 16 steps, step_12.h5, step_8.h5, best.h5 after 6 or 12 or 16
  CHECK(load_newest(run).notices.empty());
  std::vector<std::string> damaged;
  for (const auto& [name, step] : {std::pair<std::string, std::int64_t>("last.h5", 16), {"step_16.h5", 12}}) {
    if (name != "last.h5") fs::remove(run + "/best.h5");
    fs::copy_file(run + "/" + name, run + "/copy");  // last.h5 and step_16.h5 are one file
    fs::rename(run + "/copy", run + "/" + name);
    damage(run + "/" + name);
    damaged.push_back(name);
    const LoadedRun found = load_newest(run);
    CHECK(found.state.step == step);
    REQUIRE(found.notices.size() == damaged.size() + 1);
    for (std::size_t i = 0; i < damaged.size(); ++i)
      CHECK_THAT(found.notices[i],
                 Catch::StartsWith("a checkpoint cannot be used: ") && Catch::Contains(run + '/' + damaged[i]));
    CHECK_THAT(found.notices.back(), Catch::Contains("the newest checkpoint that is whole is taken: " + run) &&
                                         Catch::Contains("after step " + std::to_string(step)));
  }
  const std::string broken = read_bytes(run + "/step_16.h5");
  check_one_line(run_program(folder, {"resume", run + "/last.h5", "--train.steps=20"}), 1,
                 "may be given in its place: " + run + "/step_12.h5, after step 12; ");  // who names one gets that one
  const std::string few = folder.path("few");  // the newest is neither the first of its kind nor by its file's time
  fs::create_directory(few);
  fs::copy_file(run + "/step_12.h5", few + "/best_12.h5");
  fs::copy_file(run + "/step_8.h5", few + "/step_8.h5");
  fs::last_write_time(few + "/step_8.h5", fs::last_write_time(few + "/best_12.h5") + std::chrono::hours(1));
  CHECK(load_newest(few).state.step == 12);
  const Outcome resumed = run_program(folder, {"resume", run, "--train.steps=20"});
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  CHECK_THAT(resumed.out, Catch::Contains("a checkpoint cannot be used") &&
                              Catch::Contains("going on after step 12 of 20") && Catch::Contains("is taken: "));
  CHECK(weights_of(run + "/last.h5") == weights_of(folder.path("straight/last.h5")));
  CHECK_FALSE(broken.empty());
}

TEST_CASE("where no checkpoint is whole resume and --resume=auto say so, and begin nothing") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run");
  REQUIRE(train(folder, "run", {"--train.steps=2"}).status == 0);
  write_bytes(run + "/last.h5", "");
  damage(run + "/best.h5");
  check_one_line(run_program(folder, {"resume", run}), 1, "none of its checkpoints is whole");
  check_one_line(train(folder, "run", {"--train.steps=4", "--resume=auto"}), 1, "--run.overwrite=true");
  CHECK(read_bytes(run + "/last.h5").empty());
}

TEST_CASE("what is wrong with the command line is no damage, and takes no other checkpoint") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=4", "--train.keep_last=2"}).status == 0);
  const std::string run = folder.path("run");
  const Outcome outcome = run_program(folder, {"resume", run, "--model.n_layer=1"});
  check_one_line(outcome, 1, "may not become 1");
  CHECK(outcome.err.find("whole") == outcome.err.npos);
}

TEST_CASE("of a damaged best.h5 a command that uses the run names what may be given in its place") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=4"}).status == 0);
  const std::string run = folder.path("run");
  write_bytes(run + "/best.h5", read_bytes(run + "/best.h5").substr(0, 3000));
  const std::string hint =
      "These of the run are whole, and may be given in its place: " + run + "/last.h5, after step 4";
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"eval", run}, {"generate", run}, {"predict", run, "--text=a"}})
    check_one_line(run_program(folder, command), 1, hint);
  CHECK(run_program(folder, {"eval", run + "/last.h5"}).status == 0);
}

TEST_CASE("train.keep_best keeps the checkpoints of the lowest losses by their step, through a stop and resume") {
  const TemporaryFolder folder;
  const auto go = [&](const std::string& name, std::vector<std::string> more) {
    for (const char* same : {"--train.eval_interval=2", "--optim.lr=1", "--optim.schedule=constant",
                             "--train.eval_batches=1", "--train.checkpoint_interval=6", "--train.keep_best=3"})
      more.emplace_back(same);
    REQUIRE(train(folder, name, more).status == 0);
    return folder.path(name);
  };
  const std::string straight = go("straight", {"--train.steps=24"});  // at such a rate the losses go up and down
  const std::vector<std::int64_t> steps = best_steps(straight);
  CHECK(steps == lowest(straight, 3));
  CHECK(steps != std::vector<std::int64_t>{20, 22, 24});
  const LoadedRun best = load_checkpoint(straight + "/best.h5");
  CHECK(read_bytes(straight + "/best.h5") == read_bytes(kept_checkpoints(straight, Kept::best).at(best.state.step)));
  std::string run;
  TemporaryFolder other;
  const Outcome killed =
      train(folder, "run",
            {"--train.steps=24", "--train.eval_interval=2", "--optim.lr=1", "--optim.schedule=constant",
             "--train.eval_batches=1", "--train.checkpoint_interval=6", "--train.keep_best=3", "--kill-after=17"});
  REQUIRE(killed.status == 137);
  run = go("run", {"--train.steps=24", "--resume=auto"});
  CHECK(best_steps(run) == steps);
  for (const std::int64_t step : steps) {
    const std::string name = '/' + kept_name(Kept::best, step);
    CHECK(weights_of(run + name) == weights_of(straight + name));
  }
  write_bytes(run + "/best_3.h5.txt", "mine");
  write_bytes(run + "/best_9.h5.tmp-1", "half");
  go("run", {"--train.steps=26", "--resume=auto"});
  CHECK_FALSE(fs::exists(run + "/best_9.h5.tmp-1"));
  go("run", {"--train.steps=2", "--run.overwrite=true"});
  CHECK(best_steps(run) == std::vector<std::int64_t>{2});
  CHECK(read_bytes(run + "/best_3.h5.txt") == "mine");
}

TEST_CASE("of equal losses the earlier checkpoints are kept, and by itself a run keeps best.h5 alone") {
  const TemporaryFolder folder;
  const auto go = [&](const std::string& name, const std::string& keep) {
    REQUIRE(train(folder, name,
                  {"--train.steps=5", "--train.eval_interval=1", "--optim.lr=0", "--optim.min_lr=0",
                   "--train.keep_best=" + keep})
                .status == 0);
    return best_steps(folder.path(name));
  };
  CHECK(go("two", "2") == std::vector<std::int64_t>{1, 2});
  CHECK(go("one", "1").empty());
  REQUIRE(run_program(folder, {"resume", folder.path("one"), "--train.steps=8", "--train.keep_best=2"}).status == 0);
  CHECK(best_steps(folder.path("one")) == std::vector<std::int64_t>{6, 7});  // those before have no files to be kept
  REQUIRE(run_program(folder, {"resume", folder.path("two"), "--train.steps=7", "--train.keep_best=1"}).status == 0);
  CHECK(best_steps(folder.path("two")).empty());
}

}  // namespace heddle
