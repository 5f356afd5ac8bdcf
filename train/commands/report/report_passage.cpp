#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/sampler.h"
#include "train/commands/report/report_command.h"

namespace heddle {
namespace {

constexpr index_t kPlaces = 32;           ///< of an example that nobody chose
constexpr index_t kMostNumbers = 600000;  ///< of vectors, and as many of weights: more are left out

using Id = IdTensor::value_type;

/// Places of the last axis of scores [N, V], the highest first, of equals the lower.
std::vector<Id> ranked(const real* scores, index_t count) {
  std::vector<Id> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Id a, Id b) { return scores[a] > scores[b]; });
  return order;
}

/// What is predicted at one place: all logits, the highest first, and the names of the first.
nlohmann::json prediction_json(const real* scores, index_t count, const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 200;
  nlohmann::json logits = nlohmann::json::array(), first = nlohmann::json::array();
  for (const Id id : ranked(scores, count)) {
    logits.push_back(with_digits(static_cast<double>(scores[id]), 6));
    if (first.size() < kNamed) first.push_back(names[static_cast<std::size_t>(id)]);
  }
  return {{"logits", std::move(logits)}, {"names", std::move(first)}};
}

/// The likeliest few with their probabilities.
nlohmann::json best_json(const real* scores, index_t count, const std::vector<std::string>& names) {
  constexpr std::size_t kBest = 5;
  const std::vector<Id> order = ranked(scores, count);
  double total = 0;
  for (const Id id : order) total += std::exp(static_cast<double>(scores[id] - scores[order[0]]));
  nlohmann::json best = nlohmann::json::array();
  for (std::size_t i = 0; i < std::min(kBest, order.size()); ++i) {
    const double weight = std::exp(static_cast<double>(scores[order[i]] - scores[order[0]]));
    best.push_back({names[static_cast<std::size_t>(order[i])], with_digits(weight / total, 5)});
  }
  return best;
}

nlohmann::json rows_json(const Tensor& x, int digits) {  // [T, N], or [1, T, N]
  const index_t width = x.size(x.ndim() - 1);
  nlohmann::json rows = nlohmann::json::array();
  for (index_t row = 0; row < x.numel() / width; ++row)
    rows.push_back(numbers(std::span(x.data() + row * width, static_cast<std::size_t>(width)), digits));
  return rows;
}

/// One head at every place: its five steps.
nlohmann::json head_json(const HeadView& view, bool vectors) {
  nlohmann::json scores = nlohmann::json::array(), weights = scores, sums = scores, outputs = scores, lengths = scores;
  const index_t keys = view.keys.size(0);
  for (index_t place = 0; place < view.queries.size(0); ++place) {
    const AttentionSteps steps = attention_steps(view, place);
    std::vector<double> score(static_cast<std::size_t>(keys), std::nan("")), weight(static_cast<std::size_t>(keys));
    for (const SeenKey& key : steps.seen) {
      score[static_cast<std::size_t>(key.place)] = key.score;
      weight[static_cast<std::size_t>(key.place)] = key.weight;
    }
    weights.push_back(numbers(weight, vectors ? 5 : 3));
    lengths.push_back(with_digits(length_of(steps.output), 5));
    if (!vectors) continue;
    scores.push_back(numbers(score, 5));
    sums.push_back(numbers(steps.sum, 4));
    outputs.push_back(numbers(steps.output, 4));
  }
  nlohmann::json head = {{"weights", std::move(weights)}, {"lengths", std::move(lengths)}};
  if (vectors)
    head.update({{"queries", rows_json(view.queries, 4)},
                 {"keys", rows_json(view.keys, 4)},
                 {"values", rows_json(view.values, 4)},
                 {"scores", std::move(scores)},
                 {"sums", std::move(sums)},
                 {"outputs", std::move(outputs)}});
  return head;
}

