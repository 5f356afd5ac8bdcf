#include "models/vit.h"

#include <set>

#include "tests/models/classifier_laws.h"

namespace heddle {
namespace {

constexpr double kTolerance = sizeof(real) == sizeof(double) ? 1e-9 : 1e-4;

DataSpec images(Shape features, std::size_t classes = 3) {
  DataSpec spec;
  spec.features = std::move(features);
  for (std::size_t i = 0; i < classes; ++i) spec.labels.push_back(std::to_string(i));
  return spec;
}

ViTConfig tiny() {
  ViTConfig config;
  config.n_layer = 2;
  config.n_head = 3;
  config.n_embd = 12;
  config.patch_size = 2;
  return config;
}

/// The gradients' elements after one batch, one after another, the loss before them.
std::vector<real> loss_and_gradients(Model& model, const Batch& batch, Context context) {
  const Tensor loss = model.loss(batch, batch.count(), context).value;
  backward(loss);
  std::vector<real> all{loss.item()};
  for (NamedParameter p : model.named_parameters()) {
    all.insert(all.end(), p.tensor.grad().span().begin(), p.tensor.grad().span().end());
    p.tensor.zero_grad();
  }
  return all;
}

}  // namespace

TEST_CASE("a tiny vision transformer computes PyTorch's scores, loss and gradients") {
  const Golden golden("vit.txt");
  ViT model(tiny(), images({2, 4, 6}), Rng(1));
  for (NamedParameter& p : model.named_parameters()) {
    INFO(p.name);
    const Tensor value = golden.tensor("param/" + p.name);
    REQUIRE(value.shape() == p.tensor.shape());
    std::copy_n(value.data(), value.numel(), p.tensor.mutable_data());
  }
  Batch batch;
  batch.features = golden.tensor("features");
  batch.targets = golden.ids("targets");
  Context context;
  REQUIRE(golden_error(model.class_scores(batch, context), golden.values("scores")) < kTolerance);
  const Loss loss = model.loss(batch, batch.count(), context);
  REQUIRE(loss.count == 2);
  REQUIRE(golden_error(loss.value, golden.values("loss")) < kTolerance);
  backward(loss.value);
  for (const NamedParameter& p : model.named_parameters()) {
    INFO(p.name);
    CHECK(golden_error(p.tensor.grad(), golden.values("grad/" + p.name)) < kTolerance);
  }
}

TEST_CASE("images of 224 x 224 in patches of 16 x 16 are 196 tokens and the class token") {
  ViTConfig config;
  config.n_layer = 12;
  config.n_head = 12;
  config.n_embd = 768;
  config.patch_size = 16;
  ViT model(config, images({3, 224, 224}, 1000), Initializer::shapes_only());
  CHECK(model.position_embedding.weight.shape() == Shape{197, 768});
  CHECK(model.patch_embedding.weight.shape() == Shape{768, 3 * 16 * 16});
  // ViT-Base of the paper, 86 million: of which the head of 1,000 classes has 769,000
  CHECK(count_elements(model.named_parameters()) == 86567656);
}

TEST_CASE("a vision transformer's patches are the image's squares, row by row, and each is seen by the class token") {
  const ViTConfig config = tiny();
  const Batch batch = some_rows(1, {2, 4, 6}, 3);
  ViT model(config, images({2, 4, 6}), Rng(1));
  const auto before = scores_of(model, batch, false, 1);
  std::set<std::vector<real>> seen{before};
  for (index_t pixel = 0; pixel < batch.features.numel(); ++pixel) {
    Batch changed = some_rows(1, {2, 4, 6}, 3);
    changed.features.mutable_data()[pixel] += 1;
    CHECK(seen.insert(scores_of(model, changed, false, 1)).second);
  }
  // what enters the blocks at a patch's place depends on its pixels alone
  const auto entered = [&](const Batch& shown) {
    Capture capture;
    capture.want("hidden_states/0");
    Context context;
    context.capture = &capture;
    model.class_scores(shown, context);
    return capture.at("hidden_states/0");
  };
  const Tensor plain = entered(batch);
  REQUIRE(plain.shape() == Shape{1, 7, 12});
  for (index_t channel = 0; channel < 2; ++channel) {
    for (index_t y = 0; y < 4; ++y) {
      for (index_t x = 0; x < 6; ++x) {
        Batch changed = some_rows(1, {2, 4, 6}, 3);
        changed.features.mutable_data()[(channel * 4 + y) * 6 + x] += 1;
        const Tensor other = entered(changed);
        for (index_t token = 0; token < 7; ++token) {
          const bool same =
              std::equal(plain.data() + token * 12, plain.data() + (token + 1) * 12, other.data() + token * 12);
          CHECK(same == (token != 1 + y / 2 * 3 + x / 2));
        }
      }
    }
  }
}

TEST_CASE("the gradients of a whole vision transformer are what differences of its loss say") {
  ViTConfig config = tiny();
  config.n_layer = 1;
  config.positions = GENERATE(Positions::learned, Positions::sinusoidal);
  ViT model(config, images({1, 4, 4}), Rng(1));
  Batch batch = some_rows(3, {1, 4, 4}, 3);
  batch.targets[1] = kIgnore;
  check_model_gradients(model, batch);
}

TEST_CASE("losses and gradients of a vision transformer's parts of a batch add up, with dropout by row") {
  ViTConfig config = tiny();
  config.dropout = 0.3;
  ViT model(config, images({1, 4, 6}), Rng(1));
  Batch batch = some_rows(6, {1, 4, 6}, 3);
  batch.targets[4] = kIgnore;
  check_parts_add_up(model, batch);
  check_dropout(model, batch);
}

TEST_CASE("what enters the blocks of a vision transformer is dropped by its share while training, and not else") {
  ViTConfig config = tiny();
  config.dropout = 0.25;
  ViT model(config, images({1, 16, 16}), Rng(1));
  const auto zeros = [&](bool training) {
    Capture capture;
    capture.want("hidden_states/0");
    Context context;
    context.training = training;
    context.capture = &capture;
    model.class_scores(some_rows(4, {1, 16, 16}, 3), context);
    const auto entered = capture.at("hidden_states/0").span();
    return static_cast<double>(std::count(entered.begin(), entered.end(), real{0})) /
           static_cast<double>(entered.size());
  };
  CHECK(zeros(true) == Approx(0.25).margin(0.05));  // of 3,120 elements: a deviation of 0.008
  CHECK(zeros(false) == 0);
}

TEST_CASE("recomputed blocks of a vision transformer, and other numbers of threads, give the same bits") {
  ViTConfig config = tiny();
  config.dropout = 0.2;
  ViT model(config, images({2, 8, 8}), Rng(1));
  const Batch batch = some_rows(5, {2, 8, 8}, 3);
  Context context;
  context.training = true;
  context.precision = sizeof(real) == sizeof(float) ? GENERATE(Precision::f32, Precision::bf16) : Precision::f32;
  context.rng = Rng(5);
  const int before = threads();
  const auto plain = loss_and_gradients(model, batch, context);
  context.recompute = true;
  CHECK(loss_and_gradients(model, batch, context) == plain);
  context.recompute = false;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    CHECK(loss_and_gradients(model, batch, context) == plain);
  }
  set_threads(before);
}

