#include "train/commands/doctor/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "framework/format.h"
#include "framework/parallel.h"
#include "train/analysis/geometry/probe.h"
#include "train/commands/doctor/examples.h"

namespace heddle {
namespace {

constexpr index_t kChunk = 64;  // examples that are read at once

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

/// The class of the nearest of `among` for each row of x; `same`: the two are one, and no row is its own.
std::vector<int> by_nearest(const Tensor& x, const Tensor& among, const std::vector<int>& others, bool same) {
  std::vector<int> said(static_cast<std::size_t>(x.size(0)), -1);
  parallel_for(x.size(0), 16, [&](index_t begin, index_t end) {
    for (index_t r = begin; r < end; ++r) {
      const index_t at = nearest(x, r, among, same ? r : -1);
      if (at >= 0) said[static_cast<std::size_t>(r)] = others[static_cast<std::size_t>(at)];
    }
  });
  return said;
}

std::map<int, double> shares_of(const std::vector<int>& labels) {
  std::map<int, double> shares;
  for (const int label : labels) shares[label] += 1 / static_cast<double>(labels.size());
  return shares;
}

/// Classes by the nearest of their means, each dimension in deviations within classes.
class NearestMean {
 public:
  /// Of the rows that are `fitted`.
  NearestMean(const Tensor& x, const std::vector<int>& labels, const std::vector<bool>& fitted) {
    const auto width = static_cast<std::size_t>(x.size(1));
    std::map<int, double> counts;
    const auto each = [&](auto&& use) {
      for (std::size_t i = 0; i < labels.size(); ++i) {
        const real* const row = x.data() + static_cast<index_t>(i * width);
        for (std::size_t d = 0; fitted[i] && d < width; ++d) use(labels[i], d, static_cast<double>(row[d]));
      }
    };
    for (std::size_t i = 0; i < labels.size(); ++i) counts[labels[i]] += fitted[i] ? 1 : 0;
    for (const auto& [label, count] : counts) means_[label].resize(width);
    each([&](int label, std::size_t d, double value) { means_[label][d] += value / std::max(counts[label], 1.0); });
    variances_.resize(width);
    each([&](int label, std::size_t d, double value) {
      variances_[d] += (value - means_[label][d]) * (value - means_[label][d]);
    });
    double mean = 0;
    for (const double v : variances_) mean += v / static_cast<double>(width);
    for (double& v : variances_) v += 0.1 * mean + 1e-30;  // what hardly ever varies tells little
  }

  std::vector<int> classes_of(const Tensor& x) const {
    std::vector<int> said;
    for (index_t r = 0; r < x.size(0); ++r) {
      const real* const row = x.data() + r * x.size(1);
      double least = std::numeric_limits<double>::infinity();
      said.push_back(-1);
      for (const auto& [label, mean] : means_) {
        double distance = 0;
        for (std::size_t d = 0; d < mean.size(); ++d) {
          const double gap = static_cast<double>(row[d]) - mean[d];
          distance += gap * gap / variances_[d];
        }
        if (distance >= least) continue;
        least = distance;
        said.back() = label;
      }
    }
    return said;
  }

 private:
  std::map<int, std::vector<double>> means_;
  std::vector<double> variances_;
};

/// How often what was said is right.
struct Judged {
  double right = 0, chance = 0, count = 0;  ///< chance: of labels that are dealt out anew
  std::map<int, double> shares, recalls;    ///< of each class: how many there are, and how many of them are right

