#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "data/text/grams.h"

namespace heddle {

/// n-grams are counted for n = 1 .. 5.
constexpr int kNgramOrders = Gram::kHistory + 1;

/// What is taken off counts of 1, of 2, and of 3 and more, for what was never seen.
struct Discounts {
  std::array<double, 3> of = {0.5, 1, 1.5};
  bool assumed = true;  ///< they are those above, as the counts gave none

  /// From `n`, how many n-grams have the counts 1 to 4, after Chen and Goodman: D_c = c - (c + 1) Y n_(c+1) / n_c with
  /// Y = n_1 / (n_1 + 2 n_2). Assumed where one of `n` is 0, or a D_c is not above 0 (it is never above c).
  static Discounts from(const std::array<std::uint64_t, 4>& n);
  double operator()(std::uint64_t count) const { return count == 0 ? 0 : of[std::min<std::uint64_t>(count, 3) - 1]; }
};

/// What follows one history, and how often.
class Followers {
 public:
  /// An n-gram's count is how often it stands in the text, or how many different tokens stand before it there.
  enum Count { own, continuation };
  static constexpr std::size_t kCounts = 2;

  struct Follower {
    std::int32_t token;
    std::uint32_t before;  ///< code of the token that stood before the history, the last time
    std::array<std::uint64_t, kCounts> counts;
  };

  explicit Followers(index_t vocab_size) : places_(static_cast<std::size_t>(vocab_size)) {}

  void clear() { all_.clear(); }
  /// Counts those of `grams`, which share a history of `length` tokens; they may come in parts, in their order.
  void add(std::span<const Gram> grams, int length) {
    for (const Gram& gram : grams) {
      if (gram.judged()) continue;
      Follower& follower = at(gram.token());
      follower.counts[own] += gram.count();
      if (follower.before == gram.code(length)) continue;
      follower.before = gram.code(length);
      ++follower.counts[continuation];
    }
  }
  const std::vector<Follower>& all() const { return all_; }

  /// Sums what the formula wants of the whole history.
  void sum(const std::array<Discounts, kCounts>& discounts) {
    for (std::size_t of = 0; of < kCounts; ++of) {
      std::array<std::uint64_t, 3> different{};
      total_[of] = taken_[of] = 0;
      for (const Follower& follower : all_) {
        const std::uint64_t count = follower.counts[of];
        total_[of] += static_cast<double>(count);
        ++different[std::min<std::uint64_t>(count, 3) - 1];
      }
      for (std::size_t c = 0; c < 3; ++c) taken_[of] += discounts[of].of[c] * static_cast<double>(different[c]);
    }
  }
  /// P_n(token | history), where `lower` is that of the next lower order.
  double probability(std::int32_t token, Count of, const Discounts& discounts, double lower) const {
    if (all_.empty()) return lower;
    const std::uint64_t count = contains(token) ? all_[places_[static_cast<std::size_t>(token)]].counts[of] : 0;
    return (static_cast<double>(count) - discounts(count) + taken_[of] * lower) / total_[of];
  }

 private:
  /// A place may be left from another history: then another token stands there, or none.
  bool contains(std::int32_t token) const {
    const std::uint32_t place = places_[static_cast<std::size_t>(token)];
    return place < all_.size() && all_[place].token == token;
  }
  Follower& at(std::int32_t token) {
    std::uint32_t& place = places_[static_cast<std::size_t>(token)];
    if (!contains(token)) {
      place = static_cast<std::uint32_t>(all_.size());
      all_.push_back({token, ~std::uint32_t{0}, {}});
    }
    return all_[place];
  }

  std::vector<std::uint32_t> places_;  ///< of each token in `all_`
  std::vector<Follower> all_;
  std::array<double, kCounts> total_{}, taken_{};
};

/// Something for each order and each of its counts.
template <class T>
using OfOrders = std::array<std::array<T, Followers::kCounts>, kNgramOrders>;

}  // namespace heddle
