// heddle runs compare: keys that differ, figures, weights and courses, side by side.

#include <nlohmann/json.hpp>

#include "tests/train/commands/runs/runs_fixture.h"
#include "tests/train/run_program.h"

namespace heddle {
namespace {

/// Runs a and b with the same weights, c with others, and d that is not over.
void four_runs(const TemporaryFolder& folder) {
  FakeRun run;
  run.whole = 2.5;
  run.config = "[run]\nname = a\n[optim]\nlr = 1e-3\n";
  run.in(folder, "a");
  run.config = "[run]\nname = b\nseed = 2\n[optim]\nlr = 1e-3\n";
  run.in(folder, "b");
  run.config = "[run]\nname = c\n[optim]\nlr = 3e-3\n";
  run.weights = "00000000000000bb";
  run.in(folder, "c");
  run.whole = 0;
  run.metrics = "step,train_loss,val_perplexity\n10,3,7\n";
  run.in(folder, "d");
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("runs are compared by the keys that differ and by their figures, and equal weights are told") {
  const TemporaryFolder folder;
  four_runs(folder);
  const std::string a = folder.path("a"), b = folder.path("b"), c = folder.path("c"), d = folder.path("d");
  const Outcome outcome = run_program(folder, {"runs", "compare", a, b, c, d, "--json"});
  REQUIRE(outcome.status == 0);
  const auto json = nlohmann::json::parse(outcome.out);
  CHECK(json["differing"] == nlohmann::json{"run.seed", "optim.lr"});
  REQUIRE(json["runs"].size() == 4);
  CHECK(json["runs"][1]["run"] == b);
  CHECK(json["runs"][1]["run.seed"] == 2);
  CHECK(json["runs"][2]["optim.lr"] == 3e-3);
  CHECK(json["runs"][2]["whole_loss"] == 2.5);
  CHECK(json["runs"][2]["best_whole_loss"] == 2.375);
  CHECK(json["runs"][2]["tokens_per_second"] == 500);
  CHECK(json["runs"][3]["whole_loss"].is_null());
  CHECK(json["runs"][3]["val_perplexity"] == 7);
  CHECK(json["runs"][0]["weights"] == json["runs"][1]["weights"]);
  const std::string table = run_program(folder, {"runs", "compare", a, b, c, d}).out;
  CHECK_THAT(table, Catch::Contains("the same weights: " + a + ", " + b + "\n"));
  CHECK(table.find("all have other weights") == table.npos);
  CHECK_THAT(run_program(folder, {"runs", "compare", a, c}).out, Catch::EndsWith("all have other weights\n"));
  CHECK(run_program(folder, {"runs", "compare", a, d}).out.find("weights\n") == table.npos);  // of d they are not known
  const std::string csv = run_program(folder, {"runs", "compare", a, c, "--csv"}).out;
  CHECK_THAT(csv, Catch::StartsWith("run," + a + ',' + c + "\noptim.lr,0.001,0.003\nstatus,complete,complete\n"));
}

TEST_CASE("the courses of runs are drawn into one picture, a panel for each metric, and who lacks one is told") {
  const TemporaryFolder folder;
  four_runs(folder);
  const std::string a = folder.path("a"), c = folder.path("c"), d = folder.path("d"), svg = folder.path("x.svg");
  REQUIRE(run_program(folder, {"runs", "compare", a, c, "--output", svg}).status == 0);
  CHECK(count(read_bytes(svg), "<circle") == 4);  // two evaluations each
  CHECK_THAT(read_bytes(svg), Catch::Contains(a) && Catch::Contains(c) && Catch::Contains(">val_loss<"));
  const Outcome two =
      run_program(folder, {"runs", "compare", a, d, "--output", svg, "--metric", "val_loss,train_loss"});
  REQUIRE(two.status == 0);
  CHECK(count(read_bytes(svg), "<circle") == 2 + 3 + 1);
  CHECK_THAT(two.err, Catch::Contains(d + " has no val_loss"));
  CHECK(two.err.find("train_loss") == two.err.npos);
  const Outcome png = run_program(folder, {"runs", "compare", a, c, "--output", folder.path("y.png")});
  CHECK_THAT(png.out, Catch::Contains("rsvg-convert"));
  CHECK(std::filesystem::exists(folder / "y.svg"));
}

TEST_CASE("a comparison that cannot be made is refused in one line, and one with a damaged run says so") {
  const TemporaryFolder folder;
  four_runs(folder);
  const std::string a = folder.path("a"), d = folder.path("d"), svg = folder.path("x.svg");
  check_one_line(run_program(folder, {"runs", "compare", a}), 2, "too few words");
  check_one_line(run_program(folder, {"runs", "compare", a, folder.path("none")}), 1, "none does not exist");
  check_one_line(run_program(folder, {"runs", "compare", a, folder.path()}), 1, "holds no run");
  check_one_line(run_program(folder, {"runs", "compare", a, d, "--metric=val_loss"}), 2, "--output FILE.svg");
  check_one_line(run_program(folder, {"runs", "compare", a, d, "--output", svg, "--metric=val_los"}), 2,
                 "did you mean val_loss?");
  check_one_line(run_program(folder, {"runs", "compare", d, d, "--output", svg}), 1, "has measured val_loss yet");
  check_one_line(run_program(folder, {"runs", "compare", a, d, "--output", folder.path("x.txt")}), 2, ".svg or .png");
  check_one_line(run_program(folder, {"runs", "compare", a, d, "--csv", "--json"}), 2, "choose one");
  CHECK_FALSE(std::filesystem::exists(svg));
  folder.write("d/metrics.csv", "damaged\n");
  const Outcome damaged = run_program(folder, {"runs", "compare", a, d});
  CHECK(damaged.status == 0);
  CHECK_THAT(damaged.err, Catch::Contains("metrics.csv: its first column is not step"));
}

}  // namespace heddle
