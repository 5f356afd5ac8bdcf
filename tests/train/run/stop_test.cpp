// What stops a run, and how: signals, a reader that ends; and that nothing is lost by it.

#include "train/run/stop.h"

#include <cstring>

#include "framework/clock.h"
#include "tests/train/run_program.h"

namespace heddle {
namespace {

std::vector<std::string> endless(const TemporaryFolder& folder, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"train", tiny_config(folder), "--run.dir=" + folder.path("run"), "--train.steps=1000000"});
  return more;
}

/// metrics.csv without the columns that depend on the clock, which are its last three.
std::string course(const std::string& run) {
  std::string text, line;
  for (const char c : read_bytes(run + "/metrics.csv")) {
    line += c;
    if (c != '\n') continue;
    for (int column = 0; column < 3; ++column) line.erase(line.rfind(','));
    text += line + '\n';
    line.clear();
  }
  return text;
}

std::int64_t steps_of(const std::string& checkpoint) { return load_checkpoint(checkpoint).state.step; }

}  // namespace

TEST_CASE("SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGXCPU finish the step, save, say how to go on, and exit 75") {
  const TemporaryFolder folder;
  const int number = GENERATE(SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU);
  const Process process(folder, endless(folder));
  REQUIRE(appears(folder.path("run/last.h5")));
  process.send(number);
  process.send(number);  // as timeout does, to the process and to its group
  REQUIRE(process.wait() == 75);
  CHECK(process.errors() == "stopping after this step, saving; Ctrl-C again quits unsaved\n");
  REQUIRE_THAT(process.output(), Catch::Contains(std::string("stopped by SIG") + sigabbrev_np(number)) &&
                                     Catch::Contains("go on with: heddle resume " + folder.path("run")));
  const auto stopped = steps_of(folder.path("run/last.h5"));
  const Outcome resumed =
      run_program(folder, {"resume", folder.path("run"), "--train.steps=" + std::to_string(stopped + 1)});
  REQUIRE(resumed.status == 0);
  REQUIRE(steps_of(folder.path("run/last.h5")) == stopped + 1);
}

TEST_CASE("a signal that was ignored at the start stays ignored") {
  const TemporaryFolder folder;
  const Process process(folder, endless(folder), "", [] { signal(SIGHUP, SIG_IGN); });
  REQUIRE(appears(folder.path("run/last.h5")));
  process.send(SIGHUP);
  const std::string steps = read_bytes(folder.path("run/metrics.csv"));
  for (int i = 0; i < 60000 && read_bytes(folder.path("run/metrics.csv")) == steps; ++i) usleep(1000);
  CHECK(process.errors().empty());
  process.send(SIGTERM);
  CHECK(process.wait() == 75);
  CHECK_THAT(process.output(), Catch::Contains("stopped by SIGTERM"));
}

TEST_CASE("a second Ctrl-C ends the program at once, within a step, and other signals that come again do not") {
  const TemporaryFolder folder;
  const int again = GENERATE(SIGINT, SIGXCPU);
  const Process process(folder, endless(folder, {"--train.accumulate=3000"}));  // a step takes seconds
  REQUIRE(appears(folder.path("run/log.txt"), "5-gram"));                       // the last line before the first step
  process.send(SIGTERM);
  REQUIRE(appears(folder.path("stderr"), "stopping"));
  usleep(600000);  // half a second parts a second Ctrl-C from the same one that came twice
  process.send(again);
  REQUIRE(process.wait() == (again == SIGINT ? 128 + SIGINT : 75));
  CHECK(std::filesystem::exists(folder.path("run/last.h5")) == (again != SIGINT));
}

TEST_CASE("the same Ctrl-C that comes twice, to the process and to its group, is one") {
  const TemporaryFolder folder;
  const Process process(folder, endless(folder, {"--train.accumulate=500"}));
  REQUIRE(appears(folder.path("run/log.txt"), "5-gram"));
  const double sent = seconds_now();
  process.send(SIGINT);
  REQUIRE(appears(folder.path("stderr"), "stopping"));
  process.send(SIGINT);
  const bool at_once = seconds_now() - sent < 0.4;  // else the machine is too busy to try it
  CHECK((process.wait() == 75 || !at_once));
}

TEST_CASE("a run that a signal stops and that is resumed, with checkpoints by time, is the run that never stopped") {
  const TemporaryFolder folder;
  const std::vector<std::string> plan = {"--train.log_interval=30", "--train.keep_last=3", "--train.average_last=3",
                                         "--train.checkpoint_interval=40", "--train.steps=200"};
  std::vector<std::string> arguments = plan;
  arguments.push_back("--train.checkpoint_minutes=0");
  REQUIRE(train(folder, "straight", arguments).status == 0);
  arguments.back() = "--train.checkpoint_minutes=1e-9";  // after every step
  arguments.insert(arguments.begin(), {"train", tiny_config(folder), "--run.dir=" + folder.path("stopped")});
  const Process process(folder, arguments);
  REQUIRE(appears(folder.path("stopped/last.h5")));
  process.send(SIGTERM);
  REQUIRE(process.wait() == 75);
  REQUIRE(steps_of(folder.path("stopped/last.h5")) < 200);
  REQUIRE(run_program(folder, {"resume", folder.path("stopped")}).status == 0);
  for (const char* name : {"/last.h5", "/best.h5", "/step_120.h5", "/step_160.h5"})
    CHECK(weights_of(folder.path("stopped") + name) == weights_of(folder.path("straight") + name));
  CHECK(course(folder.path("stopped")) == course(folder.path("straight")));
  for (const auto& [step, path] : kept_checkpoints(folder.path("stopped"), Kept::last)) CHECK(step % 40 == 0);
}

