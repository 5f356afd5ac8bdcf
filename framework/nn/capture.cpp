#include "framework/nn/capture.h"

#include <algorithm>

#include "framework/nn/pattern.h"

namespace heddle {

const Tensor& Capture::at(const std::string& name) const {
  const auto found = kept_.find(name);
  if (found != kept_.end()) return found->second;
  std::string names;
  for (const std::string& other : offered_) names += (names.empty() ? "" : ", ") + other;
  throw Error(concat_text("capture: ", name, known_.contains(name) ? " passed, but was not wanted" : " did not pass",
                          "; the model offered: ", names.empty() ? "nothing" : names));
}

bool Capture::wants(const std::string& name) {
  if (known_.insert(name).second) offered_.push_back(name);
  const auto asked = [&](const std::string& pattern) { return fits(pattern, name); };
  return std::any_of(wanted_.begin(), wanted_.end(), asked) ||
         std::any_of(edits_.begin(), edits_.end(), [&](const auto& edit) { return asked(edit.first); });
}

Tensor Capture::pass(const std::string& name, const Tensor& x) {
  if (!wants(name)) return x;
  Tensor y = x;
  for (const auto& [pattern, edit] : edits_) {
    if (fits(pattern, name)) y = edit(y);
  }
  ensure(y.shape() == x.shape(), "capture: the edit of ", name, " made ", y.shape(), " of ", x.shape(),
         "; keep the shape");
  if (std::any_of(wanted_.begin(), wanted_.end(), [&](const std::string& pattern) { return fits(pattern, name); }))
    kept_[name] = y;
  return y;
}

}  // namespace heddle
