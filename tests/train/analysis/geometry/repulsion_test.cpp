#include "train/analysis/geometry/repulsion.h"

#include "tests/train/analysis/geometry/points.h"

namespace heddle {
namespace {

struct Repelled {
  double z;
  Plane force;
};

Repelled repelled(const Plane& y, std::optional<double> theta) {
  Plane force(y.size());
  const double z = repulsion(y, theta, force);
  return {z, force};
}

/// By its definition, in double.
Repelled repelled_plainly(const Plane& y) {
  Repelled sums{0, Plane(y.size())};
  for (std::size_t i = 0; i < y.x.size(); ++i) {
    double x_sum = 0, y_sum = 0;
    for (std::size_t j = 0; j < y.x.size(); ++j) {
      const double dx = double{y.x[i]} - y.x[j], dy = double{y.y[i]} - y.y[j], q = 1 / (1 + dx * dx + dy * dy);
      if (j != i) sums.z += q;
      x_sum += q * q * dx;
      y_sum += q * q * dy;
    }
    sums.force.x[i] = static_cast<real>(x_sum);
    sums.force.y[i] = static_cast<real>(y_sum);
  }
  return sums;
}

/// Clouds of points with some that coincide and one far away.
Plane scattered(index_t n, double spread) {
  Plane y(n);
  const Rng rng(4);
  for (std::size_t i = 0; i < y.x.size(); ++i) {
    y.x[i] = static_cast<real>(spread * (static_cast<double>(i % 5) + rng.normal(2 * i)));
    y.y[i] = static_cast<real>(spread * (static_cast<double>(i % 3) + rng.normal(2 * i + 1)));
    if (i % 7 == 6) y.x[i] = y.x[i - 1], y.y[i] = y.y[i - 1];
  }
  y.x[0] = static_cast<real>(100 * spread);
  return y;
}

/// Length of the difference of forces, beside that of the forces.
double error(const Repelled& a, const Repelled& b) {
  double difference = 0, length = 0;
  for (std::size_t i = 0; i < a.force.x.size(); ++i) {
    difference += std::pow(a.force.x[i] - b.force.x[i], 2) + std::pow(a.force.y[i] - b.force.y[i], 2);
    length += std::pow(b.force.x[i], 2) + std::pow(b.force.y[i], 2);
  }
  return std::sqrt(difference / length);
}

}  // namespace

TEST_CASE("repulsion of all pairs, and that of cells with theta 0, is the double sum") {
  const index_t n = GENERATE(2, 3, 16, 17, 100, 1000);
  const double spread = GENERATE(1e-4, 1.0, 30.0);
  const Plane y = scattered(n, spread);
  const Repelled expected = repelled_plainly(y), pairs = repelled(y, std::nullopt), cells = repelled(y, 0);
  const double rounding = 1e-6 * static_cast<double>(n);  // that of a float near 1, as q of a point with itself is
  CHECK(pairs.z == Approx(expected.z).epsilon(1e-5).margin(rounding));
  CHECK(cells.z == Approx(expected.z).epsilon(1e-5).margin(rounding));
  CHECK(error(pairs, expected) < 1e-5);
  CHECK(error(cells, expected) < 1e-5);
}

TEST_CASE("repulsion by cells is near to that of all pairs, and nearer the smaller theta is") {
  const Plane y = scattered(3000, GENERATE(1.0, 30.0));
  const Repelled pairs = repelled(y, std::nullopt), fine = repelled(y, 0.2), coarse = repelled(y, 0.5);
  CHECK(coarse.z == Approx(pairs.z).epsilon(0.01));
  CHECK(error(coarse, pairs) < 0.02);
  CHECK(error(coarse, pairs) > 1e-6);  // cells did count as one
  CHECK(error(fine, pairs) < error(coarse, pairs) / 3);
}

TEST_CASE("points that coincide do not push each other") {
  const index_t n = GENERATE(1, 2, 100);
  const Plane y(n);
  for (const auto& theta : {std::optional<double>(), std::optional(0.0), std::optional(0.5)}) {
    const Repelled all = repelled(y, theta);
    CHECK(all.z == Approx(static_cast<double>(n * (n - 1))).margin(1e-9));
    CHECK(all.z > 0);
    CHECK(all.force.x == y.x);
    CHECK(all.force.y == y.y);
  }
}

TEST_CASE("cells hold their points' mean, number and extent, children partition parents, groups all points") {
  const Plane y = scattered(2000, 1);
  const Quadtree tree(y);
  const auto& cells = tree.cells();
  const auto value = [](const std::vector<real>& of, index_t i) { return double{of[static_cast<std::size_t>(i)]}; };
  for (index_t i = 0; i < 2000; ++i) {
    REQUIRE(value(tree.points().x, i) == value(y.x, tree.order()[static_cast<std::size_t>(i)]));
    REQUIRE(value(tree.points().y, i) == value(y.y, tree.order()[static_cast<std::size_t>(i)]));
  }
  REQUIRE(cells.front().begin == 0);
  REQUIRE(cells.front().end == 2000);
  REQUIRE(cells.front().next == std::ssize(cells));
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const Quadtree::Cell& cell = cells[c];
    double x = 0, y_sum = 0, left = 1e9, right = -1e9, bottom = 1e9, top = -1e9;
    for (index_t i = cell.begin; i < cell.end; ++i) {
      const double px = value(tree.points().x, i), py = value(tree.points().y, i);
      x += px;
      y_sum += py;
      left = std::min(left, px), right = std::max(right, px);
      bottom = std::min(bottom, py), top = std::max(top, py);
    }
    REQUIRE(cell.mass == static_cast<real>(cell.end - cell.begin));
    REQUIRE(cell.x == Approx(x / cell.mass).margin(1e-5));
    REQUIRE(cell.y == Approx(y_sum / cell.mass).margin(1e-5));
    REQUIRE(cell.diagonal_squared == Approx(std::pow(right - left, 2) + std::pow(top - bottom, 2)).margin(1e-6));
    if (cell.leaf) {
      REQUIRE(cell.next == static_cast<index_t>(c) + 1);
      continue;
    }
    std::int32_t reached = cell.begin, child = static_cast<std::int32_t>(c) + 1, children = 0;
    for (; child < cell.next; child = cells[static_cast<std::size_t>(child)].next, ++children) {
      REQUIRE(cells[static_cast<std::size_t>(child)].begin == reached);
      reached = cells[static_cast<std::size_t>(child)].end;
    }
    REQUIRE(child == cell.next);
    REQUIRE(reached == cell.end);
    REQUIRE((children >= 2 && children <= 4));
  }
  std::int32_t reached = 0;
  for (const Quadtree::Group& group : tree.groups()) {
    REQUIRE(group.begin == reached);
    reached = group.end;
    for (index_t i = group.begin; i < group.end; ++i) {
      REQUIRE((group.box.left <= value(tree.points().x, i) && value(tree.points().x, i) <= group.box.right));
      REQUIRE((group.box.bottom <= value(tree.points().y, i) && value(tree.points().y, i) <= group.box.top));
    }
  }
  REQUIRE(reached == 2000);
}

TEST_CASE("repulsion is the same on any number of threads") {
  const Plane y = scattered(3000, 1);
  const std::optional<double> theta = GENERATE(std::optional<double>(), std::optional(0.5));
  require_same_on_any_threads([&] {
    Repelled all = repelled(y, theta);
    all.force.x.insert(all.force.x.end(), all.force.y.begin(), all.force.y.end());
    return std::pair(all.z, all.force.x);
  });
}

}  // namespace heddle
