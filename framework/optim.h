#pragma once

#include <array>
#include <boost/serialization/nvp.hpp>
#include <string>
#include <vector>

#include "framework/gemm.h"
#include "framework/keys.h"
#include "framework/nn/module.h"

namespace heddle {

/// The rules by which an optimizer moves weights; see Optimizer.
enum class OptimizerKind { adamw, adam, sgd, muon };
constexpr auto names_of(OptimizerKind) {
  return std::array{Named{OptimizerKind::adamw, "adamw"}, Named{OptimizerKind::adam, "adam"},
                    Named{OptimizerKind::sgd, "sgd"}, Named{OptimizerKind::muon, "muon"}};
}

/// Learning-rate schedules after warm-up; see learning_rate.
enum class Schedule { cosine, linear, constant, inverse_sqrt };
constexpr auto names_of(Schedule) {
  return std::array{Named{Schedule::cosine, "cosine"}, Named{Schedule::linear, "linear"},
                    Named{Schedule::constant, "constant"}, Named{Schedule::inverse_sqrt, "inverse_sqrt"}};
}

/// Settings of the learning rate and its schedule.
struct ScheduleConfig {
  Schedule schedule = Schedule::cosine;
  double lr = 1e-3, min_lr = 1e-4;
  std::int64_t warmup_steps = 100, decay_steps = 0;

  std::vector<Key> keys();
};

/// Settings of the optimizer.
struct OptimConfig {
  OptimizerKind kind = OptimizerKind::adamw;
  double beta1 = 0.9, beta2 = 0.99, eps = 1e-8, momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 0.1, grad_clip = 1, ema_decay = 0;

  std::vector<Key> keys();
};

/// Elements that are worth a task of their own.
constexpr index_t kOptimizerChunk = 16384;

/// Elements [begin, end) of a parameter.
struct ElementRange {
  index_t begin = 0, end = 0;
  index_t size() const { return end - begin; }
};

/// Learning rate of a step (counted from 0). During warm-up it rises linearly, lr * (step + 1) / (warmup + 1). After
/// it:
///   constant      lr
///   linear        from lr down to min_lr at decay_steps
///   cosine        min_lr + (lr - min_lr) * (1 + cos(pi t)) / 2, t from 0 at the warm-up's end to 1 at decay_steps
///   inverse_sqrt  lr * sqrt((warmup + 1) / (step + 1)), at least min_lr (Vaswani et al., 2017)
/// decay_steps = 0 means total_steps; past it linear and cosine stay at min_lr.
double learning_rate(const ScheduleConfig& config, index_t step, index_t total_steps);

/// Euclidean norm of all gradients together, summed in double, in a fixed order.
double grad_norm(const std::vector<NamedParameter>& parameters);
/// The same from its parts.
using GradientSquares = std::vector<std::vector<double>>;
double grad_norm(const GradientSquares& squares);
/// Of each parameter the sums of squares of its gradient's chunks of kOptimizerChunk elements; none where it has no
/// gradient.
GradientSquares gradient_squares(const std::vector<NamedParameter>& parameters);
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
///          everything else, and every table (an embedding, a head), as adamw
///
/// Only parameters of two or more axes decay: biases and norms' weights do not. Frozen ones stay as they are, and take
/// no memory here.
///
/// An optimizer may have only a part of the elements, and others the rest, as each element is moved by itself; of
/// Muon's matrices it has all or none.
///
/// With ema_decay d > 0 an average of the weights is kept, a = d' a + (1 - d') w after each step t, where
/// d' = min(d, t / (t + 9)), so that the first weights are soon forgotten.
class Optimizer {
 public:
  /// Muon multiplies in the given precision. `owned`: of each parameter, the elements that it moves; all of them where
  /// it is empty.
  Optimizer(const OptimConfig& config, const std::vector<NamedParameter>& parameters,
            Precision precision = Precision::f32, const std::vector<ElementRange>& owned = {});
  /// How many elements of a parameter, from a multiple of that on, can be moved apart from the rest.
  static index_t unit(const OptimConfig& config, const NamedParameter& parameter);

  /// One step from the gradients that backward has summed, times grad_scale, in one pass over all parameters. Those
  /// without a gradient stay as they are. Of a parameter that is moved in part the gradient holds that part alone.
  void step(double lr, double grad_scale = 1);
  void zero_grad();
  /// Exchanges the weights with their averages, where those are kept; done twice, all is as it was. Those that it owns,
  /// or all, where it was given all averages (for_kept).
  void swap_average();
  bool averages() const { return config_.ema_decay > 0; }
  /// Bytes that the moments and averages take, of parameters that may have no elements yet.
  static std::size_t state_bytes(const OptimConfig& config, const std::vector<NamedParameter>& parameters);

  /// Calls f(number of the parameter among those that learn, moment or average of its owned elements) for each.
  template <class F>
  void for_kept(const F& f) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      f(i, slots_[i].first);
      if (has_second(slots_[i].kind)) f(i, slots_[i].second);
      if (averages()) f(i, slots_[i].average);
    }
  }

  /// Moments and averages by parameter name, and the number of steps taken. They must be those of all elements.
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& boost::serialization::make_nvp("steps", steps_);
    for (Slot& slot : slots_) {
      ar& boost::serialization::make_nvp((slot.name + "/first").c_str(), slot.first);
      if (has_second(slot.kind)) ar& boost::serialization::make_nvp((slot.name + "/second").c_str(), slot.second);
      if (averages()) ar& boost::serialization::make_nvp((slot.name + "/average").c_str(), slot.average);
    }
  }

 private:
  struct Slot {
    std::string name;
    Tensor parameter;
    Tensor first;   ///< momentum, or the gradient's mean
    Tensor second;  ///< the squared gradient's mean
    Tensor average;
    OptimizerKind kind;
    ElementRange owned;  ///< the elements of parameter that those above are of
  };
  /// Whether it keeps a mean of the squared gradient.
  static bool has_second(OptimizerKind kind) { return kind != OptimizerKind::sgd && kind != OptimizerKind::muon; }

  struct Rates;
  /// Where the owned elements of a slot lie that a step reads and writes; null for what is not there.
  struct Elements {
    real *w, *first, *second, *average;
    bf16_t* half;
    const real* grad;
  };
  /// Counts the parameter as written, and its bf16 copy as current: the step writes both.
  static Elements written_elements(Slot& slot);
  /// Updates the elements [begin, end) of one parameter; `direction` is Muon's, for one that it moves.
  void update(const Slot& slot, const Elements& at, const Rates& rates, const real* direction, index_t begin,
              index_t end) const;
  /// Muon's whole step of one matrix.
  void step_muon(const Slot& slot, const Elements& at, const Rates& rates) const;

  OptimConfig config_;
  Precision precision_;
  std::int64_t steps_ = 0;
  std::vector<Slot> slots_;
  /// Of the step that runs: of each slot its elements; the chunks, each a slot and where it begins there.
  std::vector<Elements> elements_;
  std::vector<std::pair<std::size_t, index_t>> chunks_;
};

/// A matrix with the same singular vectors as x [n, m] and singular values near 1, by five steps of a Newton-Schulz
/// iteration whose coefficients raise small values fastest: they come to lie within 0.68 and 1.14, which is near enough
/// for a direction (Jordan et al., "Muon", 2024). A matrix of zeros stays zeros.
Tensor orthogonalized(const Tensor& x, Precision precision = Precision::f32);

}  // namespace heddle
