#include <cmath>
#include <filesystem>

#include "tests/train/page_data.h"
#include "tests/train/run_program.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// A run that is trained in no time.
std::string small_run(const TemporaryFolder& folder, const std::string& name, std::vector<std::string> more = {}) {
  const std::string config =
      folder.write("small.cfg",
                   "[data]\nsize = 6000\n[model]\nn_layer = 2\nn_head = 2\nn_embd = 8\nblock_size "
                   "= 40\n[train]\nbatch_size = 4\nlog_interval = 2\n"
                   "eval_batches = 1\nsample_tokens = 10\n");
  more.insert(more.begin(), {"train", config, "--run.dir=" + folder.path(name)});
  if (std::none_of(more.begin(), more.end(), [](const auto& a) { return a.starts_with("--train.steps="); }))
    more.emplace_back("--train.steps=6");
  const Outcome outcome = run_program(folder, more);
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  return folder.path(name);
}

nlohmann::json reported(const TemporaryFolder& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "report");
  arguments.push_back("--output=" + folder.path("page.html"));
  const Outcome outcome = run_program(folder, arguments);
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  return page_data(read_bytes(folder.path("page.html")));
}

}  // namespace

TEST_CASE("a report that cannot be made is refused in one line, before anything is done") {
  const TemporaryFolder folder;
  const std::string run = small_run(folder, "run");
  const auto refused = [&](std::vector<std::string> arguments, int status, const std::string& why) {
    arguments.insert(arguments.begin(), "report");
    check_one_line(run_program(folder, arguments), status, why);
  };
  refused({folder.path("none")}, 1, "none");
  refused({run, folder.path("none")}, 1, "none");
  refused({run, "--output", folder.path("missing/page.html")}, 1, "does not exist; make it, or choose another place");
  refused({run, "--output", folder.path("page.txt")}, 2, "wants a name that ends in .html");
  fs::create_directory(folder.path("folder.html"));
  refused({run, "--output", folder.path("folder.html")}, 1, "is a folder; name a file");
  refused({run, "--text", std::string(41, 'a')}, 1, "the text has 41 tokens, the model sees 40");
  refused({run, "--text=\t"}, 1, "token");
  refused({run, "--target=b", "--text=a"}, 1, "--target is of a model that translates");
  refused({run, "--file", folder.path("small.cfg")}, 1, "shown texts, not files");
  refused({}, 2, "");
  CHECK_FALSE(fs::exists(run + "/report.html"));
  CHECK_FALSE(fs::exists(folder.path("page.txt")));

  LoadedRun loaded = load_checkpoint(run + "/last.h5", Purpose::resume);
  loaded.state.history = {};
  fs::create_directory(folder.path("unmeasured"));
  save_checkpoint(folder.path("unmeasured/last.h5"), *loaded.experiment, loaded.data, *loaded.model, *loaded.learner,
                  loaded.state);
  refused({folder.path("unmeasured")}, 1, "was measured at no step yet");
  refused({run, folder.path("unmeasured")}, 1, "was measured at no step yet");
}