TEST_CASE("a capture sees a vision transformer's attention: every token has a share of every other") {
  ViT model(tiny(), images({1, 4, 4}), Rng(1));
  Capture capture;
  capture.want("blocks/1/attention/weights");
  Context context;
  context.capture = &capture;
  const Batch batch = some_rows(2, {1, 4, 4}, 3);
  const Tensor scores = model.class_scores(batch, context);
  const Tensor& weights = capture.at("blocks/1/attention/weights");
  REQUIRE(weights.shape() == Shape{2, 3, 5, 5});
  for (const real weight : weights.span()) CHECK(weight > 0);
  const auto plain = scores_of(model, batch, false, 1);
  for (std::size_t i = 0; i < plain.size(); ++i) CHECK(scores.data()[i] == Approx(plain[i]).margin(1e-5));
}

TEST_CASE("a vision transformer counts a step's products") {
  ViT model(tiny(), images({2, 4, 6}), Rng(1));
  // forward, the weights' gradient and the inputs', but for the pixels'
  const double block = 12 * 36 + 12 * 12 + 2 * 12 * 48, attention = 2 * 7 * 12;
  const double products = 6 * 7 * 2 * (block + attention) + 4.0 * 6 * 8 * 12 + 6 * 12 * 3;
  CHECK(model.flops(some_rows(5, {2, 4, 6}, 3)) == Approx(5 * products));
}

TEST_CASE("patches that do not divide the images, and data without images, are refused by their keys") {
  const auto build = [](const ViTConfig& config, const DataSpec& spec) { config.build(spec, Rng(1)); };
  ViTConfig config = tiny();
  config.patch_size = 4;
  CHECK_THROWS_WITH(build(config, images({1, 8, 30})),
                    Catch::Contains("model.patch_size = 4 does not divide images of 30 x 8; choose one of 1, 2, or"));
  CHECK_THROWS_WITH(build(config, images({1, 30, 8})), Catch::Contains("does not divide images of 8 x 30"));
  CHECK_THROWS_WITH(build(config, images({8})), Catch::Contains("vit: wants images"));
  CHECK_THROWS_WITH(build(config, images({1, 8, 8}, 1)), Catch::Contains("at least two classes"));
  config.n_head = 5;
  CHECK_THROWS_WITH(build(config, images({1, 8, 8})), Catch::Contains("model.n_head = 5 does not divide"));
}

}  // namespace heddle
