#include "train/tasks/masking.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

namespace heddle {
namespace {

using Ids = std::vector<std::int32_t>;

constexpr std::int32_t kWords = 20;  ///< <unk> and words; then come the special tokens

TokenizerState vocabulary(std::vector<std::string> specials) {
  TokenizerOptions options;
  options.kind = "word";
  options.min_count = 1;
  options.specials = std::move(specials);
  std::string text;
  for (int i = 0; i + 1 < kWords; ++i) text += std::string(1, static_cast<char>('a' + i)) + ' ';
  return train_tokenizer(options, read_from(text))->state();
}
TokenizerState usual() { return vocabulary({"[CLS]", "[SEP]", "[MASK]"}); }
constexpr std::int32_t kCls = kWords, kSep = kWords + 1, kMask = kWords + 2;

/// Windows of text whose first `lengths` tokens are there, as TextDataset gives them.
Batch windows(const std::vector<index_t>& lengths, index_t time, index_t first_row = 0) {
  const index_t rows = std::ssize(lengths);
  Batch batch;
  batch.inputs = batch.targets = IdTensor({rows, time});
  batch.first_row = first_row;
  for (index_t i = 0; i < rows * time; ++i) {
    const bool there = i % time < lengths[static_cast<std::size_t>(i / time)];
    const auto token =
        static_cast<std::int32_t>(Rng(9).below(kWords, static_cast<std::uint64_t>(first_row * time + i)));
    batch.inputs[i] = there ? token : 0;
    batch.targets[i] = there ? (token + 1) % kWords : kIgnore;
  }
  return batch;
}
Batch windows(index_t rows, index_t time, index_t first_row = 0) {
  return windows(std::vector<index_t>(static_cast<std::size_t>(rows), time), time, first_row);
}

Ids values(const IdTensor& ids) { return {ids.data(), ids.data() + ids.numel()}; }

/// A share of `count` draws is within five standard deviations of p.
void check_share(double share, double p, double count) {
  CHECK(std::abs(share - p) < 5 * std::sqrt(p * (1 - p) / count));
}

}  // namespace

TEST_CASE("15 % of the tokens of each window are hidden: 80 % of them by [MASK], 10 % by another, 10 % stay") {
  const index_t rows = 4000, time = 42;  // 40 between [CLS] and [SEP], of which 6 are hidden
  const Batch before = windows(rows, time);
  Batch batch = before;
  Masking(usual()).hide(batch, Rng(3));
  CHECK_FALSE(batch.mask.defined());
  std::vector<double> of_place(static_cast<std::size_t>(time));
  std::map<std::int32_t, double> random;
  double masked = 0, others = 0, stayed = 0;
  for (index_t row = 0; row < rows; ++row) {
    index_t hidden = 0;
    for (index_t t = 0; t < time; ++t) {
      const index_t i = row * time + t;
      if (batch.targets[i] == kIgnore) {
        REQUIRE(batch.inputs[i] == (t == 0 ? kCls : t == time - 1 ? kSep : before.inputs[i]));
        continue;
      }
      ++hidden;
      ++of_place[static_cast<std::size_t>(t)];
      REQUIRE(batch.targets[i] == before.inputs[i]);
      if (batch.inputs[i] == kMask) {
        ++masked;
      } else {
        REQUIRE(batch.inputs[i] < kWords);
        ++(batch.inputs[i] == before.inputs[i] ? stayed : others);
        if (batch.inputs[i] != before.inputs[i]) ++random[batch.inputs[i]];
      }
    }
    REQUIRE(hidden == 6);
  }
  const double all = 6.0 * static_cast<double>(rows), by_chance = 0.1 / kWords;  // a random token is the same
  check_share(masked / all, 0.8, all);
  check_share(others / all, 0.1 - by_chance, all);
  check_share(stayed / all, 0.1 + by_chance, all);
  for (index_t t = 1; t + 1 < time; ++t) check_share(of_place[static_cast<std::size_t>(t)] / rows, 0.15, rows);
  CHECK(of_place.front() == 0);
  CHECK(of_place.back() == 0);
  REQUIRE(random.size() == kWords);
  for (const auto& [token, count] : random) check_share(count / others, 1.0 / kWords, others);
}

TEST_CASE("what is hidden of a row depends on its number and the seed alone, however the batch is cut") {
  const Masking masking(usual());
  Batch whole = windows(12, 30, 100);
  masking.hide(whole, Rng(3));
  for (const index_t rows : {1, 4, 6}) {
    Ids inputs, targets;
    for (index_t first = 0; first < 12; first += rows) {
      Batch part = windows(rows, 30, 100 + first);
      masking.hide(part, Rng(3));
      const Ids in = values(part.inputs), of = values(part.targets);
      inputs.insert(inputs.end(), in.begin(), in.end());
      targets.insert(targets.end(), of.begin(), of.end());
    }
    CHECK(inputs == values(whole.inputs));
    CHECK(targets == values(whole.targets));
  }
  Batch other = windows(12, 30, 100);
  masking.hide(other, Rng(4));
  CHECK(values(other.targets) != values(whole.targets));
  Batch same = windows(2, 30);  // two rows alike
  std::copy_n(same.inputs.data(), 30, same.inputs.data() + 30);
  masking.hide(same, Rng(3));
  CHECK_FALSE(std::equal(same.targets.data(), same.targets.data() + 30, same.targets.data() + 30));
}

TEST_CASE("of short windows at least one token is hidden where there is one, and padding never") {
  const Masking masking(usual());
  // 0 to 5 tokens are there, 2 of them give way; the last window has 40 to be chosen from
  const std::vector<index_t> lengths = {0, 1, 2, 3, 5, 42}, hidden = {0, 0, 0, 1, 1, 6};
  Batch batch = windows(lengths, 42);
  masking.hide(batch, Rng(3));
  REQUIRE(batch.mask.shape() == Shape{6, 42});
  for (index_t row = 0; row < 6; ++row) {
    index_t count = 0;
    for (index_t t = 0; t < 42; ++t) {
      const bool there = t < lengths[static_cast<std::size_t>(row)];
      CHECK(batch.mask.data()[row * 42 + t] == (there ? real{1} : real{0}));
      if (!there) CHECK(batch.inputs[row * 42 + t] == 0);
      if (batch.targets[row * 42 + t] != kIgnore) ++count;
    }
    CHECK(count == hidden[static_cast<std::size_t>(row)]);
  }
  CHECK(batch.inputs[1 * 42] == kCls);
  CHECK(batch.inputs[2 * 42 + 1] == kSep);
}

TEST_CASE("special tokens of a text are never hidden, nor is any token hidden by one but [MASK]") {
  const Masking masking(usual());
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Batch batch = windows(4, 20);
    for (index_t i = 0; i < 80; i += 2) batch.inputs[i] = i % 4 == 0 ? kMask : kSep;
    masking.hide(batch, Rng(seed));
    for (index_t i = 0; i < 80; ++i) {
      if (batch.targets[i] != kIgnore) CHECK(batch.targets[i] < kWords);
      if (i % 2 == 0 && i % 20 != 0) CHECK(batch.inputs[i] == (i % 4 == 0 ? kMask : kSep));
    }
  }
}

