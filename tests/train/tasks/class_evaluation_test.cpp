#include "train/tasks/class_evaluation.h"

#include "tests/train/tasks/class_rows.h"
#include "train/tasks/classification.h"

namespace heddle {

TEST_CASE("accuracy, precision, recall, F1 and loss of a classifier are plain counts, however the split is cut") {
  Rows rows({"ant", "bee", "cow", "dog"});
  // found as the nearest whole number: ant for ant, ant for bee, bee, bee; cow for ant; no dog is there or found
  const std::vector<std::pair<double, std::int32_t>> all = {{0.2, 0}, {0.1, 1}, {0.9, 1}, {1.2, 1}, {2, 0}, {2.1, 2}};
  double nats = 0;
  for (const auto& [number, is] : all) {
    rows.add(Split::test, static_cast<real>(number), is);
    double sum = 0;
    for (int c = 0; c < 4; ++c) sum += std::exp(-std::pow(number - c, 2));
    nats += std::log(sum) + std::pow(number - is, 2);
  }
  rows.add(Split::test, real{1}, kIgnore);
  Nearest model(4);
  const auto task = make_classification(model, rows);
  for (const index_t batch : {1, 2, 4, 100}) {
    const Metrics metrics = evaluate(*task, rows, Split::test, {batch});
    CHECK(metrics[0].name == "loss");
    CHECK(value_of(metrics, "loss") == Approx(nats / 6).epsilon(1e-5));
    CHECK(value_of(metrics, "accuracy") == Approx(4 / 6.0));
    CHECK(value_of(metrics, "precision_ant") == Approx(1 / 2.0));
    CHECK(value_of(metrics, "recall_ant") == Approx(1 / 2.0));
    CHECK(value_of(metrics, "f1_ant") == Approx(1 / 2.0));
    CHECK(value_of(metrics, "precision_bee") == 1);
    CHECK(value_of(metrics, "recall_bee") == Approx(2 / 3.0));
    CHECK(value_of(metrics, "f1_bee") == Approx(4 / 5.0));  // of 1 and 2 / 3
    CHECK(value_of(metrics, "precision_cow") == Approx(1 / 2.0));
    CHECK(value_of(metrics, "recall_cow") == 1);
    CHECK(std::isnan(value_of(metrics, "precision_dog")));
    CHECK(std::isnan(value_of(metrics, "recall_dog")));
    CHECK(std::isnan(value_of(metrics, "f1_dog")));
  }
  CHECK_THROWS_WITH(evaluate(*task, rows, Split::val, {1}),
                    Catch::Contains("the val split is empty") && Catch::Contains("data.val_fraction"));
  rows.add(Split::val, real{1}, kIgnore);
  CHECK_THROWS_WITH(evaluate(*task, rows, Split::val, {1}), Catch::Contains("there is no example of a class"));
}

TEST_CASE("the confusion matrix counts each class by what was found, and mistakes are its examples off the diagonal") {
  Rows rows({"ant", "bee", "cow"});
  const std::vector<std::pair<double, std::int32_t>> all = {{0.2, 0}, {0.1, 1}, {0.9, kIgnore}, {1.2, 1},
                                                            {2, 0},   {2.1, 2}, {1.8, 0},       {0, 2}};
  for (const auto& [number, is] : all) rows.add(Split::test, static_cast<real>(number), is);
  Nearest model(3);
  const auto task = make_classification(model, rows);
  for (const index_t batch : {1, 3, 100}) {
    ClassEvaluation evaluation(model, rows.state().labels);
    add_split(evaluation, *task, rows, Split::test, {batch});
    const auto tables = evaluation.tables();
    REQUIRE(tables.size() == 1);
    CHECK(tables[0].name == "confusion");
    CHECK(tables[0].rows == rows.state().labels);
    CHECK(tables[0].columns == rows.state().labels);
    CHECK(tables[0].counts == std::vector<std::int64_t>{1, 0, 2, 1, 1, 0, 1, 0, 1});
    const std::vector<Mistake> wanted = {{1, 1, 0}, {4, 0, 2}, {6, 0, 2}, {7, 2, 0}};
    REQUIRE(evaluation.mistakes().size() == wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const Mistake& got = evaluation.mistakes()[i];
      CHECK(got.example == wanted[i].example);
      CHECK(got.is == wanted[i].is);
      CHECK(got.found == wanted[i].found);
      const double number = all[static_cast<std::size_t>(got.example)].first;
      double sum = 0;
      for (int c = 0; c < 3; ++c) sum += std::exp(-std::pow(number - c, 2));
      CHECK(got.probability == Approx(std::exp(-std::pow(number - got.found, 2)) / sum).epsilon(1e-5));
    }
  }
}

}  // namespace heddle
