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
  double weight_decay = 0.1, grad_clip = 1;

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

/// SGD, Adam and AdamW over a list of parameters. With g the gradient, t the step from 1:
///
///   sgd    v = momentum v + g + decay w
///          w -= lr v, with Nesterov's momentum w -= lr (g + decay w + momentum v)
///   adam   g += decay w, then as adamw without decay (Kingma and Ba, "Adam", 2015)
///   adamw  m = b1 m + (1 - b1) g
///          v = b2 v + (1 - b2) g^2
///          w -= lr (m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps) + decay w)
///          (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019)
///
/// Only parameters of two or more axes decay: biases and norms' weights do not.
class Optimizer {
 public:
  /// Errors: an unknown kind.
  Optimizer(const OptimConfig& config, const std::vector<NamedTensor>& parameters);

  /// One step from the gradients that backward has summed, times grad_scale, in one pass over all parameters. Those
  /// without a gradient stay as they are.
  void step(double lr, double grad_scale = 1);
  void zero_grad();
  /// Bytes that the moments take.
  std::size_t state_bytes() const;

  /// Moments by parameter name, and the number of steps taken.
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& boost::serialization::make_nvp("steps", steps_);
    for (Slot& slot : slots_) {
      ar& boost::serialization::make_nvp((slot.name + "/first").c_str(), slot.first);
      if (slot.second.defined()) ar& boost::serialization::make_nvp((slot.name + "/second").c_str(), slot.second);
    }
  }

 private:
  enum class Kind { sgd, adam, adamw };
  struct Slot {
    std::string name;
    Tensor parameter;
    Tensor first;   ///< momentum, or the gradient's mean
    Tensor second;  ///< the squared gradient's mean
  };

  /// Updates the elements [begin, end) of one parameter.
  struct Rates;
  void update(const Slot& slot, const Rates& rates, index_t begin, index_t end) const;

  OptimConfig config_;
  Kind kind_;
  std::int64_t steps_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::pair<std::size_t, index_t>> pieces_;  ///< of the step that runs: a slot, where a piece of it begins
};

}  // namespace heddle
