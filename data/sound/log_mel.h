#pragma once

#include <memory>
#include <span>
#include <vector>

#include "framework/parallel.h"

namespace heddle {

/// Log-mel energies of frames of sound (Davis and Mermelstein, "Comparison of Parametric Representations for
/// Monosyllabic Word Recognition in Continuously Spoken Sentences", 1980; the scale and filters of HTK, Young et al.,
/// "The HTK Book"). Of a frame x of n samples at `rate` a second:
///
///   X[k] = sum over i of w[i] x[i] e^(-2 pi sqrt(-1) i k / N),  w[i] = 1/2 - 1/2 cos(2 pi i / n)  (Hann's window),
///
/// where N is the smallest power of two that is at least 2 n: behind the frame stand zeros, so that the narrow filters
/// of low bands meet a frequency. Bin k lies at f = k rate / N. Band b of `bands` has a triangle over three of bands +
/// 2 edges that lie evenly in mel(f) = 2595 log10(1 + f / 700) from 0 to rate / 2: 0 at edge b and edge b + 2, 1 at
/// edge b + 1, straight in f between. y[b] = log(max(1e-6, sum over k of triangle_b(f_k) |X[k]|^2)); a full tone has
/// about n^2 / 16.
class LogMel {
 public:
  /// To be made by one thread at a time. Errors: so many bands that one of them meets no bin.
  LogMel(index_t rate, index_t frame, index_t bands);
  ~LogMel();
  LogMel(const LogMel&) = delete;
  LogMel& operator=(const LogMel&) = delete;

  index_t bands() const;
  /// Of frames [count, n], one after another: [count, bands]. The same bits whichever threads call it.
  std::vector<float> operator()(std::span<const float> frames) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

}  // namespace heddle
