// heddle doctor finds planted faults, and nothing where they are not; the clean twin of a fault is the same data
// without it.

#include <cmath>
#include <sstream>

#include "tests/real_data.h"
#include "tests/train/commands/doctor/examine.h"
#include "train/commands/doctor/learning_rate.h"

namespace heddle {

TEST_CASE("doctor finds a chapter that stands in both parts, also with changes in it, and nothing in its clean twin") {
  const TemporaryFolder folder;
  const std::string training = text_of(kOne, 1, 60000), validating = text_of(kOne, 2, 12000);
  const Arguments only = {"--only=duplicates,sources,tokens,size"};
  const Diagnosis clean = examine(folder, text_config(folder, "clean", training, validating), only);
  CHECK(clean.status == 0);
  CHECK(clean.verdicts ==
        std::map<std::string, std::string>{{"duplicates", "ok"}, {"size", "ok"}, {"sources", "ok"}, {"tokens", "ok"}});
  std::string chapter = training.substr(20011, 1200);
  const auto with_chapter = [&](const std::string& name) {
    return examine(folder, text_config(folder, name, training, validating + chapter), only);
  };
  const Diagnosis copied = with_chapter("copied");
  CHECK(copied.status == 1);
  CHECK(copied.verdicts.at("duplicates") == "wrong");
  CHECK(copied.verdicts.at("sources") == "ok");
  CHECK(copied.figures.at("duplicates")["validation_repeated"].get<double>() == Approx(1200.0 / 13200).margin(0.02));
  for (std::size_t i = 0; i < chapter.size(); i += 150) chapter[i] = 'z';
  CHECK(with_chapter("changed").verdicts.at("duplicates") == "wrong");
  // a text that says everything twice does so in both parts: that is how it is
  const std::string twice = text_of(kOne, 3, 8000);
  CHECK(examine(folder, text_config(folder, "twice", twice + twice + twice, twice), only).verdicts.at("duplicates") ==
        "ok");
}

TEST_CASE("rows of numbers and short texts that stand in both parts are found, and half of a window is enough") {
  const TemporaryFolder folder;
  const Arguments only = {"--only=duplicates"};
  const std::string rows = points(1, 600, false), others = points(2, 200, false);
  CHECK(examine(folder, table_config(folder, "clean", rows, others), only).verdicts.at("duplicates") == "ok");
  const Diagnosis copied = examine(folder, table_config(folder, "copied", rows, others + points(1, 50, false)), only);
  CHECK(copied.verdicts.at("duplicates") == "wrong");
  CHECK(copied.figures.at("duplicates")["validation_repeated"] == Approx(0.2));
  const auto texts = [&](const std::string& name, const std::string& validating) {
    const std::string path = folder.write(name + ".tsv", short_texts(1, 200)), val = folder.write("val", validating);
    return folder.write(name + ".cfg", "[data]\nkind = labelled_text\npath = " + path + "\nval_path = " + val +
                                           "\ntokenizer = word\n[model]\nkind = bert\nn_layer = 1\nn_head = 2\n"
                                           "n_embd = 16\nblock_size = 16\n[train]\nbatch_size = 8\n");
  };
  CHECK(examine(folder, texts("other", short_texts(2, 100)), only).verdicts.at("duplicates") == "ok");
  const Diagnosis again = examine(folder, texts("again", short_texts(2, 90) + short_texts(1, 10)), only);
  CHECK(again.figures.at("duplicates")["validation_repeated"] == Approx(0.1));
  CHECK(again.verdicts.at("duplicates") == "wrong");
  // with a change in every 80 characters, runs of 16 without one begin at four of five places
  const std::string training = text_of(kOne, 1, 60000);
  std::string chapter = training.substr(20011, 4000);
  for (std::size_t i = 0; i < chapter.size(); i += 80) chapter[i] = 'z';
  const std::string config = text_config(folder, "half", training, text_of(kOne, 2, 4000) + chapter);
  const Diagnosis half = examine(folder, config, {"--only=duplicates", "--model.block_size=64"});
  CHECK(half.figures.at("duplicates")["validation_repeated"].get<double>() == Approx(0.5).margin(0.05));
}

TEST_CASE("doctor finds a validation part in another language, and rows of another source") {
  const TemporaryFolder folder;
  const std::string training = text_of(kOne, 1, 60000);
  const Arguments only = {"--only=sources"};
  CHECK(examine(folder, text_config(folder, "same", training, text_of(kOne, 2, 6000)), only).verdicts.at("sources") ==
        "ok");
  const Diagnosis other = examine(folder, text_config(folder, "other", training, text_of(kOther, 2, 6000)), only);
  CHECK(other.status == 1);
  CHECK(other.verdicts.at("sources") == "wrong");
  CHECK(other.figures.at("sources")["validation_nats"] > other.figures.at("sources")["training_nats"]);
  const std::string rows = points(1, 600, false);
  CHECK(examine(folder, table_config(folder, "near", rows, points(2, 200, false)), only).verdicts.at("sources") ==
        "ok");
  CHECK(examine(folder, table_config(folder, "far", rows, points(2, 200, false, 2)), only).verdicts.at("sources") ==
        "wrong");
  // training rows that lie in the order of their classes differ from each other as far as those that validate do
  const auto of_class = [](const std::string& all, const std::string& name) {
    std::string some;
    std::istringstream lines(all);
    for (std::string line; std::getline(lines, line);) some += line.ends_with(name) ? line + '\n' : "";
    return some;
  };
  const std::string sorted = of_class(rows, "c0") + of_class(rows, "c1") + of_class(rows, "c2");
  const Diagnosis last =
      examine(folder, table_config(folder, "last", sorted, of_class(points(2, 300, false), "c2")), only);
  CHECK(last.verdicts.at("sources") == "ok");
  CHECK(last.figures.at("sources")["stretches_told_apart"] > 0.8);
}

TEST_CASE("pairs of words that chance put together tell no more than the entropy, in either part") {
  const TemporaryFolder folder;
  const auto words = [](std::uint64_t seed, std::uint64_t count) {
    const Rng rng(seed);
    std::string text;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t n = rng.below(500, i);
      for (std::uint64_t place = 1; place < 500; place *= 8) text += static_cast<char>('a' + n / place % 8);
      text += ' ';
    }
    return text;
  };
  const std::string config = text_config(folder, "words", words(1, 20000), words(2, 2000));
  const Diagnosis found = examine(folder, config, {"--only=sources", "--data.tokenizer=letters"});
  for (const char* nats : {"validation_nats", "training_nats"}) {
    INFO(nats);
    CHECK(found.figures.at("sources")[nats] > std::log(500));
    CHECK(found.figures.at("sources")[nats] < std::log(500) + 0.5);
  }
}

