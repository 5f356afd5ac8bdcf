#include <cmath>
#include <limits>
#include <vector>

#include "framework/gemm.h"
#include "framework/ops.h"
#include "framework/ops/dropout.h"
#include "framework/ops/vector_math.h"
#include "framework/rows.h"

namespace heddle {
namespace {

constexpr real kInfinity = std::numeric_limits<real>::infinity();
// A tile of scores, [queries, keys], stays in a core's second cache with what it is made from.
constexpr index_t kQueries = 64, kKeys = 256;

/// Where the heads of a tensor [B, T, N, D] lie.
struct HeadLayout {
  explicit HeadLayout(const Shape& shape) : size(shape[3]), row(shape[2] * size), batch(shape[1] * row) {}
  index_t at(index_t b, index_t h, index_t position) const { return b * batch + position * row + h * size; }

  index_t size, row, batch;
};

/// Heads that are read, from one of the N on: as they are, as bf16, or both; what is null is not read.
struct HeadsIn {
  HeadsIn(const real* data, const bf16_t* rounded_data, const Shape& shape, index_t first = 0)
      : layout(shape),
        full(data != nullptr ? data + first * shape[3] : nullptr),
        rounded(rounded_data != nullptr ? rounded_data + first * shape[3] : nullptr) {}
  /// The matrix [time, D] of head h of row b of the batch, from a position on.
  ConstMatrix matrix(index_t b, index_t h, index_t position) const {
    const index_t offset = layout.at(b, h, position);
    return {full != nullptr ? full + offset : nullptr, layout.row, false,
            rounded != nullptr ? rounded + offset : nullptr};
  }

  HeadLayout layout;
  const real* full;
  const bf16_t* rounded;
};

/// Heads that are written, from one of the N on.
struct HeadsOut {
  HeadsOut(Tensor& t, index_t first) : layout(t.shape()), data(t.mutable_data() + first * t.size(3)) {}
  Matrix matrix(index_t b, index_t h, index_t position) const { return {data + layout.at(b, h, position), layout.row}; }

  HeadLayout layout;
  real* data;
};

/// The elements of an input that products read, kept until backward: rounded, where they read rounded numbers, else as
/// they are.
struct KeptInput {
  KeptInput(const Tensor& x, Precision precision)
      : shape(x.shape()), half(rounded_operand(x, precision)), full(half.defined() ? Tensor() : x.detach()) {}
  HeadsIn heads(index_t first = 0) const { return {full.data(), half.data(), shape, first}; }

  Shape shape;
  Bf16Tensor half;
  Tensor full;
};

ConstMatrix transposed(ConstMatrix matrix) {
  matrix.transposed = !matrix.transposed;
  return matrix;
}

/// Sizes and options of one attention, and its arithmetic on a tile of scores of one head.
struct Attention {
  Attention(const char* name, const Shape& q, const Shape& k, const Shape& v, const AttentionOptions& settings);

  /// Keys that row b of the batch has.
  index_t keys_of(index_t b) const { return lengths.empty() ? keys : lengths[static_cast<std::size_t>(b)]; }
  /// Keys that its queries before `end` may see: none past it is ever scored.
  index_t visible(index_t b, index_t end) const {
    return options.causal ? std::min(keys_of(b), end + keys_of(b) - queries) : keys_of(b);
  }
  /// The first query that may see key `key`.
  index_t first_seeing(index_t key) const { return options.causal ? std::max<index_t>(0, key - (keys - queries)) : 0; }
  /// Number of (b, h, query) in the order of the log-sum-exps.
  index_t row(index_t b, index_t h, index_t query) const { return (b * heads + h) * queries + query; }

  /// A tile: queries [first, first + count) and keys [key, key + width) of head h of row b of the batch.
  struct Tile {
    index_t b, h, first, count, key, width;
  };
  /// Fills s [count, width] with the tile's scores, scaled and masked; what a query may not see is -inf.
  void score(const Tile& tile, const HeadsIn& q, const HeadsIn& k, real* s) const;
  /// Drops weights [count, width] of the tile.
  void drop(const Tile& t, real* weights) const {
    if (options.dropout == 0) return;
    // Rows that are whole follow each other in the random numbers, too, of which short ones would leave many unused.
    const bool whole = t.width == keys;
    const index_t rows = whole ? 1 : t.count, length = whole ? t.count * t.width : t.width;
    for (index_t i = 0; i < rows; ++i) {
      drop_elements(options.rng, options.dropout, row(options.first_row + t.b, t.h, t.first + i) * keys + t.key, length,
                    weights + i * t.width, weights + i * t.width);
    }
  }

