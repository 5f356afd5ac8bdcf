#include "train/config/suggest.h"

#include <algorithm>

#include "framework/format.h"

namespace heddle {
namespace {

struct Alias {
  const char *called, *key;
};

/// What nanoGPT, llm.c, Hugging Face's trainer, gensim and others call our keys.
constexpr Alias kAliases[] = {
    {"learning_rate", "optim.lr"},
    {"alpha", "optim.lr"},
    {"max_lr", "optim.lr"},
    {"min_learning_rate", "optim.min_lr"},
    {"warmup", "optim.warmup_steps"},
    {"warmup_iters", "optim.warmup_steps"},
    {"lr_decay_iters", "optim.decay_steps"},
    {"lr_scheduler", "optim.schedule"},
    {"lr_scheduler_type", "optim.schedule"},
    {"optimizer", "optim.kind"},
    {"wd", "optim.weight_decay"},
    {"clip", "optim.grad_clip"},
    {"max_grad_norm", "optim.grad_clip"},
    {"adam_beta1", "optim.beta1"},
    {"adam_beta2", "optim.beta2"},
    {"batch", "train.batch_size"},
    {"per_device_train_batch_size", "train.batch_size"},
    {"accumulation", "train.accumulate"},
    {"gradient_accumulation_steps", "train.accumulate"},
    {"grad_accum", "train.accumulate"},
    {"iters", "train.steps"},
    {"iterations", "train.steps"},
    {"max_iters", "train.steps"},
    {"max_steps", "train.steps"},
    {"num_steps", "train.steps"},
    {"num_iterations", "train.steps"},
    {"num_epochs", "train.epochs"},
    {"num_train_epochs", "train.epochs"},
    {"eval_steps", "train.eval_interval"},
    {"eval_every", "train.eval_interval"},
    {"eval_iters", "train.eval_batches"},
    {"save_steps", "train.checkpoint_interval"},
    {"save_every", "train.checkpoint_interval"},
    {"logging_steps", "train.log_interval"},
    {"log_every", "train.log_interval"},
    {"patience", "train.early_stop"},
    {"gradient_checkpointing", "train.recompute"},
    {"save_total_limit", "train.keep_last"},
    {"layers", "model.n_layer"},
    {"num_layers", "model.n_layer"},
    {"n_layers", "model.n_layer"},
    {"depth", "model.n_layer"},
    {"num_hidden_layers", "model.n_layer"},
    {"heads", "model.n_head"},
    {"num_heads", "model.n_head"},
    {"n_heads", "model.n_head"},
    {"num_attention_heads", "model.n_head"},
    {"num_key_value_heads", "model.n_kv_head"},
    {"n_kv_heads", "model.n_kv_head"},
    {"d_model", "model.n_embd"},
    {"dim", "model.n_embd"},
    {"width", "model.n_embd"},
    {"embed_dim", "model.n_embd"},
    {"hidden_size", "model.n_embd"},
    {"vector_size", "model.n_embd"},
    {"context", "model.block_size"},
    {"context_length", "model.block_size"},
    {"context_size", "model.block_size"},
    {"ctx_len", "model.block_size"},
    {"seq_len", "model.block_size"},
    {"sequence_length", "model.block_size"},
    {"max_seq_len", "model.block_size"},
    {"n_ctx", "model.block_size"},
    {"hidden_dropout_prob", "model.dropout"},
    {"model_type", "model.kind"},
    {"arch", "model.kind"},
    {"data", "data.path"},
    {"dataset", "data.path"},
    {"file", "data.path"},
    {"input", "data.path"},
    {"input_file", "data.path"},
    {"train_file", "data.path"},
    {"validation_file", "data.val_path"},
    {"val_file", "data.val_path"},
    {"test_file", "data.test_path"},
    {"vocab", "data.vocab_size"},
    {"out", "run.dir"},
    {"out_dir", "run.dir"},
    {"output", "run.dir"},
    {"output_dir", "run.dir"},
    {"random_seed", "run.seed"},
    {"workers", "run.threads"},
    {"num_threads", "run.threads"},
    {"jobs", "run.threads"},
    {"dtype", "run.precision"},
    {"bf16", "run.precision"},
    {"run_name", "run.name"},
    {"max_new_tokens", "--tokens"},
    {"max_tokens", "--tokens"},
    {"num_samples", "--samples"},
    {"temp", "--temperature"},
    {"top", "--count"},
};

/// What a name says, without its section, its dashes and its case.
std::string last_part(std::string name) {
  name.erase(0, std::min(name.find_first_not_of('-'), name.size()));
  name.erase(0, name.find_last_of('.') + 1);
  std::replace(name.begin(), name.end(), '-', '_');
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return name;
}

}  // namespace

std::string meant_by(const std::string& name, const std::vector<std::string>& known) {
  const std::string called = last_part(name);
  const std::string* best = nullptr;
  std::pair<std::size_t, std::size_t> least;  // distances of the last parts, and of the whole names
  const auto consider = [&](const std::string& way, const std::string& setting) {
    const std::size_t distance = edit_distance(called, way);
    if (distance * 3 > called.size()) return;
    const std::pair distances = {distance, edit_distance(name, setting)};
    if (best != nullptr && distances >= least) return;
    best = &setting;
    least = distances;
  };
  for (const std::string& one : known) consider(last_part(one), one);
  for (const Alias& alias : kAliases) {
    for (const std::string& one : known) {
      if (one == alias.key || one == std::string("--") + alias.key) consider(alias.called, one);
    }
  }
  return best == nullptr ? "" : *best;
}

}  // namespace heddle
