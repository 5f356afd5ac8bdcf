#include <fmt/format.h>

#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/run/checkpoint.h"
#include "train/tasks/task.h"

namespace heddle {
namespace {

struct EvalOptions {
  Split split = Split::val;
  std::int64_t batches = 0;
  bool json = false;

  std::vector<Key> keys() {
    return {
        {"split", split, "which part of the data"},
        {"batches", batches, "batches of examples, spread over the part; 0: every one once", 0},
        {"json", json, "print JSON"},
    };
  }
};

/// What the command says.
struct EvalAnswer {
  CheckpointName checkpoint;
  Split split;
  Metrics metrics;
  std::vector<CountTable> tables;
};

nlohmann::json to_json(const EvalAnswer& found) {
  nlohmann::json out = {
      {"checkpoint", found.checkpoint.path.string()}, {"step", found.checkpoint.step}, {"split", name_of(found.split)}};
  for (const Metric& metric : found.metrics) out[metric.name] = metric.value;
  for (const CountTable& table : found.tables) {
    nlohmann::json counts = nlohmann::json::array();
    for (auto row = table.counts.begin(); row != table.counts.end(); row += std::ssize(table.columns))
      counts.push_back(std::vector(row, row + std::ssize(table.columns)));
    out[table.name] = {{"rows", table.rows}, {"columns", table.columns}, {"counts", std::move(counts)}};
  }
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

std::string to_text(const EvalAnswer& found) {
  std::string texts;
  for (const Metric& metric : found.metrics) {
    const bool new_line = metric.text.starts_with('\n');
    if (!metric.text.empty()) texts += (texts.empty() || new_line ? "" : ", ") + metric.text;
  }
  std::string all = fmt::format("{} after step {}, {} split: {}\n", found.checkpoint.path.string(),
                                found.checkpoint.step, name_of(found.split), texts);
  for (const CountTable& table : found.tables) all += to_text(table);
  return all;
}

}  // namespace

int eval_command(const std::vector<std::string>& arguments) {
  EvalOptions options;
  CommandLine line;
  line.usage = "eval RUN [options] [--section.key=value ...]";
  line.summary =
      "Figures of a trained model (a run's folder: its best.h5; or a checkpoint) on a part of the data of its config,\n"
      "or on other data given by --data.path=PATH.";
  line.options = options.keys();
  line.overrides = true;
  if (!line.parse(arguments)) return 0;
  const LoadedRun run =
      load_checkpoint(find_checkpoint(line.positional[0], {"best.h5", "last.h5"}), Purpose::evaluate, line.assignments);
  const Experiment& experiment = *run.experiment;
  const auto dataset = experiment.load_data(&run.data);
  for (const std::string& notice : dataset->notices()) std::cerr << notice << '\n';
  const auto task = task_kind(experiment.model_kind, experiment.data_kind).make(*run.model, *dataset);
  const EvaluationOptions how = {experiment.train.batch_size, options.batches, experiment.precision(), true};
  const auto evaluation = task->evaluation(options.split, how);
  add_split(*evaluation, *task, *dataset, options.split, how);
  const EvalAnswer answer = {run.name(), options.split, evaluation->result(), evaluation->tables()};
  print_answer(options.json, to_json(answer), to_text(answer));
  return 0;
}

}  // namespace heddle
