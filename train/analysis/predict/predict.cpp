#include "train/analysis/predict/predict.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "data/sampler.h"
#include "framework/autograd.h"
#include "framework/ops.h"

namespace heddle {

namespace {

/// The `count` likeliest of a row of probabilities; names(i) is what each is called.
template <class Names>
std::vector<Choice> best_of(std::span<const real> row, index_t count, const Names& names) {
  std::vector<std::size_t> order(row.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto shown = std::min(std::ssize(row), count);
  std::partial_sort(order.begin(), order.begin() + shown, order.end(),
                    [&](std::size_t a, std::size_t b) { return row[a] != row[b] ? row[a] > row[b] : a < b; });
  order.resize(static_cast<std::size_t>(shown));
  std::vector<Choice> best;
  for (const std::size_t i : order) best.push_back({names(i), static_cast<double>(row[i])});
  return best;
}

/// The text with no blank before a hidden token, where tokens of words hold the blank before them, as byte-pair
/// encoding makes them: what is hidden then is the blank and the word.
std::string without_hidden_blanks(std::string text, const TokenizerState& tokenizer) {
  const auto holds_blank = [](const std::string& piece) { return piece.size() > 1 && piece[0] == ' '; };
  if (std::none_of(tokenizer.pieces.begin(), tokenizer.pieces.end(), holds_blank)) return text;
  for (std::size_t at = 0; (at = text.find(kMaskToken, at)) != text.npos; ++at) {
    if (at > 0 && text[at - 1] == ' ') text.erase(--at, 1);
  }
  return text;
}

}  // namespace

std::vector<Prediction> predict_classes(Classifier& model, const Examples& examples,
                                        const std::vector<std::string>& labels, index_t count, Precision precision) {
  constexpr index_t kTogether = 64;
  const NoGradGuard no_grad;
  const Dataset& dataset = *examples.dataset;
  const index_t all = std::ssize(examples.names), classes = std::ssize(labels);
  std::vector<Prediction> predictions;
  for (index_t first = 0; first < all; first += kTogether) {
    const index_t rows = std::min(kTogether, all - first);
    Context context;
    context.precision = precision;
    const Tensor probabilities = softmax(model.class_scores(get_examples(dataset, Split::test, first, rows), context));
    ensure(probabilities.shape() == Shape{rows, classes}, "predict: ", rows, " examples of ", classes,
           " classes have scores ", probabilities.shape());
    for (index_t row = 0; row < rows; ++row) {
      const auto of_row =
          probabilities.span().subspan(static_cast<std::size_t>(row * classes), static_cast<std::size_t>(classes));
      predictions.push_back({examples.names[static_cast<std::size_t>(first + row)],
                             best_of(of_row, count, [&](std::size_t i) { return labels[i]; })});
    }
  }
  return predictions;
}

std::vector<Prediction> fill_in(TokenFiller& model, const Tokenizer& tokenizer, const std::string& text, index_t count,
                                Precision precision) {
  const NoGradGuard no_grad;
  const auto mask = special_token(tokenizer.state(), kMaskToken);
  ensure(mask.has_value(), "predict --fill: the model's vocabulary has no special token ", kMaskToken);
  std::vector<std::int32_t> ids = between_ends(
      tokenizer.state(), tokenizer.encode(without_hidden_blanks(text, tokenizer.state()), Specials::allowed));
  std::vector<std::int32_t> places;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == *mask) places.push_back(static_cast<std::int32_t>(i));
  }
  ensure(!places.empty(), "predict --fill: the text holds no ", kMaskToken, "; write it where a word is to be found");
  const index_t hidden = std::ssize(places), length = std::ssize(ids);
  ensure(length <= model.context_size(), "predict --fill: the text has ", length, " tokens with ", kClassToken, " and ",
         kSeparatorToken, ", the model sees ", model.context_size(), "; give a shorter one");
  Context context;
  context.precision = precision;
  Batch batch;
  batch.inputs = IdTensor(std::move(ids), {1, length});
  const Tensor probabilities = softmax(model.token_scores(batch, IdTensor(std::move(places), {hidden}), context));
  const auto vocabulary = static_cast<std::size_t>(probabilities.size(-1));
  std::vector<Prediction> predictions;
  std::size_t end = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(hidden); ++i) {
    end = text.find(kMaskToken, end) + std::string_view(kMaskToken).size();
    predictions.push_back(
        {text.substr(0, end), best_of(probabilities.span().subspan(i * vocabulary, vocabulary), count,
                                      [&](std::size_t id) { return tokenizer.piece(static_cast<std::int32_t>(id)); })});
  }
  return predictions;
}

std::vector<TokenScore> score_tokens(NextToken& model, const Tokenizer& tokenizer, const std::string& text,
                                     Precision precision) {
  const NoGradGuard no_grad;
  const std::vector<std::int32_t> ids = tokenizer.encode(text, Specials::allowed);
  ensure(!ids.empty(), "predict: the text holds no token; give a longer one");
  std::vector<TokenScore> scores;
  scores.push_back({ids[0], tokenizer.piece(ids[0]), std::numeric_limits<double>::quiet_NaN()});
  const auto window = static_cast<std::size_t>(std::min(model.context_size(), std::ssize(ids)));
  for (std::size_t begin = 0; scores.size() < ids.size(); begin += std::max<std::size_t>(1, window / 2)) {
    const std::size_t end = std::min(begin + window, ids.size() - 1);  // inputs; each predicts the token after it
    if (end < scores.size()) continue;
    Context context;
    context.precision = precision;
    const IdTensor inputs(
        {ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.begin() + static_cast<std::ptrdiff_t>(end)},
        {1, static_cast<index_t>(end - begin)});
    const Tensor log_probabilities = log_softmax(model.logits(inputs, context));
    const auto vocabulary = static_cast<std::size_t>(log_probabilities.size(-1));
    for (std::size_t next = scores.size(); next <= end; ++next) {
      const std::int32_t id = ids[next];
      const real value = log_probabilities.data()[(next - 1 - begin) * vocabulary + static_cast<std::size_t>(id)];
      scores.push_back({id, tokenizer.piece(id), static_cast<double>(value)});
    }
  }
  return scores;
}

}  // namespace heddle
