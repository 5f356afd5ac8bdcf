#include "models/model.h"

#include <algorithm>

#include "framework/gemm.h"
#include "models/gpt.h"
#include "models/word2vec/word2vec.h"

namespace heddle {
namespace {

using Make = std::unique_ptr<ModelConfig> (*)();

template <class Config>
std::unique_ptr<ModelConfig> make() {
  return std::make_unique<Config>();
}

/// The one table of models: a new one adds its row here.
const std::vector<std::pair<std::string, Make>>& table() {
  static const std::vector<std::pair<std::string, Make>> rows = {
      {"gpt", make<GPTConfig>},
      {"word2vec", make<Word2VecConfig>},
  };
  return rows;
}

}  // namespace

Tensor Model::loss(const Batch& batch, Context& context) {
  return cross_entropy(logits(batch.inputs, context), batch.targets, kIgnore);
}

LossSum Model::loss_sum(const Batch& batch, Context& context) {
  const auto counted = std::count_if(batch.targets.data(), batch.targets.data() + batch.targets.numel(),
                                     [](auto target) { return target != kIgnore; });
  return {loss(batch, context).item() * static_cast<double>(counted), counted};
}

double Model::update(const Batch&, double, const Rng&) { throw Error("update: an optimizer trains this model"); }

std::vector<Tensor> multiplied_weights(Model& model) {
  const auto parameters = model.named_parameters();
  const bool tied =
      std::none_of(parameters.begin(), parameters.end(), [](const NamedTensor& p) { return p.name == "head/weight"; });
  std::vector<Tensor> weights;
  for (const NamedTensor& p : parameters) {
    const bool scores = p.name == (tied ? "token_embedding/weight" : "head/weight");
    if (p.tensor.ndim() == 2 && (scores || !is_table(p))) weights.push_back(p.tensor);
  }
  return weights;
}

void keep_rounded_weights(Model& model) {
  if (!rounds_operands()) return;
  for (const Tensor& weight : multiplied_weights(model)) keep_rounded(weight);
}

std::vector<std::string> model_kinds() {
  std::vector<std::string> names;
  for (const auto& [name, make] : table()) names.push_back(name);
  return names;
}

std::unique_ptr<ModelConfig> make_model_config(const std::string& kind) {
  std::string known;
  for (const auto& [name, make] : table()) {
    if (name == kind) return make();
    known += (known.empty() ? "" : ", ") + name;
  }
  throw Error(concat_text("model.kind = ", kind, ": no such model; choose one of: ", known));
}

}  // namespace heddle
