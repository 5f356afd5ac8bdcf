#include "models/audio.h"

#include <set>

#include "tests/models/classifier_laws.h"

namespace heddle {
namespace {

constexpr double kTolerance = sizeof(real) == sizeof(double) ? 1e-9 : 1e-4;

DataSpec sounds(Shape features = {0, 5}, std::size_t classes = 4) {
  DataSpec spec;
  spec.features = std::move(features);
  for (std::size_t i = 0; i < classes; ++i) spec.labels.push_back(std::to_string(i));
  return spec;
}

AudioConfig tiny(std::vector<std::string> channels, Positions positions, NormPosition norm = NormPosition::pre) {
  AudioConfig config;
  config.n_layer = 2;
  config.n_head = 2;
  config.n_embd = 8;
  config.mlp_width = 12;
  config.frames = 7;
  config.channels = std::move(channels);
  config.positions = positions;
  config.norm_position = norm;
  return config;
}

AudioConfig any_form() {
  switch (GENERATE(0, 1, 2)) {
    case 0: return tiny({}, Positions::learned);
    case 1: return tiny({"3"}, Positions::rotary);
    default: return tiny({"3", "2"}, Positions::sinusoidal);
  }
}

/// Sounds of these numbers of frames, 5 features each, with noise where there is padding.
Batch some_sounds(const std::vector<index_t>& lengths) {
  const index_t rows = std::ssize(lengths), longest = *std::max_element(lengths.begin(), lengths.end());
  Batch batch;
  batch.features = Tensor::uniform({rows, longest, 5}, Rng(3), 5, 9);
  batch.mask = Tensor::zeros({rows, longest});
  batch.targets = IdTensor({rows});
  for (index_t row = 0; row < rows; ++row) {
    const index_t length = lengths[static_cast<std::size_t>(row)];
    const Tensor own = Tensor::uniform({length, 5}, Rng(static_cast<std::uint64_t>(row)), -1, 1);
    std::copy_n(own.data(), own.numel(), batch.features.mutable_data() + row * longest * 5);
    std::fill_n(batch.mask.mutable_data() + row * longest, length, real{1});
    batch.targets[row] = static_cast<std::int32_t>(row % 4);
  }
  return batch;
}

/// One row of a batch without its padding.
Batch alone(const Batch& batch, index_t row, index_t length) {
  Batch one;
  one.features = slice(rows_of(batch.features, row, 1), 1, 0, length);
  one.mask = slice(rows_of(batch.mask, row, 1), 1, 0, length);
  one.targets = IdTensor({batch.targets[row]}, {1});
  return one;
}

}  // namespace

TEST_CASE("a transformer of sounds computes the scores, loss and gradients of PyTorch's encoder") {
  const auto [file, config] =
      GENERATE(std::pair("audio_frames.txt", tiny({}, Positions::learned)),
               std::pair("audio_stages.txt", tiny({"3", "2"}, Positions::sinusoidal, NormPosition::post)));
  INFO(file);
  const Golden golden(file);
  AudioTransformer model(config, sounds(), Rng(1));
  const auto parameters = model.named_parameters();
  for (NamedParameter p : parameters) {
    INFO(p.name);
    const Tensor value = golden.tensor("param/" + p.name);
    REQUIRE(value.shape() == p.tensor.shape());
    std::copy_n(value.data(), value.numel(), p.tensor.mutable_data());
  }
  Batch batch;
  batch.features = golden.tensor("features");
  batch.mask = golden.tensor("mask");
  batch.targets = golden.ids("targets");
  Context context;
  CHECK(golden_error(model.class_scores(batch, context), golden.values("logits")) < kTolerance);
  const Loss loss = model.loss(batch, batch.count(), context);
  CHECK(loss.count == 3);
  CHECK(golden_error(loss.value, golden.values("loss")) < kTolerance);
  backward(loss.value);
  for (const NamedParameter& p : parameters) {
    INFO(p.name);
    CHECK(golden_error(p.tensor.grad(), golden.values("grad/" + p.name)) < kTolerance);
  }
}

TEST_CASE("padding never changes what a sound is taken for: alone, beside longer ones, or with noise behind it") {
  AudioTransformer model(any_form(), sounds(), Rng(1));
  const std::vector<index_t> lengths = {2, 7, 1, 5};
  Batch batch = some_sounds(lengths);
  const auto together = scores_of(model, batch, false, 1);
  for (std::size_t row = 0; row < lengths.size(); ++row) {
    const auto one = scores_of(model, alone(batch, static_cast<index_t>(row), lengths[row]), false, 1);
    REQUIRE(one.size() == 4);
    for (std::size_t c = 0; c < 4; ++c)
      CHECK(static_cast<double>(together[row * 4 + c]) == Approx(static_cast<double>(one[c])).margin(kTolerance / 10));
  }
  for (index_t i = 0; i < batch.features.numel(); ++i) {
    if (batch.mask.data()[i / 5] == 0) batch.features.mutable_data()[i] = std::numeric_limits<real>::quiet_NaN();
  }
  CHECK(scores_of(model, batch, false, 1) == together);
}

TEST_CASE("a sound without a mask is one without padding") {
  AudioTransformer model(any_form(), sounds(), Rng(1));
  Batch batch = some_sounds({5, 5});
  const auto with = scores_of(model, batch, false, 1);
  batch.mask = {};
  CHECK(scores_of(model, batch, false, 1) == with);
}

TEST_CASE("every frame of a sound has a say, the last as well as the first, and so has their order") {
  AudioTransformer model(any_form(), sounds(), Rng(1));
  std::set<std::vector<real>> different;
  for (index_t changed = -1; changed < 6; ++changed) {
    Batch batch = some_sounds({6});
    if (changed >= 0) batch.features.mutable_data()[changed * 5 + 1] += real{0.5};
    different.insert(scores_of(model, batch, false, 1));
  }
  Batch turned = some_sounds({6});
  for (index_t f = 0; f < 5; ++f)
    std::swap(turned.features.mutable_data()[f], turned.features.mutable_data()[5 * 5 + f]);
  different.insert(scores_of(model, turned, false, 1));
  CHECK(different.size() == 8);
}

TEST_CASE("the hidden states of early frames see later ones") {
  AudioTransformer model(tiny({}, Positions::learned), sounds(), Rng(1));
  const auto first_state = [&](real change) {
    Batch batch = some_sounds({6});
    batch.features.mutable_data()[5 * 5] += change;
    Capture capture;
    capture.want("hidden_states/2");
    Context context;
    context.capture = &capture;
    model.class_scores(batch, context);
    const Tensor states = capture.at("hidden_states/2");
    return std::vector<real>(states.data(), states.data() + 8);
  };
  CHECK(first_state(0) != first_state(1));
}

TEST_CASE("the gradients of a transformer of sounds are what differences of its loss say") {
  AudioTransformer model(any_form(), sounds(), Rng(1));
  Batch batch = some_sounds({4, 7, 2});
  batch.targets[1] = kIgnore;
  check_model_gradients(model, batch);
}

TEST_CASE("losses and gradients of a transformer of sounds' parts of a batch add up, with dropout by row") {
  AudioConfig config = any_form();
  config.dropout = 0.3;
  AudioTransformer model(config, sounds(), Rng(1));
  Batch batch = some_sounds({3, 7, 1, 5, 4, 6});
  batch.targets[4] = kIgnore;
  check_parts_add_up(model, batch);
  check_dropout(model, batch);
}

TEST_CASE("recomputing blocks changes no bit of a transformer of sounds' loss and gradients") {
  AudioConfig config = any_form();
  config.dropout = 0.2;
  AudioTransformer model(config, sounds(), Rng(1));
  auto parameters = model.named_parameters();
  const auto run = [&](bool again) {
    Context context;
    context.training = true;
    context.recompute = again;
    context.rng = Rng(5);
    const Tensor loss = model.loss(some_sounds({3, 7, 5}), 3, context).value;
    backward(loss);
    std::vector<real> all{loss.item()};
    for (NamedParameter& p : parameters) {
      all.insert(all.end(), p.tensor.grad().span().begin(), p.tensor.grad().span().end());
      p.tensor.zero_grad();
    }
    return all;
  };
  CHECK(run(false) == run(true));
}

TEST_CASE("a transformer of sounds has a weight for each number of a token, and counts a step's products") {
  const double of_block = 8 * 24 + 8 * 8 + 2 * 8 * 12;
  const AudioConfig plain = tiny({}, Positions::learned), halved = tiny({"3", "2"}, Positions::learned);
  AudioTransformer frames(plain, sounds(), Rng(1));
  CHECK(plain.block_size() == 7);
  CHECK(frames.projection.weight.shape() == Shape{8, 5});
  CHECK(frames.position_embedding.weight.shape() == Shape{7, 8});
  CHECK(frames.classifier.weight.shape() == Shape{4, 8});
  // frames need no gradient
  const double of_frame = 6 * 2 * of_block + 12 * 2 * 8 * 5 + 4 * 8 * 5;
  CHECK(frames.flops(some_sounds({5, 3})) == 2 * (5 * of_frame + 6 * 4 * 8));

  AudioTransformer stages(halved, sounds({0, 9}), Rng(1));
  CHECK(stages.stages[1].weight.shape() == Shape{2, 3, 3, 3});
  CHECK(stages.projection.weight.shape() == Shape{8, 2 * 2});      // 9 features, then 4, then 2
  CHECK(stages.position_embedding.weight.shape() == Shape{2, 8});  // 7 frames, four a token
  const double of_token = 6 * 2 * of_block + 12 * 2 * 8 * 2 + 6 * 8 * 4;
  const double of_stages = 8 * 9 * 4 * (3 * 9) + 4 * 4 * 6 * (3 * 2 * 9);  // of 8 frames, then of 4
  CHECK(stages.flops(some_sounds({5, 3})) == 2 * (of_stages + 2 * of_token + 6 * 4 * 8));
}

TEST_CASE("sounds that are too long for the model, other data and too few classes are refused") {
  const AudioConfig config = tiny({}, Positions::learned);
  const auto build = [&](const DataSpec& spec) { config.build(spec, Rng(1)); };
  CHECK_THROWS_WITH(build(sounds({1, 28, 28})),
                    Catch::Contains("audio: wants sounds") && Catch::Contains("[1, 28, 28]"));
  CHECK_THROWS_WITH(build(sounds({4, 3})), Catch::Contains("audio: wants sounds"));
  CHECK_THROWS_WITH(build(sounds({0, 3}, 1)), Catch::Contains("at least two classes"));
  AudioConfig deep = config;
  deep.channels = {"2", "2", "2"};
  CHECK_THROWS_WITH(deep.build(sounds(), Rng(1)),
                    Catch::Contains("model.channels: frames of 5 numbers cannot be halved 3 times"));
  deep.channels = {"0"};
  CHECK_THROWS_WITH(deep.build(sounds(), Rng(1)), Catch::Contains("model.channels: '0' is no width"));
  AudioConfig heads = config;
  heads.n_head = 3;
  CHECK_THROWS_WITH(heads.build(sounds(), Rng(1)), Catch::Contains("model.n_head = 3 does not divide"));
  AudioTransformer model(config, sounds(), Rng(1));
  Context context;
  CHECK_THROWS_WITH(model.class_scores(some_sounds({8, 2}), context),
                    Catch::Contains("8 frames exceed model.block_size = 7"));
}

}  // namespace heddle
