#include "train/bench/lengths.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <sstream>

#include "data/io/file.h"
#include "framework/format.h"
#include "models/capabilities.h"
#include "train/analysis/picture/lines.h"
#include "train/bench/bench.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"

namespace heddle {
namespace {

constexpr index_t kWritten = 32;  // tokens whose time is measured

/// One config at one length.
LengthSpeed measure(const std::string& config, std::vector<std::string> assignments, index_t length, index_t steps,
                    double& parameters) {
  Settings settings = Settings::from_file(config);
  settings.override_with(assignments);
  const Experiment plain(settings);
  const index_t tokens = plain.train.batch_size * plain.model->block_size();
  assignments.push_back(fmt::format("model.block_size={}", length));
  assignments.push_back(fmt::format("train.batch_size={}", std::max<index_t>(1, tokens / length)));
  const Workload work(config, assignments);
  Trainer trainer(*work.experiment, *work.dataset, *work.model, *work.learner);
  const StepTimes times = measure_steps(trainer, {threads()}, work.experiment->run.pin, steps)[0];
  parameters = static_cast<double>(count_elements(work.model->named_parameters()));
  WritingOptions writing;
  writing.tokens = std::min(kWritten, length / 2);
  writing.prompt_length = length - writing.tokens;
  return {length, times.step(), times.inputs, measure_writing(*work.model, writing).next_token};
}

}  // namespace

nlohmann::json to_json(const LengthSpeed& speed) {
  return {{"length", speed.length},
          {"ms_per_step", speed.step * 1e3},
          {"tokens_per_step", speed.step_tokens},
          {"train_us_per_token", speed.train_a_token() * 1e6},
          {"write_ms_per_token", speed.next_token * 1e3}};
}

nlohmann::json to_json(const LengthSpeeds& speeds) {
  return {{"config", speeds.name}, {"parameters", speeds.parameters}, {"lengths", json_list(speeds.at)}};
}

namespace {

/// A row a length; beside the times those of every config after the first as multiples of the first's.
std::string to_text(const std::vector<LengthSpeeds>& all) {
  std::string text;
  for (const LengthSpeeds& speeds : all)
    text += fmt::format("{}: {} parameters\n", speeds.name, human_count(speeds.parameters));
  const auto table = [&](const char* title, const auto& value) {
    text += fmt::format("\n{}\n{:>8}", title, "length");
    for (const LengthSpeeds& speeds : all) text += fmt::format("  {:>24}", speeds.name);
    text += '\n';
    for (std::size_t i = 0; i < all[0].at.size(); ++i) {
      text += fmt::format("{:>8}", all[0].at[i].length);
      for (const LengthSpeeds& speeds : all) {
        const double ratio = value(speeds.at[i]) / value(all[0].at[i]);
        text +=
            fmt::format("  {:>24}", &speeds == &all[0] ? fmt::format("{:.3f}", value(speeds.at[i]))
                                                       : fmt::format("{:.3f} ({:.2f} x)", value(speeds.at[i]), ratio));
      }
      text += '\n';
    }
  };
  table("training, microseconds a token", [](const LengthSpeed& speed) { return speed.train_a_token() * 1e6; });
  table("writing, milliseconds a token", [](const LengthSpeed& speed) { return speed.next_token * 1e3; });
  return text;
}

LinePicture picture_of(const std::vector<LengthSpeeds>& all) {
  LinePicture picture{"time a token by the length of the context", {}};
  const auto panel = [&](const char* title, const char* unit, const auto& value) {
    LinePicture::Panel drawn{title, "tokens of the context", unit, {}, true, true};
    for (const LengthSpeeds& speeds : all) {
      drawn.lines.push_back({speeds.name, {}});
      for (const LengthSpeed& speed : speeds.at)
        drawn.lines.back().points.emplace_back(static_cast<double>(speed.length), value(speed));
    }
    picture.panels.push_back(std::move(drawn));
  };
  panel("training", "microseconds a token", [](const LengthSpeed& speed) { return speed.train_a_token() * 1e6; });
  panel("writing", "milliseconds a token", [](const LengthSpeed& speed) { return speed.next_token * 1e3; });
  return picture;
}

}  // namespace

std::vector<Key> LengthOptions::keys() {
  return {{"lengths", lengths,
           "compare contexts of these lengths, training and writing, of one config or several: 64,128,...,4096 goes on "
           "by the same factor"},
          Key("output", output, "of the lengths a picture: .svg; of .png and .pdf the command is told that makes them")
              .path()};
}

std::vector<index_t> parse_lengths(const std::string& text) {
  const UsageError wrong("bench train: --lengths " + text +
                         ": wants rising numbers from 8 to 1048576 with commas between, as 64,128,...,4096");
  std::vector<index_t> lengths;
  bool dots = false;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) {
    if (word == "...") {
      if (dots || lengths.size() < 2) throw wrong;
      dots = true;
      continue;
    }
    if (word.empty() || word.size() > 7 || word.find_first_not_of("0123456789") != word.npos) throw wrong;
    const index_t length = std::stol(word);
    if (length < 8 || length > 1 << 20 || (!lengths.empty() && length <= lengths.back())) throw wrong;
    if (dots) {
      const index_t before = lengths.rbegin()[1], last = lengths.back();
      const bool by_factor = last % before == 0;
      const auto next = [&](index_t from) { return by_factor ? from * (last / before) : from + (last - before); };
      for (index_t more = next(last); more < length; more = next(more)) lengths.push_back(more);
      if (next(lengths.back()) != length) throw wrong;
    }
    dots = false;
    lengths.push_back(length);
  }
  if (lengths.empty() || dots || text.ends_with(',')) throw wrong;
  return lengths;
}

std::vector<LengthSpeeds> measure_lengths(const std::vector<std::string>& configs,
                                          const std::vector<std::string>& assignments,
                                          const std::vector<index_t>& lengths, index_t steps) {
  std::vector<LengthSpeeds> all;
  for (const std::string& config : configs) all.push_back({std::filesystem::path(config).stem().string(), 0, {}});
  for (const index_t length : lengths) {
    for (std::size_t i = 0; i < configs.size(); ++i) {
      double parameters = 0;
      all[i].at.push_back(measure(configs[i], assignments, length, steps, parameters));
      if (all[i].at.size() == 1) all[i].parameters = parameters;
    }
  }
  return all;
}

void compare_lengths(const std::vector<std::string>& configs, const std::vector<std::string>& assignments,
                     const LengthOptions& options, index_t steps, bool json) {
  const auto lengths = parse_lengths(options.lengths);
  if (!options.output.empty()) check_output("bench train", options.output, kPictures);
  const auto found = measure_lengths(configs, assignments, lengths, steps);
  if (!options.output.empty()) std::cerr << write_picture(options.output, svg(picture_of(found)));
  print_answer(json, json_list(found), to_text(found));
}

}  // namespace heddle
