#include "data/text/ngram.h"

#include <cmath>
#include <vector>

#include "data/text/gram_walk.h"

namespace heddle {
namespace {

/// What is looked for first: how many n-grams have the counts 1 to 4.
struct CountsOfCounts {
  struct Result {
    OfOrders<std::array<std::uint64_t, 4>> n{};
    void add(const Result& other) {
      for (std::size_t order = 0; order < n.size(); ++order) {
        for (std::size_t of = 0; of < Followers::kCounts; ++of) {
          for (std::size_t c = 0; c < 4; ++c) n[order][of][c] += other.n[order][of][c];
        }
      }
    }
  };

  bool wants(std::span<const Gram>) const { return true; }
  void meet(Followers& followers, int length, Result& result) const {
    for (const auto& follower : followers.all()) {
      for (std::size_t of = 0; of < Followers::kCounts; ++of) {
        const std::uint64_t count = follower.counts[of];
        if (count <= 4) ++result.n[static_cast<std::size_t>(length)][of][count - 1];
      }
    }
  }
  void predict(std::span<const Gram>, const Histories&, int, Result&) const {}
};

/// And then: the nats that each order's model needs for the judged text.
struct Judgement {
  struct Result {
    std::array<double, kNgramOrders> nats{};
    void add(const Result& other) {
      for (std::size_t order = 0; order < nats.size(); ++order) nats[order] += other.nats[order];
    }
  };

  bool wants(std::span<const Gram> grams) const {
    return std::any_of(grams.begin(), grams.end(), [](const Gram& gram) { return gram.judged(); });
  }
  void meet(Followers& followers, int length, Result&) const {
    followers.sum(discounts[static_cast<std::size_t>(length)]);
  }
  /// `length`: of the longest history that these have.
  void predict(std::span<const Gram> grams, const Histories& histories, int length, Result& result) const {
    for (const Gram& gram : grams) {
      if (!gram.judged()) continue;
      double lower = uniform, probability = uniform;
      for (std::size_t order = 0; order < kNgramOrders; ++order) {
        if (static_cast<int>(order) <= length) {
          const auto by = [&](Followers::Count of) {
            return histories[order]->probability(gram.token(), of, discounts[order][of], lower);
          };
          probability = by(Followers::own);
          lower = by(Followers::continuation);
        }
        result.nats[order] -= std::log(probability) * static_cast<double>(gram.count());
      }
    }
  }

  OfOrders<Discounts> discounts;
  double uniform;
};

}  // namespace

bool NgramLosses::assumed(int n) const {
  const auto order = static_cast<std::size_t>(n) - 1;
  return highest[order].assumed || (order < lower.size() && lower[order].assumed);
}

NgramLosses count_ngrams(const Tokens& train, const Tokens& val, index_t vocab_size, const NgramOptions& options) {
  ensure(train.size() > 0, "baselines: there are no training tokens to count");
  ensure(val.size() > 1 && vocab_size > 0, "baselines: ", val.size(), " validation tokens predict none");
  ensure(vocab_size <= std::int64_t{1} << 20U, "baselines: a vocabulary of ", vocab_size,
         " is too large; 2^20 tokens are possible");
  for (const Tokens& text : {train, val}) {
    const index_t outside = text.count_outside(vocab_size);
    ensure(outside == 0, "baselines: ", outside, " tokens are outside the vocabulary of ", vocab_size,
           "; encode the text again");
  }
  // What is held beside grams: the places of followers, those of the empty history, results of one-token histories.
  const std::size_t beside = static_cast<std::size_t>(vocab_size) *
                             (static_cast<std::size_t>(threads()) * Gram::kHistory * sizeof(std::uint32_t) +
                              sizeof(CountsOfCounts::Result) + sizeof(Followers::Follower));
  constexpr std::size_t kLeast = 8;
  const std::size_t room = options.memory > beside ? (options.memory - beside) / (2 * sizeof(Gram)) : 0;
  SortedGrams grams(train, val, std::max(room, kLeast));

  const std::uint64_t tokens = grams.size();
  const auto watch_from = [&](std::uint64_t before) {
    return [&, before](std::uint64_t done) {
      if (options.progress)
        options.progress("counting n-grams", (before + done) * sizeof(Gram), 2 * tokens * sizeof(Gram));
    };
  };
  watch_from(0)(0);
  const auto counts = Walk(grams, vocab_size, CountsOfCounts(), watch_from(0)).run();
  OfOrders<Discounts> discounts;
  NgramLosses losses;
  for (std::size_t order = 0; order < kNgramOrders; ++order) {
    for (std::size_t of = 0; of < Followers::kCounts; ++of) discounts[order][of] = Discounts::from(counts.n[order][of]);
    losses.highest[order] = discounts[order][Followers::own];
    if (order + 1 < kNgramOrders) losses.lower[order] = discounts[order][Followers::continuation];
  }
  const Judgement judgement{discounts, 1 / static_cast<double>(vocab_size)};
  const auto sums = Walk(grams, vocab_size, judgement, watch_from(tokens)).run();
  losses.uniform = std::log(static_cast<double>(vocab_size));
  for (std::size_t order = 0; order < kNgramOrders; ++order)
    losses.of_order[order] = sums.nats[order] / static_cast<double>(val.size() - 1);
  return losses;
}

}  // namespace heddle
