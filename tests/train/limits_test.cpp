// What the system allows the program, and what it makes of that.

#include <sched.h>
#include <sys/stat.h>

#include <set>
#include <sstream>

#include "tests/train/run_program.h"

namespace heddle {
namespace {

/// "2 threads (one a core)" of a run's first line.
std::string threads_of(const std::string& output) {
  const auto begin = output.find(", ") + 2;
  return output.substr(begin, output.find(", seed") - begin);
}

/// The processors that each thread of a process may run on, as the system lists them.
std::set<std::string> places_of(pid_t pid) {
  std::set<std::string> places;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::istringstream status(read_bytes(task.path() / "status"));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("Cpus_allowed_list:")) places.insert(line);
    }
  }
  return places;
}

}  // namespace

TEST_CASE("threads run where the process may, whatever OpenMP's variables say") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "plain", {"--train.steps=2"}).status == 0);
  const char* const variable = GENERATE("OMP_PROC_BIND=true", "OMP_PLACES={0}", "GOMP_CPU_AFFINITY=0");
  const Process process(folder,
                        {"train", tiny_config(folder), "--run.dir=" + folder.path("run"), "--train.steps=1000000"}, "",
                        [&] { putenv(const_cast<char*>(variable)); });
  REQUIRE(appears(folder.path("run/last.h5")));
  CHECK(places_of(process.pid()) == places_of(getpid()));
  process.send(SIGTERM);
  REQUIRE(process.wait() == 75);
  CHECK(threads_of(process.output()) == threads_of(read_bytes(folder.path("plain/log.txt"))));
}

TEST_CASE("threads are as many as the process's affinity allows, and the log says so") {
  const TemporaryFolder folder;
  cpu_set_t mine;
  sched_getaffinity(0, sizeof mine, &mine);
  if (CPU_COUNT(&mine) < 2) return;
  const Outcome outcome = run_program(
      folder, {"train", tiny_config(folder), "--run.dir=" + folder.path("run"), "--train.steps=2"}, "", [&] {
        int first = 0;
        while (!CPU_ISSET(first, &mine)) ++first;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(first, &one);
        sched_setaffinity(0, sizeof one, &one);
      });
  REQUIRE(outcome.status == 0);
  CHECK(threads_of(outcome.out).starts_with("1 threads (one a core of 1 processors that its affinity allows, of "));
  CHECK(threads_of(train(folder, "asked", {"--train.steps=2", "--run.threads=3"}).out) == "3 threads (as asked for)");
}

TEST_CASE("threads are as many as a control group's quota keeps busy, and the log says so") {
  const TemporaryFolder folder;
  namespace fs = std::filesystem;
  std::error_code error;
  const bool is_v1 = fs::exists("/sys/fs/cgroup/cpu/tasks", error);
  const fs::path group =
      fs::path(is_v1 ? "/sys/fs/cgroup/cpu" : "/sys/fs/cgroup") / ("heddle-test-" + std::to_string(getpid()));
  const auto put = [&](const char* name, const std::string& text) {
    std::ofstream out(group / name);
    out << text << std::flush;
    return out.good();
  };
  fs::create_directory(group, error);
  const bool limited = !error && (is_v1 ? put("cpu.cfs_quota_us", "50000") : put("cpu.max", "50000 100000"));
  if (limited) {
    const Outcome outcome = run_program(
        folder, {"train", tiny_config(folder), "--run.dir=" + folder.path("run"), "--train.steps=2"}, "", [&] {
          if (!put(is_v1 ? "tasks" : "cgroup.procs", std::to_string(getpid()))) _exit(126);
        });
    INFO(outcome.err);
    CHECK(outcome.status == 0);
    CHECK(threads_of(outcome.out) == "1 threads (the control group's quota of 0.5 processors)");
  } else {
    WARN("skipped: control groups cannot be made here");
  }
  fs::remove(group, error);
}

TEST_CASE("where the system gives no more threads, fewer are used, and the log says so", "[limits]") {
  if (geteuid() != 0) return;  // limits on threads are counted for each user, and bind all but root
  const TemporaryFolder folder;
  chmod(folder.path().c_str(), 0777);
  const Outcome outcome = run_program(
      folder, {"train", tiny_config(folder), "--run.dir=" + folder.path("run"), "--train.steps=20", "--run.threads=64"},
      "", [] {
        limited(RLIMIT_NPROC, 6)();
        if (setgid(54321) != 0 || setuid(54321) != 0) _exit(126);
      });
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  CHECK_THAT(threads_of(outcome.out),
             Catch::StartsWith("6 threads (") && Catch::Contains("no more of 64") && Catch::Contains("ulimit -u"));
  REQUIRE(train(folder, "one", {"--train.steps=20", "--run.threads=1"}).status == 0);
  CHECK(weights_of(folder.path("run/last.h5")) == weights_of(folder.path("one/last.h5")));
}

TEST_CASE("with any limit on address space the program works, or says in one line which limit there is", "[limits]") {
  const TemporaryFolder folder;
  bool works = false, refused = false;
  for (rlim_t megabytes = 60; megabytes <= 1200; megabytes = megabytes * 5 / 4) {
    INFO(megabytes);
    const Outcome outcome = run_program(
        folder,
        {"train", tiny_config(folder), "--run.dir=" + folder.path(std::to_string(megabytes)), "--train.steps=2"}, "",
        limited(RLIMIT_AS, megabytes << 20U));
    works = works || outcome.status == 0;
    if (outcome.status == 0) continue;
    CHECK_FALSE(works);  // what less was enough for
    refused = true;
    if (outcome.status == 127 && outcome.err.find("failed to map segment") != std::string::npos)
      continue;  // the loader
    check_one_line(outcome, 1, "ulimit -v");
  }
  CHECK(works);
  CHECK(refused);
}

}  // namespace heddle
