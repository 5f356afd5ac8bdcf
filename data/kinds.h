#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace heddle {

/// What examples hold, which decides what can be learned from them.
enum class Content {
  tokens,         ///< a text's tokens, each with the one that follows
  classes,        ///< rows of numbers, each of a class
  labelled_text,  ///< tokens of a text, each text of a class
  recall,         ///< rows of tokens, of which those are to be predicted that the row has told
  pairs,          ///< two sides of tokens, the second to be made from the first
};

/// A kind of data, as `data.kind` names it.
struct DataKind {
  const char* name;
  Content content;
  std::unique_ptr<DataConfig> (*make)();
};

/// The one table of kinds of data: a new one adds its row in kinds.cpp.
const std::vector<DataKind>& data_kinds();
/// Errors: an unknown kind (the known ones are named).
const DataKind& data_kind(const std::string& name);

}  // namespace heddle