TEST_CASE("checkpoints come by time where steps are many, and not where minutes are 0") {
  const TemporaryFolder folder;
  const bool by_time = GENERATE(true, false);
  const Process process(
      folder,
      endless(folder, {"--train.checkpoint_interval=1000000", "--train.eval_interval=1000000", "--train.log_interval=5",
                       by_time ? "--train.checkpoint_minutes=1e-4" : "--train.checkpoint_minutes=0"}));
  if (by_time) {
    REQUIRE(appears(folder.path("run/last.h5")));
    const auto first = steps_of(folder.path("run/last.h5"));
    for (int i = 0; i < 60000 && steps_of(folder.path("run/last.h5")) == first; ++i) usleep(1000);
    CHECK(steps_of(folder.path("run/last.h5")) > first);
  } else {
    REQUIRE(appears(folder.path("run/metrics.csv"), "\n50,"));
    CHECK_FALSE(std::filesystem::exists(folder.path("run/last.h5")));
  }
  process.send(SIGKILL);
  process.wait();
}

TEST_CASE("where the reader of its lines ends, a run goes on with log.txt alone") {
  const TemporaryFolder folder;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const Process process(folder, {"train", tiny_config(folder), "--run.dir=" + folder.path("run")}, "", [&] {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
  });
  close(ends[1]);
  char first = 0;
  REQUIRE(read(ends[0], &first, 1) == 1);
  close(ends[0]);
  CHECK(process.wait() == 0);
  CHECK(process.errors().empty());
  CHECK(steps_of(folder.path("run/last.h5")) == 200);
  CHECK_THAT(read_bytes(folder.path("run/log.txt")),
             Catch::Contains("nobody reads standard output any more") && Catch::Contains("whole validation split"));
}

TEST_CASE("a run whose lines find a full disk is trained to its end, and then the disk is told") {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_program(folder, {"train", tiny_config(folder), "--run.dir=" + folder.path("run"), "--train.steps=4"}, "",
                  [] { dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO); });
  check_one_line(outcome, 1, "standard output cannot be written");
  CHECK(steps_of(folder.path("run/last.h5")) == 4);
}

TEST_CASE(
    "train --resume=auto begins a run, goes on where it was stopped, and has nothing to do where it is complete") {
  const TemporaryFolder folder;
  const auto requeued = [&](std::vector<std::string> more = {}) {
    more.push_back("--resume=auto");
    return train(folder, "run", more);
  };
  std::vector<std::string> arguments = {"train", tiny_config(folder), "--run.dir=" + folder.path("run"),
                                        "--resume=auto", "--optim.lr=2e-3"};
  const Process process(folder, arguments);
  REQUIRE(appears(folder.path("run/last.h5")));
  process.send(SIGUSR1);
  REQUIRE(process.wait() == 75);
  check_one_line(requeued({"--optim.lr=3e-3"}), 1, "optim.lr was 0.002 and may not become 0.003");
  const auto step = std::to_string(steps_of(folder.path("run/last.h5")));
  const Outcome second = requeued();
  REQUIRE(second.status == 0);
  CHECK_THAT(second.out, Catch::Contains("going on after step " + step + " of 200"));
  REQUIRE(train(folder, "straight", {"--optim.lr=2e-3"}).status == 0);
  CHECK(weights_of(folder.path("run/last.h5")) == weights_of(folder.path("straight/last.h5")));
  const Outcome third = requeued();
  CHECK(third.status == 0);
  CHECK_THAT(third.out, Catch::Contains("is complete, after step 200"));
  REQUIRE(requeued({"--train.steps=201"}).status == 0);
  CHECK(steps_of(folder.path("run/last.h5")) == 201);
  check_one_line(requeued({"--run.overwrite=true"}), 2, "give one of them");
  check_one_line(train(folder, "run", {"--resume=maybe"}), 2, "auto");
}

TEST_CASE("train --resume=auto leaves a run alone that train.early_stop has ended") {
  const TemporaryFolder folder;
  const std::vector<std::string> arguments = {"--optim.lr=0", "--optim.min_lr=0", "--train.eval_interval=1",
                                              "--train.early_stop=3", "--resume=auto"};
  REQUIRE(train(folder, "run", arguments).status == 0);
  REQUIRE(steps_of(folder.path("run/last.h5")) == 4);
  CHECK_THAT(train(folder, "run", arguments).out, Catch::Contains("is complete, after step 4"));
}

TEST_CASE("the log has a line every train.log_seconds, of fast steps and of slow ones, and one for each evaluation") {
  const TemporaryFolder folder;
  const auto lines = [&](const std::string& name, const std::string& seconds) {
    const Outcome outcome = train(
        folder, name,
        {"--train.steps=60", "--train.eval_interval=25", "--train.log_interval=10", "--train.log_seconds=" + seconds});
    REQUIRE(outcome.status == 0);
    std::string found;
    for (std::size_t at = 0; (at = outcome.out.find("\nstep ", at)) != std::string::npos; ++at)
      found += std::to_string(std::stoi(outcome.out.substr(at + 6))) + ' ';
    return found;
  };
  CHECK(lines("rows", "0") == "10 20 25 30 40 50 60 ");
  CHECK(lines("rarely", "1000") == "25 50 60 ");
  std::string every;
  for (int step = 1; step <= 60; ++step) {
    if (step < 60) every += std::to_string(step) + ' ';
    if (step % 25 == 0 || step == 60) every += std::to_string(step) + ' ';
  }
  CHECK(lines("often", "1e-9") == every);
  CHECK(course(folder.path("rows")) == course(folder.path("often")));
}

}  // namespace heddle
