#include "train/bench/bench.h"

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "data/tokenizer/byte.h"
#include "framework/gemm.h"
#include "tests/train/run_program.h"

namespace heddle {

TEST_CASE("benchmarks measure what they name") {
  const TemporaryFolder folder;
  const auto bench = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "bench");
    arguments.insert(arguments.begin() + 2, {tiny_config(folder), "--json"});
    const Outcome outcome = run_program(folder, arguments);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return nlohmann::json::parse(outcome.out);
  };
  const auto steps = bench({"train", "--steps=8", "--threads=1,2"});
  REQUIRE(steps.size() == 2);
  CHECK(steps[0]["threads"] == 1);
  CHECK(steps[1]["efficiency"].get<double>() ==
        Approx(steps[0]["ms_per_step"].get<double>() / (2 * steps[1]["ms_per_step"].get<double>())));
  CHECK(steps[1]["threads"] == 2);
  for (const auto& row : steps) {
    CHECK(row["ms_per_step"] > 0);
    CHECK(row["share_of_limit"] > 0);
    CHECK(row["system_requests_per_step"] == 0);
  }
  CHECK(bench({"train", "--steps=1", "--run.threads=3"})[0]["threads"] == 3);
  CHECK(steps[0]["processes"] == 1);
  CHECK(steps[0]["sent_bytes_per_step"] == 0);
  const auto captures = bench({"capture", "--passes=3"});
  REQUIRE(captures.size() == 5);
  CHECK(captures[0]["beside_none"] == 1);
  for (const auto& row : captures)
    CHECK(row["ms"].get<double>() == Approx(row["beside_none"].get<double>() * captures[0]["ms"].get<double>()));
  const auto products = bench({"gemm"});
  // the head [30, 32] and four layers of a block, in three passes and one or two precisions
  REQUIRE(products.size() % (5 * 3) == 0);
  std::set<std::string> precisions;
  for (const auto& row : products) {
    precisions.insert(row["precision"]);
    CHECK(row["rows"] == 8 * 16);
    CHECK(row["gflops"] > 0);
  }
  CHECK(precisions == (bf16_supported() ? std::set<std::string>{"bf16", "f32"} : std::set<std::string>{"f32"}));
  const Outcome profile = run_program(folder, {"bench", "train", tiny_config(folder), "--steps=4", "--profile"});
  double shares = 0;
  std::istringstream table(profile.out.substr(profile.out.find("op  ")));
  for (std::string row; std::getline(table, row) && !row.starts_with("together");) {
    const auto sign = row.find(" %");
    if (sign != std::string::npos) shares += std::stod(row.substr(row.rfind(' ', sign - 1)));
  }
  CHECK(shares == Approx(100).margin(2));  // each row is rounded to a tenth
  const Outcome forecast = run_program(folder, {"bench", "train", tiny_config(folder), "--steps=4", "--forecast=16"});
  CHECK(forecast.out.starts_with("1 threads: "));
  CHECK(forecast.out.find(" loops  pieces alone ms    16 ms  times\n") != std::string::npos);
  const auto last = forecast.out.find("\n16 threads would take ");
  REQUIRE(last != std::string::npos);
  const double faster = std::stod(forecast.out.substr(forecast.out.find("at least, ", last) + 10));
  CHECK(faster > 1);
  CHECK(faster <= 16);
  check_one_line(run_program(folder, {"bench", "train", tiny_config(folder), "--forecast=16", "--threads=1,2"}), 2,
                 "--forecast 16 is reckoned from what one thread does");
  const auto beside = bench({"train", "--steps=4", "--threads=1,2", "--copies"});
  for (const auto& row : beside) {
    CHECK(row["copies_tokens_per_second"] > 0);
    CHECK(row["share_of_copies"].get<double>() ==
          Approx(row["tokens_per_second"].get<double>() / row["copies_tokens_per_second"].get<double>()));
  }
  const auto writing = bench({"generate", "--tokens=5", "--batch=3", "--prompt-length=4"});
  CHECK(writing["batch"] == 3);
  CHECK(writing["ms_per_token"] > 0);
  // two blocks of 12 C^2 weights and a head of 30 C, in bf16
  CHECK(writing["weight_bytes"] == 2 * (2 * 12 * 32 * 32 + 30 * 32));
  CHECK(writing["share_of_bandwidth"] > 0);
  check_one_line(run_program(folder, {"bench", "train", tiny_config(folder), "--threads=1,two"}), 2,
                 "--threads 1,two: wants numbers");
}