TEST_CASE("a report holds the run's figures, samples, tokens and words") {
  const TemporaryFolder folder;
  const std::string run =
      small_run(folder, "run", {"--train.sample_interval=2", "--data.tokenizer=word", "--data.special_tokens=[MASK]"});
  const Outcome outcome = run_program(folder, {"report", run});
  REQUIRE(outcome.status == 0);
  CHECK_THAT(outcome.out, Catch::StartsWith(run + "/report.html: "));
  CHECK_THAT(outcome.err, Catch::Contains("best.h5, after step 6"));
  const nlohmann::json data = page_data(read_bytes(run + "/report.html"));
  REQUIRE(data["runs"].size() == 1);
  const nlohmann::json& one = data["runs"][0];
  CHECK(one["left_out"] == nlohmann::json::object());
  const LoadedRun loaded = load_checkpoint(run + "/last.h5");
  const History& history = loaded.state.history;
  const nlohmann::json& course = one["course"];
  CHECK(course["parameters"] == count_elements(loaded.model->named_parameters()));
  CHECK(course["history"]["step"] == nlohmann::json({2, 4, 6}));
  REQUIRE(course["history"]["columns"].size() == history.columns());
  CHECK(course["history"]["columns"][0]["name"] == "train_loss");
  for (std::size_t i = 0; i < history.size(); ++i)
    CHECK(course["history"]["columns"][0]["values"][i].get<double>() ==
          Approx(history.column("train_loss")[i]).epsilon(1e-5));
  REQUIRE(course["baselines"].size() == loaded.state.baselines.all.size());
  CHECK(course["baselines"][1]["value"] == loaded.state.baselines.all[1].value);
  CHECK(course["best_val_loss"] == loaded.state.best_val_loss);

  const nlohmann::json& samples = one["samples"]["over_time"];
  REQUIRE(samples.size() == 3);
  const std::string written = read_bytes(run + "/samples.txt");
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(samples[i]["step"] == 2 * i + 2);
    CHECK(written.find("--- after step " + std::to_string(2 * i + 2) + " ---\n" +
                       samples[i]["text"].get<std::string>()) != written.npos);
  }

  const nlohmann::json& tokens = one["tokens"];
  const auto dataset = loaded.experiment->load_data(&loaded.data);
  std::vector<std::int64_t> counts(loaded.data.tokenizer.pieces.size());
  std::int64_t all = 0, above = -1;
  for (index_t i = 0; i < dataset->size(Split::train); ++i) {
    const index_t place = dataset->place(i);
    const Batch batch = dataset->get(Split::train, std::span(&place, 1));
    for (index_t t = 0; t < batch.inputs.numel(); ++t) ++counts[static_cast<std::size_t>(batch.inputs[t])], ++all;
  }
  CHECK(tokens["tokens"] == all);
  CHECK(tokens["all"] == true);
  CHECK(tokens["unused"] > 0);
  CHECK(tokens["unused"] == std::count(counts.begin(), counts.end(), 0));
  CHECK(tokens["rare"] == std::count_if(counts.begin(), counts.end(), [](auto n) { return n > 0 && n < 10; }));
  for (const auto& token : tokens["most"]) {
    CHECK(token["count"] == counts[token["id"].get<std::size_t>()]);
    CHECK(token["token"] == loaded.data.tokenizer.pieces[token["id"].get<std::size_t>()]);
    if (above >= 0) CHECK(token["count"].get<std::int64_t>() <= above);
    above = token["count"];
  }
  CHECK(tokens["most"][0]["count"] == *std::max_element(counts.begin(), counts.end()));
  CHECK(tokens["ranks"].front() == nlohmann::json({1, tokens["most"][0]["count"]}));
  std::int64_t kinds = 0, used = 0;
  for (const auto& length : tokens["lengths"])
    kinds += length[0].get<std::int64_t>(), used += length[1].get<std::int64_t>();
  CHECK(kinds == std::ssize(counts));
  CHECK(used == all);

  const nlohmann::json& words = one["words"];
  REQUIRE(words["planes"].size() == 2);
  CHECK(words["planes"][0]["method"] == "pca");
  CHECK(words["planes"][0]["shares"].size() == 2);
  for (const auto& plane : words["planes"]) CHECK(plane["places"].size() == words["points"].size());
  for (const auto& point : words["points"]) {
    CHECK(point["near"].size() == 5);
    for (const auto& near : point["near"]) CHECK(near[0] != point["word"]);
  }
}

TEST_CASE("a report's example has rows of weights that add up to 1, and the logits of what comes next") {
  const TemporaryFolder folder;
  const std::string run = small_run(folder, "run");
  const nlohmann::json own = reported(folder, {run})["runs"][0]["passage"];
  CHECK(own["inputs"].size() == 32);  // of the first example that validates as much as a page can show
  const LoadedRun loaded = load_checkpoint(run + "/best.h5");
  const index_t first = 0;
  const Batch batch = loaded.experiment->load_data(&loaded.data)->get(Split::val, std::span(&first, 1));
  CHECK(own["prediction"]["truth"] == loaded.tokenizer()->piece(batch.targets[31]));
  CHECK(own["input_ids"][31] == batch.inputs[31]);
  const nlohmann::json asked = reported(folder, {run, "--text=the king"})["runs"][0]["passage"];
  CHECK(asked["inputs"] == nlohmann::json({"t", "h", "e", " ", "k", "i", "n", "g"}));
  CHECK(asked["given"] == true);
  CHECK(asked["prediction"]["truth"] == "");
  for (const nlohmann::json& passage : {own, asked}) {
    const std::size_t count = passage["inputs"].size();
    REQUIRE(passage["attentions"].size() == 2);
    for (const auto& attention : passage["attentions"]) {
      REQUIRE(attention["heads"].size() == 2);
      for (const auto& head : attention["heads"]) {
        for (const char* name : {"weights", "scores", "queries", "keys", "values", "sums", "outputs", "lengths"})
          CHECK(head[name].size() == count);
        for (std::size_t i = 0; i < count; ++i) {
          double sum = 0;
          for (std::size_t j = 0; j < count; ++j) {
            sum += head["weights"][i][j].get<double>();
            CHECK(head["scores"][i][j].is_null() == (j > i));  // what comes later is not seen
          }
          CHECK(sum == Approx(1).margin(1e-3));
        }
      }
    }
    CHECK(passage["streams"]["hidden_states/2"].size() == count);
    CHECK(passage["lengths"].size() == 3);
    CHECK(passage["mlps"]["blocks/1/mlp"]["places"].size() == count);
    CHECK(passage["best"].size() == count);
    const auto logits = passage["prediction"]["logits"].get<std::vector<double>>();
    CHECK(std::is_sorted(logits.rbegin(), logits.rend()));
    double total = 0;
    for (const double logit : logits) total += std::exp(logit - logits[0]);
    CHECK(passage["best"][count - 1][0][1].get<double>() == Approx(1 / total).epsilon(1e-3));
    CHECK(passage["best"][count - 1][0][0] == passage["prediction"]["names"][0]);
  }
}

