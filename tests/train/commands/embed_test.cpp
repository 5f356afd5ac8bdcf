#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "models/capabilities.h"
#include "tests/real_data.h"
#include "tests/train/run_program.h"
#include "train/run/checkpoint.h"

namespace heddle {
namespace {

std::vector<real> vectors_of(const std::string& path) {
  const Tensor vectors = dynamic_cast<WordTable&>(*load_checkpoint(path).model).token_vectors();
  return {vectors.span().begin(), vectors.span().end()};
}

/// What `heddle embed` answers with --json. Fails where it fails.
nlohmann::json embed(const TemporaryFolder& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "embed");
  arguments.emplace_back("--json");
  const Outcome outcome = run_program(folder, arguments);
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  return nlohmann::json::parse(outcome.out);
}

/// The guide's plane: gender across, royalty up.
std::string guide(const TemporaryFolder& folder) {
  return folder.write("guide.vec", "king 0.8 0.9\nqueen -0.8 0.9\nman 0.8 0.1\nwoman -0.8 0.1\n");
}

std::string first_answer(const TemporaryFolder& folder, const std::string& run, std::vector<std::string> sum) {
  sum.insert(sum.begin(), {"analogy", run});
  return embed(folder, sum)[0]["word"];
}

void check_known_analogies(const TemporaryFolder& folder, const std::string& run, double wanted) {
  CHECK(first_answer(folder, run, {"king", "-", "man", "+", "woman"}) == "queen");
  CHECK(first_answer(folder, run, {"paris - france + germany"}) == "berlin");
  CHECK(first_answer(folder, run, {"walking", "-walk", "+play"}) == "playing");
  const auto report = embed(folder, {"evaluate", run, "--method=add"})["analogies"]["add"]["all"];
  CHECK(report["asked"] == 2654);
  CHECK(report["share"] >= wanted);
}

}  // namespace

