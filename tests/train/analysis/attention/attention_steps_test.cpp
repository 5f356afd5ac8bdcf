#include "train/analysis/attention/attention_steps.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "models/gpt.h"
#include "models/seq2seq.h"
#include "tests/models/gpt_fixture.h"
#include "tests/models/stir.h"

namespace heddle {
namespace {

/// What passed through a tiny GPT that was shown [1, 7] tokens.
struct Passed {
  explicit Passed(const GPTConfig& config) : model(config, 11, Rng(1)) {
    stir(model);
    const NoGradGuard no_grad;
    Context context;
    context.capture = &capture;
    capture.want("*");
    model.logits(some_ids(1, 7), context);
  }
  GPT model;
  Capture capture;
};

}  // namespace

TEST_CASE("the guide's scores are scaled to its numbers, and their weights are the softmax") {
  const std::vector<double> scores = {0.43, 0.56, 0.41};
  HeadView head;
  head.queries = Tensor::zeros({1, 128});
  head.queries.mutable_data()[5] = 1;
  head.keys = Tensor::zeros({3, 128});
  for (index_t j = 0; j < 3; ++j)
    head.keys.mutable_data()[j * 128 + 5] = static_cast<real>(scores[static_cast<std::size_t>(j)]);
  head.values = Tensor::from({1, 0, 0, 1, 1, 1}, {3, 2});
  head.weights = Tensor::full({1, 3}, real{1});
  head.projection = Tensor::from({1, 0, 0, 2, 1, 1}, {3, 2});
  head.scale = 1 / std::sqrt(128.0);
  const AttentionSteps steps = attention_steps(head, 0);
  REQUIRE(steps.seen.size() == 3);
  const std::vector<double> scaled = {0.038, 0.050, 0.036};
  double total = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(steps.seen[i].score == Approx(scores[i]));
    CHECK(steps.seen[i].scaled == Approx(scaled[i]).margin(6e-4));
    CHECK(steps.seen[i].scaled == Approx(scores[i] / std::sqrt(128.0)));
    total += std::exp(scores[i] / std::sqrt(128.0));
  }
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(steps.seen[i].weight == Approx(std::exp(scores[i] / std::sqrt(128.0)) / total));
  const double first = steps.seen[0].weight, second = steps.seen[1].weight, third = steps.seen[2].weight;
  CHECK(steps.sum[0] == Approx(first + third));
  CHECK(steps.sum[1] == Approx(second + third));
  CHECK(steps.output == std::vector<double>{steps.sum[0], 2 * steps.sum[1], steps.sum[0] + steps.sum[1]});
}

TEST_CASE("the steps come to the weights and the result of the model's own head, whatever its form") {
  GPTConfig config = any_form();
  if (config.n_kv_head == 0 && GENERATE(false, true)) {
    config.n_head = 4;
    config.n_kv_head = 2;
    config.positions = Positions::learned;  // heads of width 3 cannot be turned
  }
  const index_t size = config.n_embd / config.n_head;
  if (GENERATE(false, true)) config.attention_scale = AttentionScale::none;
  Passed passed(config);
  const double scale = config.transformer_options().scale.value_or(0);
  REQUIRE(attentions(passed.capture) == std::vector<std::string>{"blocks/0/attention", "blocks/1/attention"});
  const Linear& proj = passed.model.transformer.blocks[1].attention.proj;
  std::vector<double> added(12, 0);  // by all heads, at place 4
  for (index_t h = 0; h < config.n_head; ++h) {
    const HeadView head = view_head(passed.capture, "blocks/1/attention", proj.weight, scale, h);
    for (index_t place = 0; place < 7; ++place) {
      const AttentionSteps steps = attention_steps(head, place);
      REQUIRE(std::ssize(steps.seen) == place + 1);  // it is causal
      double total = 0;
      for (const SeenKey& key : steps.seen) {
        CHECK(key.weight == Approx(static_cast<double>(head.weights.data()[place * 7 + key.place])).margin(2e-5));
        total += key.weight;
      }
      CHECK(total == Approx(1));
      for (index_t d = 0; d < size; ++d)
        CHECK(steps.sum[static_cast<std::size_t>(d)] ==
              Approx(static_cast<double>(head.sums.data()[place * size + d])).epsilon(1e-3).margin(1e-4));
      CHECK(steps.of == place);
      if (place == 4) {
        for (std::size_t c = 0; c < added.size(); ++c) added[c] += steps.output[c];
      }
    }
  }
  const Tensor heads = passed.capture.at("blocks/1/attention/heads");
  const Tensor whole = linear(reshape(heads, Shape{1, 7, 12}), proj.weight, Tensor());
  for (std::size_t c = 0; c < added.size(); ++c)
    CHECK(added[c] == Approx(static_cast<double>(whole.data()[4 * 12 + c])).epsilon(1e-3).margin(1e-4));
}

