#include "framework/nn/decode_state.h"

#include <algorithm>

#include "framework/parallel.h"

namespace heddle {

void RowStates::reorder(const std::vector<index_t>& rows, index_t before) {
  ensure(!rows.empty(), "states: no row would be left; name at least one");
  for (const index_t row : rows) ensure(row >= 0 && row < before, "states: there is no row ", row, " of ", before);
  for (auto& [name, tensor] : tensors_) {
    if (!tensor.defined()) continue;
    ensure(tensor.size(0) == before, "states: ", name, " ", tensor.shape(), " has no first axis of ", before, " rows");
    const index_t size = tensor.shape().product(1, tensor.ndim());
    Tensor next(tensor.shape().with(0, static_cast<index_t>(rows.size())));
    parallel_rows(next.size(0), size, [&, from = tensor.data(), to = next.mutable_data()](index_t i) {
      std::copy_n(from + rows[static_cast<std::size_t>(i)] * size, size, to + i * size);
    });
    tensor = next;
  }
}

DecodeState::DecodeState(index_t rows, index_t capacity)
    : capacity_(capacity), lengths_(static_cast<std::size_t>(std::max<index_t>(rows, 0)), 0) {
  ensure(rows > 0 && capacity > 0, "decode state: ", rows, " rows of ", capacity, " positions; both must be above 0");
}

index_t DecodeState::length() const {
  const auto [least, most] = std::minmax_element(lengths_.begin(), lengths_.end());
  ensure(*least == *most, "decode state: rows hold from ", *least, " to ", *most,
         " positions; they must be equal here");
  return *most;
}

void DecodeState::advance(index_t positions) {
  const index_t longest = *std::max_element(lengths_.begin(), lengths_.end()) + positions;
  ensure(longest <= capacity_, "decode state: ", longest, " positions exceed the room for ", capacity_);
  for (index_t& length : lengths_) length += positions;
}

void DecodeState::truncate(index_t row, index_t length) {
  ensure(row >= 0 && row < rows(), "decode state: there is no row ", row, " of ", rows());
  index_t& held = lengths_[static_cast<std::size_t>(row)];
  ensure(length >= 0 && length <= held, "decode state: row ", row, " holds ", held, " positions and cannot go back to ",
         length);
  held = length;
}

void DecodeState::reorder(const std::vector<index_t>& rows) {
  states_.reorder(rows, this->rows());
  std::vector<index_t> lengths;
  for (const index_t row : rows) lengths.push_back(lengths_[static_cast<std::size_t>(row)]);
  lengths_ = std::move(lengths);
}

void DecodeState::reset() {
  std::fill(lengths_.begin(), lengths_.end(), 0);
  states_.clear();
}

}  // namespace heddle
