#pragma once

#include <array>

#include "framework/tensor.h"

/// NumPy's broadcasting, for the ops that need it.
namespace heddle {

/// The shape that a and b have in common. Errors: an axis where they differ and neither is 1, naming `op`.
Shape broadcast_shape(const char* op, const Shape& a, const Shape& b);

/// Sum of x over the axes that broadcasting added or repeated to make x's shape from `shape`: the gradient of that.
Tensor sum_to(const Tensor& x, const Shape& shape);

/// How N operands are walked to make a result: rows of `width` elements, in which each operand advances by 0 or 1.
template <std::size_t N>
class BroadcastWalk {
 public:
  BroadcastWalk(const Shape& result, const std::array<Shape, N>& operands);

  index_t width() const { return width_; }
  const std::array<index_t, N>& steps() const { return steps_; }
  /// Where each operand's elements of row `row` begin.
  std::array<index_t, N> offsets(index_t row) const {
    std::array<index_t, N> offset{};
    for (int axis = axes_ - 1; axis >= 0; --axis) {
      const auto a = static_cast<std::size_t>(axis);
      const index_t at = row % sizes_[a];
      row /= sizes_[a];
      for (std::size_t n = 0; n < N; ++n) offset[n] += at * strides_[a][n];
    }
    return offset;
  }

  /// Calls body(position in the result, count, offsets) for runs that lie within a row, in parallel.
  template <class Body>
  void run(index_t numel, const Body& body) const {
    parallel_for(numel, row_grain(numel), [&](index_t begin, index_t end) {
      while (begin < end) {
        const index_t row = begin / width_, at = begin % width_;
        const index_t count = std::min(end - begin, width_ - at);
        auto offset = offsets(row);
        for (std::size_t n = 0; n < N; ++n) offset[n] += at * steps_[n];
        body(begin, count, offset);
        begin += count;
      }
    });
  }

 private:
  int axes_ = 0;  ///< outer axes, those of the rows
  index_t width_ = 1;
  std::array<index_t, N> steps_{};
  std::array<index_t, Shape::kMaxAxes> sizes_{};
  std::array<std::array<index_t, N>, Shape::kMaxAxes> strides_{};
};

template <std::size_t N>
BroadcastWalk<N>::BroadcastWalk(const Shape& result, const std::array<Shape, N>& operands) {
  // Strides of every operand over the result's axes (0 where it is repeated); neighbouring axes that all operands walk
  // in one stride become one axis, axes of size 1 vanish.
  std::array<index_t, N> next{};  // stride of the operand's next axis to the left
  next.fill(1);
  struct Axis {
    index_t size;
    std::array<index_t, N> strides;
  };
  std::vector<Axis> axes;  // from the last to the first
  for (int axis = result.ndim() - 1; axis >= 0; --axis) {
    Axis here{result[axis], {}};
    for (std::size_t n = 0; n < N; ++n) {
      const int own = axis - (result.ndim() - operands[n].ndim());
      const index_t size = own >= 0 ? operands[n][own] : 1;
      here.strides[n] = size == 1 ? 0 : next[n];
      next[n] *= size;
    }
    if (here.size == 1) continue;
    bool joins = !axes.empty();
    for (std::size_t n = 0; joins && n < N; ++n) joins = here.strides[n] == axes.back().strides[n] * axes.back().size;
    if (joins) {
      axes.back().size *= here.size;
    } else {
      axes.push_back(here);
    }
  }
  if (axes.empty()) return;
  width_ = axes.front().size;
  steps_ = axes.front().strides;
  for (std::size_t i = axes.size() - 1; i > 0; --i) {
    sizes_[static_cast<std::size_t>(axes_)] = axes[i].size;
    strides_[static_cast<std::size_t>(axes_++)] = axes[i].strides;
  }
}

}  // namespace heddle
