#include <set>

#include "tests/models/bert_fixture.h"

namespace heddle {

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

}  // namespace heddle