TEST_CASE("word vectors are the same after kill -9 and resume, and on two threads") {
  const TemporaryFolder folder;
  const std::string config = folder.write(
      "words.cfg",
      "[data]\nsize = 40000\ntokenizer = letters\n[model]\nkind = word2vec\nn_embd = 20\nblock_size = 64\nmin_n = 3\n"
      "max_n = 4\n[optim]\nlr = 0.05\nmin_lr = 0\n"
      "schedule = linear\nwarmup_steps = 0\n[train]\nsteps = 0\nepochs = 30\nbatch_size = 4\neval_interval = 0\n"
      "eval_batches = 0\ncheckpoint_interval = 20\n");
  const auto train_in = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"train", config, "--run.dir=" + folder.path(name)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  const Outcome whole = run_program(folder, train_in("whole", {"--run.threads=1"}));
  INFO(whole.err);
  REQUIRE(whole.status == 0);
  REQUIRE_THAT(whole.out,
               Catch::Contains("words/s") && Catch::Contains("better than nothing") && Catch::Contains("epoch 30.0"));
  const std::vector<real> weights = vectors_of(folder.path("whole/last.h5"));
  const Process killed(folder, train_in("killed", {"--run.threads=2"}));
  while (!std::filesystem::exists(folder.path("killed/last.h5"))) usleep(1000);
  killed.send(SIGKILL);
  killed.wait();
  const Outcome resumed = run_program(folder, {"resume", folder.path("killed"), "--run.threads=2"});
  const bool complete = resumed.status == 1 && resumed.err.find("is already at step") != std::string::npos;
  REQUIRE((resumed.status == 0 || complete));  // it may have been too quick for the signal
  REQUIRE(vectors_of(folder.path("killed/last.h5")) == weights);
  const Outcome eval = run_program(folder, {"eval", folder.path("whole/last.h5")});
  const std::string loss = whole.out.substr(whole.out.find("nats a pair", whole.out.find("whole validation")) - 7, 6);
  REQUIRE_THAT(eval.out, Catch::Contains(loss + " nats a pair"));
  const std::string sample = read_bytes(folder.path("whole/samples.txt"));
  REQUIRE(std::count(sample.begin(), sample.end(), '\n') == 1 + 8 + 1);  // its heading, words, an empty line
  REQUIRE_THAT(sample, Catch::Matches("[^]*\n[a-z]+:( [a-z]+ -?[0-9.]+){5}\n[^]*"));
  // words that are not in the vocabulary: n-grams tell something of them, and they are no answers
  const Outcome unseen = run_program(folder, {"embed", "neighbors", folder.path("whole"), "playingg", "playinggg"});
  REQUIRE(unseen.status == 0);
  REQUIRE_THAT(unseen.err, Catch::Contains("'playingg' is not in the vocabulary: put together"));
  REQUIRE_THAT(unseen.out, Catch::Matches("playingg\n[^]*  playing\n[^]*playinggg\n[^]*"));
  REQUIRE(unseen.out.find("  playinggg") == std::string::npos);
  // words are asked in any case, as the text's were read
  const Outcome capitals = run_program(folder, {"embed", "neighbors", folder.path("whole"), "PLAYINGG", "Playinggg"});
  CHECK(capitals.out == unseen.out);
  CHECK(embed(folder, {"analogy", folder.path("whole"), "King - MAN + woman"}) ==
        embed(folder, {"analogy", folder.path("whole"), "king - man + woman"}));
  CHECK(embed(folder, {"axes", folder.path("whole"), "Man:Woman"}) ==
        embed(folder, {"axes", folder.path("whole"), "man:woman"}));
  REQUIRE(embed(folder, {"analogy", folder.path("whole"), "playingg - play + walk"}).size() == 10);
  // an answer says where it comes from, an error says nothing else
  const std::string taken = folder.path("whole/best.h5") + ", after step ";
  REQUIRE_THAT(unseen.err, Catch::StartsWith(taken));
  for (const std::vector<std::string>& part : std::vector<std::vector<std::string>>{
           {"neighbors", folder.path("whole"), "king", "--json"},
           {"analogy", folder.path("whole"), "king - man + woman"},
           {"axes", folder.path("whole"), "man:woman"},
           {"dimensions", folder.path("whole")},
           {"evaluate", folder.path("whole"), "--questions=builtin:kingdom"},
           {"project", folder.path("whole"), "--small-words", "--output", folder.path("p.tsv")},
           {"export", folder.path("whole"), "--output", folder.path("w.vec")}}) {
    std::vector<std::string> arguments = part;
    arguments.insert(arguments.begin(), "embed");
    const Outcome outcome = run_program(folder, arguments);
    INFO(outcome.err);
    CHECK(outcome.status == 0);
    CHECK_THAT(outcome.err, Catch::StartsWith(taken));
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  }
  check_one_line(run_program(folder, {"embed", "neighbors", folder.path("whole"), "##"}), 1, "not in the vocabulary");
  // a limit limits answers alone, and rare words are asked and made as ever
  const auto limited = embed(folder, {"neighbors", folder.path("whole"), "playing", "playingg", "--limit=20"});
  REQUIRE(limited.size() == 2);
  for (const auto& [word, nearest] : limited.items()) CHECK(nearest.size() == 10);
  CHECK(embed(folder, {"neighbors", folder.path("whole"), "playing", "--limit=3"})["playing"].size() == 3);
  check_one_line(run_program(folder, {"embed", "neighbors", folder.path("whole"), "play", "--layer=1"}), 1,
                 "--layer: wants a model that writes text");
  check_one_line(run_program(folder, {"generate", folder.path("whole")}), 1, "ask word vectors with heddle embed");
  check_one_line(run_program(folder, train_in("wrong", {"--optim.kind=adamw"})), 1,
                 "optim.kind is a key of the learner of model.kind = gpt, not of model.kind = word2vec; leave it out");
  check_one_line(run_program(folder, train_in("wrong", {"--data.tokenizer=bpe"})), 1, "set data.tokenizer = letters");
  check_one_line(run_program(folder, train_in("wrong", {"--data.min_count=1000000"})), 1, "lower min_count");
}

TEST_CASE("the built-in stories' word vectors answer nine of ten questions, a GPT's input embeddings six", "[slow]") {
  const TemporaryFolder folder;
  const auto train_config = [&](const std::string& name) {
    const Outcome outcome = run_program(folder, {"train", HEDDLE_SOURCE_DIR "/configs/" + name + ".cfg",
                                                 "--run.dir=" + folder.path(name), "--train.sample_tokens=0"});
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return folder.path(name);
  };
  check_known_analogies(folder, train_config("kingdom_word2vec"), 0.9);
  const std::string gpt = train_config("quickstart");
  check_known_analogies(folder, gpt, 0.6);
  // what leaves the second block, over a text: words that may stand in each other's place are near
  const auto near = embed(folder, {"neighbors", gpt, "queen", "--layer=2", "--text-size=100000", "--count=5"});
  REQUIRE(near["queen"].size() == 5);
  CHECK(near["queen"][0]["score"] > 0.5);
  check_one_line(run_program(folder, {"embed", "neighbors", gpt, "queen", "--layer=5"}), 1,
                 "the model has 4 blocks; choose 0 (before the first) to 4");
}

