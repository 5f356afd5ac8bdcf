#pragma once

#include "framework/tensor.h"

/// Where the windows of a convolution or of a pooling stand.
namespace heddle {

/// Windows of kernel_height x kernel_width on planes of height x width; the first stands `padding` above and left of
/// the plane, each next one `stride` further. What lies outside the plane is padding.
struct Windows {
  /// Of the planes of x [B, C, H, W]. Errors: x without four axes, sizes or a stride below 1, negative padding, a
  /// window larger than the padded plane; they name `op`.
  Windows(const char* op, const Tensor& x, index_t window_height, index_t window_width, index_t step, index_t border)
      : kernel_height(window_height), kernel_width(window_width), stride(step), padding(border) {
    ensure(x.ndim() == 4, op, ": x ", x.shape(), " needs four axes [B, C, H, W]");
    height = x.size(2);
    width = x.size(3);
    ensure(kernel_height >= 1 && kernel_width >= 1 && stride >= 1 && padding >= 0, op, ": windows of ", kernel_height,
           " x ", kernel_width, " with stride ", stride, " and padding ", padding,
           "; wanted sizes and a stride of 1 or more, and a padding of 0 or more");
    ensure(kernel_height <= height + 2 * padding && kernel_width <= width + 2 * padding, op, ": x ", x.shape(),
           " with padding ", padding, " is smaller than a window of ", kernel_height, " x ", kernel_width);
    out_height = (height + 2 * padding - kernel_height) / stride + 1;
    out_width = (width + 2 * padding - kernel_width) / stride + 1;
  }

  index_t plane() const { return height * width; }
  index_t out_plane() const { return out_height * out_width; }

  /// Some of the windows of a row or of a column: [first, last).
  struct Range {
    index_t first, last;
  };
  /// The windows whose row (column) `k` stands on the plane.
  Range rows(index_t k) const { return on_plane(k, height, out_height); }
  Range columns(index_t k) const { return on_plane(k, width, out_width); }

  index_t height = 0, width = 0, out_height = 0, out_width = 0;
  index_t kernel_height, kernel_width, stride, padding;

 private:
  /// Those i of [0, count) for which 0 <= i * stride + k - padding < size.
  Range on_plane(index_t k, index_t size, index_t count) const {
    const index_t before = std::max<index_t>(0, padding - k), up_to = std::max<index_t>(0, size + padding - k);
    const index_t last = std::min(count, (up_to + stride - 1) / stride);
    return {std::min(last, (before + stride - 1) / stride), last};
  }
};

}  // namespace heddle
