// heddle runs clean deletes what it is asked to, files of heddle's names alone, and nothing of a run that is trained.

#include <nlohmann/json.hpp>

#include "tests/train/commands/runs/runs_fixture.h"
#include "tests/train/run_program.h"
#include "train/run/folder/folder.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// Runs that are over, stopped, without a checkpoint, and with a leftover, and files of a person's.
void some_runs(const TemporaryFolder& folder) {
  FakeRun run;
  run.whole = 2;
  run.in(folder, "runs/over");
  for (const char* name : {"best.h5", "step_150.h5", "tokens.h5", "tokens_val.h5", "mine.h5"})
    folder.write(std::string("runs/over/") + name, std::string(500, 'x'));
  fs::create_hard_link(folder / "runs/over/last.h5", folder / "runs/over/step_200.h5");
  run.whole = 0;
  run.in(folder, "runs/stopped");
  for (const char* name : {"best.h5", "step_5.h5", "tokens.h5"}) folder.write(std::string("runs/stopped/") + name, "x");
  run.checkpoint = false;
  run.in(folder, "runs/sweep/failed");
  folder.write("runs/sweep/failed/tokens.h5", "x");
  run.in(folder, "runs/noted");
  folder.write("runs/noted/notes.txt", "mine");
  folder.write("runs/stopped/last.h5.tmp-12", std::string(100, 'x'));
  folder.write("runs/stopped/last.h5.tmp-x", "mine");
  folder.write("runs/not_a_run/last.h5", "x");
  folder.write("runs/not_a_run/best.h5.tmp-12", "x");
}

/// All files below a folder, with their bytes.
std::map<std::string, std::string> files_of(const TemporaryFolder& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder / "runs")) {
    const std::string name = entry.path().lexically_relative(folder / "runs").string();
    files[name] = entry.is_directory() ? "folder" : read_bytes(entry.path());
  }
  return files;
}

/// What a call deletes, told by itself and by what is gone afterwards; before that the same call without --yes changes
/// nothing and says the same.
std::vector<std::string> cleaned(const TemporaryFolder& folder, std::vector<std::string> options,
                                 std::uint64_t* bytes = nullptr) {
  options.insert(options.begin(), {"runs", "clean", folder.path("runs"), "--json"});
  const auto before = files_of(folder);
  const auto shown = nlohmann::json::parse(run_program(folder, options).out);
  CHECK(files_of(folder) == before);
  CHECK(shown["deleted"] == false);
  options.push_back("--yes");
  const auto done = nlohmann::json::parse(run_program(folder, options).out);
  CHECK(done["deleted"] == true);
  CHECK(done["runs"] == shown["runs"]);
  if (bytes != nullptr) *bytes = done["bytes"];
  std::vector<std::string> gone, told;
  const auto after = files_of(folder);
  for (const auto& [name, text] : before) {
    if (!after.contains(name) && text != "folder") gone.push_back(name);
  }
  for (const auto& [name, text] : after) CHECK(before.contains(name));
  for (const auto& run : done["runs"]) {
    for (const auto& name : run["files"])
      told.push_back((fs::path(run["folder"].get<std::string>()) / name.get<std::string>())
                         .lexically_relative(folder / "runs")
                         .string());
  }
  std::sort(told.begin(), told.end());
  CHECK(told == gone);
  return gone;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("without options leftovers of processes that died go, and a person's files stay") {
  const TemporaryFolder folder;
  some_runs(folder);
  std::uint64_t bytes = 0;
  CHECK(cleaned(folder, {}, &bytes) == Names{"stopped/last.h5.tmp-12"});
  CHECK(bytes == 100);
  CHECK(cleaned(folder, {}).empty());
  CHECK(run_program(folder, {"runs", "clean", folder.path("runs")}).out == "nothing can be deleted\n");
}

TEST_CASE("runs without a checkpoint go whole, but for files that no run wrote") {
  const TemporaryFolder folder;
  some_runs(folder);
  fs::remove(folder / "runs/stopped/last.h5.tmp-12");
  CHECK(cleaned(folder, {"--failed"}) == Names{"noted/.lock", "noted/config.cfg", "noted/metrics.csv",
                                               "sweep/failed/.lock", "sweep/failed/config.cfg",
                                               "sweep/failed/metrics.csv", "sweep/failed/tokens.h5"});
  CHECK_FALSE(fs::exists(folder / "runs/sweep/failed"));
  CHECK(files_of(folder)["noted/notes.txt"] == "mine");
  folder.write("runs/unlocked/config.cfg", "");
  folder.write("runs/unlocked/log.txt", "");  // names of a run's, but no run's lock
  CHECK(cleaned(folder, {"--failed"}).empty());
}

TEST_CASE(
    "of runs that are over checkpoints beside the best go, and tokens, and what one name of two frees is not counted") {
  const TemporaryFolder folder;
  some_runs(folder);
  fs::remove(folder / "runs/stopped/last.h5.tmp-12");
  std::uint64_t bytes = 0;
  CHECK(cleaned(folder, {"--tokens"}, &bytes) == Names{"over/tokens.h5", "over/tokens_val.h5"});
  CHECK(bytes == 1000);
  CHECK(cleaned(folder, {"--checkpoints"}, &bytes) == Names{"over/last.h5", "over/step_150.h5", "over/step_200.h5"});
  CHECK(bytes == 1500);  // last.h5 and step_200.h5 are one file
  CHECK(fs::exists(folder / "runs/over/best.h5"));
  folder.write("runs/over/last.h5", "x");
  fs::remove(folder / "runs/over/best.h5");
  CHECK(cleaned(folder, {"--checkpoints"}).empty());  // the last one would be the only one
}

TEST_CASE("nothing of a run that is being trained goes") {
  const TemporaryFolder folder;
  some_runs(folder);
  const RunFolder held(folder.path("runs/sweep/failed"));
  folder.write("runs/sweep/failed/last.h5.tmp-12", "it is being saved");
  fs::remove(folder / "runs/stopped/last.h5.tmp-12");
  fs::remove_all(folder / "runs/noted");
  CHECK(cleaned(folder, {"--failed"}).empty());
}

TEST_CASE("a run that links lead to is cleaned once, and the links stay") {
  const TemporaryFolder folder;
  some_runs(folder);
  fs::rename(folder / "runs/over", folder / "elsewhere");
  for (const char* link : {"runs/a", "runs/b"}) fs::create_directory_symlink(folder / "elsewhere", folder / link);
  const Outcome outcome = run_program(folder, {"runs", "clean", folder.path("runs"), "--tokens", "--json", "--yes"});
  CHECK(outcome.status == 0);
  CHECK(nlohmann::json::parse(outcome.out)["bytes"] == 1100);
  CHECK_FALSE(fs::exists(folder / "elsewhere/tokens.h5"));
  for (const char* link : {"runs/a", "runs/b"}) CHECK(fs::is_symlink(folder / link));
}

TEST_CASE("a run that was written to since it was looked at stays whole") {
  const TemporaryFolder folder;
  FakeRun run;
  run.whole = 2;
  for (const std::string name : {"runs/a", "runs/b"}) {
    run.in(folder, name);
    folder.write(name + "/tokens.h5", "x");
  }
  fs::create_directory_symlink(folder / "runs/a", folder / "runs/b/samples.txt");  // of another time once a is cleaned
  for (const auto& entry : fs::directory_iterator(folder / "runs/b"))
    fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - std::chrono::hours(1));
  const Outcome outcome = run_program(folder, {"runs", "clean", folder.path("runs"), "--tokens", "--yes"});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, Catch::Contains("runs/b was written to meanwhile"));
  CHECK_FALSE(fs::exists(folder / "runs/a/tokens.h5"));
  CHECK(fs::exists(folder / "runs/b/tokens.h5"));
}