  AttentionOptions options;
  index_t batch, queries, keys, heads, groups, size, value_size;
  index_t per_group;  ///< heads that share keys and values
  real scale;
  std::vector<index_t> lengths;  ///< of each row of the batch, where they differ; forward alone knows them
};

Attention::Attention(const char* name, const Shape& q, const Shape& k, const Shape& v, const AttentionOptions& settings)
    : options(settings) {
  const auto check = [&](bool ok, const auto&... parts) { ensure(ok, name, ": ", parts...); };
  batch = q[0], queries = q[1], heads = q[2], size = q[3];
  keys = k[1], groups = k[2], value_size = v[3];
  check(k[0] == batch && v[0] == batch && v[1] == keys && v[2] == groups && k[3] == size, "q ", q, ", k ", k, " and v ",
        v, " do not fit; wanted [B, Tq, H, D], [B, Tk, G, D] and [B, Tk, G, Dv]");
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
  scale = static_cast<real>(options.scale.value_or(1 / std::sqrt(static_cast<double>(size))));
  options.key_mask = mask.defined() ? mask.detach() : Tensor();
  options.score_bias = bias.defined() ? bias.detach() : Tensor();
}

void Attention::score(const Tile& t, const HeadsIn& q, const HeadsIn& k, real* scores) const {
  gemm_serial(t.count, t.width, size, q.matrix(t.b, t.h, t.first), transposed(k.matrix(t.b, t.h / per_group, t.key)),
              {scores, t.width}, options.precision);
  const real* bias = nullptr;
  if (const Tensor& table = options.score_bias; table.defined()) {
    const index_t matrix = table.ndim() == 2    ? 0
                           : table.ndim() == 3  ? t.h
                           : table.size(1) == 1 ? t.b
                                                : t.b * heads + t.h;
    bias = table.data() + (matrix * queries + t.first) * keys + t.key;
  }
  const real* const mask = options.key_mask.defined() ? options.key_mask.data() + t.b * keys + t.key : nullptr;
  for (index_t i = 0; i < t.count; ++i) {
    real* const s = scores + i * t.width;
    const index_t seen = visible(t.b, t.first + i + 1) - t.key, limit = std::clamp<index_t>(seen, 0, t.width);
    for (index_t j = 0; j < limit; ++j) s[j] *= scale;
    if (bias != nullptr) {
      for (index_t j = 0; j < limit; ++j) s[j] += bias[i * keys + j];
    }
    if (mask != nullptr) {
      for (index_t j = 0; j < limit; ++j) s[j] = mask[j] != 0 ? s[j] : -kInfinity;
    }
    std::fill(s + limit, s + t.width, -kInfinity);
  }
}

/// What a thread works in: `areas` parts of fixed size for each. Taken before the loop, the memory that an op needs
/// does not depend on how many of its chunks happen to run at once.
class Scratch {
 public:
  Scratch(index_t count, Precision precision)
      : areas_({threads(), count}), elements_(areas_.mutable_data()), rounds_(reads_bf16(precision)) {
    if (rounds_) half_ = Bf16Tensor(threads() * kHalf);
  }
  /// This thread's area.
  real* mine() { return elements_ + thread_index() * areas_.size(1); }
  /// A tile of weights as an operand of a product: rounded, where products read rounded numbers.
  ConstMatrix operand(const real* weights, index_t count, index_t width) {
    if (!rounds_) return {weights, width};
    bf16_t* const to = half_.data() + thread_index() * kHalf;
    for (index_t i = 0; i < count * width; ++i) to[i] = to_bf16(weights[i]);
    return {weights, width, false, to};
  }

