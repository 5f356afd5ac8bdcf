#include "data/text/ngram.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "framework/rng.h"
#include "tests/data/text/text_fixture.h"
#include "tests/real_data.h"

namespace heddle {
namespace {

using Text = std::vector<std::int32_t>;

/// The n-gram model of one order straight from the paper's formulas, by sums over the whole vocabulary.
class PlainModel {
 public:
  PlainModel(const Text& train, int order, int vocab_size)
      : vocab_size_(vocab_size), counts_(static_cast<std::size_t>(order) + 1), discounts_(counts_.size()) {
    for (std::size_t n = 1; n < counts_.size(); ++n) {
      std::map<Text, std::set<std::int32_t>> before;
      for (std::size_t i = 0; i + n <= train.size(); ++i) {
        const Text gram(train.begin() + static_cast<long>(i), train.begin() + static_cast<long>(i + n));
        if (n + 1 == counts_.size()) ++counts_[n][gram];
        before[gram].insert(i == 0 ? -1 : train[i - 1]);
      }
      if (n + 1 < counts_.size()) {
        for (const auto& [gram, tokens] : before) counts_[n][gram] = static_cast<double>(tokens.size());
      }
      const double n1 = of_count(n, 1), n2 = of_count(n, 2), n3 = of_count(n, 3), n4 = of_count(n, 4);
      const double y = n1 / (n1 + 2 * n2);
      discounts_[n] = {1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3};
      const bool none = n1 == 0 || n2 == 0 || n3 == 0 || n4 == 0 || discounts_[n][1] <= 0 || discounts_[n][2] <= 0;
      if (none) discounts_[n] = {0.5, 1, 1.5};
    }
  }

  double probability(Text history, std::int32_t token) const {
    const std::size_t n = history.size() + 1;
    std::array<double, 3> different{};
    double all = 0, count = 0;
    for (std::int32_t w = 0; w < vocab_size_; ++w) {
      history.push_back(w);
      const auto found = counts_[n].find(history);
      history.pop_back();
      if (found == counts_[n].end()) continue;
      all += found->second;
      ++different[std::min<std::size_t>(static_cast<std::size_t>(found->second), 3) - 1];
      if (w == token) count = found->second;
    }
    const double lower = n == 1 ? 1.0 / vocab_size_ : probability(Text(history.begin() + 1, history.end()), token);
    if (all == 0) return lower;
    double taken = 0;
    for (std::size_t c = 0; c < 3; ++c) taken += discounts_[n][c] * different[c];
    const double discount =
        count == 0 ? 0 : discounts_[n][std::min<std::size_t>(static_cast<std::size_t>(count), 3) - 1];
    return (count - discount + taken * lower) / all;
  }
  const std::array<double, 3>& discounts(std::size_t n) const { return discounts_[n]; }

 private:
  double of_count(std::size_t n, double count) const {
    double grams = 0;
    for (const auto& [gram, c] : counts_[n]) grams += c == count ? 1 : 0;
    return grams;
  }

