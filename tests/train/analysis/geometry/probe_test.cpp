#include "train/analysis/geometry/probe.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace heddle {
namespace {

/// Points around centres that lie apart along one direction.
Tensor points(const std::vector<int>& classes, index_t width, const std::vector<real>& direction) {
  Tensor x = Tensor::normal({std::ssize(classes), width}, Rng(3), 0.1);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    for (index_t d = 0; d < width; ++d)
      x.mutable_data()[static_cast<index_t>(i) * width + d] +=
          static_cast<real>(classes[i]) * direction[static_cast<std::size_t>(d)];
  }
  return x;
}

std::vector<int> halves(std::size_t count) {
  std::vector<int> classes(count);
  for (std::size_t i = 0; i < count; ++i) classes[i] = i % 3 == 0 ? 1 : 0;
  return classes;
}

}  // namespace

TEST_CASE("a probe finds the one dimension that tells classes apart, and all together if only they do") {
  const std::vector<int> classes = halves(60);
  const Probe one = probe_classes(points(classes, 6, {0, 0, 1, 0, 0, 0}), classes, Rng(1));
  CHECK(one.dimension == 2);
  CHECK(one.one == 1);
  CHECK(one.all == 1);
  CHECK(one.majority == Approx(2.0 / 3));
  const real each = 0.2F;  // so little in each dimension that none tells alone
  const Probe all = probe_classes(points(classes, 30, std::vector<real>(30, each)), classes, Rng(1));
  CHECK(all.all > 0.95);
  CHECK(all.one < 0.93);
}

TEST_CASE("a probe tells nothing of what is not there: it never saw the rows that it is asked of") {
  const std::vector<int> classes = halves(60);
  const Tensor noise = Tensor::normal({60, 100}, Rng(5));  // more dimensions than rows fit anything
  const Probe probe = probe_classes(noise, classes, Rng(1));
  CHECK(probe.all < 0.8);
  CHECK(probe.one < 0.8);
}

TEST_CASE("a probe of too few words is refused") {
  REQUIRE_THROWS_WITH(probe_classes(Tensor::zeros({9, 2}), std::vector<int>(9, 0), Rng(1)),
                      Catch::Contains("two classes or more"));
  REQUIRE_THROWS_WITH(probe_classes(Tensor::zeros({9, 2}), {0, 0, 0, 0, 0, 1, 1, 1, 1}, Rng(1)),
                      Catch::Contains("of 5 words or more each"));
  REQUIRE_THROWS_WITH(probe_classes(Tensor::zeros({2, 2}), {0}, Rng(1)), Catch::Contains("1 classes for 2 vectors"));
}

}  // namespace heddle
