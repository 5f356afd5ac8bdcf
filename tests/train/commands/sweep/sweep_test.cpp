// heddle sweep as its user calls it.

#include <signal.h>

#include <nlohmann/json.hpp>

#include "framework/parallel.h"
#include "tests/train/commands/runs/runs_fixture.h"
#include "tests/train/run_program.h"
#include "train/analysis/seeds/seeds.h"
#include "train/run/stop.h"

namespace heddle {
namespace {

/// A sweep of models of one layer; a run takes a tenth of a second.
std::string sweep_config(const TemporaryFolder& folder, const std::string& sweep, const std::string& more = "") {
  return folder.write("sweep.cfg",
                      "[run]\nname = s\n[data]\nsize = 20000\n[model]\nn_layer = 1\nn_head = 2\nn_embd = 32\n"
                      "block_size = 16\n[train]\nbatch_size = 8\nsteps = 40\neval_interval = 10\neval_batches = 2\n"
                      "checkpoint_interval = 10\nsample_tokens = 0\n" +
                          more + "[sweep]\n" + sweep);
}

Outcome sweep(const TemporaryFolder& folder, const std::string& config, const std::string& dir,
              std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"sweep", config, "--run.dir=" + folder.path(dir)});
  return run_program(folder, more);
}

std::string tables(const TemporaryFolder& folder, const std::string& dir) {
  std::string all;
  for (const char* name : {"table.csv", "table.json", "plot.svg"}) all += read_bytes(folder.path(dir + '/' + name));
  return all;
}

constexpr const char* kTwelve = "optim.lr = 1e-3, 3e-3, 1e-2, 3e-2\nrun.seed = 1..3\n";

}  // namespace

TEST_CASE("a sweep that is killed twice gives the same tables, byte for byte, and so do two runs at once", "[sweep]") {
  const TemporaryFolder folder;
  const std::string config = sweep_config(folder, kTwelve);
  const Outcome whole = sweep(folder, config, "whole");
  INFO(whole.err);
  REQUIRE(whole.status == 0);
  for (const int deadly : {SIGKILL, SIGTERM}) {
    const std::string last = folder.path(deadly == SIGKILL ? "killed/lr=0.001,seed=3" : "killed/lr=0.01,seed=2");
    Process process(folder, {"sweep", config, "--run.dir=" + folder.path("killed")});
    REQUIRE(appears(last + "/metrics.csv", "10,"));
    process.send(deadly);
    CHECK(process.wait() == (deadly == SIGKILL ? 128 + SIGKILL : kStoppedStatus));
    CHECK(!std::filesystem::exists(folder.path("killed/table.csv")));
    CHECK(std::filesystem::exists(folder.path("killed/lr=0.001,seed=1/result.json")));
  }
  const std::string done = folder.path("killed/lr=0.001,seed=1/last.h5");
  const auto written = std::filesystem::last_write_time(done);
  REQUIRE(sweep(folder, config, "killed").status == 0);
  CHECK(std::filesystem::last_write_time(done) == written);
  REQUIRE(sweep(folder, config, "two", {"--jobs", "2"}).status == 0);
  CHECK(tables(folder, "killed") == tables(folder, "whole"));
  CHECK(tables(folder, "two") == tables(folder, "whole"));
  REQUIRE(sweep(folder, config, "whole").status == 0);  // again, with nothing left to do
  CHECK(tables(folder, "two") == tables(folder, "whole"));
}