TEST_CASE("the guide's plane: king - man + woman = queen, in every form of file and both ways of asking") {
  const TemporaryFolder folder;
  const std::string plane = guide(folder);
  for (const std::string format : {"word2vec", "word2vec-binary", "glove", "fasttext"}) {
    const std::string file = folder.path(format);
    REQUIRE(run_program(folder, {"embed", "export", plane, "--output", file, "--format", format}).status == 0);
    CHECK(first_answer(folder, file, {"king", "-", "man", "+", "woman"}) == "queen");
    CHECK(first_answer(folder, file, {"king - man + woman", "--method=mul"}) == "queen");
  }
  const auto axes = embed(folder, {"axes", plane, "man:woman", "king:queen", "--up", "man:king", "woman:queen",
                                   "--output", folder.path("axes.svg")});
  CHECK(axes["across"]["agreement"] == Approx(1));
  CHECK(axes["across"]["high"][0]["score"] == Approx(0.8));
  CHECK(axes["up"]["agreement"] == Approx(1));
  CHECK(axes["up"]["high"][0]["score"] == Approx(0.9));
  CHECK(axes["cosine"] == Approx(0).margin(1e-6));
  const std::string picture = read_bytes(folder.path("axes.svg"));
  for (const std::string word : {"king", "queen", "man", "woman"})
    CHECK_THAT(picture, Catch::Contains("<title>" + word + "</title>"));
}

TEST_CASE("queries are answered one by one: one that is unknown is told, and does not end the others") {
  const TemporaryFolder folder;
  const std::string plane = guide(folder);
  const Outcome some = run_program(folder, {"embed", "neighbors", plane, "queen", "qeen", "king", "--count=1"});
  CHECK(some.status == 1);
  CHECK(some.out == "queen\n  0.752  woman\nking\n  0.752  man\n");
  CHECK(some.err == "word 'qeen' is not in the vocabulary; near it: queen\n");
  check_one_line(run_program(folder, {"embed", "neighbors", plane, "qeen", "kin"}), 1,
                 "'kin' is not in the vocabulary");
  CHECK(run_program(folder, {"embed", "similarity", plane, "king", "queen", "man", "woman"}).out ==
        "  0.117  king queen\n  -0.969  man woman\n");
  CHECK(embed(folder, {"similarity", plane, "KING", "man"})[0]["cosine"] == Approx(0.752).epsilon(1e-3));
  const Outcome pairs = run_program(folder, {"embed", "similarity", plane, "king", "x", "man", "woman"});
  CHECK(pairs.status == 1);
  CHECK(pairs.out == "  -0.969  man woman\n");
  check_one_line(run_program(folder, {"embed", "similarity", plane, "king", "man", "woman"}), 2, "has no second word");
}

TEST_CASE("a file's unreadable lines and repeated words are told, and the others answered") {
  const TemporaryFolder folder;
  const std::string file = folder.write("w.vec", "king 1 0\n 0.5 0.5\nqueen 0.9 0.1\nking 0 1\nnew york 0.8 0.3\n");
  const Outcome told = run_program(folder, {"embed", "neighbors", file, "king"});
  CHECK(told.status == 0);
  CHECK(told.out == "king\n  0.994  queen\n  0.936  new·york\n");
  CHECK_THAT(told.err, Catch::Contains("1 lines") && Catch::Contains("line 2: it begins with a blank") &&
                           Catch::Contains("stood there before"));
  CHECK(first_answer(folder, file, {"new york", "-", "king"}) == "queen");
  CHECK(first_answer(folder, file, {"\"new york\" - king"}) == "queen");
  const auto limited = embed(folder, {"neighbors", file, "new·york", "--limit=1"})["new york"];
  REQUIRE(limited.size() == 1);
  CHECK(limited[0]["word"] == "king");
}

