#include "models/bert.h"

#include <catch2/catch.hpp>
#include <set>

#include "framework/optim.h"
#include "tests/golden/golden.h"

namespace heddle {
namespace {

constexpr bool kDouble = sizeof(real) == sizeof(double);
constexpr double kTolerance = kDouble ? 1e-9 : 1e-4;

BertConfig tiny(NormPosition position = NormPosition::post) {
  BertConfig config;
  config.n_layer = 2;
  config.n_head = 3;
  config.n_embd = 12;
  config.context = 7;
  config.norm_position = position;
  return config;
}

/// Data of 11 tokens, and of classes.
DataSpec spec_of(std::size_t classes) {
  DataSpec spec;
  for (int i = 0; i < 11; ++i) spec.tokens.push_back(std::string(1, static_cast<char>('a' + i)));
  for (std::size_t i = 0; i < classes; ++i) spec.labels.push_back(std::to_string(i));
  return spec;
}

/// Rows of `time` tokens, of which the first `lengths` are no padding; some are to be filled in, or each row has a
/// class.
Batch some_batch(const std::vector<index_t>& lengths, index_t time, bool classes) {
  const index_t rows = std::ssize(lengths);
  Batch batch;
  batch.inputs = batch.segments = batch.targets = IdTensor({rows, time});
  batch.mask = Tensor::zeros({rows, time});
  for (index_t row = 0; row < rows; ++row) {
    for (index_t t = 0; t < time; ++t) {
      const bool there = t < lengths[static_cast<std::size_t>(row)];
      const index_t i = row * time + t;
      batch.inputs[i] = there ? static_cast<std::int32_t>((row * 5 + t * 7 + 3) % 11) : 0;
      batch.segments[i] = there && 2 * t > row + 2 ? 1 : 0;
      batch.mask.mutable_data()[i] = there ? real{1} : real{0};
      batch.targets[i] = there && (row + t) % 3 == 0 ? static_cast<std::int32_t>((row * 3 + t) % 11) : kIgnore;
    }
  }
  if (classes) {
    batch.targets = IdTensor({rows});
    for (index_t row = 0; row < rows; ++row) batch.targets[row] = static_cast<std::int32_t>(row % 3);
  }
  return batch;
}

/// Rows [first, first + count) of a batch.
Batch rows_of(const Batch& all, index_t first, index_t count) {
  const index_t time = all.inputs.size(1);
  const auto part = [&](const IdTensor& ids) {
    const index_t width = ids.ndim() == 2 ? time : 1;
    return IdTensor(std::vector<std::int32_t>(ids.data() + first * width, ids.data() + (first + count) * width),
                    ids.ndim() == 2 ? Shape{count, time} : Shape{count});
  };
  Batch batch;
  batch.inputs = part(all.inputs);
  batch.segments = part(all.segments);
  batch.targets = part(all.targets);
  batch.mask = slice(all.mask, 0, first, first + count);
  batch.first_row = all.first_row + first;
  return batch;
}

IdTensor every_place(const Batch& batch) {
  IdTensor places({batch.inputs.numel()});
  for (index_t i = 0; i < places.numel(); ++i) places[i] = static_cast<std::int32_t>(i);
  return places;
}

Context training(index_t first_row = 0) {
  Context context;
  context.training = true;
  context.rng = Rng(5);
  context.first_row = first_row;
  return context;
}

/// The loss of a batch, and the gradient of each parameter, which has none then.
std::vector<std::vector<double>> differentiate(Bert& model, const Batch& batch, index_t divisor, Context context) {
  const Loss loss = model.loss(batch, divisor, context);
  REQUIRE(loss.count == batch.count());
  backward(loss.value);
  std::vector<std::vector<double>> all{{loss.value.item()}};
  for (NamedParameter p : model.named_parameters()) {
    all.emplace_back(p.tensor.grad().span().begin(), p.tensor.grad().span().end());
    p.tensor.zero_grad();
  }
  return all;
}

void check_near(const std::vector<std::vector<double>>& got, const std::vector<std::vector<double>>& wanted) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    INFO("parameter " << i);
    const Tensor values = Tensor::from(std::vector<real>(got[i].begin(), got[i].end()), {std::ssize(got[i])});
    CHECK(golden_error(values, wanted[i]) < (kDouble ? 1e-12 : 2e-5));
  }
}

