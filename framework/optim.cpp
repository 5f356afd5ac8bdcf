#include "framework/optim.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "framework/ops/rows.h"

namespace heddle {

std::vector<Key> OptimConfig::keys() {
  return {
      {"kind", kind, "optimizer", {"adamw", "adam", "sgd"}},
      {"lr", lr, "learning rate after warm-up", 0.0, 1e3},
      {"min_lr", min_lr, "learning rate at the end of the decay", 0.0, 1e3},
      {"schedule",
       schedule,
       "course of the learning rate after warm-up",
       {"cosine", "linear", "constant", "inverse_sqrt"}},
      {"warmup_steps", warmup_steps, "steps over which the learning rate rises", 0},
      {"decay_steps", decay_steps, "step at which it has fallen to min_lr; 0: train.steps", 0},
      {"beta1", beta1, "Adam: decay of the gradient's mean", 0.0, 0.999999},
      {"beta2", beta2, "Adam: decay of the squared gradient's mean", 0.0, 0.999999},
      {"eps", eps, "Adam: added to the root of the squared gradient's mean", 1e-20, 1.0},
      {"momentum", momentum, "SGD: momentum", 0.0, 0.999999},
      {"nesterov", nesterov, "SGD: Nesterov's momentum"},
      {"weight_decay", weight_decay, "pull of matrices towards zero", 0.0, 100.0},
      {"grad_clip", grad_clip, "largest norm of all gradients together; 0: no limit", 0.0},
  };
}

double learning_rate(const OptimConfig& config, index_t step, index_t total_steps) {
  const auto now = static_cast<double>(step), warmup = static_cast<double>(config.warmup_steps);
  if (step < config.warmup_steps) return config.lr * (now + 1) / (warmup + 1);
  if (config.schedule == "constant") return config.lr;
  if (config.schedule == "inverse_sqrt")
    return std::max(config.min_lr, config.lr * std::sqrt((warmup + 1) / (now + 1)));
  const auto end = static_cast<double>(config.decay_steps > 0 ? config.decay_steps : total_steps);
  const double t = end > warmup ? std::clamp((now - warmup) / (end - warmup), 0.0, 1.0) : 1.0;
  const double share = config.schedule == "linear" ? 1 - t : 0.5 * (1 + std::cos(std::numbers::pi * t));
  return config.min_lr + (config.lr - config.min_lr) * share;
}

namespace {

constexpr index_t kPiece = 16384;  // elements that are worth a task

}  // namespace

double grad_norm(const std::vector<NamedTensor>& parameters) {
  double squares = 0;
  for (const NamedTensor& p : parameters) {
    const Tensor& grad = p.tensor.grad();
    if (!grad.defined()) continue;
    squares += parallel_sum(grad.numel(), kPiece, [g = grad.data()](index_t begin, index_t end) {
      return row_sum<double>(
          end - begin, [at = g + begin](index_t i) { return static_cast<double>(at[i]) * static_cast<double>(at[i]); });
    });
  }
  return std::sqrt(squares);
}

double clip_scale(double norm, double max_norm) {
  return max_norm > 0 && norm > max_norm && std::isfinite(norm) ? max_norm / norm : 1;
}

Optimizer::Optimizer(const OptimConfig& config, const std::vector<NamedTensor>& parameters) : config_(config) {
  if (config.kind == "sgd") {
    kind_ = Kind::sgd;
  } else if (config.kind == "adam") {
    kind_ = Kind::adam;
  } else {
    ensure(config.kind == "adamw", "optim.kind = ", config.kind, ": choose one of adamw, adam, sgd");
    kind_ = Kind::adamw;
  }
  for (const NamedTensor& p : parameters) {
    const Tensor zeros = Tensor::zeros(p.tensor.shape());
    slots_.push_back({p.name, p.tensor, zeros, kind_ == Kind::sgd ? Tensor() : zeros.clone()});
  }
}

/// What a step has for all elements, as the formulas need it.
struct Optimizer::Rates {
  real scale, rate, b1, one_b1, b2, one_b2, step_size, unbias, eps;
};

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
                    static_cast<real>(config_.eps)};
  pieces_.clear();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].parameter.grad().defined()) continue;
    for (index_t begin = 0; begin < slots_[i].parameter.numel(); begin += kPiece) pieces_.push_back({i, begin});
  }
  parallel_for(static_cast<index_t>(pieces_.size()), 1, [&](index_t first, index_t last) {
    for (index_t p = first; p < last; ++p) {
      const auto [slot, begin] = pieces_[static_cast<std::size_t>(p)];
      update(slots_[slot], rates, begin, std::min(begin + kPiece, slots_[slot].parameter.numel()));
    }
  });
}

void Optimizer::update(const Slot& slot, const Rates& rates, index_t begin, index_t end) const {
  const auto decay = static_cast<real>(slot.parameter.ndim() >= 2 ? config_.weight_decay : 0);
  const real coupled = kind_ == Kind::adamw ? 0 : decay, keep = kind_ == Kind::adamw ? 1 - rates.rate * decay : 1;
  Tensor parameter = slot.parameter, first = slot.first, second = slot.second;  // handles of the same elements
  real* const w = parameter.data();
  real* const m = first.data();
  real* const v = second.data();
  const real* const grad = slot.parameter.grad().data();
  const Rates r = rates;
  if (kind_ == Kind::sgd) {
    const auto mu = static_cast<real>(config_.momentum);
    const bool nesterov = config_.nesterov;
    for (index_t i = begin; i < end; ++i) {
      const real g = grad[i] * r.scale + coupled * w[i];
      m[i] = mu * m[i] + g;
      w[i] -= r.rate * (nesterov ? g + mu * m[i] : m[i]);
    }
    return;
  }
  for (index_t i = begin; i < end; ++i) {
    const real g = grad[i] * r.scale + coupled * w[i];
    m[i] = r.b1 * m[i] + r.one_b1 * g;
    v[i] = r.b2 * v[i] + r.one_b2 * g * g;
    w[i] = w[i] * keep - r.step_size * m[i] / (std::sqrt(v[i]) * r.unbias + r.eps);
  }
}

void Optimizer::zero_grad() {
  for (Slot& slot : slots_) slot.parameter.zero_grad();
}

std::size_t Optimizer::state_bytes() const {
  std::size_t bytes = 0;
  for (const Slot& slot : slots_) {
    bytes +=
        static_cast<std::size_t>(slot.first.numel() + (slot.second.defined() ? slot.second.numel() : 0)) * sizeof(real);
  }
  return bytes;
}

}  // namespace heddle
