#include "train/learners/gradient.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "framework/autograd.h"
#include "framework/clock.h"
#include "framework/gemm.h"
#include "framework/profile.h"
#include "train/learners/gradient_sum.h"
#include "train/learners/spread.h"

namespace heddle {

std::vector<Key> GradientConfig::train_keys() {
  return {
      {"accumulate", accumulate, "gradient accumulation: micro-batches of batch_size rows that make one step", 1,
       1 << 20},
      Key("recompute", recompute,
          "activation checkpointing: keep only what goes into each block and compute the rest again in backward: less "
          "memory, a third more time, the same bits")
          .resumable(),
      Key("shard_optimizer", shard_optimizer,
          "of several processes each keeps the optimizer's moments of a part of the parameters, and moves that: less "
          "memory, the same bits, but the new weights travel when backward is over")
          .resumable(),
      Key("freeze", freeze,
          "parameters that stay as they are, as token_embedding, blocks/0..3; a path stands for all that is below it")
          .separated(),
      Key("on_spike", on_spike,
          "what becomes of a step whose loss or gradient norm lies spike_z deviations above those of the last 128: "
          "stop ends the run, skip goes on without the step, also where it is not finite")
          .resumable(),
      Key("spike_z", spike_z, "standard deviations above the mean that make a spike", 1.0, 1e6).resumable(),
  };
}

std::unique_ptr<Learner> GradientConfig::make(Model& model, const Rng& rng, Precision precision) const {
  return std::make_unique<GradientLearner>(*this, model, rng, precision);
}

namespace {

/// A model's parameters, those frozen that `patterns` name.
std::vector<NamedParameter> learning_parameters(Model& model, const std::vector<std::string>& patterns) {
  auto parameters = model.named_parameters();
  for (const std::string& pattern : patterns) freeze(parameters, pattern);
  ensure(count_frozen(parameters) < count_elements(parameters),
         "train.freeze: every parameter is frozen, and none would learn; leave one out");
  return parameters;
}

/// Those of them that are not frozen.
std::vector<NamedParameter> without_frozen(std::vector<NamedParameter> parameters) {
  std::erase_if(parameters, [](const NamedParameter& p) { return p.frozen(); });
  return parameters;
}

Shares shares_of(const OptimConfig& config, const std::vector<NamedParameter>& parameters) {
  std::vector<index_t> elements, units;
  for (const NamedParameter& p : parameters) {
    elements.push_back(p.tensor.numel());
    units.push_back(Optimizer::unit(config, p));
  }
  return {elements, units, ranks()};
}

}  // namespace

GradientLearner::GradientLearner(const GradientConfig& config, Model& model, const Rng& rng, Precision precision)
    : config_(config),
      model_(model),
      rng_(rng),
      precision_(precision),
      parameters_(learning_parameters(model, config.freeze)),
      learning_(without_frozen(parameters_)),
      own_(config.accumulate / ranks()),
      shares_(shares_of(config.optim, learning_)),
      sharded_(config.shard_optimizer && ranks() > 1),
      optimizer_(config.optim, learning_, precision, sharded_ ? shares_.parts(rank()) : std::vector<ElementRange>()),
      carried_(static_cast<std::size_t>(config.accumulate)) {
  ensure(config.accumulate % ranks() == 0, "train.accumulate = ", config.accumulate, ": ", ranks(),
         " processes cannot take as many micro-batches each; start a number that divides it");
  first_ = own_ * rank();
  for (std::size_t i = 0; i < learning_.size(); ++i) numbers_[learning_[i].tensor.node().get()] = i;
  if (ranks() > 1) exchange_ = std::make_unique<GradientExchange>(learning_, shares_, config.accumulate, !sharded_);
  // Products would round the weights when they first meet them; done now, the memory forecast counts it once.
  for (const Tensor& weight : multiplied_weights(model)) rounded_parameter(weight, precision);
}

Context GradientLearner::context_of(const Batch& batch) const {
  Context context;
  context.training = true;
  context.precision = precision_;
  context.recompute = config_.recompute;
  context.rng = rng_;
  context.first_row = batch.first_row;
  return context;
}

std::vector<RowStates> GradientLearner::first_states(const std::vector<Batch>& batches) const {
  // modules put new tensors into their places, and leave the old ones whole
  std::vector<RowStates> states(carried_.begin() + first_, carried_.begin() + first_ + own_);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (!batches[i].continues) states[i].clear();
  }
  return states;
}

