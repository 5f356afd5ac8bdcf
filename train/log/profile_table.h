#pragma once

#include <string>

#include "framework/profile.h"

namespace heddle {

/// The rows of a profile as text, for each of `steps` steps: time and its share, GFLOP/s and GB/s of the op. The times
/// add up to the step.
std::string profile_table(const Profile& profile, double steps);

}  // namespace heddle
