#include "data/dataset.h"

namespace heddle {

DataSpec DataState::spec() const {
  return {tokenizer.pieces, tokenizer.counts, Shape(std::vector<index_t>(features.begin(), features.end())), labels};
}

std::shared_ptr<const Tokenizer> given_tokenizer(const TokenizerConfig& config, const LoadOptions& options,
                                                 std::vector<std::string>& notices) {
  const bool starts = options.known == nullptr && options.start != nullptr && !options.start->tokenizer.kind.empty();
  if (options.known == nullptr && !starts) return config.from_file(notices);
  const TokenizerState& state = starts ? options.start->tokenizer : options.known->tokenizer;
  ensure(!state.kind.empty(), "data: the model was trained on data without a tokenizer");
  if (starts) {
    for (const std::string& special : config.specials)
      ensure(special_token(state, special).has_value(), "run.init: the other run's vocabulary has no special token ",
             special, " (data.special_tokens); begin with a run that has it, or leave run.init out");
    if (!config.file.empty())
      notices.push_back("data.tokenizer_file = " + config.file +
                        " is not used: the run begins with another one's tokenizer");
  }
  auto tokenizer = make_tokenizer(state);
  config.note_other_kind(*tokenizer, "the model reads", notices);
  if (starts && !state.counts.empty())
    notices.emplace_back(
        "run.init: how often words come, by which word vectors draw and leave out words, is counted in the other "
        "run's text");
  return tokenizer;
}

bool take_standardization(const LoadOptions& options, DataState& state) {
  if (options.start == nullptr || options.start->mean.empty() || options.start->features != state.features)
    return false;
  state.mean = options.start->mean;
  state.deviation = options.start->deviation;
  return true;
}

Examples DataConfig::examples(const std::vector<std::string>& /*files*/, const std::vector<std::string>& /*texts*/,
                              const LoadOptions& /*options*/) const {
  throw Error(
      "predict: the model's kind of data has no single examples to be told a class; use heddle eval RUN --data");
}

}  // namespace heddle
