#include <cmath>
#include <vector>

#include "framework/ops.h"
#include "framework/rows.h"

namespace heddle {
namespace {

/// How many of x's heads an op changes. Errors: x that is no [B, T, N, D], more heads than it has.
index_t changed_heads(const char* op, const Tensor& x, std::optional<index_t> heads) {
  ensure(x.ndim() == 4, op, ": x ", x.shape(), " must be [B, T, N, D]");
  const index_t changed = heads.value_or(x.size(2));
  ensure(changed >= 0 && changed <= x.size(2), op, ": ", changed, " heads are not in x ", x.shape());
  return changed;
}

/// y [B, T, N, D] by body(from, to, position, number of the vector) for each changed head's vector; the rest copied.
template <class Body>
void for_heads(const Tensor& x, Tensor& y, index_t heads, const Body& body) {
  const index_t all = x.size(2), size = x.size(3), time = x.size(1);
  parallel_rows(x.size(0) * time, all * size, [&, out = y.mutable_data()](index_t row) {
    const real* const from = x.data() + row * all * size;
    real* const to = out + row * all * size;
    for (index_t h = 0; h < heads; ++h) body(from + h * size, to + h * size, row % time, row * heads + h);
    if (to != from) std::copy(from + heads * size, from + all * size, to + heads * size);
  });
}

/// Turns each pair by its angle, forward (sign 1) or back (sign -1).
void turn(const Tensor& x, Tensor& y, index_t heads, index_t offset, double base, double sign) {
  const index_t time = x.size(1), half = x.size(3) / 2;
  Tensor cosines({time, half}), sines({time, half});
  std::vector<double> rates(static_cast<std::size_t>(half));  // of each pair, in radians a position
  for (index_t i = 0; i < half; ++i)
    rates[static_cast<std::size_t>(i)] = std::pow(base, -static_cast<double>(i) / static_cast<double>(half));
  parallel_rows(time, half * 16, [&, cosine = cosines.mutable_data(), sine = sines.mutable_data()](index_t t) {
    for (index_t i = 0; i < half; ++i) {
      const double angle = static_cast<double>(offset + t) * rates[static_cast<std::size_t>(i)];
      cosine[t * half + i] = static_cast<real>(std::cos(angle));
      sine[t * half + i] = static_cast<real>(sign * std::sin(angle));
    }
  });
  for_heads(x, y, heads, [&](const real* in, real* out, index_t position, index_t) {
    const real* const c = cosines.data() + position * half;
    const real* const s = sines.data() + position * half;
    for (index_t i = 0; i < half; ++i) {
      const real a = in[i], b = in[i + half];
      out[i] = a * c[i] - b * s[i];
      out[i + half] = a * s[i] + b * c[i];
    }
  });
}

}  // namespace

Tensor rotary(const Tensor& x, index_t offset, double base, std::optional<index_t> heads) {
  const index_t changed = changed_heads("rotary", x, heads);
  ensure(x.size(3) % 2 == 0, "rotary: x ", x.shape(), " must be [B, T, N, D] with D even");
  Tensor y(x.shape());
  turn(x, y, changed, offset, base, 1);
  return make_result("rotary", y, {x}, [=](const Tensor& dy) -> Grads {
    Tensor dx = reuse_or_allocate(dy);
    turn(dy, dx, changed, offset, base, -1);
    return {dx};
  });
}

Tensor head_norm(const Tensor& x, std::optional<index_t> heads, double eps) {
  const index_t changed = changed_heads("head_norm", x, heads), n = x.size(3);
  Tensor y(x.shape()), inverse({x.size(0) * x.size(1) * changed});
  for_heads(x, y, changed, [&, kept = inverse.mutable_data()](const real* in, real* out, index_t, index_t number) {
    const real s = 1 / std::sqrt(row_sum(n, [in](index_t i) { return in[i] * in[i]; }) / static_cast<real>(n) +
                                 static_cast<real>(eps));
    kept[number] = s;
    for (index_t i = 0; i < n; ++i) out[i] = in[i] * s;
  });
  // dx = inverse * (dy - y * mean(dy * y))
  return make_result("head_norm", y, {x}, [y, inverse, changed, n](const Tensor& dy) -> Grads {
    Tensor dx = reuse_or_allocate(dy);
    for_heads(dy, dx, changed, [&](const real* d, real* out, index_t, index_t number) {
      const index_t all = y.size(2), at = (number / changed * all + number % changed) * n;
      const real* const v = y.data() + at;
      const real mean = row_sum(n, [=](index_t i) { return d[i] * v[i]; }) / static_cast<real>(n);
      for (index_t i = 0; i < n; ++i) out[i] = inverse.data()[number] * (d[i] - v[i] * mean);
    });
    return {dx};
  });
}

}  // namespace heddle
