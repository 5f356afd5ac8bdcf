#include "framework/optim.h"
#include "tests/models/bert_fixture.h"

namespace heddle {

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
