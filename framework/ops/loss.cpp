#include <cmath>

#include "framework/gemm.h"
#include "framework/ops.h"
#include "framework/ops/vector_math.h"
#include "framework/rows.h"

namespace heddle {

namespace {

/// Targets of a cross-entropy and what is made of them.
struct Targets {
  /// Errors: sizes that do not fit, a target that is no class, smoothing outside [0, 1), a negative cap; they name
  /// `op`.
  Targets(const char* op, const Shape& rows, const IdTensor& ids_, index_t classes_, const CrossEntropy& options)
      : ids(ids_),
        classes(classes_),
        ignore(options.ignore_index),
        smoothing(static_cast<real>(options.label_smoothing)),
        softcap(static_cast<real>(options.softcap)) {
    ensure(rows == ids.shape(), op, ": rows ", rows, " and targets ", ids.shape(), " do not fit");
    ensure(options.label_smoothing >= 0 && options.label_smoothing < 1, op, ": label smoothing ",
           options.label_smoothing, " is not within [0, 1)");
    ensure(options.softcap >= 0, op, ": a soft-cap of ", options.softcap, " is none; give a positive one, or 0");
    index_t counted = 0;
    for (index_t r = 0; r < ids.numel(); ++r) {
      if (ids[r] == ignore) continue;
      ensure(ids[r] >= 0 && ids[r] < classes, op, ": target ", ids[r], " is outside 0 .. ", classes - 1);
      ++counted;
    }
    divisor = options.divisor.value_or(counted);
    ensure(divisor > 0 || counted == 0, op, ": the losses are divided by ", divisor, "; it must be positive");
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

  /// A row's logits as the loss takes them: y = cap tanh(x / cap), where there is a cap; y may be x.
  void cap(const real* x, real* y) const {
    const real inverse = 1 / softcap;
    for (index_t i = 0; i < classes; ++i) y[i] = softcap * tanh_of(x[i] * inverse);
  }

  /// dx = (softmax(x) - q) * scale, by the slope 1 - (x / cap)^2 where x was capped; dx may be x.
  void gradient(index_t r, const real* x, real top, real log_sum, real scale, real* dx) const {
    if (ids[r] == ignore) {
      std::fill_n(dx, classes, real{0});
      return;
    }
    const real everywhere = smoothing / static_cast<real>(classes), of_target = x[ids[r]];
    const auto fill = [&](const auto& slope) {
      for (index_t i = 0; i < classes; ++i) dx[i] = (exp_of(x[i] - top - log_sum) - everywhere) * scale * slope(x[i]);
      dx[ids[r]] -= (1 - smoothing) * scale * slope(of_target);
    };
    if (softcap == 0) return fill([](real) { return real{1}; });
    fill([inverse = 1 / softcap](real y) { return 1 - y * inverse * (y * inverse); });
  }

  /// The rows' losses over the divisor; 0 where no row counts.
  Tensor mean(double total) const {
    return Tensor::scalar(static_cast<real>(divisor > 0 ? total / static_cast<double>(divisor) : 0));
  }
  real share() const { return divisor > 0 ? 1 / static_cast<real>(divisor) : real{0}; }

  IdTensor ids;
  index_t classes, ignore, divisor = 0;
  real smoothing, softcap;
};

}  // namespace

Tensor cross_entropy(const Tensor& logits, const IdTensor& target_ids, const CrossEntropy& options) {
  ensure(logits.ndim() >= 1, "cross_entropy: logits ", logits.shape(), " need an axis of classes");
  const index_t classes = logits.size(-1), rows = target_ids.numel();
  const Targets targets("cross_entropy", logits.shape().without(-1), target_ids, classes, options);
  Tensor tops({rows}), log_sums({rows}), seen = logits;  // as the loss takes them
  if (targets.softcap > 0) {
    seen = Tensor(logits.shape());
    parallel_rows(rows, classes, [&, to = seen.mutable_data()](index_t r) {
      targets.cap(logits.data() + r * classes, to + r * classes);
    });
  }
  const double total =
      parallel_sum(rows, row_grain(rows, classes),
                   [&, top = tops.mutable_data(), log_sum = log_sums.mutable_data()](index_t begin, index_t end) {
                     double sum = 0;
                     for (index_t r = begin; r < end; ++r)
                       sum += targets.loss(r, seen.data() + r * classes, top[r], log_sum[r]);
                     return sum;
                   });
  return make_result("cross_entropy", targets.mean(total), {logits}, [=](const Tensor& dy) -> Grads {
    Tensor dx(seen.shape());
    const real scale = dy.item() * targets.share();
    parallel_rows(rows, classes, [&, to = dx.mutable_data()](index_t r) {
      targets.gradient(r, seen.data() + r * classes, tops.data()[r], log_sums.data()[r], scale, to + r * classes);
    });
    return {dx};
  });
}

Tensor linear_cross_entropy(const Tensor& x, const Tensor& weight, const IdTensor& target_ids,
                            const CrossEntropy& options, const Tensor& bias) {
  const char* op = "linear_cross_entropy";
  ensure(weight.ndim() == 2 && x.ndim() >= 1 && x.size(-1) == weight.size(1), op, ": x ", x.shape(), " and weight ",
         weight.shape(), " do not fit; wanted [..., C] and [V, C]");
  const index_t classes = weight.size(0), width = weight.size(1), rows = target_ids.numel();
  ensure(!bias.defined() || bias.shape() == Shape{classes}, op, ": bias ", bias.shape(), " does not fit weight ",
         weight.shape());
  const Targets targets(op, x.shape().without(-1), target_ids, classes, options);
  const bool wants_dx = grad_enabled() && x.requires_grad(), wants_dw = grad_enabled() && weight.requires_grad();
  const bool wants_db = grad_enabled() && bias.requires_grad(), wants_slopes = wants_dx || wants_dw || wants_db;
  Tensor dx, dw, db;
  if (wants_dx) dx = Tensor(x.shape());
  if (wants_dw) dw = rows > 0 ? Tensor(weight.shape()) : Tensor::zeros(weight.shape());
  if (wants_db) db = Tensor::zeros(bias.shape());
  constexpr index_t kElements = index_t{1} << 24;  // logits that are in memory at once
  const index_t chunk = std::min(rows, std::max<index_t>(64, kElements / std::max<index_t>(classes, 1) / 64 * 64));
  Tensor logits({std::max<index_t>(chunk, 1), classes});
  const Bf16Tensor half = rounded_operand(x, options.precision),
                   half_weight = rounded_parameter(weight, options.precision);
  real* const scores = logits.mutable_data();
  real *const to_dx = dx.mutable_data(), *const to_dw = dw.mutable_data(), *const to_db = db.mutable_data();
  const AfterTile add_bias = [&](index_t row, index_t column, index_t tile_rows, index_t columns) {
    for (index_t r = row; r < row + tile_rows; ++r) {
      for (index_t c = column; c < column + columns; ++c) scores[r * classes + c] += bias.data()[c];
    }
  };
  double total = 0;
  for (index_t first = 0; first < rows; first += chunk) {
    const index_t count = std::min(chunk, rows - first);
    const ConstMatrix in{x.data() + first * width, width, false,
                         half.defined() ? half.data() + first * width : nullptr};
    gemm(count, classes, width, in, {weight.data(), width, true, half_weight.data()}, {scores, classes},
         options.precision, 0, bias.defined() ? add_bias : AfterTile());
    total += parallel_sum(count, row_grain(count, classes), [&](index_t begin, index_t end) {
      double sum = 0;
      for (index_t r = begin; r < end; ++r) {
        real* const row = scores + r * classes;
        if (targets.softcap > 0) targets.cap(row, row);
        real top = 0, log_sum = 0;
        sum += targets.loss(first + r, row, top, log_sum);
        if (wants_slopes) targets.gradient(first + r, row, top, log_sum, targets.share(), row);
      }
      return sum;
    });
    const Bf16Tensor slopes = wants_dx || wants_dw ? rounded_operand(logits, options.precision) : Bf16Tensor();
    if (wants_dx)
      gemm(count, width, classes, {scores, classes, false, slopes.data()},
           {weight.data(), width, false, half_weight.data()}, {to_dx + first * width, width}, options.precision);
    if (wants_dw)
      gemm(classes, width, count, {scores, classes, true, slopes.data()}, in, {to_dw, width}, options.precision,
           first == 0 ? 0 : 1);
    if (wants_db) {
      Tensor sums({classes});
      column_sums(count, classes, sums.mutable_data(), [=](index_t r, index_t c) { return scores[r * classes + c]; });
      for (index_t c = 0; c < classes; ++c) to_db[c] += sums.data()[c];
    }
  }
  // The gradients are ready but for the factor that arrives; they are taken while the logits are at hand.
  return make_result(
      "linear_cross_entropy", targets.mean(total), {x, weight, bias}, [dx, dw, db](const Tensor& dy) -> Grads {
        const real scale = dy.item();
        const auto scaled = [&](const Tensor& g) { return !g.defined() || scale == 1 ? g : multiply(g, scale); };
        return {scaled(dx), scaled(dw), scaled(db)};
      });
}

Tensor mse_loss(const Tensor& prediction, const Tensor& target) {
  ensure(prediction.shape() == target.shape(), "mse_loss: prediction ", prediction.shape(), " and target ",
         target.shape(), " differ");
  ensure(prediction.numel() > 0, "mse_loss: prediction ", prediction.shape(), " has no element to average");
  const real *p = prediction.data(), *t = target.data();
  const index_t n = prediction.numel();
  const double total = parallel_sum(n, row_grain(n), [=](index_t begin, index_t end) -> double {
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
  const double total = parallel_sum(n, row_grain(n), [=](index_t begin, index_t end) -> double {
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
