#include "data/images/augment.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "framework/parallel.h"

namespace heddle {
namespace {

constexpr index_t kHeight = 5, kWidth = 6, kArea = kHeight * kWidth;
const std::vector<real> kBlack = {-1, -2};

/// `rows` times the same image of two channels, whose pixels are all different.
Tensor same_images(index_t rows) {
  Tensor images({rows, 2, kHeight, kWidth});
  for (index_t i = 0; i < images.numel(); ++i) images.mutable_data()[i] = static_cast<real>(i % (2 * kArea));
  return images;
}

std::vector<real> row_of(const Tensor& images, index_t row) {
  const index_t size = images.numel() / images.size(0);
  return {images.data() + row * size, images.data() + (row + 1) * size};
}

Tensor changed(const Tensor& images, const Augmentation& how, index_t first_row = 0, std::uint64_t seed = 1) {
  return augmented(images, how, kBlack, Rng(seed), first_row);
}

Augmentation all_of_them() { return {2, true, 0.5}; }

}  // namespace

TEST_CASE("shifts move the whole image by up to so many pixels either way, each as often, black behind it") {
  const Tensor images = same_images(2000), moved = changed(images, {2, false, 1});
  std::map<std::pair<index_t, index_t>, int> seen;
  for (index_t row = 0; row < 2000; ++row) {
    const std::vector<real> got = row_of(moved, row);
    int fits = 0;
    for (index_t down = -2; down <= 2; ++down) {
      for (index_t right = -2; right <= 2; ++right) {
        std::vector<real> wanted;
        for (index_t channel = 0; channel < 2; ++channel) {
          for (index_t y = 0; y < kHeight; ++y) {
            for (index_t x = 0; x < kWidth; ++x) {
              const index_t v = y - down, u = x - right;
              const bool inside = v >= 0 && v < kHeight && u >= 0 && u < kWidth;
              wanted.push_back(inside ? static_cast<real>(channel * kArea + v * kWidth + u)
                                      : kBlack[static_cast<std::size_t>(channel)]);
            }
          }
        }
        if (got != wanted) continue;
        ++fits;
        ++seen[{down, right}];
      }
    }
    REQUIRE(fits == 1);
  }
  REQUIRE(seen.size() == 25);
  for (const auto& [shift, count] : seen) {  // 80 expected, with a deviation of 9
    CHECK(count > 40);
    CHECK(count < 120);
  }
}

TEST_CASE("flips mirror half of the images, left to right, all of their channels") {
  const Tensor images = same_images(1000), flipped = changed(images, {0, true, 1});
  std::vector<real> mirrored;
  for (index_t line = 0; line < 2 * kHeight; ++line) {
    for (index_t x = 0; x < kWidth; ++x) mirrored.push_back(static_cast<real>(line * kWidth + kWidth - 1 - x));
  }
  int count = 0;
  for (index_t row = 0; row < 1000; ++row) {
    const auto got = row_of(flipped, row);
    if (got == mirrored) {
      ++count;
    } else {
      CHECK(got == row_of(images, row));
    }
  }
  CHECK(count > 400);
  CHECK(count < 600);
}

TEST_CASE("crops are windows of at least a share of the area, with sides near to the image's, resized to the whole") {
  // an image whose pixels say where they are: a window's corners tell where it began and ended
  constexpr index_t kSide = 64, kRows = 400;
  Tensor images({kRows, 2, kSide, kSide});
  for (index_t i = 0; i < images.numel(); ++i) {
    const index_t x = i % kSide, y = i / kSide % kSide, channel = i / (kSide * kSide) % 2;
    images.mutable_data()[i] = static_cast<real>(channel == 0 ? x : y);
  }
  const Tensor cropped = changed(images, {0, false, 0.5});
  double smallest = 1, largest = 0, narrowest = 10, widest = 0, first = 0;
  for (index_t row = 0; row < kRows; ++row) {
    const real* const x = cropped.data() + row * 2 * kSide * kSide;
    const real* const y = x + kSide * kSide;
    // inside, pixels are as far apart as the window is to the whole
    const double across = static_cast<double>(x[kSide - 8] - x[8]) / (kSide - 16);
    const double along = static_cast<double>(y[(kSide - 8) * kSide] - y[8 * kSide]) / (kSide - 16);
    smallest = std::min(smallest, across * along);
    largest = std::max(largest, across * along);
    if (across < 0.999 && along < 0.999) {
      narrowest = std::min(narrowest, across / along);
      widest = std::max(widest, across / along);
    }
    first += static_cast<double>(x[8]) - across * 8.5 + 0.5;  // where the window begins
    CHECK(std::is_sorted(x, x + kSide));
    CHECK(x[0] >= 0);
    CHECK(x[kSide - 1] <= kSide - 1);
    for (index_t line = 1; line < kSide; ++line) CHECK(std::equal(x, x + kSide, x + line * kSide));
    // a window lies inside of the image
    CHECK(static_cast<double>(x[8]) - across * 8.5 + 0.5 > -1e-3);
    CHECK(static_cast<double>(x[kSide - 9]) + across * 8.5 + 0.5 < kSide + 1e-3);
  }
  CHECK(smallest >= 0.48);  // cut where it would be wider than the image
  CHECK(smallest < 0.56);
  CHECK(largest > 0.9);
  CHECK(largest <= 1);
  CHECK(narrowest > 0.74);
  CHECK(narrowest < 0.8);
  CHECK(widest < 1.34);
  CHECK(widest > 1.25);
  CHECK(first / kRows > 2);
}

TEST_CASE("what becomes of an image goes by its number in the run, on any threads and in any cut of the batch") {
  const Tensor images = same_images(24);
  const int before = threads();
  const Tensor whole = changed(images, all_of_them(), 100);
  std::set<std::vector<real>> kinds;
  for (index_t row = 0; row < 24; ++row) {
    kinds.insert(row_of(whole, row));
    const Tensor one = changed(same_images(1), all_of_them(), 100 + row);
    CHECK(row_of(one, 0) == row_of(whole, row));
  }
  CHECK(kinds.size() == 24);
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    const Tensor again = changed(images, all_of_them(), 100);
    CHECK(std::equal(again.span().begin(), again.span().end(), whole.span().begin()));
  }
  set_threads(before);
  const Tensor other = changed(images, all_of_them(), 100, 2);
  CHECK_FALSE(std::equal(other.span().begin(), other.span().end(), whole.span().begin()));
}

}  // namespace heddle
