#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

#include "train/commands/inspect/inspect_command.h"
#include "train/run/checkpoint.h"

namespace heddle {

/// A run that a page is about.
struct ReportedRun {
  LoadedRun run;                             ///< its best checkpoint, or the one that was named
  RunState course;                           ///< as far as it went
  std::filesystem::path folder;              ///< where its other files lie
  std::shared_ptr<const Dataset> dataset{};  ///< where it could be read
  InspectOptions shown{};                    ///< the example that the model is looked into with
};

/// The example that the page follows through the model, and what is predicted of it.
struct Passage {
  InspectedExample example;
  bool given = false;          ///< a person chose it
  const char* what = "class";  ///< "class", "next": the token behind, "hidden": the one in the place
  index_t place = 0;
  std::string truth{};  ///< empty: not known
};
/// None: a model that is shown nothing, or a run without its data that no example was given for. Errors: those of
/// inspected_example.
std::optional<Passage> find_passage(const ReportedRun& reported);

/// What the page's parts draw, each in a file of its own. Null: a run of this kind has nothing of it. Errors: those of
/// reading and of what is computed.
using ReportPart = nlohmann::json(const ReportedRun& run);
/// Name, kinds, sizes, config, baselines, figures by step, log.
ReportPart report_course;
/// What it wrote while it was trained, by step, and what it writes now.
ReportPart report_samples;
/// How often tokens stand in the training examples, and how long they are.
ReportPart report_tokens;
/// What passes through the model for one example: vectors, scores and weights of every head, and what it predicts.
ReportPart report_passage;
/// The frequent tokens' vectors in the plane, and the nearest of each.
ReportPart report_words;
/// Classes that examples are of, and that they are taken for.
ReportPart report_classes;
/// Heads' scores by step, as training kept them.
ReportPart report_heads_course;
/// What the parts of `heddle inspect` of these names say with --json.
ReportPart report_heads, report_geometry, report_circuits, report_lens;

/// x as a decimal number of so many digits; no number is none.
double with_digits(double x, int digits);
nlohmann::json numbers(std::span<const real> values, int digits);
nlohmann::json numbers(const std::vector<double>& values, int digits);

}  // namespace heddle
