#include "train/analysis/geometry/neighbours.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace heddle {
namespace {

// Two rows are compared with kLane points at once, whose sums stay in registers and whose coordinates stay in the cache
// for a piece of kRows rows.
constexpr index_t kLane = 32, kRows = 32;

/// The points in blocks of kLane, coordinate by coordinate: [blocks, D, kLane]. The last one is filled up with zeros.
std::vector<double> packed(const Tensor& x) {
  const index_t n = x.size(0), dims = x.size(1), blocks = (n + kLane - 1) / kLane;
  std::vector<double> out(static_cast<std::size_t>(blocks * dims * kLane));
  parallel_rows(n, dims, [&](index_t i) {
    double* const to = out.data() + i / kLane * dims * kLane + i % kLane;
    for (index_t d = 0; d < dims; ++d) to[d * kLane] = x.data()[i * dims + d];
  });
  return out;
}

/// out_a[l] = |a - block[l]|^2, and so for b.
void distances(const real* a, const real* b, const double* block, index_t dims, double* out_a, double* out_b) {
  double sums_a[kLane] = {}, sums_b[kLane] = {};
  for (index_t d = 0; d < dims; ++d) {
    const double value_a = a[d], value_b = b[d];
    for (index_t l = 0; l < kLane; ++l) {
      const double from_a = value_a - block[d * kLane + l], from_b = value_b - block[d * kLane + l];
      sums_a[l] += from_a * from_a;
      sums_b[l] += from_b * from_b;
    }
  }
  std::copy_n(sums_a, kLane, out_a);
  std::copy_n(sums_b, kLane, out_b);
}

}  // namespace

void check_points(const char* what, const Tensor& x) {
  ensure(x.ndim() == 2 && x.numel() > 0, what, ": points must be [points, dimensions], not ", x.shape());
  const index_t n = x.size(0), dims = x.size(1);
  ensure(n <= std::numeric_limits<std::int32_t>::max(), what, ": ", n, " points are more than 2^31 - 1; take a sample");
  for (index_t i = 0; i < n; ++i) {
    const real* const row = x.data() + i * dims;
    ensure(std::all_of(row, row + dims, [](real v) { return std::isfinite(v); }), what, ": row ", i,
           " holds a value that is not finite; leave that point out");
  }
}

void for_distances(const Tensor& x, const std::function<void(index_t, std::span<double>)>& visit) {
  const index_t n = x.size(0), dims = x.size(1), blocks = (n + kLane - 1) / kLane, stride = blocks * kLane;
  const std::vector<double> points = packed(x);
  parallel_for(n, kRows, [&](index_t begin, index_t end) {
    std::vector<double> squared(static_cast<std::size_t>(kRows * stride));
    for (index_t b = 0; b < blocks; ++b) {
      for (index_t i = begin; i < end; i += 2) {
        const real *const row = x.data() + i * dims, *const next = i + 1 < end ? row + dims : row;
        double* const out = squared.data() + (i - begin) * stride + b * kLane;
        distances(row, next, points.data() + b * dims * kLane, dims, out, out + stride);
      }
    }
    for (index_t i = begin; i < end; ++i) {
      double* const row = squared.data() + (i - begin) * stride;
      row[i] = std::numeric_limits<double>::infinity();
      visit(i, {row, static_cast<std::size_t>(n)});
    }
  });
}

Neighbours nearest_neighbours(const Tensor& x, index_t count) {
  check_points("nearest neighbours", x);
  const index_t n = x.size(0);
  ensure(count >= 1 && count < n, "nearest neighbours: ", n, " points have 1 .. ", n - 1, " neighbours, not ", count);
  Neighbours found{count, std::vector<std::int32_t>(static_cast<std::size_t>(n * count)),
                   std::vector<double>(static_cast<std::size_t>(n * count))};
  for_distances(x, [&](index_t row, std::span<const double> squared) {
    using Candidate = std::pair<double, std::int32_t>;
    const auto kept = static_cast<std::size_t>(count);
    std::vector<Candidate>
        nearest;  // now and then all but the nearest are dropped, which sets a limit for what follows
    double limit = std::numeric_limits<double>::infinity();
    for (std::int32_t j = 0; j < n; ++j) {
      const double distance = squared[static_cast<std::size_t>(j)];
      if (distance >= limit) continue;  // of equals the first stays
      nearest.emplace_back(distance, j);
      if (nearest.size() < 2 * kept) continue;
      std::nth_element(nearest.begin(), nearest.begin() + count - 1, nearest.end());
      nearest.resize(kept);
      limit = nearest.back().first;
    }
    std::sort(nearest.begin(), nearest.end());
    for (std::size_t e = 0; e < kept; ++e) {
      const std::size_t to = static_cast<std::size_t>(row) * kept + e;
      std::tie(found.squared[to], found.ids[to]) = nearest[e];
    }
  });
  return found;
}

}  // namespace heddle
