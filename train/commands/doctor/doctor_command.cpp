#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "train/commands/commands.h"
#include "train/commands/doctor/doctor.h"
#include "train/commands/json.h"
#include "train/commands/settings_of.h"
#include "train/run/init.h"
#include "train/run/memory.h"

namespace heddle {

Check check_data_size, check_duplicates, check_sources, check_token_ids, check_labels, check_memory, check_initial_loss,
    check_one_batch, check_learning_rate, check_speed;

namespace {

struct CheckKind {
  const char* name;
  const char* about;
  Check* run;
};

/// The one table of checks: a new one adds its row here, and is a file of its own.
constexpr CheckKind kChecks[] = {
    {"size", "enough examples to train on, for a step, and to validate with", check_data_size},
    {"duplicates", "what validates, and stands in the training part too, whole or for the most part", check_duplicates},
    {"sources", "both parts come from the same source, by pairs of tokens or by a linear classifier", check_sources},
    {"tokens", "ids within the vocabulary, tokens that training never sees, unknown words", check_token_ids},
    {"labels", "balance of classes, and whether inputs tell them at all", check_labels},
    {"memory", "what training takes, beside what there is", check_memory},
    {"initial-loss", "the loss before the first step, beside that of knowing nothing", check_initial_loss},
    {"one-batch", "whether the model learns one batch by heart", check_one_batch},
    {"rate", "optim.lr beside a tenth of it over 60 steps, and a range test (picture: --output)", check_learning_rate},
    {"speed", "a step's speed beside what the machine can do", check_speed},
};

/// What one check said.
struct Examined {
  const CheckKind* check;
  Finding finding;
};

nlohmann::json to_json(const Examined& one) {
  nlohmann::json figures = nlohmann::json::object();
  for (const Metric& figure : one.finding.figures) figures[figure.name] = figure.value;
  return {{"check", one.check->name},
          {"verdict", one.finding.verdict == Verdict::wrong ? "wrong" : name_of(one.finding.verdict)},
          {"found", one.finding.found},
          {"advice", one.finding.advice},
          {"figures", std::move(figures)}};
}

std::string to_text(const Examined& one) {
  std::string text =
      fmt::format("{:<12}  {:<5}  {}\n", one.check->name, name_of(one.finding.verdict), one.finding.found);
  if (!one.finding.advice.empty()) text += fmt::format("{:<12}  {:<5}  -> {}\n", "", "", one.finding.advice);
  return text;
}

std::string notes() {
  std::string text = "\nchecks:\n";
  for (const CheckKind& check : kChecks) text += fmt::format("  {:<12}  {}\n", check.name, check.about);
  return text +
         "\nverdicts: ok; look: see whether it is meant so; WRONG: change it; -: the check does not fit this data or "
         "model.\nexit status: 0 where nothing is wrong; 1 where something is, and after an error; 2 for a wrong "
         "command line.\n";
}

/// The checks that are asked for, in the table's order. Errors (UsageError): a name that is none.
std::vector<const CheckKind*> wanted_checks(const std::vector<std::string>& only) {
  std::string names;
  for (const CheckKind& check : kChecks) names += (names.empty() ? "" : ", ") + std::string(check.name);
  for (const std::string& name : only) {
    const bool known =
        std::any_of(std::begin(kChecks), std::end(kChecks), [&](auto& check) { return check.name == name; });
    if (!known) throw UsageError(fmt::format("doctor: no check '{}'; there are: {}", name, names));
  }
  std::vector<const CheckKind*> all;
  for (const CheckKind& check : kChecks) {
    if (only.empty() || std::find(only.begin(), only.end(), check.name) != only.end()) all.push_back(&check);
  }
  return all;
}

}  // namespace

int doctor_command(const std::vector<std::string>& arguments) {
  std::vector<std::string> only;
  std::string output;
  bool json = false;
  CommandLine line;
  line.usage = "doctor CONFIG|RUN [options] [--section.key=value ...]";
  line.summary =
      "Looks for what is wrong with a config, or that of a run, its data and its model, and says what to change.\n"
      "It writes nothing but the picture that is asked for, and says the same each time, times aside.";
  line.options = {
      Key("only", only, "checks to be made, with commas between; all without it").separated(),
      Key("output", output, "write the picture of the learning-rate range test into this file (.svg)").path(),
      {"json", json, "print JSON"}};
  line.notes = notes;
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  const std::vector<const CheckKind*> checks = wanted_checks(only);
  if (!output.empty()) check_output("doctor", output, kPictures);
  Settings settings = settings_of(line.positional[0]);
  settings.override_with(line.assignments);
  Experiment experiment(settings);
  experiment.train.minutes = 0;
  tell(experiment.find_data());
  experiment.apply_to_process();
  check_least_sizes(experiment);
  std::vector<Examined> answers;
  {
    Reporter reporter;
    const auto from = run_to_begin_with(experiment);
    const auto dataset = experiment.load_data(
        nullptr, experiment.folder(),
        [&](const char* what, std::uint64_t bytes, std::uint64_t of) {
          reporter.progress(progress_text(what, bytes, of));
        },
        from ? &from->data : nullptr);
    check_sizes(experiment, dataset->state().spec());
    Patient patient{experiment, *dataset, {}, output, reporter};
    if (from) patient.take_weights = [&](Model& model) { take_weights(*from, model, dataset->state()); };
    for (const CheckKind* check : checks) {
      reporter.progress(fmt::format("checking {}", check->name));
      answers.push_back({check, check->run(patient)});
    }
  }
  std::string text;
  std::size_t wrong = 0, look = 0;
  for (const Examined& answer : answers) {
    text += to_text(answer);
    wrong += answer.finding.verdict == Verdict::wrong ? 1 : 0;
    look += answer.finding.verdict == Verdict::look ? 1 : 0;
  }
  text += wrong == 0 ? "nothing is wrong" : fmt::format("{} of {} checks found something wrong", wrong, answers.size());
  text += look == 0 ? "\n" : fmt::format("; {} to be looked at\n", look);
  print_answer(json, json_list(answers), text);
  return wrong == 0 ? 0 : 1;
}

}  // namespace heddle