TEST_CASE("writing with few prompts reads weights of two bytes, with many or in f32 of four") {
  const TemporaryFolder folder;
  const Workload work(tiny_config(folder), {});
  const double weights = 2 * 12 * 32 * 32 + 30 * 32;
  WritingOptions options;
  options.tokens = 3;
  options.prompt_length = 2;
  options.precision = Precision::f32;
  CHECK(measure_writing(*work.model, options).weight_bytes == 4 * weights);
  options.precision = Precision::bf16;
  const WritingSpeed few = measure_writing(*work.model, options);
  CHECK(few.weight_bytes == 2 * weights);
  CHECK(few.bytes_per_second() == Approx(few.weight_bytes / few.next_token));
  options.batch = kFewRows + 1;
  const WritingSpeed many = measure_writing(*work.model, options);
  CHECK(many.weight_bytes == 4 * weights);
  CHECK(many.tokens_per_second() == Approx(static_cast<double>(kFewRows + 1) / many.next_token));
}

TEST_CASE("a tokenizer is measured on the texts and on some that are hard, with its own vocabulary or a given one") {
  const int before = threads();
  TextSource source({"builtin:kingdom"}, 20000);
  const TokenizerSpeed own = measure_tokenizer(source, 300, nullptr);
  CHECK(own.trained == 300);
  CHECK(own.text_bytes == static_cast<double>(source.size()));
  CHECK(own.read_bytes == own.text_bytes);
  CHECK(own.hard.size() == 4);
  CHECK(threads() == before);
  for (const double seconds : {own.train_seconds, own.parallel, own.serial, own.decoding}) CHECK(seconds > 0);
  CHECK(own.tokens < source.size());
  source.rewind();
  const TokenizerSpeed bytes = measure_tokenizer(source, 300, make_byte_tokenizer(train_byte_tokenizer({}, {})));
  CHECK(bytes.tokens == source.size());
}

TEST_CASE("products are measured for the output, the input's gradient and the weight's, beside a large one") {
  const auto products = measure_products(64, 32, 48, Precision::f32);
  REQUIRE(products.size() == 3);
  for (const ProductSpeed& p : products) {
    CHECK((p.rows == 64 && p.out == 32 && p.in == 48));
    CHECK(p.gflops > 0);
    CHECK(p.limit > 0);
  }
}

TEST_CASE("bench embed measures training, and t-SNE of as many words as there are", "[slow]") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 8200; ++i) {
    const int word = i % 2050;
    for (const int letter : {word / 676, word / 26 % 26, word % 26}) text += static_cast<char>('a' + letter);
    text += ' ';
  }
  const std::string config = folder.write(
      "words.cfg", "[data]\npath = " + folder.write("text.txt", text) +
                       "\ntokenizer = letters\nmin_count = 2\n[model]\nkind = word2vec\nn_embd = 8\nblock_size = 64\n");
  const std::vector<std::string> command = {"bench", "embed", config, "--steps=4", "--threads=1,2"};
  std::vector<std::string> with_json = command;
  with_json.emplace_back("--json");
  const auto report = nlohmann::json::parse(run_program(folder, with_json).out);
  REQUIRE(report["training"].size() == 2);
  for (const auto& row : report["training"]) CHECK(row["words_per_second"] > 0);
  REQUIRE(report["tsne"].size() == 2);  // 10,000 words there are not
  for (const auto& row : report["tsne"]) {
    CHECK(row["words"] == 2000);
    CHECK(row["seconds"] > 0);
  }
  CHECK_THAT(run_program(folder, command).out, Catch::Contains("words/s") &&
                                                   Catch::Contains("2,000 words x 8, exact") &&
                                                   Catch::Contains("10,000 words: not measured, the text has 2,050"));
}

}  // namespace heddle
