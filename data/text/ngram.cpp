#include "data/text/ngram.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace heddle {
namespace {

constexpr int kOrders = 5;
constexpr int kTokenBits = 24;
constexpr std::uint64_t kTokenMask = (std::uint64_t{1} << kTokenBits) - 1;

/// The n-grams of one order as sorted numbers: 40 bits of a hash of the history, then 24 bits of the token. What
/// follows one history stands together. Two of a million histories share a hash with a chance of two in five; a count
/// that is then too large changes no digit that is shown.
class Counts {
 public:
  Counts() = default;
  Counts(std::span<const std::int32_t> tokens, int order) {
    const auto n = static_cast<std::size_t>(order);
    std::vector<std::uint64_t> grams(tokens.size() < n ? 0 : tokens.size() - n + 1);
    for (std::size_t i = 0; i < grams.size(); ++i) {
      grams[i] = history(tokens.subspan(i, n - 1)) | static_cast<std::uint64_t>(tokens[i + n - 1]);
    }
    std::sort(grams.begin(), grams.end());
    for (const std::uint64_t gram : grams) {
      if (grams_.empty() || grams_.back() != gram) {
        const std::uint64_t key = gram & ~kTokenMask;
        if (histories_.empty() || histories_.back().key != key) histories_.push_back({key, grams_.size(), 0});
        grams_.push_back(gram);
        counts_.push_back(0);
      }
      ++counts_.back();
      ++histories_.back().count;
    }
    // Ends the last one, and every search: no key is larger.
    histories_.push_back({~std::uint64_t{0}, grams_.size(), 0});
  }

  static std::uint64_t history(std::span<const std::int32_t> tokens) {
    std::uint64_t hash = 0x9e3779b97f4a7c15U;
    for (const std::int32_t token : tokens) {
      hash = (hash ^ static_cast<std::uint64_t>(token)) * 0xbf58476d1ce4e5b9U;
      hash ^= hash >> 29U;
    }
    return hash & ~kTokenMask;
  }

  /// P(token | history), given the probability by the lower order.
  double probability(std::uint64_t history, std::int32_t token, double lower) const {
    const auto found = std::lower_bound(histories_.begin(), histories_.end(), history,
                                        [](const History& h, std::uint64_t key) { return h.key < key; });
    if (found->key != history) return lower;
    const auto* begin = grams_.data() + found->begin;
    const auto* end = grams_.data() + (found + 1)->begin;
    const std::uint64_t gram = history | static_cast<std::uint64_t>(token);
    const auto* at = std::lower_bound(begin, end, gram);
    const double same = at != end && *at == gram ? counts_[static_cast<std::size_t>(at - grams_.data())] : 0;
    const auto all = static_cast<double>(found->count), different = static_cast<double>(end - begin);
    return (same + different * lower) / (all + different);
  }

 private:
  /// What was seen after one history: its n-grams are those from `begin` to the next history's.
  struct History {
    std::uint64_t key;
    std::size_t begin, count;
  };
  std::vector<History> histories_;
  std::vector<std::uint64_t> grams_;
  std::vector<std::uint32_t> counts_;
};

}  // namespace

NgramLosses count_ngrams(const Tokens& train_tokens, const Tokens& val_tokens, index_t vocab_size) {
  const auto last = [](const Tokens& tokens, std::size_t most) {
    return tokens.part(tokens.size() - std::min(tokens.size(), most), tokens.size()).ids();
  };
  const std::vector<std::int32_t> train = last(train_tokens, 2000000), val = last(val_tokens, 250000);
  ensure(!train.empty(), "baselines: there are no training tokens to count");
  ensure(val.size() > 1 && vocab_size > 0, "baselines: ", val.size(), " validation tokens predict none");
  ensure(vocab_size <= static_cast<index_t>(kTokenMask), "baselines: a vocabulary of ", vocab_size, " is too large");
  std::array<Counts, kOrders> orders;  // the first stays empty: it needs no histories
  parallel_for(kOrders - 1, 1, [&](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i)
      orders[static_cast<std::size_t>(i) + 1] = Counts(train, static_cast<int>(i) + 2);
  });
  std::vector<double> unigram(static_cast<std::size_t>(vocab_size));
  for (const std::int32_t token : train) ++unigram[static_cast<std::size_t>(token)];
  const auto different = static_cast<double>(vocab_size - std::count(unigram.begin(), unigram.end(), 0.0));
  const double uniform = 1 / static_cast<double>(vocab_size);
  for (double& count : unigram) count = (count + different * uniform) / (static_cast<double>(train.size()) + different);

  const auto predictions = static_cast<index_t>(val.size()) - 1;
  const auto mean_of = [&](int highest) {
    return parallel_sum(predictions, 4096,
                        [&](index_t begin, index_t end) {
                          double nats = 0;
                          for (index_t i = begin; i < end; ++i) {
                            const auto at = static_cast<std::size_t>(i + 1);
                            double p = unigram[static_cast<std::size_t>(val[at])];
                            for (std::size_t order = 2; order <= std::min(static_cast<std::size_t>(highest), at + 1);
                                 ++order) {
                              p = orders[order - 1].probability(
                                  Counts::history(std::span(val).subspan(at - order + 1, order - 1)), val[at], p);
                            }
                            nats -= std::log(p);
                          }
                          return nats;
                        }) /
           static_cast<double>(predictions);
  };
  return {std::log(static_cast<double>(vocab_size)),
          mean_of(1),
          mean_of(2),
          mean_of(kOrders),
          static_cast<index_t>(train.size()),
          static_cast<index_t>(val.size())};
}

}  // namespace heddle