double GradientLearner::differentiate(const Batch& batch, index_t divisor, RowStates& carried, const OnLeaf& on_leaf) {
  Context context = context_of(batch);
  context.carried = &carried;
  const Tensor loss = model_.loss(batch, divisor, context).value;
  backward(loss, {}, false, on_leaf);
  return loss.item();
}

index_t GradientLearner::draw(const Feed& feed, index_t step, std::vector<Batch>& batches, StepResult& result) const {
  std::vector<double> mine;  // of each micro-batch targets, inputs, flops
  for (index_t micro = first_; micro < first_ + own_; ++micro) {
    const Batch& batch = batches.emplace_back(feed.batch(step, micro));
    mine.insert(mine.end(),
                {static_cast<double>(batch.count()), static_cast<double>(batch.inputs_shown()), model_.flops(batch)});
  }
  double targets = 0;
  for (const std::vector<double>& figures : gather(mine)) {
    for (std::size_t i = 0; i < figures.size(); i += 3) {
      targets += figures[i];
      result.inputs += figures[i + 1];
      result.flops += figures[i + 2];
    }
  }
  ensure(targets > 0, "step ", step + 1, ": none of its rows has a target that counts; check the data");
  return static_cast<index_t>(targets);
}

double GradientLearner::sum_gradients(const std::vector<Batch>& batches, index_t targets,
                                      std::vector<RowStates>& states) {
  GradientSum sum(learning_, config_.accumulate, first_);
  const auto send = [&](const Node& leaf) {
    const std::size_t parameter = numbers_.at(&leaf);
    sum.take(parameter);
    exchange_->send(parameter, sum.roots(parameter));
  };
  if (exchange_) exchange_->begin();
  for (std::size_t i = 0; i < batches.size(); ++i) {
    OnLeaf on_leaf;  // the last micro-batch's gradients leave as they come
    if (exchange_ && i + 1 == batches.size()) on_leaf = send;
    sum.add(differentiate(batches[i], targets, states[i], on_leaf));
    if (batches.size() > 1) profile_lap("sum of micro-batches");
  }
  if (!exchange_) return sum.finish();
  for (std::size_t i = 0; i < learning_.size(); ++i) {  // those that the loss did not depend on
    if (!sum.roots(i).empty()) exchange_->send(i, sum.roots(i));
  }
  exchange_->finish();
  profile_lap("wait for gradients of others");
  return exchange_->sum(sum.losses());
}

StepResult GradientLearner::step(const Feed& feed, index_t step, double lr) {
  if (Profile* profile = Profile::current()) profile->restart();
  StepResult result;
  std::vector<Batch> batches;
  const index_t targets = draw(feed, step, batches, result);
  profile_lap("batch");
  optimizer_.zero_grad();
  std::vector<RowStates> states = first_states(batches);
  result.loss = sum_gradients(batches, targets, states);
  const double norm = sharded_ ? shared_grad_norm(learning_, shares_) : grad_norm(learning_);
  profile_lap("gradient norm");
  if (const std::string spike = find_spike(batches, targets, result.loss, norm); !spike.empty()) {
    skip_step(result, norm, concat_text("step ", step + 1, ": ", spike));
    return result;
  }
  if (config_.on_spike != OnSpike::none) spikes_.accept(result.loss, norm);
  optimizer_.step(lr, clip_scale(norm, config_.optim.grad_clip));
  optimizer_.zero_grad();
  profile_lap("optimizer");
  if (sharded_) spread_moved();
  for (std::size_t i = 0; i < states.size(); ++i)
    carried_[static_cast<std::size_t>(first_) + i] = feed.continues(step + 1) ? states[i] : RowStates();
  result.more = step_metrics(norm);
  return result;
}

Metrics GradientLearner::step_metrics(double norm) const {
  Metrics metrics = {{"grad_norm", norm, fmt::format("norm {:.2f}", norm)}};
  if (config_.on_spike == OnSpike::skip)
    metrics.push_back({"skipped_steps", static_cast<double>(spikes_.skipped()), ""});
  return metrics;
}

