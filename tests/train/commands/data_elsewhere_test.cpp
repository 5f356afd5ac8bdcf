#include <nlohmann/json.hpp>

#include "tests/train/run_program.h"

namespace heddle {
namespace {

/// The folder that relative paths begin from, while this lives.
class InFolder {
 public:
  explicit InFolder(const std::string& folder) : before_(std::filesystem::current_path()) {
    std::filesystem::create_directories(folder);
    std::filesystem::current_path(folder);
  }
  InFolder(const InFolder&) = delete;
  InFolder& operator=(const InFolder&) = delete;
  ~InFolder() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_;
};

std::string some_text(int seed) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "abc"[(i * i + seed * i) % 3];
  return text;
}

const std::string kTiny =
    "[data]\npath = mine.txt\n[model]\nn_layer = 1\nn_head = 1\nn_embd = 8\nblock_size = 8\n[train]\nsteps = 2\n"
    "eval_batches = 0\nsample_tokens = 0\n";

}  // namespace

TEST_CASE("a relative path is found where the run began, from anywhere, and what is read from here instead is told") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run");
  folder.write("home/mine.txt", some_text(1));
  folder.write("home/more.txt", some_text(2));
  {
    const InFolder home(folder.path("home"));
    REQUIRE(run_program(folder, {"train", folder.write("c.cfg", kTiny), "--run.dir=" + run}).status == 0);
    const Outcome here = run_program(folder, {"eval", run});
    REQUIRE(here.status == 0);
    CHECK(here.err.empty());
    REQUIRE(run_program(folder, {"train", folder.path("c.cfg"), "--run.dir=" + folder.path("both"),
                                 "--data.path=mine.txt, more.txt"})
                .status == 0);
  }
  const InFolder away(folder.path("away"));
  const Outcome found = run_program(folder, {"eval", run});
  REQUIRE(found.status == 0);
  const Outcome both = run_program(folder, {"eval", folder.path("both")});
  REQUIRE(both.status == 0);
  CHECK_THAT(both.err, Catch::Contains("home/mine.txt") && Catch::Contains("home/more.txt"));
  CHECK_THAT(found.err,
             Catch::Contains("data.path: mine.txt is read where the run began: " + folder.path("home/mine.txt")));
  const Outcome resumed = run_program(folder, {"resume", run, "--train.steps=3"});
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  CHECK_THAT(resumed.out, Catch::Contains("is read where the run began"));
  // another of the name lies here
  folder.write("away/mine.txt", some_text(2));
  REQUIRE(run_program(folder, {"train", folder.path("run/config.cfg"), "--run.dir=" + folder.path("second")}).status ==
          0);
  CHECK_THAT(read_bytes(folder.path("second/log.txt")),
             Catch::Contains("mine.txt of this folder is read, and not " + folder.path("home/mine.txt")));
}

TEST_CASE("on resume any path of the same data is right, and other data is refused") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run"), text = folder.write("mine.txt", some_text(1));
  const InFolder home(folder.path());
  REQUIRE(run_program(folder, {"train", folder.write("c.cfg", kTiny), "--run.dir=" + run}).status == 0);
  CHECK(run_program(folder, {"resume", run, "--train.steps=3", "--data.path=./mine.txt"}).status == 0);
  std::filesystem::rename(text, folder.path("moved.txt"));
  check_one_line(run_program(folder, {"resume", run, "--train.steps=4"}), 1, "text: ./mine.txt does not exist");
  CHECK(run_program(folder, {"resume", run, "--train.steps=4", "--data.path=" + folder.path("moved.txt")}).status == 0);
  check_one_line(
      run_program(folder, {"resume", run, "--train.steps=5", "--data.path=" + folder.write("x.txt", some_text(2))}), 1,
      "give the same data with --data.path");
}

TEST_CASE("data that a run never saw is judged whole, its own by its split, and a split that is asked for is taken") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run"), own = folder.write("mine.txt", some_text(1)),
                    other = folder.write("other.txt", some_text(2));
  REQUIRE(
      run_program(folder, {"train", folder.write("c.cfg", kTiny), "--run.dir=" + run, "--data.path=" + own}).status ==
      0);
  const auto judged = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"eval", run, "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run_program(folder, arguments);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    CHECK((outcome.err.find("all of it is judged") != outcome.err.npos) ==
          (more.size() == 1 && more[0] == "--data.path=" + other));
    return nlohmann::json::parse(outcome.out);
  };
  const nlohmann::json whole = judged({"--data.path=" + other});
  CHECK(whole["data"] == other);
  CHECK(whole["tokens"] == 399);
  CHECK(whole["loss"] == judged({"--data", other})["loss"]);
  const nlohmann::json part = judged({"--data.path=" + other, "--split=val"});
  CHECK(part["split"] == "val");
  CHECK(part["data"] == other);
  check_one_line(run_program(folder, {"eval", run, "--data", other, "--split=val"}), 2, "--data is judged whole");
  const Outcome shown = run_program(folder, {"eval", run, "--data.path=" + other, "--split=val"});
  CHECK_THAT(shown.out, Catch::Contains(", " + other + ", val split: "));
  CHECK(part["tokens"] == 39);
  CHECK(judged({"--data.path=" + folder.write("copy.txt", some_text(1))})["split"] == "val");
  CHECK(judged({})["tokens"] == 39);
  // shorter than a block, down to one prediction
  CHECK(judged({"--data", folder.write("short.txt", "acaac")})["tokens"] == 4);
  CHECK(judged({"--data", folder.write("two.txt", "ac")})["tokens"] == 1);
  check_one_line(run_program(folder, {"eval", run, "--data", folder.write("one.txt", "a")}), 1,
                 "has 1 tokens, needs at least 2");
}

}  // namespace heddle
