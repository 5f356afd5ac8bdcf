// A run's folder belongs to one process at a time, and what a dead one left in it is no obstacle.

#include "train/run/folder/folder.h"

#include "tests/train/run_program.h"

namespace heddle {
namespace {

/// Names in a folder, hidden ones too.
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("a second process is refused a run's folder at once, told who has it, and changes nothing") {
  const TemporaryFolder folder, other;
  const std::string run = folder.path("run");
  const Process process(folder, {"train", tiny_config(folder), "--run.dir=" + run, "--train.steps=1000000"});
  REQUIRE(appears(run + "/last.h5"));
  const std::string who = "process " + std::to_string(process.pid()) + " on ", config = tiny_config(other);
  check_one_line(run_program(other, {"train", config, "--run.dir=" + run}), 1, who);
  check_one_line(run_program(other, {"train", config, "--run.dir=" + run, "--run.overwrite=true"}), 1, who);
  check_one_line(run_program(other, {"train", config, "--run.dir=" + run, "--resume=auto"}), 1, who);
  check_one_line(run_program(other, {"resume", run}), 1, who);
  check_one_line(run_program(other, {"resume", run + "/last.h5"}), 1, who);
  CHECK(run_program(other, {"eval", run}).status == 0);  // who only reads it is welcome
  process.send(SIGTERM);
  REQUIRE(process.wait() == 75);
  CHECK(load_checkpoint(run + "/last.h5").state.step > 0);
}

TEST_CASE("a process that was killed leaves no lock") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run");
  const Process process(folder, {"train", tiny_config(folder), "--run.dir=" + run, "--train.steps=1000000"});
  REQUIRE(appears(run + "/last.h5"));
  process.send(SIGKILL);
  process.wait();
  const auto step = load_checkpoint(run + "/last.h5").state.step;
  CHECK(run_program(folder, {"resume", run, "--train.steps=" + std::to_string(step + 1)}).status == 0);
}

TEST_CASE("a folder is made and held, and gone again where no run began in it") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "a/b";
  {
    const RunFolder held(path);
    CHECK(held.notice().empty());
    CHECK_THROWS_WITH(RunFolder(path), Catch::Contains("process " + std::to_string(getpid()) + " on "));
  }
  CHECK(folder.count() == 0);
  std::filesystem::create_directory(folder / "a");
  { const RunFolder held(path); }
  CHECK(names_in(folder.path()) == std::vector<std::string>{"a"});  // which was there before
  { RunFolder(path).begin("text\n"); }
  CHECK(names_in(path) == std::vector<std::string>{".lock", "config.cfg"});
  { const RunFolder held(path); }
  CHECK(read_bytes(path / "config.cfg") == "text\n");
  CHECK_THROWS_WITH(RunFolder(folder.write("file", "") + "/run"), Catch::Contains("cannot be made"));
}

TEST_CASE("a run that ended before its first checkpoint is begun anew, files that no run wrote are not") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "run";
  RunFolder(path).begin("text\n");
  folder.write("run/log.txt", "a line\n");
  {
    RunFolder again(path);
    CHECK_FALSE(again.holds_checkpoint());
    again.check_free();
    again.begin("other\n");
    CHECK(names_in(path) == std::vector<std::string>{".lock", "config.cfg"});
  }
  for (const char* name : {"last.h5", "best.h5", "step_7.h5", "best_7.h5"}) {
    folder.write(std::string("run/") + name, "");
    CHECK(RunFolder(path).holds_checkpoint());
    CHECK_THROWS_WITH(RunFolder(path).check_free(), Catch::Contains("already holds a run"));
    std::filesystem::remove(path / name);
  }
  folder.write("steps/step_7.h5", "");
  CHECK_THROWS_WITH(RunFolder(folder / "steps").check_free(), Catch::Contains("step_7.h5"));
  folder.write("mine/config.cfg", "mine");
  CHECK_THROWS_WITH(RunFolder(folder / "mine").check_free(), Catch::Contains("config.cfg"));
  CHECK_THROWS_WITH(RunFolder(folder / "mine").check_free(), Catch::Contains("config.cfg"));
  CHECK(names_in(folder.path("mine")) == std::vector<std::string>{"config.cfg"});
}

