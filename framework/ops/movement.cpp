#include <numeric>

#include "framework/ops.h"
#include "framework/ops/broadcast.h"

namespace heddle {

Tensor reshape(const Tensor& x, const Shape& shape) {
  return make_result("reshape", detail::same_elements(x, shape), {x},
                     [from = x.shape()](const Tensor& dy) -> Grads { return {detail::same_elements(dy, from)}; });
}

Tensor reshape(const Tensor& x, const std::vector<index_t>& sizes) {
  std::vector<index_t> full = sizes;
  const auto unknown = std::find(full.begin(), full.end(), -1);
  if (unknown != full.end()) {
    *unknown = 1;
    ensure(std::find(full.begin(), full.end(), -1) == full.end(), "reshape: more than one size is -1");
    const index_t known = Shape(full).numel();
    ensure(known > 0 && x.numel() % known == 0, "reshape: x ", x.shape(), " does not divide into rows of ", known);
    *unknown = x.numel() / known;
  }
  return reshape(x, Shape(full));
}

namespace {

std::vector<index_t> strides_of(const Shape& shape) {
  std::vector<index_t> strides(static_cast<std::size_t>(shape.ndim()), 1);
  for (int axis = shape.ndim() - 2; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = strides[static_cast<std::size_t>(axis) + 1] * shape[axis + 1];
  }
  return strides;
}

}  // namespace

Tensor permute(const Tensor& x, const Axes& axes) {
  ensure(x.defined(), "permute: x is undefined");
  ensure(static_cast<int>(axes.size()) == x.ndim(), "permute: x ", x.shape(), " has ", x.ndim(), " axes, not ",
         axes.size());
  std::vector<index_t> sizes, strides;
  Axes inverse(axes.size(), -1);
  const auto x_strides = strides_of(x.shape());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto from = static_cast<std::size_t>(x.shape().normalize(axes[i], "permute"));
    ensure(inverse[from] == -1, "permute: axis ", axes[i], " is named twice");
    inverse[from] = static_cast<int>(i);
    sizes.push_back(x.shape()[axes[i]]);
    strides.push_back(x_strides[from]);
  }
  Tensor y{Shape(sizes)};
  const index_t width = sizes.empty() ? 1 : sizes.back(), step = strides.empty() ? 1 : strides.back();
  const index_t rows = width > 0 ? y.numel() / width : 0;
  parallel_rows(rows, width, [&, out = y.mutable_data()](index_t row) {
    index_t offset = 0;
    for (std::size_t axis = sizes.size() > 1 ? sizes.size() - 1 : 0, rest = static_cast<std::size_t>(row);
         axis-- > 0;) {
      offset += static_cast<index_t>(rest) % sizes[axis] * strides[axis];
      rest /= static_cast<std::size_t>(sizes[axis]);
    }
    const real* const from = x.data() + offset;
    real* const to = out + row * width;
    if (step == 1) {
      std::copy_n(from, width, to);
    } else {
      for (index_t i = 0; i < width; ++i) to[i] = from[i * step];
    }
  });
  return make_result("permute", y, {x}, [inverse](const Tensor& dy) -> Grads { return {permute(dy, inverse)}; });
}

Tensor transpose(const Tensor& x, int axis_a, int axis_b) {
  Axes axes(static_cast<std::size_t>(x.ndim()));
  std::iota(axes.begin(), axes.end(), 0);
  std::swap(axes[static_cast<std::size_t>(x.shape().normalize(axis_a, "transpose"))],
            axes[static_cast<std::size_t>(x.shape().normalize(axis_b, "transpose"))]);
  return permute(x, axes);
}

namespace {

/// Copies blocks: `count` times `width` elements, from and to places that advance by their own strides.
void copy_blocks(index_t count, index_t width, const real* from, index_t from_stride, real* to, index_t to_stride) {
  parallel_rows(count, width, [=](index_t i) { std::copy_n(from + i * from_stride, width, to + i * to_stride); });
}

}  // namespace

Tensor slice(const Tensor& x, int axis, index_t begin, index_t end) {
  axis = x.shape().normalize(axis, "slice");
  const index_t size = x.size(axis);
  ensure(0 <= begin && begin <= end && end <= size, "slice: [", begin, ", ", end, ") is not within axis ", axis,
         " of x ", x.shape());
  const index_t outer = x.shape().product(0, axis), inner = x.shape().product(axis + 1, x.ndim());
  const index_t width = (end - begin) * inner, stride = size * inner;
  Tensor y(x.shape().with(axis, end - begin));
  copy_blocks(outer, width, x.data() + begin * inner, stride, y.mutable_data(), width);
  return make_result("slice", y, {x}, [=, shape = x.shape()](const Tensor& dy) -> Grads {
    Tensor dx(shape);
    const index_t before = begin * inner, after = stride - before - width;
    parallel_rows(outer, stride, [&, out = dx.mutable_data()](index_t i) {
      real* const to = out + i * stride;
      std::fill_n(to, before, real{0});
      std::copy_n(dy.data() + i * width, width, to + before);
      std::fill_n(to + before + width, after, real{0});
    });
    return {dx};
  });
}

