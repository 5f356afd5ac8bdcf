// What ops compute, against plain loops over indices, on shapes drawn at random: up to four axes of every size from
// nothing to 40, with axes of size 1 and missing ones among the operands.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "framework/ops.h"

namespace heddle {
namespace {

constexpr int kRounds = 150;
constexpr double kTolerance = sizeof(real) == sizeof(double) ? 1e-12 : 2e-5;

using Index = std::vector<index_t>;

/// Small whole numbers in a fixed order, a different one for each seed.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : rng_(seed) {}
  index_t below(index_t n) { return static_cast<index_t>(rng_.below(static_cast<std::uint64_t>(n), next_++)); }
  bool coin() { return below(2) == 1; }
  Shape shape(int least, int most) {
    Index sizes;
    const index_t axes = least + below(most - least + 1);
    for (index_t i = 0; i < axes; ++i) {
      const index_t kind = below(40);
      sizes.push_back(kind == 0 ? 0 : kind < 4 ? 33 + below(8) : 1 + below(5));
    }
    return Shape(sizes);
  }
  Tensor tensor(const Shape& shape) { return Tensor::uniform(shape, rng_.fork(next_++), -2, 2); }
  /// A shape that broadcasts to `whole`: some axes 1, some leading ones missing.
  Shape part_of(const Shape& whole) {
    Index sizes(whole.begin(), whole.end());
    for (index_t& size : sizes) size = below(3) == 0 ? 1 : size;
    sizes.erase(sizes.begin(), sizes.begin() + below(whole.ndim() + 1));
    return Shape(sizes);
  }

 private:
  Rng rng_;
  std::uint64_t next_ = 0;
};

/// Calls visit(index) for every element of a shape, the last axis fastest.
void each(const Shape& shape, const std::function<void(const Index&)>& visit) {
  Index index(static_cast<std::size_t>(shape.ndim()), 0);
  for (index_t i = 0; i < shape.numel(); ++i) {
    index_t rest = i;
    for (int axis = shape.ndim() - 1; axis >= 0; --axis) {
      index[static_cast<std::size_t>(axis)] = rest % shape[axis];
      rest /= shape[axis];
    }
    visit(index);
  }
}

/// Where an index lies in a tensor, which may have fewer axes or repeat those of size 1.
index_t place(const Shape& shape, const Index& index) {
  index_t at = 0;
  const auto missing = static_cast<int>(index.size()) - shape.ndim();
  for (int axis = 0; axis < shape.ndim(); ++axis) {
    at = at * shape[axis] + (shape[axis] == 1 ? 0 : index[static_cast<std::size_t>(axis + missing)]);
  }
  return at;
}

double value(const Tensor& t, const Index& index) { return static_cast<double>(t.data()[place(t.shape(), index)]); }

/// Requires got to have the shape and, within rounding, the elements that `wanted` computes from their indices.
void require_equal(const Tensor& got, const Shape& shape, const std::function<double(const Index&)>& wanted) {
  REQUIRE(got.shape() == shape);
  each(shape, [&](const Index& index) {
    const double expected = wanted(index), came = value(got, index);
    if (!(std::abs(came - expected) <= kTolerance * std::max(1.0, std::abs(expected)))) {
      FAIL("shape " << shape << " element " << place(shape, index) << ": " << came << ", wanted " << expected);
    }
  });
}

}  // namespace

TEST_CASE("ops of two tensors equal plain loops for all broadcasts") {
  Draw draw(1);
  for (int round = 0; round < kRounds; ++round) {
    const Shape whole = draw.shape(0, 4);
    Shape sa = draw.part_of(whole), sb = draw.part_of(whole);
    (draw.coin() ? sa : sb) = whole;
    const Tensor a = draw.tensor(sa), b = draw.tensor(sb);
    const Tensor c = relu(draw.tensor(draw.part_of(whole)));
    INFO(sa << " and " << sb << " by " << c.shape());
    require_equal(a + b, whole, [&](const Index& i) { return value(a, i) + value(b, i); });
    require_equal(a - b, whole, [&](const Index& i) { return value(a, i) - value(b, i); });
    require_equal(a * b, whole, [&](const Index& i) { return value(a, i) * value(b, i); });
    require_equal(a / b, whole, [&](const Index& i) { return value(a, i) / value(b, i); });
    require_equal(where(c, a, b), whole, [&](const Index& i) { return value(c, i) != 0 ? value(a, i) : value(b, i); });
    require_equal(expand(a, whole), whole, [&](const Index& i) { return value(a, i); });
  }
}