TEST_CASE("a sweep's tables hold what the runs came to, and its best config trains to the winner", "[sweep]") {
  const TemporaryFolder folder;
  const std::string config = sweep_config(folder, "optim.lr = 1e-4, 1e-2, 2e-4\nrun.seed = 1..2\n");
  REQUIRE(sweep(folder, config, "s").status == 0);
  const auto table = nlohmann::json::parse(read_bytes(folder.path("s/table.json")));
  REQUIRE(table.at("combinations").size() == 3);
  const auto& best = table["combinations"][0];
  CHECK(best.at("values").at("optim.lr") == "0.01");
  double sum = 0;
  for (const auto& run : best.at("runs")) {
    const std::string name = run.at("run");
    const Outcome eval = run_program(folder, {"eval", folder.path("s/" + name), "--json"});
    const double loss = nlohmann::json::parse(eval.out).at("loss");
    CHECK(run.at("best_whole").at("loss") == loss);
    sum += loss;
  }
  CHECK(best.at("mean").get<double>() == Approx(sum / 2));
  CHECK(best.at("p").is_null());
  CHECK(table["combinations"][1].at("to_best").get<double>() > 0);
  std::vector<SeedSummary> seeds;
  for (const auto& combination : table["combinations"]) {
    std::vector<double> losses;
    for (const auto& run : combination.at("runs")) losses.push_back(run.at("best_whole").at("loss"));
    seeds.push_back(summary_of(losses));
  }
  const auto p = holm_adjusted({welch_p(seeds[1], seeds[0]), welch_p(seeds[2], seeds[0])});
  CHECK(table["combinations"][1].at("p") == p[0]);
  CHECK(table["combinations"][2].at("p") == p[1]);
  CHECK_THAT(read_bytes(folder.path("s/table.csv")),
             Catch::StartsWith("optim.lr,seeds,mean,deviation,low,high,to_best,p\n0.01,2,"));
  CHECK_THAT(read_bytes(folder.path("s/plot.svg")), Catch::Contains("optim.lr"));
  REQUIRE(run_program(folder, {"train", folder.path("s/best.cfg"), "--run.dir=" + folder.path("again")}).status == 0);
  CHECK(read_bytes(folder.path("again/result.json")) == read_bytes(folder.path("s/lr=0.01,seed=1/result.json")));
}

TEST_CASE("a sweep ranks by the model in best.h5, the highest figure first where that is the goal", "[sweep]") {
  const TemporaryFolder folder;
  // the rates rise, and soon are far too high: the last model is not the best
  const std::string config = sweep_config(folder, "metric = perplexity\ngoal = highest\noptim.lr = 10, 20, 0.5\n",
                                          "[optim]\nschedule = linear\nmin_lr = 0\nwarmup_steps = 300\n");
  REQUIRE(sweep(folder, config, "s").status == 0);
  const auto table = nlohmann::json::parse(read_bytes(folder.path("s/table.json")));
  double before = std::numeric_limits<double>::infinity();
  bool earlier = false;
  for (const auto& combination : table.at("combinations")) {
    const auto& run = combination.at("runs")[0];
    const Outcome eval = run_program(folder, {"eval", folder.path("s/" + run.at("run").get<std::string>()), "--json"});
    CHECK(combination.at("mean") == nlohmann::json::parse(eval.out).at("perplexity"));
    CHECK(combination.at("mean").get<double>() < before);
    before = combination.at("mean");
    earlier = earlier || run.at("best_whole") != run.at("whole");
  }
  CHECK(earlier);
}

TEST_CASE("the best combination alone is judged on the test split", "[sweep]") {
  const TemporaryFolder folder;
  const std::string config = sweep_config(folder, "optim.lr = 1e-4, 1e-2\n");
  const Outcome outcome = sweep(folder, config, "s", {"--data.test_fraction=0.1"});
  REQUIRE(outcome.status == 0);
  const Outcome eval = run_program(folder, {"eval", folder.path("s/lr=0.01,seed=1"), "--split", "test", "--json"});
  const double loss = nlohmann::json::parse(eval.out).at("loss");
  const auto table = nlohmann::json::parse(read_bytes(folder.path("s/table.json")));
  CHECK(table.at("best_on_test").at("mean") == loss);
  CHECK(table.at("best_on_test").at("count") == 1);
  CHECK(table["combinations"][0]["mean"] != loss);
  REQUIRE(sweep(folder, config, "without").status == 0);
  CHECK_FALSE(nlohmann::json::parse(read_bytes(folder.path("without/table.json"))).contains("best_on_test"));
}

TEST_CASE("a run that fails is told, the others go on, and a sweep called again tries it anew", "[sweep]") {
  const TemporaryFolder folder;
  // the first rate makes the loss infinite
  const std::string config =
      sweep_config(folder, "optim.lr = 1000, 1e-2\n", "[optim]\nwarmup_steps = 0\ngrad_clip = 0\nweight_decay = 100\n");
  const Outcome outcome = sweep(folder, config, "s");
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.out, Catch::Contains("1/2 lr=1000,seed=1: failed: "));
  CHECK_THAT(outcome.out, Catch::Contains("2/2 lr=0.01,seed=1: loss "));
  const auto table = nlohmann::json::parse(read_bytes(folder.path("s/table.json")));
  CHECK(table["combinations"][0]["values"]["optim.lr"] == "0.01");
  CHECK(table["combinations"][1]["count"] == 0);
  CHECK(table["combinations"][1]["runs"][0]["state"] == "failed");
  CHECK_THAT(sweep(folder, config, "s").out, Catch::Contains("2 runs, of which 1 are done"));
}

