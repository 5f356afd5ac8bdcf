#include "framework/ops.h"
#include "framework/ops/broadcast.h"
#include "framework/rows.h"

namespace heddle {
namespace {

/// What a reduction of x over `axes` looks like.
struct Plan {
  Shape result;                          ///< with or without the reduced axes, as asked
  Shape kept;                            ///< the reduced axes with size 1: broadcasts against x
  index_t count = 1;                     ///< elements that make one result
  bool leading = true, trailing = true;  ///< the reduced axes are the first, the last ones
  std::vector<int> order;                ///< kept axes, then the reduced ones
};

Plan plan_of(const char* op, const Tensor& x, const Axes& axes, bool keepdim) {
  ensure(x.defined(), op, ": x is undefined");
  std::vector<bool> reduced(static_cast<std::size_t>(x.ndim()), axes.empty());
  for (const int axis : axes) {
    const auto at = static_cast<std::size_t>(x.shape().normalize(axis, op));
    ensure(!reduced[at], op, ": axis ", axis, " is named twice");
    reduced[at] = true;
  }
  Plan plan;
  std::vector<index_t> kept, result;
  std::vector<int> last;
  for (int axis = 0; axis < x.ndim(); ++axis) {
    const index_t size = x.size(axis);
    if (reduced[static_cast<std::size_t>(axis)]) {
      plan.count *= size;
      kept.push_back(1);
      if (keepdim) result.push_back(1);
      last.push_back(axis);
      if (!plan.order.empty() && size != 1) plan.leading = false;
    } else {
      kept.push_back(size);
      result.push_back(size);
      plan.order.push_back(axis);
      if (!last.empty() && size != 1) plan.trailing = false;
    }
  }
  plan.order.insert(plan.order.end(), last.begin(), last.end());
  plan.kept = Shape(kept);
  plan.result = Shape(result);
  return plan;
}

/// x's elements as [results, count]: rows that are reduced to one element each.
Tensor as_rows(const Tensor& x, const Plan& plan) {
  const NoGradGuard no_grad;
  const index_t rows = plan.kept.numel();
  return plan.trailing ? detail::same_elements(x, {rows, plan.count})
                       : detail::same_elements(permute(x.detach(), plan.order), {rows, plan.count});
}

Tensor sum_of(const Tensor& x, const Plan& plan) {
  Tensor y(plan.result);
  const index_t rows = y.numel(), count = plan.count;
  real* const out = y.mutable_data();
  if (!plan.trailing && plan.leading) {
    const real* in = x.data();
    column_sums(count, rows, out, [=](index_t r, index_t c) { return in[r * rows + c]; });
    return y;
  }
  const Tensor table = as_rows(x, plan);
  const real* const in = table.data();
  constexpr index_t kChunk = 16384;  // a long row is cut here, its chunks summed in order
  if (count <= kChunk) {
    parallel_rows(rows, count, [&](index_t r) {
      out[r] = static_cast<real>(row_sum<double>(count, [row = in + r * count](index_t i) { return row[i]; }));
    });
    return y;
  }
  for (index_t r = 0; r < rows; ++r) {
    const real* const row = in + r * count;
    out[r] = static_cast<real>(parallel_sum(count, kChunk, [row](index_t begin, index_t end) {
      return row_sum<double>(end - begin, [at = row + begin](index_t i) { return at[i]; });
    }));
  }
  return y;
}

/// Index of the first largest element; a NaN counts as largest, so that it does not pass unseen.
index_t first_largest(const real* row, index_t n) {
  index_t best = 0;
  for (index_t i = 0; i < n; ++i) {
    if (std::isnan(row[i])) return i;
    if (row[i] > row[best]) best = i;
  }
  return best;
}

}  // namespace

Tensor sum(const Tensor& x, const Axes& axes, bool keepdim) {
  const Plan plan = plan_of("sum", x, axes, keepdim);
  return make_result("sum", sum_of(x, plan), {x}, [plan, shape = x.shape()](const Tensor& dy) -> Grads {
    return {expand(detail::same_elements(dy, plan.kept), shape)};
  });
}

Tensor mean(const Tensor& x, const Axes& axes, bool keepdim) {
  const Plan plan = plan_of("mean", x, axes, keepdim);
  ensure(plan.count > 0, "mean: x ", x.shape(), " has no element to average");
  const real scale = real{1} / static_cast<real>(plan.count);
  Tensor y = sum_of(x, plan);
  for (real& v : y.mutable_span()) v *= scale;
  return make_result("mean", y, {x}, [plan, scale, shape = x.shape()](const Tensor& dy) -> Grads {
    return {expand(multiply(detail::same_elements(dy, plan.kept), scale), shape)};
  });
}

Tensor max(const Tensor& x, const Axes& axes, bool keepdim) {
  const Plan plan = plan_of("max", x, axes, keepdim);
  ensure(plan.count > 0, "max: x ", x.shape(), " has no element to choose from");
  const Tensor table = as_rows(x, plan);
  Tensor y(plan.result);
  IdTensor chosen(plan.result);
  parallel_rows(y.numel(), plan.count, [&, out = y.mutable_data(), ids = chosen.data()](index_t r) {
    const real* row = table.data() + r * plan.count;
    const index_t best = first_largest(row, plan.count);
    ids[r] = static_cast<IdTensor::value_type>(best);
    out[r] = row[best];
  });
  return make_result("max", y, {x}, [plan, chosen, shape = x.shape()](const Tensor& dy) -> Grads {
    Tensor rows = Tensor::zeros({dy.numel(), plan.count});
    real* const to = rows.mutable_data();
    for (index_t r = 0; r < dy.numel(); ++r) to[r * plan.count + chosen[r]] = dy.data()[r];
    // back from rows to x's order of axes
    std::vector<index_t> sizes;
    Axes inverse(plan.order.size());
    for (std::size_t i = 0; i < plan.order.size(); ++i) {
      sizes.push_back(shape[plan.order[i]]);
      inverse[static_cast<std::size_t>(plan.order[i])] = static_cast<int>(i);
    }
    return {permute(detail::same_elements(rows, Shape(sizes)), inverse)};
  });
}

Tensor variance(const Tensor& x, const Axes& axes, bool keepdim, int correction) {
  const Plan plan = plan_of("variance", x, axes, keepdim);
  ensure(plan.count > correction && plan.count > 0, "variance: x ", x.shape(), " gives ", plan.count,
         " elements a result, needs more than the correction ", correction);
  const real scale = real{1} / static_cast<real>(plan.count - correction);
  Tensor centered;
  {
    const NoGradGuard no_grad;
    centered = subtract(x, mean(x, axes, true));
  }
  const Tensor table = as_rows(centered, plan);
  Tensor y(plan.result);
  parallel_rows(y.numel(), plan.count, [&, out = y.mutable_data()](index_t r) {
    out[r] = scale * row_sum(plan.count, [row = table.data() + r * plan.count](index_t i) { return row[i] * row[i]; });
  });
  return make_result("variance", y, {x}, [plan, scale, centered](const Tensor& dy) -> Grads {
    return {multiply(centered, multiply(detail::same_elements(dy, plan.kept), 2 * scale))};
  });
}

IdTensor argmax(const Tensor& x, int axis) {
  const Plan plan = plan_of("argmax", x, {axis}, false);
  ensure(plan.count > 0, "argmax: x ", x.shape(), " has no element to choose from");
  const Tensor table = as_rows(x, plan);
  IdTensor y(plan.result);
  parallel_rows(y.numel(), plan.count, [&, out = y.data()](index_t r) {
    out[r] = static_cast<IdTensor::value_type>(first_largest(table.data() + r * plan.count, plan.count));
  });
  return y;
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x.detach();
  Axes axes;
  const int extra = x.ndim() - shape.ndim();
  for (int axis = 0; axis < x.ndim(); ++axis) {
    if (axis < extra || (shape[axis - extra] == 1 && x.size(axis) != 1)) axes.push_back(axis);
  }
  return detail::same_elements(axes.empty() ? x : sum_of(x, plan_of("sum", x, axes, true)), shape);
}

}  // namespace heddle
