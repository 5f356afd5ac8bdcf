#include "train/analysis/geometry/repulsion.h"

#include <algorithm>

#include "framework/rows.h"

namespace heddle {
namespace {

/// What a point is compared with: other points and cells. Filled up to whole lanes by bodies without mass.
class Bodies {
 public:
  void clear() {
    x_.clear();
    y_.clear();
    mass_.clear();
  }
  void add(const Quadtree::Cell& cell) {
    x_.push_back(cell.x);
    y_.push_back(cell.y);
    mass_.push_back(cell.mass);
  }
  void add(const Plane& points, index_t begin, index_t end) {
    x_.insert(x_.end(), points.x.begin() + begin, points.x.begin() + end);
    y_.insert(y_.end(), points.y.begin() + begin, points.y.begin() + end);
    mass_.resize(x_.size(), 1);
  }
  void fill_up() {
    const std::size_t size = (x_.size() + kLanes - 1) / kLanes * kLanes;
    x_.resize(size);
    y_.resize(size);
    mass_.resize(size);
  }

  struct Push {
    real z, x, y;  ///< sums of q and of q^2 times the difference
  };
  Push on(real x, real y) const {
    real z[kLanes] = {}, force_x[kLanes] = {}, force_y[kLanes] = {};
    for (std::size_t i = 0; i < x_.size(); i += kLanes) {
      for (std::size_t j = 0; j < kLanes; ++j) {
        const real dx = x - x_[i + j], dy = y - y_[i + j];
        const real q = 1 / (1 + dx * dx + dy * dy), mass_q = mass_[i + j] * q;
        z[j] += mass_q;
        force_x[j] += mass_q * q * dx;
        force_y[j] += mass_q * q * dy;
      }
    }
    const auto sum = [](const real* lanes) { return row_sum(kLanes, [lanes](index_t j) { return lanes[j]; }); };
    return {sum(z), sum(force_x), sum(force_y)};
  }

 private:
  std::vector<real> x_, y_, mass_;
};

double repulsion_of_pairs(const Plane& y, Plane& force) {
  Bodies all;
  all.add(y, 0, y.size());
  all.fill_up();
  return parallel_sum(y.size(), row_grain(y.size(), y.size()), [&](index_t begin, index_t end) {
    double z = 0;
    for (index_t at = begin; at < end; ++at) {
      const auto i = static_cast<std::size_t>(at);
      const Bodies::Push push = all.on(y.x[i], y.y[i]);
      z += push.z - 1;  // a point's q with itself
      force.x[i] = push.x;
      force.y[i] = push.y;
    }
    return z;
  });
}

/// Far cells as one body each, near ones as their points.
void walk(const Quadtree& tree, const Quadtree::Box& box, real theta_squared, Bodies& bodies) {
  bodies.clear();
  const auto& cells = tree.cells();
  for (std::size_t at = 0; at < cells.size();) {
    const Quadtree::Cell& cell = cells[at];
    const real dx = std::max({box.left - cell.x, cell.x - box.right, real{0}});
    const real dy = std::max({box.bottom - cell.y, cell.y - box.top, real{0}});
    if (cell.diagonal_squared < theta_squared * (dx * dx + dy * dy)) {
      bodies.add(cell);
    } else if (cell.leaf) {
      bodies.add(tree.points(), cell.begin, cell.end);
    } else {
      ++at;
      continue;
    }
    at = static_cast<std::size_t>(cell.next);
  }
  bodies.fill_up();
}

double repulsion_of_cells(const Plane& y, double theta, Plane& force) {
  const Quadtree tree(y);
  const auto& groups = tree.groups();
  const real theta_squared = static_cast<real>(theta * theta);
  constexpr index_t kGroups = 4;
  return parallel_sum(std::ssize(groups), kGroups, [&](index_t begin, index_t end) {
    Bodies bodies;
    double z = 0;
    for (index_t g = begin; g < end; ++g) {
      const Quadtree::Group& group = groups[static_cast<std::size_t>(g)];
      walk(tree, group.box, theta_squared, bodies);
      for (auto i = static_cast<std::size_t>(group.begin); i < static_cast<std::size_t>(group.end); ++i) {
        const Bodies::Push push = bodies.on(tree.points().x[i], tree.points().y[i]);
        z += push.z - 1;
        const auto to = static_cast<std::size_t>(tree.order()[i]);
        force.x[to] = push.x;
        force.y[to] = push.y;
      }
    }
    return z;
  });
}

}  // namespace

double repulsion(const Plane& y, std::optional<double> theta, Plane& force) {
  const double z = theta ? repulsion_of_cells(y, *theta, force) : repulsion_of_pairs(y, force);
  return std::max(z, 1e-30);
}

}  // namespace heddle