/// What stands behind the activation of an MLP, of each place: how many units are above 0, and the strongest.
nlohmann::json hidden_json(const Tensor& hidden) {
  constexpr std::size_t kStrongest = 12;
  const index_t width = hidden.size(hidden.ndim() - 1);
  nlohmann::json places = nlohmann::json::array();
  for (index_t at = 0; at < hidden.numel(); at += width) {
    const real* const row = hidden.data() + at;
    nlohmann::json strongest = nlohmann::json::array();
    const std::vector<Id> order = ranked(row, width);
    for (std::size_t i = 0; i < std::min(kStrongest, order.size()); ++i)
      strongest.push_back({order[i], with_digits(static_cast<double>(row[order[i]]), 4)});
    places.push_back({{"above", std::count_if(row, row + width, [](real v) { return v > 0; })},
                      {"strongest", std::move(strongest)}});
  }
  return {{"width", width}, {"places", std::move(places)}};
}

/// The numbers that the model was shown, between 0 and 255: a picture's pixels by channel, or a sound's frames.
nlohmann::json features_json(const Tensor& features, const DataState& data) {
  const bool picture = features.ndim() == 4;
  const index_t each = picture ? features.size(2) * features.size(3) : 0;
  const auto [low, high] = std::minmax_element(features.data(), features.data() + features.numel());
  std::vector<int> values;
  for (index_t i = 0; i < features.numel(); ++i) {
    const auto value = static_cast<double>(features.data()[i]);
    const auto channel = picture ? static_cast<std::size_t>(i / each) : 0;
    const double shown = picture ? value * data.deviation[channel] + data.mean[channel]
                                 : 255 * (value - static_cast<double>(*low)) /
                                       std::max(1e-9, static_cast<double>(*high) - static_cast<double>(*low));
    values.push_back(static_cast<int>(std::lround(std::clamp(shown, 0.0, 255.0))));
  }
  const std::vector<index_t> shape(features.shape().begin() + 1, features.shape().end());
  return {{"shape", shape}, {"values", values}};
}

/// Of a model that fills in words one in the middle is hidden, or a [MASK] that is there already looked at.
void hide_word(Passage& passage, const LoadedRun& run) {
  const auto tokenizer = run.tokenizer();
  const auto mask = special_token(tokenizer->state(), kMaskToken);
  ensure(mask.has_value(), "report: the vocabulary has no ", kMaskToken);
  passage.what = "hidden";
  Id* const ids = passage.example.batch.inputs.data();
  const index_t count = passage.example.batch.inputs.numel();
  passage.place = std::find(ids, ids + count, *mask) - ids;
  if (passage.place < count) return;
  passage.place = count / 2;
  passage.truth = tokenizer->piece(ids[passage.place]);
  ids[passage.place] = *mask;
  passage.example.inputs[static_cast<std::size_t>(passage.place)] = kMaskToken;
}

/// The example's first places, where it is a text that nobody chose.
void shorten(InspectedExample& example) {
  Batch& batch = example.batch;
  const index_t count = batch.inputs.numel();
  if (count <= kPlaces || batch.source.numel() > 0) return;
  const auto first = [](const IdTensor& ids) {
    return IdTensor(std::vector<Id>(ids.data(), ids.data() + kPlaces), {1, kPlaces});
  };
  if (batch.targets.numel() == count) batch.targets = first(batch.targets);
  batch.inputs = first(batch.inputs);
  if (batch.segments.numel() == count) batch.segments = first(batch.segments);
  if (batch.mask.defined()) batch.mask = Tensor::full({1, kPlaces}, real{1});
  example.inputs.resize(kPlaces);
}

}  // namespace

std::optional<Passage> find_passage(const ReportedRun& reported) {
  const LoadedRun& run = reported.run;
  Model& model = *run.model;
  Passage passage;
  passage.given = !(reported.shown.text.empty() && reported.shown.files.empty());
  const bool classifies = !run.data.labels.empty();
  const bool looks = classifies || find_capability<Translator>(model) != nullptr ||
                     find_capability<NextToken>(model) != nullptr || find_capability<TokenFiller>(model) != nullptr;
  ensure(looks || !passage.given, "report: model.kind = ", run.experiment->model_kind,
         " is shown no example; leave --text out");
  if (!looks || (!passage.given && reported.dataset == nullptr)) return {};
  passage.example = inspected_example(run, reported.shown, reported.dataset);
  if (!passage.given) shorten(passage.example);
  const Batch& batch = passage.example.batch;
  if (!classifies && find_capability<TokenFiller>(model) != nullptr) {
    hide_word(passage, run);
    return passage;
  }
  if (!classifies) {
    passage.what = "next";
    passage.place = batch.inputs.numel() - 1;
  }
  const index_t targets = batch.targets.numel();
  const Id truth = targets > 0 && !passage.given ? batch.targets[targets - 1] : kIgnore;
  if (truth != kIgnore)
    passage.truth = classifies ? run.data.labels[static_cast<std::size_t>(truth)] : run.tokenizer()->piece(truth);
  return passage;
}

