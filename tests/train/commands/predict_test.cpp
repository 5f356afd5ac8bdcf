#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/train/run_program.h"

namespace heddle {

TEST_CASE("predict tells the classes of rows of numbers, and is a table, CSV or JSON") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run"),
                    config = folder.write("xor.cfg",
                                          "[data]\nkind = table\npath = builtin:xor\nsize = 64\n[model]\nkind = mlp\n"
                                          "hidden = 16\n[optim]\nlr = 0.03\nweight_decay = 0\n"
                                          "[train]\nbatch_size = 8\nsteps = 300\neval_interval = 300\n");
  REQUIRE(run_program(folder, {"train", config, "--run.dir=" + run, "--data.val_fraction=0.25"}).status == 0);
  const std::string rows = folder.write("rows, all.csv", "0,0\n0,1\n\n1,0\n1,1\n");
  const auto found = nlohmann::json::parse(run_program(folder, {"predict", run, rows, "--json"}).out);
  REQUIRE(found.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(found[i]["best"][0]["name"] == (i == 1 || i == 2 ? "1" : "0"));
    CHECK(found[i]["best"][0]["probability"] > 0.9);
    CHECK(found[i]["best"].size() == 2);
  }
  CHECK(found[2]["input"] == rows + ":4");
  const std::string csv = run_program(folder, {"predict", run, rows, "--csv", "--top=1"}).out;
  CHECK_THAT(csv, Catch::StartsWith("input,class 1,probability\n\"" + rows + ":1\",0,0."));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 5);
  CHECK_THAT(run_program(folder, {"predict", run, rows}).out, Catch::Contains("class 2  probability"));
  check_one_line(run_program(folder, {"predict", run, folder.write("wide", "1,2,3\n")}), 1,
                 "rows of 3 numbers, and the model was trained on rows of [2]");
  check_one_line(run_program(folder, {"predict", run, folder.write("words", "a,b\n")}), 1, "'a' is no number");
  check_one_line(run_program(folder, {"predict", run, "--text=1"}), 1, "a text is no row of numbers");
  check_one_line(run_program(folder, {"predict", run, folder.path("none")}), 1, "does not exist");
  check_one_line(run_program(folder, {"predict", run}), 2, "Give files");
  check_one_line(run_program(folder, {"predict", run, rows, "--csv", "--json"}), 2, "choose one");
}

TEST_CASE("predict tells the log-probability of each token of a text") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=2"}).status == 0);
  const std::string run = folder.path("run"), file = folder.write("text", "a king\nwho sat here for long");
  const auto found = nlohmann::json::parse(run_program(folder, {"predict", run, file, "--text=ab", "--json"}).out);
  REQUIRE(found.size() == 2);
  REQUIRE(found[0].size() == 2);  // the text, then the file
  CHECK(found[0][0]["log_probability"].is_null());
  CHECK(found[0][1]["token"] == "b");
  CHECK(found[1].size() == 28);
  double sum = 0;
  for (std::size_t i = 1; i < 28; ++i) sum += found[1][i]["log_probability"].get<double>();
  const std::string shown = run_program(folder, {"predict", run, file}).out;
  CHECK_THAT(shown, Catch::Contains("27 tokens predicted: " + std::to_string(-sum).substr(0, 5)));
  CHECK_THAT(shown, Catch::Contains("\\n"));
  CHECK_THAT(run_program(folder, {"predict", run, "--text=a", "--csv"}).out,
             Catch::StartsWith("token,id,log-probability,probability\na,"));
  check_one_line(run_program(folder, {"predict", run, "--text="}), 1, "no token");
}

}  // namespace heddle
