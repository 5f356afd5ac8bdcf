#include <cmath>

#include "framework/gemm.h"
#include "framework/ops.h"
#include "framework/ops/vector_math.h"
#include "framework/rows.h"

namespace heddle {

namespace {

/// Targets of a cross-entropy and what is made of them.
struct Targets {
  /// Errors: sizes that do not fit, a target that is no class, smoothing outside [0, 1); they name `op`.
  Targets(const char* op, const Shape& rows, const IdTensor& ids_, index_t classes_, index_t ignore_index,
          double label_smoothing)
      : ids(ids_), classes(classes_), ignore(ignore_index), smoothing(static_cast<real>(label_smoothing)) {
    ensure(rows == ids.shape(), op, ": rows ", rows, " and targets ", ids.shape(), " do not fit");
    ensure(label_smoothing >= 0 && label_smoothing < 1, op, ": label smoothing ", label_smoothing,
           " is not within [0, 1)");
    for (index_t r = 0; r < ids.numel(); ++r) {
      if (ids[r] == ignore) continue;
      ensure(ids[r] >= 0 && ids[r] < classes, op, ": target ", ids[r], " is outside 0 .. ", classes - 1);
      ++counted;
    }
  }

  /// -sum over classes of q log p for row r's logits x, where q = (1 - s) at the target plus s / V everywhere:
  /// log_sum - (1 - s) * logit of the target - s * mean of the logits. All are taken relative to the row's largest,
  /// `top`, so that nothing is lost where the logits are far from 0. log_sum is log(sum(e^(x - top))).
  double loss(index_t r, const real* x, real& top, real& log_sum) const {
    top = row_max(x, classes);
    log_sum = std::log(row_sum(classes, [=, t = top](index_t i) { return exp_of(x[i] - t); }));
    if (ids[r] == ignore) return 0;
    double nats = log_sum - (1 - smoothing) * (x[ids[r]] - top);
    if (smoothing > 0)
      nats -= smoothing / static_cast<real>(classes) * row_sum(classes, [=, t = top](index_t i) { return x[i] - t; });
    return nats;
  }

  /// dx = (softmax(x) - q) * scale; dx may be x.
  void gradient(index_t r, const real* x, real top, real log_sum, real scale, real* dx) const {
    if (ids[r] == ignore) {
      std::fill_n(dx, classes, real{0});
      return;
    }
    const real everywhere = smoothing / static_cast<real>(classes);
    for (index_t i = 0; i < classes; ++i) dx[i] = (exp_of(x[i] - top - log_sum) - everywhere) * scale;
    dx[ids[r]] -= (1 - smoothing) * scale;
  }

  /// The mean over the rows that count; 0 if none does.
  Tensor mean(double total) const {
    return Tensor::scalar(static_cast<real>(counted > 0 ? total / static_cast<double>(counted) : 0));
  }
  real share() const { return counted > 0 ? 1 / static_cast<real>(counted) : real{0}; }

