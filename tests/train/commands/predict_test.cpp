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
  check_one_line(run_program(folder, {"predict", run, folder.write("wide", "1,2,3,4\n")}), 1,
                 "rows of 4 numbers, and the model was trained on rows of [2]");
  const std::string words = folder.write("words", "a,b\n0,1\n");
  check_one_line(run_program(folder, {"predict", run, words}), 1, "'a' is no number");
  CHECK_THAT(run_program(folder, {"predict", run, words, "--data.header=true"}).out, Catch::Contains("words:2  1  "));
  check_one_line(run_program(folder, {"predict", run, words, "--model.hidden=2"}), 1, "model.hidden");
  check_one_line(run_program(folder, {"predict", run, folder.write("zero", "\n")}), 1, "holds no row");
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
  REQUIRE(found[0]["tokens"].size() == 2);  // the text, then the file
  CHECK(found[0]["input"] == "text 1");
  CHECK(found[1]["input"] == file);
  CHECK(found[0]["tokens"][0]["log_probability"].is_null());
  CHECK(found[0]["tokens"][1]["token"] == "b");
  CHECK(found[1]["tokens"].size() == 28);
  double sum = 0;
  for (std::size_t i = 1; i < 28; ++i) sum += found[1]["tokens"][i]["log_probability"].get<double>();
  const std::string shown = run_program(folder, {"predict", run, file}).out;
  CHECK_THAT(shown, Catch::Contains("27 tokens predicted: " + std::to_string(-sum).substr(0, 5)));
  CHECK_THAT(shown, Catch::Contains("\\n"));
  CHECK_THAT(run_program(folder, {"predict", run, "--text=a", "--csv"}).out,
             Catch::StartsWith("input,token,id,log-probability,probability\ntext 1,a,"));
  const std::string csv = run_program(folder, {"predict", run, "--text=ab", "--text=cd", "--csv"}).out;
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 5);  // one heading
  CHECK_THAT(csv, Catch::Contains("text 2,d,"));
  folder.write("texts/one", "abc");
  CHECK_THAT(run_program(folder, {"predict", run, folder.path("texts")}).out, Catch::Contains("2 tokens predicted"));
  check_one_line(run_program(folder, {"predict", run, folder.write("zero", "")}), 1, "zero holds no token");
  check_one_line(run_program(folder, {"predict", run, "--text="}), 1, "no token");
}

TEST_CASE("predict fills in what is hidden, and tells the classes of texts, of models that learned to") {
  const TemporaryFolder folder;
  const auto train_bert = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"train",
                                          folder.write("bert.cfg",
                                                       "[model]\nkind = bert\nn_layer = 1\nn_head = 2\nn_embd = 16\n"
                                                       "block_size = 16\n[optim]\nlr = 0.01\n"
                                                       "[train]\nsteps = 60\nbatch_size = 8\nsample_tokens = 0\n"),
                                          "--run.dir=" + folder.path(name)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    REQUIRE(run_program(folder, arguments).status == 0);
    return folder.path(name);
  };
  const std::string filler = train_bert("filler", {"--data.tokenizer=word", "--data.special_tokens=[MASK]"});
  const auto filled = nlohmann::json::parse(
      run_program(folder, {"predict", filler, "--fill=the king [MASK] the [MASK]", "--top=2", "--json"}).out);
  REQUIRE(filled.size() == 2);
  CHECK(filled[0]["input"] == "the king [MASK]");
  CHECK(filled[1]["best"].size() == 2);
  CHECK_THAT(run_program(folder, {"predict", filler, "--fill=a [MASK]"}).out, Catch::Contains("token 2"));
  check_one_line(run_program(folder, {"predict", filler, "--text=the king"}), 1, "--fill");
  check_one_line(run_program(folder, {"predict", filler, "--fill=the king"}), 1, "holds no [MASK]");
  check_one_line(run_program(folder, {"predict", filler, "--fill=a [MASK]", "--text=b"}), 2, "--fill stands alone");

  std::string rows;
  for (int i = 0; i < 40; ++i) rows += i % 2 == 0 ? "a fine film\tgood\n" : "a dull film\tbad\n";
  const std::string judge = train_bert("judge", {"--data.kind=labelled_text", "--data.path=" + folder.write("t", rows),
                                                 "--data.vocab_size=300", "--data.val_fraction=0.2"});
  const auto told = nlohmann::json::parse(
      run_program(folder, {"predict", judge, "--text=a dull film", "--text=a fine film", "--json"}).out);
  REQUIRE(told.size() == 2);
  CHECK(told[0]["input"] == "a dull film");
  CHECK(told[0]["best"][0]["name"] == "bad");
  CHECK(told[1]["best"][0]["name"] == "good");
  check_one_line(run_program(folder, {"predict", judge, "--fill=a [MASK]"}), 1, "tells classes");
}

}  // namespace heddle
