#include "train/commands/doctor/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "train/analysis/geometry/probe.h"
#include "train/commands/doctor/examples.h"

namespace heddle {
namespace {

constexpr index_t kStretches = 20;
constexpr index_t kTokens = 25000;  // of a stretch

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

/// How often a linear classifier tells rows of one from rows of the other, as many of each: 0.5 is chance (Lopez-Paz
/// and Oquab, "Revisiting classifier two-sample tests", 2017).
double told_apart(const Tensor& one, const Tensor& other, const Rng& rng) {
  Tensor both({one.size(0) + other.size(0), one.size(1)});
  std::copy_n(one.data(), one.numel(), both.mutable_data());
  std::copy_n(other.data(), other.numel(), both.mutable_data() + one.numel());
  std::vector<int> classes(static_cast<std::size_t>(both.size(0)));
  std::fill(classes.begin() + one.size(0), classes.end(), 1);
  return probe_classes(both, classes, rng).all;
}

/// Examples of numbers: whether validating ones are told from training ones more often than a stretch of these from the
/// others.
Finding compare_numbers(const Patient& patient) {
  constexpr index_t kMost = 400, kWidth = 128, kParts = 5;
  const Dataset& dataset = patient.dataset;
  const index_t training = dataset.size(Split::train), validating = dataset.size(Split::val);
  const index_t count = std::min({validating, training / kParts, kMost});
  if (count < 20)
    return {Verdict::unfit, "fewer than 100 training or 20 validating examples tell nothing of where they come from"};
  const auto vectors = [&](Split split, const std::vector<index_t>& numbers) {
    return vectors_of(dataset, split, numbers, kWidth).vectors;
  };
  const double right = told_apart(vectors(Split::train, spread_over(0, training, count)),
                                  vectors(Split::val, spread_over(0, validating, count)), patient.rng(1));
  double most = 0.5;
  for (index_t part = 0; part < kParts; ++part) {
    const index_t begin = part * training / kParts, end = (part + 1) * training / kParts;
    std::vector<index_t> others;
    for (const index_t number : spread_over(0, training - (end - begin), count))
      others.push_back(number < begin ? number : number + end - begin);
    most = std::max(most, told_apart(vectors(Split::train, others),
                                     vectors(Split::train, spread_over(begin, end, count)), patient.rng(1)));
  }
  const double deviation = 0.5 / std::sqrt(2.0 * static_cast<double>(count));
  Finding finding;
  finding.figures = {{"told_apart", right}, {"stretches_told_apart", most}};
  finding.found = fmt::format(
      "a linear classifier tells validating from training examples in {:.1f} % of cases (chance: 50), and stretches of "
      "training from the rest in up to {:.1f} %",
      100 * right, 100 * most);
  if (right > most + std::max(0.1, 4 * deviation)) {
    finding.verdict = right > 0.9 ? Verdict::wrong : Verdict::look;
    finding.advice =
        "they come from different sources: deal them out anew, or see that this is what the model is to be used for";
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
    const index_t begin = i * (training - length) / (kStretches - 1);
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
    gap.worst = std::max(gap.worst, values.back());
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
    return {Verdict::unfit, "fewer than 100 training or 5 validating examples tell nothing of where they come from"};
  const SourceGap gap = compare_sources(dataset);
  Finding finding;
  finding.figures = {{"validation_nats", gap.validation},
                     {"training_nats", gap.training},
                     {"deviation", gap.deviation},
                     {"worst_stretch", gap.worst}};
  finding.found = fmt::format(
      "pairs of training tokens tell what validates in {:.3f} nats a token, and other stretches of training in {:.3f} "
      "+- {:.3f}, at most {:.3f}",
      gap.validation, gap.training, gap.deviation, gap.worst);
  if (gap.share() > 0.08 && gap.z() > 4 && gap.validation > 1.02 * gap.worst) {
    finding.verdict = gap.share() > 0.15 ? Verdict::wrong : Verdict::look;
    finding.advice =
        "what validates is of another kind or language: look at it, deal the files out anew (data.val_files), or name "
        "another data.val_path";
  }
  return finding;
}

}  // namespace heddle