TEST_CASE("cross-attention looks at the source, padding left out, and shows the place with the most weight") {
  Seq2SeqConfig config;
  config.n_layer = 2;
  config.n_head = 3;
  config.n_embd = 12;
  config.context = 9;
  Seq2Seq model(config, 11, Rng(1));
  stir(model);
  const NoGradGuard no_grad;
  Capture capture;
  capture.want("*");
  Context context;
  context.capture = &capture;
  const Tensor mask = Tensor::from({1, 1, 1, 1, 0}, {1, 5});
  model.logits(some_ids(1, 5, 2), model.encode(some_ids(1, 5), mask, context), context);
  CHECK(attentions(capture).size() == 6);
  const std::string name = "decoder/blocks/1/cross_attention";
  const HeadView head = view_head(capture, name, model.decoder.blocks[1].cross_attention.proj.weight, 0, 2);
  CHECK(head.cross);
  const AttentionSteps steps = attention_steps(head, 3);
  REQUIRE(steps.seen.size() == 4);
  for (const SeenKey& key : steps.seen) {
    CHECK(key.weight == Approx(static_cast<double>(head.weights.data()[3 * 5 + key.place])).margin(2e-5));
    CHECK(key.weight <= steps.seen[static_cast<std::size_t>(steps.of)].weight);
  }
  CHECK(steps.key[0] == static_cast<double>(head.keys.data()[steps.of * 4]));
}

TEST_CASE("the attentions of a model are told in its own order, and by what side they look from and at") {
  GPTConfig config = tiny(true, true);
  config.n_layer = 11;
  const std::vector<std::string> all = attentions(Passed(config).capture);
  REQUIRE(all.size() == 11);
  CHECK(all[2] == "blocks/2/attention");
  CHECK(all[10] == "blocks/10/attention");
  CHECK_FALSE((is_cross(all[0]) || queries_of_source(all[0]) || keys_of_source(all[0])));
  CHECK((queries_of_source("encoder/blocks/0/attention") && keys_of_source("encoder/blocks/0/attention")));
  const std::string cross = "decoder/blocks/0/cross_attention";
  CHECK((is_cross(cross) && !queries_of_source(cross) && keys_of_source(cross)));
  CHECK_FALSE(keys_of_source("decoder/blocks/0/attention"));
}

TEST_CASE("a head and a place that are not there are refused") {
  const Passed passed(tiny(true, true));
  const Tensor& proj = passed.model.transformer.blocks[0].attention.proj.weight;
  CHECK_THROWS_WITH(view_head(passed.capture, "blocks/0/attention", proj, 0, 3),
                    Catch::Contains("has 3 heads, 0 .. 2; there is none 3"));
  const HeadView head = view_head(passed.capture, "blocks/0/attention", proj, 0, 2);
  CHECK_THROWS_WITH(attention_steps(head, 7), Catch::Contains("there is no place 7 among 7"));
}

}  // namespace heddle