std::string GradientLearner::find_spike(const std::vector<Batch>& batches, index_t divisor, double loss, double norm) {
  const std::string figures = concat_text("loss ", loss, ", gradient norm ", norm);
  if (!std::isfinite(loss) || !std::isfinite(norm)) return figures + "; " + explain_failure(batches, divisor);
  if (config_.on_spike == OnSpike::none) return "";
  const SpikeWindow::Scores z = spikes_.scores(loss, norm);
  if (std::max(z.loss, z.norm) < config_.spike_z) return "";
  return fmt::format(
      "{} are a spike: {:.1f} and {:.1f} standard deviations above the last {} steps, of mean loss {:.4g}", figures,
      z.loss, z.norm, spikes_.size(), z.mean);
}

void GradientLearner::skip_step(StepResult& result, double norm, const std::string& what) {
  optimizer_.zero_grad();
  const char* const hint = "lower optim.lr, clip gradients (optim.grad_clip), or raise optim.warmup_steps";
  ensure(config_.on_spike == OnSpike::skip, what, "; the weights are as they were before the step: ", hint,
         ", or let train.on_spike = skip leave such steps out");
  spikes_.skip();
  ensure(spikes_.in_a_row() < SpikeWindow::kMostInARow, what, "; it would be the ", spikes_.in_a_row(),
         "th step in a row to be skipped, and the model learns nothing more: ", hint, ", or raise train.spike_z");
  carried_.assign(carried_.size(), RowStates());
  result.event = what + "; skipped";
  result.loss = std::numeric_limits<double>::quiet_NaN();
  result.more = step_metrics(norm);
}

std::string GradientLearner::explain_failure(const std::vector<Batch>& batches, index_t divisor) {
  optimizer_.zero_grad();
  std::string found;
  try {
    const FiniteGuard guard;
    std::vector<RowStates> states = first_states(batches);
    for (std::size_t i = 0; i < batches.size(); ++i) differentiate(batches[i], divisor, states[i]);
  } catch (const Error& e) {
    found = concat_text("first in ", e.what());
  }
  for (const std::string& of_rank : gather(found)) {
    if (!of_rank.empty()) return of_rank;
  }
  return "every op was finite, their sum was not";
}

GradientLearner::StepMemory GradientLearner::measure_memory(const Batch& batch) {
  const auto before = static_cast<double>(pool_stats().bytes_in_use);
  const auto peak = [&] { return static_cast<double>(pool_stats().peak_bytes) - before; };
  Context context = context_of(batch);
  pool_reset_peak();
  const Tensor loss = model_.loss(batch, std::max<index_t>(1, batch.count()), context).value;
  StepMemory bytes{batch.rows(), static_cast<double>(pool_stats().bytes_in_use) - before, peak(), 0};
  pool_reset_peak();
  backward(loss);
  bytes.backward = peak();
  optimizer_.zero_grad();
  pool_trim();  // training asks for other sizes
  return bytes;
}

double GradientLearner::gradient_bytes() const {
  return static_cast<double>(count_elements(parameters_) - count_frozen(parameters_)) * sizeof(real);
}

MemoryEstimate GradientConfig::lasting_memory(Model& model, Precision precision) const {
  const auto parameters = learning_parameters(model, freeze);
  const auto bytes_of = [](index_t elements) { return static_cast<double>(elements) * sizeof(real); };
  MemoryEstimate memory;
  memory.parameters = bytes_of(count_elements(parameters));
  // sets of gradients that are there at once while micro-batches are summed
  auto sets = static_cast<double>(std::bit_width(static_cast<std::uint64_t>(accumulate / ranks())));
  if (ranks() > 1) sets += 2;  // on their way to others and from them
  memory.gradients = sets * bytes_of(count_elements(parameters) - count_frozen(parameters));
  memory.optimizer = static_cast<double>(Optimizer::state_bytes(optim, parameters));
  if (shard_optimizer && ranks() > 1) {
    memory.gathered = memory.optimizer;
    memory.optimizer /= ranks();
  }
  for (const NamedParameter& p : parameters) {
    if (p.multiplied && reads_bf16(precision))
      memory.optimizer += static_cast<double>(p.tensor.numel()) * sizeof(bf16_t);
  }
  return memory;
}

MemoryEstimate GradientLearner::lasting_memory() const { return config_.lasting_memory(model_, precision_); }

