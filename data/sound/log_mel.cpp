#include "data/sound/log_mel.h"

#include <fftw3.h>

#include <bit>
#include <cmath>
#include <numbers>

#include "framework/check.h"

namespace heddle {
namespace {

/// A triangle over neighbouring bins.
struct Filter {
  std::size_t first = 0;
  std::vector<double> weights;
};

double mel_of(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double hertz_of(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

/// Where a transform reads and writes. Which vector instructions it takes depends on how memory is aligned, so that
/// both are aligned as those that it was planned for.
struct Buffers {
  explicit Buffers(std::size_t size) : in(fftw_alloc_real(size)), out(fftw_alloc_complex(size / 2 + 1)) {}
  ~Buffers() {
    fftw_free(in);
    fftw_free(out);
  }
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;
  double* in;
  fftw_complex* out;
};

}  // namespace

struct LogMel::Parts {
  explicit Parts(std::size_t frame) : size(std::bit_ceil(2 * frame)) {
    for (std::size_t i = 0; i < frame; ++i)
      window.push_back(0.5 -
                       0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(frame)));
    // FFTW_ESTIMATE chooses by rules: other plans are the fastest of those tried, and so differ from run to run.
    const Buffers buffers(size);
    plan = fftw_plan_dft_r2c_1d(static_cast<int>(size), buffers.in, buffers.out, FFTW_ESTIMATE);
    ensure(plan != nullptr, "sound: no transform of ", size, " samples can be planned");
  }
  ~Parts() { fftw_destroy_plan(plan); }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  std::size_t size;
  std::vector<double> window;
  std::vector<Filter> filters;
  fftw_plan plan;
};

LogMel::LogMel(index_t rate, index_t frame, index_t bands) {
  auto parts = std::make_unique<Parts>(static_cast<std::size_t>(frame));
  const std::size_t bins = parts->size / 2 + 1;
  const double bin_width = static_cast<double>(rate) / static_cast<double>(parts->size);
  const double step = mel_of(static_cast<double>(rate) / 2) / static_cast<double>(bands + 1);
  for (index_t b = 0; b < bands; ++b) {
    const auto edge = [&](index_t i) { return hertz_of(step * static_cast<double>(b + i)); };
    const double low = edge(0), top = edge(1), high = edge(2);
    Filter filter;
    for (std::size_t k = 0; k < bins; ++k) {
      const double f = static_cast<double>(k) * bin_width;
      const double weight = std::min((f - low) / (top - low), (high - f) / (high - top));
      if (weight <= 0) continue;
      if (filter.weights.empty()) filter.first = k;
      filter.weights.push_back(weight);
    }
    ensure(!filter.weights.empty(), "data.mels = ", bands, ": band ", b + 1, " from ", low, " to ", high,
           " Hz meets no frequency of frames of ", frame, " samples, which are told ", bin_width,
           " Hz apart; take fewer bands or longer frames");
    parts->filters.push_back(std::move(filter));
  }
  parts_ = std::move(parts);
}

LogMel::~LogMel() = default;

index_t LogMel::bands() const { return std::ssize(parts_->filters); }

std::vector<float> LogMel::operator()(std::span<const float> frames) const {
  constexpr double kFloor = 1e-6;
  const std::size_t length = parts_->window.size();
  const Buffers buffers(parts_->size);
  std::fill_n(buffers.in, parts_->size, 0.0);
  std::vector<double> power(parts_->size / 2 + 1);
  std::vector<float> energies;
  for (std::size_t at = 0; at < frames.size(); at += length) {
    for (std::size_t i = 0; i < length; ++i) buffers.in[i] = parts_->window[i] * static_cast<double>(frames[at + i]);
    fftw_execute_dft_r2c(parts_->plan, buffers.in, buffers.out);
    for (std::size_t k = 0; k < power.size(); ++k)
      power[k] = buffers.out[k][0] * buffers.out[k][0] + buffers.out[k][1] * buffers.out[k][1];
    for (const Filter& filter : parts_->filters) {
      double energy = 0;
      for (std::size_t k = 0; k < filter.weights.size(); ++k) energy += filter.weights[k] * power[filter.first + k];
      energies.push_back(static_cast<float>(std::log(std::max(kFloor, energy))));
    }
  }
  return energies;
}

}  // namespace heddle