TEST_CASE("projections are written as a picture, a table, and for TensorBoard's projector") {
  const TemporaryFolder folder;
  const std::string plane = guide(folder), base = folder.path("out");
  const std::vector<std::string> by_pca = {"project", plane, "--method=pca", "--clusters=2"};
  const auto project = [&](const std::string& end) {
    std::vector<std::string> arguments = by_pca;
    arguments.push_back("--output=" + base + end);
    return embed(folder, arguments);
  };
  CHECK(project(".svg")["trustworthiness"] == Approx(1));
  CHECK_THAT(read_bytes(base + ".svg"), Catch::Contains("<title>queen</title>"));
  project(".csv");
  CHECK_THAT(read_bytes(base + ".csv"), Catch::StartsWith("word,x,y,group\n\"king\","));
  project(".tsv");
  CHECK_THAT(read_bytes(base + ".tsv"), Catch::StartsWith("0.8\t0.9\n-0.8\t0.9\n"));
  CHECK_THAT(read_bytes(base + ".words.tsv"), Catch::StartsWith("word\tgroup\nking\t"));
}

TEST_CASE("words are shown as people read them, asked as they are shown, and JSON whatever their bytes") {
  const TemporaryFolder folder;
  const std::string file =
      folder.write("odd.vec", "5 2\ncaf\xE9 0.9 0.1\nthe end 1 0\nesc\x1b[31m 0.5 0.5\nnothing 0 0\nand 0 1\n");
  const Outcome shown = run_program(folder, {"embed", "neighbors", file, "the·end", "--count=2"});
  REQUIRE(shown.status == 0);
  CHECK(shown.out == "the·end\n  0.994  caf\\xE9\n  0.707  esc\\u{1B}[31m\n");
  CHECK(embed(folder, {"neighbors", file, "the end", "--count=1"})["the end"][0]["word"] == "caf\uFFFD");
  CHECK(first_answer(folder, file, {"the·end - and"}) == "caf\uFFFD");
  CHECK_THAT(run_program(folder, {"embed", "dimensions", file}).out, Catch::Contains("esc\\u{1B}[31m"));
  check_one_line(run_program(folder, {"embed", "neighbors", file, "nothing"}), 1, "'nothing' is zero");
  // a blank cannot be written, a character for it can, and other programs' files become one another
  const Outcome exported = run_program(folder, {"embed", "export", file, "--output", folder.path("w.vec")});
  CHECK_THAT(exported.out, Catch::Contains("a character for each byte") && Catch::Contains("5 words, 2 dimensions"));
  CHECK_THAT(read_bytes(folder.path("w.vec")), Catch::StartsWith("5 2\ncaf\u00E9 0.9 0.1\ntheĠend 1 0\n"));
  std::string many;
  for (int i = 0; i < 30000; ++i) many += "\u00E9";  // each letter four bytes, when it is written byte by byte
  const std::string longest = folder.write("long.vec", "caf\xE9 1 0\n" + many + " 0 1\n");
  const Outcome shorter = run_program(folder, {"embed", "export", longest, "--output", folder.path("w.vec")});
  CHECK_THAT(shorter.out, Catch::Contains("1 words are longer") && Catch::Contains("1 words, 2 dimensions"));
  CHECK(read_bytes(folder.path("w.vec")) == "1 2\ncaf\u00E9 1 0\n");
}

TEST_CASE(
    "t-SNE of few words takes a lower perplexity, and evaluation without questions the built-in ones: both are said") {
  const TemporaryFolder folder;
  const std::string plane = guide(folder);
  const Outcome few = run_program(folder, {"embed", "project", plane, "--output", folder.path("x.svg")});
  CHECK(few.status == 0);
  CHECK(few.err == "t-SNE: perplexity 1 instead of 30, as there are 4 words\n");
  CHECK_THAT(read_bytes(folder.path("x.svg")), Catch::Contains("<title>queen</title>"));
  const Outcome lower =
      run_program(folder, {"embed", "project", plane, "--output", folder.path("x.svg"), "--perplexity=1"});
  CHECK(lower.err.empty());
  const Outcome builtin = run_program(folder, {"embed", "evaluate", plane});
  CHECK(builtin.status == 0);
  CHECK_THAT(builtin.out, Catch::StartsWith("questions of builtin:kingdom, whose stories are made to answer them"));
  CHECK(builtin.err.empty());
  const std::string questions = folder.write("q", "king queen man woman\n");
  const Outcome asked = run_program(folder, {"embed", "evaluate", plane, "--questions", questions});
  const Outcome none = run_program(
      folder, {"embed", "evaluate", plane, "--questions", folder.write("none", "oslo norway rome italy\n")});
  CHECK_THAT(none.err, Catch::Contains("has all four words in the vocabulary"));
  CHECK_THAT(asked.out, Catch::StartsWith("questions of " + questions + '\n'));
  CHECK(embed(folder, {"evaluate", plane, "--questions", questions})["questions"] == questions);
  const std::string pairs = folder.write("s", "a b type score\nking queen x 1\nking man x 2\nman woman x 0\n");
  const auto similarity = embed(folder, {"evaluate", plane, "--similarity", pairs})["similarity"][0];
  CHECK(similarity["column"] == "score");
  CHECK(similarity["spearman"] == Approx(1));
}

