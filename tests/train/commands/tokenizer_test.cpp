// heddle tokenizer as its users meet it.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "data/text/text_source.h"
#include "framework/rng.h"
#include "tests/train/run_program.h"

namespace heddle {
namespace {

/// A vocabulary of `size` tokens in the folder, trained on the built-in text.
std::string vocabulary(const TemporaryFolder& folder, const std::string& name = "v.json",
                       const std::string& size = "500") {
  const Outcome made = run_program(folder, {"tokenizer", "train", "--input", "builtin:kingdom", "--vocab-size", size,
                                            "--special", "<|end|>", "--output", folder.path(name)});
  INFO(made.err);
  REQUIRE(made.status == 0);
  REQUIRE_THAT(made.out, Catch::Contains(size + " tokens learned from"));
  return folder.path(name);
}

}  // namespace

TEST_CASE("heddle tokenizer: text becomes ids and text again, in every form of file") {
  const TemporaryFolder folder;
  const std::string text = "the king\nand \xFF naïve <|end|> queens";
  std::string ids;
  for (const char* name : {"v.json", "v.tiktoken", "gpt2/"}) {
    const std::string file = vocabulary(folder, name);
    const Outcome encoded = run_program(folder, {"tokenizer", "encode", file, "--plain"}, text);
    REQUIRE(encoded.status == 0);
    if (ids.empty()) ids = encoded.out;
    CHECK(encoded.out == ids);
    CHECK(run_program(folder, {"tokenizer", "decode", "--tokenizer", file}, encoded.out).out == text);
  }
  const Outcome special = run_program(folder, {"tokenizer", "encode", folder.path("v.json")}, "<|end|>");
  CHECK(special.out == "499\n");
  const Outcome json = run_program(folder, {"tokenizer", "encode", folder.path("v.json"), "--json"}, text);
  const auto parsed = nlohmann::json::parse(json.out);
  CHECK(parsed["starts"][0] == 0);
  CHECK(parsed["ids"].size() == parsed["starts"].size());
}

TEST_CASE("heddle tokenizer: a text becomes a token file, which trains a model that encodes the next") {
  const TemporaryFolder folder;
  const std::string file = vocabulary(folder), text = TextSource({"builtin:kingdom"}, 40000, 7).read_all();
  const std::string tokens = folder.path("tokens.h5"), run = folder.path("run");
  const Outcome encoded =
      run_program(folder, {"tokenizer", "encode", file, "--input", folder.write("t.txt", text), "--output", tokens});
  INFO(encoded.err);
  REQUIRE(encoded.status == 0);
  CHECK_THAT(encoded.out, Catch::Contains("bytes a token"));
  CHECK(run_program(folder, {"tokenizer", "decode", file, "--input", tokens}).out == text);
  const std::string config =
      folder.write("c.cfg",
                   "[model]\nn_layer = 1\nn_head = 2\nn_embd = 16\nblock_size = 16\n[train]\nsteps = 3\n"
                   "eval_batches = 1\nsample_tokens = 5\n");
  const Outcome trained = run_program(folder, {"train", config, "--run.dir=" + run, "--data.path=" + tokens});
  INFO(trained.err);
  REQUIRE(trained.status == 0);
  CHECK_THAT(trained.out, Catch::Contains("bpe tokenizer (gpt2), 500 tokens") && Catch::Contains("bits a byte"));
  CHECK(run_program(folder, {"tokenizer", "encode", run}, "the king").out ==
        run_program(folder, {"tokenizer", "encode", tokens}, "the king").out);
  const std::string taken = folder.path("run/best.h5") + ", after step 3\n";
  CHECK(run_program(folder, {"tokenizer", "encode", run}, "the king").err == taken);
  CHECK(run_program(folder, {"tokenizer", "decode", run}, "1 2").err == taken);
  CHECK(run_program(folder, {"tokenizer", "show", run}).err == taken);
  CHECK(run_program(folder, {"tokenizer", "stats", run, "--input", folder.path("t.txt")}).err == taken);
  CHECK(run_program(folder, {"tokenizer", "show", tokens}).err.empty());
  check_one_line(run_program(folder, {"tokenizer", "decode", run}, "1 x 99999"), 1, "outside the vocabulary");
  check_one_line(run_program(folder, {"resume", run, "--train.steps=4", "--data.path=" + folder.path("t.txt")}), 1,
                 "data.path");
  const Outcome eval = run_program(folder, {"eval", run, "--data.path=" + folder.path("t.txt"), "--json"});
  INFO(eval.err);
  CHECK(nlohmann::json::parse(eval.out)["bits_per_byte"].get<double>() > 0);
  const std::string other = vocabulary(folder, "other.json", "300");
  REQUIRE(run_program(folder, {"tokenizer", "encode", other, "--input", folder.path("t.txt"), "--output",
                               folder.path("other.h5")})
              .status == 0);
  check_one_line(run_program(folder, {"eval", run, "--data.path=" + folder.path("other.h5")}), 1,
                 "another tokenizer than the model's");
  check_one_line(run_program(folder, {"tokenizer", "decode", file, "--input", folder.path("other.h5")}), 1,
                 "was encoded with another tokenizer");
}

TEST_CASE(
    "heddle tokenizer: ranks are read with the pattern that was trained, which is told, and others' only with one") {
  const TemporaryFolder folder;
  const std::string ranks = folder.path("c.tiktoken"), text = folder.write("t.txt", "the king.\nthe queen");
  REQUIRE(run_program(folder, {"tokenizer", "train", "--input", "builtin:kingdom", "--vocab-size", "400", "--pattern",
                               "cl100k", "--output", ranks})
              .status == 0);
  const Outcome own = run_program(folder, {"tokenizer", "encode", ranks, "--input", text});
  const Outcome made =
      run_program(folder, {"tokenizer", "encode", ranks, "--input", text, "--output", folder.path("t.h5")});
  CHECK_THAT(made.out, Catch::Contains("pattern cl100k"));
  std::filesystem::remove(ranks + ".json");
  check_one_line(run_program(folder, {"tokenizer", "encode", ranks, "--input", text}), 1, "name the pattern");
  CHECK(run_program(folder, {"tokenizer", "encode", ranks, "--input", text, "--pattern", "cl100k"}).out == own.out);
  CHECK(run_program(folder, {"tokenizer", "encode", ranks, "--input", text, "--pattern", "gpt2"}).out != own.out);
  check_one_line(run_program(folder, {"tokenizer", "encode", folder.path("t.h5"), "--pattern", "gpt2"}), 1,
                 "leave --pattern out");
}

TEST_CASE("heddle tokenizer: a model's folder is read, and what its file asks for in vain is told") {
  const TemporaryFolder folder;
  const std::string file = vocabulary(folder);
  auto json = nlohmann::json::parse(read_bytes(file));
  json["padding"] = {{"strategy", "BatchLongest"}};
  folder.write("model/tokenizer.json", json.dump());
  const Outcome whole = run_program(folder, {"tokenizer", "encode", folder.path("model")}, "the king");
  CHECK(whole.out == run_program(folder, {"tokenizer", "encode", file}, "the king").out);
  CHECK(whole.err == "tokenizer: its padding is not used: nothing is put behind a text\n");
}

TEST_CASE("a run trains its own vocabulary, or takes one from a file, and keeps its tokens") {
  const TemporaryFolder folder;
  const std::string config =
      folder.write("c.cfg",
                   "[data]\nsize = 40000\ntokenizer = bpe\nvocab_size = 400\n[model]\nn_layer = 1\nn_head = 2\n"
                   "n_embd = 16\nblock_size = 16\n[train]\nsteps = 3\neval_batches = 1\nsample_tokens = 5\n");
  const Outcome own = run_program(folder, {"train", config, "--run.dir=" + folder.path("own")});
  INFO(own.err);
  REQUIRE(own.status == 0);
  CHECK_THAT(own.out, Catch::Contains("bpe tokenizer (gpt2), 400 tokens"));
  CHECK(std::filesystem::exists(folder.path("own/tokens.h5")));
  CHECK(run_program(folder, {"resume", folder.path("own"), "--train.steps=4"}).status == 0);
  const Outcome given = run_program(
      folder, {"train", config, "--run.dir=" + folder.path("given"), "--data.tokenizer_file=" + vocabulary(folder)});
  INFO(given.err);
  CHECK_THAT(given.out, Catch::Contains("bpe tokenizer (gpt2), 500 tokens"));
  const Outcome words =
      run_program(folder, {"train", config, "--run.dir=" + folder.path("words"), "--data.tokenizer=word"});
  CHECK_THAT(words.out, Catch::Contains("word tokenizer") && !Catch::Contains("bits a"));
  CHECK(run_program(folder, {"generate", folder.path("words"), "--prompt", "the king", "--tokens", "5"}).status == 0);
}

TEST_CASE("heddle tokenizer show: merges step by step, tokens with their ids, and stats how a vocabulary fits") {
  const TemporaryFolder folder;
  const std::string hello = folder.write("hello.txt", "hello world");
  REQUIRE(run_program(folder, {"tokenizer", "train", "--input", hello, "--vocab-size", "300", "--min-frequency", "1",
                               "--output", folder.path("h.json")})
              .status == 0);
  const Outcome shown = run_program(folder, {"tokenizer", "show", folder.path("h.json"), "--text", "hello world"});
  CHECK_THAT(shown.out,
             Catch::Contains("  h e l l o\n  h el l o\n  h ell o\n  h ello\n  hello\n") && Catch::Contains("·world"));
  CHECK_THAT(run_program(folder, {"tokenizer", "show", folder.path("h.json"), "--text", std::string(201, 'x')}).out,
             Catch::Contains("merges of the first 0 pieces of at most 200 bytes"));
  const Outcome stats = run_program(folder, {"tokenizer", "stats", folder.path("h.json"), "--input", hello, "--json"});
  const auto counts = nlohmann::json::parse(stats.out);
  CHECK(counts["bytes"] == 11);
  CHECK(counts["tokens"] == 2);
  CHECK(counts["words"] == 2);
  CHECK(counts["unused"] == counts["vocabulary"].get<int>() - 2);
  CHECK_THAT(run_program(folder, {"tokenizer", "stats", folder.path("h.json"), "--input", hello}).out,
             Catch::Contains("5.500 bytes a token"));
}

TEST_CASE("what heddle tokenizer cannot do it says in one line, and writes nothing") {
  const TemporaryFolder folder;
  const std::string text = folder.write("t.txt", "some text to learn from"), out = folder.path("v.json");
  const auto train = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"tokenizer", "train"});
    return run_program(folder, more);
  };
  check_one_line(train({"--input", text, "--vocab-size", "255", "--output", out}), 1, "needs at least 256");
  check_one_line(train({"--input", text, "--special", "<a>", "<a>", "--output", out}), 1, "<a> is given twice");
  check_one_line(train({"--input", folder.write("empty.txt", ""), "--output", out}), 1, "the text is empty");
  check_one_line(train({"--input", folder.path("none.txt"), "--output", out}), 1, "none.txt does not exist");
  check_one_line(train({"--input", text, "--output", folder.path("no/such/v.json")}), 1, "does not exist; make it");
  check_one_line(train({"--input", text, "--output", "/dev/null/v.json"}), 1, "/dev/null");
  check_one_line(train({"--input", text, "--output", folder.path("v.txt")}), 1, "name a .json or a .tiktoken file");
  check_one_line(train({"--input", text, "--output", folder.path("gpt2"), "--pattern", "none"}), 1,
                 "cannot hold pattern none");
  std::filesystem::create_directory(folder.path("d.json"));
  check_one_line(train({"--input", text, "--output", folder.path("d.json")}), 1, "d.json' is a folder; name a file");
  check_one_line(train({"--input", text, "--special", "<a\n>", "<a\n>", "--output", out}), 1, "<a\\n> is given twice");
  check_one_line(train({"--input", text, "--pattern", "gpt9", "--output", out}), 2, "choose one of gpt2");
  check_one_line(train({"--output", out}), 2, "no text");
  check_one_line(train({"--input", text}), 2, "nowhere to write to");
  CHECK_FALSE(std::filesystem::exists(out));
  CHECK_FALSE(std::filesystem::exists(folder.path("gpt2")));
  CHECK(run_program(folder, {"tokenizer"}).status == 2);
  check_one_line(run_program(folder, {"tokenizer", "eat"}), 2, "no part 'eat'");
  check_one_line(run_program(folder, {"tokenizer", "encode"}), 2, "name a tokenizer");
  check_one_line(run_program(folder, {"tokenizer", "encode", folder.path("none")}), 1, "does not exist");
  check_one_line(run_program(folder, {"tokenizer", "encode", folder.path()}), 1, "holds no checkpoint");
  check_one_line(run_program(folder, {"tokenizer", "show", text}), 1, "line 1 is not a token in base64");
  const std::string file = vocabulary(folder, "good.json", "300");
  check_one_line(run_program(folder, {"tokenizer", "encode", file, "--input", text, "--output", folder.path("d.json")}),
                 1, "d.json' is a folder; name a file");
  check_one_line(run_program(folder, {"tokenizer", "decode", file}, "5 300"), 1,
                 "token 300 is outside the vocabulary of 300");
  check_one_line(run_program(folder, {"tokenizer", "decode", file}, "5 -1"), 1, "token -1 is outside");
  check_one_line(run_program(folder, {"tokenizer", "decode", file}, "5 99999999999"), 1, "is no token id");
  const std::string tokens = folder.path("limited.h5");
  const Process full(folder, {"tokenizer", "encode", file, "--input", text, "--output", tokens}, "", 4096);
  CHECK(full.wait() == 1);
  CHECK_THAT(full.errors(), Catch::Contains("limited.h5") || Catch::Contains("cannot be kept"));
  CHECK_FALSE(std::filesystem::exists(tokens));
}

