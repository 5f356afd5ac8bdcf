#include "train/analysis/attention/attention_steps.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "framework/ops.h"

namespace heddle {
namespace {

constexpr std::string_view kWeights = "/weights", kBlocks = "blocks/";

std::vector<double> row_of(const Tensor& x, index_t row) {
  const index_t width = x.size(1);
  return {x.data() + row * width, x.data() + (row + 1) * width};
}

double product(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

std::vector<std::string> attentions(const Capture& capture) {
  std::vector<std::string> all;
  for (const std::string& name : capture.offered()) {
    if (name.ends_with(kWeights)) all.push_back(name.substr(0, name.size() - kWeights.size()));
  }
  return all;
}

bool is_cross(const std::string& attention) { return attention.ends_with("cross_attention"); }
bool queries_of_source(const std::string& attention) { return attention.starts_with("encoder/"); }
bool keys_of_source(const std::string& attention) { return queries_of_source(attention) || is_cross(attention); }

std::string stack_of(const std::string& attention) { return attention.substr(0, attention.find(kBlocks)); }
index_t layer_of(const std::string& attention) {
  return std::stoll(attention.substr(attention.find(kBlocks) + kBlocks.size()));
}
std::string states_before(const std::string& attention) {
  return concat_text(stack_of(attention), "hidden_states/", layer_of(attention));
}

HeadView view_head(const Capture& capture, const std::string& attention, const Tensor& projection, double scale,
                   index_t head) {
  const auto of_row = [&](const char* name) { return capture.at(attention + '/' + name); };
  const Tensor queries = of_row("queries"), keys = of_row("keys"), values = of_row("values");
  const index_t heads = queries.size(2), size = queries.size(3), groups = keys.size(2);
  ensure(head >= 0 && head < heads, "inspect: ", attention, " has ", heads, " heads, 0 .. ", heads - 1,
         "; there is none ", head);
  const index_t group = head / (heads / groups);
  const auto part = [&](const Tensor& x, index_t which) {  // [B, T, H, D] -> [T, D]
    return reshape(slice(slice(x, 0, 0, 1), 2, which, which + 1), Shape{x.size(1), size});
  };
  const Tensor weights = of_row("weights");
  HeadView view;
  view.queries = part(queries, head);
  view.keys = part(keys, group);
  view.values = part(values, group);
  view.weights = reshape(slice(slice(weights, 0, 0, 1), 1, head, head + 1), Shape{weights.size(2), weights.size(3)});
  view.sums = part(of_row("heads"), head);
  view.projection = slice(projection.detach(), 1, head * size, (head + 1) * size);
  view.cross = is_cross(attention);
  view.scale = scale > 0 ? scale : 1 / std::sqrt(static_cast<double>(size));
  return view;
}

std::vector<SeenKey> weigh(const std::vector<double>& scores, const std::vector<index_t>& places, double scale) {
  std::vector<SeenKey> seen;
  double most = -INFINITY, total = 0;
  for (const double score : scores) most = std::max(most, scale * score);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double scaled = scale * scores[i], weight = std::exp(scaled - most);
    seen.push_back({places[i], scores[i], scaled, weight});
    total += weight;
  }
  for (SeenKey& key : seen) key.weight /= total;
  return seen;
}

AttentionSteps attention_steps(const HeadView& head, index_t place) {
  const index_t queries = head.queries.size(0), keys = head.keys.size(0);
  ensure(place >= 0 && place < queries, "inspect: there is no place ", place, " among ", queries);
  AttentionSteps steps;
  steps.scale = head.scale;
  steps.query = row_of(head.queries, place);
  std::vector<double> scores;
  std::vector<index_t> places;
  for (index_t j = 0; j < keys; ++j) {
    if (head.weights.data()[place * keys + j] == 0) continue;
    scores.push_back(product(steps.query, row_of(head.keys, j)));
    places.push_back(j);
  }
  steps.seen = weigh(scores, places, head.scale);
  steps.sum.assign(static_cast<std::size_t>(head.values.size(1)), 0);
  for (const SeenKey& key : steps.seen) {
    const std::vector<double> value = row_of(head.values, key.place);
    for (std::size_t d = 0; d < value.size(); ++d) steps.sum[d] += key.weight * value[d];
  }
  for (index_t c = 0; c < head.projection.size(0); ++c)
    steps.output.push_back(product(row_of(head.projection, c), steps.sum));
  const auto most = std::max_element(steps.seen.begin(), steps.seen.end(),
                                     [](const SeenKey& a, const SeenKey& b) { return a.weight < b.weight; });
  steps.of = !head.cross || most == steps.seen.end() ? place : most->place;
  steps.key = row_of(head.keys, steps.of);
  steps.value = row_of(head.values, steps.of);
  return steps;
}

double length_of(const std::vector<double>& vector) { return std::sqrt(product(vector, vector)); }

}  // namespace heddle
