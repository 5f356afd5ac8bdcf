#include <cmath>

#include "framework/ops.h"
#include "framework/ops/activation.h"
#include "framework/ops/broadcast.h"
#include "framework/ops/dropout.h"

namespace heddle {

Shape broadcast_shape(const char* op, const Shape& a, const Shape& b) {
  const int ndim = std::max(a.ndim(), b.ndim());
  std::vector<index_t> sizes(static_cast<std::size_t>(ndim), 1);
  for (int axis = 1; axis <= ndim; ++axis) {
    const index_t in_a = axis <= a.ndim() ? a[-axis] : 1, in_b = axis <= b.ndim() ? b[-axis] : 1;
    ensure(in_a == in_b || in_a == 1 || in_b == 1, op, ": ", a, " and ", b, " cannot be broadcast: axis ", -axis,
           " is ", in_a, " and ", in_b);
    sizes[static_cast<std::size_t>(ndim - axis)] = in_a == 1 ? in_b : in_a;
  }
  return Shape(sizes);
}

namespace {

/// y[i] = f(x[i])
template <class F>
Tensor map(const char* op, const Tensor& x, const F& f) {
  ensure(x.defined(), op, ": x is undefined");
  Tensor y(x.shape());
  parallel_for(x.numel(), row_grain(x.numel()), [&, in = x.data(), out = y.mutable_data()](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) out[i] = f(in[i]);
  });
  return y;
}

/// y[i] = f(a[i], b[i]), broadcast.
template <class F>
Tensor map(const char* op, const Tensor& a, const Tensor& b, const F& f) {
  ensure(a.defined() && b.defined(), op, ": an operand is undefined");
  Tensor y(broadcast_shape(op, a.shape(), b.shape()));
  const BroadcastWalk<2> walk(y.shape(), {a.shape(), b.shape()});
  const auto [step_a, step_b] = walk.steps();
  walk.run(y.numel(), [&, step_a = step_a, step_b = step_b, to = y.mutable_data()](
                          index_t at, index_t count, const std::array<index_t, 2>& offset) {
    const real* const p = a.data() + offset[0];
    const real* const q = b.data() + offset[1];
    real* const out = to + at;
    // the three usual cases, each a loop that vectorizes
    if (step_a == 1 && step_b == 1) {
      for (index_t i = 0; i < count; ++i) out[i] = f(p[i], q[i]);
    } else if (step_a == 1) {
      for (index_t i = 0; i < count; ++i) out[i] = f(p[i], *q);
    } else if (step_b == 1) {
      for (index_t i = 0; i < count; ++i) out[i] = f(*p, q[i]);
    } else {
      std::fill_n(out, count, f(*p, *q));
    }
  });
  return y;
}

/// An op of one tensor. derivative(x, y) is dy/dx; what it does not use of the two is not kept: say so by Keep.
enum class Keep { x, y };
template <Keep keep, class F, class D>
Tensor unary(const char* name, const Tensor& x, const F& f, const D& derivative) {
  const Tensor y = map(name, x, f);
  return make_result(name, y, {x}, [kept = keep == Keep::x ? x.detach() : y, derivative](const Tensor& dy) -> Grads {
    Tensor dx = reuse_or_allocate(dy);
    parallel_for(dx.numel(), row_grain(dx.numel()),
                 [&, d = dy.data(), v = kept.data(), out = dx.mutable_data()](index_t begin, index_t end) {
                   for (index_t i = begin; i < end; ++i) out[i] = d[i] * derivative(v[i]);
                 });
    return {dx};
  });
}

template <class Activation>
Tensor activated(const char* name, const Tensor& x) {
  return unary<Keep::x>(name, x, Activation::value, Activation::slope);
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  const Tensor y = map("add", a, b, [](real p, real q) { return p + q; });
  return make_result("add", y, {a, b}, [sa = a.shape(), sb = b.shape()](const Tensor& dy) -> Grads {
    return {sum_to(dy, sa), sum_to(dy, sb)};
  });
}

Tensor subtract(const Tensor& a, const Tensor& b) {
  const Tensor y = map("subtract", a, b, [](real p, real q) { return p - q; });
  return make_result("subtract", y, {a, b}, [sa = a.shape(), sb = b.shape()](const Tensor& dy) -> Grads {
    return {sum_to(dy, sa), negate(sum_to(dy, sb))};
  });
}

Tensor multiply(const Tensor& a, const Tensor& b) {
  const Tensor y = map("multiply", a, b, [](real p, real q) { return p * q; });
  return make_result("multiply", y, {a, b}, [a, b](const Tensor& dy) -> Grads {
    return {a.requires_grad() ? sum_to(multiply(dy, b), a.shape()) : Tensor(),
            b.requires_grad() ? sum_to(multiply(dy, a), b.shape()) : Tensor()};
  });
}

Tensor divide(const Tensor& a, const Tensor& b) {
  const Tensor y = map("divide", a, b, [](real p, real q) { return p / q; });
  return make_result("divide", y, {a, b}, [a, b, y](const Tensor& dy) -> Grads {
    const Tensor da = divide(dy, b);
    return {sum_to(da, a.shape()), b.requires_grad() ? negate(sum_to(multiply(da, y), b.shape())) : Tensor()};
  });
}

Tensor add(const Tensor& a, real b) {
  return make_result("add_constant", map("add_constant", a, [b](real v) { return v + b; }), {a},
                     [](const Tensor& dy) -> Grads { return {dy}; });
}

Tensor multiply(const Tensor& a, real b) {
  return make_result("multiply_constant", map("multiply_constant", a, [b](real v) { return v * b; }), {a},
                     [b](const Tensor& dy) -> Grads { return {multiply(dy, b)}; });
}

Tensor negate(const Tensor& x) {
  return make_result("negate", map("negate", x, [](real v) { return -v; }), {x},
                     [](const Tensor& dy) -> Grads { return {negate(dy)}; });
}

Tensor exp(const Tensor& x) {
  return unary<Keep::y>(
      "exp", x, [](real v) { return exp_of(v); }, [](real y) { return y; });
}

Tensor log(const Tensor& x) {
  return unary<Keep::x>(
      "log", x, [](real v) { return std::log(v); }, [](real v) { return 1 / v; });
}

Tensor pow(const Tensor& x, real exponent) {
  // x^0 is 1 everywhere, also for the derivative at 0, where 0 * 0^-1 would be NaN
  return unary<Keep::x>(
      "pow", x, [=](real v) { return std::pow(v, exponent); },
      [=](real v) { return exponent == 0 ? real{0} : exponent * std::pow(v, exponent - 1); });
}

Tensor sqrt(const Tensor& x) {
  return unary<Keep::y>(
      "sqrt", x, [](real v) { return std::sqrt(v); }, [](real y) { return real{0.5} / y; });
}

Tensor tanh(const Tensor& x) {
  return unary<Keep::y>(
      "tanh", x, [](real v) { return tanh_of(v); }, [](real y) { return 1 - y * y; });
}

Tensor sigmoid(const Tensor& x) {
  return unary<Keep::y>(
      "sigmoid", x, [](real v) { return sigmoid_of(v); }, [](real y) { return y * (1 - y); });
}

Tensor relu(const Tensor& x) { return activated<Relu>("relu", x); }
Tensor relu_squared(const Tensor& x) { return activated<ReluSquared>("relu_squared", x); }
Tensor gelu(const Tensor& x) { return activated<Gelu>("gelu", x); }
Tensor gelu_tanh(const Tensor& x) { return activated<GeluTanh>("gelu_tanh", x); }
Tensor silu(const Tensor& x) { return activated<Silu>("silu", x); }

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  ensure(condition.defined() && a.defined() && b.defined(), "where: an operand is undefined");
  const Shape shape = broadcast_shape("where", broadcast_shape("where", a.shape(), b.shape()), condition.shape());
  Tensor y(shape);
  const BroadcastWalk<3> walk(shape, {condition.shape(), a.shape(), b.shape()});
  walk.run(y.numel(), [&, step = walk.steps(), out = y.mutable_data()](index_t at, index_t count,
                                                                       const std::array<index_t, 3>& offset) {
    for (index_t i = 0; i < count; ++i) {
      const bool chosen = condition.data()[offset[0] + i * step[0]] != 0;
      out[at + i] = chosen ? a.data()[offset[1] + i * step[1]] : b.data()[offset[2] + i * step[2]];
    }
  });
  return make_result(
      "where", y, {condition, a, b},
      [condition = condition.detach(), sa = a.shape(), sb = b.shape()](const Tensor& dy) -> Grads {
        const Tensor zero = Tensor::scalar(0);
        return {Tensor(), sum_to(where(condition, dy, zero), sa), sum_to(where(condition, zero, dy), sb)};
      });
}

Tensor dropout(const Tensor& x, double p, const Rng& rng, index_t first_row) {
  ensure(x.defined(), "dropout: x is undefined");
  ensure(p >= 0 && p < 1, "dropout: probability ", p, " is not within [0, 1)");
  if (p == 0) return x;
  const index_t before = x.ndim() > 0 && x.size(0) > 0 ? x.numel() / x.size(0) * first_row : 0;
  const auto drop = [p, rng, before](const Tensor& from, Tensor to) {
    parallel_for(from.numel(), row_grain(from.numel(), 2), [&, out = to.mutable_data()](index_t begin, index_t end) {
      drop_elements(rng, p, before + begin, end - begin, from.data() + begin, out + begin);
    });
    return to;
  };
  return make_result("dropout", drop(x, Tensor(x.shape())), {x},
                     [drop](const Tensor& dy) -> Grads { return {drop(dy, reuse_or_allocate(dy))}; });
}

}  // namespace heddle
