// heddle runs list: what each run is known by, sorted and chosen by any of it.

#include <nlohmann/json.hpp>

#include "tests/train/commands/runs/runs_fixture.h"
#include "tests/train/run_program.h"
#include "train/run/folder/folder.h"

namespace heddle {
namespace {

nlohmann::json list(const TemporaryFolder& folder, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"runs", "list", folder.path("runs"), "--json"});
  const Outcome outcome = run_program(folder, more);
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  return nlohmann::json::parse(outcome.out);
}

std::vector<std::string> names_of(const nlohmann::json& runs) {
  std::vector<std::string> names;
  for (const nlohmann::json& run : runs) names.push_back(run["name"]);
  return names;
}

/// Runs a, b and c: complete, stopped and damaged; c is one of a sweep's.
void three_runs(const TemporaryFolder& folder) {
  FakeRun run;
  run.whole = 2.5;
  run.in(folder, "runs/a");
  run = {};
  run.config =
      "[run]\nseed = 7\n[model]\nkind = bert\n[data]\nspecial_tokens = [CLS], [SEP], [MASK]\n[optim]\nlr = 3e-4\n";
  run.metrics = "step,val_loss\n100,10\n";
  run.in(folder, "runs/b");
  run.config = "[model]\nn_lay = 3\n";
  run.metrics = "";
  run.in(folder, "runs/sweep/c");
}

}  // namespace

TEST_CASE("a list has of each run its place, state, steps, losses, time, seed and kind, of a damaged one what it can") {
  const TemporaryFolder folder;
  three_runs(folder);
  const nlohmann::json runs = list(folder);
  REQUIRE(names_of(runs) == std::vector<std::string>{"a", "b", "sweep/c"});
  CHECK(runs[0]["status"] == "complete");
  CHECK(runs[0]["step"] == 200);
  CHECK(runs[0]["steps"] == 200);
  CHECK(runs[0]["best_loss"] == 2.25);
  CHECK(runs[0]["best_step"] == 100);
  CHECK(runs[0]["whole_loss"] == 2.5);
  CHECK(runs[0]["best_whole_loss"] == 2.375);
  CHECK(runs[0]["whole_accuracy"] == 0.5);
  CHECK(runs[0]["weights"] == "00000000000000aa");
  CHECK(runs[0]["seconds"] == 20);
  CHECK(runs[0]["train_loss"] == 2);
  CHECK(runs[0]["val_loss"] == 2.375);
  CHECK(runs[0]["tokens_per_second"] == 500);  // the median
  CHECK(runs[0]["config"]["optim.lr"] == 1e-3);
  CHECK(runs[0]["folder"] == folder.path("runs/a"));
  CHECK(runs[1]["status"] == "stopped");
  CHECK(runs[1]["step"] == 100);
  CHECK(runs[1]["run.seed"] == 7);
  CHECK(runs[1]["model.kind"] == "bert");
  CHECK(runs[1]["whole_loss"].is_null());
  CHECK(runs[2]["step"].is_null());
  CHECK_THAT(runs[2]["problem"].get<std::string>(), Catch::Contains("unknown key model.n_lay"));
}

TEST_CASE("runs are sorted by any metric or key, as numbers where they are, and what lacks it comes last") {
  const TemporaryFolder folder;
  three_runs(folder);
  using Names = std::vector<std::string>;
  CHECK(names_of(list(folder, {"--sort", "optim.lr"})) == Names{"b", "a", "sweep/c"});
  CHECK(names_of(list(folder, {"--sort", "best_loss"})) == Names{"a", "b", "sweep/c"});  // 10 is not before 2.25
  CHECK(names_of(list(folder, {"--sort", "best_loss", "--descending"})) == Names{"b", "a", "sweep/c"});
  CHECK(names_of(list(folder, {"--sort", "model.kind"})) == Names{"b", "a", "sweep/c"});
  CHECK(names_of(list(folder, {"--sort", "name", "--descending"})) == Names{"sweep/c", "b", "a"});
}

