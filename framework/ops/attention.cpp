#include <cmath>
#include <limits>

#include "framework/gemm.h"
#include "framework/ops.h"
#include "framework/ops/dropout.h"
#include "framework/ops/rows.h"
#include "framework/ops/vector_math.h"

namespace heddle {
namespace {

constexpr real kInfinity = std::numeric_limits<real>::infinity();
constexpr index_t kBlock = 64;  // queries that are scored together

/// Sizes, operands and options of one attention, and its arithmetic on a block of queries of one head.
struct Attention {
  Attention(const Tensor& query, const Tensor& key, const Tensor& value, const AttentionOptions& settings);

  /// Keys that the queries before `end` may see: none past it is ever scored.
  index_t visible(index_t end) const { return options.causal ? std::min(keys, end + keys - queries) : keys; }

  /// Fills `scores` [count, visible(first + count)] of queries first .. first + count of head h of row b, scaled and
  /// masked; what a query may not see is -inf.
  void score(index_t b, index_t h, index_t first, index_t count, real* scores) const;
  void drop(index_t b, index_t h, index_t query, index_t n, real* weights) const {
    if (options.dropout > 0) {
      drop_elements(options.rng, options.dropout, row(b, h, query) * keys, n, weights, weights);
    }
  }
  /// Number of (b, h, query) in the order of the log-sum-exps.
  index_t row(index_t b, index_t h, index_t query) const { return (b * heads + h) * queries + query; }

  // The matrix [time, head size] of one head in a tensor [B, T, heads, size].
  ConstMatrix head_of(const Tensor& t, index_t b, index_t h, index_t first) const {
    const index_t stride = t.size(2) * t.size(3);
    return {t.data() + (b * t.size(1) + first) * stride + h * t.size(3), stride};
  }
  Matrix head_of(Tensor& t, index_t b, index_t h, index_t first) const {
    const index_t stride = t.size(2) * t.size(3);
    return {t.data() + (b * t.size(1) + first) * stride + h * t.size(3), stride};
  }

