// Checks of patients that no file could be.

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "tests/train/commands/doctor/made_dataset.h"
#include "train/commands/doctor/practice.h"

namespace heddle {

Check check_data_size, check_initial_loss, check_labels, check_token_ids;

TEST_CASE("first weights that are sure of what they cannot know are found, right or wrong") {
  DataState state;
  state.labels = {"no", "yes"};
  state.features = {4};
  const auto examined = [&](real scale, int label) {
    Examination one(kMlp, MadeDataset(
                              40, 10,
                              [=](Split, std::span<const index_t> numbers) {
                                return rows_of(numbers.size(), {scale, -scale, scale, scale}, label);
                              },
                              state));
    return check_initial_loss(one.patient());
  };
  const Finding none = examined(real(0.01), 0);
  CHECK(none.verdict == Verdict::ok);
  CHECK(none.figures[0].value == Approx(std::log(2)).margin(0.01));
  Finding low = examined(100000, 0), high = examined(100000, 1);
  int wrong = 1;
  if (low.figures[0].value > high.figures[0].value) {
    std::swap(low, high);
    wrong = 0;
  }
  CHECK(low.figures[0].value < 0.1);
  CHECK(low.verdict == Verdict::wrong);
  CHECK(high.figures[0].value > 1000);
  CHECK(high.verdict == Verdict::wrong);
  CHECK(low.advice != high.advice);
  // first biases are 0, so answers grow as numbers do
  const Finding rather = examined(static_cast<real>(100000 * 10 / high.figures[0].value), wrong);
  CHECK(rather.figures[0].value == Approx(10).epsilon(0.02));
  CHECK(rather.verdict == Verdict::wrong);
  const Finding look = examined(static_cast<real>(100000 * 2.5 / high.figures[0].value), wrong);
  CHECK(look.figures[0].value == Approx(std::log(1 + std::exp(2.5))).epsilon(0.02));
  CHECK(look.verdict == Verdict::look);
  CHECK(examined(static_cast<real>(100000 * 2.5 / high.figures[0].value), 1 - wrong).verdict == Verdict::wrong);
}

TEST_CASE("data of which nothing validates is wrong") {
  Examination one(kMlp, MadeDataset(40, 0, [](Split, std::span<const index_t> numbers) {
                    return rows_of(numbers.size(), {1, 2});
                  }));
  const Finding found = check_data_size(one.patient());
  CHECK(found.verdict == Verdict::wrong);
  CHECK(found.advice.find("val_fraction") != std::string::npos);
}

TEST_CASE("a class that validates and is never trained is wrong") {
  DataState state;
  state.labels = {"a", "b", "c"};
  state.features = {1};
  const auto examined = [&](index_t classes) {
    Examination one(kMlp, MadeDataset(
                              300, 90,
                              [=](Split split, std::span<const index_t> numbers) {
                                Batch batch = rows_of(numbers.size(), {0});
                                for (std::size_t i = 0; i < numbers.size(); ++i) {
                                  const index_t label = numbers[i] % (split == Split::val ? 3 : classes);
                                  batch.features.mutable_data()[i] = static_cast<real>(label);
                                  batch.targets.data()[i] = static_cast<std::int32_t>(label);
                                }
                                return batch;
                              },
                              state));
    return check_labels(one.patient());
  };
  CHECK(examined(3).verdict == Verdict::ok);
  CHECK(examined(2).verdict == Verdict::wrong);
  CHECK(examined(2).advice.starts_with("class c "));
}

TEST_CASE("ids that are no tokens are found") {
  DataState state;
  state.tokenizer.kind = "char";
  state.tokenizer.pieces = {"a", "b", "c"};
  const auto examined = [&](std::int32_t id) {
    Examination one("[data]\npath = none\n", MadeDataset(
                                                 40, 10,
                                                 [=](Split split, std::span<const index_t> numbers) {
                                                   Batch batch;
                                                   batch.inputs = IdTensor({std::ssize(numbers), 3});
                                                   for (index_t i = 0; i < batch.inputs.numel(); ++i)
                                                     batch.inputs.data()[i] = static_cast<std::int32_t>(i % 3);
                                                   if (split == Split::val) batch.inputs.data()[0] = id;
                                                   return batch;
                                                 },
                                                 state));
    return check_token_ids(one.patient()).verdict;
  };
  CHECK(examined(2) == Verdict::ok);
  CHECK(examined(3) == Verdict::wrong);
  CHECK(examined(-1) == Verdict::wrong);
}

TEST_CASE("one batch is practised again and again, all its rows, and other steps are of all examples") {
  std::set<index_t> seen;
  DataState state;
  state.labels = {"no", "yes"};
  state.features = {2};
  const auto practised = [&](index_t examples, bool one_batch) {
    Examination one(kMlp + "accumulate = 2\n", MadeDataset(
                                                   examples, 10,
                                                   [&](Split split, std::span<const index_t> numbers) {
                                                     if (split == Split::train)
                                                       seen.insert(numbers.begin(), numbers.end());
                                                     return rows_of(numbers.size(), {1, 2});
                                                   },
                                                   state));
    seen.clear();
    return practise(one.patient(), {20, [](index_t) { return 0.01; }, one_batch, ""});
  };
  const Practised again = practised(1000, true);
  CHECK(again.rows == 8);
  CHECK(again.losses.size() == 20);
  CHECK(again.losses.back() < again.losses[0]);
  CHECK(seen == std::set<index_t>{0, 1, 2, 3, 4, 5, 6, 7});
  practised(1000, false);
  CHECK(seen.size() > 100);
  CHECK(practised(3, true).rows == 6);
}

TEST_CASE("of a costly step as few rows are practised as cost little") {
  DataState state;
  state.labels = {"no", "yes"};
  state.features = {1, 64, 64};
  const auto make = [](Split, std::span<const index_t> numbers) {
    Batch batch;
    batch.features = Tensor::zeros({std::ssize(numbers), 1, 64, 64});
    batch.targets = IdTensor(std::vector<std::int32_t>(numbers.size(), 0), {std::ssize(numbers)});
    return batch;
  };
  const auto examined = [&](const std::string& channels) {
    return Examination("[data]\nkind = images\npath = none\n[model]\nkind = cnn\nkernel = 5\nchannels = " + channels +
                           "\n[train]\nbatch_size = 64\n",
                       MadeDataset(100, 10, make, state));
  };
  Examination costly = examined("64, 64"), cheap = examined("2, 2");
  const FreshModel fresh = costly.patient().fresh();
  const index_t rows = costly.patient().affordable_rows(fresh);
  const double operations = static_cast<double>(rows) * fresh.model->flops(make(Split::train, std::vector<index_t>{0}));
  CHECK(rows < 64);
  CHECK(operations > 2e10);
  CHECK(operations < 3e10);
  CHECK(cheap.patient().affordable_rows(cheap.patient().fresh()) == 64);
}

TEST_CASE("smoothed losses begin with the first, and later ones weigh more") {
  CHECK(smoothed({3, 3, 3})[0] == Approx(3));
  CHECK(smoothed({3, 3, 3})[2] == Approx(3));
  CHECK(smoothed({3, 1})[1] == Approx((0.9 * 3 + 1) / 1.9));
}

}  // namespace heddle