double GradientLearner::expected_peak(index_t rows) const {
  std::size_t last = 0;  // the line through this measurement and the one before it
  while (last + 1 < measured_.size() && measured_[last].rows < rows) ++last;
  const StepMemory &one = measured_[last > 0 ? last - 1 : 0], &two = measured_[last];
  const double more = last > 0 ? static_cast<double>(rows - one.rows) / static_cast<double>(two.rows - one.rows) : 0;
  // What forward takes and gives back again grows no further than this: ops that would take more work in pieces.
  constexpr double kMostPassing = 1 << 27;
  const double passing = one.forward - one.held, more_passing = two.forward - two.held - passing;
  const double forward = one.held + (two.held - one.held) * more + passing +
                         std::min(more_passing * more, std::max(kMostPassing, more_passing));
  const double backward = one.backward + (two.backward - one.backward) * more;
  return std::max(forward, backward);
}

MemoryEstimate GradientLearner::estimate_memory(const Feed& feed, index_t rows) {
  // A step of few rows takes most where an op works in tiles of fixed size, one of many where most tensors are held: so
  // two rows say little of a hundred, and more are measured, unless even that takes memory that counts.
  constexpr double kSmall = 1 << 26;
  if (measured_.empty()) measured_.push_back(measure_memory(feed.trial(1)));
  while (measured_.back().rows < rows) {
    const index_t next = 2 * measured_.back().rows;
    if (measured_.size() > 1 && expected_peak(next) > kSmall) break;
    measured_.push_back(measure_memory(feed.trial(next)));
  }
  MemoryEstimate memory = lasting_memory();
  // The last gradients come when most activations are gone; only the sums of other micro-batches are there from the
  // first.
  memory.activations = std::max(0.0, expected_peak(rows) - gradient_bytes());
  return memory;
}

std::vector<std::string> GradientLearner::notices(const Feed& feed) {
  const NoGradGuard no_grad;
  const Batch batch = feed.trial(1);
  RowStates states;
  Context context = context_of(batch);
  context.carried = &states;
  model_.loss(batch, std::max<index_t>(1, batch.count()), context);
  if (states.empty() || feed.continues(1)) return {};
  return {
      "the model could carry states from step to step, but each row begins with zeros; train.order = contiguous lets "
      "rows go on"};
}

void GradientLearner::swap_average() {
  optimizer_.swap_average();
  if (sharded_ && optimizer_.averages()) spread_weights(learning_, shares_);
}

void GradientLearner::spread_moved() {
  const double begun = seconds_now();
  spread_.bytes += spread_weights(learning_, shares_);
  spread_.seconds += seconds_now() - begun;
  profile_lap("spread of weights");
}

ExchangeWork GradientLearner::exchange_work() const {
  ExchangeWork work = exchange_ ? exchange_->work() : ExchangeWork();
  work.bytes += spread_.bytes;
  work.seconds += spread_.seconds;
  work.waited += spread_.seconds;  // backward is over
  return work;
}

void GradientLearner::gather_state() {
  if (ranks() > 1) spread_states(carried_);
  if (!sharded_) return;
  optimizer_.for_kept(
      [&](std::size_t i, Tensor& kept) { kept = whole_on_root(kept, learning_[i].tensor.shape(), i, shares_); });
}

void GradientLearner::part_state() {
  if (!sharded_ || rank() != 0) return;
  optimizer_.for_kept([&](std::size_t i, Tensor& kept) { kept = owned_part(kept, i, shares_); });
}

void GradientLearner::save(Hdf5OArchive& ar) {
  ar& boost::serialization::make_nvp("optimizer", optimizer_);
  const auto none = [](const RowStates& states) { return states.empty(); };
  if (!std::all_of(carried_.begin(), carried_.end(), none)) ar& boost::serialization::make_nvp("carried", carried_);
  if (config_.on_spike != OnSpike::none) ar& boost::serialization::make_nvp("spikes", spikes_);
}

void GradientLearner::load(Hdf5IArchive& ar) {
  if (sharded_) optimizer_.for_kept([&](std::size_t i, Tensor& kept) { kept = Tensor(learning_[i].tensor.shape()); });
  ar& boost::serialization::make_nvp("optimizer", optimizer_);
  optimizer_.swap_average();  // the file holds them exchanged
  if (sharded_) optimizer_.for_kept([&](std::size_t i, Tensor& kept) { kept = owned_part(kept, i, shares_); });
  if (ar.contains("carried")) ar& boost::serialization::make_nvp("carried", carried_);
  if (ar.contains("spikes")) ar& boost::serialization::make_nvp("spikes", spikes_);
}

}  // namespace heddle
