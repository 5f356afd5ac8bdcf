#pragma once

#include <string>
#include <vector>

namespace heddle {

/// Which of the `known` settings ("optim.lr") and options ("--top-k") a person meant who wrote `name`: one of the same
/// last part, else what other programs call so ("learning_rate", "--batch-size"), else the nearest spelling, if at most
/// a third of its letters differ. Empty where nothing is near.
std::string meant_by(const std::string& name, const std::vector<std::string>& known);

}  // namespace heddle
