// What is known of a run without its weights, whole, damaged or half-written.

#include "train/run/folder/record.h"

#include <fcntl.h>
#include <sys/file.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "tests/train/commands/runs/runs_fixture.h"
#include "train/run/folder/folder.h"

namespace heddle {

TEST_CASE("a run's folder tells where it stands, its best loss, and when it wrote last") {
  const TemporaryFolder folder;
  FakeRun run;
  const RunRecord stopped = read_record(run.in(folder, "a"));
  CHECK(stopped.status == RunStatus::stopped);
  CHECK(stopped.problems.empty());
  CHECK(stopped.best() == std::pair(2.25, std::int64_t{100}));
  CHECK(stopped.experiment->schedule.lr == 1e-3);
  CHECK(stopped.history.size() == 3);
  CHECK_FALSE(stopped.result);
  CHECK(std::abs(std::difftime(stopped.written, std::time(nullptr))) < 60);
  std::filesystem::remove(folder / "a/last.h5");
  CHECK(read_record(folder / "a").status == RunStatus::no_checkpoint);
  folder.write("a/step_5.h5", "");
  CHECK(read_record(folder / "a").status == RunStatus::stopped);
  run.whole = 2.5;
  CHECK(read_record(run.in(folder, "b")).status == RunStatus::complete);
  CHECK(read_record(folder / "b").result->whole[0].value == 2.5);
  run.early = true;
  CHECK(read_record(run.in(folder, "c")).status == RunStatus::stopped_early);
  const auto year = std::chrono::hours(24 * 365);
  for (const auto& entry : std::filesystem::directory_iterator(folder / "c"))
    std::filesystem::last_write_time(entry.path(), std::filesystem::file_time_type::clock::now() - year);
  CHECK(std::abs(std::difftime(std::time(nullptr), read_record(folder / "c").written) - 24 * 3600 * 365) < 60);
}

TEST_CASE("a run is running while its lock is held, whatever its files say, and looking takes nothing away") {
  const TemporaryFolder folder;
  FakeRun run;
  run.whole = 1;
  const std::string path = run.in(folder, "a");
  CHECK(trained_by(path).empty());
  {
    const RunFolder held(path);
    CHECK(read_record(path).status == RunStatus::running);
    CHECK(trained_by(path).starts_with("process " + std::to_string(getpid()) + " on "));
    CHECK(read_record(path).status == RunStatus::running);
  }
  CHECK(read_record(path).status == RunStatus::complete);
  CHECK_NOTHROW(RunFolder(path));
  CHECK(trained_by(folder.path()).empty());
}

TEST_CASE("what is damaged in a run's folder is told, and all else is known") {
  const TemporaryFolder folder;
  FakeRun run;
  run.whole = 2.5;
  const std::string path = run.in(folder, "a");
  folder.write("a/config.cfg", "[optim]\nlearning = 1\n");
  RunRecord record = read_record(path);
  REQUIRE(record.problems.size() == 1);
  CHECK(record.problems[0].find("config.cfg: line 2: unknown key optim.learning") != std::string::npos);
  CHECK_FALSE(record.experiment);
  CHECK(record.best()->first == 2.25);
  folder.write("a/metrics.csv", "step,val_loss\n1,2\nx,3\n");
  folder.write("a/result.json", "{\"step\": 3");
  record = read_record(path);
  REQUIRE(record.problems.size() == 3);
  CHECK(record.problems[1].find("metrics.csv: line 3: 'x' is no number") != std::string::npos);
  CHECK(record.problems[2].find("result.json is damaged") != std::string::npos);
  CHECK(record.history.size() == 0);
  CHECK(record.status == RunStatus::stopped);
  folder.write("a/metrics.csv", "step,val_loss\n1,2\n2,");  // as a run that writes leaves it for a moment
  CHECK(read_record(path).history.size() == 1);
}

TEST_CASE("runs are found in a folder and in its folders, no deeper, and a run is not looked into") {
  const TemporaryFolder folder;
  const FakeRun run;
  run.in(folder, "b");
  run.in(folder, "sweep/2");
  run.in(folder, "sweep/1");
  run.in(folder, "sweep/1/within");
  run.in(folder, "deep/er/run");
  folder.write("configs/config.cfg", run.config);  // a config alone is no run
  folder.write("file", "");
  const std::filesystem::path root = folder.path();
  CHECK(find_runs(root) == std::vector<std::filesystem::path>{root / "b", root / "sweep/1", root / "sweep/2"});
  CHECK(find_runs(root / "b") == std::vector<std::filesystem::path>{root / "b"});
  std::filesystem::create_directory_symlink(root / "sweep", root / "to_sweep");
  std::filesystem::create_directory_symlink(root / "b", root / "c");
  CHECK(find_runs(root).size() == 3);  // each once
  CHECK(find_runs(root / "to_sweep").size() == 2);
  CHECK(find_runs(root / "configs").empty());
  CHECK_THROWS_WITH(find_runs(root / "none"), Catch::Contains("is no folder"));
  CHECK_THROWS_WITH(read_record(root / "configs"), Catch::Contains("holds no run"));
  std::filesystem::remove(root / "b/.lock");  // as of a run that was copied
  CHECK(is_run(root / "b"));
}

}  // namespace heddle
