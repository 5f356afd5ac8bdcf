#include "framework/gemm.h"
#include "framework/ops.h"
#include "framework/ops/broadcast.h"
#include "framework/ops/rows.h"

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
    for (index_t i = 0; i < stack.numel(); ++i) multiply_one(i, gemm);
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

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  ensure(weight.ndim() == 2, "linear: weight ", weight.shape(), " needs two axes [out, in]");
  const index_t out = weight.size(0), in = weight.size(1);
  ensure(x.ndim() >= 1 && x.size(-1) == in, "linear: x ", x.shape(), " needs last axis ", in, " (weight ",
         weight.shape(), ")");
  ensure(!bias.defined() || bias.shape() == Shape{out}, "linear: bias ", bias.shape(), " does not fit weight ",
         weight.shape());
  const index_t rows = x.shape().product(0, x.ndim() - 1);
  Tensor y(x.shape().with(-1, out));
  if (bias.defined()) {
    // the product adds to what stands there
    parallel_rows(rows, out, [&](index_t r) { std::copy_n(bias.data(), out, y.data() + r * out); });
  }
  gemm(rows, out, in, {x.data(), in}, {weight.data(), in, true}, {y.data(), out}, bias.defined() ? real{1} : real{0});
  return make_result("linear", y, {x, weight, bias}, [=](const Tensor& dy) -> Grads {
    Grads grads(3);
    if (x.requires_grad()) {
      grads[0] = Tensor(x.shape());
      gemm(rows, in, out, {dy.data(), out}, {weight.data(), in}, {grads[0].data(), in});
    }
    if (weight.requires_grad()) {
      grads[1] = Tensor(weight.shape());
      gemm(out, in, rows, {dy.data(), out, true}, {x.data(), in}, {grads[1].data(), in});
    }
    if (bias.requires_grad()) {
      grads[2] = Tensor(bias.shape());
      column_sums(rows, out, grads[2].data(), [d = dy.data(), out](index_t r, index_t c) { return d[r * out + c]; });
    }
    return grads;
  });
}

}  // namespace heddle
