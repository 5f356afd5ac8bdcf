#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// Looks at what passes through a model, and changes it. Each tensor that a model offers has a name, its place under
/// the path of its module. A transformer offers
///
///   hidden_states/0           [B, T, C]      what goes into the first block; hidden_states/i: what leaves the i-th
///   blocks/3/attention/...
///     queries, keys, values   [B, T, H or G, D], as they are compared: normalized and turned
///     weights                 [B, H, Tq, Tk] of the attention, before dropout; offered where they are asked for
///     heads                   [B, T, H, D]   what each head gives to the projection
///   blocks/3/mlp/hidden       [B, T, width]  after the activation
///
/// and a block with a source the same under blocks/3/cross_attention. Names may be patterns (see pattern.h):
/// "blocks/*/attention/weights".
class Capture {
 public:
  /// What becomes of a tensor that passes; it keeps the shape.
  using Edit = std::function<Tensor(const Tensor& x)>;

  /// Keeps what passes under the names that fit.
  void want(const std::string& pattern) { wanted_.push_back(pattern); }
  /// Changes what passes under the names that fit, in the order of the calls, before it is kept: to ablate a head,
  /// scale by [H, 1] of ones and a zero.
  void edit(const std::string& pattern, Edit edit) { edits_.emplace_back(pattern, std::move(edit)); }
  /// Puts x in the place of the hidden states of a name ("hidden_states/2"): what would come before them in their stack
  /// is not computed. To run the rest of a pass again, with what an earlier pass kept.
  void give(const std::string& name, const Tensor& x) { given_[name] = x; }

  /// What passed under a name, the last time that it did. Errors: nothing did, or it was not wanted; names that were
  /// offered are told.
  const Tensor& at(const std::string& name) const;
  /// All that was kept, by name.
  const std::map<std::string, Tensor>& kept() const { return kept_; }
  /// The names under which anything was offered, in the order in which they were first.
  const std::vector<std::string>& offered() const { return offered_; }

  /// For modules: whether anything is to be done with what passes under a name.
  bool wants(const std::string& name);
  /// For modules: what was given under a name; null: nothing was.
  const Tensor* given(const std::string& name) const {
    const auto found = given_.find(name);
    return found != given_.end() ? &found->second : nullptr;
  }
  /// For modules: x as it goes on. Errors: an edit that changes the shape.
  Tensor pass(const std::string& name, const Tensor& x);

 private:
  std::vector<std::string> wanted_;
  std::vector<std::pair<std::string, Edit>> edits_;
  std::map<std::string, Tensor> kept_, given_;
  std::vector<std::string> offered_;
  std::set<std::string> known_;  ///< the same names
};

}  // namespace heddle
