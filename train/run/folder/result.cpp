#include "train/run/folder/result.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/io/file.h"
#include "framework/check.h"
#include "framework/hash.h"

namespace heddle {
namespace {

nlohmann::ordered_json to_json(const Metrics& figures) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const Metric& figure : figures) out[figure.name] = figure.value;  // one that is not finite is written as null
  return out;
}

Metrics figures_of(const nlohmann::ordered_json& json) {
  Metrics figures;
  for (const auto& [name, value] : json.items())
    figures.push_back({name, value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>()});
  return figures;
}

}  // namespace

std::string RunResult::json() const {
  const nlohmann::ordered_json out = {{"step", step},           {"early", early},
                                      {"weights", weights},     {"whole", to_json(whole)},
                                      {"best_step", best_step}, {"best_whole", to_json(best_whole)}};
  return out.dump(2) + '\n';
}

RunResult RunResult::read(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  try {
    const auto in = nlohmann::ordered_json::parse(text);
    const auto steps = [&](const char* name) {
      ensure(in.at(name).is_number_integer(), path.string(), " is damaged, or was not written by heddle (its ", name,
             " is no whole number); heddle eval gives a run's figures anew");
      return in.at(name).get<std::int64_t>();
    };
    return {steps("step"),    steps("best_step"),         in.at("early"),
            in.at("weights"), figures_of(in.at("whole")), figures_of(in.at("best_whole"))};
  } catch (const nlohmann::json::exception& e) {
    throw Error(concat_text(path.string(), " is damaged, or was not written by heddle (", e.what(),
                            "); heddle eval gives a run's figures anew"));
  }
}

std::string weights_hash(Model& model) {
  std::uint64_t hash = fnv1a("");
  for (const NamedParameter& p : model.named_parameters()) {
    std::string name = p.name;
    for (const index_t size : p.tensor.shape()) name += concat_text(' ', size);
    hash = fnv1a({name.c_str(), name.size() + 1}, hash);
    hash = fnv1a(
        {reinterpret_cast<const char*>(p.tensor.data()), static_cast<std::size_t>(p.tensor.numel()) * sizeof(real)},
        hash);
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace heddle
