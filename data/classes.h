#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace heddle {

/// The names of classes, and the number of each example's.
struct Classes {
  std::vector<std::string> names;
  std::vector<std::int32_t> of_example;
};

/// Numbers the classes of examples, which lie as `ranges` has it: as `known` does, or, where that is null, those of the
/// training examples in the order of their names (whole numbers by their size). `kind` and `where` name the data in
/// messages. Errors: an example of a class that no training example has, or that the model was not trained on; one
/// without a class.
Classes number_classes(const std::vector<std::string>& class_of_example, const Ranges& ranges, const DataState* known,
                       const char* kind, const std::string& where);

/// What a file's path says of the class of what is in it, by a rule: `folder`: the name of the folder that it lies in;
/// else a pattern on its name, in which {} stands for the class and '*' for any characters, each for as few as can be:
/// {}_*.wav. Errors: a rule without {}; a name that the pattern does not fit.
std::string class_from_path(const std::string& path, const std::string& rule);

}  // namespace heddle
