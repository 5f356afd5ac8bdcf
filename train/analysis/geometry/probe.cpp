#include "train/analysis/geometry/probe.h"

#include <algorithm>

#include "train/analysis/geometry/linear_algebra.h"
#include "train/analysis/geometry/random_order.h"

namespace heddle {
namespace {

constexpr int kFolds = 5;

/// The fifth that each row is in.
std::vector<int> deal_out(const std::vector<int>& classes, int count, const Rng& rng) {
  std::vector<int> next(static_cast<std::size_t>(count)), fold(classes.size());
  for (const std::size_t i : random_order(classes.size(), rng))
    fold[i] = next[static_cast<std::size_t>(classes[i])]++ % kFolds;
  return fold;
}

/// The rows that a classifier is fitted to, and what it makes of others.
class Ridge {
 public:
  /// Of the dimensions [first, first + width).
  Ridge(const Tensor& x, const std::vector<int>& classes, int count, const std::vector<bool>& fitted, index_t first,
        index_t width)
      : x_(x), first_(first), width_(static_cast<std::size_t>(width)), count_(static_cast<std::size_t>(count)) {
    centre_.assign(width_, 0);
    offset_.assign(count_, 0);
    double rows = 0;
    for (std::size_t i = 0; i < fitted.size(); ++i) {
      if (!fitted[i]) continue;
      ++rows;
      ++offset_[static_cast<std::size_t>(classes[i])];
      for (std::size_t d = 0; d < width_; ++d) centre_[d] += at(i, d);
    }
    for (double& c : centre_) c /= rows;
    for (double& o : offset_) o /= rows;
    std::vector<double> products(width_ * width_), targets(width_ * count_), row(width_);
    for (std::size_t i = 0; i < fitted.size(); ++i) {
      if (!fitted[i]) continue;
      for (std::size_t d = 0; d < width_; ++d) row[d] = at(i, d) - centre_[d];
      for (std::size_t d = 0; d < width_; ++d) {
        for (std::size_t e = 0; e < width_; ++e) products[d * width_ + e] += row[d] * row[e];
        for (std::size_t c = 0; c < count_; ++c)
          targets[d * count_ + c] += row[d] * ((static_cast<std::size_t>(classes[i]) == c ? 1 : 0) - offset_[c]);
      }
    }
    double variance = 0;
    for (std::size_t d = 0; d < width_; ++d) variance += products[d * width_ + d];
    variance /= static_cast<double>(width_);
    for (std::size_t d = 0; d < width_; ++d) products[d * width_ + d] += variance + 1e-30;
    weights_ = solve_positive(products, targets, width);
  }

  int class_of(std::size_t row) const {
    std::vector<double> scores = offset_;
    for (std::size_t d = 0; d < width_; ++d) {
      for (std::size_t c = 0; c < count_; ++c) scores[c] += (at(row, d) - centre_[d]) * weights_[d * count_ + c];
    }
    return static_cast<int>(std::max_element(scores.begin(), scores.end()) - scores.begin());
  }

 private:
  double at(std::size_t row, std::size_t d) const {
    return static_cast<double>(x_.data()[static_cast<index_t>(row) * x_.size(1) + first_ + static_cast<index_t>(d)]);
  }

  const Tensor& x_;
  index_t first_;
  std::size_t width_, count_;
  std::vector<double> centre_, offset_, weights_;
};

}  // namespace

Probe probe_classes(const Tensor& x, const std::vector<int>& classes, const Rng& rng) {
  const index_t rows = x.size(0), width = x.size(1);
  ensure(std::ssize(classes) == rows, "probe: ", classes.size(), " classes for ", rows, " vectors");
  const int count = classes.empty() ? 0 : *std::max_element(classes.begin(), classes.end()) + 1;
  std::vector<index_t> sizes(static_cast<std::size_t>(count));
  for (const int c : classes) ++sizes[static_cast<std::size_t>(c)];
  ensure(count >= 2 && *std::min_element(sizes.begin(), sizes.end()) >= kFolds, "probe: wants two classes or more of ",
         kFolds, " words or more each");
  const std::vector<int> folds = deal_out(classes, count, rng);

  Probe result;
  std::vector<index_t> chosen(static_cast<std::size_t>(width));
  index_t all_right = 0, one_right = 0;
  for (int fold = 0; fold < kFolds; ++fold) {
    std::vector<bool> fitted(classes.size());
    for (std::size_t i = 0; i < classes.size(); ++i) fitted[i] = folds[i] != fold;
    const auto right = [&](const Ridge& ridge, bool of_fitted) {
      index_t sum = 0;
      for (std::size_t i = 0; i < classes.size(); ++i)
        sum += fitted[i] == of_fitted && ridge.class_of(i) == classes[i] ? 1 : 0;
      return sum;
    };
    all_right += right(Ridge(x, classes, count, fitted, 0, width), false);
    std::vector<index_t> told(static_cast<std::size_t>(width));
    parallel_for(width, 1, [&](index_t begin, index_t end) {
      for (index_t d = begin; d < end; ++d)
        told[static_cast<std::size_t>(d)] = right(Ridge(x, classes, count, fitted, d, 1), true);
    });
    const auto best = std::max_element(told.begin(), told.end()) - told.begin();
    ++chosen[static_cast<std::size_t>(best)];
    one_right += right(Ridge(x, classes, count, fitted, best, 1), false);
  }
  const auto share = [&](index_t n) { return static_cast<double>(n) / static_cast<double>(rows); };
  result.all = share(all_right);
  result.one = share(one_right);
  result.dimension = std::max_element(chosen.begin(), chosen.end()) - chosen.begin();
  result.majority = share(*std::max_element(sizes.begin(), sizes.end()));
  return result;
}

}  // namespace heddle
