#pragma once

#include <optional>

#include "train/analysis/geometry/quadtree.h"

namespace heddle {

/// What drives the points of a t-SNE apart: force_i = sum over j of q_ij^2 (y_i - y_j) for every point, and returned
/// Z = sum over i and j != i of q_ij, where q_ij = 1 / (1 + |y_i - y_j|^2), to a millionth of N + Z and never 0.
/// `force` has the size of y.
///
/// Without theta between all pairs of points. With it, in [0, 1], by Barnes and Hut (Nature 324, 1986; for t-SNE van
/// der Maaten 2014): the points of a cell count as one in their mean where the cell's diagonal is less than theta times
/// its distance; 0 leaves all pairs. One walk through the tree serves a group of near points, whose nearest decides
/// (Barnes, "A modified tree code", J. Comp. Phys. 87, 1990), and what it meets is summed up by a loop without
/// branches.
double repulsion(const Plane& y, std::optional<double> theta, Plane& force);

}  // namespace heddle