  IdTensor ids;
  index_t classes, ignore, counted = 0;
  real smoothing;
};

}  // namespace

Tensor cross_entropy(const Tensor& logits, const IdTensor& target_ids, index_t ignore_index, double label_smoothing) {
  ensure(logits.ndim() >= 1, "cross_entropy: logits ", logits.shape(), " need an axis of classes");
  const index_t classes = logits.size(-1), rows = target_ids.numel();
  const Targets targets("cross_entropy", logits.shape().without(-1), target_ids, classes, ignore_index,
                        label_smoothing);
  Tensor tops({rows}), log_sums({rows});
  const double total = parallel_sum(rows, row_grain(classes), [&](index_t begin, index_t end) {
    double sum = 0;
    for (index_t r = begin; r < end; ++r)
      sum += targets.loss(r, logits.data() + r * classes, tops.data()[r], log_sums.data()[r]);
    return sum;
  });
  return make_result("cross_entropy", targets.mean(total), {logits}, [=](const Tensor& dy) -> Grads {
    Tensor dx(logits.shape());
    const real scale = dy.item() * targets.share();
    parallel_rows(rows, classes, [&](index_t r) {
      targets.gradient(r, logits.data() + r * classes, tops.data()[r], log_sums.data()[r], scale,
                       dx.data() + r * classes);
    });
    return {dx};
  });
}

Tensor linear_cross_entropy(const Tensor& x, const Tensor& weight, const IdTensor& target_ids, index_t ignore_index,
                            double label_smoothing) {
  const char* op = "linear_cross_entropy";
  ensure(weight.ndim() == 2 && x.ndim() >= 1 && x.size(-1) == weight.size(1), op, ": x ", x.shape(), " and weight ",
         weight.shape(), " do not fit; wanted [..., C] and [V, C]");
  const index_t classes = weight.size(0), width = weight.size(1), rows = target_ids.numel();
  const Targets targets(op, x.shape().without(-1), target_ids, classes, ignore_index, label_smoothing);
  const bool wants_dx = grad_enabled() && x.requires_grad(), wants_dw = grad_enabled() && weight.requires_grad();
  Tensor dx, dw;
  if (wants_dx) dx = Tensor(x.shape());
  if (wants_dw) dw = Tensor::zeros(weight.shape());
  constexpr index_t kElements = index_t{1} << 24;  // logits that are in memory at once
  const index_t chunk = std::min(rows, std::max<index_t>(64, kElements / std::max<index_t>(classes, 1) / 64 * 64));
  Tensor logits({std::max<index_t>(chunk, 1), classes});
  const Bf16Tensor half = rounded_operand(x);
  double total = 0;
  for (index_t first = 0; first < rows; first += chunk) {
    const index_t count = std::min(chunk, rows - first);
    const ConstMatrix in{x.data() + first * width, width, false,
                         half.defined() ? half.data() + first * width : nullptr};
    gemm(count, classes, width, in, {weight.data(), width, true, rounded_of(weight)}, {logits.data(), classes});
    total += parallel_sum(count, row_grain(classes), [&](index_t begin, index_t end) {
      double sum = 0;
      for (index_t r = begin; r < end; ++r) {
        real* const row = logits.data() + r * classes;
        real top = 0, log_sum = 0;
        sum += targets.loss(first + r, row, top, log_sum);
        if (wants_dx || wants_dw) targets.gradient(first + r, row, top, log_sum, targets.share(), row);
      }
      return sum;
    });
    const Bf16Tensor slopes = wants_dx || wants_dw ? rounded_operand(logits) : Bf16Tensor();
    if (wants_dx)
      gemm(count, width, classes, {logits.data(), classes, false, slopes.data()},
           {weight.data(), width, false, rounded_of(weight)}, {dx.data() + first * width, width});
    if (wants_dw) gemm(classes, width, count, {logits.data(), classes, true, slopes.data()}, in, {dw.data(), width}, 1);
  }
  // The gradients are ready but for the factor that arrives; they are taken while the logits are at hand.
  return make_result("linear_cross_entropy", targets.mean(total), {x, weight}, [dx, dw](const Tensor& dy) -> Grads {
    const real scale = dy.item();
    const auto scaled = [&](const Tensor& g) { return !g.defined() || scale == 1 ? g : multiply(g, scale); };
    return {scaled(dx), scaled(dw)};
  });
}

Tensor mse_loss(const Tensor& prediction, const Tensor& target) {
  ensure(prediction.shape() == target.shape(), "mse_loss: prediction ", prediction.shape(), " and target ",
         target.shape(), " differ");
  ensure(prediction.numel() > 0, "mse_loss: prediction ", prediction.shape(), " has no element to average");
  const real *p = prediction.data(), *t = target.data();
  const index_t n = prediction.numel();
  const double total = parallel_sum(n, row_grain(1), [=](index_t begin, index_t end) -> double {
    return row_sum(end - begin,
                   [=](index_t i) { return (p[begin + i] - t[begin + i]) * (p[begin + i] - t[begin + i]); });
  });
  const Tensor y = Tensor::scalar(static_cast<real>(total / static_cast<double>(n)));
  return make_result("mse_loss", y, {prediction, target}, [prediction, target, n](const Tensor& dy) -> Grads {
    const Tensor dp = multiply(subtract(prediction, target), 2 * dy.item() / static_cast<real>(n));
    return {dp, target.requires_grad() ? negate(dp) : Tensor()};
  });
}

Tensor bce_with_logits(const Tensor& logits, const Tensor& target) {
  ensure(logits.shape() == target.shape(), "bce_with_logits: logits ", logits.shape(), " and target ", target.shape(),
         " differ");
  ensure(logits.numel() > 0, "bce_with_logits: logits ", logits.shape(), " have no element to average");
  const real *x = logits.data(), *t = target.data();
  const index_t n = logits.numel();
  // max(x, 0) - x t + log(1 + e^-|x|) is the same sum with no exponent above 0
  const double total = parallel_sum(n, row_grain(1), [=](index_t begin, index_t end) -> double {
    return row_sum(end - begin, [=, x = x + begin, t = t + begin](index_t i) {
      return std::max(x[i], real{0}) - x[i] * t[i] + std::log1p(std::exp(-std::abs(x[i])));
    });
  });
  const Tensor y = Tensor::scalar(static_cast<real>(total / static_cast<double>(n)));
  return make_result("bce_with_logits", y, {logits, target}, [logits, target, n](const Tensor& dy) -> Grads {
    return {multiply(subtract(sigmoid(logits), target), dy.item() / static_cast<real>(n)), Tensor()};
  });
}

}  // namespace heddle
