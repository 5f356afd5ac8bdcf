#include "framework/gemm.h"
#include "framework/ops.h"
#include "framework/ops/activation.h"
#include "framework/ops/windows.h"
#include "framework/rows.h"

namespace heddle {
namespace {

/// A convolution as products: the weights [out, taps], taps = C kh kw, times the columns [taps, n] of n windows, whose
/// element (k, w) is what tap k of window w reads of its image. An image's columns are made a band at a time: as many
/// rows of windows as have columns that stay in a core's cache.
struct Convolution {
  Convolution(const Tensor& x, const Tensor& weight, index_t stride, index_t padding)
      : windows("conv2d", x, weight.size(2), weight.size(3), stride, padding),
        images(x.size(0)),
        channels(x.size(1)),
        out(weight.size(0)),
        taps(channels * windows.kernel_height * windows.kernel_width),
        joined(stride == 1 && windows.out_width == windows.width) {
    constexpr index_t kBand = index_t{1} << 16;  // elements
    band_rows = std::clamp<index_t>(kBand / std::max<index_t>(1, taps * windows.out_width), 1, windows.out_height);
    bands = (windows.out_height + band_rows - 1) / band_rows;
  }

  /// Windows of the largest band.
  index_t most_windows() const { return band_rows * windows.out_width; }

  Windows windows;
  index_t images, channels, out, taps;
  bool joined;  ///< what a tap reads of one row and of the next stands side by side in the image
  index_t band_rows = 0, bands = 0;
};

/// Some rows of an image's windows.
struct Band {
  Band(const Convolution& convolution, index_t which)
      : conv(convolution),
        begin(which * conv.band_rows),
        end(std::min(begin + conv.band_rows, conv.windows.out_height)),
        first(begin * conv.windows.out_width),
        count((end - begin) * conv.windows.out_width) {}

  /// The columns [taps, count] of an image; zeros stand for the padding.
  template <class T>
  void read(const T* image, T* columns) const {
    each_tap([&, stride = conv.windows.stride](const Tap& tap, index_t k) {
      T* const to = columns + k * count;
      std::fill_n(to, count, T{});
      each_run(tap, [&](index_t at, index_t from, index_t length) {
        if (stride == 1) {
          std::copy_n(image + from, length, to + at);
        } else {
          for (index_t i = 0; i < length; ++i) to[at + i] = image[from + i * stride];
        }
      });
      clear_padding(tap, to);
    });
  }

  /// Adds each element of the columns where `read` would have read it. Clears the columns' padding.
  void add(real* columns, real* image) const {
    each_tap([&, stride = conv.windows.stride](const Tap& tap, index_t k) {
      real* const from = columns + k * count;
      clear_padding(tap, from);
      each_run(tap, [&](index_t at, index_t to, index_t length) {
        if (stride == 1) {
          for (index_t i = 0; i < length; ++i) image[to + i] += from[at + i];
        } else {
          for (index_t i = 0; i < length; ++i) image[to + i * stride] += from[at + i];
        }
      });
    });
  }

  const Convolution& conv;
  index_t begin, end;    ///< rows
  index_t first, count;  ///< windows

 private:
  /// An element of the windows, of those that have it on the plane.
  struct Tap {
    Windows::Range rows, columns;
    index_t offset;  ///< in the image, of window (0, 0)'s
  };

  template <class Body>
  void each_tap(const Body& body) const {
    const Windows& w = conv.windows;
    index_t k = 0;
    for (index_t channel = 0; channel < conv.channels; ++channel) {
      for (index_t ky = 0; ky < w.kernel_height; ++ky) {
        const auto [top, bottom] = w.rows(ky);
        for (index_t kx = 0; kx < w.kernel_width; ++kx) {
          const index_t offset = channel * w.plane() + (ky - w.padding) * w.width + kx - w.padding;
          body({{std::max(begin, top), std::min(end, bottom)}, w.columns(kx), offset}, k++);
        }
      }
    }
  }

  /// Calls body(place in the tap's column, place in the image, length) for the stretches that stand on the plane.
  template <class Body>
  void each_run(const Tap& tap, const Body& body) const {
    const Windows& w = conv.windows;
    const auto [left, right] = tap.columns;
    if (left >= right || tap.rows.first >= tap.rows.last) return;
    const auto run = [&](index_t row, index_t length) {
      body((row - begin) * w.out_width + left, tap.offset + (row * w.width + left) * w.stride, length);
    };
    if (conv.joined) return run(tap.rows.first, (tap.rows.last - tap.rows.first - 1) * w.width + right - left);
    for (index_t row = tap.rows.first; row < tap.rows.last; ++row) run(row, right - left);
  }

