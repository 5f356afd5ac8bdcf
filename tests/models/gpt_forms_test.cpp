// The forms that a GPT can have: others' values and numbers of parameters, and what each option does.

#include <set>

#include "framework/optim.h"
#include "tests/golden/golden.h"
#include "tests/models/gpt_fixture.h"

namespace heddle {
namespace {

constexpr double kTolerance = sizeof(real) == sizeof(double) ? 1e-9 : 1e-4;

GPTConfig with_width(GPTConfig config, index_t width) {
  config.mlp_width = width;
  return config;
}

}  // namespace

TEST_CASE("tiny GPTs compute PyTorch's logits, loss, gradients and ten AdamW steps") {
  const auto [file, form] =
      GENERATE(std::pair("gpt_bias_tied.txt", tiny(true, true)), std::pair("gpt_plain_untied.txt", tiny(false, false)),
               std::pair("gpt_rotary_swiglu.txt", later(tiny(true, false))),
               std::pair("gpt_llama.txt", with_width(llama(tiny(false, false)), 20)),
               std::pair("gpt_nanochat.txt", nanochat(tiny(false, false))));
  INFO(file);
  const Golden golden(file);
  GPT model(form, 11, Rng(1));
  auto parameters = model.named_parameters();
  for (NamedParameter& p : parameters) {
    INFO(p.name);
    const Tensor value = golden.tensor("param/" + p.name);
    REQUIRE(value.shape() == p.tensor.shape());
    std::copy_n(value.data(), value.numel(), p.tensor.mutable_data());
  }
  const Batch batch = batch_of(golden.ids("inputs"), golden.ids("targets"));
  Context context;
  REQUIRE(golden_error(model.logits(batch.inputs, context), golden.values("logits")) < kTolerance);
  const Tensor loss = model.loss(batch, batch.count(), context).value;
  REQUIRE(golden_error(loss, golden.values("loss")) < kTolerance);
  backward(loss);
  for (const NamedParameter& p : parameters) {
    INFO(p.name);
    REQUIRE(golden_error(p.tensor.grad(), golden.values("grad/" + p.name)) < kTolerance);
  }

  OptimConfig config;
  config.weight_decay = 0.1;
  config.eps = 1e-5;
  Optimizer optimizer(config, parameters);
  for (std::size_t step = 0; step < golden.values("rates").size(); ++step) {
    optimizer.zero_grad();
    const Tensor before = model.loss(batch, batch.count(), context).value;
    REQUIRE(golden_error(before, {golden.values("losses")[step]}) < kTolerance);
    backward(before);
    const double norm = grad_norm(parameters);
    REQUIRE(norm == Approx(golden.values("norms")[step]).epsilon(kTolerance));
    optimizer.step(golden.values("rates")[step], clip_scale(norm, 1));
  }
  for (const NamedParameter& p : parameters) {
    INFO(p.name);
    CHECK(golden_error(p.tensor, golden.values("step/" + p.name)) < kTolerance);
  }
}

TEST_CASE("a GPT has GPT-2's number of parameters, tied ones counted once") {
  GPTConfig config;
  config.n_layer = 12;
  config.n_head = 12;
  config.n_embd = 768;
  config.context = 1024;
  REQUIRE(count_elements(GPT(config, 50257, Initializer::counting()).named_parameters()) == 124439808);
  config = tiny(true, false);
  const auto untied = count_elements(GPT(config, 11, Rng(1)).named_parameters());
  config.tied = true;
  REQUIRE(untied - count_elements(GPT(config, 11, Rng(1)).named_parameters()) == 11 * 12);
}

TEST_CASE("a GPT of Llama 2's form has its 7B's number of parameters, TinyLlama's with groups, and takes no memory") {
  GPTConfig config = llama(GPTConfig());
  config.n_layer = 32;
  config.n_head = 32;
  config.n_kv_head = 0;
  config.n_embd = 4096;
  config.mlp_width = 11008;
  const auto before = pool_stats().bytes_in_use;
  {
    GPT model(config, 32000, Initializer::counting());
    REQUIRE(count_elements(model.named_parameters()) == 6738415616);
    REQUIRE(pool_stats().bytes_in_use - before < 100000);
  }
  config.n_layer = 22;
  config.n_kv_head = 4;
  config.n_embd = 2048;
  config.mlp_width = 5632;
  REQUIRE(count_elements(GPT(config, 32000, Initializer::counting()).named_parameters()) == 1100048384);
}

TEST_CASE("a soft-cap leaves no logit beyond it, by the hyperbolic tangent") {
  GPTConfig config = tiny(false, false);
  GPT plain(config, 11, Rng(1));
  config.logit_softcap = 0.05;
  GPT capped(config, 11, Rng(1));
  Context context;
  const Tensor before = plain.logits(some_ids(2, 7), context), after = capped.logits(some_ids(2, 7), context);
  for (index_t i = 0; i < before.numel(); ++i) {
    const auto z = static_cast<double>(before.data()[i]);
    REQUIRE(static_cast<double>(after.data()[i]) == Approx(0.05 * std::tanh(z / 0.05)).margin(1e-6));
  }
  REQUIRE(std::any_of(before.span().begin(), before.span().end(),
                      [](real z) { return static_cast<double>(std::abs(z)) > 0.06; }));
}

TEST_CASE("each option of the blocks that a config names reaches them") {
  GPTConfig plain = tiny(true, true);
  plain.positions = Positions::rotary;
  GPTConfig base = plain, width = plain, groups = plain, norm = plain, position = plain, embeddings = plain,
            cap = plain, scale = plain;
  base.rotary_base = 20;
  width.mlp_width = 9;
  groups.n_kv_head = 1;
  norm.norm = NormKind::rms;
  position.norm_position = NormPosition::post;
  embeddings.embedding_norm = true;
  cap.logit_softcap = 1;
  scale.attention_scale = AttentionScale::none;
  const auto logits = [](const GPTConfig& config) {
    GPT model(config, 11, Rng(1));
    Context context;
    const Tensor y = model.logits(some_ids(2, 7), context);
    return std::vector<real>(y.span().begin(), y.span().end());
  };
  std::set<std::vector<real>> different;
  for (const GPTConfig& config : {plain, base, width, groups, norm, position, embeddings, cap, scale})
    different.insert(logits(config));
  REQUIRE(different.size() == 9);
  REQUIRE(GPT(groups, 11, Rng(1)).transformer.blocks[1].attention.qkv.weight.shape() == Shape{12 + 2 * 4, 12});
  REQUIRE(GPT(width, 11, Rng(1)).transformer.blocks[1].mlp.fc.weight.shape() == Shape{9, 12});
}

TEST_CASE("post-norm blocks need no last norm, and learn") {
  GPTConfig config = tiny(true, true);
  config.norm_position = NormPosition::post;
  config.norm = GENERATE(NormKind::layer, NormKind::rms);
  GPT model(config, 11, Rng(1));
  const auto parameters = model.named_parameters();
  REQUIRE(std::none_of(parameters.begin(), parameters.end(),
                       [](const NamedParameter& p) { return p.name.starts_with("norm/"); }));
  Optimizer optimizer(OptimConfig(), parameters);
  const Batch batch = batch_of(some_ids(2, 7), some_ids(2, 7, 5));
  Context context;
  const double first = static_cast<double>(model.loss(batch, 14, context).value.item());
  for (int step = 0; step < 30; ++step) {
    optimizer.zero_grad();
    backward(model.loss(batch, 14, context).value);
    for (const NamedParameter& p : parameters) REQUIRE(p.tensor.grad().defined());
    optimizer.step(0.01);
  }
  REQUIRE(static_cast<double>(model.loss(batch, 14, context).value.item()) < 0.5 * first);
}

TEST_CASE("sizes that do not fit each other are refused by their keys") {
  GPTConfig config = tiny(true, true);
  config.n_head = 5;
  REQUIRE_THROWS_WITH(config.build({std::vector<std::string>(11, "x")}, Rng(1)),
                      Catch::Contains("model.n_head = 5 does not divide model.n_embd = 12"));
  config = tiny(true, true);
  config.n_kv_head = 2;
  REQUIRE_THROWS_WITH(config.build({std::vector<std::string>(11, "x")}, Rng(1)),
                      Catch::Contains("model.n_kv_head = 2 does not divide model.n_head = 3"));
}

}  // namespace heddle
