#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/commands/runs/parting.h"
#include "train/run/checkpoint.h"

namespace heddle {

nlohmann::json to_json(const FigureDifference& figure) {
  return {{"name", figure.name}, {"one", figure.one}, {"other", figure.other}};  // NaN is null there
}

nlohmann::json to_json(const WeightDifference& weight) {
  nlohmann::json out = {{"name", weight.name}, {"one", nullptr}, {"other", nullptr}};
  if (!weight.one.empty()) out["one"] = weight.one;
  if (!weight.other.empty()) out["other"] = weight.other;
  if (weight.one == weight.other) {
    out["differing"] = weight.differing;
    out["largest"] = weight.largest;
  }
  return out;
}

namespace {

/// What may round otherwise, as keys are told.
std::vector<KeyDifference> origin_differences(const Origin& one, const Origin& other) {
  std::vector<KeyDifference> all;
  const auto add = [&](const char* name, const std::string& a, const std::string& b) {
    if (a != b) all.push_back({name, a, b});
  };
  add("program", one.program + " (" + one.commit + ")", other.program + " (" + other.commit + ")");
  add("instruction set", one.instruction_set, other.instruction_set);
  add("precision", one.precision, other.precision);
  return all;
}

std::string course_text(const CourseParting& parting) {
  if (!parting.step)
    return parting.same == 0 ? "course: no step that both measured\n"
                             : fmt::format("course: the same at all {} steps that both measured\n", parting.same);
  std::string text = fmt::format("course: the same at {} steps, parts at step {}\n", parting.same, *parting.step);
  for (const FigureDifference& figure : parting.there)
    text += fmt::format("  {}  {:.9g}  {:.9g}\n", figure.name, figure.one, figure.other);
  return text;
}

/// `of`: how many tensors the first run has.
std::string weights_text(std::vector<WeightDifference> weights, std::size_t of, std::size_t most) {
  if (weights.empty()) return fmt::format("weights: all {} tensors are the same\n", of);
  for (const WeightDifference& weight : weights) of += weight.one.empty() ? 1 : 0;
  std::string text = fmt::format("weights: {} of {} tensors differ\n", weights.size(), of);
  std::stable_sort(weights.begin(), weights.end(), [](const WeightDifference& a, const WeightDifference& b) {
    return std::pair(a.one != a.other, a.largest) > std::pair(b.one != b.other, b.largest);
  });
  std::vector<std::vector<std::string>> rows{{"  tensor", "shape", "elements that differ", "by at most"}};
  for (const WeightDifference& weight : weights) {
    if (rows.size() > most) break;
    const bool alike = weight.one == weight.other;
    const auto shown = [](const std::string& shape) { return shape.empty() ? "none" : shape; };
    rows.push_back({"  " + weight.name, alike ? weight.one : shown(weight.one) + " and " + shown(weight.other),
                    alike ? fmt::format("{}", weight.differing) : "-",
                    alike ? fmt::format("{:.3g}", weight.largest) : "-"});
  }
  text += rows_text(rows, false);
  if (weights.size() > most) text += fmt::format("  and {} more (--tensors)\n", weights.size() - most);
  return text;
}

}  // namespace

int runs_diff(const std::vector<std::string>& arguments) {
  std::int64_t tensors = 10;
  bool json = false;
  CommandLine line;
  line.usage = "runs diff RUN RUN [options]";
  line.summary =
      "Where two runs part, of which each is a folder (its last checkpoint) or a checkpoint: the keys that differ, "
      "what\n"
      "computed them, the first step whose figures differ in any bit, and the weights that do. Only how fast they "
      "were\n"
      "is not compared.";
  line.words = 2;
  line.options = {{"tensors", tensors, "most tensors that are told, those first that differ most", 0},
                  {"json", json, "print JSON, with all tensors that differ"}};
  if (!line.parse(arguments)) return 0;
  LoadedRun one = load_checkpoint(find_checkpoint(line.positional[0], kResumable)),
            other = load_checkpoint(find_checkpoint(line.positional[1], kResumable));
  const std::vector<KeyDifference> keys = differences(one.experiment->sections(), other.experiment->sections());
  const std::vector<KeyDifference> origins = origin_differences(one.origin, other.origin);
  const CourseParting parting = parting_of(one.state.history, other.state.history);
  const auto parameters = one.model->named_parameters();
  const auto weights = weight_differences(parameters, other.model->named_parameters());
  const auto json_of_keys = [](const std::vector<KeyDifference>& all) {
    nlohmann::json out = nlohmann::json::array();
    for (const KeyDifference& key : all) out.push_back({{"name", key.name}, {"one", key.before}, {"other", key.now}});
    return out;
  };
  nlohmann::json parts = {{"same_steps", parting.same}, {"step", nullptr}, {"figures", json_list(parting.there)}};
  if (parting.step) parts["step"] = *parting.step;
  std::string text = difference_text(keys) + difference_text(origins);
  if (text.empty()) text = "keys: all the same\n";
  if (one.state.step != other.state.step)
    text += fmt::format("steps done: {} and {}\n", one.state.step, other.state.step);
  text += course_text(parting) + weights_text(weights, parameters.size(), static_cast<std::size_t>(tensors));
  tell_checkpoint(one.name());
  tell_checkpoint(other.name());
  print_answer(json,
               {{"keys", json_of_keys(keys)},
                {"computed_by", json_of_keys(origins)},
                {"steps", {one.state.step, other.state.step}},
                {"course", parts},
                {"weights", json_list(weights)}},
               text);
  return 0;
}

}  // namespace heddle
