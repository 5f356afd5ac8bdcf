#include <limits>
#include <type_traits>
#include <vector>

#include "framework/ops.h"
#include "framework/ops/windows.h"

namespace heddle {
namespace {

/// Windows side by side in a row, of which one and the same element stands on the plane.
struct Stretch {
  index_t tap;      ///< the element, counted row by row in its window
  index_t window;   ///< the first window
  index_t element;  ///< its element's place in the plane
  index_t count;
};

/// A pooling's windows, on planes that stand one after the other.
struct Pooling : Windows {
  Pooling(const char* op, const Tensor& x, index_t window, index_t step, index_t border)
      : Windows(op, x, window, window, step, border), planes(x.size(0) * x.size(1)) {
    ensure(2 * border <= window, op, ": padding ", border, " is more than half a window of ", window);
  }

  /// Calls body(stretch, step) for every stretch, the elements of a window in order; elements stand `step` apart, a
  /// number that the compiler knows where it is 1 or 2.
  template <class Body>
  void each_stretch(const Body& body) const {
    const auto with_step = [&](auto step) {
      for (index_t oy = 0; oy < out_height; ++oy) {
        for (index_t ky = 0; ky < kernel_height; ++ky) {
          const index_t y = oy * stride + ky - padding;
          if (y < 0 || y >= height) continue;
          for (index_t kx = 0; kx < kernel_width; ++kx) {
            const auto [first, last] = columns(kx);
            body(Stretch{ky * kernel_width + kx, oy * out_width + first, y * width + first * stride + kx - padding,
                         last - first},
                 step);
          }
        }
      }
    };
    if (stride == 1) return with_step(std::integral_constant<index_t, 1>());
    if (stride == 2) return with_step(std::integral_constant<index_t, 2>());
    with_step(stride);
  }

  /// The work of a plane, for cutting.
  index_t work() const { return plane() + out_plane() * kernel_height * kernel_width; }
  Shape out_shape(const Tensor& x) const { return {x.size(0), x.size(1), out_height, out_width}; }

  index_t planes;
};

}  // namespace

Tensor max_pool2d(const Tensor& x, index_t window, index_t stride, index_t padding) {
  const Pooling pool("max_pool2d", x, window, stride, padding);
  Tensor y(pool.out_shape(x)), chosen(y.shape());  // which element of the window is the largest, counted row by row
  parallel_rows(pool.planes, pool.work(), [&, out = y.mutable_data(), taps = chosen.mutable_data()](index_t p) {
    real* const to = out + p * pool.out_plane();
    real* const which = taps + p * pool.out_plane();
    std::fill_n(to, pool.out_plane(), -std::numeric_limits<real>::infinity());
    std::fill_n(which, pool.out_plane(), real{-1});
    pool.each_stretch([&](const Stretch& s, auto step) {
      const real* const from = x.data() + p * pool.plane();
      const auto tap = static_cast<real>(s.tap);
      for (index_t i = 0; i < s.count; ++i) {
        const real v = from[s.element + i * step], best = to[s.window + i], before = which[s.window + i];
        const bool larger = (v > best) | (v != v) | (before < 0);  // NaN stays, as it must be seen
        to[s.window + i] = larger ? v : best;
        which[s.window + i] = larger ? tap : before;
      }
    });
  });
  return make_result("max_pool2d", y, {x}, [pool, chosen, shape = x.shape()](const Tensor& dy) -> Grads {
    Tensor dx(shape);
    std::vector<index_t> offsets;  // of a window's elements from its first
    for (index_t i = 0; i < pool.kernel_height * pool.kernel_width; ++i)
      offsets.push_back(i / pool.kernel_width * pool.width + i % pool.kernel_width);
    parallel_rows(pool.planes, pool.work(), [&, out = dx.mutable_data()](index_t p) {
      real* const to = out + p * pool.plane();
      std::fill_n(to, pool.plane(), real{0});
      for (index_t oy = 0; oy < pool.out_height; ++oy) {
        const index_t row = p * pool.out_plane() + oy * pool.out_width;
        const index_t first = (oy * pool.stride - pool.padding) * pool.width - pool.padding;
        for (index_t ox = 0; ox < pool.out_width; ++ox) {
          const auto tap = static_cast<std::size_t>(chosen.data()[row + ox]);
          to[first + ox * pool.stride + offsets[tap]] += dy.data()[row + ox];
        }
      }
    });
    return {dx};
  });
}

Tensor avg_pool2d(const Tensor& x, index_t window, index_t stride, index_t padding) {
  const Pooling pool("avg_pool2d", x, window, stride, padding);
  const real share = 1 / static_cast<real>(window * window);
  Tensor y(pool.out_shape(x));
  parallel_rows(pool.planes, pool.work(), [&, out = y.mutable_data()](index_t p) {
    const real* const from = x.data() + p * pool.plane();
    real* const to = out + p * pool.out_plane();
    std::fill_n(to, pool.out_plane(), real{0});
    pool.each_stretch([&](const Stretch& s, auto step) {
      for (index_t i = 0; i < s.count; ++i) to[s.window + i] += from[s.element + i * step];
    });
    for (index_t i = 0; i < pool.out_plane(); ++i) to[i] *= share;
  });
  return make_result("avg_pool2d", y, {x}, [pool, share, shape = x.shape()](const Tensor& dy) -> Grads {
    Tensor dx(shape);
    parallel_rows(pool.planes, pool.work(), [&, out = dx.mutable_data()](index_t p) {
      real* const to = out + p * pool.plane();
      const real* const from = dy.data() + p * pool.out_plane();
      std::fill_n(to, pool.plane(), real{0});
      pool.each_stretch([&](const Stretch& s, auto step) {
        for (index_t i = 0; i < s.count; ++i) to[s.element + i * step] += share * from[s.window + i];
      });
    });
    return {dx};
  });
}

}  // namespace heddle
