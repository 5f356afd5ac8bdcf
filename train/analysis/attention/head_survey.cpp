#include "train/analysis/attention/head_survey.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <span>

#include "data/tokenizer/tokenizer.h"
#include "framework/autograd.h"
#include "framework/ops.h"
#include "models/capabilities.h"
#include "train/analysis/attention/attention_steps.h"
#include "train/analysis/attention/captured_pass.h"

namespace heddle {
namespace {

constexpr const char* kNoAttention = "inspect: the model has no attention; choose a run of a transformer";

/// By id, whether a token is punctuation alone, ends a line or is special.
std::vector<bool> find_delimiters(const TokenizerState& state) {
  if (state.kind.empty()) return {};
  std::vector<bool> found = find_special(state);
  for (std::size_t id = 0; id < found.size(); ++id) {
    const std::string& piece = state.pieces[id];
    const auto is_mark = [](unsigned char c) { return std::ispunct(c) != 0 || c == '\n'; };
    const auto is_blank = [](unsigned char c) { return c == ' ' || c == '\t' || c == '\r'; };
    found[id] = found[id] ||
                (std::any_of(piece.begin(), piece.end(), is_mark) &&
                 std::all_of(piece.begin(), piece.end(), [&](unsigned char c) { return is_mark(c) || is_blank(c); }));
  }
  return found;
}

/// The tokens that may stand anywhere: all but special ones.
std::vector<std::int32_t> ordinary_tokens(const TokenizerState& state) {
  const std::vector<bool> special = find_special(state);
  std::vector<std::int32_t> found;
  for (std::size_t id = 0; id < special.size(); ++id) {
    if (!special[id] && !state.pieces[id].empty()) found.push_back(static_cast<std::int32_t>(id));
  }
  return found;
}

/// A row of `period` different tokens, drawn at random, that come again in the same order.
IdTensor repeated_row(std::vector<std::int32_t> tokens, index_t period, const Rng& rng) {
  IdTensor row({1, 2 * period});
  for (index_t i = 0; i < period; ++i) {
    const auto at = static_cast<std::size_t>(i);
    std::swap(tokens[at], tokens[at + rng.below(tokens.size() - at, at)]);
    row[i] = row[i + period] = tokens[at];
  }
  return row;
}

/// How many tokens are said twice to a model that reads any row of tokens by itself; 0 to others.
index_t repeated_period(Model& model, const DataState& data, index_t tokens) {
  constexpr index_t kLongest = 64;
  if (!data.labels.empty() || find_capability<Translator>(model) != nullptr) return 0;
  const auto* const writer = find_capability<NextToken>(model);
  const auto* const filler = find_capability<TokenFiller>(model);
  const index_t context = writer != nullptr ? writer->context_size() : filler != nullptr ? filler->context_size() : 0;
  const index_t period = std::min({context / 2, tokens, kLongest});
  return period >= 2 ? period : 0;
}

Tensor weights_of(const Tensor& all, index_t head, SurveyedWeights which) {  // [1, H, Tq, Tk] -> [Tq, Tk]
  const Tensor own = reshape(slice(all, 1, head, head + 1), Shape{all.size(2), all.size(3)});
  if (which == SurveyedWeights::own) return own;
  Tensor alike = Tensor::zeros(own.shape());
  for (index_t i = 0; i < own.size(0); ++i) {
    const real *const from = own.data() + i * own.size(1), *const end = from + own.size(1);
    const auto seen = std::count_if(from, end, [](real w) { return w > 0; });
    std::transform(from, end, alike.mutable_data() + i * own.size(1),
                   [&](real w) { return w > 0 ? real{1} / static_cast<real>(seen) : real{0}; });
  }
  return alike;
}

/// The heads of all that passed under names that end with `end`, their number being the size of an axis.
std::vector<SurveyedHead> heads_of(const Capture& capture, const std::string& end, int axis) {
  std::vector<SurveyedHead> heads;
  for (const std::string& name : capture.offered()) {
    if (!name.ends_with("attention" + end)) continue;
    for (index_t h = 0; h < capture.at(name).size(axis); ++h)
      heads.push_back({name.substr(0, name.size() - end.size()), h, {}});
  }
  return heads;
}

void add_loss(MeanLoss& loss, Model& model, const Batch& batch, Capture& capture) {
  Context context;
  context.capture = &capture;
  loss.add(model, batch, context);
}

}  // namespace

std::vector<SurveyedHead> survey_heads(Model& model, const DataState& data, const std::vector<Batch>& batches,
                                       SurveyedWeights which) {
  constexpr index_t kRepeatedRows = 8;
  const std::vector<bool> delimiters = find_delimiters(data.tokenizer);
  std::vector<SurveyedHead> heads;
  // calls add(head, its weights) for all heads, after a pass
  const auto look = [&](const Batch& batch, const auto& add) {
    Capture capture;
    capture.want("*attention/weights");
    run_captured(model, data, batch, capture);
    if (heads.empty()) heads = heads_of(capture, "/weights", 1);
    ensure(!heads.empty(), kNoAttention);
    parallel_for(std::ssize(heads), 1, [&](index_t begin, index_t) {
      SurveyedHead& head = heads[static_cast<std::size_t>(begin)];
      add(head, weights_of(capture.at(head.attention + "/weights"), head.head, which));
    });
  };
  for (const Batch& batch : batches) {
    look(batch, [&](SurveyedHead& head, const Tensor& weights) {
      const IdTensor& ids = keys_of_source(head.attention) ? batch.source : batch.inputs;
      const bool by_token = ids.numel() == weights.size(1);  // else a place is no token
      head.scores.add(
          weights,
          by_token ? std::span(ids.data(), static_cast<std::size_t>(ids.numel())) : std::span<const std::int32_t>(),
          delimiters, is_cross(head.attention));
    });
  }
  const std::vector<std::int32_t> tokens = ordinary_tokens(data.tokenizer);
  const index_t period = repeated_period(model, data, std::ssize(tokens));
  for (index_t row = 0; period > 0 && row < kRepeatedRows; ++row) {
    Batch batch;
    batch.inputs = repeated_row(tokens, period, Rng(static_cast<std::uint64_t>(row)));
    look(batch, [&](SurveyedHead& head, const Tensor& weights) { head.scores.add_repeated(weights, period); });
  }
  return heads;
}

std::string head_name(const std::string& attention, index_t head) {
  std::string stack = stack_of(attention);
  std::replace(stack.begin(), stack.end(), '/', '.');
  return concat_text(stack, is_cross(attention) ? "cross." : "", 'L', layer_of(attention), 'H', head);
}

AblationStudy ablate_heads(Model& model, const std::vector<Batch>& batches,
                           const std::function<void(index_t done, index_t of)>& progress) {
  const NoGradGuard no_grad;
  std::vector<SurveyedHead> heads;
  std::map<std::string, Tensor> means;  // of what an attention's heads give [H, D]
  std::map<std::string, index_t> places;
  for (const Batch& batch : batches) {
    Capture capture;
    capture.want("*attention/heads");
    MeanLoss unused;
    add_loss(unused, model, batch, capture);
    for (const auto& [name, x] : capture.kept()) {
      const Tensor sums = sum(x, {0, 1});
      means[name] = means.contains(name) ? means[name] + sums : sums;
      places[name] += x.size(0) * x.size(1);
    }
    if (heads.empty()) heads = heads_of(capture, "/heads", 2);
  }
  ensure(!heads.empty(), kNoAttention);
  for (auto& [name, mean] : means) mean = mean / static_cast<real>(places[name]);

  MeanLoss whole;
  std::vector<std::array<MeanLoss, 2>> losses(heads.size());  // with zeros, with the mean
  for (std::size_t b = 0; b < batches.size(); ++b) {
    Capture pass;
    pass.want("*hidden_states/*");
    add_loss(whole, model, batches[b], pass);
    for (std::size_t i = 0; i < heads.size(); ++i) {
      const std::string name = heads[i].attention + "/heads", goes_in = states_before(heads[i].attention);
      const Tensor& mean = means.at(name);
      Tensor others = Tensor::full({mean.size(0), 1}, real{1});
      others.mutable_data()[heads[i].head] = 0;
      const Tensor own = mean * (Tensor::scalar(1) - others);
      for (const bool to_mean : {false, true}) {
        Capture ablated;
        for (const std::string& earlier : pass.offered()) {
          if (pass.kept().contains(earlier)) ablated.give(earlier, pass.at(earlier));
          if (earlier == goes_in) break;
        }
        ablated.edit(name, [&](const Tensor& x) { return to_mean ? x * others + own : x * others; });
        add_loss(losses[i][to_mean ? 1 : 0], model, batches[b], ablated);
      }
    }
    if (progress) progress(static_cast<index_t>(b) + 1, std::ssize(batches));
  }
  AblationStudy study{whole.value("target"), {}};
  for (const auto& [zero, mean] : losses) study.heads.push_back({zero.value("target"), mean.value("target")});
  return study;
}

}  // namespace heddle
