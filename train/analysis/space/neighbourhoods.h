#pragma once

#include "train/analysis/geometry/neighbours.h"

namespace heddle {

/// The rows of x [N, D] of which none equals one before it, in their order.
Tensor distinct_rows(const Tensor& x);

/// The intrinsic dimension of the manifold that points lie on, by TwoNN (Facco et al., "Estimating the intrinsic
/// dimension of datasets by a minimal neighborhood information", Scientific Reports 7, 2017): mu = r2 / r1 of each
/// point's two nearest neighbours has the distribution F(mu) = 1 - mu^-d where density is constant as far as the second
/// of them. d is the slope of -ln(1 - F) over ln mu, a line through the origin fitted to least squares, with F the
/// share of points up to each and the tenth with the largest mu left out, as there.
///
/// It errs low from some ten dimensions on, as the number of points that it would need grows exponentially. Points must
/// be distinct. NaN where no second neighbour is farther than the first. Errors: fewer than two neighbours.
double two_nn(const Neighbours& neighbours);

/// Skewness of how often points are among the `count` nearest of others: E (n - mean)^3 / deviation^3. High where some
/// are near to very many, as happens in high dimensions (Radovanovic et al., "Hubs in Space", JMLR 11, 2010). 0 where
/// all are so equally often.
double hubness(const Neighbours& neighbours);

}  // namespace heddle
