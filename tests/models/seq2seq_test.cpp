#include "models/seq2seq.h"

#include <catch2/catch.hpp>

#include "framework/autograd.h"
#include "tests/golden/golden.h"

namespace heddle {
namespace {

constexpr double kTolerance = sizeof(real) == sizeof(double) ? 1e-9 : 1e-4;
constexpr index_t kVocabulary = 11;

Seq2SeqConfig tiny() {
  Seq2SeqConfig config;
  config.n_layer = 2;
  config.n_head = 2;
  config.n_embd = 8;
  config.context = 6;
  config.dropout = 0;
  return config;
}

Seq2SeqConfig pre_norm() {
  Seq2SeqConfig config = tiny();
  config.tied = false;
  config.norm_position = NormPosition::pre;
  return config;
}

/// With what other forms have: rotary positions, RMSNorm, groups of heads, SwiGLU.
Seq2SeqConfig later() {
  Seq2SeqConfig config = pre_norm();
  config.positions = Positions::rotary;
  config.norm = NormKind::rms;
  config.n_kv_head = 1;
  config.activation = Activation::swiglu;
  return config;
}

Seq2SeqConfig any_form() { return std::vector{tiny(), pre_norm(), later()}[GENERATE(0U, 1U, 2U)]; }

IdTensor ids(std::vector<std::int32_t> values, index_t rows) {
  const index_t columns = std::ssize(values) / rows;
  return {std::move(values), Shape{rows, columns}};
}

/// Two pairs; the second source and the first target are padded.
Batch some_pairs() {
  Batch batch;
  batch.source = ids({3, 7, 1, 9, 2, 4, 10, 2, 0, 0}, 2);
  batch.source_mask = Tensor::from({1, 1, 1, 1, 1, 1, 1, 1, 0, 0}, {2, 5});
  batch.inputs = ids({1, 5, 8, 0, 1, 6, 6, 9}, 2);
  batch.targets = ids({5, 8, 2, -1, 6, 6, 9, 2}, 2);
  return batch;
}

Tensor scores(Seq2Seq& model, const Batch& batch) {
  Context context;
  return model.logits(batch.inputs, model.encode(batch.source, batch.source_mask, context), context);
}

std::vector<real> row_of(const Tensor& x, index_t row) {
  const index_t size = x.shape().product(1, x.ndim());
  return {x.data() + row * size, x.data() + (row + 1) * size};
}

void check_near(const std::vector<real>& a, const std::vector<real>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Approx(b[i]).epsilon(1e-4).margin(1e-5));
}

}  // namespace

TEST_CASE("tiny transformers compute PyTorch's memory, logits, smoothed loss and gradients") {
  const auto [file, form] =
      GENERATE(std::pair("seq2seq_post_tied.txt", tiny()), std::pair("seq2seq_pre_untied.txt", pre_norm()));
  INFO(file);
  const Golden golden(file);
  Seq2Seq model(form, kVocabulary, Rng(1));
  for (NamedParameter& p : model.named_parameters()) {
    INFO(p.name);
    const Tensor value = golden.tensor("param/" + p.name);
    REQUIRE(value.shape() == p.tensor.shape());
    std::copy_n(value.data(), value.numel(), p.tensor.mutable_data());
  }
  const Batch batch = some_pairs();
  Context context;
  CHECK(golden_error(model.encode(batch.source, batch.source_mask, context).states, golden.values("memory")) <
        kTolerance);
  CHECK(golden_error(scores(model, batch), golden.values("logits")) < kTolerance);
  context.training = true;  // targets are smoothed
  context.recompute = GENERATE(false, true);
  const Loss loss = model.loss(batch, batch.count(), context);
  CHECK(loss.count == 7);
  CHECK(golden_error(loss.value, golden.values("loss")) < kTolerance);
  backward(loss.value);
  for (const NamedParameter& p : model.named_parameters()) {
    INFO(p.name);
    CHECK(golden_error(p.tensor.grad(), golden.values("grad/" + p.name)) < kTolerance);
  }
}

