#pragma once

#include <string>

#include "framework/profile.h"

namespace heddle {

/// The rows of a profile as text, for each of `steps` steps: time and its share, GFLOP/s and GB/s of the op. The times
/// add up to the step. Where the profile has a forecast: besides the parallel loops and what they were cut into, the
/// time outside of those pieces, and the time that so many threads would take.
std::string profile_table(const Profile& profile, double steps);

}  // namespace heddle
