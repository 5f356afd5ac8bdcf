#include "models/gpt.h"

#include <catch2/catch.hpp>

#include "framework/gemm.h"
#include "framework/optim.h"
#include "tests/golden/golden.h"

namespace heddle {
namespace {

constexpr double kTolerance = sizeof(real) == sizeof(double) ? 1e-9 : 1e-4;

GPTConfig tiny(bool bias, bool tied) {
  GPTConfig config;
  config.n_layer = 2;
  config.n_head = 3;
  config.n_embd = 12;
  config.context = 7;
  config.bias = bias;
  config.tied = tied;
  return config;
}

/// GPT-2's form, and one with the options that came later.
GPTConfig either_form() {
  GPTConfig config = tiny(true, true);
  if (GENERATE(false, true)) {
    config.positions = "rotary";
    config.qk_norm = true;
    config.activation = "swiglu";
  }
  return config;
}

IdTensor some_ids(index_t batch, index_t time, std::int32_t shift = 0) {
  IdTensor ids({batch, time});
  for (index_t i = 0; i < ids.numel(); ++i) ids[i] = static_cast<std::int32_t>((i * 7 + 3 + shift) % 11);
  return ids;
}

}  // namespace

TEST_CASE("a tiny GPT computes PyTorch's logits, loss, gradients and ten AdamW steps") {
  const bool bias = GENERATE(true, false);
  const Golden golden(bias ? "gpt_bias_tied.txt" : "gpt_plain_untied.txt");
  GPT model(tiny(bias, bias), 11, Rng(1));
  auto parameters = model.named_parameters();
  for (NamedTensor& p : parameters) {
    INFO(p.name);
    const Tensor value = golden.tensor("param/" + p.name);
    REQUIRE(value.shape() == p.tensor.shape());
    std::copy_n(value.data(), value.numel(), p.tensor.data());
  }
  const Batch batch{golden.ids("inputs"), golden.ids("targets")};
  Context context;
  REQUIRE(golden_error(model.logits(batch.inputs, context), golden.values("logits")) < kTolerance);
  const Tensor loss = model.loss(batch, context);
  REQUIRE(golden_error(loss, golden.values("loss")) < kTolerance);
  backward(loss);
  for (const NamedTensor& p : parameters) {
    INFO(p.name);
    REQUIRE(golden_error(p.tensor.grad(), golden.values("grad/" + p.name)) < kTolerance);
  }

  OptimConfig config;
  config.weight_decay = 0.1;
  config.eps = 1e-5;
  Optimizer optimizer(config, parameters);
  for (std::size_t step = 0; step < golden.values("rates").size(); ++step) {
    optimizer.zero_grad();
    const Tensor before = model.loss(batch, context);
    REQUIRE(golden_error(before, {golden.values("losses")[step]}) < kTolerance);
    backward(before);
    const double norm = grad_norm(parameters);
    REQUIRE(norm == Approx(golden.values("norms")[step]).epsilon(kTolerance));
    optimizer.step(golden.values("rates")[step], clip_scale(norm, 1));
  }
  for (const NamedTensor& p : parameters) {
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
  REQUIRE(count_elements(GPT(config, 50257, Rng(1)).named_parameters()) == 124439808);
  config = tiny(true, false);
  const auto untied = count_elements(GPT(config, 11, Rng(1)).named_parameters());
  config.tied = true;
  REQUIRE(untied - count_elements(GPT(config, 11, Rng(1)).named_parameters()) == 11 * 12);
}

TEST_CASE("a GPT's logits do not depend on later tokens, and do on earlier ones") {
  GPT model(either_form(), 11, Rng(1));
  Context context;
  IdTensor ids = some_ids(2, 7);
  const Tensor before = model.logits(ids, context);
  ids[4] = (ids[4] + 1) % 11;
  const Tensor after = model.logits(ids, context);
  for (index_t t = 0; t < 7; ++t) {
    const bool same = std::equal(before.data() + t * 11, before.data() + (t + 1) * 11, after.data() + t * 11);
    REQUIRE(same == (t < 4));
  }
}

TEST_CASE("logits with a cache equal those without, token by token and in pieces") {
  GPT model(either_form(), 11, Rng(1));
  const IdTensor ids = some_ids(2, 7);
  const NoGradGuard no_grad;
  Context plain;
  const Tensor whole = model.logits(ids, plain);
  const index_t piece = GENERATE(1, 2, 3);
  KeyValueCache cache(7);
  for (index_t begin = 0; begin < 7; begin += piece) {
    const index_t count = std::min<index_t>(piece, 7 - begin);
    IdTensor part({2, count});
    for (index_t b = 0; b < 2; ++b) std::copy_n(ids.data() + b * 7 + begin, count, part.data() + b * count);
    Context context;
    context.cache = &cache;
    const Tensor logits = model.logits(part, context);
    for (index_t b = 0; b < 2; ++b) {
      for (index_t i = 0; i < count * 11; ++i) {
        REQUIRE(logits.data()[b * count * 11 + i] ==
                Approx(whole.data()[(b * 7 + begin) * 11 + i]).epsilon(1e-4).margin(1e-5));
      }
    }
  }
  Context context;
  context.cache = &cache;
  REQUIRE_THROWS_WITH(model.logits(some_ids(2, 1), context), Catch::Contains("8 positions exceed the context of 7"));
}

TEST_CASE("the last position's logits alone are those of all positions") {
  GPT model(either_form(), 11, Rng(1));
  Context all, last;
  last.last_only = true;
  const Tensor whole = model.logits(some_ids(2, 7), all), one = model.logits(some_ids(2, 7), last);
  REQUIRE(one.shape() == Shape{2, 1, 11});
  for (index_t b = 0; b < 2; ++b) {
    for (index_t v = 0; v < 11; ++v)
      REQUIRE(one.data()[b * 11 + v] == Approx(whole.data()[(b * 7 + 6) * 11 + v]).margin(1e-6));
  }
}

TEST_CASE("recomputing blocks changes no bit of the loss and the gradients, dropout included") {
  GPTConfig config = either_form();
  config.dropout = 0.2;
  GPT model(config, 11, Rng(1));
  auto parameters = model.named_parameters();
  const index_t batch = GENERATE(1, 2);  // few rows are multiplied in another way, which bf16 shows
  const PrecisionGuard precision(sizeof(real) == sizeof(float) ? GENERATE(Precision::f32, Precision::bf16)
                                                               : Precision::f32);
  const auto run = [&](bool again) {
    Context context;
    context.training = true;
    context.recompute = again;
    context.rng = Rng(5);
    const Tensor loss = model.loss({some_ids(batch, 7), some_ids(batch, 7, 5)}, context);
    backward(loss);
    std::vector<real> all{loss.item()};
    for (NamedTensor& p : parameters) {
      all.insert(all.end(), p.tensor.grad().span().begin(), p.tensor.grad().span().end());
      p.tensor.zero_grad();
    }
    return all;
  };
  REQUIRE(run(false) == run(true));
}

TEST_CASE("gradients of a batch of 8 equal those of two batches of 4 to rounding") {
  GPT model(tiny(false, true), 11, Rng(1));
  const auto parameters = model.named_parameters();
  const IdTensor inputs = some_ids(8, 7), targets = some_ids(8, 7, 5);
  Context context;
  backward(model.loss({inputs, targets}, context));
  std::vector<Tensor> whole;
  for (NamedTensor p : parameters) {
    whole.push_back(p.tensor.grad().clone());
    p.tensor.zero_grad();
  }
  for (index_t half = 0; half < 2; ++half) {
    const auto part = [&](const IdTensor& ids) {
      return IdTensor(std::vector<std::int32_t>(ids.data() + half * 28, ids.data() + (half + 1) * 28), {4, 7});
    };
    backward(model.loss({part(inputs), part(targets)}, context), Tensor::scalar(real{0.5}));
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    INFO(parameters[i].name);
    const std::vector<double> wanted(whole[i].span().begin(), whole[i].span().end());
    REQUIRE(golden_error(parameters[i].tensor.grad(), wanted) < (sizeof(real) == 8 ? 1e-12 : 1e-5));
  }
}

TEST_CASE("dropout acts in training alone, and the same seed drops the same") {
  GPTConfig config = tiny(true, true);
  config.dropout = 0.5;
  GPT model(config, 11, Rng(1));
  const auto logits = [&](bool training, std::uint64_t seed) {
    Context context;
    context.training = training;
    context.rng = Rng(seed);
    const Tensor y = model.logits(some_ids(1, 7), context);
    return std::vector<real>(y.span().begin(), y.span().end());
  };
  REQUIRE(logits(false, 1) == logits(false, 2));
  REQUIRE(logits(true, 1) == logits(true, 1));
  REQUIRE(logits(true, 1) != logits(true, 2));
  REQUIRE(logits(true, 1) != logits(false, 1));
}

TEST_CASE("sizes that do not fit each other are refused by their keys") {
  GPTConfig config = tiny(true, true);
  config.n_head = 5;
  REQUIRE_THROWS_WITH(config.build({std::vector<std::string>(11, "x"), {}}, Rng(1)),
                      Catch::Contains("model.n_head = 5 does not divide model.n_embd = 12"));
  REQUIRE_THROWS_WITH(make_model_config("gtp"), Catch::Contains("model.kind = gtp") && Catch::Contains("gpt"));
}

}  // namespace heddle
