#include "framework/gemm.h"
#include "framework/ops.h"
#include "framework/ops/activation.h"
#include "framework/ops/broadcast.h"
#include "framework/rows.h"

namespace heddle {
namespace {

/// One matrix of a stack: what matmul and its gradients multiply.
struct Operand {
  const Tensor& tensor;
  bool transposed;
};

/// c[i] = a[i] * b[i] for every matrix i of a broadcast stack. Few large products are cut into tiles, many small ones
/// are given whole to the threads; which of the two depends on the shapes alone.
Tensor multiply_stacks(const char* op, Operand a, Operand b) {
  const auto check = [&](bool ok) {
    ensure(ok, op, ": a ", a.tensor.shape(), a.transposed ? " (transposed)" : "", " and b ", b.tensor.shape(),
           b.transposed ? " (transposed)" : "", " do not fit; wanted [..., M, K] and [..., K, N]");
  };
  check(a.tensor.ndim() >= 2 && b.tensor.ndim() >= 2);
  const auto rows = [](Operand o) { return o.tensor.size(o.transposed ? -1 : -2); };
  const auto columns = [](Operand o) { return o.tensor.size(o.transposed ? -2 : -1); };
  const index_t m = rows(a), k = columns(a), n = columns(b);
  check(rows(b) == k);
  const auto stack_of = [](const Tensor& t) { return t.shape().without(-1).without(-1); };
  const Shape stack_a = stack_of(a.tensor), stack_b = stack_of(b.tensor), stack = broadcast_shape(op, stack_a, stack_b);
  Tensor c(stack.inserted(stack.ndim(), m).inserted(stack.ndim() + 1, n));

  // For each matrix of the result the operands' matrices: a walk over the stacks, a matrix for an element.
  const BroadcastWalk<2> walk(stack, {stack_a, stack_b});
  const auto multiply_one = [&](index_t i, auto&& product) {
    auto offset = walk.offsets(i / walk.width());
    for (std::size_t o = 0; o < 2; ++o) offset[o] += i % walk.width() * walk.steps()[o];
    product(m, n, k, ConstMatrix{a.tensor.data() + offset[0] * m * k, a.tensor.size(-1), a.transposed},
            ConstMatrix{b.tensor.data() + offset[1] * k * n, b.tensor.size(-1), b.transposed},
            Matrix{c.data() + i * m * n, n}, real{0});
  };
  constexpr index_t kLarge = index_t{1} << 22;  // multiplications from which a matrix is worth cutting
  if (m * n * k >= kLarge) {
    for (index_t i = 0; i < stack.numel(); ++i) multiply_one(i, [](auto... of) { gemm(of...); });
  } else {
    parallel_rows(stack.numel(), m * n * k / 16, [&](index_t i) { multiply_one(i, gemm_serial); });
  }
  return c;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  const Tensor c = multiply_stacks("matmul", {a, transpose_a}, {b, transpose_b});
  // With A and B the operands as read: dA = dC B^T and dB = A^T dC, each written in the order its operand is stored.
  return make_result("matmul", c, {a, b}, [=](const Tensor& dc) -> Grads {
    Grads grads(2);
    if (a.requires_grad()) {
      grads[0] = sum_to(transpose_a ? multiply_stacks("matmul", {b, transpose_b}, {dc, true})
                                    : multiply_stacks("matmul", {dc, false}, {b, !transpose_b}),
                        a.shape());
    }
    if (b.requires_grad()) {
      grads[1] = sum_to(transpose_b ? multiply_stacks("matmul", {dc, true}, {a, transpose_a})
                                    : multiply_stacks("matmul", {a, !transpose_a}, {dc, false}),
                        b.shape());
    }
    return grads;
  });
}

namespace {

/// Calls f with the functions of an elementwise activation.
template <class F>
void with_functions(Activation activation, const F& f) {
  switch (activation) {
    case Activation::relu: return f(Relu());
    case Activation::relu_squared: return f(ReluSquared());
    case Activation::gelu: return f(Gelu());
    case Activation::gelu_tanh: return f(GeluTanh());
    case Activation::silu:
    case Activation::swiglu:  // of the gates
      return f(Silu());
    case Activation::none: return;
  }
}

/// dz from dy, row by row: z [rows, out], dy [rows, width].
Tensor through_activation(Activation activation, const Tensor& dy, const Tensor& z) {
  if (activation == Activation::none) return dy;
  const bool gated = activation == Activation::swiglu;
  Tensor dz = gated ? Tensor(z.shape()) : own_or_new(dy);
  const index_t out = z.size(-1), width = dy.size(-1);
  with_functions(activation, [&](auto f) {
    parallel_rows(z.numel() / std::max<index_t>(out, 1), out, [&](index_t r) {
      const real* const from = dy.data() + r * width;
      const real* const at = z.data() + r * out;
      real* const to = dz.data() + r * out;
      if (!gated) {
        for (index_t c = 0; c < out; ++c) to[c] = from[c] * f.slope(at[c]);
        return;
      }
      for (index_t c = 0; c < width; ++c) {
        to[c] = from[c] * at[width + c] * f.slope(at[c]);
        to[width + c] = from[c] * f.value(at[c]);
      }
    });
  });
  return dz;
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation) {
  ensure(weight.ndim() == 2, "linear: weight ", weight.shape(), " needs two axes [out, in]");
  const index_t out = weight.size(0), in = weight.size(1);
  ensure(x.ndim() >= 1 && x.size(-1) == in, "linear: x ", x.shape(), " needs last axis ", in, " (weight ",
         weight.shape(), ")");
  ensure(!bias.defined() || bias.shape() == Shape{out}, "linear: bias ", bias.shape(), " does not fit weight ",
         weight.shape());
  const bool gated = activation == Activation::swiglu;
  ensure(!gated || out % 2 == 0, "linear: swiglu needs as many gates as values, not weight ", weight.shape());
  const index_t rows = x.shape().product(0, x.ndim() - 1), width = gated ? out / 2 : out;
  const bool wants_grad = grad_enabled() && (x.requires_grad() || weight.requires_grad() || bias.requires_grad());

  Tensor y(x.shape().with(-1, width)), z = y;  // z apart from y where backward needs it, or y is narrower
  if (activation != Activation::none && (wants_grad || gated)) z = Tensor(x.shape().with(-1, out));
  const auto finish = [&](index_t row, index_t column, index_t count, index_t columns) {
    for (index_t r = row; r < row + count; ++r) {
      real* const at = z.data() + r * out;
      if (bias.defined()) {
        for (index_t c = column; c < column + columns; ++c) at[c] += bias.data()[c];
      }
      real* const to = y.data() + r * width;
      with_functions(activation, [&](auto f) {
        if (!gated) {
          for (index_t c = column; c < column + columns; ++c) to[c] = f.value(at[c]);
        } else if (column >= width) {  // the gates are done before the values
          for (index_t c = column; c < column + columns; ++c) to[c - width] = f.value(at[c - width]) * at[c];
        }
      });
    }
  };
  const AfterTile after = bias.defined() || activation != Activation::none ? AfterTile(finish) : AfterTile();
  const bool few = rows <= kFewRows;
  const Bf16Tensor half = few ? Bf16Tensor() : rounded_operand(x);
  const bf16_t* const half_weight = rounded_of(weight);
  for (index_t first = 0; first < out; first += width) {  // the gates, then the values
    const ConstMatrix right{weight.data() + first * in, in, true,
                            half_weight != nullptr ? half_weight + first * in : nullptr};
    const Matrix to{z.data() + first, out};
    const AfterTile then = first == 0 ? after : [&](index_t row, index_t column, index_t count, index_t columns) {
      finish(row, width + column, count, columns);
    };
    if (few) {
      gemm_few_rows(rows, width, in, x.data(), right, to, then);
    } else {
      gemm(rows, width, in, {x.data(), in, false, half.data()}, right, to, 0, then);
    }
  }
  // Where a rounded x is at hand, backward's product needs no other.
  const Tensor kept_x = half.defined() ? Tensor() : x.detach();
  const Tensor kept_z = activation == Activation::none ? Tensor() : z;
  return make_result("linear", y, {x, weight, bias},
                     [=, shape = x.shape(), wants_dx = x.requires_grad()](const Tensor& dy) -> Grads {
                       Grads grads(3);
                       const Tensor dz = through_activation(activation, dy, kept_z);
                       const Bf16Tensor half_dz = rounded_operand(dz);
                       if (wants_dx) {
                         grads[0] = Tensor(shape);
                         gemm(rows, in, out, {dz.data(), out, false, half_dz.data()},
                              {weight.data(), in, false, rounded_of(weight)}, {grads[0].data(), in});
                       }
                       if (weight.requires_grad()) {
                         grads[1] = Tensor(weight.shape());
                         gemm(out, in, rows, {dz.data(), out, true, half_dz.data()},
                              {kept_x.data(), in, false, half.data()}, {grads[1].data(), in});
                       }
                       if (bias.requires_grad()) {
                         grads[2] = Tensor(bias.shape());
                         column_sums(rows, out, grads[2].data(),
                                     [d = dz.data(), out](index_t r, index_t c) { return d[r * out + c]; });
                       }
                       return grads;
                     });
}

}  // namespace heddle
