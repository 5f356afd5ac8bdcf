#include <nlohmann/json.hpp>

#include "data/tokenizer/files/json_parts.h"
#include "data/tokenizer/split/splitter.h"
#include "framework/check.h"

namespace heddle {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using Behavior = SplitStep::Behavior;

constexpr std::pair<const char*, Behavior> kBehaviors[] = {{"Isolated", Behavior::isolated},
                                                           {"Removed", Behavior::removed},
                                                           {"Contiguous", Behavior::contiguous},
                                                           {"MergedWithPrevious", Behavior::with_previous},
                                                           {"MergedWithNext", Behavior::with_next}};
constexpr std::size_t kMostSteps = 16;

std::shared_ptr<const Expression> expression_of(const std::string& text) {
  return std::make_shared<const Expression>(text);
}

/// The step that a JSON object names. Errors: what is not read here.
SplitStep step_of(const json& object) {
  const std::string type = type_of(object);
  SplitStep step;
  const auto read_behavior = [&](const json& name) {
    for (const auto& [known, value] : kBehaviors) {
      if (name == known) return value;
    }
    throw Error(concat_text("the pre-tokenizer ", type, " with behavior ", name.dump(), " is not supported"));
  };
  if (type == "ByteLevel") {
    step.byte_level = true;
    step.prefix_space = bool_of(object, "add_prefix_space", true);
    if (!bool_of(object, "use_regex", true)) return step;
    step.scanner = Pattern::gpt2;
    step.expression = expression_of(pattern_regex(Pattern::gpt2));
  } else if (type == "Digits") {
    step.behavior = bool_of(object, "individual_digits", false) ? Behavior::isolated : Behavior::contiguous;
    step.expression = expression_of("\\p{N}");
  } else if (type == "Punctuation") {
    const json& behavior = member(object, "behavior");
    step.behavior = behavior.is_null() ? Behavior::isolated : read_behavior(behavior);
    step.expression = expression_of(R"([!-/:-@\[-`{-~\p{P}])");
  } else if (type == "Split") {
    const json &pattern = member(object, "pattern"), &regex = member(pattern, "Regex"),
               &text = member(pattern, "String");
    ensure(regex.is_string() || (text.is_string() && !text.get_ref<const std::string&>().empty()),
           "the pre-tokenizer Split has neither a Regex nor a String");
    step.behavior = read_behavior(member(object, "behavior"));
    step.invert = bool_of(object, "invert", false);
    const std::string expression =
        regex.is_string() ? regex.get<std::string>() : quoted_expression(text.get_ref<const std::string&>());
    step.expression = expression_of(expression);
    // ours match every character, so that nothing lies between matches
    const bool all = step.invert ? step.behavior == Behavior::removed : step.behavior == Behavior::isolated;
    for (const std::string& name : pattern_names()) {
      if (all && expression == pattern_regex(pattern_of(name))) step.scanner = pattern_of(name);
    }
  } else {
    throw Error("the pre-tokenizer " + type + " is not supported");
  }
  return step;
}

/// A step with all that makes it what it is, and nothing else.
ordered_json plain_json(const json& object) {
  const std::string type = type_of(object);
  ordered_json plain = {{"type", type}};
  if (type == "ByteLevel") {
    plain["add_prefix_space"] = bool_of(object, "add_prefix_space", true);
    plain["use_regex"] = bool_of(object, "use_regex", true);
  } else if (type == "Digits") {
    plain["individual_digits"] = bool_of(object, "individual_digits", false);
  } else if (type == "Punctuation") {
    const json& behavior = member(object, "behavior");
    plain["behavior"] = behavior.is_null() ? json("Isolated") : behavior;
  } else {
    plain["pattern"] = member(object, "pattern");
    plain["behavior"] = member(object, "behavior");
    plain["invert"] = bool_of(object, "invert", false);
  }
  return plain;
}

/// The objects that name the steps, those of sequences in their place.
void flatten(const json& object, std::vector<json>& steps) {
  if (type_of(object) != "Sequence") return steps.push_back(object);
  const json& parts = member(object, "pretokenizers");
  ensure(parts.is_array(), "the pre-tokenizer Sequence has no list");
  for (const json& part : parts) flatten(part, steps);
}

}  // namespace

std::string pattern_of_pre_tokenizer(const std::string& text, std::vector<std::string>& obstacles) {
  const std::size_t before = obstacles.size();
  std::vector<json> objects;
  std::vector<SplitStep> steps;
  const auto tried = [&](const auto& read) {
    try {
      read();
    } catch (const Error& e) {
      obstacles.emplace_back(e.what());
    }
  };
  tried([&] { flatten(parse_json(text), objects); });
  for (const json& object : objects) tried([&] { steps.push_back(step_of(object)); });
  if (obstacles.size() > before) return "";
  std::size_t byte_levels = 0;
  for (const SplitStep& step : steps) byte_levels += step.byte_level ? 1 : 0;
  if (byte_levels != 1)
    obstacles.push_back(concat_text("the pre-tokenizer has ", byte_levels, " ByteLevel steps, wanted 1"));
  if (steps.size() > kMostSteps)
    obstacles.push_back(concat_text("the pre-tokenizer has ", steps.size(), " steps, at most ", kMostSteps));
  if (obstacles.size() > before) return "";

  const bool plain_end = steps.back().byte_level && !steps.back().prefix_space;
  if (steps.size() == 1 && plain_end) return pattern_name(steps[0].scanner.value_or(Pattern::none));
  if (steps.size() == 2 && plain_end && !steps[1].expression && steps[0].scanner)
    return pattern_name(*steps[0].scanner);
  ordered_json list = ordered_json::array();
  for (const json& object : objects) list.push_back(plain_json(object));
  return list.dump();
}

std::string pre_tokenizer_of_pattern(const std::string& pattern) {
  const auto byte_level = [](bool use_regex) -> ordered_json {
    return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", use_regex}};
  };
  if (!pattern.starts_with('[')) {
    const Pattern known = pattern_of(pattern);
    if (known == Pattern::gpt2 || known == Pattern::none) return byte_level(known == Pattern::gpt2).dump();
    const ordered_json split = {
        {"type", "Split"}, {"pattern", {{"Regex", pattern_regex(known)}}}, {"behavior", "Isolated"}, {"invert", false}};
    return ordered_json{{"type", "Sequence"}, {"pretokenizers", {split, byte_level(false)}}}.dump();
  }
  ordered_json steps = ordered_json::parse(pattern);
  for (ordered_json& step : steps) {
    if (step["type"] == "ByteLevel") step["trim_offsets"] = true;
  }
  return steps.size() == 1 ? steps[0].dump() : ordered_json{{"type", "Sequence"}, {"pretokenizers", steps}}.dump();
}

std::string pattern_summary(const TokenizerState& state) {
  std::string text = state.nfc ? "NFC, " : "";
  if (!state.pattern.starts_with('[')) return text + state.pattern;
  for (const json& step : parse_json(state.pattern)) text += type_of(step) + ", ";
  return text.substr(0, text.size() - 2) + " (as its tokenizer.json says)";
}

std::vector<SplitStep> read_steps(const std::string& text) {
  std::vector<SplitStep> steps;
  for (const json& object : parse_json(text)) steps.push_back(step_of(object));
  return steps;
}

}  // namespace heddle