TEST_CASE("what could not be deleted is told, not counted, and ends with status 1") {
  const TemporaryFolder folder;
  some_runs(folder);
  fs::remove(folder / "runs/over/tokens.h5");
  folder.write("runs/over/tokens.h5/mine.txt", "a folder of a person's");
  const std::vector<std::string> call = {"runs", "clean", folder.path("runs/over"), "--tokens", "--yes", "--json"};
  Outcome outcome = run_program(folder, call);
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, Catch::Contains("tokens.h5 could not be deleted"));
  const auto done = nlohmann::json::parse(outcome.out);
  REQUIRE(done["runs"].size() == 1);
  CHECK(done["runs"][0]["files"] == Names{"tokens_val.h5"});
  CHECK(done["bytes"] == 500);
  outcome = run_program(folder, call);
  CHECK(outcome.status == 1);
  CHECK(nlohmann::json::parse(outcome.out)["runs"].empty());
  CHECK(read_bytes(folder.path("runs/over/tokens.h5/mine.txt")) == "a folder of a person's");
}

TEST_CASE("only runs that are old enough are cleaned, and one run may be") {
  const TemporaryFolder folder;
  some_runs(folder);
  CHECK(cleaned(folder, {"--older=1"}).empty());
  for (const auto& entry : fs::directory_iterator(folder / "runs/stopped"))
    fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - std::chrono::hours(49));
  CHECK(cleaned(folder, {"--older=3"}).empty());
  CHECK(run_program(folder, {"runs", "clean", folder.path("runs/over")}).out == "nothing can be deleted\n");
  CHECK(cleaned(folder, {"--older=2"}) == Names{"stopped/last.h5.tmp-12"});
  check_one_line(run_program(folder, {"runs", "clean", folder.path("none")}), 1, "none' is no folder");
  check_one_line(run_program(folder, {"runs", "clean", "--all"}), 2, "unknown option --all");
}

}  // namespace heddle
