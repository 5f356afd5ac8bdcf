#pragma once

#include <array>
#include <utility>
#include <vector>

#include "framework/nn/layers.h"

namespace heddle {

/// What a recurrent layer computes at each step (see rnn, lstm and gru in ops.h).
enum class Cell { rnn, lstm, gru };
constexpr auto names_of(Cell) {
  return std::array{Named{Cell::lstm, "lstm"}, Named{Cell::gru, "gru"}, Named{Cell::rnn, "rnn"}};
}

/// A layer's states [B, H] before or after a step; both undefined: zeros.
struct RecurrentState {
  Tensor hidden;
  Tensor cell;  ///< an LSTM's
};

/// H units over a sequence. `input` [G H, inputs] makes its part of the sums of G gates for all steps at once (an
/// LSTM's gates stand in the order i, f, g, o, a GRU's r, z, n), hidden_weight [G H, H] multiplies the hidden state of
/// the step before; hidden_bias [H] is the one that a GRU's reset gate acts on.
///
/// Weights begin uniform within 1 / sqrt(H), as torch.nn's; biases at 0, but those of an LSTM's forget gate at 1, which
/// lets gradients pass through many steps from the first (Jozefowicz, Zaremba and Sutskever, "An Empirical Exploration
/// of Recurrent Network Architectures", 2015).
struct RecurrentLayer {
  RecurrentLayer() = default;
  RecurrentLayer(Cell kind, index_t inputs, index_t width, Initializer& init);
  /// x [B, T, inputs], the states before it -> hidden states [B, T, H], and the last cell state, if it has one.
  std::pair<Tensor, Tensor> forward(const Tensor& x, const RecurrentState& first, const Context& context) const;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(input);
    ar& BOOST_SERIALIZATION_NVP(hidden_weight) & BOOST_SERIALIZATION_NVP(hidden_bias);
  }
  Linear input;
  Parameter hidden_weight, hidden_bias;
  Cell cell = Cell::lstm;
};

struct RecurrentOptions {
  Cell cell = Cell::lstm;
  index_t n_layer, inputs, width;
  double dropout = 0;  ///< of what a layer gives to the next one, as Zaremba, Sutskever and Vinyals, "Recurrent Neural
                       ///< Network Regularization", 2014: never of what goes from step to step
};

/// Layers one above the other. Where the context keeps states, each layer begins with its own ("layers/0/hidden",
/// "layers/0/cell"; none yet: zeros) and leaves its last ones there, out of the graph. Offers hidden_states/0 (what
/// goes in) and hidden_states/i (what leaves layer i) to a capture.
struct RecurrentStack {
  RecurrentStack() = default;
  RecurrentStack(const RecurrentOptions& options, Initializer& init);
  /// x [B, T, inputs] -> [B, T, H]; where the context says so, layers keep what goes into them alone.
  Tensor forward(const Tensor& x, Context& context) const;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(layers);
  }
  std::vector<RecurrentLayer> layers;
  Dropout between;
};

}  // namespace heddle
