#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/tokenizer/tokenizer.h"
#include "models/capabilities.h"

namespace heddle {

/// A class or a word, and how probable the model holds it.
struct Choice {
  std::string name;
  double probability;
};

/// What a model says of an example.
struct Prediction {
  std::string input;         ///< what the example is called
  std::vector<Choice> best;  ///< the likeliest first
};

/// The `count` likeliest classes of each example; of equals the earlier. The dataset is as the model wants it.
std::vector<Prediction> predict_classes(Classifier& model, const Examples& examples,
                                        const std::vector<std::string>& labels, index_t count, Precision precision);

/// The `count` likeliest tokens for each [MASK] of a text, in their order; of equals the earlier. The text is shown
/// between [CLS] and [SEP], where the vocabulary has them, as the model saw texts; a blank before [MASK] is hidden with
/// it where tokens of words hold the blanks before them. A prediction's input is the text up to its [MASK]. Errors: a
/// text without [MASK]; one that is longer than the model sees.
std::vector<Prediction> fill_in(TokenFiller& model, const Tokenizer& tokenizer, const std::string& text, index_t count,
                                Precision precision);

/// A token of a text, and what the model held of it, having read those before.
struct TokenScore {
  std::int32_t id;
  std::string token;       ///< its bytes
  double log_probability;  ///< in nats; of the first token NaN, as nothing stands before it
};

/// The tokens of a text, each scored given at least half of a context before it, where the text has as much. Errors: a
/// text without a token; those of Tokenizer::encode.
std::vector<TokenScore> score_tokens(NextToken& model, const Tokenizer& tokenizer, const std::string& text,
                                     Precision precision);

}  // namespace heddle
