#include "framework/optim.h"

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

double clip_grad_norm(const std::vector<NamedTensor>& parameters, double max_norm) {
  constexpr index_t kPiece = 16384;
  double squares = 0;
  for (const NamedTensor& p : parameters) {
    const Tensor& grad = p.tensor.grad();
    if (!grad.defined()) continue;
    squares += parallel_sum(grad.numel(), kPiece, [g = grad.data()](index_t begin, index_t end) {
      return row_sum<double>(
          end - begin, [at = g + begin](index_t i) { return static_cast<double>(at[i]) * static_cast<double>(at[i]); });
    });
  }
  const double norm = std::sqrt(squares);
  if (max_norm <= 0 || !(norm > max_norm) || !std::isfinite(norm)) return norm;
  const auto scale = static_cast<real>(max_norm / norm);
  for (const NamedTensor& p : parameters) {
    Tensor grad = p.tensor.grad();
    if (!grad.defined()) continue;
    parallel_for(grad.numel(), kPiece, [g = grad.data(), scale](index_t begin, index_t end) {
      for (index_t i = begin; i < end; ++i) g[i] *= scale;
    });
  }
  return norm;
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

void Optimizer::step(double lr) {
  ++steps_;
  for (Slot& slot : slots_) {
    if (slot.parameter.grad().defined()) update(slot, lr);
  }
}

void Optimizer::update(Slot& slot, double lr) {
  const double decay = slot.parameter.ndim() >= 2 ? config_.weight_decay : 0;
  const auto rate = static_cast<real>(lr), coupled = static_cast<real>(kind_ == Kind::adamw ? 0 : decay);
  real* const w = slot.parameter.data();
  const real* const grad = slot.parameter.grad().data();
  real* const m = slot.first.data();
  constexpr index_t kPiece = 16384;
  if (kind_ == Kind::sgd) {
    const auto mu = static_cast<real>(config_.momentum);
    const bool nesterov = config_.nesterov;
    parallel_for(slot.parameter.numel(), kPiece, [=](index_t begin, index_t end) {
      for (index_t i = begin; i < end; ++i) {
        const real g = grad[i] + coupled * w[i];
        m[i] = mu * m[i] + g;
        w[i] -= rate * (nesterov ? g + mu * m[i] : m[i]);
      }
    });
    return;
  }
  real* const v = slot.second.data();
  const double t = static_cast<double>(steps_);
  const auto b1 = static_cast<real>(config_.beta1), b2 = static_cast<real>(config_.beta2),
             eps = static_cast<real>(config_.eps);
  const auto one_b1 = static_cast<real>(1 - config_.beta1), one_b2 = static_cast<real>(1 - config_.beta2);
  const auto step_size = static_cast<real>(lr / (1 - std::pow(config_.beta1, t)));
  const auto unbias = static_cast<real>(1 / std::sqrt(1 - std::pow(config_.beta2, t)));
  const auto keep = static_cast<real>(kind_ == Kind::adamw ? 1 - lr * decay : 1);
  parallel_for(slot.parameter.numel(), kPiece, [=](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) {
      const real g = grad[i] + coupled * w[i];
      m[i] = b1 * m[i] + one_b1 * g;
      v[i] = b2 * v[i] + one_b2 * g * g;
      w[i] = w[i] * keep - step_size * m[i] / (std::sqrt(v[i]) * unbias + eps);
    }
  });
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
