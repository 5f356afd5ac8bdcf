#include "framework/optim.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "framework/autograd.h"
#include "framework/gemm.h"
#include "framework/rows.h"

namespace heddle {

std::vector<Key> ScheduleConfig::keys() {
  return {
      {"lr", lr, "learning rate after warm-up", 0.0, 1e3},
      {"min_lr", min_lr, "learning rate at the end of the decay", 0.0, 1e3},
      {"schedule", schedule, "learning-rate schedule after warm-up"},
      {"warmup_steps", warmup_steps, "steps over which the learning rate rises", 0},
      Key("decay_steps", decay_steps, "step at which the rate has fallen to min_lr; 0: train.steps", 0).resumable(),
  };
}

std::vector<Key> OptimConfig::keys() {
  return {
      {"kind", kind, "optimizer; muon: for the matrices of hidden layers, adamw for the rest"},
      {"beta1", beta1, "Adam: decay of the gradient's mean", 0.0, 0.999999},
      {"beta2", beta2, "Adam: decay of the squared gradient's mean", 0.0, 0.999999},
      {"eps", eps, "Adam: added to the root of the squared gradient's mean", 1e-20, 1.0},
      {"momentum", momentum, "SGD and Muon: momentum (Muon wants 0.95)", 0.0, 0.999999},
      {"nesterov", nesterov, "SGD: Nesterov's momentum"},
      {"weight_decay", weight_decay, "weight decay: pulls matrices towards zero", 0.0, 100.0},
      {"ema_decay", ema_decay, "moving average of the weights that is evaluated and kept: its decay a step; 0: none",
       0.0, 0.999999},
      {"grad_clip", grad_clip, "gradient-norm clipping: largest norm of all gradients together; 0: no limit", 0.0},
  };
}

double learning_rate(const ScheduleConfig& config, index_t step, index_t total_steps) {
  const auto now = static_cast<double>(step), warmup = static_cast<double>(config.warmup_steps);
  if (step < config.warmup_steps) return config.lr * (now + 1) / (warmup + 1);
  if (config.schedule == Schedule::constant) return config.lr;
  if (config.schedule == Schedule::inverse_sqrt)
    return std::max(config.min_lr, config.lr * std::sqrt((warmup + 1) / (now + 1)));
  const auto end = static_cast<double>(config.decay_steps > 0 ? config.decay_steps : total_steps);
  const double t = end > warmup ? std::clamp((now - warmup) / (end - warmup), 0.0, 1.0) : 1.0;
  const double share = config.schedule == Schedule::linear ? 1 - t : 0.5 * (1 + std::cos(std::numbers::pi * t));
  return config.min_lr + (config.lr - config.min_lr) * share;
}

namespace {

constexpr index_t kChunk = kOptimizerChunk;

double sum_of_squares(const real* from, index_t begin, index_t end) {
  return row_sum<double>(
      end - begin, [at = from + begin](index_t i) { return static_cast<double>(at[i]) * static_cast<double>(at[i]); });
}

}  // namespace

GradientSquares gradient_squares(const std::vector<NamedParameter>& parameters) {
  GradientSquares squares(parameters.size());
  std::vector<std::pair<std::size_t, std::size_t>> chunks;  // of which parameter, which: one loop over them all
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].tensor.grad().defined()) continue;
    squares[i].resize(static_cast<std::size_t>((parameters[i].tensor.grad().numel() + kChunk - 1) / kChunk));
    for (std::size_t c = 0; c < squares[i].size(); ++c) chunks.emplace_back(i, c);
  }
  parallel_for(std::ssize(chunks), 1, [&](index_t first, index_t last) {
    for (index_t p = first; p < last; ++p) {
      const auto [i, c] = chunks[static_cast<std::size_t>(p)];
      const Tensor& gradient = parameters[i].tensor.grad();
      const index_t begin = static_cast<index_t>(c) * kChunk, end = std::min(begin + kChunk, gradient.numel());
      squares[i][c] = sum_of_squares(gradient.data(), begin, end);
    }
  });
  return squares;
}

double grad_norm(const GradientSquares& squares) {
  double sum = 0;
  for (const std::vector<double>& chunks : squares) sum = std::accumulate(chunks.begin(), chunks.end(), sum);
  return std::sqrt(sum);
}

double grad_norm(const std::vector<NamedParameter>& parameters) { return grad_norm(gradient_squares(parameters)); }

double clip_scale(double norm, double max_norm) {
  return max_norm > 0 && norm > max_norm && std::isfinite(norm) ? max_norm / norm : 1;
}

namespace {

/// By which rule a parameter moves.
OptimizerKind kind_for(const OptimConfig& config, const NamedParameter& p) {
  // The rows of an embedding or a head are symbols' own vectors, not a map whose directions should weigh alike.
  const bool is_map = p.tensor.ndim() == 2 && p.role == Role::matrix;
  return config.kind == OptimizerKind::muon && !is_map ? OptimizerKind::adamw : config.kind;
}

}  // namespace

