#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// Points of the plane, or forces on them, one array a coordinate.
struct Plane {
  Plane() = default;
  explicit Plane(index_t n) : x(static_cast<std::size_t>(n)), y(static_cast<std::size_t>(n)) {}
  index_t size() const { return std::ssize(x); }

  std::vector<real> x, y;
};

/// A quadtree whose cells are stretches of the points in Morton order. Cells of one child are left out.
class Quadtree {
 public:
  struct Box {
    real left, right, bottom, top;
  };
  struct Cell {
    real x, y;                ///< mean of its points
    real mass;                ///< their number
    real diagonal_squared;    ///< of the smallest box around them
    std::int32_t begin, end;  ///< its points are those of points()
    std::int32_t next;        ///< the first cell that is not within this one
    bool leaf;                ///< otherwise its first child follows it
  };
  /// Points that are so near to each other that they see other cells alike.
  struct Group {
    Box box;
    std::int32_t begin, end;
  };

  /// Errors: none; all points must be finite.
  explicit Quadtree(const Plane& points);

  /// Each before its children, which follow one another; empty if there are no points.
  const std::vector<Cell>& cells() const { return cells_; }
  /// Every point is in one.
  const std::vector<Group>& groups() const { return groups_; }
  /// In Morton order.
  const Plane& points() const { return points_; }
  /// order()[i] was the number of points()'s i-th in the plane that was given.
  const std::vector<std::int32_t>& order() const { return order_; }

 private:
  struct Sums {
    double x = 0, y = 0;
    Box box;
  };
  Sums add_cell(index_t begin, index_t end, bool grouped);

  std::vector<std::uint64_t> keys_;
  std::vector<Cell> cells_;
  std::vector<Group> groups_;
  Plane points_;
  std::vector<std::int32_t> order_;
};

}  // namespace heddle
