#pragma once

#include <boost/serialization/nvp.hpp>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// What modules leave from one pass to the next: tensors [rows, ...] by the path of the module that keeps them.
class RowStates {
 public:
  /// What is kept under a name; undefined until a module puts it there. Its first axis is that of the rows.
  Tensor& at(const std::string& name) { return tensors_[name]; }
  /// Whether no module has left anything.
  bool empty() const { return tensors_.empty(); }
  void clear() { tensors_.clear(); }
  const std::map<std::string, Tensor>& tensors() const { return tensors_; }
  /// Row i becomes what row rows[i] was, of `before` rows; rows may repeat, and there may be more or fewer. Errors: no
  /// row, a row that is not there, a tensor whose first axis is not that of the rows.
  void reorder(const std::vector<index_t>& rows, index_t before);

  /// Errors: a file that names what it does not hold.
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors_) names.push_back(name);
    ar& boost::serialization::make_nvp("names", names);
    for (const std::string& name : names) {
      ar& boost::serialization::make_nvp(name.c_str(), tensors_[name]);
      ensure(tensors_[name].defined(), "states: ", name, " is missing; the checkpoint is damaged, use another");
    }
  }

 private:
  std::map<std::string, Tensor> tensors_;
};

/// The length of a text where nothing bounds it.
constexpr index_t kAnyLength = std::numeric_limits<index_t>::max();

/// What a model remembers of the positions that it has seen while it writes: the states of its modules (keys and
/// values, recurrent states), and how many positions each row has.
class DecodeState {
 public:
  /// For `rows` texts of at most `capacity` positions. Errors: no row, no room.
  DecodeState(index_t rows, index_t capacity);

  index_t rows() const { return static_cast<index_t>(lengths_.size()); }
  index_t capacity() const { return capacity_; }
  const std::vector<index_t>& lengths() const { return lengths_; }
  /// The length of all rows. Errors: they differ.
  index_t length() const;

  /// What is kept under a name (see RowStates).
  Tensor& at(const std::string& name) { return states_.at(name); }

  /// Each row has so many positions more. Errors: more than the capacity.
  void advance(index_t positions);
  /// A row goes back to its first `length` positions: what comes next overwrites the keys and values after them. Not
  /// for recurrent states, which do not know what they were. Errors: a row that is not there or is shorter.
  void truncate(index_t row, index_t length);
  /// Row i goes on from what row rows[i] was, as in beam search. Errors: see RowStates.
  void reorder(const std::vector<index_t>& rows);
  /// Forgets everything.
  void reset();

 private:
  index_t capacity_;
  std::vector<index_t> lengths_;
  RowStates states_;
};

}  // namespace heddle
