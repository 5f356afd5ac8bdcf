#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "framework/gemm.h"
#include "framework/ops.h"
#include "framework/ops/vector_math.h"
#include "framework/rows.h"

namespace heddle {
namespace {

/// A layer's sequence: its sizes and what every cell has.
struct Sequence {
  Sequence(const char* op, index_t gates_, const Tensor& x, const Tensor& weight_, const Tensor& hidden,
           Precision precision_)
      : gates(gates_), weight(weight_.detach()), precision(precision_) {
    ensure(weight.ndim() == 2 && weight.size(0) == gates * weight.size(1), op, ": weight ", weight.shape(),
           " must be [", gates, " H, H]");
    ensure(x.ndim() == 3 && x.size(2) == weight.size(0) && x.size(1) > 0, op, ": x ", x.shape(),
           " must be [rows, steps, ", weight.size(0), "] of at least one step (weight ", weight.shape(), ")");
    rows = x.size(0);
    time = x.size(1);
    width = weight.size(1);
    first = state(op, "hidden", hidden);
    all = Tensor({rows, time, width});
    out = all.mutable_data();
  }

  /// A first state [B, H]: zeros if it is undefined.
  Tensor state(const char* op, const char* name, const Tensor& given) const {
    if (!given.defined()) return Tensor::zeros({rows, width});
    ensure(given.shape() == Shape{rows, width}, op, ": the first ", name, " state ", given.shape(), " must be ",
           Shape{rows, width});
    return given.detach();
  }
  /// Where step t of a row begins in a tensor [B, T, columns].
  index_t at(index_t row, index_t t, index_t columns) const { return (row * time + t) * columns; }
  /// The hidden state before a step.
  const real* before(index_t row, index_t t) const {
    return t > 0 ? all.data() + at(row, t - 1, width) : first.data() + row * width;
  }
  /// Rows that one task takes through all steps: as many as make good use of a part of the weight while it is in the
  /// cache, but even a small batch makes two tasks.
  index_t rows_of_task() const {
    constexpr index_t kMost = 16, kWorthTwo = 8;
    const index_t tasks = std::max<index_t>(rows >= kWorthTwo ? 2 : 1, (rows + kMost - 1) / kMost);
    return std::max<index_t>(1, (rows + tasks - 1) / tasks);
  }

  index_t gates, rows = 0, time = 0, width = 0;
  Tensor weight, first, all;  ///< all: the hidden states
  real* out = nullptr;        ///< where forward writes those
  Precision precision;
};

/// An operand of products, a row beside the other, rounded where they read it so.
class Operand {
 public:
  Operand(index_t rows, index_t width, Precision precision) : width_(width) {
    if (reads_bf16(precision)) {
      rounded_ = Bf16Tensor(rows * width);
    } else {
      full_ = Tensor({rows, width});
    }
    to_ = full_.mutable_data();
    half_ = rounded_.data();
  }
  /// Elements of a row from column `column` on.
  void put(index_t row, index_t column, const real* from, index_t count) const {
    const index_t begin = row * width_ + column;
    if (half_ == nullptr) {
      std::copy_n(from, count, to_ + begin);
    } else {
      for (index_t i = 0; i < count; ++i) half_[begin + i] = to_bf16(from[i]);
    }
  }
  ConstMatrix from_row(index_t row) const {
    return {{to_ == nullptr ? nullptr : to_ + row * width_, width_}, half_ == nullptr ? nullptr : half_ + row * width_};
  }