index_t Optimizer::unit(const OptimConfig& config, const NamedParameter& parameter) {
  return kind_for(config, parameter) == OptimizerKind::muon ? parameter.tensor.numel() : kOptimizerChunk;
}

Optimizer::Optimizer(const OptimConfig& config, const std::vector<NamedParameter>& parameters, Precision precision,
                     const std::vector<ElementRange>& owned)
    : config_(config), precision_(precision) {
  for (const NamedParameter& p : parameters) {
    if (p.frozen()) continue;
    const OptimizerKind kind = kind_for(config, p);
    const ElementRange all{0, p.tensor.numel()}, own = owned.empty() ? all : owned[slots_.size()];
    const Shape shape = own.size() == all.size() ? p.tensor.shape() : Shape{own.size()};
    slots_.push_back({p.name, p.tensor, Tensor::zeros(shape), has_second(kind) ? Tensor::zeros(shape) : Tensor(),
                      averages() ? Tensor::from(p.tensor.span().subspan(static_cast<std::size_t>(own.begin),
                                                                        static_cast<std::size_t>(own.size())),
                                                shape)
                                 : Tensor(),
                      kind, own});
  }
}

/// What a step has for all elements, as the formulas need it.
struct Optimizer::Rates {
  real scale, rate, b1, one_b1, b2, one_b2, step_size, unbias, eps, average;
};

Optimizer::Elements Optimizer::written_elements(Slot& slot) {
  real* const w = slot.parameter.mutable_data();
  bf16_t* const half = slot.parameter.mutable_kept_bf16();
  return {w + slot.owned.begin,
          slot.first.mutable_data(),
          slot.second.mutable_data(),
          slot.average.mutable_data(),
          half != nullptr ? half + slot.owned.begin : nullptr,
          slot.parameter.grad().data()};
}

void Optimizer::step(double lr, double grad_scale) {
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const Rates rates{static_cast<real>(grad_scale),
                    static_cast<real>(lr),
                    static_cast<real>(config_.beta1),
                    static_cast<real>(1 - config_.beta1),
                    static_cast<real>(config_.beta2),
                    static_cast<real>(1 - config_.beta2),
                    static_cast<real>(lr / (1 - std::pow(config_.beta1, t))),
                    static_cast<real>(1 / std::sqrt(1 - std::pow(config_.beta2, t))),
                    static_cast<real>(config_.eps),
                    static_cast<real>(1 - std::min(config_.ema_decay, t / (t + 9)))};
  chunks_.clear();
  elements_.resize(slots_.size());
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].parameter.grad().defined() || slots_[i].owned.size() == 0) continue;
    elements_[i] = written_elements(slots_[i]);
    if (slots_[i].kind == OptimizerKind::muon) {
      step_muon(slots_[i], elements_[i], rates);
      continue;
    }
    for (index_t begin = 0; begin < slots_[i].owned.size(); begin += kChunk) chunks_.push_back({i, begin});
  }
  parallel_for(static_cast<index_t>(chunks_.size()), 1, [&](index_t first, index_t last) {
    for (index_t p = first; p < last; ++p) {
      const auto [slot, begin] = chunks_[static_cast<std::size_t>(p)];
      update(slots_[slot], elements_[slot], rates, nullptr, begin, std::min(begin + kChunk, slots_[slot].owned.size()));
    }
  });
}

void Optimizer::step_muon(const Slot& slot, const Elements& at, const Rates& rates) const {
  Tensor ahead(slot.parameter.shape());
  const index_t n = ahead.numel();
  parallel_for(n, kChunk,
               [g = at.grad, v = at.first, out = ahead.mutable_data(), scale = rates.scale,
                mu = static_cast<real>(config_.momentum)](index_t begin, index_t end) {
                 for (index_t i = begin; i < end; ++i) {
                   v[i] = mu * v[i] + scale * g[i];
                   out[i] = scale * g[i] + mu * v[i];
                 }
               });
  const Tensor direction = orthogonalized(ahead, precision_);
  parallel_for(n, kChunk, [&](index_t begin, index_t end) { update(slot, at, rates, direction.data(), begin, end); });
}