TEST_CASE("reductions equal plain loops over all sets of axes") {
  Draw draw(2);
  for (int round = 0; round < kRounds; ++round) {
    const Tensor x = draw.tensor(draw.shape(1, 4));
    Axes axes;
    Index kept(x.shape().begin(), x.shape().end()), left;
    for (int axis = 0; axis < x.ndim(); ++axis) {
      if (draw.coin()) axes.push_back(draw.coin() ? axis : axis - x.ndim());
    }
    std::vector<bool> reduced(static_cast<std::size_t>(x.ndim()), axes.empty());
    for (const int axis : axes) reduced[static_cast<std::size_t>(x.shape().normalize(axis))] = true;
    index_t count = 1;
    for (std::size_t axis = 0; axis < kept.size(); ++axis) {
      if (!reduced[axis]) left.push_back(kept[axis]);
      if (reduced[axis]) count *= std::exchange(kept[axis], 1);
    }
    const bool keepdim = draw.coin();
    const Shape row_shape(kept), shape(keepdim ? kept : left);
    std::vector<std::vector<double>> rows(static_cast<std::size_t>(row_shape.numel()));
    each(x.shape(),
         [&](const Index& i) { rows[static_cast<std::size_t>(place(row_shape, i))].push_back(value(x, i)); });
    const auto row_of = [&](const Index& i) -> const auto& { return rows[static_cast<std::size_t>(place(shape, i))]; };
    const auto total = [&](const Index& i) {
      double sum = 0;
      for (const double v : row_of(i)) sum += v;
      return sum;
    };
    INFO(x.shape() << " to " << shape);
    require_equal(sum(x, axes, keepdim), shape, total);
    if (count == 0) continue;
    const auto average = [&](const Index& i) { return total(i) / static_cast<double>(count); };
    require_equal(mean(x, axes, keepdim), shape, average);
    require_equal(max(x, axes, keepdim), shape,
                  [&](const Index& i) { return *std::max_element(row_of(i).begin(), row_of(i).end()); });
    if (count == 1) continue;
    require_equal(variance(x, axes, keepdim, 1), shape, [&](const Index& i) {
      double squares = 0;
      for (const double v : row_of(i)) squares += (v - average(i)) * (v - average(i));
      return squares / static_cast<double>(count - 1);
    });
  }
}

TEST_CASE("sums of long rows, of first axes and of middle ones equal plain loops") {
  for (const Shape& shape : {Shape{3, 20000}, Shape{2, 40000, 2}, Shape{70000, 3}}) {  // more than a piece of a row
    Draw draw(6);
    const Tensor x = draw.tensor(shape);
    for (int axis = 0; axis < x.ndim(); ++axis) {
      INFO(shape << " over axis " << axis);
      std::vector<double> sums(static_cast<std::size_t>(x.numel() / x.size(axis)), 0);
      const Shape kept = shape.with(axis, 1);
      each(shape, [&](const Index& i) { sums[static_cast<std::size_t>(place(kept, i))] += value(x, i); });
      require_equal(sum(x, {axis}, true), kept,
                    [&](const Index& i) { return sums[static_cast<std::size_t>(place(kept, i))]; });
    }
  }
}

TEST_CASE("a NaN is the largest of its row, wherever it stands, and the first of several is taken") {
  const real nan = std::numeric_limits<real>::quiet_NaN();
  for (std::size_t at = 0; at < 4; ++at) {
    std::vector<real> row{1, 2, 4, 3};
    row[at] = nan;
    INFO("place " << at);
    CHECK(std::isnan(max(Tensor::from(row, {4})).item()));
    CHECK(argmax(Tensor::from(row, {4}), 0)[0] == static_cast<std::int32_t>(at));
    row[3] = nan;
    CHECK(argmax(Tensor::from(row, {4}), 0)[0] == static_cast<std::int32_t>(at));
  }
}

TEST_CASE("movement equals plain loops on all axes") {
  Draw draw(3);
  for (int round = 0; round < kRounds; ++round) {
    const Tensor x = draw.tensor(draw.shape(1, 4));
    INFO(x.shape());
    Axes order(static_cast<std::size_t>(x.ndim()));
    Index sizes;
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = static_cast<int>(i);
      std::swap(order[i], order[static_cast<std::size_t>(draw.below(static_cast<index_t>(i) + 1))]);
    }
    for (const int axis : order) sizes.push_back(x.size(axis));
    require_equal(permute(x, order), Shape(sizes), [&](const Index& i) {
      Index from(i.size());
      for (std::size_t axis = 0; axis < i.size(); ++axis) from[static_cast<std::size_t>(order[axis])] = i[axis];
      return value(x, from);
    });

    const int axis = static_cast<int>(draw.below(x.ndim()));
    const auto at = static_cast<std::size_t>(axis);
    const index_t begin = draw.below(x.size(axis) + 1), end = begin + draw.below(x.size(axis) - begin + 1);
    const auto shifted = [&](Index i, index_t by) {
      i[at] += by;
      return i;
    };
    require_equal(slice(x, axis - x.ndim(), begin, end), x.shape().with(axis, end - begin),
                  [&](const Index& i) { return value(x, shifted(i, begin)); });

    const Tensor other = draw.tensor(x.shape().with(axis, draw.below(4)));
    const Shape joined = x.shape().with(axis, 2 * x.size(axis) + other.size(axis));
    require_equal(concat({x, other, x}, axis), joined, [&](const Index& i) {
      if (i[at] < x.size(axis)) return value(x, i);
      const Index rest = shifted(i, -x.size(axis));
      return rest[at] < other.size(axis) ? value(other, rest) : value(x, shifted(rest, -other.size(axis)));
    });
    require_equal(stack({x, -x}, axis), x.shape().inserted(axis, 2), [&](Index i) {
      const double sign = i[at] == 0 ? 1 : -1;
      i.erase(i.begin() + axis);
      return sign * value(x, i);
    });

    if (x.size(axis) == 0) continue;
    IdTensor ids(x.shape().with(axis, draw.below(6)));
    for (index_t i = 0; i < ids.numel(); ++i) ids[i] = static_cast<std::int32_t>(draw.below(x.size(axis)));
    require_equal(gather(x, axis, ids), ids.shape(), [&](Index i) {
      i[at] = ids[place(ids.shape(), i)];
      return value(x, i);
    });
  }
}

