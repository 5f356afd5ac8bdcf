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
};

nlohmann::json to_json(const EvalAnswer& found) {
  nlohmann::json out = {
      {"checkpoint", found.checkpoint.path.string()}, {"step", found.checkpoint.step}, {"split", name_of(found.split)}};
  for (const Metric& metric : found.metrics) out[metric.name] = metric.value;
  return out;
}

std::string to_text(const EvalAnswer& found) {
  std::string texts;
  for (const Metric& metric : found.metrics) {
    const bool new_line = metric.text.starts_with('\n');
    if (!metric.text.empty()) texts += (texts.empty() || new_line ? "" : ", ") + metric.text;
  }
  return fmt::format("{} after step {}, {} split: {}\n", found.checkpoint.path.string(), found.checkpoint.step,
                     name_of(found.split), texts);
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
  const Metrics metrics = evaluate(*task, *dataset, options.split,
                                   {experiment.train.batch_size, options.batches, experiment.precision(), true,
                                    experiment.train.order == Order::contiguous});
  const EvalAnswer answer = {run.name(), options.split, metrics};
  print_answer(options.json, to_json(answer), to_text(answer));
  return 0;
}

}  // namespace heddle
