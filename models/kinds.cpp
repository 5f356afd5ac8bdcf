#include "models/kinds.h"

#include "models/cnn.h"
#include "models/gpt.h"
#include "models/mlp.h"
#include "models/word2vec/word2vec.h"

namespace heddle {
namespace {

template <class Config>
std::unique_ptr<ModelConfig> make() {
  return std::make_unique<Config>();
}

}  // namespace

const std::vector<ModelKind>& model_kinds() {
  static const std::vector<ModelKind> rows = {
      {"gpt", "language_model", make<GPTConfig>},
      {"word2vec", "word_vectors", make<Word2VecConfig>},
      {"mlp", "classification", make<PerceptronConfig>},
      {"cnn", "classification", make<CNNConfig>},
  };
  return rows;
}

const ModelKind& model_kind(const std::string& name) {
  std::string known;
  for (const ModelKind& row : model_kinds()) {
    if (name == row.name) return row;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  throw Error(concat_text("model.kind = ", name, ": no such model; choose one of: ", known));
}

}  // namespace heddle
