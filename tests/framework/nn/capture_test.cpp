#include "framework/nn/capture.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "framework/nn/transformer.h"
#include "models/gpt.h"

namespace heddle {
namespace {

GPTConfig small() {
  GPTConfig config;
  config.n_layer = 2;
  config.n_head = 4;
  config.n_kv_head = 2;
  config.n_embd = 24;
  config.context = 8;
  if (GENERATE(false, true)) {
    config.positions = Positions::rotary;
    config.qk_norm = true;
  }
  return config;
}

IdTensor some_ids(index_t time = 6) {
  IdTensor ids({2, time});
  for (index_t i = 0; i < ids.numel(); ++i) ids[i] = static_cast<std::int32_t>((i * 7 + 3) % 11);
  return ids;
}

std::vector<real> values(const Tensor& x) { return {x.span().begin(), x.span().end()}; }

void check_close(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  for (index_t i = 0; i < a.numel(); ++i)
    REQUIRE(static_cast<double>(a.data()[i]) == Approx(static_cast<double>(b.data()[i])).epsilon(1e-4).margin(1e-5));
}

Tensor logits(GPT& model, Capture* capture, DecodeState* state = nullptr, const IdTensor& ids = some_ids()) {
  const NoGradGuard no_grad;
  Context context;
  context.capture = capture;
  context.state = state;
  return model.logits(ids, context);
}

}  // namespace

TEST_CASE("what is captured changes no bit, and attention by its weights changes rounding alone") {
  GPT model(small(), 11, Rng(1));
  const Tensor plain = logits(model, nullptr);
  Capture capture;
  for (const char* name : {"hidden_states/*", "*/heads", "*/queries", "*/keys", "*/values", "*/mlp/hidden"})
    capture.want(name);
  CHECK(values(logits(model, &capture)) == values(plain));
  CHECK(capture.kept().size() == 3 + 2 * 5);
  Capture weights;
  weights.want("blocks/1/attention/weights");
  check_close(logits(model, &weights), plain);
  CHECK(weights.kept().size() == 1);
}

TEST_CASE("attention by its weights drops in training what the fused form drops") {
  GPTConfig config = small();
  config.dropout = 0.3;
  GPT model(config, 11, Rng(1));
  const auto trained = [&](Capture* capture) {
    Context context;
    context.training = true;
    context.rng = Rng(3);
    context.first_row = 5;  // random numbers go by the run's rows
    context.capture = capture;
    return model.logits(some_ids(), context);
  };
  Capture capture;
  capture.want("*/attention/weights");
  check_close(trained(&capture), trained(nullptr));
  const Tensor weights = capture.at("blocks/0/attention/weights");  // before dropout: none that is seen is 0
  CHECK(std::count(weights.span().begin(), weights.span().end(), 0) == 2 * 4 * 15);
}

TEST_CASE("captured tensors are what their names say") {
  GPT model(small(), 11, Rng(1));
  Capture capture;
  capture.want("*");
  logits(model, &capture);
  const auto at = [&](const char* name) { return capture.at(std::string("blocks/1/") + name); };
  CHECK(at("attention/queries").shape() == Shape{2, 6, 4, 6});
  CHECK(at("attention/keys").shape() == Shape{2, 6, 2, 6});
  CHECK(at("attention/weights").shape() == Shape{2, 4, 6, 6});
  CHECK(at("mlp/hidden").shape() == Shape{2, 6, 96});
  const Tensor weights = at("attention/weights");
  for (index_t row = 0; row < weights.numel() / 6; ++row) {
    double total = 0;
    for (index_t j = 0; j < 6; ++j) {
      total += static_cast<double>(weights.data()[row * 6 + j]);
      if (j > row % 6) CHECK(weights.data()[row * 6 + j] == 0);
    }
    CHECK(total == Approx(1).epsilon(1e-5));
  }
  AttentionOptions options;
  options.causal = true;
  check_close(at("attention/heads"), scaled_dot_product_attention(at("attention/queries"), at("attention/keys"),
                                                                  at("attention/values"), options));
  // the second block makes the last hidden states of the one before
  Context context;
  check_close(model.transformer.blocks[1].forward(capture.at("hidden_states/1"), context, options),
              capture.at("hidden_states/2"));
  check_close(model.transformer.norm.forward(capture.at("hidden_states/2")),
              model.transformer.norm.forward(
                  model.transformer.blocks[1].forward(capture.at("hidden_states/1"), context, options)));
}

TEST_CASE("a head whose result is scaled by zero is a head whose part of the projection is zero") {
  GPT model(small(), 11, Rng(1));
  Capture capture;
  const Tensor scale = Tensor::from({1, 1, 0, 1}, {4, 1});
  capture.edit("blocks/0/attention/heads", [&](const Tensor& x) { return x * scale; });
  const Tensor ablated = logits(model, &capture);
  CHECK(capture.kept().empty());
  const Tensor whole = logits(model, nullptr);
  CHECK(values(whole) != values(ablated));
  Tensor weight = model.transformer.blocks[0].attention.proj.weight;
  for (index_t row = 0; row < 24; ++row) std::fill_n(weight.mutable_data() + row * 24 + 12, 6, real{0});
  check_close(logits(model, nullptr), ablated);
}

TEST_CASE("a pass goes on from states that are given, with the same bits, and computes nothing below them") {
  GPT model(small(), 11, Rng(1));
  Capture whole;
  whole.want("hidden_states/*");
  const Tensor plain = logits(model, &whole);
  for (const char* name : {"hidden_states/1", "hidden_states/2"}) {
    Capture rest;
    rest.give("hidden_states/1", whole.at("hidden_states/1"));
    rest.give(name, whole.at(name));  // of several the last
    CHECK(values(logits(model, &rest)) == values(plain));
    const auto offered = [&](const char* other) {
      return std::count(rest.offered().begin(), rest.offered().end(), other) == 1;
    };
    CHECK_FALSE(offered("blocks/0/attention/heads"));
    CHECK(offered("blocks/1/attention/heads") == (std::string(name) == "hidden_states/1"));
  }
  Capture other;
  other.give("hidden_states/1", whole.at("hidden_states/1") * real{2});
  CHECK(values(logits(model, &other)) != values(plain));
}

TEST_CASE("edits act in their order before what passes is kept, on weights, queries and hidden states too") {
  GPT model(small(), 11, Rng(1));
  const Tensor whole = logits(model, nullptr);
  for (const char* name : {"blocks/1/attention/weights", "blocks/1/attention/queries", "blocks/1/attention/keys",
                           "blocks/1/attention/values", "blocks/1/mlp/hidden", "hidden_states/1", "hidden_states/0"}) {
    INFO(name);
    Capture capture;
    capture.want(name);
    capture.edit(name, [](const Tensor& x) { return x * real{0}; });
    capture.edit(name, [](const Tensor& x) { return x + real{2}; });
    const Tensor edited = logits(model, &capture);
    const Tensor kept = capture.at(name);
    CHECK(std::all_of(kept.span().begin(), kept.span().end(), [](real v) { return v == 2; }));
    CHECK(values(edited) != values(whole));
  }
  Capture same;
  same.edit("hidden_states/2", [](const Tensor& x) { return x; });
  CHECK(values(logits(model, &same)) == values(whole));
}

TEST_CASE("what passes is captured while text is written position by position") {
  GPT model(small(), 11, Rng(1));
  Capture whole;
  whole.want("*");
  logits(model, &whole);
  DecodeState state(2, 8);
  for (index_t t = 0; t < 6; ++t) {
    Capture capture;
    capture.want("*");
    IdTensor ids({2, 1});
    for (index_t b = 0; b < 2; ++b) ids[b] = some_ids()[b * 6 + t];
    logits(model, &capture, &state, ids);
    for (const char* name : {"attention/queries", "attention/heads", "mlp/hidden"}) {
      const std::string path = std::string("blocks/1/") + name;
      check_close(capture.at(path), slice(whole.at(path), 1, t, t + 1));
    }
    check_close(capture.at("blocks/1/attention/weights"),
                slice(slice(whole.at("blocks/1/attention/weights"), 2, t, t + 1), 3, 0, t + 1));
  }
}

TEST_CASE("blocks that would be computed again are not, where something is captured") {
  GPT model(small(), 11, Rng(1));
  Capture capture;
  capture.want("blocks/0/attention/weights");
  Context context;
  context.recompute = true;
  context.capture = &capture;
  const Tensor y = model.logits(some_ids(), context);
  CHECK(capture.at("blocks/0/attention/weights").requires_grad());
}

TEST_CASE("names that did not pass, and edits that change a shape, are told") {
  GPT model(small(), 11, Rng(1));
  Capture capture;
  capture.want("blocks/7/attention/weights");
  logits(model, &capture);
  CHECK_THROWS_WITH(capture.at("blocks/7/attention/weights"),
                    Catch::Contains("did not pass") && Catch::Contains("blocks/1/attention/weights"));
  CHECK_THROWS_WITH(capture.at("hidden_states/1"), Catch::Contains("was not wanted"));
  CHECK(std::count(capture.offered().begin(), capture.offered().end(), "blocks/0/mlp/hidden") > 0);
  capture.edit("hidden_states/0", [](const Tensor& x) { return slice(x, 1, 0, 1); });
  CHECK_THROWS_WITH(logits(model, &capture),
                    Catch::Contains("hidden_states/0") && Catch::Contains("[2, 1, 24] of [2, 6, 24]"));
}

TEST_CASE("a context names parts by their path, within their scopes alone") {
  Capture capture;
  Context context;
  {
    const auto scope = context.enter("unseen");
    CHECK(context.path("x") == "x");  // nobody asks
  }
  context.capture = &capture;
  const auto outer = context.enter("decoder");
  Context part = context.part("blocks", 3);
  {
    const auto inner = part.enter("attention");
    CHECK(part.path("weights") == "decoder/blocks/3/attention/weights");
  }
  CHECK(part.path("x") == "decoder/blocks/3/x");
  CHECK(context.path("x") == "decoder/x");
}

}  // namespace heddle
