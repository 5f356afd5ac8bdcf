// What `heddle resume --verify` tries, and that it finds what it looks for.

#include "tests/train/kinds.h"
#include "tests/train/run_program.h"
#include "train/run/folder/difference.h"

namespace heddle {
namespace {

/// Trains two steps of a tiny model of each kind and has the program verify the run, on so many threads.
void verify_all(const std::string& threads) {
  for (const Kinds& kinds : all_kinds()) {
    INFO(kinds.model << " of " << kinds.data);
    const TemporaryFolder folder;
    const std::string run = folder.path("run");
    const std::string config = folder.write("small.cfg", "[model]\nkind = " + kinds.model +
                                                             "\n[optim]\nwarmup_steps = 2\n[train]\nbatch_size = 3\n"
                                                             "eval_batches = 1\nsample_tokens = 0\nsteps = 2\n");
    const Outcome trained = run_program(
        folder,
        with(with({"train", config, "--run.dir=" + run, "--run.threads=" + threads}, some_data(folder, kinds.data)),
             kinds.sizes));
    INFO(trained.err);
    REQUIRE(trained.status == 0);
    CHECK(count_elements(load_checkpoint(run + "/last.h5").model->named_parameters()) < 10000);
    const Outcome outcome = run_program(folder, {"resume", "--verify", run, "--verify-steps=8"});
    INFO(outcome.out << outcome.err);
    REQUIRE(outcome.status == 0);
    CHECK_THAT(outcome.out, Catch::EndsWith("PASS: every byte is the same\n"));
    CHECK_THAT(outcome.out, Catch::Contains("steps 2 to 10") && Catch::Contains("killed after step 8") &&
                                Catch::Contains("last.h5") && Catch::Contains("metrics.csv"));
    CHECK(load_checkpoint(run + "/last.h5").state.step == 2);  // the run itself is as it was
  }
}

}  // namespace

TEST_CASE("resume --verify finds a run of every kind the same, killed or not, on one thread", "[slow]") {
  verify_all("1");
}
TEST_CASE("resume --verify finds a run of every kind the same, killed or not, on two threads", "[slow]") {
  verify_all("2");
}

TEST_CASE("a run without a checkpoint is verified from its beginning, with its heads") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=2", "--train.inspect_interval=2"}).status == 0);
  std::filesystem::remove(folder.path("run/last.h5"));
  std::filesystem::remove(folder.path("run/best.h5"));
  const Outcome outcome = run_program(folder, {"resume", folder.path("run"), "--verify"});
  INFO(outcome.out << outcome.err);
  CHECK(outcome.status == 0);
  CHECK_THAT(outcome.out, Catch::Contains("config.cfg: steps 0 to 12, once without a stop, once killed after step 9") &&
                              Catch::Contains("heads.csv, last.h5, metrics.csv"));
  check_one_line(run_program(folder, {"resume", folder.path("none"), "--verify"}), 1, "does not exist");
}

TEST_CASE("what differs between two runs is named, times are not, and a file that one lacks is") {
  const TemporaryFolder folder;
  const auto run = [&](const std::string& name, const std::string& seed) {
    REQUIRE(train(folder, name, {"--train.steps=6", "--train.log_interval=2", "--run.seed=" + seed}).status == 0);
    return folder.path(name);
  };
  const std::string one = run("one", "1"), same = run("same", "1"), other = run("other", "2");
  const RunDifference none = compare_runs(one, same), some = compare_runs(one, other);
  CHECK(none.compared == std::vector<std::string>{"best.h5", "last.h5", "metrics.csv", "result.json"});
  CHECK(none.found == std::vector<std::string>{"best.h5: /config", "last.h5: /config"});  // the folder's name
  const auto found = [&](const std::string& text) {
    return std::find(some.found.begin(), some.found.end(), text) != some.found.end();
  };
  CHECK(found("last.h5: /model/token_embedding/weight"));
  CHECK(found("last.h5: /state/history/train_loss"));
  CHECK(found("metrics.csv: line 2, train_loss"));
  CHECK_FALSE(found("metrics.csv: line 2, step"));
  for (const std::string& name : some.found) CHECK(name.find("seconds") == name.npos);
  const std::string csv = read_bytes(same + "/metrics.csv");
  write_bytes(same + "/metrics.csv", csv.substr(0, csv.rfind('\n', csv.size() - 2) + 1));
  std::filesystem::remove(same + "/best.h5");
  CHECK(compare_runs(one, same).found ==
        std::vector<std::string>{"best.h5: only one has it", "last.h5: /config", "metrics.csv: one ends at line 4"});
}

TEST_CASE("a run that is to --kill-after a step ends as kill -9 does, after it and before its checkpoint") {
  const TemporaryFolder folder;
  const Outcome outcome = train(folder, "run", {"--train.steps=9", "--train.checkpoint_interval=2", "--kill-after=4"});
  CHECK(outcome.status == 128 + SIGKILL);
  CHECK(load_checkpoint(folder.path("run/last.h5")).state.step == 2);
}

TEST_CASE("a run that is killed within a window of accumulation goes on to the same bytes") {
  const TemporaryFolder folder;
  const auto arguments = [&](const std::string& name) {
    return std::vector<std::string>{"train",
                                    tiny_config(folder),
                                    "--run.dir=" + folder.path(name),
                                    "--train.steps=3",
                                    "--train.checkpoint_interval=1",
                                    "--train.accumulate=64",
                                    "--train.keep_last=3"};
  };
  REQUIRE(run_program(folder, arguments("straight")).status == 0);
  const Process process(folder, arguments("killed"));
  REQUIRE(appears(folder.path("killed/step_1.h5")));
  usleep(3000);  // the second step takes ten times as long
  process.send(SIGKILL);
  process.wait();
  std::vector<std::string> again = arguments("killed");
  again.push_back("--resume=auto");
  again.push_back("--run.threads=1");
  REQUIRE(run_program(folder, again).status == 0);
  std::vector<std::string> found;
  for (const std::string& name : compare_runs(folder.path("straight"), folder.path("killed")).found) {
    if (!name.ends_with(": /config")) found.push_back(name);
  }
  CHECK(found.empty());
}

}  // namespace heddle
