#include "framework/system/process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "framework/check.h"
#include "tests/temporary_folder.h"

namespace heddle {

TEST_CASE("a child's exit status and the signal that ended it are told apart", "[process]") {
  const TemporaryFolder folder;
  const auto run = [&](const char* command) {
    return ChildProcess("/bin/sh", {"-c", command}, folder.path("out")).wait();
  };
  CHECK(run("exit 0") == 0);
  CHECK(run("exit 75") == 75);
  CHECK(run("kill -TERM $$") == 128 + SIGTERM);
}

TEST_CASE("a child's output and errors go behind what stands in the file, and it reads nothing", "[process]") {
  const TemporaryFolder folder;
  const std::string out = folder.write("out", "before\n");
  CHECK(ChildProcess("/bin/sh", {"-c", "cat; echo \"$1\"; echo wrong >&2", "sh", "two words"}, out).wait() == 0);
  CHECK(read_bytes(out) == "before\ntwo words\nwrong\n");
}

TEST_CASE("what a child said is returned, or its last line is the error where it ended otherwise", "[process]") {
  const TemporaryFolder folder;
  const auto finish = [&](const char* command, int wanted) {
    return ChildProcess("/bin/sh", {"-c", command}, folder.path(std::to_string(wanted))).finish(wanted);
  };
  CHECK(finish("echo one; echo two", 0) == "one\ntwo\n");
  CHECK(finish("kill -KILL $$", 128 + SIGKILL).empty());
  CHECK_THROWS_WITH(finish("echo first; echo it is wrong; echo; exit 3", 4),
                    "sh -c echo first; echo it is wrong; echo; exit 3 ended with status 3, not 4: it is wrong");
}

TEST_CASE("a child gets signals, and has ended once it has", "[process]") {
  const TemporaryFolder folder;
  ChildProcess child("/bin/sleep", {"60"}, folder.path("out"));
  CHECK(!child.ended());
  child.send(SIGTERM);
  CHECK(child.wait() == 128 + SIGTERM);
  CHECK(child.ended());
  child.send(SIGTERM);  // nobody else's process gets it
  CHECK(child.wait() == 128 + SIGTERM);
}

TEST_CASE("a program that cannot be run and an output that cannot be written are errors", "[process]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(ChildProcess(folder.path("none"), {}, folder.path("out")),
                    Catch::Contains("none cannot be started (No such file"));
  CHECK_THROWS_WITH(ChildProcess("/bin/true", {}, folder.path("no/out")), Catch::Contains("no/out cannot be written"));
}

TEST_CASE("a child ends with its parent, also where that is killed", "[process]") {
  const TemporaryFolder folder;
  const pid_t parent = ::fork();
  if (parent == 0) {
    const ChildProcess child("/bin/sleep", {"60"}, folder.path("out"));
    write_bytes(folder.path("pid"), std::to_string(child.pid()) + "\n");
    ::pause();
  }
  pid_t child = 0;
  for (int i = 0; i < 1000 && child == 0; ++i) {
    ::usleep(10000);
    std::ifstream(folder.path("pid")) >> child;
  }
  REQUIRE(child > 0);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  const auto gone = [&] {  // or what is left of it waits for init
    std::ifstream in("/proc/" + std::to_string(child) + "/stat");
    std::string number, name, state;
    return !(in >> number >> name >> state) || state == "Z";
  };
  bool ended = false;
  for (int i = 0; i < 1000 && !(ended = gone()); ++i) ::usleep(10000);
  CHECK(ended);
}

TEST_CASE("a child is killed where nobody waits for it any more", "[process]") {
  const TemporaryFolder folder;
  pid_t pid = 0;
  {
    const ChildProcess child("/bin/sleep", {"60"}, folder.path("out"));
    pid = child.pid();
  }
  CHECK(::kill(pid, 0) != 0);
}

}  // namespace heddle