TEST_CASE("runs are chosen by any metric or key, by several conditions at once") {
  const TemporaryFolder folder;
  three_runs(folder);
  using Names = std::vector<std::string>;
  const auto chosen = [&](std::vector<std::string> where) {
    where.insert(where.begin(), "--where");
    return names_of(list(folder, where));
  };
  CHECK(chosen({"optim.lr=0.001"}) == Names{"a"});
  CHECK(chosen({"optim.lr!=1e-3"}) == Names{"b", "sweep/c"});
  CHECK(chosen({"best_loss<3"}) == Names{"a"});
  CHECK(chosen({"best_loss>3"}) == Names{"b"});
  CHECK(chosen({"best_loss<2.25"}).empty());
  CHECK(chosen({"best_loss<=2.25"}) == Names{"a"});
  CHECK(chosen({"best_loss>=10"}) == Names{"b"});
  CHECK(chosen({"best_loss>10"}).empty());
  CHECK(chosen({"model.kind=bert"}) == Names{"b"});
  CHECK(chosen({"best_loss>1", "status=complete"}) == Names{"a"});
  CHECK(chosen({"when>2020-01-01", "name!=a"}) == Names{"b", "sweep/c"});
  CHECK(chosen({"when>2020"}) == Names{"a", "b", "sweep/c"});  // words by their letters, whatever they are held against
  CHECK(chosen({"model.kind<5"}).empty());
  CHECK(chosen({"model.kind>5"}) == Names{"a", "b"});
  CHECK(chosen({"best_loss<low"}).empty());  // and a number has no order to a word
  CHECK(chosen({"best_loss>low"}).empty());
  CHECK(chosen({"best_loss!=low"}) == Names{"a", "b", "sweep/c"});
  FakeRun().in(folder, "runs/12");
  CHECK(chosen({"name=12"}) == Names{"12"});
}

TEST_CASE("a list has the columns that are asked for, as a table, CSV and JSON") {
  const TemporaryFolder folder;
  three_runs(folder);
  const std::string runs = folder.path("runs"), columns = "--columns=optim.lr,whole_loss,data.special_tokens";
  CHECK(run_program(folder, {"runs", "list", runs, columns, "--csv"}).out ==
        "name,optim.lr,whole_loss,data.special_tokens\na,0.001,2.5,\nb,0.0003,,\"[CLS], [SEP], [MASK]\"\nsweep/c,,,\n");
  CHECK(run_program(folder, {"runs", "list", runs, "--columns=optim.lr,name"}).out ==
        "name     optim.lr\na        0.001\nb        0.0003\nsweep/c  -\n");
  CHECK(list(folder, {"--columns=step"})[0] == nlohmann::json{{"name", "a"}, {"step", 200}});
  const Outcome table = run_program(folder, {"runs", "list", runs});
  CHECK(std::count(table.out.begin(), table.out.end(), '\n') == 4);
  CHECK_THAT(table.err, Catch::StartsWith("sweep/c: ") && Catch::Contains("model.n_lay"));
}

TEST_CASE("a list says where there is nothing, and refuses what it cannot show in one line") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "runs");
  const Outcome empty = run_program(folder, {"runs", "list", folder.path("runs"), "--json"});
  CHECK(empty.status == 0);
  CHECK(empty.out == "[]\n");
  CHECK_THAT(empty.err, Catch::Contains("holds no runs"));
  three_runs(folder);
  const std::string runs = folder.path("runs");
  check_one_line(run_program(folder, {"runs", "list", folder.path("none")}), 1, "none' is no folder");
  check_one_line(run_program(folder, {"runs", "list", runs, "--sort=best_los"}), 2, "did you mean best_loss?");
  check_one_line(run_program(folder, {"runs", "list", runs, "--columns=step,optim.learning_rate"}), 2,
                 "did you mean optim.lr?");
  check_one_line(run_program(folder, {"runs", "list", runs, "--where", "xyzzy=1"}), 2, "no run knows 'xyzzy'");
  for (const char* bad : {"best_loss", "=1", "best_loss=<1", "best_loss!1", "best_loss<", "name>="})
    check_one_line(run_program(folder, {"runs", "list", runs, "--where", bad}), 2, "wants NAME=VALUE");
  check_one_line(run_program(folder, {"runs", "list", runs, "--csv", "--json"}), 2, "choose one");
}

TEST_CASE("a thousand runs are listed within a few seconds") {
  const TemporaryFolder folder;
  FakeRun run;
  run.whole = 2;
  run.metrics = "step,train_loss,val_loss,lr,norm,tokens_per_second,gflops,seconds\n";
  for (int step = 1; step <= 50; ++step) run.metrics += std::to_string(step) + ",2.5,2.25,0.001,0.5,100,200,10\n";
  for (int i = 0; i < 1000; ++i) run.in(folder, "runs/sweep/" + std::to_string(i));
  const auto begun = std::chrono::steady_clock::now();
  CHECK(list(folder, {"--columns=best_loss"}).size() == 1000);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  INFO(seconds);
  CHECK(seconds < 10);  // measured: see README
}

TEST_CASE("a run that is being trained is listed as running") {
  const TemporaryFolder folder;
  three_runs(folder);
  const RunFolder held(folder.path("runs/b"));
  CHECK(list(folder)[1]["status"] == "running");
}

}  // namespace heddle
