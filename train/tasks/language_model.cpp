#include "train/tasks/language_model.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <numbers>
#include <sstream>

#include "data/io/utf8.h"
#include "data/text/dataset.h"
#include "data/text/ngram.h"
#include "data/text/shared_run.h"
#include "framework/format.h"
#include "models/capabilities.h"
#include "train/decode/generate.h"

namespace heddle {
namespace {

/// Nats a token as bits a character and a byte, by how much text the tokens stand for.
struct Bits {
  Bits(const TextDataset& dataset, Split split) : size(dataset.text_size(split)) {
    tokens = static_cast<double>(dataset.tokens(split).size());
  }
  bool known() const { return !std::isnan(size.bytes); }
  double a_character(double nats) const { return nats / std::numbers::ln2 * tokens / size.characters; }
  double a_byte(double nats) const { return nats / std::numbers::ln2 * tokens / size.bytes; }

  TextSize size;
  double tokens = 0;
};

class TextEvaluation final : public Evaluation {
 public:
  TextEvaluation(Model& model, Bits bits) : model_(model), bits_(bits) {}

  Message measure(const Batch& batch, Context& context) override { return measured_loss(model_, batch, context); }
  void add(Message measured) override { add_loss(loss_, measured); }
  Metrics result() const override {
    const double loss = loss_.value("token");
    Metrics metrics = {{"loss", loss, fmt::format("{:.4f} nats a token", loss)},
                       {"perplexity", std::exp(loss), fmt::format("perplexity {:.2f}", std::exp(loss)), false},
                       count_of("tokens", loss_.count())};
    if (bits_.known()) {
      metrics.push_back({"bits_per_character", bits_.a_character(loss),
                         fmt::format("{:.4f} bits a character", bits_.a_character(loss))});
      metrics.push_back({"bits_per_byte", bits_.a_byte(loss), fmt::format("{:.4f} bits a byte", bits_.a_byte(loss))});
    }
    return metrics;
  }

 private:
  Model& model_;
  Bits bits_;
  MeanLoss loss_;
};

class LanguageModel final : public Task {
 public:
  LanguageModel(Model& model, const TextDataset& dataset) : model_(model), dataset_(dataset) {}

  Unit unit() const override { return {"token", "tokens"}; }

  Baselines baselines(const Progress& progress) const override {
    NgramOptions options;
    options.progress = progress;
    const NgramLosses counted = count_ngrams(dataset_.tokens(Split::train), dataset_.tokens(Split::val),
                                             dataset_.tokenizer()->vocab_size(), options);
    Baselines found;
    found.all = {{"uniform", counted.uniform},
                 {"unigram", counted.of_order[0]},
                 {"bigram", counted.of_order[1]},
                 {"5-gram", counted.of_order[4]}};
    const Bits& bits = bits_of(Split::val);
    std::string list, assumed;
    for (const auto& [name, nats] : found.all) {
      list += fmt::format("{}{} {:.3f}", list.empty() ? "" : ", ", name, nats);
      if (bits.known()) list += fmt::format(" ({:.3f})", bits.a_byte(nats));
    }
    for (int order = 1; order <= kNgramOrders; ++order) {
      if (counted.assumed(order)) assumed += fmt::format("{}{}", assumed.empty() ? "" : ", ", order);
    }
    found.line = fmt::format("baselines: counting n-grams of the training tokens reaches, in nats a token{}: {}",
                             bits.known() ? " (bits a byte)" : "", list);
    if (!bits.known())
      found.line += "; bits a byte are not known, as the tokens do not tell the text's spaces and <unk>";
    if (!assumed.empty())
      found.line += fmt::format("; discounts of 0.5, 1, 1.5 for n = {}, as their counts give none", assumed);
    return found;
  }

  std::unique_ptr<Evaluation> evaluation(Split split, const EvaluationOptions&) const override {
    return std::make_unique<TextEvaluation>(model_, bits_of(split));
  }

  std::string sample(index_t length) const override {
    return sample_text(capability<NextToken>(model_, "sample", "set train.sample_tokens = 0"), *dataset_.tokenizer(),
                       length);
  }

  /// How much of it was taken over from the training text.
  std::string about_sample(const std::string& text) const override {
    const std::vector<std::int32_t> ids = dataset_.tokenizer()->encode(text, Specials::allowed);
    const SharedRun run = longest_shared_run(ids, dataset_.tokens(Split::train));
    const std::string shared = dataset_.tokenizer()->decode(std::span(ids).subspan(run.begin, run.length));
    std::istringstream in(shared);
    const auto is_word = [](const std::string& part) {  // and no punctuation alone
      return std::any_of(part.begin(), part.end(), [](unsigned char c) { return c >= 0x80 || std::isalnum(c) != 0; });
    };
    const auto words = std::count_if(std::istream_iterator<std::string>(in), {}, is_word);
    constexpr std::size_t kShown = 80;
    std::string quoted = one_line(shared);
    if (quoted.size() > kShown) quoted = quoted.substr(0, quoted.rfind(' ', kShown)) + " ...";
    return fmt::format("the longest run of the sample that stands in the training text too: {} word{}, \"{}\"", words,
                       words == 1 ? "" : "s", quoted);
  }

 private:
  /// Counted once a split, as evaluations come again and again.
  const Bits& bits_of(Split split) const {
    std::unique_ptr<Bits>& bits = bits_[static_cast<std::size_t>(split)];
    if (!bits) bits = std::make_unique<Bits>(dataset_, split);
    return *bits;
  }

  Model& model_;
  const TextDataset& dataset_;
  mutable std::array<std::unique_ptr<Bits>, 3> bits_;
};

}  // namespace

std::unique_ptr<Task> make_language_model(Model& model, const Dataset& dataset) {
  return std::make_unique<LanguageModel>(model, dynamic_cast<const TextDataset&>(dataset));
}

}  // namespace heddle
