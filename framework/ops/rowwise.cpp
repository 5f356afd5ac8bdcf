#include "framework/ops.h"
#include "framework/ops/vector_math.h"
#include "framework/rows.h"

namespace heddle {
namespace {

/// x as rows along its last axis.
struct Rows {
  Rows(const char* op, const Tensor& x) {
    ensure(x.ndim() >= 1, op, ": x ", x.shape(), " needs at least one axis");
    width = x.size(-1);
    count = x.shape().product(0, x.ndim() - 1);
  }
  index_t count, width;
};

void check_weight(const char* op, const char* what, const Tensor& x, const Tensor& weight) {
  ensure(weight.ndim() == 1 && weight.size(0) == x.size(-1), op, ": ", what, " ", weight.shape(), " does not fit x ",
         x.shape(), ", wanted [", x.size(-1), "]");
}

}  // namespace

Tensor softmax(const Tensor& x) {
  const Rows rows("softmax", x);
  const index_t n = rows.width;
  Tensor y(x.shape());
  parallel_rows(rows.count, n, [&, to = y.mutable_data()](index_t r) {
    const real* const in = x.data() + r * n;
    real* const out = to + r * n;
    const real top = row_max(in, n);
    for (index_t i = 0; i < n; ++i) out[i] = exp_of(in[i] - top);
    const real scale = 1 / row_sum(n, [out](index_t i) { return out[i]; });
    for (index_t i = 0; i < n; ++i) out[i] *= scale;
  });
  // dx = y * (dy - sum(y * dy)), row by row
  return make_result("softmax", y, {x}, [y, rows](const Tensor& dy) -> Grads {
    const index_t width = rows.width;
    Tensor dx(y.shape());
    parallel_rows(rows.count, width, [&, to = dx.mutable_data()](index_t r) {
      const real* const p = y.data() + r * width;
      const real* const d = dy.data() + r * width;
      real* const out = to + r * width;
      const real dot = row_sum(width, [=](index_t i) { return p[i] * d[i]; });
      for (index_t i = 0; i < width; ++i) out[i] = p[i] * (d[i] - dot);
    });
    return {dx};
  });
}

Tensor log_softmax(const Tensor& x) {
  const Rows rows("log_softmax", x);
  const index_t n = rows.width;
  Tensor y(x.shape());
  parallel_rows(rows.count, n, [&, to = y.mutable_data()](index_t r) {
    const real* const in = x.data() + r * n;
    real* const out = to + r * n;
    const real top = row_max(in, n);
    const real log_sum = std::log(row_sum(n, [=](index_t i) { return exp_of(in[i] - top); }));
    for (index_t i = 0; i < n; ++i) out[i] = (in[i] - top) - log_sum;
  });
  // dx = dy - softmax(x) * sum(dy), row by row
  return make_result("log_softmax", y, {x}, [y, rows](const Tensor& dy) -> Grads {
    const index_t width = rows.width;
    Tensor dx(y.shape());
    parallel_rows(rows.count, width, [&, to = dx.mutable_data()](index_t r) {
      const real* const log_p = y.data() + r * width;
      const real* const d = dy.data() + r * width;
      real* const out = to + r * width;
      const real total = row_sum(width, [=](index_t i) { return d[i]; });
      for (index_t i = 0; i < width; ++i) out[i] = d[i] - exp_of(log_p[i]) * total;
    });
    return {dx};
  });
}

namespace {

/// What a layer norm's rows have in common, and what its backward needs.
struct LayerNormRows {
  LayerNormRows(const char* op, const Tensor& x, const Tensor& weight_, const Tensor& bias_, double eps_)
      : rows(op, x),
        weight(weight_),
        bias(bias_),
        eps(static_cast<real>(eps_)),
        mean({rows.count}),
        inverse({rows.count}),
        means(mean.mutable_data()),
        inverses(inverse.mutable_data()) {
    check_weight(op, "weight", x, weight);
    if (bias.defined()) check_weight(op, "bias", x, bias);
  }

  void forward(index_t r, const real* in, real* out) const {
    const index_t n = rows.width;
    const real* const w = weight.data();
    const real m = row_sum(n, [in](index_t i) { return in[i]; }) / static_cast<real>(n);
    const real variance = row_sum(n, [in, m](index_t i) { return (in[i] - m) * (in[i] - m); }) / static_cast<real>(n);
    const real s = 1 / std::sqrt(variance + eps);
    means[r] = m;
    inverses[r] = s;
    if (bias.defined()) {
      const real* const b = bias.data();
      for (index_t i = 0; i < n; ++i) out[i] = (in[i] - m) * s * w[i] + b[i];
    } else {
      for (index_t i = 0; i < n; ++i) out[i] = (in[i] - m) * s * w[i];
    }
  }