TEST_CASE("a sample whose text looks like the beginning of another stays one") {
  const TemporaryFolder folder;
  const std::string run = small_run(folder, "run");
  folder.write(
      "run/samples.txt",
      "--- after step 2 ---\na\n--- after step 1 ---\nb\n\n--- after step x ---\n--- after step 4 ---\n\nc\n\n");
  const nlohmann::json samples = reported(folder, {run})["runs"][0]["samples"]["over_time"];
  CHECK(samples == nlohmann::json({{{"step", 2}, {"text", "a\n--- after step 1 ---\nb\n\n--- after step x ---"}},
                                   {{"step", 4}, {"text", "\nc"}}}));
}

TEST_CASE("of two runs a report tells the keys that differ, and no others") {
  const TemporaryFolder folder;
  const std::string one = small_run(folder, "one"),
                    two = small_run(folder, "two", {"--optim.lr=0.01", "--train.steps=4"});
  const nlohmann::json data = reported(folder, {one, two});
  REQUIRE(data["runs"].size() == 2);
  CHECK(data["runs"][1]["course"]["history"]["step"] == nlohmann::json({2, 4}));
  CHECK_FALSE(data["runs"][1].contains("passage"));
  std::map<std::string, std::vector<std::string>> differing;
  for (const auto& row : data["differing"]) differing[row["key"]] = row["values"];
  CHECK(differing.size() == 3);
  CHECK(differing.count("run.dir") == 1);
  CHECK(differing["train.steps"] == std::vector<std::string>{"6", "4"});
  CHECK(differing["optim.lr"][1] == "0.01");
  CHECK_FALSE(reported(folder, {one}).contains("differing"));
}

TEST_CASE("a report of a run whose data is gone, or whose files are damaged, says what it leaves out and why") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 300; ++i) text += "the loom and the thread\n";
  const std::string path = folder.write("mine.txt", text), run = small_run(folder, "run", {"--data.path=" + path});
  const std::string names =
                        "step,attention,head,entropy,distance,previous,next,same,duplicate,first,local,delimiter,"
                        "induction\n",
                    row = "0,blocks/0/attention,0,1.5,,,,,,,,,0.5\n";
  folder.write("run/heads.csv", names + row + "1,blocks/0/attention,0,1.25,2,,,,,,,,\n");
  const nlohmann::json whole = reported(folder, {run})["runs"][0];
  CHECK(whole["heads_course"]["names"][3] == "entropy");
  CHECK(whole["heads_course"]["rows"][0][12] == 0.5);
  CHECK(whole["heads_course"]["rows"][0][4].is_null());
  CHECK(whole["heads_course"]["rows"][1][4] == 2);
  CHECK(whole["course"]["whole"]["loss"] > 0);
  for (const std::string& damaged :
       {names + "0,blocks/0/attention,0\n", std::string("a,b\n1,2\n"), names + "0,blocks/0/attention,0,x,,,,,,,,,\n",
        names + "0,blocks/0/attention,0,nan,,,,,,,,,\n", names + "0,blocks/9/attention,0,1,,,,,,,,,\n"}) {
    folder.write("run/heads.csv", damaged);
    const nlohmann::json one = reported(folder, {run})["runs"][0];
    CHECK_FALSE(one.contains("heads_course"));
    CHECK_THAT(one["left_out"]["heads_course"].get<std::string>(), Catch::Contains("heads.csv"));
  }
  fs::remove(path);
  fs::remove(folder.path("run/tokens.h5"));
  fs::remove(folder.path("run/heads.csv"));
  const Outcome outcome = run_program(folder, {"report", run});
  CHECK(outcome.status == 0);
  CHECK_THAT(outcome.err, Catch::Contains("without the run's data") && Catch::Contains("mine.txt"));
  const nlohmann::json rest = page_data(read_bytes(run + "/report.html"))["runs"][0];
  CHECK_THAT(rest["left_out"]["data"].get<std::string>(), Catch::Contains("mine.txt"));
  CHECK_FALSE(rest.contains("tokens"));
  CHECK_FALSE(rest.contains("passage"));
  CHECK(rest.contains("words"));
  CHECK(rest["samples"]["now"].is_null());
  CHECK(reported(folder, {run, "--text=the loom"})["runs"][0]["passage"]["inputs"].size() == 8);
}

}  // namespace heddle
