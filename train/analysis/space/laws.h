#pragma once

#include "framework/rng.h"
#include "framework/tensor.h"

namespace heddle {

/// What a law says, and what random vectors give.
struct LawValue {
  double exact = 0, measured = 0;
};

/// How random vectors of d dimensions behave: of 2,048 with independent standard normal components, and of as many
/// points drawn alike from the unit ball.
struct SpaceLaw {
  index_t dims = 0;
  LawValue cosine;            ///< mean |cos| of two: Gamma(d / 2) / (sqrt(pi) Gamma((d + 1) / 2))
  double cosine_limit = 0;    ///< which that comes near to: sqrt(2 / (pi d))
  LawValue norm;              ///< mean length: sqrt(2) Gamma((d + 1) / 2) / Gamma(d / 2), near sqrt(d)
  LawValue deviation;         ///< of the lengths: sqrt(d - norm^2), near sqrt(1 / 2) whatever d is
  LawValue product_variance;  ///< of x . y: d
  LawValue shell;             ///< share of the ball's volume beyond nine tenths of its radius: 1 - 0.9^d
};
/// Errors: fewer than two dimensions.
SpaceLaw space_law(index_t dims, const Rng& rng);

/// How many directions of d dimensions fit so that no two are nearer than an angle. Counts that grow beyond all bounds
/// are told by their logarithm to base 10.
struct DirectionsLaw {
  index_t dims = 0;
  double near =
      0;  ///< log10 of p, the probability that two random directions are nearer: I_{sin^2}((d - 1) / 2, 1 / 2) / 2
  double at_least = 0, at_most = 0;  ///< log10: 1 / p, as caps of this angle around all must cover the sphere, and 1 /
                                     ///< p of half the angle, as those caps overlap nowhere
  index_t kept = 0;  ///< of 2,048 random directions, one after another, those that are near to none that was kept
  LawValue
      draws;  ///< log10 of random directions drawn until two are nearer, in the mean: as if pairs were independent,
              ///< sum over n of (1 - p)^(n (n - 1) / 2), and of 32 tries; NaN where these would take over 500 draws
};
/// `degrees` in (0, 90]. Errors: another angle; fewer than two dimensions.
DirectionsLaw directions_law(index_t dims, double degrees, const Rng& rng);

}  // namespace heddle
