#include "models/model.h"

namespace heddle {

std::vector<Tensor> multiplied_weights(Model& model) {
  std::vector<Tensor> weights;
  for (const NamedParameter& p : model.named_parameters()) {
    if (p.multiplied) weights.push_back(p.tensor);
  }
  return weights;
}

}  // namespace heddle
