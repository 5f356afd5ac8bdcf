#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "framework/rng.h"
#include "framework/tensor.h"

namespace heddle {

/// What is told of the vectors that stand in one place of a model; NaN where a figure says nothing.
struct SpaceFigures {
  double cosine = NAN, cosine_without = NAN, participation = NAN, dimension = NAN, norm = NAN, norm_deviation = NAN,
         hubness = NAN, static_share = NAN, static_chance = NAN, equal = NAN;
};

constexpr index_t kDominant = 3;                   ///< dimensions that cosine_without leaves out
constexpr index_t kSample = 2048;                  ///< vectors at most among which neighbours are looked for
constexpr index_t kNeighbours = 10;                ///< of each, for hubness
constexpr index_t kLeastPoints = 2 * kNeighbours;  ///< distinct ones that neighbours are looked for among

/// One of these figures: its name, what stands above its column, and what it is.
struct SpaceFigureText {
  const char* name;
  const char* heading;
  double SpaceFigures::*value;
  const char* meaning;
};
inline constexpr std::array<SpaceFigureText, 10> kSpaceFigures = {{
    {"cosine", "cosine", &SpaceFigures::cosine, "mean cosine of all pairs (Ethayarajh, 2019)"},
    {"cosine_without", "less 3", &SpaceFigures::cosine_without,
     "the same without the 3 dimensions of greatest mean square (Timkey and van Schijndel, 2021)"},
    {"participation_ratio", "partic.", &SpaceFigures::participation,
     "(tr C)^2 / tr C^2 of the covariance C: over how many directions variance is spread"},
    {"intrinsic_dimension", "TwoNN", &SpaceFigures::dimension,
     "intrinsic dimension (Facco et al., 2017): slope of a line through the origin, without the largest tenth"},
    {"norm", "norm", &SpaceFigures::norm, "mean length"},
    {"norm_deviation", "+-", &SpaceFigures::norm_deviation, "its standard deviation"},
    {"hubness", "hubness", &SpaceFigures::hubness,
     "skewness of how often a vector is among the 10 nearest of others (Radovanovic et al., 2010)"},
    {"static_share", "static", &SpaceFigures::static_share,
     "share of a token's squares that one static vector explains at best: maximum explainable variance (Ethayarajh, "
     "2019)"},
    {"static_chance", "chance", &SpaceFigures::static_chance,
     "the same of as many vectors from anywhere; both of tokens that occur 10 times or more"},
    {"equal", "equal", &SpaceFigures::equal,
     "of the sampled vectors those that equal one before; TwoNN and hubness leave them out"},
}};

/// What every answer says with these figures.
inline constexpr const char* kDimensionCaveat =
    "Estimates of intrinsic dimension are disputed: from some ten dimensions on they err low at such sample sizes, "
    "and\n"
    "they change with noise and scale. Compare them with the controls, not with a truth.";

/// Of the rows of x [N, D]; `ids` [N] are the tokens that they stand at, empty where they stand at none. Neighbours are
/// those of a sample without equals; with fewer than kLeastPoints of them their figures are NaN. Errors: a value that
/// is not finite, naming `space`.
SpaceFigures space_figures(const std::string& space, const Tensor& x, std::span<const std::int32_t> ids,
                           const Rng& rng);

/// The means of each.
SpaceFigures mean_figures(const std::vector<SpaceFigures>& all);

}  // namespace heddle