TEST_CASE("targets are smoothed while training alone") {
  Seq2SeqConfig config = tiny();
  config.label_smoothing = 0.3;
  Seq2Seq smoothed(config, kVocabulary, Rng(1));
  config.label_smoothing = 0;
  Seq2Seq plain(config, kVocabulary, Rng(1));
  const auto loss = [](Seq2Seq& model, bool training) {
    Context context;
    context.training = training;
    return model.loss(some_pairs(), 7, context).value.item();
  };
  CHECK(loss(smoothed, false) == loss(plain, false));
  CHECK(loss(smoothed, true) > loss(plain, true));
  CHECK(loss(plain, true) == loss(plain, false));
}

TEST_CASE("a pair's scores are the same alone and beside longer ones: padding changes nothing") {
  Seq2Seq model(any_form(), kVocabulary, Rng(1));
  const Batch both = some_pairs();
  const Tensor together = scores(model, both);
  Batch alone;
  alone.source = ids({4, 10, 2}, 1);
  alone.inputs = ids({1, 6, 6, 9}, 1);
  check_near(row_of(scores(model, alone), 0), row_of(together, 1));
  alone.source = ids({3, 7, 1, 9, 2}, 1);
  alone.inputs = ids({1, 5, 8}, 1);
  const auto padded = row_of(together, 0);
  check_near(row_of(scores(model, alone), 0), {padded.begin(), padded.begin() + 3 * kVocabulary});
}

TEST_CASE("every place of the source counts for every score, of the target those before it alone") {
  Seq2Seq model(any_form(), kVocabulary, Rng(1));
  Batch batch = some_pairs();
  const auto before = row_of(scores(model, batch), 0);
  const auto changed = [&](index_t t) {
    const auto after = row_of(scores(model, batch), 0);
    return !std::equal(before.begin() + t * kVocabulary, before.begin() + (t + 1) * kVocabulary,
                       after.begin() + t * kVocabulary);
  };
  batch.inputs[2] = 3;
  for (index_t t = 0; t < 4; ++t) CHECK(changed(t) == (t >= 2));
  batch = some_pairs();
  batch.source[4] = 6;
  for (index_t t = 0; t < 4; ++t) CHECK(changed(t));
}

TEST_CASE("a target written piece by piece with a decode state has the scores that it has at once") {
  Seq2Seq model(any_form(), kVocabulary, Rng(1));
  const Batch batch = some_pairs();
  const Tensor whole = scores(model, batch);
  const NoGradGuard no_grad;
  Context context;
  const Memory memory = model.encode(batch.source, batch.source_mask, context);
  DecodeState state(2, 4);
  context.state = &state;
  const Tensor first = model.logits(ids({1, 5, 1, 6}, 2), memory, context);
  CHECK(state.length() == 2);
  state.reorder({1, 0});
  context.last_only = true;
  const Tensor rest = model.logits(ids({6, 9, 8, 0}, 2), {}, context);  // the memory is held
  REQUIRE(rest.shape() == Shape{2, 1, kVocabulary});
  for (const index_t row : {0, 1}) {
    const auto all = row_of(whole, row);
    check_near(row_of(first, row), {all.begin(), all.begin() + 2 * kVocabulary});
    check_near(row_of(rest, 1 - row), {all.begin() + 3 * kVocabulary, all.end()});
  }
  context.state = nullptr;
  CHECK_THROWS_WITH(model.logits(batch.inputs, {}, context), Catch::Contains("run the encoder first"));
}