TEST_CASE("windows keep their ends where the vocabulary has neither [CLS] nor [SEP], and [MASK] must be there") {
  const Masking masking(vocabulary({"[MASK]"}));
  CHECK(masking.mask() == kWords);
  const Batch before = windows(50, 12);
  Batch batch = before;
  masking.hide(batch, Rng(3));
  index_t hidden = 0, first = 0;
  for (index_t i = 0; i < 600; ++i) {
    if (batch.targets[i] == kIgnore) CHECK(batch.inputs[i] == before.inputs[i]);
    hidden += batch.targets[i] != kIgnore ? 1 : 0;
    first += batch.targets[i] != kIgnore && i % 12 == 0 ? 1 : 0;
  }
  CHECK(hidden == 50 * 2);
  CHECK(first > 0);
  CHECK_THROWS_WITH(Masking(vocabulary({"[CLS]"})),
                    Catch::Contains("no special token [MASK]; set data.special_tokens = [CLS], [SEP], [MASK]"));
  TokenizerState gaps = vocabulary({"[MASK]"});
  for (std::int32_t id = 5; id < kWords; ++id) gaps.pieces[static_cast<std::size_t>(id)].clear();
  Batch few = windows(400, 12);
  for (index_t i = 0; i < few.inputs.numel(); ++i) few.inputs[i] %= 5;
  Masking(gaps).hide(few, Rng(3));
  for (index_t i = 0; i < few.inputs.numel(); ++i) CHECK((few.inputs[i] < 5 || few.inputs[i] == kWords));
}

}  // namespace heddle
