#include "train/commands/doctor/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "framework/format.h"
#include "train/analysis/geometry/probe.h"
#include "train/commands/doctor/examples.h"

namespace heddle {
namespace {

/// Deviations of a share of `count` above one that chance gives.
double z_of(double share, double chance, double count) {
  const double variance = std::max(chance * (1 - chance), 1e-3);
  return (share - chance) / std::sqrt(variance / count);
}

/// The number of the row of `among` that is nearest to row r of x, other than `except`.
index_t nearest(const Tensor& x, index_t r, const Tensor& among, index_t except) {
  const index_t width = x.size(1);
  index_t best = -1;
  double least = 0;
  for (index_t i = 0; i < among.size(0); ++i) {
    if (i == except) continue;
    double distance = 0;
    for (index_t d = 0; d < width; ++d) {
      const double gap =
          static_cast<double>(x.data()[r * width + d]) - static_cast<double>(among.data()[i * width + d]);
      distance += gap * gap;
    }
    if (best < 0 || distance < least) {
      best = i;
      least = distance;
    }
  }
  return best;
}

/// The share of the rows of x whose nearest of `among` has their class; `same`: the two are one, and no row is its own.
double agreement(const Tensor& x, const std::vector<int>& labels, const Tensor& among, const std::vector<int>& others,
                 bool same) {
  double right = 0;
  for (index_t r = 0; r < x.size(0); ++r) {
    const index_t at = nearest(x, r, among, same ? r : -1);
    right += at >= 0 && others[static_cast<std::size_t>(at)] == labels[static_cast<std::size_t>(r)] ? 1 : 0;
  }
  return right / static_cast<double>(x.size(0));
}

std::map<int, double> shares_of(const std::vector<int>& labels) {
  std::map<int, double> shares;
  for (const int label : labels) shares[label] += 1 / static_cast<double>(labels.size());
  return shares;
}

std::vector<int> labels_of(const Dataset& dataset, Split split) {
  constexpr index_t kChunk = 64, kMost = 20000;
  std::vector<int> all;
  const index_t examples = std::min(dataset.size(split), kMost);
  for (index_t first = 0; first < examples; first += kChunk) {
    for (const Example& example : read_examples(dataset, split, first, std::min(kChunk, examples - first)))
      all.push_back(example.label);
  }
  return all;
}

}  // namespace

LabelSignal label_signal(const Tensor& vectors, const std::vector<int>& labels, const Rng& rng) {
  std::map<int, int> counts, numbers;
  for (const int label : labels) ++counts[label];
  std::vector<index_t> kept;
  std::vector<int> classes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (counts[labels[i]] < 5) continue;
    kept.push_back(static_cast<index_t>(i));
    classes.push_back(numbers.try_emplace(labels[i], static_cast<int>(numbers.size())).first->second);
  }
  LabelSignal signal;
  if (numbers.size() < 2) return signal;
  const index_t width = vectors.size(1);
  Tensor x({std::ssize(kept), width});
  for (std::size_t i = 0; i < kept.size(); ++i)
    std::copy_n(vectors.data() + kept[i] * width, width, x.mutable_data() + static_cast<index_t>(i) * width);
  const auto count = static_cast<double>(kept.size());
  const Probe probe = probe_classes(x, classes, rng);
  signal.probe = probe.all;
  signal.majority = probe.majority;
  signal.probe_z = z_of(probe.all, probe.majority, count);
  for (const auto& [label, share] : shares_of(classes)) signal.chance += share * share;
  signal.nearest = agreement(x, classes, x, classes, true);
  signal.nearest_z = z_of(signal.nearest, signal.chance, count);
  return signal;
}

Finding check_labels(const Patient& patient) {
  constexpr index_t kMost = 1500, kWidth = 192;
  const Dataset& dataset = patient.dataset;
  const std::vector<std::string>& names = dataset.state().labels;
  if (names.empty()) return {Verdict::unfit, "the data has no classes"};
  const std::vector<int> training = labels_of(dataset, Split::train), validating = labels_of(dataset, Split::val);
  const std::map<int, double> shares = shares_of(training), others = shares_of(validating);
  const auto commonest =
      std::max_element(shares.begin(), shares.end(), [](auto& a, auto& b) { return a.second < b.second; });
  const auto numbers = [&](Split split) { return spread_over(0, dataset.size(split), kMost); };
  const ExampleVectors train = vectors_of(dataset, Split::train, numbers(Split::train), kWidth);
  const ExampleVectors val = vectors_of(dataset, Split::val, numbers(Split::val), kWidth);
  const LabelSignal signal = label_signal(train.vectors, train.labels, patient.rng(5));
  const double val_nearest = agreement(val.vectors, val.labels, train.vectors, train.labels, false);
  const auto count = static_cast<double>(val.labels.size());
  Finding finding;
  finding.figures = {{"classes", static_cast<double>(names.size())},
                     {"commonest_share", commonest->second},
                     {"probe", signal.probe},
                     {"majority", signal.majority},
                     {"nearest", signal.nearest},
                     {"chance", signal.chance},
                     {"deviations", signal.z()},
                     {"validation_nearest", val_nearest}};
  finding.found = fmt::format(
      "{} classes, the commonest {:.1f} %; without a model inputs tell them in {:.1f} % by a linear classifier (always "
      "the "
      "commonest: {:.1f}) and in {:.1f} % by the nearest example (chance: {:.1f}; of what validates {:.1f})",
      names.size(), 100 * commonest->second, 100 * signal.probe, 100 * signal.majority, 100 * signal.nearest,
      100 * signal.chance, 100 * val_nearest);
  finding.found += of_all(std::ssize(train.labels), dataset.size(Split::train), "training examples");
  const auto missing =
      std::find_if(others.begin(), others.end(), [&](const auto& row) { return !shares.contains(row.first); });
  const double lift = signal.nearest - signal.chance;
  if (missing != others.end()) {
    finding.verdict = Verdict::wrong;
    finding.advice = fmt::format("class {} validates and is never trained: deal the examples out anew",
                                 names[static_cast<std::size_t>(missing->first)]);
  } else if (signal.z() < 4) {
    finding.verdict = train.labels.size() < 200 ? Verdict::look : Verdict::wrong;
    finding.advice =
        "classes look as if they were dealt out by chance: see whether labels have lost their examples, by a line too "
        "many or an order of their own";
  } else if (signal.nearest_z > 10 && val_nearest < signal.chance + 0.3 * lift &&
             z_of(signal.nearest, val_nearest, count) > 5) {
    finding.verdict = Verdict::wrong;
    finding.advice =
        "the validating examples' classes do not go with their inputs as in training: look at their labels";
  } else if (commonest->second > 0.95 || others.size() < shares.size()) {
    finding.verdict = Verdict::look;
    finding.advice = "classes are few or none in a part: judge by accuracy of each class (heddle eval), or gather more";
  }
  return finding;
}

}  // namespace heddle