 private:
  index_t width_;
  Tensor full_;
  Bf16Tensor rounded_;
  real* to_;
  bf16_t* half_;
};

/// Calls step(row, t, product) for every row and step, a row's in order; product [G H] is weight times the hidden state
/// before. The step writes the hidden state after it.
template <class Step>
void forward_steps(const Sequence& s, const Step& step) {
  const index_t columns = s.gates * s.width;
  if (s.time == 1) {  // a product by itself, as when text is written token by token, is not worth packing the weight
    const NoGradGuard no_grad;
    const Tensor products = linear(s.first, s.weight, {}, Activation::none, s.precision);
    parallel_rows(s.rows, columns, [&](index_t row) { step(row, 0, products.data() + row * columns); });
    return;
  }
  const Bf16Tensor rounded = rounded_parameter(s.weight, s.precision);
  const PackedMatrix packed(s.width, columns, {{s.weight.data(), s.width, true}, rounded.data()}, s.precision);
  const Operand operand(s.rows, s.width, s.precision);
  Tensor products({s.rows, columns});
  parallel_for(s.rows, s.rows_of_task(), [&, to = products.mutable_data()](index_t begin, index_t end) {
    for (index_t t = 0; t < s.time; ++t) {
      for (index_t row = begin; row < end; ++row) operand.put(row, 0, s.before(row, t), s.width);
      gemm_packed(end - begin, operand.from_row(begin), packed, {to + begin * columns, columns});
      for (index_t row = begin; row < end; ++row) step(row, t, to + row * columns);
    }
  });
}

/// Calls step(row, t, later, operand) for every row and step, a row's in reverse order. later [H] is what the steps
/// after it give to the gradient of its hidden state through the product; the step puts the gradient of its own product
/// [G H] into the operand. Returns what the first step gives [B, H], if it is wanted.
template <class Step>
Tensor backward_steps(const Sequence& s, bool wants_first, const Step& step) {
  const index_t columns = s.gates * s.width;
  const Bf16Tensor rounded = rounded_parameter(s.weight, s.precision);
  const PackedMatrix packed(columns, s.width, {{s.weight.data(), s.width}, rounded.data()}, s.precision);
  const Operand operand(s.rows, columns, s.precision);
  Tensor later = Tensor::zeros({s.rows, s.width});
  parallel_for(s.rows, s.rows_of_task(), [&, to = later.mutable_data()](index_t begin, index_t end) {
    for (index_t t = s.time - 1; t >= 0; --t) {
      for (index_t row = begin; row < end; ++row) step(row, t, to + row * s.width, operand);
      if (t > 0 || wants_first)
        gemm_packed(end - begin, operand.from_row(begin), packed, {to + begin * s.width, s.width});
    }
  });
  return wants_first ? later : Tensor();
}

/// The hidden states before all steps, a row each: the right operand of the weight's gradient.
Operand states_before(const Sequence& s) {
  const Operand before(s.rows * s.time, s.width, s.precision);
  parallel_rows(s.rows * s.time, s.width,
                [&](index_t i) { before.put(i, 0, s.before(i / s.time, i % s.time), s.width); });
  return before;
}

/// The sum over all rows and steps of dz^T h_{t-1}, of dz's first `count` columns: count rows of the weight's gradient,
/// written to `to`.
void weight_gradient(const Sequence& s, const Operand& before, const Tensor& dz, index_t count, real* to) {
  // where products read rounded numbers, those of dz are kept beside it: the linear layer that made x wants them too
  const Bf16Tensor half = rounded_parameter(dz, s.precision);
  gemm(count, s.width, s.rows * s.time, {{dz.data(), dz.size(2), true}, half.data()}, before.from_row(0), {to, s.width},
       s.precision);
}

/// Units that a cell computes at a time. Each function goes over all of them before the next one begins, so that many
/// are in flight at once; they stand in arrays of the cell's own, so that the compiler need not ask what overlaps, as
/// the gates' sums and results may.
constexpr index_t kUnits = 64;
using Units = real[kUnits];

/// Calls f(first, count) for stretches of units.
template <class F>
void for_units(index_t width, const F& f) {
  for (index_t first = 0; first < width; first += kUnits) f(first, std::min(kUnits, width - first));
}

/// to[j] = f(j) for j < count.
template <class F>
void fill(Units& to, index_t count, const F& f) {
  for (index_t j = 0; j < count; ++j) to[j] = f(j);
}

/// The memory of a sum that nobody else holds, where its functions may be written; else as much.
Tensor reuse_or_make(const Tensor& x) { return x.use_count() == 1 ? x.detach() : Tensor(x.shape()); }

}  // namespace

Tensor rnn(Tensor x, const Tensor& weight, const Tensor& hidden, Precision precision) {
  Sequence s("rnn", 1, x, weight, hidden, precision);
  forward_steps(s, [&, in = x.data()](index_t row, index_t t, const real* product) {
    const real* const sum = in + s.at(row, t, s.width);
    real* const to = s.out + s.at(row, t, s.width);
    for_units(s.width, [=](index_t u, index_t count) {
      Units h;
      fill(h, count, [&](index_t j) { return tanh_of(sum[u + j] + product[u + j]); });
      std::copy_n(h, count, to + u);
    });
  });
  // With z the sum inside tanh: dz = (1 - h^2) dh, and dh_{t-1} = dy_{t-1} + weight^T dz_t.
  const bool wants_first = hidden.defined() && hidden.requires_grad();
  return make_result("rnn", s.all, {x, weight, hidden}, [s, wants_first](const Tensor& dy) -> Grads {
    Tensor dx(dy.shape()), dw(s.weight.shape());
    const auto step = [&, out = dx.mutable_data()](index_t row, index_t t, const real* later, const Operand& dz) {
      const index_t begin = s.at(row, t, s.width);
      const real *const d = dy.data() + begin, *const h = s.all.data() + begin;
      for_units(s.width, [=, to = out + begin](index_t u, index_t count) {
        Units z;
        fill(z, count, [&](index_t j) { return (d[u + j] + later[u + j]) * (1 - h[u + j] * h[u + j]); });
        std::copy_n(z, count, to + u);
      });
      dz.put(row, 0, out + begin, s.width);
    };
    const Tensor dfirst = backward_steps(s, wants_first, step);
    weight_gradient(s, states_before(s), dx, s.width, dw.mutable_data());
    return {dx, dw, dfirst};
  });
}

namespace {

/// What backward needs of an LSTM's forward: the gates i, f, g, o after their functions [B, T, 4 H], the cell states
/// [B, T, H], the first one [B, H].
struct LstmKept {
  Tensor gates, cells, first;
  const real* before(const Sequence& s, index_t row, index_t t) const {
    return t > 0 ? cells.data() + s.at(row, t - 1, s.width) : first.data() + row * s.width;
  }
};

void lstm_forward(const Sequence& s, const LstmKept& kept, const real* x, real* gates, real* cells) {
  const index_t n = s.width;
  forward_steps(s, [&](index_t row, index_t t, const real* product) {
    const real *const in = x + s.at(row, t, 4 * n), *const before = kept.before(s, row, t);
    real* const to = gates + s.at(row, t, 4 * n);
    real *const cell = cells + s.at(row, t, n), *const hidden = s.out + s.at(row, t, n);
    for_units(n, [=](index_t u, index_t count) {
      Units i, f, g, o, c, h;
      const auto sum = [=](index_t gate, index_t j) { return in[gate * n + u + j] + product[gate * n + u + j]; };
      fill(i, count, [&](index_t j) { return sigmoid_of(sum(0, j)); });
      fill(f, count, [&](index_t j) { return sigmoid_of(sum(1, j)); });
      fill(g, count, [&](index_t j) { return tanh_of(sum(2, j)); });
      fill(o, count, [&](index_t j) { return sigmoid_of(sum(3, j)); });
      fill(c, count, [&](index_t j) { return f[j] * before[u + j] + i[j] * g[j]; });
      fill(h, count, [&](index_t j) { return o[j] * tanh_of(c[j]); });
      std::copy_n(i, count, to + u);
      std::copy_n(f, count, to + n + u);
      std::copy_n(g, count, to + 2 * n + u);
      std::copy_n(o, count, to + 3 * n + u);
      std::copy_n(c, count, cell + u);
      std::copy_n(h, count, hidden + u);
    });
  });
}

/// dc_t = o (1 - tanh(c_t)^2) dh_t + f_{t+1} dc_{t+1}; each gate's sum gets what its function's slope lets through.
Grads lstm_backward(const Sequence& s, const LstmKept& kept, const Tensor& dy, const Tensor& dlast, bool wants_hidden,
                    bool wants_cell) {
  const index_t n = s.width;
  Tensor dx(kept.gates.shape()), dw(s.weight.shape()), carry = dlast.clone();  // dc_t as the steps after t give it
  const auto step = [&, out = dx.mutable_data(), carried = carry.mutable_data()](index_t row, index_t t,
                                                                                 const real* later, const Operand& dz) {
    const index_t begin = s.at(row, t, n);
    const real *const d = dy.data() + begin, *const cell = kept.cells.data() + begin,
                      *const before = kept.before(s, row, t), *const gates = kept.gates.data() + 4 * begin;
    real *const to = out + 4 * begin, *const dcell = carried + row * n;
    for_units(n, [=](index_t u, index_t count) {
      const real *const i = gates + u, *const f = i + n, *const g = f + n, *const o = g + n;
      Units tanh_cell, dh, dc, di, df, dg, dsum_o;
      fill(tanh_cell, count, [&](index_t j) { return tanh_of(cell[u + j]); });
      fill(dh, count, [&](index_t j) { return d[u + j] + later[u + j]; });
      fill(dc, count, [&](index_t j) { return dcell[u + j] + dh[j] * o[j] * (1 - tanh_cell[j] * tanh_cell[j]); });
      fill(di, count, [&](index_t j) { return dc[j] * g[j] * i[j] * (1 - i[j]); });
      fill(df, count, [&](index_t j) { return dc[j] * before[u + j] * f[j] * (1 - f[j]); });
      fill(dg, count, [&](index_t j) { return dc[j] * i[j] * (1 - g[j] * g[j]); });
      fill(dsum_o, count, [&](index_t j) { return dh[j] * tanh_cell[j] * o[j] * (1 - o[j]); });
      fill(dc, count, [&](index_t j) { return dc[j] * f[j]; });
      std::copy_n(di, count, to + u);
      std::copy_n(df, count, to + n + u);
      std::copy_n(dg, count, to + 2 * n + u);
      std::copy_n(dsum_o, count, to + 3 * n + u);
      std::copy_n(dc, count, dcell + u);
    });
    dz.put(row, 0, to, 4 * n);
  };
  const Tensor dfirst = backward_steps(s, wants_hidden, step);
  weight_gradient(s, states_before(s), dx, 4 * n, dw.mutable_data());
  return {dx, dw, dfirst, wants_cell ? carry : Tensor()};
}

}  // namespace

std::pair<Tensor, Tensor> lstm(Tensor x, const Tensor& weight, const Tensor& hidden, const Tensor& cell,
                               Precision precision) {
  const Sequence s("lstm", 4, x, weight, hidden, precision);
  LstmKept kept{reuse_or_make(x), Tensor(s.all.shape()), s.state("lstm", "cell", cell)};
  lstm_forward(s, kept, x.data(), kept.gates.mutable_data(), kept.cells.mutable_data());
  Tensor last({s.rows, s.width});
  for (index_t row = 0; row < s.rows; ++row)
    std::copy_n(kept.before(s, row, s.time), s.width, last.mutable_data() + row * s.width);
  // Two results of one pass, two places in the graph: backward comes to the hidden states first, which leave their
  // gradient to the cell state's place, made before.
  const auto left = std::make_shared<Tensor>();
  const bool wants_hidden = hidden.defined() && hidden.requires_grad(),
             wants_cell = cell.defined() && cell.requires_grad();
  last = make_result("lstm", last, {x, weight, hidden, cell}, [=](const Tensor& dlast) -> Grads {
    const Tensor dy = std::exchange(*left, Tensor());
    return lstm_backward(s, kept, dy.defined() ? dy : Tensor::zeros(s.all.shape()), dlast, wants_hidden, wants_cell);
  });
  const Tensor all = make_result("lstm", s.all, {last}, [left, shape = last.shape()](const Tensor& dy) -> Grads {
    *left = dy;
    return {Tensor::zeros(shape)};
  });
  return {all, last};
}

namespace {

/// What backward needs of a GRU's forward: r, z and n after their functions [B, T, 3 H], and n_h + bias [B, T, H].
struct GruKept {
  Tensor gates, candidate;
};

void gru_forward(const Sequence& s, const real* x, const real* bias, real* gates, real* candidate) {
  const index_t width = s.width;
  forward_steps(s, [&](index_t row, index_t t, const real* product) {
    const real *const in = x + s.at(row, t, 3 * width), *const before = s.before(row, t);
    real* const to = gates + s.at(row, t, 3 * width);
    real *const to_q = candidate + s.at(row, t, width), *const hidden = s.out + s.at(row, t, width);
    for_units(width, [=](index_t u, index_t count) {
      Units r, z, n, q, h;
      const real *const in_n = in + 2 * width + u, *const product_n = product + 2 * width + u;
      fill(r, count, [&](index_t j) { return sigmoid_of(in[u + j] + product[u + j]); });
      fill(z, count, [&](index_t j) { return sigmoid_of(in[width + u + j] + product[width + u + j]); });
      fill(q, count, [&](index_t j) { return product_n[j] + bias[u + j]; });
      fill(n, count, [&](index_t j) { return tanh_of(in_n[j] + r[j] * q[j]); });
      fill(h, count, [&](index_t j) { return n[j] + z[j] * (before[u + j] - n[j]); });
      std::copy_n(r, count, to + u);
      std::copy_n(z, count, to + width + u);
      std::copy_n(n, count, to + 2 * width + u);
      std::copy_n(q, count, to_q + u);
      std::copy_n(h, count, hidden + u);
    });
  });
}

Grads gru_backward(const Sequence& s, const GruKept& kept, const Tensor& dy, bool wants_first) {
  const index_t width = s.width;
  Tensor dx(kept.gates.shape()), dq(s.all.shape()), dw(s.weight.shape()), db({width});
  Tensor carry = Tensor::zeros({s.rows, width});  // what dh_{t+1} gives to dh_t past the product
  const auto step = [&, out = dx.mutable_data(), out_q = dq.mutable_data(), carried = carry.mutable_data()](
                        index_t row, index_t t, const real* later, const Operand& dz) {
    const index_t begin = s.at(row, t, width);
    const real *const d = dy.data() + begin, *const before = s.before(row, t),
                      *const gates = kept.gates.data() + 3 * begin, *const candidate = kept.candidate.data() + begin;
    real *const to = out + 3 * begin, *const to_q = out_q + begin, *const past = carried + row * width;
    for_units(width, [=](index_t u, index_t count) {
      const real *const r = gates + u, *const z = r + width, *const n = z + width, *const q = candidate + u;
      Units dh, dsum_r, dsum_z, dsum_n, dproduct_n;
      fill(dh, count, [&](index_t j) { return d[u + j] + later[u + j] + past[u + j]; });
      fill(dsum_n, count, [&](index_t j) { return dh[j] * (1 - z[j]) * (1 - n[j] * n[j]); });
      fill(dproduct_n, count, [&](index_t j) { return dsum_n[j] * r[j]; });
      fill(dsum_r, count, [&](index_t j) { return dsum_n[j] * q[j] * r[j] * (1 - r[j]); });
      fill(dsum_z, count, [&](index_t j) { return dh[j] * (before[u + j] - n[j]) * z[j] * (1 - z[j]); });
      fill(dh, count, [&](index_t j) { return dh[j] * z[j]; });
      std::copy_n(dsum_r, count, to + u);
      std::copy_n(dsum_z, count, to + width + u);
      std::copy_n(dsum_n, count, to + 2 * width + u);
      std::copy_n(dproduct_n, count, to_q + u);
      std::copy_n(dh, count, past + u);
    });
    dz.put(row, 0, to, 2 * width);
    dz.put(row, 2 * width, to_q, width);
  };
  Tensor dfirst = backward_steps(s, wants_first, step);
  if (wants_first) dfirst = dfirst + carry;
  const Operand before = states_before(s);
  real* const rows_of_weight = dw.mutable_data();
  weight_gradient(s, before, dx, 2 * width, rows_of_weight);
  weight_gradient(s, before, dq, width, rows_of_weight + 2 * width * width);
  column_sums(s.rows * s.time, width, db.mutable_data(),
              [d = dq.data(), width](index_t r, index_t c) { return d[r * width + c]; });
  return {dx, dw, db, dfirst};
}

}  // namespace

Tensor gru(Tensor x, const Tensor& weight, const Tensor& bias, const Tensor& hidden, Precision precision) {
  const Sequence s("gru", 3, x, weight, hidden, precision);
  ensure(bias.shape() == Shape{s.width}, "gru: bias ", bias.shape(), " must be [", s.width, "]");
  GruKept kept{reuse_or_make(x), Tensor(s.all.shape())};
  gru_forward(s, x.data(), bias.data(), kept.gates.mutable_data(), kept.candidate.mutable_data());
  const bool wants_first = hidden.defined() && hidden.requires_grad();
  return make_result("gru", s.all, {x, weight, bias, hidden},
                     [=](const Tensor& dy) { return gru_backward(s, kept, dy, wants_first); });
}

}  // namespace heddle
