#include "framework/nn/recurrent.h"

#include <cmath>
#include <memory>

namespace heddle {

RecurrentLayer::RecurrentLayer(Cell kind, index_t inputs, index_t width, Initializer& init) : cell(kind) {
  const index_t gates = kind == Cell::lstm ? 4 : kind == Cell::gru ? 3 : 1;
  const double bound = 1 / std::sqrt(static_cast<double>(width));
  input.weight = init.uniform({gates * width, inputs}, bound, Role::matrix);
  input.bias = init.full({gates * width}, 0, Role::vector);
  hidden_weight = init.uniform({gates * width, width}, bound, Role::matrix);
  input.weight.multiplied = hidden_weight.multiplied = true;
  const bool counted = input.bias.data() == nullptr;  // its sizes alone are wanted
  if (kind == Cell::lstm && !counted) std::fill_n(input.bias.mutable_data() + width, width, real{1});
  if (kind == Cell::gru) hidden_bias = init.full({width}, 0, Role::vector);
}

std::pair<Tensor, Tensor> RecurrentLayer::forward(const Tensor& x, const RecurrentState& first,
                                                  const Context& context) const {
  Tensor sums = input.forward(x, context);  // handed over, so that the gates stand where they stood
  switch (cell) {
    case Cell::lstm: return lstm(std::move(sums), hidden_weight, first.hidden, first.cell, context.precision);
    case Cell::gru: return {gru(std::move(sums), hidden_weight, hidden_bias, first.hidden, context.precision), {}};
    case Cell::rnn: break;
  }
  return {rnn(std::move(sums), hidden_weight, first.hidden, context.precision), {}};
}

RecurrentStack::RecurrentStack(const RecurrentOptions& options, Initializer& init) : between{options.dropout} {
  for (index_t i = 0; i < options.n_layer; ++i)
    layers.emplace_back(options.cell, i == 0 ? options.inputs : options.width, options.width, init);
}

Tensor RecurrentStack::forward(const Tensor& x, Context& context) const {
  Tensor h = context.pass("hidden_states/0", x);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Context part = context.part("layers", i);
    Tensor* const hidden = part.kept("hidden");
    Tensor* const cell = layers[i].cell == Cell::lstm ? part.kept("cell") : nullptr;
    const RecurrentState first{hidden != nullptr ? *hidden : Tensor(), cell != nullptr ? *cell : Tensor()};
    const auto last_cell = std::make_shared<Tensor>();
    // What runs again in backward begins with the same states, and leaves none.
    const auto run = [this, i, first, part, last_cell](const std::vector<Tensor>& inputs) {
      Context again = part;
      const Tensor in = i > 0 ? between.forward(inputs[0], again) : inputs[0];
      auto [all, last] = layers[i].forward(in, first, again);
      *last_cell = last.detach();
      return all;
    };
    h = context.recompute && context.capture == nullptr ? recomputed({h}, run) : run({h});
    if (hidden != nullptr) {
      const Tensor all = h.detach();
      *hidden = reshape(slice(all, 1, all.size(1) - 1, all.size(1)), Shape{all.size(0), all.size(2)});
    }
    if (cell != nullptr) *cell = *last_cell;
    if (context.capture != nullptr) h = context.pass(concat_text("hidden_states/", i + 1), h);
  }
  return h;
}

}  // namespace heddle