nlohmann::json report_passage(const ReportedRun& reported) {
  const LoadedRun& run = reported.run;
  Model& model = *run.model;
  const std::optional<Passage> passage = find_passage(reported);
  if (!passage) return nullptr;
  const InspectedExample& example = passage->example;
  const std::string what = passage->what;
  const bool classifies = what == "class", fills = what == "hidden";
  Capture capture;
  capture.want("*");
  const Tensor scores = run_captured(model, run.data, example.batch, capture, passage->place);
  const std::vector<std::string> names = classifies ? run.data.labels : run.data.tokenizer.pieces;
  const index_t kinds = scores.size(scores.ndim() - 1);

  index_t vectors = 0, weights = 0;
  for (const auto& [name, tensor] : capture.kept()) (name.ends_with("/weights") ? weights : vectors) += tensor.numel();
  const bool with_vectors = vectors <= kMostNumbers && weights <= kMostNumbers;
  nlohmann::json attentions_json = nlohmann::json::array(), streams = nlohmann::json::object(), mlps = streams,
                 lengths = streams;
  for (const std::string& attention : attentions(capture)) {
    nlohmann::json heads = nlohmann::json::array();
    const index_t count = capture.at(attention + "/queries").size(2);
    double scale = 0;
    for (index_t head = 0; head < count; ++head) {
      const HeadView view = captured_head(run, capture, attention, head);
      scale = view.scale;
      heads.push_back(head_json(view, with_vectors));
    }
    attentions_json.push_back({{"name", attention},
                               {"scale", scale},
                               {"queries_of", queries_of_source(attention) ? "source" : "inputs"},
                               {"keys_of", keys_of_source(attention) ? "source" : "inputs"},
                               {"heads", std::move(heads)}});
  }
  for (const auto& [name, tensor] : capture.kept()) {
    const std::size_t hidden = name.find("hidden_states/");
    if (hidden != name.npos) {
      if (with_vectors) streams[name] = rows_json(tensor, 4);
      const index_t width = tensor.size(2);
      std::vector<double> each;
      for (index_t i = 0; i < tensor.numel(); i += width)
        each.push_back(length_of({tensor.data() + i, tensor.data() + i + width}));
      lengths[name] = numbers(each, 5);
    } else if (name.ends_with("/mlp/hidden")) {
      mlps[name.substr(0, name.size() - 7)] = hidden_json(tensor);
    }
  }
  const index_t last = classifies || fills ? 0 : scores.numel() / kinds - 1;
  nlohmann::json prediction = prediction_json(scores.data() + last * kinds, kinds, names);
  prediction.update({{"what", what}, {"place", passage->place}, {"truth", passage->truth}});
  nlohmann::json best = nlohmann::json::array();
  for (index_t i = 0; !classifies && !fills && i <= last; ++i)
    best.push_back(best_json(scores.data() + i * kinds, kinds, names));
  const auto ids = [](const IdTensor& all) { return std::vector<Id>(all.data(), all.data() + all.numel()); };
  nlohmann::json out = {{"inputs", example.inputs},
                        {"source", example.source},
                        {"input_ids", ids(example.batch.inputs)},
                        {"source_ids", ids(example.batch.source)},
                        {"given", passage->given},
                        {"attentions", std::move(attentions_json)},
                        {"streams", std::move(streams)},
                        {"lengths", std::move(lengths)},
                        {"mlps", std::move(mlps)},
                        {"prediction", std::move(prediction)},
                        {"best", std::move(best)}};
  if (example.batch.features.defined() && example.batch.features.ndim() > 2)
    out["features"] = features_json(example.batch.features, run.data);
  return out;
}

}  // namespace heddle
