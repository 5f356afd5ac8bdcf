#pragma once

#include <string>
#include <vector>

namespace heddle {

/// Which of the `known` settings ("optim.lr") and options ("--top-k") a person meant who wrote `name`: one whose last
/// part, or what other programs call it ("learning_rate", "--batch-size"), is spelt so, or the nearest to it, if at
/// most a third of its letters differ; of several the one whose whole name is nearest. Empty where nothing is near.
std::string meant_by(const std::string& name, const std::vector<std::string>& known);

}  // namespace heddle