TEST_CASE("losses and gradients of a batch's pairs add up to the batch's, dropout included") {
  Seq2SeqConfig config = any_form();
  config.dropout = 0.3;
  Seq2Seq model(config, kVocabulary, Rng(1));
  const Batch both = some_pairs();
  const auto run = [&](const std::vector<Batch>& parts) {
    std::vector<double> all{0};
    for (const Batch& part : parts) {
      Context context;
      context.training = true;
      context.rng = Rng(5);
      context.first_row = part.first_row;
      const Tensor loss = model.loss(part, 7, context).value;
      backward(loss);
      all[0] += loss.item();
    }
    for (NamedParameter& p : model.named_parameters()) {
      all.insert(all.end(), p.tensor.grad().span().begin(), p.tensor.grad().span().end());
      p.tensor.zero_grad();
    }
    return all;
  };
  const auto row = [&](index_t r) {
    const auto cut = [&](const IdTensor& x) {
      return IdTensor({x.data() + r * x.size(1), x.data() + (r + 1) * x.size(1)}, {1, x.size(1)});
    };
    Batch part;
    part.source = cut(both.source);
    part.source_mask = slice(both.source_mask, 0, r, r + 1);
    part.inputs = cut(both.inputs);
    part.targets = cut(both.targets);
    part.first_row = r;
    return part;
  };
  const auto whole = run({both}), parts = run({row(0), row(1)});
  for (std::size_t i = 0; i < whole.size(); ++i) REQUIRE(parts[i] == Approx(whole[i]).epsilon(1e-3).margin(1e-5));
}

TEST_CASE("a capture sees encoder and decoder under their names") {
  Seq2Seq model(tiny(), kVocabulary, Rng(1));
  const Batch batch = some_pairs();
  Capture capture;
  capture.want("*weights");
  Context context;
  context.capture = &capture;
  model.logits(batch.inputs, model.encode(batch.source, batch.source_mask, context), context);
  CHECK(capture.at("encoder/blocks/1/attention/weights").shape() == Shape{2, 2, 5, 5});
  CHECK(capture.at("decoder/blocks/0/attention/weights").shape() == Shape{2, 2, 4, 4});
  const Tensor cross = capture.at("decoder/blocks/1/cross_attention/weights");
  CHECK(cross.shape() == Shape{2, 2, 4, 5});
  CHECK(cross.data()[cross.numel() - 1] == 0);  // padding is seen by none
  CHECK(std::count(capture.offered().begin(), capture.offered().end(), "encoder/hidden_states/2") == 1);
}

TEST_CASE("the operations of a step are those of its products") {
  Seq2SeqConfig config = tiny();
  Seq2Seq model(config, kVocabulary, Rng(1));
  const Batch batch = some_pairs();
  // matrices of 8 x 8: the encoder's q k v o and 4 + 4 of its MLP; the decoder's with q, o of its cross-attention,
  // whose keys and values are made of source tokens
  const double source = 6.0 * 64 * (2 * 12 + 2 * 2), target = 6.0 * 64 * 2 * 14 + 6 * 8 * kVocabulary;
  const double vectors =
      6.0 * 10 * 2 * (3 * 8 + 8 + 32 + 8 + 4 * 8) + 6.0 * 8 * 2 * (3 * 8 + 8 + 8 + 16 + 8 + 32 + 8 + 6 * 8);
  const double attention = 12.0 * 2 * 8 * (10 * 5 + 8 * (5 + 4));
  CHECK(model.flops(batch) == Approx(10 * source + 8 * target + vectors + attention));
}

TEST_CASE("tokens that are too many, and a source that would go on, are refused") {
  Seq2Seq model(tiny(), kVocabulary, Rng(1));
  Context context;
  CHECK_THROWS_WITH(model.encode(IdTensor({1, 7}), {}, context), Catch::Contains("exceed the context of 6"));
  CHECK_THROWS_WITH(model.encode(IdTensor({7}), {}, context), Catch::Contains("[batch, time]"));
  DecodeState state(1, 4);
  context.state = &state;
  CHECK_THROWS_WITH(model.encode(IdTensor({1, 3}), {}, context), Catch::Contains("no decode state"));
  Seq2SeqConfig config = tiny();
  config.n_head = 3;
  CHECK_THROWS_WITH(Seq2Seq(config, kVocabulary, Rng(1)), Catch::Contains("model.n_head = 3"));
}

}  // namespace heddle