std::vector<real> elements(const Tensor& x) { return {x.span().begin(), x.span().end()}; }

}  // namespace

TEST_CASE("tiny BERTs compute PyTorch's scores, loss and gradients, with padding and segments") {
  const auto [file, position, classes] = GENERATE(std::tuple("bert_fills_post.txt", NormPosition::post, 0),
                                                  std::tuple("bert_fills_pre.txt", NormPosition::pre, 0),
                                                  std::tuple("bert_classifies.txt", NormPosition::post, 3),
                                                  std::tuple("bert_classifies_mean.txt", NormPosition::post, 3));
  INFO(file);
  const Golden golden(file);
  BertConfig config = tiny(position);
  if (std::string(file) == "bert_classifies_mean.txt") config.pooling = Pooling::mean;
  Bert model(config, spec_of(static_cast<std::size_t>(classes)), Rng(1));
  const auto parameters = model.named_parameters();
  for (NamedParameter p : parameters) {
    INFO(p.name);
    const Tensor value = golden.tensor("param/" + p.name);
    REQUIRE(value.shape() == p.tensor.shape());
    std::copy_n(value.data(), value.numel(), p.tensor.mutable_data());
  }
  Batch batch;
  batch.inputs = golden.ids("inputs");
  batch.targets = golden.ids("targets");
  batch.segments = golden.ids("segments");
  batch.mask = golden.tensor("mask");
  Context context;
  const Tensor scores =
      classes > 0 ? model.class_scores(batch, context) : model.token_scores(batch, every_place(batch), context);
  CHECK(golden_error(scores, golden.values("scores")) < kTolerance);
  const Tensor loss = model.loss(batch, batch.count(), context).value;
  CHECK(golden_error(loss, golden.values("loss")) < kTolerance);
  backward(loss);
  for (const NamedParameter& p : parameters) {
    INFO(p.name);
    CHECK(golden_error(p.tensor.grad(), golden.values("grad/" + p.name)) < kTolerance);
  }
  if (classes > 0) return;
  batch.segments = {};  // none: all tokens are of the first
  CHECK(elements(model.token_scores(batch, every_place(batch), context)) == elements(scores));
}

TEST_CASE("a BERT has BERT-base's number of parameters, filling in and telling two classes") {
  BertConfig config;
  config.n_layer = 12;
  config.n_head = 12;
  config.n_embd = 768;
  config.context = 512;
  DataSpec spec;
  spec.tokens.resize(30522, "x");
  CHECK(count_elements(Bert(config, spec, Initializer::shapes_only()).named_parameters()) == 109514298);
  spec.labels = {"0", "1"};
  CHECK(count_elements(Bert(config, spec, Initializer::shapes_only()).named_parameters()) == 109482240 + 2 * 769);
  pool_trim();
}

TEST_CASE("a BERT that tells classes has the parameters of one that fills in, but for the heads, by name and shape") {
  const NormPosition position = GENERATE(NormPosition::post, NormPosition::pre);
  Bert fills(tiny(position), spec_of(0), Rng(1)), tells(tiny(position), spec_of(3), Rng(2));
  const auto names = [](Bert& model, std::set<std::string> heads) {
    std::set<std::pair<std::string, std::string>> all;
    for (const NamedParameter& p : model.named_parameters()) {
      const std::string part = p.name.substr(0, p.name.find('/'));
      if (heads.erase(p.name) == 0) all.emplace(p.name, concat_text(p.tensor.shape()));
      const bool table = part.ends_with("_embedding") || p.name == "classifier/weight";
      CHECK((p.role == Role::table) == table);
      const bool weight = p.name.ends_with("/weight") && p.tensor.ndim() == 2;
      CHECK(p.multiplied ==
            (weight && (part == "token_embedding" ? model.named_parameters().back().name == "decoder/bias"
                                                  : !part.ends_with("_embedding"))));
    }
    CHECK(heads.empty());
    return all;
  };
  const auto of_filling = names(
      fills, {"transform/weight", "transform/bias", "transform_norm/weight", "transform_norm/bias", "decoder/bias"});
  const auto of_telling = names(tells, {"pooler/weight", "pooler/bias", "classifier/weight", "classifier/bias"});
  CHECK(of_filling == of_telling);
  CHECK(of_filling.contains({"blocks/1/attention/qkv/weight", "[36, 12]"}));
  CHECK(of_filling.contains({"norm/weight", "[12]"}) == (position == NormPosition::pre));
}