Tensor concat(const std::vector<Tensor>& parts, int axis) {
  ensure(!parts.empty(), "concat: no tensors");
  const Shape& first = parts[0].shape();
  axis = first.normalize(axis, "concat");
  std::vector<index_t> ends;
  index_t size = 0;
  for (const Tensor& part : parts) {
    ensure(part.ndim() == first.ndim() && part.shape().with(axis, 0) == first.with(axis, 0), "concat: ", part.shape(),
           " and ", first, " differ in more than axis ", axis);
    ends.push_back(size += part.size(axis));
  }
  const index_t outer = first.product(0, axis), inner = first.product(axis + 1, first.ndim());
  Tensor y(first.with(axis, size));
  real* to = y.mutable_data();
  for (const Tensor& part : parts) {
    const index_t width = part.size(axis) * inner;
    copy_blocks(outer, width, part.data(), width, to, size * inner);
    to += width;
  }
  return make_result("concat", y, parts, [axis, ends](const Tensor& dy) -> Grads {
    Grads grads;
    index_t begin = 0;
    for (const index_t end : ends) {
      grads.push_back(slice(dy, axis, begin, end));
      begin = end;
    }
    return grads;
  });
}

Tensor stack(const std::vector<Tensor>& parts, int axis) {
  ensure(!parts.empty(), "stack: no tensors");
  const int ndim = parts[0].ndim() + 1;
  ensure(axis >= -ndim && axis < ndim, "stack: axis ", axis, " is not in a result of ", ndim, " axes");
  axis = axis < 0 ? axis + ndim : axis;
  std::vector<Tensor> rows;
  for (const Tensor& part : parts) {
    ensure(part.shape() == parts[0].shape(), "stack: ", part.shape(), " and ", parts[0].shape(), " differ");
    rows.push_back(reshape(part, part.shape().inserted(axis, 1)));
  }
  return concat(rows, axis);
}

Tensor expand(const Tensor& x, const Shape& shape) {
  ensure(x.defined(), "expand: x is undefined");
  ensure(broadcast_shape("expand", x.shape(), shape) == shape, "expand: x ", x.shape(), " cannot become ", shape);
  Tensor y(shape);
  const BroadcastWalk<1> walk(shape, {x.shape()});
  walk.run(y.numel(), [&, step = walk.steps()[0], out = y.mutable_data()](index_t at, index_t count,
                                                                          const std::array<index_t, 1>& offset) {
    if (step == 1) {
      std::copy_n(x.data() + offset[0], count, out + at);
    } else {
      std::fill_n(out + at, count, x.data()[offset[0]]);
    }
  });
  return make_result("expand", y, {x}, [from = x.shape()](const Tensor& dy) -> Grads { return {sum_to(dy, from)}; });
}

Tensor gather(const Tensor& x, int axis, const IdTensor& ids) {
  ensure(ids.ndim() == x.ndim(), "gather: ids ", ids.shape(), " need as many axes as x ", x.shape());
  axis = x.shape().normalize(axis, "gather");
  const index_t size = x.size(axis), count = ids.size(axis);
  ensure(ids.shape().with(axis, size) == x.shape(), "gather: ids ", ids.shape(), " and x ", x.shape(),
         " differ beside axis ", axis);
  const index_t outer = x.shape().product(0, axis), inner = x.shape().product(axis + 1, x.ndim());
  const auto bad = std::find_if(ids.data(), ids.data() + ids.numel(), [&](auto id) { return id < 0 || id >= size; });
  ensure(bad == ids.data() + ids.numel(), "gather: an id is outside 0 .. ", size - 1, " (axis ", axis, " of x ",
         x.shape(), ")");
  Tensor y(ids.shape());
  parallel_rows(outer * count, inner, [&, out = y.mutable_data()](index_t row) {
    for (index_t i = 0; i < inner; ++i) {
      out[row * inner + i] = x.data()[(row / count * size + ids[row * inner + i]) * inner + i];
    }
  });
  return make_result("gather", y, {x}, [=, shape = x.shape()](const Tensor& dy) -> Grads {
    Tensor dx = Tensor::zeros(shape);
    parallel_rows(outer, count * inner,
                  [&, out = dx.mutable_data()](index_t o) {  // ids may repeat within one outer index, never across
                    for (index_t row = o * count; row < (o + 1) * count; ++row) {
                      for (index_t i = 0; i < inner; ++i)
                        out[(o * size + ids[row * inner + i]) * inner + i] += dy.data()[row * inner + i];
                    }
                  });
    return {dx};
  });
}

Tensor embedding(const IdTensor& ids, const Tensor& weight) {
  ensure(weight.ndim() == 2, "embedding: weight ", weight.shape(), " needs two axes [V, C]");
  const index_t vocabulary = weight.size(0), width = weight.size(1);
  for (index_t i = 0; i < ids.numel(); ++i) {
    ensure(ids[i] >= 0 && ids[i] < vocabulary, "embedding: id ", ids[i], " is outside 0 .. ", vocabulary - 1);
  }
  Tensor y(ids.shape().inserted(ids.ndim(), width));
  parallel_rows(ids.numel(), width, [&, out = y.mutable_data()](index_t i) {
    std::copy_n(weight.data() + ids[i] * width, width, out + i * width);
  });
  return make_result("embedding", y, {weight}, [ids, shape = weight.shape(), width](const Tensor& dy) -> Grads {
    Tensor dw = Tensor::zeros(shape);
    real* const sums = dw.mutable_data();
    // ids repeat, so tasks share columns, not rows: each adds its columns of every row, in the rows' order
    parallel_for(width, 32, [&](index_t begin, index_t end) {
      for (index_t i = 0; i < ids.numel(); ++i) {
        real* const to = sums + ids[i] * width;
        const real* const from = dy.data() + i * width;
        for (index_t c = begin; c < end; ++c) to[c] += from[c];
      }
    });
    return {dw};
  });
}

}  // namespace heddle