  /// With z = (x - mean) * inverse and g = dy * weight:
  /// dx = inverse * (g - mean(g) - z * mean(g * z)); dweight = sum of dy * z over rows, dbias = sum of dy over rows.
  Grads backward(const Tensor& x, const Tensor& dy) const {
    const index_t width = rows.width;
    Tensor dx(x.shape()), dw(weight.shape()), db;
    parallel_rows(rows.count, width, [&, w = weight.data(), to = dx.mutable_data()](index_t r) {
      const real* const in = x.data() + r * width;
      const real* const d = dy.data() + r * width;
      real* const out = to + r * width;
      const real m = mean.data()[r], s = inverse.data()[r];
      const real mean_g = row_sum(width, [=](index_t i) { return d[i] * w[i]; }) / static_cast<real>(width);
      const real mean_gz =
          row_sum(width, [=](index_t i) { return d[i] * w[i] * (in[i] - m) * s; }) / static_cast<real>(width);
      for (index_t i = 0; i < width; ++i) out[i] = s * (d[i] * w[i] - mean_g - (in[i] - m) * s * mean_gz);
    });
    const real* const d = dy.data();
    column_sums(rows.count, width, dw.mutable_data(),
                [=, in = x.data(), m = mean.data(), s = inverse.data()](index_t r, index_t c) {
                  return d[r * width + c] * (in[r * width + c] - m[r]) * s[r];
                });
    if (bias.defined()) {
      db = Tensor(bias.shape());
      column_sums(rows.count, width, db.mutable_data(), [=](index_t r, index_t c) { return d[r * width + c]; });
    }
    return {dx, dw, db};
  }

  Rows rows;
  Tensor weight, bias;
  real eps;
  Tensor mean, inverse;  ///< of each row; inverse: 1 / sqrt(variance + eps)

 private:
  real *means, *inverses;  ///< where forward writes them
};

}  // namespace

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  LayerNormRows norm("layer_norm", x, weight, bias, eps);
  Tensor y(x.shape());
  const index_t n = norm.rows.width;
  parallel_rows(norm.rows.count, n,
                [&, out = y.mutable_data()](index_t r) { norm.forward(r, x.data() + r * n, out + r * n); });
  return make_result("layer_norm", y, {x, weight, bias},
                     [norm, x = x.detach()](const Tensor& dy) -> Grads { return norm.backward(x, dy); });
}

std::pair<Tensor, Tensor> add_layer_norm(const Tensor& x, const Tensor& branch, const Tensor& weight,
                                         const Tensor& bias, double eps) {
  ensure(x.shape() == branch.shape(), "add_layer_norm: x ", x.shape(), " and branch ", branch.shape(), " differ");
  LayerNormRows norm("add_layer_norm", x, weight, bias, eps);
  Tensor sum(x.shape()), y(x.shape());
  const index_t n = norm.rows.width;
  parallel_rows(norm.rows.count, n, [&, sums = sum.mutable_data(), out = y.mutable_data()](index_t r) {
    const real *const a = x.data() + r * n, *const b = branch.data() + r * n;
    real* const to = sums + r * n;
    for (index_t i = 0; i < n; ++i) to[i] = a[i] + b[i];
    norm.forward(r, to, out + r * n);
  });
  // one pass forward, two places in the graph
  sum = make_result("add_layer_norm", sum, {x, branch}, [](const Tensor& dy) -> Grads { return {dy, dy}; });
  y = make_result("add_layer_norm", y, {sum, weight, bias},
                  [norm, h = sum.detach()](const Tensor& dy) -> Grads { return norm.backward(h, dy); });
  return {sum, y};
}

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  const Rows rows("rms_norm", x);
  const index_t n = rows.width;
  check_weight("rms_norm", "weight", x, weight);
  Tensor y(x.shape()), inverse({rows.count});  // 1 / sqrt(mean(x^2) + eps)
  parallel_rows(rows.count, n, [&, w = weight.data(), to = y.mutable_data(), kept = inverse.mutable_data()](index_t r) {
    const real* const in = x.data() + r * n;
    real* const out = to + r * n;
    const real s = 1 / std::sqrt(row_sum(n, [in](index_t i) { return in[i] * in[i]; }) / static_cast<real>(n) +
                                 static_cast<real>(eps));
    kept[r] = s;
    for (index_t i = 0; i < n; ++i) out[i] = in[i] * s * w[i];
  });
  // With z = x * inverse and g = dy * weight: dx = inverse * (g - z * mean(g * z)); dweight = sum of dy * z over rows.
  return make_result("rms_norm", y, {x, weight}, [x, weight, inverse, rows](const Tensor& dy) -> Grads {
    const index_t width = rows.width;
    Tensor dx(x.shape()), dw(weight.shape());
    parallel_rows(rows.count, width, [&, w = weight.data(), to = dx.mutable_data()](index_t r) {
      const real* const in = x.data() + r * width;
      const real* const d = dy.data() + r * width;
      real* const out = to + r * width;
      const real s = inverse.data()[r];
      const real mean_gz =
          row_sum(width, [=](index_t i) { return d[i] * w[i] * in[i] * s; }) / static_cast<real>(width);
      for (index_t i = 0; i < width; ++i) out[i] = s * (d[i] * w[i] - in[i] * s * mean_gz);
    });
    column_sums(rows.count, width, dw.mutable_data(),
                [=, d = dy.data(), in = x.data(), s = inverse.data()](index_t r, index_t c) {
                  return d[r * width + c] * in[r * width + c] * s[r];
                });
    return {dx, dw};
  });
}

}  // namespace heddle
