// What holds for runs of every kind of model, on each kind of data that it has a task for.

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "data/images/picture.h"
#include "models/kinds.h"
#include "tests/train/kinds.h"
#include "tests/train/page_data.h"
#include "tests/train/run_program.h"
#include "train/run/checkpoint.h"
#include "train/tasks/task.h"

namespace heddle {
TEST_CASE(
    "every kind of model has the same bits on one, two and three threads, and stopped and resumed, and judges other "
    "data") {
  std::set<std::string> tried;
  for (const Kinds& kinds : all_kinds()) {
    INFO(kinds.model << " of " << kinds.data);
    tried.insert(task_kind(kinds.model, kinds.data).name);
    tried.insert(kinds.model);
    const TemporaryFolder folder;
    const std::string config = folder.write(
        "small.cfg", "[model]\nkind = " + kinds.model +
                         "\n[optim]\nlr = 0.01\nschedule = constant\nwarmup_steps = 2\n[train]\nbatch_size = 6\n"
                         "eval_interval = 4\neval_batches = 1\nsample_tokens = 0\n");
    const Arguments data = with(some_data(folder, kinds.data), kinds.sizes);
    const auto run = [&](const Arguments& arguments) {
      const Outcome outcome = run_program(folder, arguments);
      INFO(outcome.err);
      REQUIRE(outcome.status == 0);
    };
    const auto train = [&](const std::string& name, const std::string& threads, const std::string& steps) {
      run(with(
          {"train", config, "--run.dir=" + folder.path(name), "--run.threads=" + threads, "--train.steps=" + steps},
          data));
      return weights_of(folder.path(name + "/last.h5"));
    };
    const std::string one = train("one", "1", "9");
    CHECK(train("two", "2", "9") == one);
    CHECK(train("three", "3", "9") == one);
    CHECK(train("stopped", "2", "5") != one);
    run({"resume", folder.path("stopped"), "--train.steps=9", "--run.threads=3"});
    CHECK(weights_of(folder.path("stopped/last.h5")) == one);
    run({"eval", folder.path("one"), "--data",
         data[1].substr(data[1].find('=') + 1)});  // as if it were other data, whole
  }
  for (const ModelKind& kind : model_kinds()) {
    CHECK(tried.count(kind.name) == 1);  // a new kind has a row above
    for (const char* task : kind.tasks) CHECK(tried.count(task) == 1);
  }
}

TEST_CASE("the attention of every kind of model that has one is shown, and of the others refused") {
  const std::map<std::string, std::string> named = {{"gpt", "attention"},
                                                    {"bert", "attention"},
                                                    {"seq2seq", "decoder/cross_attention"},
                                                    {"vit", "attention"},
                                                    {"audio", "attention"}};
  for (const Kinds& kinds : all_kinds()) {
    INFO(kinds.model << " of " << kinds.data);
    const TemporaryFolder folder;
    const Arguments data = with(some_data(folder, kinds.data), kinds.sizes);
    const std::string path = data[1].substr(data[1].find('=') + 1), run = folder.path("run");
    REQUIRE(run_program(folder, with({"train", folder.write("small.cfg", "[model]\nkind = " + kinds.model + "\n"),
                                      "--run.dir=" + run, "--train.steps=1", "--train.batch_size=4",
                                      "--train.eval_batches=1", "--train.sample_tokens=0"},
                                     data))
                .status == 0);
    const std::string file = kinds.data == "sound" ? std::filesystem::directory_iterator(path)->path().string() : path;
    const bool of_files = kinds.data == "images" || kinds.data == "sound" || kinds.data == "table";
    const Arguments shown = of_files ? Arguments{file} : Arguments{"--text=a b c a"};
    const auto inspect = [&](const Arguments& more) {
      return run_program(folder, with(with({"inspect", "attention", run}, shown), more));
    };
    const Outcome outcome = inspect({"--json", "--head=1"});
    const Outcome circuits = run_program(folder, {"inspect", "circuits", run, "--json"});
    const bool fills = kinds.model == "bert" && kinds.data == "text";
    const Outcome lens = run_program(
        folder, {"inspect", "lens", run, "--json", fills ? "--text=a [MASK] c" : "--text=a b c a", "--count=2"});
    if (named.count(kinds.model) == 0) {
      check_one_line(circuits, 1, "no attention");
      check_one_line(lens, 1, "wants a model that predicts tokens by a transformer");
      check_one_line(outcome, kinds.data == "table" ? outcome.status : 1, kinds.data == "table" ? "" : "no attention");
      check_one_line(run_program(folder, {"inspect", "heads", run, "--tokens=64"}), 1, "no attention");
      continue;
    }
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    const nlohmann::json answer = nlohmann::json::parse(outcome.out);
    const std::string name = answer["attention"];
    CHECK(name.find("blocks/0/") != name.npos);
    CHECK((name.ends_with("cross_attention") == (kinds.model == "seq2seq")));
    double total = 0;
    for (const auto& key : answer["seen"]) total += key["weight"].get<double>();
    CHECK(total == Approx(1));
    CHECK(answer["output"].size() == 16);
    const Outcome own = run_program(folder, {"inspect", "attention", run});  // of what validates
    INFO(own.err);
    CHECK(own.status == 0);
    const Outcome scaling = run_program(folder, with({"inspect", "scaling", run, "--json"}, shown));
    REQUIRE(scaling.status == 0);
    const nlohmann::json layers = nlohmann::json::parse(scaling.out)["layers"];
    CHECK(layers.size() == (kinds.model == "seq2seq" ? 3 : 1));
    CHECK(layers[0]["dims"] == 8);
    const Outcome heads = run_program(folder, {"inspect", "heads", run, "--json", "--tokens=1000000"});
    INFO(heads.err);
    REQUIRE(heads.status == 0);
    const nlohmann::json all = nlohmann::json::parse(heads.out);
    const Outcome judged = run_program(folder, {"eval", run, "--split=val", "--json", "--run.precision=f32"});
    REQUIRE(judged.status == 0);
    CHECK(all["loss"].get<double>() == Approx(nlohmann::json::parse(judged.out)["loss"].get<double>()).epsilon(1e-4));
    REQUIRE(all["heads"].size() == (kinds.model == "seq2seq" ? 6 : 2));
    for (const auto& head : all["heads"]) {
      INFO(head);
      const bool cross = head["attention"].get<std::string>().ends_with("cross_attention");
      const bool later = kinds.model != "gpt" && !cross && !head["attention"].get<std::string>().starts_with("decoder");
      CHECK(head["scores"].contains("previous") == !cross);
      CHECK(head["scores"].contains("next") == later);
      CHECK(head["scores"].contains("delimiter") == !of_files);
      if (kinds.data == "text" || kinds.data == "repeats")  // others' rows may say no token twice
        CHECK(head["scores"].contains("duplicate"));
      CHECK(head["scores"].contains("induction") == (kinds.data == "repeats" || (kinds.data == "text" && !of_files)));
      CHECK(head["untrained"].size() == head["scores"].size());
      CHECK(head["ablated"].size() == 2);
    }
    const nlohmann::json by_weights = nlohmann::json::parse(circuits.out)["heads"];
    CHECK(by_weights.size() == (kinds.model == "seq2seq" ? 6 : 2));
    const bool scores_tokens = kinds.model == "gpt" || kinds.model == "seq2seq" || fills;
    for (const auto& head : by_weights) {
      const std::string attention = head["attention"];
      const bool of_tokens = kinds.model != "seq2seq" || attention == "decoder/blocks/0/attention";
      CHECK(head["qk"]["singular_values"].size() == 8);
      CHECK(head.contains("copying") == (scores_tokens && of_tokens));
      CHECK(head["token_pairs"].empty() == (of_files || !of_tokens));
      CHECK(head["untrained"]["ov"]["effective_rank"] > 1);
      CHECK(head["untrained"]["ov"] != head["ov"]);
    }
    if (scores_tokens) {
      INFO(lens.err);
      REQUIRE(lens.status == 0);
      const nlohmann::json shown_lens = nlohmann::json::parse(lens.out);
      CHECK(shown_lens["layers"].size() == 2);
      CHECK(shown_lens["layers"][1]["top"].size() == 2);
      CHECK(shown_lens["layers"][1]["divergence"] == 0);
      CHECK(shown_lens["place"] == (fills ? 2 : shown_lens["inputs"].size() - 1));
      CHECK_FALSE(shown_lens.contains("next"));
      const nlohmann::json& attribution = shown_lens["attribution"];
      CHECK(attribution["token"] == shown_lens["final"]);
      CHECK(attribution["sum"].get<double>() == Approx(attribution["logit"].get<double>()).margin(1e-4));
    } else {
      check_one_line(lens, 1,
                     kinds.model == "bert" ? "tells classes" : "wants a model that predicts tokens by a transformer");
    }
    check_one_line(inspect({"--layer=1"}), 1, "the model has 1 layers, 0 .. 0; there is none 1");
    check_one_line(inspect({"--head=2"}), 1, "has 2 heads, 0 .. 1; there is none 2");
    check_one_line(inspect({"--of=self"}), 1,
                   "the model has " + std::string(kinds.model == "seq2seq" ? "encoder/" : "attention"));
    check_one_line(inspect({"--word=900"}), 1, "there are ");
    if (of_files) continue;
    check_one_line(inspect({"--word=zebra"}), 1, "is not among the places: the tokens are");
    const Outcome text = inspect({"--word=0"});
    CHECK_THAT(text.out, Catch::Contains("1. query, key and value: 8 numbers each") && Catch::Contains("(place 0)"));
    if (kinds.data == "text")
      check_one_line(run_program(folder, {"inspect", "attention", run, "--text", std::string(400, 'a')}), 1,
                     "the model sees 16; give a shorter one");
  }
}

TEST_CASE("the spaces of every kind of model that offers some are told, beside what controls there are") {
  // streams, and attentions: each has queries, keys and values
  const std::map<std::string, std::pair<std::size_t, std::size_t>> offered = {
      {"gpt", {2, 1}},   {"bert", {2, 1}},    {"vit", {2, 1}},
      {"audio", {2, 1}}, {"seq2seq", {4, 3}}, {"recurrent", {2, 0}}};
  for (const Kinds& kinds : all_kinds()) {
    INFO(kinds.model << " of " << kinds.data);
    const TemporaryFolder folder;
    const std::string run = folder.path("run");
    const std::string layers = kinds.model == "recurrent" ? "n_layer = 1\n" : "";  // the others' sizes say so
    const std::string config = folder.write("small.cfg", "[model]\nkind = " + kinds.model + '\n' + layers);
    REQUIRE(run_program(folder, with({"train", config, "--run.dir=" + run, "--train.steps=1", "--train.batch_size=4",
                                      "--train.eval_batches=1", "--train.sample_tokens=0"},
                                     with(some_data(folder, kinds.data), kinds.sizes)))
                .status == 0);
    const Outcome outcome = run_program(folder, {"inspect", "geometry", run, "--json", "--tokens=600"});
    if (offered.count(kinds.model) == 0) {
      check_one_line(outcome, 1, "offers no hidden states");
      continue;
    }
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    const auto [streams, attentions] = offered.at(kinds.model);
    const nlohmann::json answer = nlohmann::json::parse(outcome.out);
    CHECK(answer["spaces"].size() == streams + 3 * attentions);
    const bool tokens = kinds.data != "images" && kinds.data != "sound";
    CHECK((outcome.err.find("no control of shuffled text") == outcome.err.npos) == tokens);
    for (const auto& space : answer["spaces"]) {
      INFO(space);
      CHECK(space.contains("shuffled") == tokens);
      CHECK(space["trained"]["cosine"].is_number());
      CHECK(space["trained"]["static_share"].is_number() == tokens);
    }
  }
}

TEST_CASE("of every kind of model a report shows what it has") {
  const std::set<std::string> looks = {"gpt", "bert", "seq2seq", "vit", "audio"},
                              tables = {"gpt", "bert", "recurrent", "word2vec"},
                              writes = {"gpt", "recurrent", "seq2seq", "word2vec"};
  for (const Kinds& kinds : all_kinds()) {
    INFO(kinds.model << " of " << kinds.data);
    const TemporaryFolder folder;
    const std::string run = folder.path("run");
    REQUIRE(run_program(folder, with({"train", folder.write("small.cfg", "[model]\nkind = " + kinds.model + "\n"),
                                      "--run.dir=" + run, "--train.steps=2", "--train.batch_size=4",
                                      "--train.eval_batches=1", "--train.sample_tokens=8"},
                                     with(some_data(folder, kinds.data), kinds.sizes)))
                .status == 0);
    const Outcome outcome = run_program(folder, {"report", run});
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    const nlohmann::json found = page_data(read_bytes(run + "/report.html"))["runs"][0];
    CHECK(found["left_out"] == nlohmann::json::object());
    const bool numbers = kinds.data == "table" || kinds.data == "images" || kinds.data == "sound";
    CHECK(found.contains("tokens") == !numbers);
    CHECK(found.contains("classes") == (numbers || kinds.data == "labelled_text"));
    const bool has_passage = found.contains("passage");
    CHECK(has_passage == (kinds.model != "word2vec"));
    if (has_passage) {
      const nlohmann::json& passage = found["passage"];
      CHECK(passage["attentions"].empty() == (looks.count(kinds.model) == 0));
      CHECK(passage["attentions"].size() == (kinds.model == "seq2seq" ? 3 : looks.count(kinds.model)));
      CHECK(passage.contains("features") == (kinds.data == "images" || kinds.data == "sound"));
      CHECK(passage["prediction"]["what"] == (found.contains("classes") ? "class"
                                              : kinds.model == "bert"   ? "hidden"
                                                                        : "next"));
      CHECK(passage["prediction"]["truth"] != "");
      if (kinds.data == "images") {  // the pixels as they are in the file
        const LoadedRun loaded = load_checkpoint(run + "/best.h5");
        const auto dataset = loaded.experiment->load_data(&loaded.data);
        const auto pixels = dynamic_cast<const Pictures&>(*dataset).picture(Split::val, 0).pixels;
        CHECK(passage["features"]["values"] == std::vector<int>(pixels.begin(), pixels.end()));
      }
      if (kinds.model == "bert" && kinds.data == "text") {
        const auto place = passage["prediction"]["place"].get<std::size_t>();
        CHECK(passage["inputs"][place] == "[MASK]");
        const TokenizerState tokenizer = load_checkpoint(run + "/best.h5").data.tokenizer;
        CHECK(passage["input_ids"][place] == *special_token(tokenizer, kMaskToken));
      }
    }
    if (found.contains("classes")) {
      std::int64_t examples = 0;
      for (const auto& row : found["classes"]["confusion"]) {
        for (const auto& count : row) examples += count.get<std::int64_t>();
      }
      CHECK(examples > 3);
      CHECK(found["classes"]["confusion"].size() == found["classes"]["labels"].size());
    }
    CHECK(found.contains("words") == (tables.count(kinds.model) == 1));
    if (writes.count(kinds.model) == 1 && kinds.data != "repeats") CHECK(found["samples"]["now"]["text"] != "");
  }
}

TEST_CASE("every config of the project trains two steps and says what it reads", "[slow]") {
  const TemporaryFolder folder;
  std::string words = std::string(20000, 'x') + '\n', rows;
  for (int i = 0; i < 12000; ++i) words += "To be, or not to be, that is the question\n";
  for (int i = 0; i < 40; ++i) rows += i % 2 == 0 ? "a fine film\tgood\n" : "a dull film\tbad\n";
  const Quarters quarters(40);
  folder.write("digits-labels", quarters.labels);
  folder.write("pairs.de", "ein Hund\nzwei Hunde\n\u00e4lter\n");
  folder.write("pairs.en", "a dog\ntwo dogs\nolder\n");
  const std::map<std::string, std::string> paths = {{"text", folder.write("input.txt", words)},
                                                    {"labelled_text", folder.write("rows.tsv", rows)},
                                                    {"images", folder.write("digits-images", quarters.images)},
                                                    {"sound", write_tones(folder, 60)},
                                                    {"pairs", folder.path("pairs")}};
  const std::string vocabulary = folder.path("vocabulary.json");
  REQUIRE(run_program(folder,
                      {"tokenizer", "train", "--input", paths.at("text"), "--vocab-size=260", "--output", vocabulary})
              .status == 0);
  for (const auto& entry : std::filesystem::directory_iterator(HEDDLE_SOURCE_DIR "/configs")) {
    INFO(entry.path());
    Settings settings = Settings::from_file(entry.path().string());
    if (!settings.take_section("sweep").names().empty()) continue;  // of many runs; sweeps have tests of their own
    const Experiment experiment(settings);
    Arguments arguments = {"train",
                           entry.path().string(),
                           "--run.dir=" + folder.path(entry.path().stem().string()),
                           "--run.init=",
                           "--train.steps=2",
                           "--train.eval_batches=1",
                           "--train.sample_tokens=5",
                           "--train.batch_size=2"};
    const SplitConfig& split = experiment.data->split;
    for (const auto& [key, given] :
         {std::pair("path", split.path), {"val_path", split.val_path}, {"test_path", split.test_path}}) {
      if (!given.empty() && !given[0].starts_with("builtin:"))
        arguments.push_back(std::string("--data.") + key + "=" + paths.at(experiment.data_kind));
    }
    if (read_bytes(entry.path().string()).find("\ntokenizer_file") != std::string::npos)
      arguments.push_back("--data.tokenizer_file=" + vocabulary);
    const Outcome outcome = run_program(folder, arguments);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
  }
}

}  // namespace heddle
