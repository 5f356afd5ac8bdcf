#pragma once

#include <string>

#include "train/config/config.h"

namespace heddle {

/// What a config file says, or the config that a run or a checkpoint has. Errors: there is none.
Settings settings_of(const std::string& name);

}  // namespace heddle