TEST_CASE("train begins anew where a run was killed before its first checkpoint, or its first evaluation failed") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run");
  const Process killed(folder, {"train", tiny_config(folder), "--run.dir=" + run, "--train.accumulate=3000"});
  REQUIRE(appears(run + "/log.txt", "5-gram"));
  killed.send(SIGKILL);
  killed.wait();
  check_one_line(run_program(folder, {"resume", run}), 1, "no checkpoint yet");
  // the first evaluation finds the best model so far, which does not fit onto the disk
  check_one_line(run_program(folder,
                             {"train", tiny_config(folder), "--run.dir=" + run, "--train.steps=60",
                              "--train.checkpoint_interval=100"},
                             "", limited(RLIMIT_FSIZE, 64 * 1024)),
                 1, "best.h5");
  check_one_line(run_program(folder, {"eval", run}), 1, "begin it again with heddle train " + run + "/config.cfg");
  const Outcome anew = run_program(folder, {"train", run + "/config.cfg"});
  INFO(anew.err);
  CHECK(anew.status == 0);
  CHECK(load_checkpoint(run + "/last.h5").state.step == 60);
}

TEST_CASE("a run whose first checkpoint is its best one so far goes on from that") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "straight", {"--train.steps=40"}).status == 0);
  REQUIRE(train(folder, "run", {"--train.steps=40", "--train.eval_interval=20"}).status == 0);
  std::filesystem::remove(folder.path("run/last.h5"));
  const auto step = load_checkpoint(folder.path("run/best.h5")).state.step;
  const Outcome resumed =
      run_program(folder, {"resume", folder.path("run"), "--train.steps=" + std::to_string(step == 40 ? 41 : 40)});
  INFO(resumed.err);
  CHECK(resumed.status == 0);
  CHECK_THAT(resumed.out, Catch::Contains("going on after step " + std::to_string(step)));
}

TEST_CASE("what a process left that died while it saved is removed when the run begins again") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run");
  REQUIRE(train(folder, "run", {"--train.steps=2"}).status == 0);
  for (const char* name : {"last.h5", "best.h5", "config.cfg", "metrics.csv", "tokens.h5", "tokens_val.h5"})
    folder.write(std::string("run/") + name + ".tmp-1", "half");  // process 1 lives, and is none of ours
  folder.write("run/last.h5.tmp-99999999", "half");
  folder.write("run/mine.h5.tmp-1", "mine");
  folder.write("run/last.h5.tmp-", "mine");
  folder.write("run/last.h5.tmp-1x", "mine");
  REQUIRE(run_program(folder, {"resume", run, "--train.steps=3"}).status == 0);
  CHECK(names_in(run) == std::vector<std::string>{".lock", "best.h5", "config.cfg", "last.h5", "last.h5.tmp-",
                                                  "last.h5.tmp-1x", "log.txt", "metrics.csv", "mine.h5.tmp-1",
                                                  "result.json", "samples.txt", "tokens.h5"});
}

TEST_CASE("a file larger than the limit on files is an error as a full disk is, and no signal") {
  const TemporaryFolder folder;
  const Outcome outcome = run_program(folder, {"train", tiny_config(folder), "--run.dir=" + folder.path("run")}, "",
                                      limited(RLIMIT_FSIZE, 64 * 1024));
  check_one_line(outcome, 1, "File too large; free some space (or raise the limit on file sizes)");
  for (const std::string& name : names_in(folder.path("run"))) CHECK(name.find(".tmp-") == std::string::npos);
}

}  // namespace heddle