void Optimizer::update(const Slot& slot, const Elements& at, const Rates& rates, const real* direction, index_t begin,
                       index_t end) const {
  const auto decay = static_cast<real>(slot.parameter.ndim() >= 2 ? config_.weight_decay : 0);
  const bool decoupled = slot.kind == OptimizerKind::adamw || slot.kind == OptimizerKind::muon;
  const real coupled = decoupled ? 0 : decay, keep = decoupled ? 1 - rates.rate * decay : 1;
  real* const w = at.w;
  real* const m = at.first;
  real* const v = at.second;
  const real* const grad = at.grad;
  const Rates r = rates;
  if (slot.kind == OptimizerKind::muon) {
    const index_t longer = std::max(slot.parameter.size(0), slot.parameter.size(1));
    const real step = r.rate * static_cast<real>(0.2 * std::sqrt(static_cast<double>(longer)));
    for (index_t i = begin; i < end; ++i) w[i] = w[i] * keep - step * direction[i];
  } else if (slot.kind == OptimizerKind::sgd) {
    const auto mu = static_cast<real>(config_.momentum);
    const bool nesterov = config_.nesterov;
    for (index_t i = begin; i < end; ++i) {
      const real g = grad[i] * r.scale + coupled * w[i];
      m[i] = mu * m[i] + g;
      w[i] -= r.rate * (nesterov ? g + mu * m[i] : m[i]);
    }
  } else {
    for (index_t i = begin; i < end; ++i) {
      const real g = grad[i] * r.scale + coupled * w[i];
      m[i] = r.b1 * m[i] + r.one_b1 * g;
      v[i] = r.b2 * v[i] + r.one_b2 * g * g;
      w[i] = w[i] * keep - r.step_size * m[i] / (std::sqrt(v[i]) * r.unbias + r.eps);
    }
  }
  // while the chunk is in the cache
  if (real* const a = at.average) {
    for (index_t i = begin; i < end; ++i) a[i] += r.average * (w[i] - a[i]);
  }
  if (bf16_t* const half = at.half) {
    for (index_t i = begin; i < end; ++i) half[i] = to_bf16(w[i]);
  }
}

void Optimizer::swap_average() {
  for (Slot& slot : slots_) {
    if (!slot.average.defined()) continue;
    const bool all = slot.average.numel() == slot.parameter.numel();
    real* const weights = slot.parameter.mutable_data() + (all ? 0 : slot.owned.begin);
    std::swap_ranges(weights, weights + slot.average.numel(), slot.average.mutable_data());
  }
}

Tensor orthogonalized(const Tensor& x, Precision precision) {
  constexpr auto kA = static_cast<real>(3.4445), kB = static_cast<real>(-4.7750), kC = static_cast<real>(2.0315);
  const bool tall = x.size(0) > x.size(1);
  const index_t n = std::min(x.size(0), x.size(1)), m = std::max(x.size(0), x.size(1));
  const double norm = std::sqrt(parallel_sum(
      x.numel(), kChunk, [&](index_t begin, index_t end) { return sum_of_squares(x.data(), begin, end); }));
  // n <= m: the square matrices are the small ones
  Tensor y({n, m}), next({n, m}), gram({n, n}), poly({n, n});
  const auto scale = static_cast<real>(1 / (norm + 1e-7));
  parallel_rows(n, m, [&, to = y.mutable_data()](index_t r) {
    for (index_t c = 0; c < m; ++c) to[r * m + c] = scale * x.data()[tall ? c * n + r : r * m + c];
  });
  // to = u * to + v * other, in the part of a tile
  const auto mix = [](Tensor& to, real u, const Tensor& other, real v) {
    return [p = to.mutable_data(), q = other.data(), stride = to.size(1), u, v](index_t row, index_t column,
                                                                                index_t rows, index_t columns) {
      for (index_t r = row; r < row + rows; ++r) {
        for (index_t c = column; c < column + columns; ++c)
          p[r * stride + c] = u * p[r * stride + c] + v * q[r * stride + c];
      }
    };
  };
  for (int step = 0; step < 5; ++step) {  // y becomes a y + (b G + c G^2) y with G = y y^T
    gemm(n, n, m, {y.data(), m}, {y.data(), m, true}, {gram.mutable_data(), n}, precision);
    gemm(n, n, n, {gram.data(), n}, {gram.data(), n}, {poly.mutable_data(), n}, precision, 0, mix(poly, kC, gram, kB));
    gemm(n, m, n, {poly.data(), n}, {y.data(), m}, {next.mutable_data(), m}, precision, 0, mix(next, 1, y, kA));
    std::swap(y, next);
  }
  if (!tall) return y;
  Tensor back(x.shape());
  parallel_rows(m, n, [&, to = back.mutable_data()](index_t r) {
    for (index_t c = 0; c < n; ++c) to[r * n + c] = y.data()[c * m + r];
  });
  return back;
}

void Optimizer::zero_grad() {
  for (Slot& slot : slots_) slot.parameter.zero_grad();
}

std::size_t Optimizer::state_bytes(const OptimConfig& config, const std::vector<NamedParameter>& parameters) {
  index_t elements = 0;
  for (const NamedParameter& p : parameters) {
    const index_t copies = 1 + (has_second(kind_for(config, p)) ? 1 : 0) + (config.ema_decay > 0 ? 1 : 0);
    if (!p.frozen()) elements += copies * p.tensor.numel();
  }
  return static_cast<std::size_t>(elements) * sizeof(real);
}

}  // namespace heddle
