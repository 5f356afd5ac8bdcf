#include "train/commands/doctor/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "train/analysis/geometry/probe.h"
#include "train/commands/doctor/examples.h"

namespace heddle {
namespace {

constexpr index_t kStretches = 10;
constexpr index_t kTokens = 50000;  // of a stretch

/// Counts of tokens and of pairs of them.
struct Counts {
  std::unordered_map<std::int32_t, double> single;
  std::unordered_map<std::uint64_t, double> pairs;
  double all = 0;

  static std::uint64_t pair(std::int32_t a, std::int32_t b) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(a)) << 32 | static_cast<std::uint32_t>(b);
  }
  void add(const std::vector<std::int32_t>& tokens) {
    for (std::size_t i = 1; i < tokens.size(); ++i) {
      ++single[tokens[i - 1]];
      ++pairs[pair(tokens[i - 1], tokens[i])];
      ++all;
    }
  }
  template <class Map, class Key>
  static double of(const Map& map, Key key) {
    const auto at = map.find(key);
    return at == map.end() ? 0 : at->second;
  }
};

using Texts = std::vector<std::vector<std::int32_t>>;

/// Examples spread over the numbers [begin, end) that hold about kTokens tokens.
Texts stretch(const Dataset& dataset, Split split, index_t begin, index_t end) {
  const index_t length = std::max<index_t>(1, dataset.length(split, dataset.place(begin)));
  Texts texts;
  for (const index_t number : spread_over(begin, end, std::max<index_t>(50, kTokens / length)))
    texts.push_back(read_examples(dataset, split, number, 1)[0].tokens);
  return texts;
}

/// Nats a token of texts, by the counts of `all` but for those of `without`.
double cross_entropy_of(const Texts& texts, const Counts& all, const Counts& without, double vocabulary) {
  constexpr double kPrior = 50;
  double nats = 0, count = 0;
  const double total = all.all - without.all;
  for (const auto& tokens : texts) {
    for (std::size_t i = 1; i < tokens.size(); ++i) {
      const std::int32_t a = tokens[i - 1], b = tokens[i];
      const auto left = [](const auto& map, const auto& less, auto key) {
        return Counts::of(map, key) - Counts::of(less, key);
      };
      const double unigram = (left(all.single, without.single, b) + 1) / (total + vocabulary);
      const double pairs = left(all.pairs, without.pairs, Counts::pair(a, b));
      nats -= std::log((pairs + kPrior * unigram) / (left(all.single, without.single, a) + kPrior));
      ++count;
    }
  }
  return count > 0 ? nats / count : 0;
}

/// Examples of numbers: whether a linear classifier tells the splits apart (Lopez-Paz and Oquab, "Revisiting classifier
/// two-sample tests", 2017).
Finding compare_numbers(const Patient& patient) {
  constexpr index_t kMost = 400, kWidth = 128;
  const Dataset& dataset = patient.dataset;
  const index_t count = std::min({dataset.size(Split::val), dataset.size(Split::train), kMost});
  if (count < 20) return {Verdict::unfit, "fewer than 20 examples of a split tell nothing of where they come from"};
  const auto numbers = [&](Split split) { return spread_over(0, dataset.size(split), count); };
  const Tensor train = vectors_of(dataset, Split::train, numbers(Split::train), kWidth).vectors;
  const Tensor val = vectors_of(dataset, Split::val, numbers(Split::val), kWidth).vectors;
  Tensor both({2 * count, train.size(1)});
  std::copy_n(train.data(), train.numel(), both.mutable_data());
  std::copy_n(val.data(), val.numel(), both.mutable_data() + train.numel());
  std::vector<int> classes(static_cast<std::size_t>(2 * count));
  std::fill(classes.begin() + count, classes.end(), 1);
  const double right = probe_classes(both, classes, patient.rng(1)).all;
  const double deviation = 0.5 / std::sqrt(2.0 * static_cast<double>(count));
  Finding finding;
  finding.figures = {{"told_apart", right}};
  finding.found = fmt::format(
      "a linear classifier tells training from validating examples in {:.1f} % of cases (50 % is chance)", 100 * right);
  if (right > 0.6 && right > 0.5 + 5 * deviation) {
    finding.verdict = right > 0.75 ? Verdict::wrong : Verdict::look;
    finding.advice =
        "they come from different sources: deal them out anew, or validate on what the model is to be used for";
  }
  return finding;
}

}  // namespace

SourceGap compare_sources(const Dataset& dataset) {
  const index_t training = dataset.size(Split::train), validating = dataset.size(Split::val);
  const index_t length = std::min(validating, training / kStretches);
  const auto vocabulary = static_cast<double>(dataset.state().spec().tokens.size());
  std::vector<Texts> texts;
  std::vector<Counts> counts(static_cast<std::size_t>(kStretches));
  Counts all;
  for (index_t i = 0; i < kStretches; ++i) {
    const index_t begin = i * training / kStretches;
    texts.push_back(stretch(dataset, Split::train, begin, begin + length));
    for (const auto& tokens : texts.back()) {
      counts[static_cast<std::size_t>(i)].add(tokens);
      all.add(tokens);
    }
  }
  SourceGap gap;
  std::vector<double> values;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    values.push_back(cross_entropy_of(texts[i], all, counts[i], vocabulary));
    gap.training += values.back() / kStretches;
  }
  for (const double value : values) gap.deviation += (value - gap.training) * (value - gap.training) / (kStretches - 1);
  gap.deviation = std::sqrt(gap.deviation);
  gap.validation = cross_entropy_of(stretch(dataset, Split::val, 0, validating), all, {}, vocabulary);
  return gap;
}

Finding check_sources(const Patient& patient) {
  const Dataset& dataset = patient.dataset;
  if (read_examples(dataset, Split::train, 0, 1)[0].tokens.empty()) return compare_numbers(patient);
  if (dataset.size(Split::train) < 5 * kStretches || dataset.size(Split::val) < 5)
    return {Verdict::unfit, "fewer than 50 training or 5 validating examples tell nothing of where they come from"};
  const SourceGap gap = compare_sources(dataset);
  Finding finding;
  finding.figures = {
      {"validation_nats", gap.validation}, {"training_nats", gap.training}, {"deviation", gap.deviation}};
  finding.found = fmt::format(
      "pairs of training tokens tell what validates in {:.3f} nats a token, and other stretches of training in {:.3f} "
      "+- {:.3f}",
      gap.validation, gap.training, gap.deviation);
  if (gap.share() > 0.08 && gap.z() > 4) {
    finding.verdict = gap.share() > 0.15 ? Verdict::wrong : Verdict::look;
    finding.advice =
        "what validates is of another kind or language: look at it, deal the files out anew (data.val_files), or name "
        "another data.val_path";
  }
  return finding;
}

}  // namespace heddle