TEST_CASE("doctor examines a run, or a checkpoint, by its config, and not what has no name in runs") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=2"}).status == 0);
  const Arguments only = {"--only=size,tokens", "--train.steps=50"};
  const Diagnosis by_config = examine(folder, folder.path("tiny.cfg"), only);
  for (const char* name : {"run", "run/config.cfg", "run/last.h5"}) {
    INFO(name);
    const Diagnosis found = examine(folder, folder.path(name), only);
    CHECK(found.verdicts == by_config.verdicts);
    CHECK(found.figures == by_config.figures);
  }
  check_one_line(run_program(folder, {"doctor", folder.path("ran")}), 1, "ran");
}

TEST_CASE("doctor finds a rate that is ten times too high, and draws the range test") {
  const TemporaryFolder folder;
  const std::string config = tiny_config(folder), picture = folder.path("range.svg");
  const Arguments only = {"--only=rate,one-batch,initial-loss,memory", "--model.n_layer=1", "--output=" + picture,
                          "--optim.schedule=constant", "--run.dir=" + folder.path("run")};
  const auto at = [&](const std::string& lr) {
    Arguments more = only;
    more.push_back("--optim.lr=" + lr);
    return examine(folder, config, more);
  };
  const Diagnosis clean = at("1e-2");
  CHECK(clean.status == 0);
  CHECK(clean.verdicts == std::map<std::string, std::string>{
                              {"initial-loss", "ok"}, {"memory", "ok"}, {"one-batch", "ok"}, {"rate", "ok"}});
  CHECK(clean.figures.at("initial-loss")["uniform"] == Approx(std::log(30)));
  CHECK_THAT(read_bytes(picture), Catch::Contains("<svg") && Catch::Contains("optim.lr = 0.01"));
  const Diagnosis high = at("0.1");
  CHECK(high.status == 1);
  CHECK(high.verdicts.at("rate") == "wrong");
  CHECK(at("1000").verdicts.at("rate") == "wrong");
  CHECK(at("1e-9").verdicts.at("rate") == "look");
  CHECK(at("1e-9").verdicts.at("one-batch") == "wrong");
  CHECK_FALSE(std::filesystem::exists(folder.path("run")));
}