 private:
  static constexpr index_t kHalf = kQueries * kKeys;
  Tensor areas_;
  real* elements_;
  bool rounds_;
  Bf16Tensor half_;
};

/// y [B, Tq, H, Dv] and the log-sum-exp of each row's scores [B, H, Tq]. Keys come a tile at a time: each row keeps the
/// largest score so far, the sum of e^(score - largest) and the weighted values, and scales both down when a larger
/// score comes (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018).
void attend(const Attention& a, const HeadsIn& q, const HeadsIn& k, const HeadsIn& v, Tensor& y, Tensor& log_sums) {
  const index_t blocks = (a.queries + kQueries - 1) / kQueries;
  const HeadsOut out(y, 0);
  Scratch scratch(kQueries * (kKeys + a.value_size + 2), a.options.precision);
  real* const to_log_sums = log_sums.mutable_data();
  parallel_for(a.batch * a.heads * blocks, 1, [&](index_t begin, index_t end) {
    real* const weights = scratch.mine();
    real* const sums = weights + kQueries * kKeys;  // of weights times values, [count, Dv]
    real* const tops = sums + kQueries * a.value_size;
    real* const totals = tops + kQueries;
    for (index_t task = begin; task < end; ++task) {
      const index_t b = task / blocks / a.heads, h = task / blocks % a.heads, first = task % blocks * kQueries;
      const index_t count = std::min(kQueries, a.queries - first), seen = a.visible(b, first + count);
      std::fill_n(sums, count * a.value_size, real{0});
      std::fill_n(tops, count, -kInfinity);
      std::fill_n(totals, count, real{0});
      for (index_t key = 0; key < seen; key += kKeys) {
        const Attention::Tile tile{b, h, first, count, key, std::min(kKeys, seen - key)};
        a.score(tile, q, k, weights);
        for (index_t i = 0; i < count; ++i) {
          real* const s = weights + i * tile.width;
          const real top = std::max(tops[i], row_max(s, tile.width));
          // a row that has seen no key yet: e^-inf is 0, and NaN stays NaN
          const real base = top == -kInfinity ? real{0} : top;
          for (index_t j = 0; j < tile.width; ++j) s[j] = exp_of(s[j] - base);
          const real shrink = exp_of(tops[i] - base);
          totals[i] = totals[i] * shrink + row_sum(tile.width, [s](index_t j) { return s[j]; });
          tops[i] = top;
          if (key > 0) {
            for (index_t c = 0; c < a.value_size; ++c) sums[i * a.value_size + c] *= shrink;
          }
        }
        a.drop(tile, weights);
        gemm_serial(count, a.value_size, tile.width, scratch.operand(weights, count, tile.width),
                    v.matrix(b, h / a.per_group, key), {sums, a.value_size}, a.options.precision, 1);
      }
      const Matrix to = out.matrix(b, h, first);
      for (index_t i = 0; i < count; ++i) {
        const bool none = totals[i] == 0;  // no key is seen: the result is 0, and so is every weight in backward
        const real inverse = none ? real{0} : 1 / totals[i];
        for (index_t c = 0; c < a.value_size; ++c) to.data[i * to.stride + c] = sums[i * a.value_size + c] * inverse;
        to_log_sums[a.row(b, h, first + i)] = none ? kInfinity : tops[i] + std::log(totals[i]);
      }
    }
  });
}

/// With P the weights, O the result: dV = P^T dO, dP = dO V^T, dS = P * (dP - rowsum(dO * O)) * scale, dQ = dS K,
/// dK = dS^T Q; P is computed again from the scores and their log-sum-exp. One task does a group of heads, so that the
/// sums over heads and queries have one order. Of few groups the tiles of keys are dealt out besides, as cards are:
/// each such part sums what it adds to dQ apart.
void attend_backward(const Attention& a, const HeadsIn& q, const HeadsIn& k, const HeadsIn& v, const Tensor& y,
                     const Tensor& log_sums, const Tensor& dy, const HeadsOut& dq, const HeadsOut& dk,
                     const HeadsOut& dv) {
  const Bf16Tensor half_dy = rounded_operand(dy, a.options.precision);
  const HeadsIn d_out(dy.data(), half_dy.data(), dy.shape()), out(y.data(), nullptr, y.shape());
  const Precision precision = a.options.precision;
  const index_t tile_size = kQueries * kKeys, kv_size = kKeys * (a.size + a.value_size);
  Tensor dots(log_sums.shape());
  parallel_rows(dots.numel(), a.value_size, [&, to = dots.mutable_data()](index_t r) {
    const index_t query = r % a.queries, h = r / a.queries % a.heads, b = r / a.queries / a.heads;
    const real* const d = d_out.matrix(b, h, query).data;
    const real* const o = out.matrix(b, h, query).data;
    to[r] = row_sum(a.value_size, [=](index_t c) { return d[c] * o[c]; });
  });
  constexpr index_t kTasks = 32, kMostParts = 4;  // two tasks for each of 16 threads; of more memory three times dQ
  const index_t groups = std::max<index_t>(a.batch * a.groups, 1), tiles = (a.keys + kKeys - 1) / kKeys;
  const index_t parts = std::clamp<index_t>(tiles, 1, std::min(kMostParts, (kTasks + groups - 1) / groups));
  std::vector<Tensor> more;  // dQ of the parts behind the first
  std::vector<HeadsOut> dq_of{dq};
  for (index_t part = 1; part < parts; ++part)
    dq_of.emplace_back(more.emplace_back(Tensor::zeros({a.batch, a.queries, a.heads, a.size})), 0);
  Scratch scratch(3 * tile_size + kv_size, a.options.precision);
  parallel_for(a.batch * a.groups * parts, 1, [&](index_t begin, index_t end) {
    real* const p = scratch.mine();
    real* const ds = p + tile_size;
    real* const dropped = ds + tile_size;
    const Matrix dk_tile{dropped + tile_size, a.size}, dv_tile{dk_tile.data + kKeys * a.size, a.value_size};
    for (index_t task = begin; task < end; ++task) {
      const index_t part = task % parts, b = task / parts / a.groups, g = task / parts % a.groups;
      for (index_t i = 0; a.keys == 0 && i < a.per_group * a.queries; ++i)  // nothing else writes them
        std::fill_n(dq.matrix(b, g * a.per_group + i / a.queries, i % a.queries).data, a.size, real{0});
      for (index_t key = part * kKeys; key < a.keys; key += parts * kKeys) {
        const index_t widest = std::min(kKeys, a.keys - key);
        std::fill_n(dk_tile.data, kv_size, real{0});
        for (index_t h = g * a.per_group; h < (g + 1) * a.per_group; ++h) {
          for (index_t first = a.first_seeing(key) / kQueries * kQueries; first < a.queries; first += kQueries) {
            const index_t count = std::min(kQueries, a.queries - first);
            const Attention::Tile tile{b, h, first, count, key, std::min(widest, a.visible(b, first + count) - key)};
            const index_t width = tile.width;
            if (width <= 0) continue;
            a.score(tile, q, k, p);
            for (index_t i = 0; i < count; ++i) {
              const real log_sum = log_sums.data()[a.row(b, h, first + i)];
              for (index_t j = 0; j < width; ++j) p[i * width + j] = exp_of(p[i * width + j] - log_sum);
            }
            const real* used = p;  // what the values were multiplied with
            if (a.options.dropout > 0) {
              std::copy_n(p, count * width, dropped);
              a.drop(tile, dropped);
              used = dropped;
            }
            const ConstMatrix d = d_out.matrix(b, h, first);
            gemm_serial(width, a.value_size, count, transposed(scratch.operand(used, count, width)), d, dv_tile,
                        precision, 1);
            gemm_serial(count, width, a.value_size, d, transposed(v.matrix(b, g, key)), {ds, width}, precision);
            a.drop(tile, ds);
            for (index_t i = 0; i < count; ++i) {
              const real dot = dots.data()[a.row(b, h, first + i)];
              real* const s = ds + i * width;
              for (index_t j = 0; j < width; ++j) s[j] = p[i * width + j] * (s[j] - dot) * a.scale;
            }
            const ConstMatrix slopes = scratch.operand(ds, count, width);
            gemm_serial(count, a.size, width, slopes, k.matrix(b, g, key),
                        dq_of[static_cast<std::size_t>(part)].matrix(b, h, first), precision,
                        key > 0 ? real{1} : real{0});
            gemm_serial(width, a.size, count, transposed(slopes), q.matrix(b, h, first), dk_tile, precision, 1);
          }
        }
        const Matrix dk_out = dk.matrix(b, g, key), dv_out = dv.matrix(b, g, key);
        for (index_t j = 0; j < widest; ++j) {
          std::copy_n(dk_tile.data + j * a.size, a.size, dk_out.data + j * dk_out.stride);
          std::copy_n(dv_tile.data + j * a.value_size, a.value_size, dv_out.data + j * dv_out.stride);
        }
      }
    }
  });
  if (more.empty()) return;
  parallel_rows(a.batch * a.queries * a.heads, parts * a.size, [&](index_t r) {
    real* const to = dq.matrix(r / a.heads / a.queries, r % a.heads, r / a.heads % a.queries).data;
    for (const Tensor& part : more) {
      for (index_t c = 0; c < a.size; ++c) to[c] += part.data()[r * a.size + c];
    }
  });
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options) {
  constexpr const char* kName = "scaled_dot_product_attention";
  ensure(q.ndim() == 4 && k.ndim() == 4 && v.ndim() == 4, kName, ": q ", q.shape(), ", k ", k.shape(), " and v ",
         v.shape(), " must be [B, Tq, H, D], [B, Tk, G, D] and [B, Tk, G, Dv]");
  const Attention a(kName, q.shape(), k.shape(), v.shape(), options);
  const KeptInput queries(q, options.precision), keys(k, options.precision), values(v, options.precision);
  Tensor y({a.batch, a.queries, a.heads, a.value_size}), log_sums({a.batch, a.heads, a.queries});
  attend(a, queries.heads(), keys.heads(), values.heads(), y, log_sums);
  return make_result("scaled_dot_product_attention", y, {q, k, v}, [=](const Tensor& dy) -> Grads {
    Tensor dq(queries.shape), dk(keys.shape), dv(values.shape);
    attend_backward(a, queries.heads(), keys.heads(), values.heads(), y, log_sums, dy, {dq, 0}, {dk, 0}, {dv, 0});
    return {dq, dk, dv};
  });
}

Tensor self_attention(const Tensor& qkv, index_t heads, const AttentionOptions& options) {
  constexpr const char* kName = "self_attention";
  ensure(qkv.ndim() == 4 && qkv.size(2) > heads && (qkv.size(2) - heads) % 2 == 0, kName, ": qkv ", qkv.shape(),
         " must be [B, T, H + 2 G, D] with H = ", heads);
  const index_t groups = (qkv.size(2) - heads) / 2;
  const Shape key_shape = qkv.shape().with(2, groups);
  const Attention a(kName, qkv.shape().with(2, heads), key_shape, key_shape, options);
  const KeptInput packed(qkv, options.precision);
  Tensor y(qkv.shape().with(2, heads)), log_sums({a.batch, a.heads, a.queries});
  attend(a, packed.heads(), packed.heads(heads), packed.heads(heads + groups), y, log_sums);
  return make_result("self_attention", y, {qkv}, [=](const Tensor& dy) -> Grads {
    Tensor d(packed.shape);
    attend_backward(a, packed.heads(), packed.heads(heads), packed.heads(heads + groups), y, log_sums, dy, {d, 0},
                    {d, heads}, {d, heads + groups});
    return {d};
  });
}

Tensor cached_attention(const Tensor& qkv, index_t heads, Tensor& keys, Tensor& values, std::span<const index_t> held,
                        const AttentionOptions& options) {
  constexpr const char* kName = "cached_attention";
  ensure(qkv.ndim() == 4 && keys.ndim() == 4 && qkv.size(2) == heads + 2 * keys.size(2) &&
             values.shape() == keys.shape() && keys.size(0) == qkv.size(0) && keys.size(3) == qkv.size(3),
         kName, ": qkv ", qkv.shape(), " with ", heads, " heads, keys ", keys.shape(), " and values ", values.shape(),
         " do not fit; wanted [B, T, H + 2 G, D] and twice [B, capacity, G, D]");
  ensure(std::ssize(held) == qkv.size(0), kName, ": ", held.size(), " lengths for the rows of qkv ", qkv.shape());
  ensure(!grad_enabled() || !(qkv.requires_grad() || keys.requires_grad() || values.requires_grad()), kName,
         ": an input needs a gradient, and this op has none; put a NoGradGuard around generation");
  const index_t time = qkv.size(1), groups = keys.size(2);
  index_t longest = time;
  for (const index_t length : held) {
    ensure(length >= 0 && length + time <= keys.size(1), kName, ": ", length + time, " positions exceed the room for ",
           keys.size(1));
    longest = std::max(longest, length + time);
  }
  const Shape key_shape = keys.shape().with(1, longest);
  Attention a(kName, qkv.shape().with(2, heads), key_shape, key_shape, options);
  for (const index_t length : held) a.lengths.push_back(length + time);
  const HeadsOut to_keys(keys, 0), to_values(values, 0);
  const HeadsIn packed(qkv.data(), nullptr, qkv.shape());
  parallel_rows(a.batch * time, 2 * groups * a.size, [&](index_t r) {
    const index_t b = r / time, count = groups * a.size;
    const real* const from = packed.full + packed.layout.at(b, heads, r % time);
    const index_t to = to_keys.layout.at(b, 0, held[static_cast<std::size_t>(b)] + r % time);
    std::copy_n(from, count, to_keys.data + to);
    std::copy_n(from + count, count, to_values.data + to);
  });
  Tensor y(qkv.shape().with(2, heads)), log_sums({a.batch, a.heads, a.queries});
  attend(a, packed, {keys.data(), nullptr, keys.shape()}, {values.data(), nullptr, values.shape()}, y, log_sums);
  return y;
}

}  // namespace heddle