TEST_CASE("runs that are given up are told, and which ones hangs neither on the jobs nor on a stop", "[sweep]") {
  const TemporaryFolder folder;
  const std::string config = sweep_config(folder, "stop = median\noptim.lr = 1e-2, 1e-5, 1e-3\nrun.seed = 1..3\n",
                                          "[optim]\nwarmup_steps = 0\nmin_lr = 0\n");
  REQUIRE(sweep(folder, config, "one").status == 0);
  const auto table = nlohmann::json::parse(read_bytes(folder.path("one/table.json")));
  CHECK(table["combinations"][0]["values"]["optim.lr"] == "0.01");
  CHECK(table["combinations"][0]["count"] == 3);
  const std::string text = table.dump();
  CHECK_THAT(text, Catch::Contains("stopped after step 10: its best loss of "));
  REQUIRE(sweep(folder, config, "two", {"--jobs", "2"}).status == 0);
  CHECK(tables(folder, "two") == tables(folder, "one"));
  Process process(folder, {"sweep", config, "--run.dir=" + folder.path("killed")});
  REQUIRE(appears(folder.path("killed/log.txt"), "4/9 "));
  process.send(SIGKILL);
  process.wait();
  REQUIRE(sweep(folder, config, "killed").status == 0);
  CHECK(tables(folder, "killed") == tables(folder, "one"));
}

TEST_CASE("a run that was begun, and is given up before its turn comes again, is trained no further", "[sweep]") {
  const TemporaryFolder folder;
  const std::string config = sweep_config(folder, "stop = median\noptim.lr = 1e-2, 5e-3, 2e-3, 1e-5\n",
                                          "[optim]\nwarmup_steps = 0\nmin_lr = 0\n");
  REQUIRE(sweep(folder, config, "one").status == 0);
  REQUIRE(sweep(folder, config, "two", {"--sweep.optim.lr=1e-5"}).status == 0);
  const std::string result = folder.path("two/lr=1e-05,seed=1/result.json");
  REQUIRE(std::filesystem::remove(result));
  const Outcome outcome = sweep(folder, config, "two");
  CHECK(outcome.status == 0);
  CHECK_THAT(outcome.out, Catch::Contains(" lr=1e-05,seed=1: stopped after step 10"));
  CHECK(!std::filesystem::exists(result));
  CHECK(tables(folder, "two") == tables(folder, "one"));
}

TEST_CASE("a run whose result is damaged gets it anew", "[sweep]") {
  const TemporaryFolder folder;
  const std::string config = sweep_config(folder, "optim.lr = 1e-3, 1e-2\n");
  REQUIRE(sweep(folder, config, "s").status == 0);
  const std::string before = tables(folder, "s"), result = "s/lr=0.01,seed=1/result.json";
  for (const char* damaged : {"", "{", "[1]"}) {
    folder.write(result, damaged);
    const Outcome outcome = sweep(folder, config, "s");
    CHECK(outcome.status == 0);
    CHECK_THAT(outcome.out, Catch::Contains("2 runs, of which 1 are done"));
    CHECK(tables(folder, "s") == before);
  }
}

TEST_CASE("what makes one combination of a sweep impossible is found before any run begins", "[sweep]") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& sweep_section, const std::string& more, const std::string& text) {
    const std::string config = sweep_config(folder, sweep_section, more);
    check_one_line(sweep(folder, config, "s"), 1, text);
    CHECK(!std::filesystem::exists(folder.path("s")));
  };
  refused("model.n_head = 2, 3\n", "", "sweep.cfg: line 18: model.n_head = 3: ");
  refused("data.path = " + folder.path("none.txt") + "\n", "",
          "sweep.cfg: line 18: data.path = " + folder.path("none.txt"));
  refused("data.path = " + folder.path("sweep.cfg") + ", " + folder.path("none.txt") + "\n", "",
          "sweep.cfg: line 18: data.path = " + folder.path("none.txt"));
  refused("model.n_embd = 32, 8000000\n", "", "sweep.cfg: line 18: model.n_embd = 8000000: ");
  refused("train.batch_size = 8, 1000000\n", "memory_limit = 1\n", "sweep.cfg: line 19: train.batch_size = 1000000: ");
  refused("metric = accuracy\ngoal = highest\noptim.lr = 1, 2\n", "",
          "heddle: sweep.metric = accuracy: there is no such figure");  // which is of no one combination
  refused("optim.beta_one = 0.8, 0.9\n", "", "sweep.cfg: line 18: unknown key optim.beta_one");
}