TEST_CASE("doctor says what does not fit data or model, the same each time, and leaves no trace") {
  const TemporaryFolder folder;
  const std::string config = table_config(folder, "points", points(1, 300, false), points(2, 100, false));
  const auto before = folder.count();
  const Arguments arguments = {"doctor", config,
                               "--only=size,duplicates,sources,tokens,labels,initial-loss,one-batch,rate"};
  const Outcome once = run_program(folder, arguments), again = run_program(folder, arguments);
  INFO(once.out << once.err);
  CHECK(once.status == 0);
  CHECK(once.out == again.out);
  CHECK(once.out.ends_with("nothing is wrong\n"));
  CHECK_THAT(once.out, Catch::Contains("tokens        -      the data has no tokens"));
  CHECK(folder.count() == before + 3);  // what the program was given, and said
}

TEST_CASE("doctor judges sizes: too little data for a step or a validation is told") {
  const TemporaryFolder folder;
  const Arguments only = {"--only=size"};
  const auto size = [&](int training, int validating, const std::string& steps) {
    const std::string config = table_config(folder, "sized", points(1, training, false), points(2, validating, false));
    return examine(folder, config, {"--only=size", "--train.steps=" + steps}).verdicts.at("size");
  };
  CHECK(size(100, 40, "100") == "ok");
  CHECK(size(12, 40, "100") == "wrong");
  CHECK(size(100, 4, "100") == "look");
  CHECK(size(100, 40, "100000") == "look");
}

TEST_CASE("tokens that training never has, and unknown words, are found in what validates") {
  const TemporaryFolder folder;
  const std::string training = text_of(kOne, 1, 20000);
  const auto tokens = [&](const std::string& name, const std::string& validating, Arguments more) {
    more.push_back("--only=tokens");
    return examine(folder, text_config(folder, name, training, validating), more);
  };
  CHECK(tokens("char", text_of(kOne, 2, 4000), {}).verdicts.at("tokens") == "ok");
  CHECK(tokens("unseen", text_of(kOne, 2, 3000) + std::string(200, '#'), {}).verdicts.at("tokens") == "wrong");
  CHECK(tokens("some", text_of(kOne, 2, 3000) + std::string(100, '#'), {}).verdicts.at("tokens") == "look");
  CHECK(tokens("words", text_of(kOther, 2, 4000), {"--data.tokenizer=word"}).verdicts.at("tokens") == "wrong");
}

TEST_CASE("doctor refuses an unknown check, a config that is not there and a picture that is none, in one line each") {
  const TemporaryFolder folder;
  const std::string config = tiny_config(folder);
  check_one_line(run_program(folder, {"doctor", config, "--only=sise"}), 2,
                 "doctor: no check 'sise'; there are: size,");
  check_one_line(run_program(folder, {"doctor", folder.path("none.cfg")}), 1, "none.cfg does not exist");
  check_one_line(run_program(folder, {"doctor", config, "--output=range.txt"}), 2, "--output range.txt");
  check_one_line(run_program(folder, {"doctor"}), 2, "usage: heddle doctor CONFIG|RUN");
  check_one_line(run_program(folder, {"doctor", config, "--data.path=" + folder.path("none.txt")}), 1, "none.txt");
}

TEST_CASE("of a range test the steepest fall and the rate from which the loss rises are found") {
  std::vector<double> rates, losses;
  for (int i = 0; i < 60; ++i) {
    rates.push_back(std::pow(10.0, i / 10.0));
    losses.push_back(i < 20 ? 5 : i < 30 ? 5 - 0.3 * (i - 20) : i < 40 ? 2 : 2 + 0.4 * (i - 40));
  }
  const RangeTest test = range_of(rates, losses, false);
  CHECK(test.steepest >= rates[21]);
  CHECK(test.steepest <= rates[29]);
  CHECK(test.diverges == rates[44]);  // the first above 2 + 1.5
  CHECK(range_of(rates, std::vector<double>(losses.begin(), losses.begin() + 40), false).diverges == 0);
  CHECK(range_of(rates, std::vector<double>(losses.begin(), losses.begin() + 40), true).diverges == rates[39]);
}

TEST_CASE("doctor finds nothing wrong with the configs that come with the program", "[slow]") {
  const TemporaryFolder folder;
  const std::string configs = HEDDLE_SOURCE_DIR "/configs/";
  const auto examined = [&](const std::string& name, Arguments more) {
    INFO(name);
    more.push_back("--run.dir=" + folder.path("run"));
    const Diagnosis found = examine(folder, configs + name, more);
    CHECK(found.status == 0);
    for (const auto& [check, verdict] : found.verdicts) {
      INFO(check);
      CHECK(verdict != "wrong");
    }
  };
  examined("xor_mlp.cfg", {});
  examined("kingdom_word2vec.cfg", {});
  examined("quickstart.cfg", {"--only=size,duplicates,sources,tokens,memory,initial-loss"});
  if (const std::string images = real_data("mnist10k"); !images.empty())
    examined("mnist_mlp.cfg", {"--data.path=" + images});
}

}  // namespace heddle
