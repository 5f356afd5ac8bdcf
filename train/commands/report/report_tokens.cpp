#include <algorithm>
#include <cmath>

#include "data/io/utf8.h"
#include "data/sampler.h"
#include "train/analysis/words/model_vectors.h"
#include "train/analysis/words/nearest_words.h"
#include "train/analysis/words/token_statistics.h"
#include "train/analysis/words/word_projection.h"
#include "train/commands/report/report_command.h"

namespace heddle {

nlohmann::json report_tokens(const ReportedRun& reported) {
  if (reported.run.data.tokenizer.kind.empty() || reported.dataset == nullptr) return nullptr;
  constexpr index_t kMostTokens = 1000000, kRows = 64;
  constexpr std::size_t kMostUsed = 40, kRanks = 400;
  const auto tokenizer = reported.run.tokenizer();
  const Dataset& dataset = *reported.dataset;
  TokenStatistics counted;
  counted.frequencies.resize(static_cast<std::size_t>(tokenizer->vocab_size()));
  const auto count = [&](const IdTensor& ids, const Tensor& mask) {
    for (index_t i = 0; i < ids.numel(); ++i) {
      if (mask.defined() && mask.data()[i] == 0) continue;
      ++counted.frequencies[static_cast<std::size_t>(ids[i])];
      ++counted.tokens;
    }
  };
  index_t shown = 0;
  for (index_t first = 0; first < dataset.size(Split::train) && shown < kMostTokens; first += kRows) {
    const Batch batch = get_examples(dataset, Split::train, first, std::min(kRows, dataset.size(Split::train) - first));
    count(batch.inputs, batch.mask);
    count(batch.source, batch.source_mask);
    shown += batch.inputs_shown();
  }
  if (counted.tokens == 0) return nullptr;
  const std::vector<std::int32_t> order = counted.most_used(counted.frequencies.size());
  const auto times = [&](std::int32_t id) { return counted.frequencies[static_cast<std::size_t>(id)]; };
  nlohmann::json most = nlohmann::json::array(), ranks = nlohmann::json::array(), lengths = nlohmann::json::array();
  for (std::size_t i = 0; i < std::min(kMostUsed, order.size()); ++i)
    most.push_back({{"token", tokenizer->piece(order[i])}, {"id", order[i]}, {"count", times(order[i])}});
  // evenly spread over the logarithm of the rank
  std::size_t last = 0;
  for (std::size_t i = 0; i < kRanks; ++i) {
    const double at = std::pow(static_cast<double>(order.size()), static_cast<double>(i) / (kRanks - 1));
    const std::size_t rank = std::min(order.size(), static_cast<std::size_t>(at + 0.5));
    if (rank <= last) continue;
    last = rank;
    ranks.push_back({rank, times(order[rank - 1])});
  }
  std::vector<std::array<std::uint64_t, 2>> by_length;  // of the vocabulary, and of what stands in the text
  std::uint64_t bytes = 0, rare = 0;
  for (std::int64_t id = 0; id < tokenizer->vocab_size(); ++id) {
    const auto token = static_cast<std::int32_t>(id);
    const std::size_t characters = count_code_points(tokenizer->piece(token));
    if (characters >= by_length.size()) by_length.resize(characters + 1);
    ++by_length[characters][0];
    by_length[characters][1] += times(token);
    bytes += times(token) * tokenizer->piece(token).size();
    rare += times(token) > 0 && times(token) < TokenStatistics::kRare ? 1 : 0;
  }
  for (const auto& [kinds, used] : by_length) lengths.push_back({kinds, used});
  return {{"kind", tokenizer->state().kind},
          {"vocabulary", tokenizer->vocab_size()},
          {"tokens", counted.tokens},
          {"all", shown < kMostTokens},
          {"unused", tokenizer->vocab_size() - std::ssize(order)},
          {"rare", rare},
          {"rare_below", TokenStatistics::kRare},
          {"bytes_per_token", static_cast<double>(bytes) / static_cast<double>(counted.tokens)},
          {"most", std::move(most)},
          {"ranks", std::move(ranks)},
          {"lengths", std::move(lengths)}};
}

nlohmann::json report_words(const ReportedRun& reported) {
  auto* const table = find_capability<WordTable>(*reported.run.model);
  if (table == nullptr) return nullptr;
  constexpr index_t kWords = 1000, kClusters = 8, kNear = 5;
  const WordSpace space(token_vectors(*table, *reported.run.tokenizer()));
  const DrawnWords frequent = frequent_words(space, kWords, true);
  if (frequent.size() < 4) return nullptr;
  const WordGroups drawn = groups_by_cluster(space, frequent, kClusters, 1);
  const Tensor directions = space.directions(drawn.rows);
  nlohmann::json points = nlohmann::json::array();
  for (index_t i = 0; i < drawn.size(); ++i) {
    const index_t row = drawn.rows[static_cast<std::size_t>(i)];
    nlohmann::json near = nlohmann::json::array();
    for (const ScoredWord& word : space.neighbors({space.direction(row), static_cast<std::size_t>(space.dimensions())},
                                                  kNear, std::span(&row, 1)))
      near.push_back({space.word(word.row), with_digits(static_cast<double>(word.score), 4)});
    points.push_back(
        {{"word", space.word(row)}, {"group", drawn.groups[static_cast<std::size_t>(i)]}, {"near", std::move(near)}});
  }
  nlohmann::json planes = nlohmann::json::array();
  for (const ProjectionMethod method : {ProjectionMethod::pca, ProjectionMethod::tsne}) {
    const Projection found = project(directions, method, {}, 10);
    nlohmann::json places = nlohmann::json::array();
    for (index_t i = 0; i < drawn.size(); ++i) places.push_back(numbers(std::span(found.plane.data() + 2 * i, 2), 5));
    planes.push_back({{"method", name_of(method)},
                      {"shares", numbers(found.shares, 6)},
                      {"neighbours", found.neighbours},
                      {"trustworthiness", found.quality.trustworthiness},
                      {"preserved", found.quality.preserved},
                      {"places", std::move(places)}});
  }
  return {{"all", space.size()},
          {"dimensions", space.dimensions()},
          {"groups", drawn.names},
          {"points", std::move(points)},
          {"planes", std::move(planes)}};
}

}  // namespace heddle