TEST_CASE("a word of 70,000 letters is learnt, short in the log, and left out of files for others") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 100; ++i) text += std::string(70000, 'x') + " the king and the queen sat in the hall\n";
  const std::string data = folder.write("long.txt", text), run = folder.path("run");
  const std::string config = folder.write(
      "long.cfg",
      "[data]\ntokenizer = letters\nval_fraction = 0.4\n[model]\nkind = word2vec\nn_embd = 4\nblock_size = 64\n"
      "subsample = 0\n[optim]\nlr = 0.05\nmin_lr = 0\nwarmup_steps = 0\n[train]\nsteps = 3\nbatch_size = 2\n");
  const Outcome trained = run_program(folder, {"train", config, "--data.path=" + data, "--run.dir=" + run});
  INFO(trained.err);
  REQUIRE(trained.status == 0);
  CHECK_THAT(trained.out,
             Catch::Contains(' ' + std::string(40, 'x') + "... ") && !Catch::Contains(std::string(41, 'x')));
  CHECK_THAT(trained.out, Catch::Contains("losses of skip-gram and CBOW do not compare"));
  const Outcome exported = run_program(folder, {"embed", "export", run, "--output", folder.path("w.vec")});
  CHECK(exported.status == 0);
  CHECK_THAT(exported.out, Catch::Contains("1 words are longer than the 65536 bytes"));
  CHECK_THAT(read_bytes(folder.path("w.vec")), Catch::StartsWith("7 4\n") && !Catch::Contains("xx"));
}

TEST_CASE("words that are not drawn are told with the reason, by name") {
  const TemporaryFolder folder;
  const std::string file = folder.write(
      "w.vec", "the 1 0\nking 0.5 1\nnothing 0 0\nqueen 0.4 1\nman 1 0.5\nwoman 0 1\nlady 0 2\n, 0.3 0.2\n");
  const Outcome drawn = run_program(folder, {"embed", "project", file, "--output", folder.path("x.svg")});
  CHECK(drawn.status == 0);
  CHECK_THAT(drawn.out, Catch::Contains("5 words; trustworthiness"));
  CHECK_THAT(drawn.err, Catch::Contains("2 small words") && Catch::Contains("left out: nothing\n") &&
                            Catch::Contains("the same way, so nothing tells them apart: woman, lady\n"));
  CHECK(embed(folder, {"project", file, "--small-words", "--output", folder.path("x.csv")})["words"] == 7);
  const std::string list = folder.write("list", "queen\nthe\nthem\nman\nWOMAN\n");
  std::vector<std::string> listed = {"project", file, "--words-from", list, "--output", folder.path("x.csv")};
  CHECK(embed(folder, listed)["words"] == 4);
  CHECK_THAT(read_bytes(folder.path("x.csv")), Catch::Contains("\n\"queen\",") && Catch::Contains("\n\"the\","));
  listed.insert(listed.begin(), "embed");
  CHECK_THAT(run_program(folder, listed).err, Catch::Contains("1 words have no vectors and are left out: them\n"));
}

TEST_CASE("of a picture as PNG or PDF the command is told that makes it") {
  const TemporaryFolder folder;
  const std::string plane = guide(folder);
  for (const std::string end : {"png", "pdf"}) {
    const Outcome told = run_program(
        folder, {"embed", "axes", plane, "man:woman", "--up", "man:king", "--output", folder.path("x." + end)});
    CHECK(told.status == 0);
    CHECK_THAT(told.err, Catch::Contains("rsvg-convert -f " + end + " -o " + folder.path("x." + end) + ' ' +
                                         folder.path("x.svg")));
    CHECK_THAT(read_bytes(folder.path("x.svg")), Catch::Contains("class=\"arrow\""));
    CHECK_FALSE(std::filesystem::exists(folder.path("x." + end)));
    std::filesystem::remove(folder.path("x.svg"));
  }
}

