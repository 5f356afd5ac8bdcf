#include <filesystem>

#include "tests/train/run_program.h"

namespace heddle {
namespace {

std::string lines_of(const std::string& text) {  // without comments
  std::string all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all += line.substr(0, line.find(" #")) + '\n';
  return all;
}

}  // namespace

TEST_CASE("the shortest form of every config of the project reads back to the same experiment") {
  const TemporaryFolder folder;
  for (const auto& entry : std::filesystem::directory_iterator(HEDDLE_SOURCE_DIR "/configs")) {
    INFO(entry.path());
    if (!Settings::from_file(entry.path().string()).take_section("sweep").names().empty()) continue;  // of many runs
    const std::string whole = run_program(folder, {"config", entry.path().string()}).out;
    const Outcome least = run_program(folder, {"config", entry.path().string(), "--minimal"});
    REQUIRE(least.status == 0);
    CHECK(least.out.size() < whole.size() / 2);
    CHECK(run_program(folder, {"config", folder.write("least.cfg", least.out)}).out == whole);
    CHECK(run_program(folder, {"config", folder.path("least.cfg"), "--minimal"}).out == least.out);
  }
}

TEST_CASE("a config is shown whole, in short, and beside another") {
  const TemporaryFolder folder;
  const std::string one = folder.write("one.cfg", "[model]\nn_layer = 2\n"),
                    other = folder.write("two.cfg", "include = one.cfg\n[data]\nkind = repeats\n[optim]\nlr = 3e-4\n");
  CHECK(lines_of(run_program(folder, {"config", one, "--minimal", "--train.steps=5"}).out).find("n_layer = 2") !=
        std::string::npos);
  CHECK(run_program(folder, {"config", one, "--full"}).out == run_program(folder, {"config", one}).out);
  const std::string diff = run_program(folder, {"config", "--diff", one, other}).out;
  CHECK_THAT(diff, Catch::Contains("optim.lr") && Catch::Contains("0.001") && Catch::Contains("0.0003"));
  CHECK_THAT(diff, Catch::Contains("data.min_period") && Catch::Contains("data.tokenizer"));
  CHECK(diff.find("n_layer") == diff.npos);
  CHECK(run_program(folder, {"config", "--diff", one, one}).out.empty());
  check_one_line(run_program(folder, {"config", "--diff", one}), 2, "--diff wants two configs");
  check_one_line(run_program(folder, {"config", one, other}), 2, "compared with --diff");
  check_one_line(run_program(folder, {"config", one, "--minimal", "--full"}), 2, "give one of");
  check_one_line(run_program(folder, {"config", "--diff", one, other, "--train.steps=5"}), 2, "as they are");
  check_one_line(run_program(folder, {"config", "--diff", one, folder.path("none.cfg")}), 1, "none.cfg does not exist");
}

}  // namespace heddle