TEST_CASE("each place of a BERT sees the tokens before and behind it, in its own row alone") {
  Bert model(tiny(GENERATE(NormPosition::post, NormPosition::pre)), spec_of(0), Rng(1));
  Batch batch = some_batch({7, 7}, 7, false);
  Context context;
  const auto before = elements(model.token_scores(batch, every_place(batch), context));
  const index_t changed = GENERATE(0, 3, 6);
  batch.inputs[changed] = (batch.inputs[changed] + 1) % 11;
  const auto after = elements(model.token_scores(batch, every_place(batch), context));
  for (index_t i = 0; i < 14; ++i) {
    const bool same = std::equal(before.begin() + i * 11, before.begin() + (i + 1) * 11, after.begin() + i * 11);
    CHECK(same == (i >= 7));
  }
}

TEST_CASE("padding changes no score, no loss and no gradient of a BERT, whatever stands there") {
  const bool classes = GENERATE(false, true);
  BertConfig config = tiny(GENERATE(NormPosition::post, NormPosition::pre));
  if (classes) config.pooling = GENERATE(Pooling::cls, Pooling::mean);
  Bert model(config, spec_of(classes ? 3 : 0), Rng(1));
  const Batch alone = some_batch({4}, 4, classes);
  Batch padded = some_batch({4, 7}, 7, classes);
  if (classes) {
    padded.targets[1] = kIgnore;
  } else {
    std::fill_n(padded.targets.data() + 7, 7, kIgnore);
  }
  const auto wanted = differentiate(model, alone, alone.count(), Context());
  const auto got = differentiate(model, padded, alone.count(), Context());
  check_near(got, wanted);
  Batch bare = alone;  // without a mask nothing is padding
  bare.mask = Tensor();
  check_near(differentiate(model, bare, alone.count(), Context()), wanted);
  for (index_t t = 4; t < 7; ++t) {
    padded.inputs[t] = static_cast<std::int32_t>(t);
    padded.segments[t] = 1;
  }
  auto other = differentiate(model, padded, alone.count(), Context());
  CHECK(other == got);
  padded.mask.mutable_data()[5] = 1;  // it is padding by the mask alone
  other = differentiate(model, padded, alone.count(), Context());
  CHECK(other[0] != got[0]);
}

TEST_CASE("the loss of a BERT is the mean cross-entropy of its scores where tokens are hidden, in each precision") {
  Bert model(tiny(), spec_of(0), Rng(1));
  Batch batch = some_batch({7, 4, 6}, 7, false);
  const NoGradGuard no_grad;
  const CountedTargets hidden(batch.targets);
  REQUIRE(hidden.values.numel() == 6);
  for (const Precision precision : {Precision::f32, Precision::bf16}) {
    Context context;
    context.precision = precision;
    const Tensor all = model.token_scores(batch, every_place(batch), context);
    const Tensor some = model.token_scores(batch, hidden.places, context);
    REQUIRE(some.shape() == Shape{6, 11});
    const auto loss = static_cast<double>(model.loss(batch, 6, context).value.item());
    const double rounding = precision == Precision::f32 ? 1e-5 : 0.02;  // few rows are multiplied in another way
    CHECK(loss == Approx(cross_entropy(some, hidden.values).item()).epsilon(rounding));
    CHECK(loss ==
          Approx(cross_entropy(all, {std::vector<std::int32_t>(batch.targets.data(), batch.targets.data() + 21), {21}})
                     .item())
              .epsilon(rounding));
    CHECK(model.loss(batch, 12, context).value.item() == Approx(loss / 2).epsilon(1e-5));
  }
}

