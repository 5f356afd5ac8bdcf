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

TEST_CASE("a rate that is a little too high or too low is to be looked at, and a tenth of it is judged as itself") {
  const TemporaryFolder folder;
  const std::string config = tiny_config(folder);
  const auto at = [&](const std::string& lr) {
    return examine(folder, config,
                   {"--only=rate,one-batch", "--model.n_layer=1", "--optim.schedule=constant", "--optim.lr=" + lr});
  };
  const Diagnosis high = at("5e-2"), good = at("1e-2"), tenth = at("1e-3"), low = at("3e-5");
  CHECK(high.verdicts.at("rate") == "look");
  CHECK_THAT(high.advice.at("rate"), Catch::Contains("5e-03"));
  CHECK(high.verdicts.at("one-batch") == "ok");
  CHECK(good.verdicts.at("rate") == "ok");
  CHECK(good.figures.at("rate")["loss_at_a_tenth"] == tenth.figures.at("rate")["loss"]);
  CHECK(good.figures.at("rate")["steepest"] > 1e-3);
  CHECK(good.figures.at("rate")["steepest"] < 1e-2);
  CHECK(good.figures.at("rate")["diverges"] > 0.1);
  CHECK(tenth.verdicts.at("one-batch") == "ok");
  CHECK(low.verdicts.at("one-batch") == "look");
  CHECK(at("0").verdicts.at("rate") == "wrong");
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
  const std::string config = table_config(folder, "sized", points(1, 160, false), points(2, 40, false));
  const Diagnosis in_parts = examine(folder, config, {"--only=size", "--train.accumulate=5"});
  CHECK(in_parts.figures.at("size")["passes"] == Approx(100 * 16 * 5 / 160.0));
  CHECK(in_parts.verdicts.at("size") == "ok");
  CHECK(examine(folder, config, {"--only=size", "--train.accumulate=11"}).verdicts.at("size") == "wrong");
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

TEST_CASE("what is advised for unknown tokens fits the tokenizer, and what both parts lack is to be looked at") {
  const TemporaryFolder folder;
  const std::string training = text_of(kOne, 1, 20000), some = text_of(kOne, 2, 3000) + std::string(200, '#');
  const auto tokens = [&](const std::string& name, const std::string& first, const std::string& second,
                          const std::string& more) {
    return examine(folder, text_config(folder, name, first, second), {"--only=tokens", "--data.tokenizer=" + more});
  };
  const Diagnosis with_char = tokens("char", training, some, "char"), with_bpe = tokens("bpe", training, some, "bpe"),
                  with_byte = tokens("byte", training, some, "byte");
  CHECK_THAT(with_char.advice.at("tokens"), Catch::Contains("data.tokenizer = bpe"));
  for (const Diagnosis* found : {&with_bpe, &with_byte}) {
    CHECK(found->verdicts.at("tokens") == "wrong");
    CHECK_THAT(found->advice.at("tokens"), !Catch::Contains("data.tokenizer = bpe") && Catch::Contains("more text"));
  }
  CHECK_THAT(with_bpe.advice.at("tokens"), Catch::Contains("data.vocab_size"));
  CHECK(with_byte.figures.at("tokens")["bytes_a_token"] == 1);
  CHECK(with_byte.figures.at("tokens")["never_seen"] > 200);
  CHECK(with_bpe.figures.at("tokens")["bytes_a_token"] > 2);
  // every third word comes once
  const auto rare = [](int seed, int count) {
    std::string words;
    for (int i = 0; i < count; ++i)
      words += (i % 3 == 0 ? "rare" + std::to_string(seed * count + i) : i % 3 == 1 ? "one" : "two") + " ";
    return words;
  };
  const Diagnosis words = tokens("rare", rare(1, 3000), rare(2, 600), "word");
  CHECK(words.figures.at("tokens")["training_unknown"] > 0.1);
  CHECK(words.verdicts.at("tokens") == "look");
}

TEST_CASE("a copy is found wherever the windows of training are cut, also where each is as short as a shingle") {
  const TemporaryFolder folder;
  const std::string training = text_of(kOne, 1, 20000);
  const std::string config = text_config(folder, "cut", training, text_of(kOne, 2, 3200) + training.substr(8008, 800));
  const Diagnosis found = examine(folder, config, {"--only=duplicates", "--model.block_size=16"});
  CHECK(found.figures.at("duplicates")["validation_repeated"].get<double>() == Approx(0.2).margin(0.02));
  CHECK(found.verdicts.at("duplicates") == "wrong");
}

TEST_CASE("memory that does not suffice is wrong, and memory that hardly suffices is to be looked at") {
  const TemporaryFolder folder;
  const std::string config = tiny_config(folder);
  const auto memory = [&](double gb) {
    return examine(folder, config, {"--only=memory", "--train.memory_limit=" + std::to_string(gb)});
  };
  const Diagnosis much = memory(64);
  CHECK(much.verdicts.at("memory") == "ok");
  const double needed = much.figures.at("memory")["bytes"].get<double>() / 1e9;
  CHECK(memory(1.1 * needed).verdicts.at("memory") == "look");
  CHECK(memory(1.5 * needed).verdicts.at("memory") == "ok");
  CHECK(memory(0.9 * needed).verdicts.at("memory") == "wrong");
  CHECK(memory(0.9 * needed).status == 1);
}

TEST_CASE("a run that begins with another's weights is examined with these, and minutes are not measured out") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "before").status == 0);
  const Arguments only = {"--only=initial-loss,one-batch,size"};
  Arguments from = only;
  from.push_back("--run.init=" + folder.path("before"));
  from.push_back("--train.minutes=60");
  const std::string config = tiny_config(folder);
  const Diagnosis fresh = examine(folder, config, only), begun = examine(folder, config, from);
  CHECK(begun.verdicts.at("initial-loss") == "-");
  CHECK(begun.figures.at("one-batch")["first_loss"] < 0.9 * fresh.figures.at("one-batch")["first_loss"].get<double>());
  CHECK(begun.figures.at("size") == fresh.figures.at("size"));
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
