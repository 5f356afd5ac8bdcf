#pragma once

#include <boost/serialization/nvp.hpp>
#include <string>
#include <vector>

#include "framework/keys.h"
#include "framework/nn/module.h"

namespace heddle {

/// Settings of the optimizer and of the learning rate's course.
struct OptimConfig {
  std::string kind = "adamw", schedule = "cosine";
  double lr = 1e-3, min_lr = 1e-4;
  std::int64_t warmup_steps = 100, decay_steps = 0;
  double beta1 = 0.9, beta2 = 0.99, eps = 1e-8, momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 0.1, grad_clip = 1, ema_decay = 0;

  std::vector<Key> keys();
};

/// Learning rate of a step (counted from 0). During warm-up it rises linearly, lr * (step + 1) / (warmup + 1). After
/// it:
///   constant      lr
///   linear        from lr down to min_lr at decay_steps
///   cosine        min_lr + (lr - min_lr) * (1 + cos(pi t)) / 2, t from 0 at the warm-up's end to 1 at decay_steps
///   inverse_sqrt  lr * sqrt((warmup + 1) / (step + 1)), at least min_lr (Vaswani et al., 2017)
/// decay_steps = 0 means total_steps; past it linear and cosine stay at min_lr.
double learning_rate(const OptimConfig& config, index_t step, index_t total_steps);

/// Euclidean norm of all gradients together, summed in double, in a fixed order.
double grad_norm(const std::vector<NamedTensor>& parameters);
/// What gradients of that norm are multiplied with so that it is at most max_norm > 0 (Pascanu et al., "On the
/// difficulty of training recurrent neural networks", 2013): 1 where it is smaller, not finite, or max_norm is 0.
double clip_scale(double norm, double max_norm);

/// SGD, Adam, AdamW and Muon over a list of parameters. With g the gradient, t the step from 1:
///
///   sgd    v = momentum v + g + decay w
///          w -= lr v, with Nesterov's momentum w -= lr (g + decay w + momentum v)
///   adam   g += decay w, then as adamw without decay (Kingma and Ba, "Adam", 2015)
///   adamw  m = b1 m + (1 - b1) g
///          v = b2 v + (1 - b2) g^2
///          w -= lr (m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps) + decay w)
///          (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019)
///   muon   of the matrices [n, m] of hidden layers:  v = momentum v + g
///          w -= lr (0.2 sqrt(max(n, m)) orthogonalized(g + momentum v) + decay w)
///          (Jordan et al., "Muon", 2024; the factor makes the update as large as AdamW's, so that both take one rate:
///          Liu et al., "Muon is Scalable for LLM Training", 2025)
///          everything else, and every embedding or head, as adamw
///
/// Only parameters of two or more axes decay: biases and norms' weights do not.
///
/// With ema_decay d > 0 an average of the weights is kept, a = d' a + (1 - d') w after each step t, where
/// d' = min(d, t / (t + 9)), so that the first weights are soon forgotten.
class Optimizer {
 public:
  /// Errors: an unknown kind.
  Optimizer(const OptimConfig& config, const std::vector<NamedTensor>& parameters);

  /// One step from the gradients that backward has summed, times grad_scale, in one pass over all parameters. Those
  /// without a gradient stay as they are.
  void step(double lr, double grad_scale = 1);
  void zero_grad();
  /// Exchanges the weights with their averages, where those are kept; done twice, all is as it was.
  void swap_average();
  bool averages() const { return config_.ema_decay > 0; }
  /// Bytes that the moments and averages take.
  std::size_t state_bytes() const;

  /// Moments and averages by parameter name, and the number of steps taken.
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& boost::serialization::make_nvp("steps", steps_);
    for (Slot& slot : slots_) {
      ar& boost::serialization::make_nvp((slot.name + "/first").c_str(), slot.first);
      if (slot.second.defined()) ar& boost::serialization::make_nvp((slot.name + "/second").c_str(), slot.second);
      if (slot.average.defined()) ar& boost::serialization::make_nvp((slot.name + "/average").c_str(), slot.average);
    }
  }

 private:
  enum class Kind { sgd, adam, adamw, muon };
  struct Slot {
    std::string name;
    Tensor parameter;
    Tensor first;   ///< momentum, or the gradient's mean
    Tensor second;  ///< the squared gradient's mean
    Tensor average;
    Kind kind;
  };

  struct Rates;
  /// Updates the elements [begin, end) of one parameter; `direction` is Muon's, for one that it moves.
  void update(const Slot& slot, const Rates& rates, const real* direction, index_t begin, index_t end) const;
  /// Muon's whole step of one matrix.
  void step_muon(const Slot& slot, const Rates& rates) const;

  OptimConfig config_;
  std::int64_t steps_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::pair<std::size_t, index_t>> pieces_;  ///< of the step that runs: a slot, where a piece of it begins
};

/// A matrix with the same singular vectors as x [n, m] and singular values near 1, by five steps of a Newton-Schulz
/// iteration whose coefficients raise small values fastest: they come to lie within 0.68 and 1.14, which is near enough
/// for a direction (Jordan et al., "Muon", 2024). A matrix of zeros stays zeros.
Tensor orthogonalized(const Tensor& x);

}  // namespace heddle