TEST_CASE("a batch of which nothing is hidden has a loss of 0 and gradients of 0") {
  Bert model(tiny(), spec_of(0), Rng(1));
  Batch batch = some_batch({7, 4}, 7, false);
  std::fill_n(batch.targets.data(), 14, kIgnore);
  const auto all = differentiate(model, batch, 5, Context());
  CHECK(all[0][0] == 0);
  for (const auto& gradient : all) {
    for (const double g : gradient) CHECK(g == 0);
  }
}

TEST_CASE("losses and gradients of a BERT's parts of a batch add up, however ragged, with dropout by row") {
  const bool classes = GENERATE(false, true);
  BertConfig config = tiny();
  config.dropout = 0.3;
  config.classifier_dropout = 0.4;
  Bert model(config, spec_of(classes ? 3 : 0), Rng(1));
  Batch batch = some_batch({7, 1, 5, 2, 7, 3, 6, 4}, 7, classes);
  batch.first_row = 40;
  if (classes) {
    batch.targets[3] = kIgnore;
  } else {
    std::fill_n(batch.targets.data() + 3 * 7, 7, kIgnore);  // a row of none
  }
  const auto whole = differentiate(model, batch, batch.count(), training(40));
  for (const index_t rows : {4, 2, 1}) {
    std::vector<std::vector<double>> sums;
    for (index_t first = 0; first < 8; first += rows) {
      const auto part = differentiate(model, rows_of(batch, first, rows), batch.count(), training(40 + first));
      sums.resize(part.size());
      for (std::size_t i = 0; i < part.size(); ++i) {
        sums[i].resize(part[i].size());
        for (std::size_t e = 0; e < part[i].size(); ++e) sums[i][e] += part[i][e];
      }
    }
    INFO(rows << " rows");
    check_near(sums, whole);
  }
}

TEST_CASE("recomputing blocks changes no bit of a BERT's loss and gradients, dropout and padding included") {
  const bool classes = GENERATE(false, true);
  BertConfig config = tiny(GENERATE(NormPosition::post, NormPosition::pre));
  config.dropout = 0.2;
  Bert model(config, spec_of(classes ? 3 : 0), Rng(1));
  const Batch batch = some_batch({7, 4, 6}, 7, classes);
  Context context = training(), again = training();
  context.precision = again.precision = kDouble ? Precision::f32 : GENERATE(Precision::f32, Precision::bf16);
  again.recompute = true;
  CHECK(differentiate(model, batch, 6, context) == differentiate(model, batch, 6, again));
}

TEST_CASE("a BERT's dropouts act in training alone, each where it stands") {
  const auto scores = [](double dropout, double classifier_dropout, bool trains, std::uint64_t seed) {
    BertConfig config = tiny();
    config.dropout = dropout;
    config.classifier_dropout = classifier_dropout;
    Bert model(config, spec_of(3), Rng(1));
    Context context;
    context.training = trains;
    context.rng = Rng(seed);
    return elements(model.class_scores(some_batch({7, 4}, 7, true), context));
  };
  const auto plain = scores(0, 0, true, 1);
  CHECK(scores(0.5, 0.5, false, 1) == plain);
  for (const auto& [dropout, classifier_dropout] : {std::pair(0.5, 0.0), std::pair(0.0, 0.5)}) {
    const auto dropped = scores(dropout, classifier_dropout, true, 1);
    CHECK(dropped != plain);
    CHECK(dropped == scores(dropout, classifier_dropout, true, 1));
    CHECK(dropped != scores(dropout, classifier_dropout, true, 2));
  }
}

TEST_CASE("a BERT drops what its embeddings' norm made, not what goes into it") {
  BertConfig config = tiny();
  config.n_layer = 1;
  config.dropout = 0.5;
  Bert model(config, spec_of(0), Rng(1));
  const Batch batch = some_batch({7, 4}, 7, false);
  Context context = training(), again = training();
  const Tensor sum = model.position_embedding.forward(model.token_embedding.forward(batch.inputs)) +
                     model.segment_embedding.forward(batch.segments);
  Tensor x = Dropout{0.5}.forward(model.embedding_norm.forward(sum), again);
  AttentionOptions options;
  options.key_mask = batch.mask;
  x = reshape(model.transformer.forward(x, again, options), Shape{14, 12});
  x = model.transform_norm.forward(model.transform.forward(x, again, Activation::gelu_tanh));
  CHECK(elements(model.token_scores(batch, every_place(batch), context)) == elements(model.decoder.forward(x, again)));
}

