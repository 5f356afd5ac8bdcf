#pragma once

#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// k-means of the rows of x [N, D]: the cluster of each row, 0 .. k-1. Centres begin as k-means++ draws them (Arthur
/// and Vassilvitskii, 2007), then every row goes to the nearest and every centre to its rows' mean, until nothing
/// changes or 100 times over. Clusters are numbered by size, the largest first. Errors: k below 1 or above N.
std::vector<int> cluster_rows(const Tensor& x, index_t k, const Rng& rng);

}  // namespace heddle
