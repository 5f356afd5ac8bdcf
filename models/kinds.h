#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/model.h"

namespace heddle {

/// A kind of model, as `model.kind` names it.
struct ModelKind {
  const char* name;
  std::vector<const char*>
      tasks;  ///< what it can be trained to do, rows of train/tasks/task.cpp: one for a kind of data
  std::unique_ptr<ModelConfig> (*make)();
};

/// The one table of models: a new one adds its row in kinds.cpp.
const std::vector<ModelKind>& model_kinds();
/// Errors: an unknown kind (the known ones are named).
const ModelKind& model_kind(const std::string& name);

}  // namespace heddle
