#include "models/kinds.h"

#include "models/audio.h"
#include "models/bert.h"
#include "models/cnn.h"
#include "models/gpt.h"
#include "models/mlp.h"
#include "models/recurrent.h"
#include "models/seq2seq.h"
#include "models/vit.h"
#include "models/word2vec/word2vec.h"

namespace heddle {
const std::vector<ModelKind>& model_kinds() {
  static const std::vector<ModelKind> rows = {
      {"gpt", {"language_model", "recall"}, make_part<ModelConfig, GPTConfig>},
      {"bert", {"masked_language_model", "text_classification"}, make_part<ModelConfig, BertConfig>},
      {"recurrent", {"language_model", "recall"}, make_part<ModelConfig, RecurrentConfig>},
      {"word2vec", {"word_vectors"}, make_part<ModelConfig, Word2VecConfig>},
      {"seq2seq", {"translation"}, make_part<ModelConfig, Seq2SeqConfig>},
      {"mlp", {"classification"}, make_part<ModelConfig, PerceptronConfig>},
      {"cnn", {"classification"}, make_part<ModelConfig, CNNConfig>},
      {"vit", {"classification"}, make_part<ModelConfig, ViTConfig>},
      {"audio", {"classification"}, make_part<ModelConfig, AudioConfig>},
  };
  return rows;
}

const ModelKind& model_kind(const std::string& name) { return row_named(model_kinds(), name, "model.kind"); }

}  // namespace heddle
