#include "data/dataset.h"

namespace heddle {

DataSpec DataState::spec() const {
  return {tokenizer.pieces, tokenizer.counts, Shape(std::vector<index_t>(features.begin(), features.end())), labels};
}

std::shared_ptr<const Tokenizer> given_tokenizer(const TokenizerConfig& config, const LoadOptions& options,
                                                 std::vector<std::string>& notices) {
  const TokenizerState* state = options.known != nullptr ? &options.known->tokenizer : options.tokenizer;
  if (state == nullptr) return config.from_file();
  ensure(!state->kind.empty(), "data: the model was trained on data without a tokenizer");
  if (options.known == nullptr && !config.file.empty())
    notices.push_back("data.tokenizer_file = " + config.file +
                      " is not used: the run begins with another one's tokenizer");
  auto tokenizer = make_tokenizer(*state);
  config.note_other_kind(*tokenizer, "the model reads", notices);
  return tokenizer;
}

Examples DataConfig::examples(const std::vector<std::string>& /*files*/, const std::vector<std::string>& /*texts*/,
                              const LoadOptions& /*options*/) const {
  throw Error(
      "predict: the model's kind of data has no single examples to be told a class; use heddle eval RUN --data");
}

}  // namespace heddle