  int vocab_size_;
  std::vector<std::map<Text, double>> counts_;
  std::vector<std::array<double, 3>> discounts_;
};

/// Nats a token of `val` after the first, by the plain model of `order`, and of lower ones where val only begins.
double plain_loss(const std::vector<PlainModel>& models, std::size_t order, const Text& val) {
  double nats = 0;
  for (std::size_t i = 1; i < val.size(); ++i) {
    const std::size_t known = std::min(i, order - 1);
    const Text history(val.begin() + static_cast<long>(i - known), val.begin() + static_cast<long>(i));
    nats -= std::log(models[known].probability(history, val[i]));
  }
  return nats / static_cast<double>(val.size() - 1);
}

void check_plain(const Text& train, const Text& val, int vocab_size) {
  std::vector<PlainModel> models;
  for (int order = 1; order <= kNgramOrders; ++order) models.emplace_back(train, order, vocab_size);
  const NgramLosses found = count_ngrams(train, val, vocab_size);
  CHECK(found.uniform == Approx(std::log(vocab_size)));
  for (std::size_t order = 1; order <= kNgramOrders; ++order) {
    INFO("order " << order);
    CHECK(found.of_order[order - 1] == Approx(plain_loss(models, order, val)).epsilon(1e-12));
    for (std::size_t c = 0; c < 3; ++c) {
      CHECK(found.highest[order - 1].of[c] == Approx(models[order - 1].discounts(order)[c]).epsilon(1e-12));
      for (std::size_t n = 1; n < order; ++n)
        CHECK(found.lower[n - 1].of[c] == Approx(models[order - 1].discounts(n)[c]).epsilon(1e-12));
    }
  }
}

/// Tokens below `kinds`, the lower ones more often, of which some stretches come again.
Text random_text(std::uint64_t seed, std::size_t size, std::uint64_t kinds) {
  const Rng rng(seed);
  Text text;
  for (std::uint64_t i = 0; text.size() < size; ++i) {
    if (text.size() > 20 && rng.below(8, 3 * i) == 0) {
      const std::size_t from = rng.below(text.size() - 10, 3 * i + 1);
      for (std::size_t k = 0; k < 3 + i % 6; ++k) text.push_back(text[from + k]);
    } else {
      const double u = rng.uniform(3 * i + 2);
      text.push_back(static_cast<std::int32_t>(static_cast<double>(kinds) * u * u));
    }
  }
  text.resize(size);
  return text;
}

/// exp(-nats of the last token of `text`), by the model of `order`.
double last_probability(const Text& train, Text text, int vocab_size, std::size_t order, const NgramOptions& options) {
  const auto nats = [&] {
    return text.size() < 2 ? 0
                           : count_ngrams(train, text, vocab_size, options).of_order[order - 1] *
                                 static_cast<double>(text.size() - 1);
  };
  const double all = nats();
  text.pop_back();
  return std::exp(nats() - all);
}

}  // namespace

TEST_CASE("n-grams of texts at random predict as the paper's formulas do") {
  std::set<int> estimated;  // orders whose own discounts came from their counts
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const std::size_t size = 40 + 90 * seed;
    const auto kinds = static_cast<int>(2 + seed * seed * seed % 137);
    INFO("seed " << seed);
    const Text train = random_text(seed, size, static_cast<std::uint64_t>(kinds));
    check_plain(train, random_text(seed + 100, 60, static_cast<std::uint64_t>(kinds) + 1), kinds + 3);
    const NgramLosses found = count_ngrams(train, train, kinds + 3);
    for (int n = 1; n <= kNgramOrders; ++n) {
      if (!found.highest[static_cast<std::size_t>(n) - 1].assumed) estimated.insert(n);
    }
  }
  CHECK(estimated == std::set<int>{1, 2, 3, 4, 5});
}

TEST_CASE("n-grams of edges predict as the paper's formulas do") {
  check_plain({3}, {3, 3, 1}, 5);                                            // shorter than any history
  check_plain({0, 1, 2, 0}, {0, 1, 2, 0, 1, 2}, 3);                          // shorter than 5
  check_plain({0, 1, 2, 3, 4}, {0, 1, 2, 3, 4, 0}, 5);                       // one 5-gram
  check_plain(Text(50, 2), Text(20, 2), 4);                                  // one token repeated
  check_plain(Text(50, 2), {1, 1, 3, 2, 2, 2, 2, 2, 2, 0, 2}, 4);            // and others never seen
  check_plain(random_text(5, 400, 6), random_text(6, 50, 20), 1000);         // a vocabulary larger than what occurs
  check_plain(random_text(7, 400, 3), {2, 1}, 3);                            // one prediction
  check_plain({0, 1, 0, 1, 0, 1, 0, 1}, {0, 1, 0, 1, 1, 1, 1, 1, 1, 1}, 2);  // ties everywhere
  check_plain({0}, {0, 0, 0}, 1);                                            // nothing to choose
}

TEST_CASE("the probabilities of what may follow a history sum to 1") {
  constexpr int kVocabulary = 9;
  const Text train = random_text(3, 600, 7);
  const Text unseen = {8, 8, 8, 8};
  std::vector<Text> histories = {{train[50]}, {8}, {train[599]}, unseen};
  for (std::size_t at : {0, 30, 200, 596})
    histories.emplace_back(train.begin() + static_cast<long>(at), train.begin() + static_cast<long>(at) + 4);
  histories.push_back({8, 8, train[10], train[11]});  // only its end was seen
  for (const Text& history : histories) {
    for (std::size_t order = 1; order <= kNgramOrders; ++order) {
      double sum = 0;
      for (std::int32_t w = 0; w < kVocabulary; ++w) {
        Text text = history;
        text.push_back(w);
        sum += last_probability(train, text, kVocabulary, order, {});
      }
      INFO("order " << order << ", history " << Catch::Detail::stringify(history));
      CHECK(sum == Approx(1).epsilon(1e-10));
    }
  }
}