TEST_CASE("runs at once must fit into memory together", "[sweep]") {
  if (threads() < 2) return;  // two jobs want two
  const TemporaryFolder folder;
  const std::string config = sweep_config(folder, "optim.lr = 1e-3, 1e-2\n");
  REQUIRE(sweep(folder, config, "s").status == 0);
  const std::string log = read_bytes(folder.path("s/lr=0.001,seed=1/log.txt"));
  const double kilobytes = std::stod(log.substr(log.find("memory: ") + 8));  // "861 KB", "1.30 MB"
  const double bytes = kilobytes < 10 ? kilobytes * 1e6 : kilobytes * 1e3;
  const std::string limit = concat_text("--train.memory_limit=", 1.5 * bytes / 1e9);
  CHECK(sweep(folder, config, "one", {"--check", limit}).status == 0);
  check_one_line(sweep(folder, config, "two", {"--check", "--jobs", "2", limit}), 1, "but 2 runs at once are expected");
}

TEST_CASE("a sweep does not mix runs of another config with its own", "[sweep]") {
  const TemporaryFolder folder;
  const std::string config = sweep_config(folder, "optim.lr = 1e-3, 1e-2\n");
  REQUIRE(sweep(folder, config, "s").status == 0);
  check_one_line(sweep(folder, config, "s", {"--train.steps=50"}), 1,
                 "lr=0.001,seed=1 holds a run with train.steps = 40");
  // more values and other threads are no other config
  const Outcome more = sweep(folder, config, "s", {"--sweep.optim.lr=1e-3,1e-2,2e-2", "--run.threads=1"});
  CHECK(more.status == 0);
  CHECK_THAT(more.out, Catch::Contains("3 runs, of which 2 are done"));
}

TEST_CASE("the project's own sweep is one that can be trained", "[sweep]") {
  const TemporaryFolder folder;
  const Outcome checked = sweep(folder, HEDDLE_SOURCE_DIR "/configs/sweep.cfg", "s", {"--check"});
  CHECK(checked.status == 0);
  CHECK(std::count(checked.out.begin(), checked.out.end(), '\n') == 24);
}

TEST_CASE("a sweep's command line: --check trains nothing, jobs are bounded, and one sweep has the folder", "[sweep]") {
  const TemporaryFolder folder;
  const std::string config = sweep_config(folder, "optim.lr = 1e-3, 1e-2\nrun.seed = 1..2\n");
  const Outcome checked = sweep(folder, config, "s", {"--check"});
  CHECK(checked.status == 0);
  CHECK(checked.out == "lr=0.001,seed=1\nlr=0.001,seed=2\nlr=0.01,seed=1\nlr=0.01,seed=2\n");
  CHECK(!std::filesystem::exists(folder.path("s")));
  CHECK_THAT(sweep(folder, config, "s", {"--check", "--sweep.mode=random", "--sweep.budget=3"}).err,
             Catch::Contains("finds 2 different combinations"));
  CHECK(sweep(folder, config, "s", {"--jobs", "0"}).status == 2);
  CHECK(sweep(folder, config, "s", {"--jobs", "1000"}).status == 2);
  CHECK_THAT(sweep(folder, config, "s", {"--sweep.optim.learning_rate=1"}).err, Catch::Contains("did you mean"));
  check_one_line(sweep(folder, config, "", {"--run.dir=" + FakeRun().in(folder, "run")}), 1, "is the folder of a run");
  CHECK(!std::filesystem::exists(folder.path("run/log.txt")));
  check_one_line(run_program(folder, {"train", config}), 1, "[sweep] holds values that heddle sweep tries");
  Process process(folder, {"sweep", config, "--run.dir=" + folder.path("s"), "--train.steps=100000"});
  REQUIRE(appears(folder.path("s/log.txt"), "4 runs"));
  const TemporaryFolder other;
  check_one_line(sweep(other, config, "", {"--run.dir=" + folder.path("s")}), 1, "trains there");
  process.send(SIGTERM);
  CHECK(process.wait() == kStoppedStatus);
}

}  // namespace heddle