TEST_CASE("categories colour the words of questions, and name none that has no word") {
  const TemporaryFolder folder;
  const std::string file = folder.write("words.vec", "paris 1 0\nfrance 0.9 0.2\nBerlin 0 1\nking 0.5 0.5\n");
  const std::string questions = folder.write(
      "questions", ": capitals\nParis France Berlin Germany\n: none\nyen japan won korea\n: people\nKing x Paris y\n");
  const auto report =
      embed(folder, {"project", file, "--method=pca", "--categories", questions, "--output", folder.path("words.csv")});
  CHECK(report["words"] == 4);
  std::string table = read_bytes(folder.path("words.csv"));
  CHECK_THAT(table, Catch::Contains("\"paris\",") && Catch::Contains("\"capitals\"\n\"Berlin\","));
  CHECK_THAT(table, Catch::EndsWith("\"people\"\n"));
  embed(folder, {"project", file, "--method=pca", "--categories", questions, "--output", folder.path("words.svg")});
  CHECK_THAT(read_bytes(folder.path("words.svg")),
             !Catch::Contains(">none</text>") && Catch::Contains(">people</text>"));
}

TEST_CASE("what heddle embed cannot do it says in one line, and writes nothing") {
  const TemporaryFolder folder;
  const std::string plane = guide(folder);
  const auto refused = [&](std::vector<std::string> arguments, int status, const std::string& text) {
    arguments.insert(arguments.begin(), "embed");
    const Outcome outcome = run_program(folder, arguments);
    check_one_line(outcome, status, text);
    CHECK(outcome.out.empty());
  };
  refused({"neighbors", plane, "qeen"}, 1, "'qeen' is not in the vocabulary; near it: queen");
  refused({"neighbors", folder.path("none"), "queen"}, 1, "does not exist");
  refused({"neighbors", plane}, 2, "too few words");
  refused({"neighbors", plane, "queen", "--layer=1"}, 1, "a file of vectors, not a model with layers");
  refused({"analogy", plane, "king", "man"}, 1, "sign");
  refused({"analogy", plane, "king - king"}, 1, "cancel out to zero");
  refused({"axes", plane, "man-woman"}, 2, "wants two words with a colon between");
  refused({"axes", plane, "man:man"}, 1, "vectors of pair 1 are equal");
  refused({"axes", plane, "man:woman", "--output", folder.path("x.svg")}, 2, "a picture wants two axes");
  refused({"axes", plane, "man:woman", "--words", "king"}, 2, "a picture wants two axes");
  refused({"axes", plane, "man:woman", "--up", "man:king", "--output", folder.path("x.gif")}, 2,
          "ends in .svg or .png or .pdf");
  refused({"axes", plane, "man:woman", "--up", "man:kin"}, 1, "'kin' is not in the vocabulary");
  refused({"neighbors", plane, "king", "--text", "x"}, 2, "--text is what --layer's means are taken over");
  refused({"neighbors", std::string(300, 'x'), "king"}, 1, "does not exist");
  refused({"project", folder.write("two", "a 1 2\nb 2 1\n"), "--output", folder.path("x.svg")}, 1,
          "3 or more, and for t-SNE 4");
  refused({"export", plane}, 2, "name a file with --output");
  refused({"export", plane, "--output", folder.path("none/x")}, 1, "does not exist; make it");
  refused({"evaluate", plane, "--questions", folder.write("q", ": c\nking man queen\n")}, 1, "q:2");
  refused({"evaluate", plane, "--similarity", folder.write("s", "king queen high\n1 2\n")}, 1, "s:2");
  refused({"project", plane, "--output", folder.path("x.gif")}, 2, "ends in .svg or .png or .pdf or .csv or .tsv");
  refused({"project", plane, "--output", folder.path("x.svg"), "--categories=builtin:kingdom", "--words-from=x"}, 2,
          "give one of them");
  refused({"project", folder.write("same", "a 1 2\nb 2 4\nc 3 6\nd 4 8\n"), "--output", folder.path("x.svg")}, 1,
          "point the same way");
  refused({"project", plane}, 2, "name a file with --output");
  refused({"neighbors", folder.write("nan.vec", "2 2\nking 1 nan\nqueen 1 2\n"), "king"}, 1,
          "'king' is not in the vocabulary; a line of the file cannot be read: line 2: 'nan' is not a finite number");
  CHECK_FALSE(std::filesystem::exists(folder.path("x.svg")));
}

}  // namespace heddle
