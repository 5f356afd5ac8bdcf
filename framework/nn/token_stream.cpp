#include "framework/nn/token_stream.h"

namespace heddle {

void TokenStream::add_last_norm() {
  if (transformer->norm_position == NormPosition::pre) head.push_back({path + "norm", &transformer->norm});
}

Tensor TokenStream::scores(const Tensor& h, bool capped) const {
  Tensor x = h;
  for (const Layer& layer : head)
    x = layer.norm != nullptr ? layer.norm->forward(x) : layer.linear->forward(x, Context(), layer.activation);
  const auto cap = static_cast<real>(softcap);
  return capped && cap > 0 ? tanh(x / cap) * cap : x;
}

}  // namespace heddle
