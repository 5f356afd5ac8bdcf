#include "models/mlp.h"

#include "tests/models/classifier_laws.h"

namespace heddle {
namespace {

DataSpec spec_of(Shape features, std::size_t classes) {
  DataSpec spec;
  spec.features = std::move(features);
  for (std::size_t i = 0; i < classes; ++i) spec.labels.push_back(std::to_string(i));
  return spec;
}

PerceptronConfig config_of(std::vector<std::string> hidden, Activation activation = Activation::relu,
                           double dropout = 0) {
  PerceptronConfig config;
  config.hidden = std::move(hidden);
  config.activation = activation;
  config.dropout = dropout;
  return config;
}

}  // namespace

TEST_CASE("the gradients of a whole MLP are what differences of its loss say") {
  using Widths = std::vector<std::string>;
  const auto [hidden, activation] =
      GENERATE(std::pair(Widths{}, Activation::relu), std::pair(Widths{"7"}, Activation::gelu),
               std::pair(Widths{"6", "5"}, Activation::relu));
  Perceptron model(config_of(hidden, activation), spec_of({4}, 3), Rng(1));
  Batch batch = some_rows(5, {4}, 3);
  batch.targets[3] = kIgnore;
  check_model_gradients(model, batch);
}

TEST_CASE("an MLP computes relu(x W1' + b1) W2' + b2, on rows of any shape") {
  Perceptron model(config_of({"3"}), spec_of({2, 2}, 2), Rng(1));
  const Batch batch = some_rows(2, {2, 2}, 2);
  for (real& b : std::span(model.layers[0].bias.mutable_data(), 3)) b = real{0.125};
  const auto scores = scores_of(model, batch, false, 1);
  REQUIRE(scores.size() == 4);
  for (index_t row = 0; row < 2; ++row) {
    for (index_t c = 0; c < 2; ++c) {
      double score = model.classifier.bias.data()[c];
      for (index_t h = 0; h < 3; ++h) {
        double sum = model.layers[0].bias.data()[h];
        for (index_t i = 0; i < 4; ++i)
          sum += static_cast<double>(batch.features.data()[row * 4 + i]) * model.layers[0].weight.data()[h * 4 + i];
        score += std::max(0.0, sum) * model.classifier.weight.data()[c * 3 + h];
      }
      CHECK(static_cast<double>(scores[static_cast<std::size_t>(row * 2 + c)]) == Approx(score).margin(1e-5));
    }
  }
}

TEST_CASE("losses and gradients of an MLP's parts of a batch add up, with dropout by row") {
  Perceptron model(config_of({"9", "8"}, Activation::gelu, 0.4), spec_of({4}, 3), Rng(1));
  Batch batch = some_rows(6, {4}, 3);
  batch.targets[4] = kIgnore;
  check_parts_add_up(model, batch);
  check_dropout(model, batch);
}

TEST_CASE("an MLP has a layer for each width, and counts a step's products") {
  Perceptron model(config_of({"5", "3"}), spec_of({4}, 2), Rng(1));
  REQUIRE(model.layers.size() == 2);
  REQUIRE(model.layers[1].weight.shape() == Shape{3, 5});
  REQUIRE(count_elements(model.named_parameters()) == 4 * 5 + 5 + 5 * 3 + 3 + 3 * 2 + 2);
  REQUIRE(model.named_parameters().back().name == "classifier/bias");
  // forward, the weights' gradient, and the inputs' but for the first layer's
  REQUIRE(model.flops(some_rows(10, {4}, 2)) == 10 * (4 * 20 + 6 * (15 + 6)));
  REQUIRE(Perceptron(config_of({}), spec_of({4}, 2), Rng(1)).flops(some_rows(10, {4}, 2)) == 10 * 4 * 8);
}

TEST_CASE("sizes of an MLP that are none, and data that it cannot learn from, are refused by their keys") {
  const auto build = [](const PerceptronConfig& config, const DataSpec& spec) { config.build(spec, Rng(1)); };
  for (const char* width : {"0", "-3", "1.5", "x", "100001", "8 8"})
    CHECK_THROWS_WITH(build(config_of({"4", width}), spec_of({4}, 2)),
                      Catch::Contains(std::string("model.hidden: '") + width + "' is no width"));
  CHECK_THROWS_WITH(build(config_of({"4"}, Activation::swiglu), spec_of({4}, 2)),
                    Catch::Contains("model.activation = swiglu"));
  CHECK_THROWS_WITH(build(config_of({"4"}), spec_of({4}, 1)), Catch::Contains("at least two classes"));
  CHECK_THROWS_WITH(build(config_of({"4"}), spec_of({}, 2)), Catch::Contains("rows of as many numbers"));
}

}  // namespace heddle
