#include "train/learners/spread.h"

#include <algorithm>

#include "framework/optim.h"
#include "framework/system/message.h"
#include "framework/system/ranks.h"

namespace heddle {
double shared_grad_norm(const std::vector<NamedParameter>& parameters, const Shares& shares) {
  std::vector<double> mine;  // of each parameter the number of chunks, and theirs
  for (const std::vector<double>& squares : gradient_squares(parameters)) {
    mine.push_back(static_cast<double>(squares.size()));
    mine.insert(mine.end(), squares.begin(), squares.end());
  }
  GradientSquares squares(parameters.size());
  const auto all = gather(mine);
  for (int r = 0; r < ranks(); ++r) {
    auto from = all[static_cast<std::size_t>(r)].begin();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const auto count = static_cast<std::ptrdiff_t>(*from++);
      const auto first = static_cast<std::size_t>(shares.part(i, r).begin / kOptimizerChunk);
      if (squares[i].size() < first + static_cast<std::size_t>(count))
        squares[i].resize(first + static_cast<std::size_t>(count));
      std::copy_n(from, count, squares[i].begin() + static_cast<std::ptrdiff_t>(first));
      from += count;
    }
  }
  return grad_norm(squares);
}

double spread_weights(std::vector<NamedParameter>& parameters, const Shares& shares) {
  double bytes = 0;
  Transfers transfers;  // what one rank sends to another arrives in the order of the parts
  for (std::size_t b = 0; b < shares.buckets(); ++b) {
    for (int owner = 0; owner < ranks(); ++owner) {
      for (const Part& part : shares.parts(b, owner)) {
        Tensor& weights = parameters[part.parameter].tensor;
        if (owner != rank()) {
          transfers.receive(owner, Transfers::kWeights,
                            bytes_of(weights.mutable_data() + part.begin, static_cast<std::size_t>(part.size())));
          continue;
        }
        const auto own = bytes_of(std::as_const(weights).data() + part.begin, static_cast<std::size_t>(part.size()));
        for (int r = 0; r < ranks(); ++r) {
          if (r == rank()) continue;
          transfers.send(r, Transfers::kWeights, own);
          bytes += static_cast<double>(own.size());
        }
      }
    }
  }
  transfers.wait();
  for (NamedParameter& p : parameters) {
    const real* const weights = p.tensor.data();
    if (bf16_t* const half = p.tensor.mutable_kept_bf16()) {
      parallel_for(p.tensor.numel(), kOptimizerChunk, [&](index_t begin, index_t end) {
        for (index_t i = begin; i < end; ++i) half[i] = to_bf16(weights[i]);
      });
    }
  }
  return bytes;
}

Tensor whole_on_root(const Tensor& owned, const Shape& shape, std::size_t parameter, const Shares& shares) {
  Transfers transfers;
  if (rank() != 0) {
    if (owned.numel() > 0)
      transfers.send(0, Transfers::kWhole, bytes_of(owned.data(), static_cast<std::size_t>(owned.numel())));
    transfers.wait();
    return owned;
  }
  Tensor whole(shape);
  real* const to = whole.mutable_data();
  for (int r = 0; r < ranks(); ++r) {
    const ElementRange part = shares.part(parameter, r);
    if (r == 0) {
      std::copy_n(owned.data(), part.size(), to + part.begin);
    } else if (part.size() > 0) {
      transfers.receive(r, Transfers::kWhole, bytes_of(to + part.begin, static_cast<std::size_t>(part.size())));
    }
  }
  transfers.wait();
  return whole;
}

Tensor owned_part(const Tensor& whole, std::size_t parameter, const Shares& shares) {
  const ElementRange part = shares.part(parameter, rank());
  if (part.size() == whole.numel()) return whole;
  return Tensor::from(whole.span().subspan(static_cast<std::size_t>(part.begin), static_cast<std::size_t>(part.size())),
                      Shape{part.size()});
}

void spread_states(std::vector<RowStates>& states) {
  const std::size_t own = states.size() / static_cast<std::size_t>(ranks());
  Message mine;
  for (std::size_t i = own * static_cast<std::size_t>(rank()), end = i + own; i < end; ++i) {
    mine.put(static_cast<std::uint64_t>(states[i].tensors().size()));
    for (const auto& [name, tensor] : states[i].tensors()) {
      mine.put(name);
      mine.put(static_cast<std::uint64_t>(tensor.ndim()));
      mine.put(std::span<const index_t>(tensor.shape().begin(), tensor.shape().end()));
      mine.put(tensor.span());
    }
  }
  const auto all = gather(mine.bytes());
  for (std::size_t r = 0; r < all.size(); ++r) {
    Message from(all[r]);
    for (std::size_t i = own * r; i < own * (r + 1); ++i) {
      states[i].clear();
      for (auto left = from.take<std::uint64_t>(); left > 0; --left) {
        const std::string name = from.take_text();
        std::vector<index_t> axes(from.take<std::uint64_t>());
        from.take(std::span<index_t>(axes));
        Tensor& tensor = states[i].at(name) = Tensor(Shape(std::span<const index_t>(axes)));
        from.take(tensor.mutable_span());
      }
    }
  }
}

}  // namespace heddle