TEST_CASE("Ctrl-C stops the training of a vocabulary, and nothing is written") {
  const TemporaryFolder folder;
  std::string text;  // of so many different words that learning takes seconds
  for (std::uint64_t i = 0; text.size() < 20000000; ++i) {
    const std::uint64_t bits = Rng(1).bits(i);
    for (unsigned shift = 0; shift < 50; shift += 5) text += static_cast<char>('a' + (bits >> shift & 15U));
    text += ' ';
  }
  const std::string path = folder.write("t.txt", text), out = folder.path("v.json");
  const Process process(folder, {"tokenizer", "train", "--input", path, "--vocab-size", "60000", "--min-frequency", "1",
                                 "--output", out});
  usleep(700000);
  process.send(SIGINT);
  CHECK(process.wait() == 1);
  CHECK_THAT(process.errors(), Catch::Contains("stopped; nothing was written"));
  CHECK_FALSE(std::filesystem::exists(out));
}

TEST_CASE("heddle tokenizer: a NUL byte in a text is told on standard error, once") {
  const TemporaryFolder folder;
  const std::string text = folder.write("t.txt", std::string("some text\0 and more text", 24));
  const std::string vocabulary_file = folder.path("v.json"), tokens = folder.path("t.h5");
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"train", "--input", text, "--vocab-size", "260", "--output", vocabulary_file},
           {"encode", vocabulary_file, "--input", text},
           {"encode", vocabulary_file, "--input", text, "--output", tokens},
           {"stats", vocabulary_file, "--input", text, "--json"}}) {
    std::vector<std::string> all = arguments;
    all.insert(all.begin(), "tokenizer");
    const Outcome outcome = run_program(folder, all);
    CHECK(outcome.status == 0);
    CHECK_THAT(outcome.err, Catch::StartsWith("text: " + text + ": byte 9 is NUL"));
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
    CHECK(outcome.out.find("NUL") == std::string::npos);
  }
}

}  // namespace heddle
