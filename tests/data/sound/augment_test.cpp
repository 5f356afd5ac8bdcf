#include "data/sound/augment.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <set>

namespace heddle {
namespace {

constexpr index_t kBands = 8;
const std::vector<double> kMean = {1, -2, 3, 0, 5, 1, 1, -4}, kDeviation = {2, 1, 0.5, 3, 1, 2, 1, 4};

/// Rows of these lengths whose energy in frame t and band b is of(t, b), standardized.
template <class Energy>
Batch rows_of(const std::vector<index_t>& lengths, const Energy& of) {
  const index_t rows = std::ssize(lengths), longest = *std::max_element(lengths.begin(), lengths.end());
  Batch batch;
  batch.features = Tensor::zeros({rows, longest, kBands});
  batch.mask = Tensor::zeros({rows, longest});
  batch.targets = IdTensor({rows});
  batch.first_row = 40;
  for (index_t row = 0; row < rows; ++row) {
    for (index_t t = 0; t < lengths[static_cast<std::size_t>(row)]; ++t) {
      batch.mask.mutable_data()[row * longest + t] = 1;
      for (index_t b = 0; b < kBands; ++b)
        batch.features.mutable_data()[(row * longest + t) * kBands + b] = static_cast<real>(
            (of(t, b) - kMean[static_cast<std::size_t>(b)]) / kDeviation[static_cast<std::size_t>(b)]);
    }
  }
  return batch;
}

double energy(const Batch& batch, index_t row, index_t t, index_t b) {
  return static_cast<double>(batch.features.data()[(row * batch.features.size(1) + t) * kBands + b]) *
             kDeviation[static_cast<std::size_t>(b)] +
         kMean[static_cast<std::size_t>(b)];
}

index_t length(const Batch& batch, index_t row) {
  index_t count = 0;
  for (index_t t = 0; t < batch.mask.size(1); ++t)
    count += batch.mask.data()[row * batch.mask.size(1) + t] != 0 ? 1 : 0;
  return count;
}

std::vector<real> bits_of(const Batch& batch) { return {batch.features.span().begin(), batch.features.span().end()}; }

/// 64 rows of 40 frames, changed.
template <class Energy>
Batch changed(const SoundAugment& augment, const Energy& of, index_t most_frames = 0) {
  Batch batch = rows_of(std::vector<index_t>(64, 40), of);
  augment.apply(batch, Rng(3), kMean, kDeviation, most_frames);
  return batch;
}

double ramp(index_t t, index_t b) { return static_cast<double>(t) + 0.1 * static_cast<double>(b * b); }

}  // namespace

TEST_CASE("another tempo reads frames at other steps, and leaves as many more or fewer") {
  SoundAugment augment;
  augment.speed = 0.3;
  const Batch batch = changed(augment, ramp);
  std::set<index_t> lengths;
  for (index_t row = 0; row < 64; ++row) {
    const double rate = energy(batch, row, 1, 0) - energy(batch, row, 0, 0);
    CHECK(std::abs(std::log(rate)) <= 0.3);
    CHECK(length(batch, row) == std::llround(40 / rate));
    lengths.insert(length(batch, row));
    for (index_t t = 0; t < length(batch, row); ++t) {
      for (index_t b = 0; b < kBands; ++b) {
        const double wanted = std::min(39.0, static_cast<double>(t) * rate) + 0.1 * static_cast<double>(b * b);
        CHECK(energy(batch, row, t, b) == Approx(wanted).margin(1e-4));
      }
    }
  }
  CHECK(*lengths.begin() < 33);
  CHECK(*lengths.rbegin() > 48);
  CHECK(batch.features.size(1) == *lengths.rbegin());
  const Batch bounded = changed(augment, ramp, 42);
  CHECK(bounded.features.size(1) == 42);
}

TEST_CASE("another voice has its bands higher or lower by one share") {
  SoundAugment augment;
  augment.warp = 0.2;
  const Batch batch = changed(augment, [](index_t, index_t b) { return static_cast<double>(b); });
  std::set<bool> higher;
  for (index_t row = 0; row < 64; ++row) {
    const double height = (energy(batch, row, 7, 2) + 0.5) / 2.5;
    CHECK(std::abs(std::log(height)) <= 0.2);
    higher.insert(height > 1.1);
    CHECK(length(batch, row) == 40);
    for (index_t b = 0; b < kBands; ++b) {
      const double wanted = std::clamp((static_cast<double>(b) + 0.5) * height - 0.5, 0.0, 7.0);
      CHECK(energy(batch, row, 20, b) == Approx(wanted).margin(1e-4));
    }
  }
  CHECK(higher.size() == 2);
}

TEST_CASE("a louder or quieter sound has another energy everywhere alike") {
  SoundAugment augment;
  augment.gain = 6;
  const Batch batch = changed(augment, ramp);
  std::set<bool> louder;
  for (index_t row = 0; row < 64; ++row) {
    const double gain = energy(batch, row, 0, 0);
    CHECK(std::abs(gain) <= 6 * std::numbers::ln10 / 10 + 1e-6);
    if (std::abs(gain) > 1) louder.insert(gain > 0);  // beyond 4 dB
    for (index_t t = 0; t < 40; t += 13) CHECK(energy(batch, row, t, 5) == Approx(ramp(t, 5) + gain).margin(1e-4));
  }
  CHECK(louder.size() == 2);
}

TEST_CASE("either end loses up to the frames that are asked, parts of frames too, and never more than a quarter") {
  SoundAugment augment;
  augment.crop = 4;
  const Batch batch = changed(augment, ramp);
  double most = 0;
  index_t shortest = 40;
  for (index_t row = 0; row < 64; ++row) {
    const double begin = energy(batch, row, 0, 0);
    CHECK(begin >= -1e-6);
    CHECK(begin <= 4 + 1e-6);
    most = std::max(most, begin);
    shortest = std::min(shortest, length(batch, row));
    CHECK(energy(batch, row, 9, 3) == Approx(begin + 9 + 0.9).margin(1e-4));
    CHECK(begin + static_cast<double>(length(batch, row)) <= 40.5);
  }
  CHECK(most > 3);
  CHECK(shortest >= 32);
  CHECK(shortest < 36);
  augment.crop = 1000;
  const Batch little = changed(augment, ramp);
  for (index_t row = 0; row < 64; ++row) CHECK(length(little, row) >= 20);
}

TEST_CASE("masks hide one stretch of bands and one of frames, which become their mean, and leave the rest") {
  SoundAugment augment;
  augment.mask_bands = 3;
  augment.mask_frames = 100;
  const auto of = [](index_t t, index_t b) { return 50 + ramp(t, b); };
  const Batch batch = changed(augment, of);
  std::set<index_t> bands, frames;
  for (index_t row = 0; row < 64; ++row) {
    const auto hidden = [&](index_t t, index_t b) { return batch.features.data()[(row * 40 + t) * kBands + b] == 0; };
    index_t first_frame = 40, last_frame = 0, first_band = kBands, last_band = 0;
    for (index_t t = 0; t < 40; ++t) {
      bool all = true;
      for (index_t b = 0; b < kBands; ++b) all = all && hidden(t, b);
      if (all) first_frame = std::min(first_frame, t), last_frame = t + 1;
    }
    const index_t seen = first_frame == 0 ? 39 : 0;
    for (index_t b = 0; b < kBands; ++b) {
      if (hidden(seen, b)) first_band = std::min(first_band, b), last_band = b + 1;
    }
    bands.insert(std::max<index_t>(0, last_band - first_band));
    frames.insert(std::max<index_t>(0, last_frame - first_frame));
    for (index_t t = 0; t < 40; ++t) {
      for (index_t b = 0; b < kBands; ++b) {
        const bool inside = (t >= first_frame && t < last_frame) || (b >= first_band && b < last_band);
        CHECK(hidden(t, b) == inside);
        if (!inside) CHECK(energy(batch, row, t, b) == Approx(of(t, b)).margin(1e-3));
      }
    }
  }
  CHECK(bands == std::set<index_t>{0, 1, 2, 3});
  CHECK(*frames.begin() == 0);
  CHECK(*frames.rbegin() == 13);  // a third
}

TEST_CASE("changes of a sound go by its row's number, and nothing is changed where nothing is asked") {
  SoundAugment augment;
  const auto of = [](index_t t, index_t b) { return std::sin(static_cast<double>(3 * t + b)); };
  Batch whole = rows_of({12, 7, 20, 1}, of);
  const auto before = bits_of(whole);
  augment.apply(whole, Rng(3), kMean, kDeviation, 0);
  CHECK(bits_of(whole) == before);

  augment.speed = augment.warp = 0.2;
  augment.gain = augment.crop = 3;
  augment.mask_bands = augment.mask_frames = 2;
  augment.apply(whole, Rng(3), kMean, kDeviation, 0);
  CHECK(bits_of(whole) != before);
  CHECK(whole.targets.numel() == 4);
  Batch other = rows_of({12, 7, 20, 1}, of);
  augment.apply(other, Rng(4), kMean, kDeviation, 0);
  CHECK(bits_of(other) != bits_of(whole));
  Batch part = rows_of({20, 1}, of);
  part.first_row = 42;
  augment.apply(part, Rng(3), kMean, kDeviation, 0);
  for (index_t row = 0; row < 2; ++row) {
    REQUIRE(length(part, row) == length(whole, 2 + row));
    for (index_t t = 0; t < whole.features.size(1); ++t) {
      for (index_t b = 0; b < kBands; ++b) {
        const real x = whole.features.data()[((2 + row) * whole.features.size(1) + t) * kBands + b];
        if (t < length(part, row)) CHECK(x == part.features.data()[(row * part.features.size(1) + t) * kBands + b]);
        if (t >= length(part, row)) CHECK(x == 0);
      }
    }
  }
}

}  // namespace heddle