  double deviation() const { return std::sqrt(std::max(right * (1 - right), 1e-3) / count); }
};
Judged judge(const std::vector<int>& said, const std::vector<int>& labels) {
  Judged found;
  found.count = static_cast<double>(labels.size());
  found.shares = shares_of(labels);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (said[i] == labels[i]) found.recalls[labels[i]] += 1 / (found.count * found.shares[labels[i]]);
  }
  const std::map<int, double> answers = shares_of(said);
  for (const auto& [label, share] : found.shares) {
    found.right += share * found.recalls[label];
    const auto at = answers.find(label);
    if (at != answers.end()) found.chance += share * at->second;
  }
  return found;
}

/// Whether what tells classes in training tells them in validation less than half as well above chance, by more than
/// three standard deviations.
bool lost(const Judged& training, const Judged& validation) {
  double expected = 0;  // by how many of each class were right in training
  for (const auto& [label, share] : validation.shares) {
    const auto at = training.recalls.find(label);
    if (at != training.recalls.end()) expected += share * at->second;
  }
  const double gap = expected - validation.right;
  return z_of(training.right, training.chance, training.count) > 4 && gap > 0.5 * (expected - validation.chance) &&
         gap > 3 * std::hypot(training.deviation(), validation.deviation());
}

/// Calls use(label) for every `step`-th chunk of a split's examples, until one says that it has seen enough.
void for_labels(const Dataset& dataset, Split split, index_t step, const std::function<bool(int label)>& use) {
  for (index_t first = 0; first < dataset.size(split); first += kChunk * step) {
    for (const Example& example : read_examples(dataset, split, first, std::min(kChunk, dataset.size(split) - first)))
      if (use(example.label)) return;
  }
}

/// Of all examples, or of as many chunks, evenly spread, as hold about kMost.
std::vector<int> labels_of(const Dataset& dataset, Split split) {
  constexpr index_t kMost = 20000;
  std::vector<int> all;
  for_labels(dataset, split, std::max<index_t>(1, dataset.size(split) / kMost), [&](int label) {
    all.push_back(label);
    return false;
  });
  return all;
}

/// Whether any training example is of the class.
bool is_trained(const Dataset& dataset, int label) {
  bool found = false;
  for_labels(dataset, Split::train, 1, [&](int other) { return found = other == label; });
  return found;
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
  signal.nearest = judge(by_nearest(x, x, classes, true), classes).right;
  signal.nearest_z = z_of(signal.nearest, signal.chance, count);
  return signal;
}

Finding check_labels(const Patient& patient) {
  struct Looked {
    index_t examples, width;
  };
  constexpr Looked kNear{3000, 192}, kMeans{20000, 1024};  // means cost little, and gain by numbers
  const Dataset& dataset = patient.dataset;
  const std::vector<std::string>& names = dataset.state().labels;
  if (names.empty()) return {Verdict::unfit, "the data has no classes"};
  const std::vector<int> training = labels_of(dataset, Split::train), validating = labels_of(dataset, Split::val);
  const std::map<int, double> shares = shares_of(training), others = shares_of(validating);
  const auto commonest =
      std::max_element(shares.begin(), shares.end(), [](auto& a, auto& b) { return a.second < b.second; });
  const auto vectors = [&](Split split, Looked most) {
    return vectors_of(dataset, split, spread_over(0, dataset.size(split), most.examples), most.width);
  };
  const ExampleVectors train = vectors(Split::train, kNear), val = vectors(Split::val, kNear);
  const LabelSignal signal = label_signal(train.vectors, train.labels, patient.rng(5));
  const Judged near = judge(by_nearest(train.vectors, train.vectors, train.labels, true), train.labels);
  const Judged val_near = judge(by_nearest(val.vectors, train.vectors, train.labels, false), val.labels);
  const ExampleVectors more = vectors(Split::train, kMeans), val_more = vectors(Split::val, kMeans);
  std::vector<bool> half;
  for (std::size_t i = 0; i < more.labels.size(); ++i) half.push_back(patient.rng(6).below(2, i) == 0);
  const NearestMean means(more.vectors, more.labels, half);
  const std::vector<int> said = means.classes_of(more.vectors);
  std::vector<int> other_said, other_labels;
  for (std::size_t i = 0; i < half.size(); ++i) {
    if (half[i]) continue;
    other_said.push_back(said[i]);
    other_labels.push_back(more.labels[i]);
  }
  const Judged by_means = judge(other_said, other_labels);
  const Judged val_means = judge(means.classes_of(val_more.vectors), val_more.labels);
  Finding finding;
  finding.figures = {{"classes", static_cast<double>(names.size())},
                     {"commonest_share", commonest->second},
                     {"probe", signal.probe},
                     {"majority", signal.majority},
                     {"nearest", signal.nearest},
                     {"chance", signal.chance},
                     {"deviations", signal.z()},
                     {"validation_nearest", val_near.right},
                     {"means", by_means.right},
                     {"validation_means", val_means.right}};
  const auto of_training = [&](const ExampleVectors& looked) {
    return of_all(std::ssize(looked.labels), dataset.size(Split::train), "training examples");
  };
  finding.found = fmt::format(
      "{} classes, the commonest {:.1f} %; without a model inputs tell them in {:.1f} % by a linear classifier (always "
      "the commonest: {:.1f}) and in {:.1f} % by the nearest example (chance: {:.1f}){}; by classes' means in {:.1f} "
      "%, "
      "and those that validate in {:.1f} %{}",
      names.size(), 100 * commonest->second, 100 * signal.probe, 100 * signal.majority, 100 * signal.nearest,
      100 * signal.chance, of_training(train), 100 * by_means.right, 100 * val_means.right, of_training(more));
  const auto missing = std::find_if(others.begin(), others.end(), [&](const auto& row) {
    return !shares.contains(row.first) && !is_trained(dataset, row.first);
  });
  if (missing != others.end()) {
    finding.verdict = Verdict::wrong;
    finding.advice = fmt::format("class {} validates and is never trained: deal the examples out anew",
                                 names[static_cast<std::size_t>(missing->first)]);
  } else if (signal.z() < 4) {
    finding.verdict = train.labels.size() < 200 ? Verdict::look : Verdict::wrong;
    finding.advice =
        "classes look as if they were dealt out by chance: see whether labels have lost their examples, by a line too "
        "many or an order of their own";
  } else if (lost(near, val_near) || lost(by_means, val_means)) {
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
