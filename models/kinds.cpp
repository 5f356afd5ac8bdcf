#include "models/kinds.h"

#include "models/audio.h"
#include "models/cnn.h"
#include "models/gpt.h"
#include "models/mlp.h"
#include "models/word2vec/word2vec.h"

namespace heddle {
const std::vector<ModelKind>& model_kinds() {
  static const std::vector<ModelKind> rows = {
      {"gpt", {"language_model"}, make_part<ModelConfig, GPTConfig>},
      {"word2vec", {"word_vectors"}, make_part<ModelConfig, Word2VecConfig>},
      {"mlp", {"classification"}, make_part<ModelConfig, PerceptronConfig>},
      {"cnn", {"classification"}, make_part<ModelConfig, CNNConfig>},
      {"audio", {"classification"}, make_part<ModelConfig, AudioConfig>},
  };
  return rows;
}

const ModelKind& model_kind(const std::string& name) { return row_named(model_kinds(), name, "model.kind"); }

}  // namespace heddle
