#include "models/cnn.h"

#include "tests/models/classifier_laws.h"

namespace heddle {
namespace {

DataSpec images(Shape features, std::size_t classes = 3) {
  DataSpec spec;
  spec.features = std::move(features);
  for (std::size_t i = 0; i < classes; ++i) spec.labels.push_back(std::to_string(i));
  return spec;
}

CNNConfig config_of(std::vector<std::string> channels, std::vector<std::string> hidden, double dropout = 0) {
  CNNConfig config;
  config.channels = std::move(channels);
  config.hidden = std::move(hidden);
  config.dropout = dropout;
  return config;
}

}  // namespace

TEST_CASE("the gradients of a whole CNN are what differences of its loss say") {
  CNN model(config_of({"2", "3"}, {"4"}), images({2, 6, 5}), Rng(1));
  Batch batch = some_rows(3, {2, 6, 5}, 3);
  batch.targets[1] = kIgnore;
  check_model_gradients(model, batch);
}

TEST_CASE("a CNN without stages is an MLP of the pixels, and one without hidden layers scores at once") {
  CNN model(config_of({}, {}), images({1, 2, 3}, 2), Rng(1));
  REQUIRE(model.classifier.weight.shape() == Shape{2, 6});
  const Batch batch = some_rows(2, {1, 2, 3}, 2);
  const auto scores = scores_of(model, batch, false, 1);
  for (index_t row = 0; row < 2; ++row) {
    for (index_t c = 0; c < 2; ++c) {
      double score = 0;
      for (index_t i = 0; i < 6; ++i)
        score += static_cast<double>(batch.features.data()[row * 6 + i]) * model.classifier.weight.data()[c * 6 + i];
      CHECK(static_cast<double>(scores[static_cast<std::size_t>(row * 2 + c)]) == Approx(score).margin(1e-5));
    }
  }
}

TEST_CASE("each stage of a CNN keeps the image's size, and halves it behind") {
  CNNConfig config = config_of({"4", "5"}, {"6"});
  config.kernel = 5;
  CNN model(config, images({3, 9, 13}), Rng(1));
  REQUIRE(model.stages[0].weight.shape() == Shape{4, 3, 5, 5});
  REQUIRE(model.stages[1].weight.shape() == Shape{5, 4, 5, 5});
  REQUIRE(model.layers[0].weight.shape() == Shape{6, 5 * 2 * 3});  // 9 x 13, then 4 x 6, then 2 x 3
  REQUIRE(model.classifier.weight.shape() == Shape{3, 6});
  REQUIRE(scores_of(model, some_rows(2, {3, 9, 13}, 3), false, 1).size() == 6);
  // forward, the weights' gradient, and the inputs' but for the first stage's
  const double products = 6.0 * (5 * 4 * 6 * 4 * 25 + 6 * 30 + 3 * 6) + 4.0 * (4 * 9 * 13 * 3 * 25);
  REQUIRE(model.flops(some_rows(2, {3, 9, 13}, 3)) == 2 * products);
}

TEST_CASE("losses and gradients of a CNN's parts of a batch add up, with dropout by row") {
  CNN model(config_of({"3"}, {"8"}, 0.4), images({1, 6, 6}), Rng(1));
  Batch batch = some_rows(6, {1, 6, 6}, 3);
  batch.targets[4] = kIgnore;
  check_parts_add_up(model, batch);
  check_dropout(model, batch);
}

TEST_CASE("sizes of a CNN that are none, and data that it cannot learn from, are refused by their keys") {
  const auto build = [](const CNNConfig& config, const DataSpec& spec) { config.build(spec, Rng(1)); };
  CHECK_THROWS_WITH(build(config_of({"4", "0"}, {}), images({1, 8, 8})),
                    Catch::Contains("model.channels: '0' is no width"));
  CHECK_THROWS_WITH(build(config_of({"4"}, {"y"}), images({1, 8, 8})),
                    Catch::Contains("model.hidden: 'y' is no width"));
  CHECK_THROWS_WITH(build(config_of({"4", "4", "4"}, {}), images({1, 28, 4})),
                    Catch::Contains("model.channels: images of 4 x 28 cannot be halved 3 times"));
  CNNConfig even = config_of({"4"}, {});
  even.kernel = 4;
  CHECK_THROWS_WITH(build(even, images({1, 8, 8})), Catch::Contains("model.kernel = 4 is even"));
  CHECK_THROWS_WITH(build(config_of({"4"}, {}), images({1, 8, 8}, 1)), Catch::Contains("at least two classes"));
  CHECK_THROWS_WITH(build(config_of({"4"}, {}), images({8})), Catch::Contains("cnn: wants images"));
}

}  // namespace heddle
