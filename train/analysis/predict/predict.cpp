#include "train/analysis/predict/predict.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "framework/autograd.h"
#include "framework/ops.h"

namespace heddle {

std::vector<Prediction> predict_classes(Classifier& model, const Examples& examples,
                                        const std::vector<std::string>& labels, index_t count, Precision precision) {
  const NoGradGuard no_grad;
  Context context;
  context.precision = precision;
  const Tensor probabilities = softmax(model.class_scores(examples.batch, context));
  const std::size_t classes = labels.size();
  ensure(probabilities.shape() == Shape{std::ssize(examples.names), static_cast<index_t>(classes)},
         "predict: ", examples.names.size(), " examples of ", classes, " classes have scores ", probabilities.shape());
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < examples.names.size(); ++i) {
    const auto row = probabilities.span().subspan(i * classes, classes);
    std::vector<std::size_t> order(classes);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return row[a] > row[b]; });
    order.resize(std::min(classes, static_cast<std::size_t>(count)));
    predictions.push_back({examples.names[i], {}});
    for (const std::size_t c : order) predictions.back().best.push_back({labels[c], static_cast<double>(row[c])});
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
