#include "train/run/experiment.h"

#include <algorithm>
#include <cmath>

#include "framework/gemm.h"
#include "framework/parallel.h"

namespace heddle {

std::vector<Key> RunConfig::keys() {
  return {
      {"name", name, "name of the run; its folder is runs/NAME"},
      {"dir", dir, "another folder for the run"},
      {"seed", seed, "decides weights, order of data, dropout and built-in text", 0},
      Key("threads", threads, "threads to use; 0: one a core. Results do not depend on it", 0, 1024).resumable(),
      Key("pin", pin, "keep each thread on a core of its own, if there are as many cores as threads").resumable(),
      Key("precision", precision, "operands of matrix products; auto: bf16 where the processor has it",
          {"auto", "f32", "bf16"}),
      Key("overwrite", overwrite, "delete an earlier run in the same folder").resumable(),
  };
}

std::vector<Key> TrainConfig::keys() {
  return {
      Key("steps", steps, "optimizer steps; 0: as many as epochs are", 0).resumable(),
      Key("epochs", epochs,
          "passes over the training text, each window once a pass in an order of its own; 0: windows at random", 0.0,
          1e6)
          .resumable(),
      {"batch_size", batch_size, "windows of text in one pass", 1, 1 << 20},
      {"accumulate", accumulate, "passes whose gradients make one step", 1, 1 << 20},
      Key("eval_interval", eval_interval, "steps between evaluations; 0: as many as a pass has", 0).resumable(),
      Key("eval_batches", eval_batches, "batches of an evaluation; 0: the whole validation split", 0).resumable(),
      Key("checkpoint_interval", checkpoint_interval, "steps between writes of last.h5", 1).resumable(),
      Key("early_stop", early_stop, "evaluations without a better loss that end the run; 0: none do", 0).resumable(),
      Key("log_interval", log_interval, "steps between lines in the log", 1).resumable(),
      Key("sample_interval", sample_interval, "steps between samples in samples.txt; 0: only at the end", 0)
          .resumable(),
      Key("recompute", recompute,
          "keep only what goes into each block and compute the rest again in backward: less memory, a third more time, "
          "the same bits")
          .resumable(),
      Key("memory_limit", memory_limit,
          "most memory that training may take, in GB; what is expected to take more is refused before the first step; "
          "0: no limit",
          0.0)
          .resumable(),
      Key("sample_tokens", sample_tokens, "length of a sample; 0: none at the end. Of word vectors it shows neighbours",
          0, 1 << 20)
          .resumable(),
  };
}

Experiment::Experiment(const Settings& settings) {
  model_kind = settings.value_of("model.kind", model_kind);
  model = make_model_config(model_kind);
  settings.apply_to(sections());
  ensure(!run.name.empty() && run.name.find('/') == std::string::npos && !run.name.starts_with('.'),
         "run.name = ", run.name, ": wants the name of a folder in runs/; for another place give run.dir");
  ensure(optim.schedule == "constant" || optim.min_lr <= optim.lr, "optim.min_lr = ", optim.min_lr,
         " is above optim.lr = ", optim.lr, "; the rate falls from lr to min_lr");
  ensure(train.steps > 0 || train.epochs > 0, "train.steps = 0 and train.epochs = 0: nothing would be trained");
}

std::vector<Section> Experiment::sections() {
  std::vector<Key> model_keys = model->keys();
  model_keys.insert(model_keys.begin(), Key("kind", model_kind, "architecture", model_kinds()));
  return {{"run", run.keys()},
          {"data", data.keys()},
          {"model", std::move(model_keys)},
          {"optim", optim.keys()},
          {"train", train.keys()}};
}

void Experiment::apply_to_process() const {
  set_threads(run.threads > 0 ? static_cast<int>(run.threads) : threads(), run.pin);
  const bool bf16 = run.precision == "bf16" || (run.precision == "auto" && bf16_supported());
  set_gemm_precision(bf16 ? Precision::bf16 : Precision::f32);
}

TrainConfig Experiment::plan(index_t training_tokens) const {
  TrainConfig plan = train;
  const index_t block = model->block_size(), windows = (training_tokens - 1 + block - 1) / block;
  const double a_pass = static_cast<double>(windows) / static_cast<double>(train.batch_size * train.accumulate);
  const auto steps_of = [&](double passes) {
    return std::max<index_t>(1, static_cast<index_t>(std::ceil(passes * a_pass)));
  };
  if (plan.steps == 0) plan.steps = steps_of(train.epochs);
  if (plan.eval_interval == 0) plan.eval_interval = steps_of(1);
  return plan;
}

std::unique_ptr<Model> Experiment::build_model(const Tokenizer& tokenizer) const {
  constexpr std::uint64_t kWeightStream = 0;
  return model->build({tokenizer.state().pieces, tokenizer.state().counts}, rng().fork(kWeightStream));
}

}  // namespace heddle