TEST_CASE("each option of a BERT that a config names reaches its encoder") {
  const BertConfig plain = tiny();
  BertConfig pre = plain, rotary = plain, waves = plain, width = plain, norm = plain, heads = plain, silu = plain;
  pre.norm_position = NormPosition::pre;
  rotary.positions = Positions::rotary;
  waves.positions = Positions::sinusoidal;
  width.mlp_width = 9;
  norm.norm = NormKind::rms;
  heads.n_kv_head = 1;
  silu.activation = Activation::silu;
  std::set<std::vector<real>> different;
  for (const BertConfig& config : {plain, pre, rotary, waves, width, norm, heads, silu}) {
    Bert model(config, spec_of(0), Rng(1));
    const Batch batch = some_batch({7, 4}, 7, false);
    Context context;
    different.insert(elements(model.token_scores(batch, every_place(batch), context)));
  }
  CHECK(different.size() == 8);
  CHECK(Bert(heads, spec_of(0), Rng(1)).transformer.blocks[1].attention.qkv.weight.shape() == Shape{20, 12});
}

TEST_CASE("a BERT learns a batch, whatever its blocks and its head, and every parameter has a part in it") {
  const bool classes = GENERATE(false, true);
  Bert model(tiny(GENERATE(NormPosition::post, NormPosition::pre)), spec_of(classes ? 3 : 0), Rng(1));
  Optimizer optimizer(OptimConfig(), model.named_parameters());
  const Batch batch = some_batch({7, 4, 6}, 7, classes);
  const auto loss = [&](bool step) {
    Context context;
    const Tensor value = model.loss(batch, batch.count(), context).value;
    if (step) {
      optimizer.zero_grad();
      backward(value);
      for (const NamedParameter& p : model.named_parameters()) REQUIRE(p.tensor.grad().defined());
      optimizer.step(0.01);
    }
    return static_cast<double>(value.item());
  };
  const double first = loss(true);
  for (int step = 0; step < 30; ++step) loss(true);
  CHECK(loss(false) < 0.3 * first);
}

TEST_CASE("a BERT's work is the encoder's at every position, and the head's where it is asked") {
  BertConfig config = tiny();
  Bert fills(config, spec_of(0), Rng(1)), tells(config, spec_of(3), Rng(1));
  const Batch hidden = some_batch({7, 4, 6}, 7, false), classes = some_batch({7, 4, 6}, 7, true);
  const double block = 4 * 12 * 12 + 4 * 12 + 8 * 12 * 12 + 5 * 12 + 4 * 12;  // weights, biases and norms
  const double encoder = 21 * (6 * 2 * block + 12 * 2 * 12 * 7);
  CHECK(fills.flops(hidden) == encoder + 6 * 6 * (12 * 12 + 12 * 11));
  CHECK(tells.flops(classes) == encoder + 3 * 6 * (12 * 12 + 12 * 3));
}

TEST_CASE("what a BERT cannot do is refused, saying why") {
  Bert fills(tiny(), spec_of(0), Rng(1)), tells(tiny(), spec_of(2), Rng(1));
  Context context;
  const Batch batch = some_batch({7}, 7, false);
  CHECK_THROWS_WITH(fills.class_scores(batch, context), Catch::Contains("fills in words and has no classes"));
  CHECK_THROWS_WITH(tells.token_scores(batch, every_place(batch), context), Catch::Contains("tells classes"));
  CHECK_THROWS_WITH(fills.loss(some_batch({8}, 8, false), 1, context),
                    Catch::Contains("inputs [1, 8]") && Catch::Contains("model.block_size"));
  CHECK_THROWS_WITH(tiny().build(spec_of(1), Rng(1)), Catch::Contains("no classes or at least two"));
  CHECK_THROWS_WITH(tiny().build({}, Rng(1)), Catch::Contains("0 tokens"));
  BertConfig config = tiny();
  config.n_head = 5;
  CHECK_THROWS_WITH(config.build(spec_of(0), Rng(1)), Catch::Contains("model.n_head = 5 does not divide"));
}

}  // namespace heddle
