#include "train/run/trainer.h"

#include <cmath>

#include "data/text/loader.h"
#include "framework/profile.h"

namespace heddle {
namespace {

// Streams of the run's seed; each use of random numbers has one of its own.
constexpr std::uint64_t kDataStream = 1, kDropoutStream = 2;

}  // namespace

Trainer::Trainer(const Experiment& experiment, const Corpus& corpus, Model& model)
    : experiment_(experiment),
      corpus_(corpus),
      model_(model),
      plan_(experiment.plan(static_cast<index_t>(corpus.train.size()))),
      parameters_(model.trains_itself() ? std::vector<NamedTensor>() : model.named_parameters()),
      optimizer_(experiment.optim, parameters_),
      data_rng_(experiment.rng().fork(kDataStream)),
      dropout_rng_(experiment.rng().fork(kDropoutStream)) {
  const OptimConfig& optim = experiment.optim;
  ensure(!model.trains_itself() ||
             (optim.kind == "sgd" && optim.momentum == 0 && optim.weight_decay == 0 && optim.grad_clip == 0 &&
              optim.ema_decay == 0 && experiment.train.accumulate == 1 && !experiment.train.recompute),
         "model.kind = ", experiment.model_kind,
         " descends by itself: set optim.kind = sgd, optim.momentum, optim.weight_decay and optim.grad_clip to 0, and "
         "leave optim.ema_decay, train.accumulate and train.recompute as they are");
  if (!model.trains_itself()) keep_rounded_weights(model);  // the optimizer keeps them anew
}

index_t Trainer::tokens_per_step() const {
  return experiment_.train.batch_size * experiment_.train.accumulate * model_.block_size();
}

Context Trainer::training_context(index_t pass) const {
  Context context;
  context.training = true;
  context.recompute = experiment_.train.recompute;
  context.rng = dropout_rng_.fork(static_cast<std::uint64_t>(pass));
  return context;
}

Batch Trainer::training_batch(index_t pass, index_t rows) const {
  return (experiment_.train.epochs > 0 ? pass_batch : train_batch)(corpus_.train, model_.block_size(), rows,
                                                                   pass * rows, data_rng_);
}

double Trainer::accumulate_gradients(index_t step, index_t micro) {
  const index_t rows = experiment_.train.batch_size, count = experiment_.train.accumulate;
  const index_t pass = step * count + micro;
  const Batch batch = training_batch(pass, rows);
  profile_lap("batch");
  Context context = training_context(pass);
  const Tensor loss = model_.loss(batch, context);
  backward(loss, Tensor::full(loss.shape(), real{1} / static_cast<real>(count)));
  return loss.item();
}

StepResult Trainer::step(index_t step) {
  StepResult result;
  result.lr = learning_rate(experiment_.optim, step, plan_.steps);
  if (Profile* profile = Profile::current()) profile->restart();
  if (model_.trains_itself()) {
    const Batch batch = training_batch(step, experiment_.train.batch_size);
    profile_lap("batch");
    result.loss = model_.update(batch, result.lr, training_context(step).rng);
    profile_lap("update");
    ensure(std::isfinite(result.loss), "step ", step + 1, ": loss ", result.loss,
           "; the weights are as they were before the step: lower optim.lr");
    return result;
  }
  optimizer_.zero_grad();
  for (index_t micro = 0; micro < experiment_.train.accumulate; ++micro) {
    result.loss += accumulate_gradients(step, micro) / static_cast<double>(experiment_.train.accumulate);
  }
  result.grad_norm = grad_norm(parameters_);
  profile_lap("gradient norm");
  if (!std::isfinite(result.loss) || !std::isfinite(result.grad_norm))
    explain_failure(step, result.loss, result.grad_norm);
  optimizer_.step(result.lr, clip_scale(result.grad_norm, experiment_.optim.grad_clip));
  optimizer_.zero_grad();
  profile_lap("optimizer");
  return result;
}

void Trainer::explain_failure(index_t step, double loss, double grad_norm) {
  const std::string what = concat_text("step ", step + 1, ": loss ", loss, ", gradient norm ", grad_norm, "; ");
  const std::string hint =
      "; the weights are as they were before the step: lower optim.lr, or raise optim.warmup_steps";
  optimizer_.zero_grad();
  try {
    const FiniteGuard guard;
    for (index_t micro = 0; micro < experiment_.train.accumulate; ++micro) accumulate_gradients(step, micro);
  } catch (const Error& e) {
    optimizer_.zero_grad();
    throw Error(concat_text(what, "first in ", e.what(), hint));
  }
  throw Error(concat_text(what, "every op was finite, their sum was not", hint));
}

double Trainer::evaluate(bool whole) {
  const AveragedWeights averaged(optimizer_);
  return evaluate_loss(model_, corpus_.val, experiment_.train.batch_size, whole ? 0 : experiment_.train.eval_batches);
}

Trainer::StepMemory Trainer::measure_memory(index_t rows) {
  const Batch batch = train_batch(corpus_.train, model_.block_size(), rows, 0, data_rng_);
  Context context = training_context(0);
  if (model_.trains_itself()) {
    model_.loss_sum(batch, context);
    const double bytes = model_.working_bytes();
    return {bytes, bytes, 0};
  }
  const auto before = static_cast<double>(pool_stats().bytes_in_use);
  const auto peak = [&] { return static_cast<double>(pool_stats().peak_bytes) - before; };
  pool_reset_peak();
  const Tensor loss = model_.loss(batch, context);
  StepMemory bytes{static_cast<double>(pool_stats().bytes_in_use) - before, peak(), 0};
  pool_reset_peak();
  backward(loss);
  bytes.backward = peak();
  optimizer_.zero_grad();
  pool_trim();  // training asks for other sizes
  return bytes;
}

MemoryEstimate Trainer::lasting_memory() const {
  MemoryEstimate memory;
  memory.parameters = static_cast<double>(count_elements(model_.named_parameters())) * sizeof(real);
  memory.gradients = model_.trains_itself() ? 0 : memory.parameters;
  memory.optimizer = static_cast<double>(optimizer_.state_bytes());
  for (const NamedTensor& p : parameters_) {
    if (rounded_of(p.tensor) != nullptr) memory.optimizer += static_cast<double>(p.tensor.numel()) * sizeof(bf16_t);
  }
  return memory;
}

MemoryEstimate Trainer::estimate_memory(index_t rows) {
  if (measured_.empty()) measured_.push_back(measure_memory(1));
  if (measured_.size() == 1 && rows > 1) measured_.push_back(measure_memory(2));
  const StepMemory &one = measured_.front(), &two = measured_.back();
  const auto more = static_cast<double>(rows - 1);
  // What forward takes and gives back again grows no further than this: ops that would take more work in pieces.
  constexpr double kMostPassing = 1 << 27;
  const double passing = one.forward - one.held, more_passing = two.forward - two.held - passing;
  const double forward = one.held + (two.held - one.held) * more + passing +
                         std::min(more_passing * more, std::max(kMostPassing, more_passing));
  const double backward = one.backward + (two.backward - one.backward) * more;
  MemoryEstimate memory = lasting_memory();
  // The last gradients come when most activations are gone; only sums over several passes are there from the first.
  const double step = std::max(forward, backward) + (experiment_.train.accumulate > 1 ? memory.gradients : 0);
  memory.activations = std::max(0.0, step - memory.gradients);
  return memory;
}

void Trainer::check_memory_limit() {
  const double limit = experiment_.train.memory_limit * 1e9;
  if (limit == 0) return;
  const index_t rows = experiment_.train.batch_size;
  const double lasting = lasting_memory().total();  // where this alone is too much, no step is tried
  ensure(lasting <= limit, "train.memory_limit = ", experiment_.train.memory_limit,
         " GB, but parameters, gradients and optimizer alone take ", lasting / 1e9, " GB; choose a smaller model");
  const double wanted = estimate_memory().total();
  if (wanted <= limit) return;
  index_t fits = 0, too_many = rows;  // the largest batch that fits lies between
  while (too_many - fits > 1) {
    const index_t middle = (fits + too_many) / 2;
    (estimate_memory(middle).total() <= limit ? fits : too_many) = middle;
  }
  std::string advice = concat_text("; train.batch_size = ", fits, " would fit");
  if (fits > 0 && rows % fits == 0)
    advice += concat_text(", with train.accumulate = ", rows / fits * experiment_.train.accumulate,
                          " for steps of as many tokens");
  if (fits == 0) {
    advice = "; not even train.batch_size = 1 would fit: ";
    advice += experiment_.train.recompute ? "" : "try train.recompute = true, ";
    advice += "a smaller model.block_size or a smaller model";
  }
  throw Error(concat_text("train.memory_limit = ", experiment_.train.memory_limit,
                          " GB, but steps with train.batch_size = ", rows, " are expected to take ", wanted / 1e9,
                          " GB", advice));
}

double evaluate_loss(Model& model, const Tokens& tokens, index_t rows, index_t batches) {
  const NoGradGuard no_grad;
  const index_t windows = eval_windows(tokens, model.block_size());
  const index_t all = (windows + rows - 1) / rows;
  const index_t count = batches > 0 ? std::min(batches, all) : all;
  LossSum total;
  for (index_t i = 0; i < count; ++i) {
    const index_t first = i * all / count * rows;
    const Batch batch = eval_batch(tokens, model.block_size(), first, std::min(rows, windows - first));
    Context context;
    context.rng = Rng().fork(static_cast<std::uint64_t>(first));
    const LossSum sum = model.loss_sum(batch, context);
    total.nats += sum.nats;
    total.count += sum.count;
  }
  ensure(total.count > 0, "validation: there is no pair of known words near each other; give more text, raise ",
         "data.val_fraction or lower data.min_count");
  return total.nats / static_cast<double>(total.count);
}

}  // namespace heddle
