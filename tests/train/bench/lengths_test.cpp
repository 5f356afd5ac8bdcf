#include "train/bench/lengths.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/train/run_program.h"
#include "train/run/config.h"

namespace heddle {

TEST_CASE("three dots in a list of lengths go on by the same factor, or by the same difference") {
  using Lengths = std::vector<index_t>;
  CHECK(parse_lengths("64,128,...,1024") == Lengths{64, 128, 256, 512, 1024});
  CHECK(parse_lengths("100,150,...,250,1000") == Lengths{100, 150, 200, 250, 1000});
  CHECK(parse_lengths("10,30,...,270") == Lengths{10, 30, 90, 270});
  CHECK(parse_lengths("64") == Lengths{64});
  CHECK(parse_lengths("8,16,...,32") == Lengths{8, 16, 32});
  for (const char* wrong : {"", "64,", "64,32", "64,64", "4,8", "...,64", "64,...,128", "64,128,...", "64,128,...,1000",
                            "64,128,...,...,512", "64;128", "-64", "99999999", "64.5"}) {
    INFO(wrong);
    CHECK_THROWS_AS(parse_lengths(wrong), UsageError);
  }
}

TEST_CASE("bench train compares configs at several lengths, a step having as many tokens at each, and draws it") {
  const TemporaryFolder folder;
  const std::string one = tiny_config(folder), other = folder.write("other.cfg", read_bytes(one));
  const std::string picture = folder.path("speed.svg");
  const std::vector<std::string> command = {
      "bench", "train", one, other, "--lengths=8,16,32", "--steps=2", "--output", picture, "--model.n_layer=1"};
  std::vector<std::string> with_json = command;
  with_json.emplace_back("--json");
  const Outcome outcome = run_program(folder, with_json);
  INFO(outcome.err);
  const auto report = nlohmann::json::parse(outcome.out);
  REQUIRE(report.size() == 2);
  CHECK(report[0]["config"] == "tiny");
  CHECK(report[1]["config"] == "other");
  for (const auto& config : report) {
    CHECK(config["parameters"] > 12 * 32 * 32);
    REQUIRE(config["lengths"].size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto& row = config["lengths"][i];
      CHECK(row["length"] == 8 << i);
      CHECK(row["tokens_per_step"] == 8 * 16);
      CHECK(row["ms_per_step"] > 0);
      CHECK(row["write_ms_per_token"] > 0);
    }
  }
  CHECK_THAT(read_bytes(picture), Catch::StartsWith("<svg") && Catch::Contains(">other</text>"));
  CHECK_THAT(run_program(folder, command).out, Catch::Contains("writing, milliseconds a token"));
  check_one_line(run_program(folder, {"bench", "train", one, other}), 2, "--lengths");
  check_one_line(run_program(folder, {"bench", "train", one, "--output=a.svg"}), 2, "--lengths");
  check_one_line(run_program(folder, {"bench", "train", one, "--lengths=8", "--output=a.gif"}), 2, ".svg");
}

}  // namespace heddle
