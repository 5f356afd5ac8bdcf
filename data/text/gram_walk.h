#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "data/text/kneser_ney.h"
#include "framework/parallel.h"

namespace heddle {

/// Of a history of each length: the empty one first, each of the others with one more token before.
using Histories = std::array<Followers*, kNgramOrders>;

/// Goes through the histories of all grams, the shorter before the longer ones that end with them, those of one token
/// in parallel. A Visitor meets the followers of each, predict()s what follows those that have no longer ones, and adds
/// to a Result, each of those of one token to its own, which are then added in their order. Grams that it does not
/// want, it does not meet.
template <class Visitor>
class Walk {
 public:
  using Result = typename Visitor::Result;
  using Watch = std::function<void(std::uint64_t tokens)>;

  /// `watch` is told how many tokens of both texts are done.
  Walk(SortedGrams& grams, index_t vocab_size, const Visitor& visitor, Watch watch)
      : grams_(grams), visitor_(visitor), watch_(std::move(watch)), none_(vocab_size) {
    for (int i = 0; i < threads(); ++i) longer_.emplace_back(Gram::kHistory, Followers(vocab_size));
  }

  Result run() {
    Result result;
    const Gram from = Gram().least(0), to = Gram().beyond(0);
    meet_all(from, to, 0, result);
    for_longer(
        from, to, 0, [&](std::span<const Gram> part) { run_parallel(part, result); },
        [&](const Gram& begin, const Gram& end) {
          Result alone;
          run_in_parts(begin, end, 1, alone);
          result.add(alone);
        });
    return result;
  }

 private:
  /// Those in which the calling chunk of a loop may count; none but the first is another's as well.
  Histories histories() {
    Histories all{&none_};
    auto& longer = longer_[static_cast<std::size_t>(thread_index())];
    for (std::size_t i = 0; i < longer.size(); ++i) all[i + 1] = &longer[i];
    return all;
  }

  /// Calls on_one(grams) for each history of `length` tokens.
  template <class OnOne>
  static void for_each(std::span<const Gram> grams, int length, const OnOne& on_one) {
    for (std::size_t begin = 0, end = 0; begin < grams.size(); begin = end) {
      const Gram beyond = grams[begin].beyond(length);
      while (end < grams.size() && grams[end] < beyond) ++end;
      on_one(grams.subspan(begin, end - begin));
    }
  }

  /// The grams after one history of `length` tokens, which fit into memory. What is summed is summed in their order.
  void run_one(std::span<const Gram> grams, int length, const Histories& all, Result& result) {
    if (!visitor_.wants(grams)) return;
    if (grams[0].code(length - 1) == Gram::kBeginning) return visitor_.predict(grams, all, length - 1, result);
    Followers& followers = *all[static_cast<std::size_t>(length)];
    followers.clear();
    followers.add(grams, length);
    visitor_.meet(followers, length, result);
    if (length == Gram::kHistory) return visitor_.predict(grams, all, length, result);
    for_each(grams, length + 1, [&](std::span<const Gram> longer) { run_one(longer, length + 1, all, result); });
  }

  /// Whole histories of one token, in parallel, some after others so that `watch` is told now and then.
  void run_parallel(std::span<const Gram> grams, Result& result) {
    constexpr std::size_t kWatched = std::size_t{1} << 22U;
    std::vector<std::span<const Gram>> ones;
    const auto run = [&] {
      std::vector<Result> results(ones.size());
      parallel_for(std::ssize(ones), 1, [&](index_t begin, index_t end) {
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
          run_one(ones[i], 1, histories(), results[i]);
      });
      for (const Result& one : results) result.add(one);
      if (!ones.empty()) done({ones.front().begin(), ones.back().end()});
      ones.clear();
    };
    std::size_t count = 0;
    for_each(grams, 1, [&](std::span<const Gram> one) {
      ones.push_back(one);
      count += one.size();
      if (count < kWatched) return;
      run();
      count = 0;
    });
    run();
  }

  /// As run_one, of grams in [from, to) that may be more than fit into memory.
  void run_in_parts(const Gram& from, const Gram& to, int length, Result& result) {
    const Histories all = histories();
    meet_all(from, to, length, result);
    for_longer(
        from, to, length,
        [&](std::span<const Gram> part) {
          if (length == Gram::kHistory) {
            visitor_.predict(part, all, length, result);
          } else {
            for_each(part, length + 1, [&](std::span<const Gram> longer) { run_one(longer, length + 1, all, result); });
          }
          done(part);
        },
        [&](const Gram& begin, const Gram& end) { run_in_parts(begin, end, length + 1, result); });
  }
  void meet_all(const Gram& from, const Gram& to, int length, Result& result) {
    Followers& followers = *histories()[static_cast<std::size_t>(length)];
    followers.clear();
    for (Gram at = from, end; at < to; at = end) {
      end = to;
      followers.add(grams_.load(at, end), length);
    }
    visitor_.meet(followers, length, result);
  }
  /// Calls on_part(grams) for parts of [from, to) with whole histories of length + 1 tokens (of the longest: with any
  /// grams), on_long(begin, end) for a history that has more than fit.
  template <class OnPart, class OnLong>
  void for_longer(const Gram& from, const Gram& to, int length, const OnPart& on_part, const OnLong& on_long) {
    for (Gram at = from, end; at < to; at = end) {
      end = to;
      std::span<const Gram> part = grams_.load(at, end);
      if (end < to && length < Gram::kHistory) {  // the last history may go on behind the part
        const Gram last = part.back().least(length + 1);
        if (last <= part.front()) {
          end = last.beyond(length + 1);
          on_long(last, end);
          continue;
        }
        end = last;
        part = part.first(static_cast<std::size_t>(std::lower_bound(part.begin(), part.end(), end) - part.begin()));
      }
      on_part(part);
    }
  }
  void done(std::span<const Gram> grams) {
    for (const Gram& gram : grams) done_ += gram.count();
    watch_(done_);
  }

  SortedGrams& grams_;
  const Visitor visitor_;
  Watch watch_;
  std::uint64_t done_ = 0;
  Followers none_;                              ///< of the empty history
  std::vector<std::vector<Followers>> longer_;  ///< of each thread: of histories of 1 .. kHistory tokens
};

}  // namespace heddle