TEST_CASE("n-grams have the same bits counted at once or by parts, on any number of threads") {
  const int before = threads();
  const Text repeated(1000, 1);
  Text train = random_text(11, 1200, 4), val = random_text(12, 300, 5);
  train.insert(train.end(), repeated.begin(), repeated.end());
  val.insert(val.end(), repeated.begin(), repeated.begin() + 100);
  set_threads(1);
  const NgramLosses whole = count_ngrams(train, val, 6);
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    // of all that is held beside grams this needs 8 KB at most; a gram has 16 bytes, and 16 while it is sorted
    for (const std::size_t memory : {0, 8000, 16000, 32000, 100000, 1000000}) {
      INFO(count << " threads, " << memory << " bytes");
      const NgramLosses parts = count_ngrams(train, val, 6, {memory, {}});
      for (std::size_t order = 0; order < kNgramOrders; ++order) {
        CHECK(parts.of_order[order] == whole.of_order[order]);
        CHECK(parts.highest[order].of == whole.highest[order].of);
      }
    }
  }
  set_threads(before);
}

TEST_CASE("histories that threads count side by side do not mix") {
  const int before = threads();
  const Text train = random_text(13, 30000, 300), val = random_text(14, 3000, 310);
  set_threads(1);
  const NgramLosses alone = count_ngrams(train, val, 310);
  for (const int count : {2, 3, 8}) {
    set_threads(count);
    CHECK(count_ngrams(train, val, 310).of_order == alone.of_order);
  }
  set_threads(before);
}

TEST_CASE("progress grows to all of both texts, counted at once or by parts") {
  const Text train = random_text(15, 700, 5), val = random_text(16, 90, 5);
  for (const std::size_t memory : {std::size_t{0}, std::size_t{2000000}}) {
    std::vector<std::uint64_t> done;
    const auto watch = [&](const char*, std::uint64_t bytes, std::uint64_t of) {
      CHECK(of == 2 * 789 * sizeof(Gram));
      done.push_back(bytes);
    };
    count_ngrams(train, val, 5, {memory, watch});
    CHECK(std::is_sorted(done.begin(), done.end()));
    CHECK(done.front() == 0);
    CHECK(done.back() == 2 * 789 * sizeof(Gram));
  }
}

TEST_CASE("discounts of an order are assumed where either of its counts gave none") {
  NgramLosses losses;
  for (Discounts& discounts : losses.highest) discounts.assumed = false;
  for (Discounts& discounts : losses.lower) discounts.assumed = false;
  losses.highest[1].assumed = losses.lower[3].assumed = true;
  for (const int n : {1, 3, 5}) CHECK_FALSE(losses.assumed(n));
  for (const int n : {2, 4}) CHECK(losses.assumed(n));
}

TEST_CASE("counting needs a token to count and one to predict, all of the vocabulary") {
  const Text none, one = {1}, two = {1, 1};
  REQUIRE_THROWS_WITH(count_ngrams(two, one, 10), Catch::Contains("predict none"));
  REQUIRE_THROWS_WITH(count_ngrams(none, two, 10), Catch::Contains("no training tokens"));
  REQUIRE_THROWS_WITH(count_ngrams(two, two, (1 << 20) + 1), Catch::Contains("too large"));
  REQUIRE_THROWS_WITH(count_ngrams(two, two, 1), Catch::Contains("2 tokens are outside"));
  REQUIRE_THROWS_WITH(count_ngrams(two, Text{0, -1, 1}, 2), Catch::Contains("1 tokens are outside"));
  REQUIRE(std::isfinite(count_ngrams(one, two, 10).of_order[4]));
  // after a: b once; before a: nothing and b; before b: a
  constexpr std::int32_t kMost = 1 << 20, a = kMost - 1, b = kMost - 2;
  const double lower = (2 - 1 + (0.5 + 1) / kMost) / 3;
  REQUIRE(count_ngrams(Text{a, b, a}, Text{a, a}, kMost).of_order[1] == Approx(-std::log(0.5 * lower)));
}

TEST_CASE("what counting reaches on tiny shakespeare") {
  const std::string path = real_data("tinyshakespeare/input.txt");
  if (path.empty()) return;
  const auto text = load_text(text_at(path), 64);
  const NgramLosses b = count_ngrams(text->tokens(Split::train), text->tokens(Split::val), 65);
  CHECK(b.of_order[0] == Approx(3.3473).margin(0.0001));
  CHECK(b.of_order[1] == Approx(2.4835).margin(0.0001));
  CHECK(b.of_order[4] == Approx(1.5611).margin(0.0001));
}

}  // namespace heddle
