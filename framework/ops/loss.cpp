#include <cmath>

#include "framework/ops.h"
#include "framework/ops/rows.h"
#include "framework/ops/vector_math.h"

namespace heddle {

Tensor cross_entropy(const Tensor& logits, const IdTensor& targets, index_t ignore_index, double label_smoothing) {
  ensure(logits.ndim() >= 1 && logits.shape().without(-1) == targets.shape(), "cross_entropy: logits ", logits.shape(),
         " and targets ", targets.shape(), " do not fit; wanted [..., V] and [...]");
  ensure(label_smoothing >= 0 && label_smoothing < 1, "cross_entropy: label smoothing ", label_smoothing,
         " is not within [0, 1)");
  const index_t classes = logits.size(-1), rows = targets.numel();
  index_t counted = 0;
  for (index_t r = 0; r < rows; ++r) {
    if (targets[r] == ignore_index) continue;
    ensure(targets[r] >= 0 && targets[r] < classes, "cross_entropy: target ", targets[r], " is outside 0 .. ",
           classes - 1);
    ++counted;
  }
  // -sum over classes of q log p, q = (1 - s) at the target plus s / V everywhere, is
  // log_sum - (1 - s) * logit of the target - s * mean of the logits. All are taken relative to the row's largest, so
  // that nothing is lost where the logits are far from 0.
  const auto smoothing = static_cast<real>(label_smoothing);
  Tensor tops({rows}), log_sums({rows});
  const double total = parallel_sum(rows, row_grain(classes), [&](index_t begin, index_t end) {
    double sum = 0;
    for (index_t r = begin; r < end; ++r) {
      const real* const x = logits.data() + r * classes;
      const real top = row_max(x, classes);
      const real log_sum = std::log(row_sum(classes, [=](index_t i) { return exp_of(x[i] - top); }));
      tops.data()[r] = top;
      log_sums.data()[r] = log_sum;
      if (targets[r] == ignore_index) continue;
      sum += log_sum - (1 - smoothing) * (x[targets[r]] - top);
      if (smoothing > 0)
        sum -= smoothing / static_cast<real>(classes) * row_sum(classes, [=](index_t i) { return x[i] - top; });
    }
    return sum;
  });
  const double mean = counted > 0 ? total / static_cast<double>(counted) : 0;
  // dlogits = (softmax - q) * dy / counted
  return make_result("cross_entropy", Tensor::scalar(static_cast<real>(mean)), {logits},
                     [=](const Tensor& dy) -> Grads {
                       Tensor dx(logits.shape());
                       const real scale = counted > 0 ? dy.item() / static_cast<real>(counted) : real{0};
                       const real everywhere = smoothing / static_cast<real>(classes);
                       parallel_rows(rows, classes, [&](index_t r) {
                         const real* const x = logits.data() + r * classes;
                         real* const out = dx.data() + r * classes;
                         if (targets[r] == ignore_index) {
                           std::fill_n(out, classes, real{0});
                           return;
                         }
                         const real top = tops.data()[r], log_sum = log_sums.data()[r];
                         for (index_t i = 0; i < classes; ++i)
                           out[i] = (exp_of(x[i] - top - log_sum) - everywhere) * scale;
                         out[targets[r]] -= (1 - smoothing) * scale;
                       });
                       return {dx};
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