  /// A run over joined rows passes over their padding too.
  template <class T>
  void clear_padding(const Tap& tap, T* column) const {
    if (!conv.joined) return;
    const index_t width = conv.windows.width;
    const auto clear = [&](index_t from, index_t to) {
      for (index_t x = from; x < to; ++x) {
        for (index_t row = tap.rows.first; row < tap.rows.last; ++row) column[(row - begin) * width + x] = T{};
      }
    };
    clear(0, tap.columns.first);
    clear(tap.columns.last, width);
  }
};

/// Room for an operand, in the form that products read.
struct Scratch {
  Scratch(index_t numel, bool rounded) {
    if (rounded) {
      half = Bf16Tensor(numel);
    } else {
      full = Tensor({numel});
    }
  }
  Tensor full;
  Bf16Tensor half;
};

/// What a convolution reads, in the forms that products want.
struct Operands {
  Operands(const Tensor& x, const Tensor& weight_, Precision precision_)
      : precision(precision_),
        rounded_x(rounded_operand(x, precision)),
        rounded_weight(rounded_parameter(weight_, precision)),
        full_x(rounded_x.defined() ? Tensor() : x.detach()),
        weight(weight_) {}

  bool rounded() const { return rounded_x.defined(); }
  /// The weights [out, taps].
  ConstMatrix weights(index_t taps, bool transposed) const {
    return {weight.data(), taps, transposed, rounded_weight.data()};
  }
  /// The columns of a band of an image, which lie in `room` from here on.
  ConstMatrix columns(const Band& band, index_t image, Scratch& room) const {
    const index_t offset = image * band.conv.channels * band.conv.windows.plane();
    if (rounded()) {
      band.read(rounded_x.data() + offset, room.half.data());
    } else {
      band.read(full_x.data() + offset, room.full.mutable_data());
    }
    return {room.full.data(), band.count, false, room.half.data()};
  }

