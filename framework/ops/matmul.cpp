#include "framework/gemm.h"
#include "framework/ops.h"
#include "framework/ops/activation.h"
#include "framework/ops/broadcast.h"
#include "framework/rows.h"

namespace heddle {
namespace {

/// A stack of matrices: what matmul and its gradients multiply.
struct Stack {
  const Tensor& tensor;
  bool transposed;
};

/// c[i] = a[i] * b[i] for every matrix i of a broadcast stack. Few large products are cut into tiles, many small ones
/// are given whole to the threads; which of the two depends on the shapes alone.
Tensor multiply_stacks(Stack a, Stack b, Precision precision) {
  constexpr const char* op = "matmul";
  const auto check = [&](bool ok) {
    ensure(ok, op, ": a ", a.tensor.shape(), a.transposed ? " (transposed)" : "", " and b ", b.tensor.shape(),
           b.transposed ? " (transposed)" : "", " do not fit; wanted [..., M, K] and [..., K, N]");
  };
  check(a.tensor.ndim() >= 2 && b.tensor.ndim() >= 2);
  const auto rows = [](Stack o) { return o.tensor.size(o.transposed ? -1 : -2); };
  const auto columns = [](Stack o) { return o.tensor.size(o.transposed ? -2 : -1); };
  const index_t m = rows(a), k = columns(a), n = columns(b);
  check(rows(b) == k);
  const auto stack_of = [](const Tensor& t) { return t.shape().without(-1).without(-1); };
  const Shape stack_a = stack_of(a.tensor), stack_b = stack_of(b.tensor), stack = broadcast_shape(op, stack_a, stack_b);
  Tensor c(stack.inserted(stack.ndim(), m).inserted(stack.ndim() + 1, n));

  // For each matrix of the result the operands' matrices: a walk over the stacks, a matrix for an element.
  const BroadcastWalk<2> walk(stack, {stack_a, stack_b});
  const auto multiply_one = [&, to = c.mutable_data()](index_t i, auto&& product) {
    auto offset = walk.offsets(i / walk.width());
    for (std::size_t o = 0; o < 2; ++o) offset[o] += i % walk.width() * walk.steps()[o];
    product(m, n, k, ConstMatrix{a.tensor.data() + offset[0] * m * k, a.tensor.size(-1), a.transposed},
            ConstMatrix{b.tensor.data() + offset[1] * k * n, b.tensor.size(-1), b.transposed},
            Matrix{to + i * m * n, n}, precision, real{0});
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

Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b, Precision precision) {
  const Tensor c = multiply_stacks({a, transpose_a}, {b, transpose_b}, precision);
  // With A and B the operands as read: dA = dC B^T and dB = A^T dC, each written in the order its operand is stored.
  return make_result("matmul", c, {a, b}, [=](const Tensor& dc) -> Grads {
    Grads grads(2);
    if (a.requires_grad()) {
      grads[0] = sum_to(transpose_a ? multiply_stacks({b, transpose_b}, {dc, true}, precision)
                                    : multiply_stacks({dc, false}, {b, !transpose_b}, precision),
                        a.shape());
    }
    if (b.requires_grad()) {
      grads[1] = sum_to(transpose_b ? multiply_stacks({dc, true}, {a, transpose_a}, precision)
                                    : multiply_stacks({a, !transpose_a}, {dc, false}, precision),
                        b.shape());
    }
    return grads;
  });
}

namespace {

/// dz from dy, row by row: z [rows, out], dy [rows, width].
Tensor through_activation(Activation activation, const Tensor& dy, const Tensor& z) {
  if (activation == Activation::none) return dy;
  const bool gated = activation == Activation::swiglu;
  Tensor dz = gated ? Tensor(z.shape()) : reuse_or_allocate(dy);
  const index_t out = z.size(-1), width = dy.size(-1);
  with_functions(activation, [&](auto f) {
    parallel_rows(z.numel() / std::max<index_t>(out, 1), out, [&, slopes = dz.mutable_data()](index_t r) {
      const real* const from = dy.data() + r * width;
      const real* const at = z.data() + r * out;
      real* const to = slopes + r * out;
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

/// What is done to a tile of z = x W^T while it is in the cache: the bias is added, and y = f(z) written. With SwiGLU,
/// z's columns are the gates, then the values; y = f(gate) * value is as wide as one of them.
struct Finish {
  Activation activation;
  index_t out, width;  ///< columns of z and of y
  real *z, *y;         ///< one place where nothing needs z apart from y
  const real* bias;    ///< null if there is none

  bool needed() const { return bias != nullptr || activation != Activation::none; }
  void add_bias(index_t row, index_t column, index_t rows, index_t columns) const {
    for (index_t r = row; bias != nullptr && r < row + rows; ++r) {
      for (index_t c = column; c < column + columns; ++c) z[r * out + c] += bias[c];
    }
  }
  /// A tile of y and of z, or of its gates.
  void activate(index_t row, index_t column, index_t rows, index_t columns) const {
    add_bias(row, column, rows, columns);
    with_functions(activation, [&](auto f) {
      for (index_t r = row; r < row + rows; ++r) {
        const real* const from = z + r * out;
        real* const to = y + r * width;
        for (index_t c = column; c < column + columns; ++c) to[c] = f.value(from[c]);
      }
    });
  }
  /// A tile of y, which is f(gate) so far, and of the values.
  void gate(index_t row, index_t column, index_t rows, index_t columns) const {
    add_bias(row, width + column, rows, columns);
    for (index_t r = row; r < row + rows; ++r) {
      const real* const values = z + r * out + width;
      real* const to = y + r * width;
      for (index_t c = column; c < column + columns; ++c) to[c] *= values[c];
    }
  }
};

/// A linear layer's input and weight as backward needs them, and its sizes.
struct LinearOperands {
  index_t rows, in, out;
  Tensor x;         ///< undefined where the rounded one serves
  Bf16Tensor half;  ///< of x
  Tensor weight;
  Precision precision;

  ConstMatrix input() const { return {x.data(), in, false, half.data()}; }
  /// z's columns [first, first + width). Few rows take as long as the weight takes to come from memory: as bf16, where
  /// that loses nothing.
  void multiply(index_t first, index_t width, real* z, const AfterTile& after) const {
    const bool few = rows <= kFewRows;
    Bf16Tensor half_weight = rounded_parameter(weight, precision);
    if (few && !half_weight.defined()) half_weight = weight.exact_bf16();
    const ConstMatrix right{weight.data() + first * in, in, true,
                            half_weight.defined() ? half_weight.data() + first * in : nullptr};
    const Matrix to{z + first, out};
    if (few) {
      gemm_few_rows(rows, width, in, x.data(), right, to, after);
    } else {
      gemm(rows, width, in, input(), right, to, precision, 0, after);
    }
  }
  /// dx = dz w and dw = dz^T x, into those of them that are wanted.
  void gradients(ConstMatrix dz, Tensor& dx, Tensor& dw) const {
    const Bf16Tensor half_weight = rounded_parameter(weight, precision);
    const ConstMatrix right{weight.data(), in, false, half_weight.data()};
    ConstMatrix across = dz;
    across.transposed = true;
    const MatrixProduct of_x{rows, in, out, dz, right, {dx.mutable_data(), in}};
    const MatrixProduct of_w{out, in, rows, across, input(), {dw.mutable_data(), in}};
    if (dx.defined() && dw.defined()) return gemm_both(of_x, of_w, precision);
    for (const MatrixProduct& p : {of_x, of_w}) {
      if (p.c.data != nullptr) gemm(p.m, p.n, p.k, p.a, p.b, p.c, precision);
    }
  }
};

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation, Precision precision) {
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
  const Finish finish{activation, out, width, z.mutable_data(), y.mutable_data(), bias.data()};
  const auto activate = [&](auto... tile) { finish.activate(tile...); };
  const auto gate = [&](auto... tile) { finish.gate(tile...); };
  LinearOperands operands{
      rows, in, out, x.detach(), rows <= kFewRows ? Bf16Tensor() : rounded_operand(x, precision), weight, precision};
  operands.multiply(0, width, finish.z, finish.needed() ? AfterTile(activate) : AfterTile());
  if (gated) operands.multiply(width, width, finish.z, gate);
  // Where a rounded x is at hand, backward's product needs no other.
  if (operands.half.defined()) operands.x = Tensor();
  const Tensor kept_z = activation == Activation::none ? Tensor() : z;
  return make_result("linear", y, {x, weight, bias},
                     [=, shape = x.shape(), wants_dx = x.requires_grad()](const Tensor& dy) -> Grads {
                       const Tensor dz = through_activation(activation, dy, kept_z);
                       const Bf16Tensor half_dz = rounded_operand(dz, precision);
                       const ConstMatrix slopes{dz.data(), out, false, half_dz.data()};
                       Grads grads(3);
                       if (wants_dx) grads[0] = Tensor(shape);
                       if (weight.requires_grad()) grads[1] = Tensor(weight.shape());
                       operands.gradients(slopes, grads[0], grads[1]);
                       if (bias.requires_grad()) {
                         grads[2] = Tensor(bias.shape());
                         column_sums(rows, out, grads[2].mutable_data(),
                                     [d = dz.data(), out](index_t r, index_t c) { return d[r * out + c]; });
                       }
                       return grads;
                     });
}

}  // namespace heddle
