#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// What a head may be good for, each as a mean over queries of the weight that it gives to certain keys, and two
/// figures of how it spreads.
enum class HeadRole { entropy, distance, previous, next, same, duplicate, first, local, delimiter, induction };

/// A role's name, and for help: what is measured, who described such heads, and what heads have that weigh all alike
/// that they see, and those of the untrained model of configs/quickstart.cfg, with 64 places: means over heads.
struct HeadRoleText {
  HeadRole role;
  const char *name, *meaning;
  const char *alike, *untrained;
};
inline constexpr std::array<HeadRoleText, 10> kHeadRoles = {{
    {HeadRole::entropy, "entropy", "-sum w ln w of the weights, in nats", "3.21", "3.17"},
    {HeadRole::distance, "distance", "sum w |i - j|: how many places away it looks (Vig and Belinkov, 2019)", "15.8",
     "15.7"},
    {HeadRole::previous, "previous", "weight of the place before (Clark et al., 2019; Voita et al., 2019)", "0.06",
     "0.06"},
    {HeadRole::next, "next", "weight of the place after, where it is seen (Clark et al., 2019)", "-", "-"},
    {HeadRole::same, "same", "weight of its own place", "0.07", "0.07"},
    {HeadRole::duplicate, "duplicate",
     "weight of earlier places of the same token, where there are (Wang et al., 2023)", "0.07", "0.07"},
    {HeadRole::first, "first", "weight of the first place, behind it (Xiao et al., 2024: attention sinks)", "0.06",
     "0.06"},
    {HeadRole::local, "local", "weight of the four places before and after, and its own", "0.27", "0.27"},
    {HeadRole::delimiter, "delimiter", "weight of punctuation, line ends and special tokens (Clark et al., 2019)",
     "0.13", "0.13"},
    {HeadRole::induction, "induction",
     "on different random tokens said twice: weight of the place behind the same token's first (Elhage et al., 2021; "
     "Olsson et al., 2022)",
     "0.02", "0.02"},
}};

/// Means of the roles over what was added; NaN where no query tells.
class HeadScores {
 public:
  /// `weights` [Tq, Tk] of a head; `ids` the tokens of its keys [Tk], empty where there are none; `delimiters` which
  /// tokens of the vocabulary are such, empty where that is not known. In cross-attention (`cross`) queries and keys
  /// are places of two texts: there what a head gives to the first place and to delimiters, and its entropy, are known
  /// alone. Errors: another number of tokens than keys; self-attention that is not square.
  void add(const Tensor& weights, std::span<const std::int32_t> ids, const std::vector<bool>& delimiters,
           bool cross = false);
  /// The weights [T, T] on a row of random tokens in which token i is token i - period again, for induction alone.
  void add_repeated(const Tensor& weights, index_t period);
  double mean(HeadRole role) const;

 private:
  std::array<double, kHeadRoles.size()> sums_{}, counts_{};
};

}  // namespace heddle