  Precision precision;
  Bf16Tensor rounded_x, rounded_weight;  ///< where products read those; then there is no full x
  Tensor full_x, weight;
};

/// y of some tiles, a band of an image each: the products, then bias and activation.
void convolve(const Convolution& conv, const Operands& in, const Tensor& bias, Activation activation, real* y,
              index_t begin, index_t end) {
  const index_t plane = conv.windows.out_plane();
  Scratch room(conv.taps * conv.most_windows(), in.rounded());
  for (index_t tile = begin; tile < end; ++tile) {
    const Band band(conv, tile % conv.bands);
    real* const to = y + tile / conv.bands * conv.out * plane + band.first;
    gemm_serial(conv.out, band.count, conv.taps, in.weights(conv.taps, false),
                in.columns(band, tile / conv.bands, room), {to, plane}, in.precision);
    if (!bias.defined() && activation == Activation::none) continue;
    for (index_t c = 0; c < conv.out; ++c) {
      real* const row = to + c * plane;
      const real b = bias.defined() ? bias.data()[c] : real{0};
      if (activation == Activation::relu) {
        for (index_t i = 0; i < band.count; ++i) row[i] = Relu::value(row[i] + b);
      } else {
        for (index_t i = 0; i < band.count; ++i) row[i] += b;
      }
    }
  }
}

/// The gradient before the activation, dz [out, count], of a band of an image; y is undefined without an activation.
/// Adds each channel's sum to db, if given.
void read_gradient(const Band& band, index_t image, const Tensor& dy, const Tensor& y, real* dz, real* db) {
  for (index_t c = 0; c < band.conv.out; ++c, dz += band.count) {
    const index_t offset = (image * band.conv.out + c) * band.conv.windows.out_plane() + band.first;
    const real* const from = dy.data() + offset;
    if (y.defined()) {
      const real* const at = y.data() + offset;
      for (index_t i = 0; i < band.count; ++i) dz[i] = from[i] * Relu::slope(at[i]);  // y > 0 where z > 0
    } else {
      std::copy_n(from, band.count, dz);
    }
    if (db != nullptr) db[c] += row_sum(band.count, [dz](index_t i) { return dz[i]; });
  }
}

/// Where the gradients of some images go: those of x; sums of their own, at first 0, of the weights, transposed [taps,
/// out], in which form the products are faster, and of the bias. Null or undefined: not wanted.
struct Sums {
  real *dx, *dw, *db;
};

void convolve_gradients(const Convolution& conv, const Operands& in, const Tensor& dy, const Tensor& y, const Sums& to,
                        index_t begin, index_t end) {
  const index_t most = conv.most_windows(), image_size = conv.channels * conv.windows.plane();
  Scratch room(conv.taps * most, in.rounded());
  Tensor dz({conv.out * most}), dcolumns({conv.taps * most});
  real *const slopes = dz.mutable_data(), *const column_slopes = dcolumns.mutable_data();
  Bf16Tensor rounded_dz(in.rounded() ? conv.out * most : 0);
  for (index_t image = begin; image < end; ++image) {
    real* const image_dx = to.dx != nullptr ? to.dx + image * image_size : nullptr;
    if (image_dx != nullptr) std::fill_n(image_dx, image_size, real{0});
    for (index_t b = 0; b < conv.bands; ++b) {
      const Band band(conv, b);
      read_gradient(band, image, dy, y, slopes, to.db);
      const auto gradient = [&](bool transposed) {
        return ConstMatrix{slopes, band.count, transposed, in.rounded() ? rounded_dz.data() : nullptr};
      };
      if (in.rounded())
        std::transform(slopes, slopes + conv.out * band.count, rounded_dz.data(), [](real v) { return to_bf16(v); });
      if (to.dw != nullptr) {
        gemm_serial(conv.taps, conv.out, band.count, in.columns(band, image, room), gradient(true), {to.dw, conv.out},
                    in.precision, 1);
      }
      if (image_dx == nullptr) continue;
      gemm_serial(conv.taps, band.count, conv.out, in.weights(conv.taps, true), gradient(false),
                  {column_slopes, band.count}, in.precision);
      band.add(column_slopes, image_dx);
    }
  }
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, index_t stride, index_t padding,
              Activation activation, Precision precision) {
  ensure(weight.ndim() == 4, "conv2d: weight ", weight.shape(), " needs four axes [out, in, height, width]");
  ensure(x.ndim() == 4 && x.size(1) == weight.size(1), "conv2d: x ", x.shape(), " does not fit weight ", weight.shape(),
         ", wanted [B, ", weight.size(1), ", H, W]");
  ensure(!bias.defined() || bias.shape() == Shape{weight.size(0)}, "conv2d: bias ", bias.shape(),
         " does not fit weight ", weight.shape());
  ensure(activation == Activation::none || activation == Activation::relu,
         "conv2d: of the activations only relu goes beside the product; apply another to the result");
  const Convolution conv(x, weight, stride, padding);
  const Operands in(x, weight, precision);
  Tensor y({conv.images, conv.out, conv.windows.out_height, conv.windows.out_width});
  parallel_for(
      conv.images * conv.bands, row_grain(conv.images * conv.bands, conv.out * conv.taps * conv.most_windows() / 16),
      [&, to = y.mutable_data()](index_t begin, index_t end) { convolve(conv, in, bias, activation, to, begin, end); });
  const Tensor kept_y = activation == Activation::relu ? y : Tensor();
  return make_result(
      "conv2d", y, {x, weight, bias}, [=, shape = x.shape(), wants_dx = x.requires_grad()](const Tensor& dy) -> Grads {
        // As many chunks as there may be threads, with sums of their own, added in order. The images
        // alone decide.
        constexpr index_t kChunks = 16;
        const index_t grain = std::max<index_t>(1, (conv.images + kChunks - 1) / kChunks);
        const index_t chunks = (conv.images + grain - 1) / grain, weights = conv.taps * conv.out;
        Tensor dx = wants_dx ? Tensor(shape) : Tensor();
        const bool wants_dw = weight.requires_grad(), wants_db = bias.requires_grad();
        Tensor chunk_dw = Tensor::zeros({wants_dw ? chunks : 0, weights});
        Tensor chunk_db = Tensor::zeros({wants_db ? chunks : 0, conv.out});
        real *const to_dx = dx.mutable_data(), *const to_dw = chunk_dw.mutable_data(),
                    *const to_db = chunk_db.mutable_data();
        parallel_for(conv.images, grain, [&](index_t begin, index_t end) {
          const index_t chunk = begin / grain;
          convolve_gradients(
              conv, in, dy, kept_y,
              {to_dx, wants_dw ? to_dw + chunk * weights : nullptr, wants_db ? to_db + chunk * conv.out : nullptr},
              begin, end);
        });
        Grads grads{dx, {}, {}};
        if (wants_dw) {
          grads[1] = Tensor(weight.shape());
          real* const dw = grads[1].mutable_data();
          parallel_rows(conv.out, conv.taps * chunks, [&, from = chunk_dw.data()](index_t c) {
            for (index_t k = 0; k < conv.taps; ++k) {
              real sum = 0;
              for (index_t p = 0; p < chunks; ++p) sum += from[p * weights + k * conv.out + c];
              dw[c * conv.taps + k] = sum;
            }
          });
        }
        if (wants_db) grads[2] = sum(chunk_db, {0});
        return grads;
      });
}

}  // namespace heddle
