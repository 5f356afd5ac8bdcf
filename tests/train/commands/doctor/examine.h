#pragma once

#include <map>
#include <nlohmann/json.hpp>

#include "framework/rng.h"
#include "tests/train/run_program.h"

namespace heddle {

using Arguments = std::vector<std::string>;

struct Diagnosis {
  int status = 0;
  std::map<std::string, std::string> verdicts, advice;
  std::map<std::string, nlohmann::json> figures;
};

inline Diagnosis examine(const TemporaryFolder& folder, const std::string& config, Arguments more) {
  more.insert(more.begin(), {"doctor", config, "--json"});
  const Outcome outcome = run_program(folder, more);
  INFO(outcome.out << outcome.err);
  Diagnosis found;
  found.status = outcome.status;
  REQUIRE(outcome.status <= 1);
  REQUIRE(outcome.err.empty());
  const nlohmann::json answer = nlohmann::json::parse(outcome.out);
  for (const nlohmann::json& one : answer) {
    found.verdicts[one["check"]] = one["verdict"];
    found.figures[one["check"]] = one["figures"];
    CHECK_FALSE(one["found"].get<std::string>().empty());
    found.advice[one["check"]] = one["advice"];
    CHECK(!found.advice[one["check"]].empty() == (one["verdict"] == "wrong" || one["verdict"] == "look"));
  }
  return found;
}

/// A text of words that chance put together from the syllables of a language.
inline std::string text_of(const std::string& syllables, std::uint64_t seed, std::size_t bytes) {
  const Rng rng(seed);
  std::string text;
  for (std::uint64_t i = 0; text.size() < bytes; ++i) {
    for (std::uint64_t s = 0; s < 1 + rng.below(3, 2 * i); ++s) {
      const std::uint64_t a = rng.below(16, 8 * i + s), b = rng.below(16, 8 * i + s + 100000);
      text += syllables.substr(2 * std::min(a, b), 2);  // the first are commoner
    }
    text += rng.below(9, 2 * i + 1) == 0 ? ". " : " ";
  }
  return text;
}

inline const std::string kOne = "thereinouatkisolmewayobefrudipga", kOther = "gnczszrzeuikumtasnhocyprvaixqfjk";

/// Lines of six words of chance and a class.
inline std::string short_texts(std::uint64_t seed, int count) {
  const Rng rng(seed);
  std::string lines;
  for (int i = 0; i < count; ++i) {
    for (int w = 0; w < 6; ++w)
      lines += "w" + std::to_string(rng.below(50, static_cast<std::uint64_t>(7 * i + w))) + (w < 5 ? " " : "\t");
    lines += std::to_string(i % 2) + "\n";
  }
  return lines;
}

inline std::string text_config(const TemporaryFolder& folder, const std::string& name, const std::string& training,
                               const std::string& validating) {
  return folder.write(name + ".cfg", "[data]\npath = " + folder.write(name + "_train.txt", training) +
                                         "\nval_path = " + folder.write(name + "_val.txt", validating) +
                                         "\n[model]\nn_layer = 1\nn_head = 2\nn_embd = 32\nblock_size = 32\n[train]\n"
                                         "batch_size = 8\nsteps = 100\n");
}

/// Points about one of three centres, by class; `shuffled`: the classes are dealt out anew.
inline std::string points(std::uint64_t seed, int count, bool shuffled, double moved = 0) {
  const Rng rng(seed);
  std::string rows;
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::uint64_t>(10 * i);
    const std::uint64_t centre = rng.below(3, at), label = shuffled ? rng.below(3, at + 1) : centre;
    const auto number = [&](std::uint64_t n) { return moved + static_cast<double>(rng.below(1000, at + n)) / 1000; };
    rows += std::to_string(2 * (centre == 0) + number(2)) + ',' + std::to_string(2 * (centre == 1) + number(3)) + ",c" +
            std::to_string(label) + '\n';
  }
  return rows;
}

inline std::string table_config(const TemporaryFolder& folder, const std::string& name, const std::string& training,
                                const std::string& validating) {
  return folder.write(name + ".cfg", "[data]\nkind = table\npath = " + folder.write(name + "_train.csv", training) +
                                         "\nval_path = " + folder.write(name + "_val.csv", validating) +
                                         "\n[model]\nkind = mlp\nhidden = 16\n[train]\nbatch_size = 16\nsteps = 100\n");
}

}  // namespace heddle
