#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "data/images/png.h"
#include "data/io/file.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/config/config.h"
#include "train/run/checkpoint.h"
#include "train/tasks/class_evaluation.h"
#include "train/tasks/task.h"

namespace heddle {
namespace {

struct EvalOptions {
  Split split = Split::val;
  std::int64_t batches = 0, worst = 0;
  std::vector<std::string> data;
  std::string output;
  bool json = false;
  BeamConfig beam;

  std::vector<Key> keys() {
    std::vector<Key> all = {
        {"split", split, "which part of the data"},
        Key("data", data, "other data, files or folders: judged whole, in the place of a part of the run's").path(),
        {"batches", batches, "batches of examples, spread over the part; 0: every one once", 0},
        {"worst", worst, "list so many of the examples that were most surely taken for another class", 0, 1 << 20},
        Key("output", output, "of images: write those of --worst into this file (.png), side by side").path(),
        {"json", json, "print JSON"},
    };
    for (Key& key : beam.keys()) all.push_back(std::move(key));
    return all;
  }
};

/// An example that was taken for another class.
struct WrongExample {
  Mistake mistake;
  std::string is, found;        ///< names of the classes
  std::string source;           ///< where it was read from; empty: the data cannot say
  index_t row = 0, column = 0;  ///< where it stands in the sheet, from 1; 0: there is none
};
/// Those that were most surely wrong.
struct WrongExamples {
  std::vector<WrongExample> all;
  std::string output;  ///< the sheet of their pictures; empty: there is none
};

/// What the command says.
struct EvalAnswer {
  CheckpointName checkpoint;
  Split split;
  bool of_split;     ///< a split was judged, not all of the data
  std::string data;  ///< other data than the run's
  Metrics metrics;
  std::vector<CountTable> tables;
  std::optional<WrongExamples> worst;
};

nlohmann::json to_json(const WrongExamples& wrong) {
  nlohmann::json list = nlohmann::json::array();
  for (const WrongExample& one : wrong.all) {
    list.push_back({{"example", one.mistake.example},
                    {"class", one.is},
                    {"found", one.found},
                    {"probability", one.mistake.probability}});
    if (!one.source.empty()) list.back()["source"] = one.source;
    if (one.row > 0) list.back().update({{"row", one.row}, {"column", one.column}});
  }
  return list;
}

nlohmann::json to_json(const EvalAnswer& found) {
  nlohmann::json out = {{"checkpoint", found.checkpoint.path.string()}, {"step", found.checkpoint.step}};
  if (!found.data.empty()) out["data"] = found.data;
  if (found.of_split) out["split"] = name_of(found.split);
  for (const Metric& metric : found.metrics) out[metric.name] = metric.value;
  for (const CountTable& table : found.tables) {
    nlohmann::json counts = nlohmann::json::array();
    for (auto row = table.counts.begin(); row != table.counts.end(); row += std::ssize(table.columns))
      counts.push_back(std::vector(row, row + std::ssize(table.columns)));
    out[table.name] = {{"rows", table.rows}, {"columns", table.columns}, {"counts", std::move(counts)}};
  }
  if (found.worst) out["worst"] = to_json(*found.worst);
  return out;
}

/// Columns as wide as the widest of what stands in them.
std::string to_text(const CountTable& table) {
  constexpr std::size_t kMost = 25;  // columns that a person can read side by side
  std::string text = fmt::format("{} ({}", table.name, table.about);
  if (table.columns.size() > kMost)
    return text + fmt::format("): {} columns, too many to read; --json has them\n", table.columns.size());
  std::size_t first = 0, width = 0;
  for (const std::string& name : table.rows) first = std::max(first, name.size());
  for (const std::string& name : table.columns) width = std::max(width, name.size());
  for (const std::int64_t count : table.counts) width = std::max(width, fmt::formatted_size("{}", count));
  text += fmt::format("):\n  {:{}}", "", first);
  for (const std::string& name : table.columns) text += fmt::format("  {:>{}}", name, width);
  auto count = table.counts.begin();
  for (const std::string& name : table.rows) {
    text += fmt::format("\n  {:{}}", name, first);
    for (std::size_t column = 0; column < table.columns.size(); ++column)
      text += fmt::format("  {:>{}}", *count++, width);
  }
  return text + '\n';
}

std::string to_text(const WrongExamples& wrong) {
  if (wrong.all.empty()) return "no example was taken for another class\n";
  std::string text = fmt::format("the {} most surely taken for another class{}:\n", wrong.all.size(),
                                 wrong.output.empty() ? "" : ", by row and column of " + wrong.output);
  std::size_t width = 0;
  for (const WrongExample& one : wrong.all) width = std::max({width, one.is.size(), one.found.size()});
  for (const WrongExample& one : wrong.all) {
    if (one.row > 0) text += fmt::format("  {:2} {:2}", one.row, one.column);
    text += fmt::format("  {:>{}} taken for {:<{}}  {:6.2f} %  {}\n", one.is, width, one.found, width,
                        100 * one.mistake.probability,
                        one.source.empty() ? fmt::format("example {}", one.mistake.example) : one.source);
  }
  return text;
}

std::string to_text(const EvalAnswer& found) {
  std::string texts;
  for (const Metric& metric : found.metrics) {
    const bool new_line = metric.text.starts_with('\n');
    if (!metric.text.empty()) texts += (texts.empty() || new_line ? "" : ", ") + metric.text;
  }
  const std::string part = found.of_split ? std::string(name_of(found.split)) + " split" : "";
  const std::string what = found.data + (found.data.empty() || part.empty() ? "" : ", ") + part;
  std::string all =
      fmt::format("{} after step {}, {}: {}\n", found.checkpoint.path.string(), found.checkpoint.step, what, texts);
  for (const CountTable& table : found.tables) all += to_text(table);
  if (found.worst) all += to_text(*found.worst);
  return all;
}

/// What the evaluation of a split of the dataset took most surely for another class; writes their pictures into
/// options.output, where that is said.
WrongExamples find_worst(const EvalOptions& options, const ClassEvaluation& evaluation, const Dataset& dataset) {
  const auto* const pictures = dynamic_cast<const Pictures*>(&dataset);
  WrongExamples wrong;
  std::vector<Picture> shown;
  const auto columns = static_cast<index_t>(std::ceil(std::sqrt(static_cast<double>(options.worst))));
  for (const Mistake& mistake : surest(evaluation.mistakes(), static_cast<std::size_t>(options.worst))) {
    const auto name = [&](std::int32_t number) { return dataset.state().labels[static_cast<std::size_t>(number)]; };
    WrongExample one{mistake, name(mistake.is), name(mistake.found), {}, 0, 0};
    if (pictures != nullptr) one.source = pictures->source(options.split, mistake.example);
    if (!options.output.empty()) {
      one.row = std::ssize(shown) / columns + 1;
      one.column = std::ssize(shown) % columns + 1;
      shown.push_back(pictures->picture(options.split, mistake.example));
    }
    wrong.all.push_back(std::move(one));
  }
  if (shown.empty()) return wrong;
  wrong.output = options.output;
  write_file(options.output, encode_png(sheet(shown, columns)));
  return wrong;
}

}  // namespace

int eval_command(const std::vector<std::string>& arguments) {
  EvalOptions options;
  CommandLine line;
  line.usage = "eval RUN [options] [--section.key=value ...]";
  line.summary =
      "Figures of a trained model (a run's folder: its best.h5; or a checkpoint) on a part of the data of its config,\n"
      "or, whole, on other data (--data PATH).";
  line.options = options.keys();
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  if (!options.output.empty()) {
    check_output("eval", options.output, {".png"});
    if (options.worst == 0) throw UsageError("eval: --output wants --worst, the number of images to be written");
  }
  const bool part_given = std::any_of(arguments.begin(), arguments.end(),
                                      [](const std::string& argument) { return argument.starts_with("--split"); });
  if (part_given && !options.data.empty())
    throw UsageError("eval: --data is judged whole; leave --split out, or name the data by --data.path");
  const LoadedRun run =
      load_checkpoint(find_checkpoint(line.positional[0], kUsable), Purpose::evaluate, line.assignments);
  const Experiment& experiment = *run.experiment;
  const auto load = [&] {
    if (!options.data.empty()) {
      experiment.data->split = SplitConfig::whole_of(options.data);
      options.split = Split::test;
    }
    return experiment.load_data(&run.data);
  };
  auto dataset = load();
  const bool foreign = options.data.empty() && dataset->fingerprint() != run.state.fingerprint;
  if (foreign && !part_given) {
    tell({"the run was not trained on this data: all of it is judged; --split says otherwise"});
    options.data = experiment.data->split.path;
    dataset = load();
  }
  ensure(options.output.empty() || dynamic_cast<const Pictures*>(dataset.get()) != nullptr,
         "eval: --output shows images, and data.kind = ", experiment.data_kind, " has none; leave it out");
  tell(run.notices);
  tell(dataset->notices());
  const auto task = experiment.make_task(*run.model, *dataset);
  EvaluationOptions how{experiment.train.batch_size, options.batches, experiment.precision(), true};
  how.contiguous = experiment.train.order == Order::contiguous;
  how.beam = options.beam;
  const auto evaluation = task->evaluation(options.split, how);
  const auto* const classes = dynamic_cast<const ClassEvaluation*>(evaluation.get());
  ensure(options.worst == 0 || classes != nullptr,
         "eval: --worst wants a model that tells classes, and model.kind = ", experiment.model_kind,
         " does not; leave it out");
  add_split(*evaluation, *task, *dataset, options.split, how);
  const std::string data = options.data.empty() && !foreign ? "" : experiment.data->split.name();
  EvalAnswer answer = {
      run.name(), options.split, part_given || data.empty(), data, evaluation->result(), evaluation->tables(), {}};
  if (options.worst > 0) answer.worst = find_worst(options, *classes, *dataset);
  print_answer(options.json, to_json(answer), to_text(answer));
  return 0;
}

}  // namespace heddle