  Tensor q, k, v;
  AttentionOptions options;
  index_t batch, queries, keys, heads, groups, size, value_size;
  index_t per_group;  ///< heads that share keys and values
  real scale;
};

Attention::Attention(const Tensor& query, const Tensor& key, const Tensor& value, const AttentionOptions& settings)
    : q(query), k(key), v(value), options(settings) {
  const auto check = [&](bool ok, const auto&... parts) { ensure(ok, "scaled_dot_product_attention: ", parts...); };
  check(q.ndim() == 4 && k.ndim() == 4 && v.ndim() == 4, "q ", q.shape(), ", k ", k.shape(), " and v ", v.shape(),
        " must be [B, Tq, H, D], [B, Tk, G, D] and [B, Tk, G, Dv]");
  batch = q.size(0), queries = q.size(1), heads = q.size(2), size = q.size(3);
  keys = k.size(1), groups = k.size(2), value_size = v.size(3);
  check(k.size(0) == batch && v.size(0) == batch && v.size(1) == keys && v.size(2) == groups && k.size(3) == size, "q ",
        q.shape(), ", k ", k.shape(), " and v ", v.shape(),
        " do not fit; wanted [B, Tq, H, D], [B, Tk, G, D] and [B, Tk, G, Dv]");
  check(groups > 0 && heads % groups == 0, groups, " groups of keys do not divide ", heads, " heads");
  check(!options.causal || queries <= keys, "causal with ", queries, " queries and only ", keys, " keys");
  check(options.dropout >= 0 && options.dropout < 1, "dropout ", options.dropout, " is not within [0, 1)");
  const Tensor& mask = options.key_mask;
  check(!mask.defined() || mask.shape() == Shape{batch, keys}, "key mask ", mask.shape(), " must be ",
        Shape{batch, keys});
  const Tensor& bias = options.score_bias;
  check(!bias.defined() || bias.shape() == Shape{queries, keys} || bias.shape() == Shape{heads, queries, keys} ||
            bias.shape() == Shape{batch, 1, queries, keys} || bias.shape() == Shape{batch, heads, queries, keys},
        "score bias ", bias.shape(), " must be [Tq, Tk], [H, Tq, Tk] or [B, 1 or H, Tq, Tk] of ",
        Shape{batch, heads, queries, keys});
  per_group = heads / groups;
  scale = static_cast<real>(options.scale != 0 ? options.scale : 1 / std::sqrt(static_cast<double>(size)));
  options.key_mask = mask.defined() ? mask.detach() : Tensor();
  options.score_bias = bias.defined() ? bias.detach() : Tensor();
}

void Attention::score(index_t b, index_t h, index_t first, index_t count, real* scores) const {
  const index_t seen = visible(first + count);
  ConstMatrix key = head_of(k, b, h / per_group, 0);
  key.transposed = true;
  gemm_serial(count, seen, size, head_of(q, b, h, first), key, {scores, seen});
  const real* bias = nullptr;
  if (const Tensor& t = options.score_bias; t.defined()) {
    const index_t table = t.ndim() == 2 ? 0 : t.ndim() == 3 ? h : t.size(1) == 1 ? b : b * heads + h;
    bias = t.data() + (table * queries + first) * keys;
  }
  const real* const mask = options.key_mask.defined() ? options.key_mask.data() + b * keys : nullptr;
  for (index_t i = 0; i < count; ++i) {
    real* const s = scores + i * seen;
    const index_t limit = options.causal ? std::min(seen, first + i + 1 + keys - queries) : seen;
    for (index_t j = 0; j < limit; ++j) s[j] *= scale;
    if (bias != nullptr) {
      for (index_t j = 0; j < limit; ++j) s[j] += bias[i * keys + j];
    }
    if (mask != nullptr) {
      for (index_t j = 0; j < limit; ++j) s[j] = mask[j] != 0 ? s[j] : -kInfinity;
    }
    std::fill(s + limit, s + seen, -kInfinity);
  }
}

/// Softmax of n scores in place; returns log(sum(e^score)), and +inf (with all weights 0) where no key is seen.
real soften(real* s, index_t n) {
  const real top = row_max(s, n);
  if (top == -kInfinity && std::none_of(s, s + n, [](real v) { return std::isnan(v); })) {
    std::fill_n(s, n, real{0});
    return kInfinity;
  }
  for (index_t j = 0; j < n; ++j) s[j] = exp_of(s[j] - top);
  const real sum = row_sum(n, [s](index_t j) { return s[j]; });
  const real inverse = 1 / sum;
  for (index_t j = 0; j < n; ++j) s[j] *= inverse;
  return top + std::log(sum);
}

/// This thread's part of a tensor with a part for each. Taken before the loop, the memory that an op needs does not
/// depend on how many of its pieces happen to run at once.
real* scratch_of(Tensor& parts) { return parts.data() + thread_index() * parts.shape().product(1, parts.ndim()); }

/// y [B, Tq, H, Dv] and the log-sum-exp of each row's scores [B, H, Tq].
void attend(const Attention& a, Tensor& y, Tensor& log_sums) {
  const index_t blocks = (a.queries + kBlock - 1) / kBlock;
  Tensor scratch({threads(), std::min(kBlock, a.queries), a.keys});
  parallel_for(a.batch * a.heads * blocks, 1, [&](index_t begin, index_t end) {
    for (index_t task = begin; task < end; ++task) {
      const index_t b = task / blocks / a.heads, h = task / blocks % a.heads, first = task % blocks * kBlock;
      const index_t count = std::min(kBlock, a.queries - first), seen = a.visible(first + count);
      real* const weights = scratch_of(scratch);
      a.score(b, h, first, count, weights);
      for (index_t i = 0; i < count; ++i) {
        real* const p = weights + i * seen;
        log_sums.data()[a.row(b, h, first + i)] = soften(p, seen);
        a.drop(b, h, first + i, seen, p);
      }
      gemm_serial(count, a.value_size, seen, {weights, seen}, a.head_of(a.v, b, h / a.per_group, 0),
                  a.head_of(y, b, h, first));
    }
  });
}

/// With P the weights, O the result: dV = P^T dO, dP = dO V^T, dS = P * (dP - rowsum(dO * O)) * scale, dQ = dS K,
/// dK = dS^T Q; P is computed again from the scores and their log-sum-exp. One task does a group of heads, so that the
/// sums over heads and queries have one order.
Grads attend_backward(const Attention& a, const Tensor& y, const Tensor& log_sums, const Tensor& dy) {
  Tensor dq(a.q.shape()), dk = Tensor::zeros(a.k.shape()), dv = Tensor::zeros(a.v.shape());
  const Shape square{threads(), std::min(kBlock, a.queries), a.keys};
  Tensor weights(square), slopes(square), dropped(a.options.dropout > 0 ? square : Shape{0, 0});
  parallel_for(a.batch * a.groups, 1, [&](index_t begin, index_t end) {
    real* const p = scratch_of(weights);
    real* const ds = scratch_of(slopes);
    for (index_t task = begin; task < end; ++task) {
      const index_t b = task / a.groups, g = task % a.groups;
      const ConstMatrix key = a.head_of(a.k, b, g, 0);
      ConstMatrix value = a.head_of(a.v, b, g, 0);
      value.transposed = true;
      for (index_t h = g * a.per_group; h < (g + 1) * a.per_group; ++h) {
        for (index_t first = 0; first < a.queries; first += kBlock) {
          const index_t count = std::min(kBlock, a.queries - first), seen = a.visible(first + count);
          const ConstMatrix d_out = a.head_of(dy, b, h, first), out = a.head_of(y, b, h, first);
          a.score(b, h, first, count, p);
          for (index_t i = 0; i < count; ++i) {
            const real log_sum = log_sums.data()[a.row(b, h, first + i)];
            for (index_t j = 0; j < seen; ++j) p[i * seen + j] = exp_of(p[i * seen + j] - log_sum);
          }
          const real* used = p;  // what the values were multiplied with
          if (a.options.dropout > 0) {
            real* const rest = scratch_of(dropped);
            std::copy_n(p, count * seen, rest);
            for (index_t i = 0; i < count; ++i) a.drop(b, h, first + i, seen, rest + i * seen);
            used = rest;
          }
          gemm_serial(seen, a.value_size, count, {used, seen, true}, d_out, a.head_of(dv, b, g, 0), 1);
          gemm_serial(count, seen, a.value_size, d_out, value, {ds, seen});
          for (index_t i = 0; i < count; ++i) {
            real* const s = ds + i * seen;
            a.drop(b, h, first + i, seen, s);
            const real* const d = d_out.data + i * d_out.stride;
            const real* const o = out.data + i * out.stride;
            const real dot = row_sum(a.value_size, [=](index_t c) { return d[c] * o[c]; });
            for (index_t j = 0; j < seen; ++j) s[j] = p[i * seen + j] * (s[j] - dot) * a.scale;
          }
          gemm_serial(count, a.size, seen, {ds, seen}, key, a.head_of(dq, b, h, first));
          gemm_serial(seen, a.size, count, {ds, seen, true}, a.head_of(a.q, b, h, first), a.head_of(dk, b, g, 0), 1);
        }
      }
    }
  });
  return {dq, dk, dv};
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options) {
  const Attention a(q, k, v, options);
  Tensor y({a.batch, a.queries, a.heads, a.value_size}), log_sums({a.batch, a.heads, a.queries});
  attend(a, y, log_sums);
  return make_result("scaled_dot_product_attention", y, {q, k, v},
                     [a, y, log_sums](const Tensor& dy) -> Grads { return attend_backward(a, y, log_sums, dy); });
}

namespace {

/// Turns each pair by its angle, forward (sign 1) or back (sign -1).
Tensor turn(const Tensor& x, index_t offset, double base, double sign) {
  const index_t time = x.size(1), heads = x.size(2), half = x.size(3) / 2;
  Tensor cosines({time, half}), sines({time, half});
  parallel_rows(time, half * 16, [&](index_t t) {
    for (index_t i = 0; i < half; ++i) {
      const double angle =
          static_cast<double>(offset + t) * std::pow(base, -static_cast<double>(i) / static_cast<double>(half));
      cosines.data()[t * half + i] = static_cast<real>(std::cos(angle));
      sines.data()[t * half + i] = static_cast<real>(sign * std::sin(angle));
    }
  });
  Tensor y(x.shape());
  parallel_rows(x.size(0) * time * heads, 2 * half, [&](index_t row) {
    const real* const c = cosines.data() + row / heads % time * half;
    const real* const s = sines.data() + row / heads % time * half;
    const real* const in = x.data() + row * 2 * half;
    real* const out = y.data() + row * 2 * half;
    for (index_t i = 0; i < half; ++i) {
      out[i] = in[i] * c[i] - in[i + half] * s[i];
      out[i + half] = in[i] * s[i] + in[i + half] * c[i];
    }
  });
  return y;
}

}  // namespace

Tensor rotary(const Tensor& x, index_t offset, double base) {
  ensure(x.ndim() == 4 && x.size(3) % 2 == 0, "rotary: x ", x.shape(), " must be [B, T, H, D] with D even");
  return make_result("rotary", turn(x, offset, base, 1), {x},
                     [=](const Tensor& dy) -> Grads { return {turn(dy, offset, base, -1)}; });
}

}  // namespace heddle