TEST_CASE("products of stacks equal plain loops for all broadcasts and transposes") {
  Draw draw(4);
  for (int round = 0; round < kRounds; ++round) {
    const Shape stack = draw.shape(0, 2), matrix = draw.shape(3, 3);
    const index_t m = matrix[0], k = matrix[1], n = matrix[2];
    const auto stacked = [&](const Shape& outer, index_t rows, index_t columns, bool transposed) {
      const Shape tall = outer.inserted(outer.ndim(), transposed ? columns : rows);
      return tall.inserted(tall.ndim(), transposed ? rows : columns);
    };
    const bool ta = draw.coin(), tb = draw.coin();
    Shape outer_a = draw.part_of(stack), outer_b = draw.part_of(stack);
    (draw.coin() ? outer_a : outer_b) = stack;
    const Tensor a = draw.tensor(stacked(outer_a, m, k, ta)), b = draw.tensor(stacked(outer_b, k, n, tb));
    INFO(a.shape() << (ta ? "^T" : "") << " times " << b.shape() << (tb ? "^T" : ""));
    const auto in = [](const Tensor& t, bool transposed, Index i, index_t row, index_t column) {
      i[i.size() - 2] = transposed ? column : row;
      i[i.size() - 1] = transposed ? row : column;
      return value(t, i);
    };
    require_equal(matmul(a, b, ta, tb), stacked(stack, m, n, false), [&](const Index& i) {
      double sum = 0;
      for (index_t j = 0; j < k; ++j) sum += in(a, ta, i, i[i.size() - 2], j) * in(b, tb, i, j, i.back());
      return sum;
    });
  }
}

TEST_CASE("attention with every mask, grouped heads and several blocks equals plain loops") {
  Draw draw(5);
  for (int round = 0; round < kRounds / 3; ++round) {
    const index_t batch = 1 + draw.below(2), groups = 1 + draw.below(2), heads = groups * (1 + draw.below(3));
    const index_t keys = draw.below(4) == 0 ? 66 + draw.below(70) : draw.below(9);
    const index_t queries = draw.coin() ? keys : draw.below(keys + 1);
    const index_t size = 1 + draw.below(5), value_size = 1 + draw.below(5);
    const Tensor q = draw.tensor({batch, queries, heads, size}), k = draw.tensor({batch, keys, groups, size});
    const Tensor v = draw.tensor({batch, keys, groups, value_size});
    AttentionOptions options;
    options.causal = draw.coin();
    if (draw.coin()) options.key_mask = relu(draw.tensor({batch, keys}));
    const Shape table{queries, keys};
    const Shape tables[] = {table, table.inserted(0, heads), {batch, 1, queries, keys}, {batch, heads, queries, keys}};
    if (draw.coin()) options.score_bias = draw.tensor(tables[draw.below(4)]);
    if (draw.coin()) options.scale = 0.3;
    const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(size)));
    INFO(q.shape() << " and " << k.shape() << ", causal " << options.causal << ", mask " << options.key_mask.defined()
                   << ", bias " << options.score_bias.shape());
    const Tensor y = scaled_dot_product_attention(q, k, v, options);
    require_equal(y, {batch, queries, heads, value_size}, [&](const Index& i) {
      const index_t b = i[0], t = i[1], h = i[2], g = h / (heads / groups);
      double total = 0, sum = 0;
      for (index_t j = 0; j < keys; ++j) {
        if (options.causal && j > t + keys - queries) continue;
        if (options.key_mask.defined() && value(options.key_mask, {b, j}) == 0) continue;
        double score = 0;
        for (index_t d = 0; d < size; ++d) score += value(q, {b, t, h, d}) * value(k, {b, j, g, d}) * scale;
        if (options.score_bias.defined()) score += value(options.score_bias, {b, h, t, j});
        total += std::exp(score);
        sum += std::exp(score) * value(v, {b, j, g, i[3]});
      }
      return total > 0 ? sum / total : 0;
    });
  }
}

}  // namespace heddle
