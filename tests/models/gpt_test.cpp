#include <set>

#include "framework/gemm.h"
#include "framework/optim.h"
#include "tests/golden/golden.h"
#include "tests/models/gpt_fixture.h"

namespace heddle {

TEST_CASE("a GPT's logits do not depend on later tokens, and do on earlier ones") {
  GPT model(any_form(), 11, Rng(1));
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

TEST_CASE("logits with a decode state equal those without, token by token and in pieces") {
  GPT model(any_form(), 11, Rng(1));
  const IdTensor ids = some_ids(2, 7);
  const NoGradGuard no_grad;
  Context plain;
  const Tensor whole = model.logits(ids, plain);
  const index_t piece = GENERATE(1, 2, 3);
  DecodeState state(2, 7);
  for (index_t begin = 0; begin < 7; begin += piece) {
    const index_t count = std::min<index_t>(piece, 7 - begin);
    IdTensor part({2, count});
    for (index_t b = 0; b < 2; ++b) std::copy_n(ids.data() + b * 7 + begin, count, part.data() + b * count);
    Context context;
    context.state = &state;
    const Tensor logits = model.logits(part, context);
    for (index_t b = 0; b < 2; ++b) {
      for (index_t i = 0; i < count * 11; ++i) {
        REQUIRE(logits.data()[b * count * 11 + i] ==
                Approx(whole.data()[(b * 7 + begin) * 11 + i]).epsilon(1e-4).margin(1e-5));
      }
    }
  }
  Context context;
  context.state = &state;
  REQUIRE_THROWS_WITH(model.logits(some_ids(2, 1), context), Catch::Contains("8 positions exceed the context of 7"));
}

TEST_CASE("the last position's logits alone are those of all positions") {
  GPT model(any_form(), 11, Rng(1));
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
  GPTConfig config = any_form();
  config.dropout = 0.2;
  GPT model(config, 11, Rng(1));
  auto parameters = model.named_parameters();
  const index_t batch = GENERATE(1, 2);  // few rows are multiplied in another way, which bf16 shows
  const Precision precision =
      sizeof(real) == sizeof(float) ? GENERATE(Precision::f32, Precision::bf16) : Precision::f32;
  const auto run = [&](bool again) {
    Context context;
    context.training = true;
    context.precision = precision;
    context.recompute = again;
    context.rng = Rng(5);
    const Tensor loss = model.loss(batch_of(some_ids(batch, 7), some_ids(batch, 7, 5)), 7 * batch, context).value;
    backward(loss);
    std::vector<real> all{loss.item()};
    for (NamedParameter& p : parameters) {
      all.insert(all.end(), p.tensor.grad().span().begin(), p.tensor.grad().span().end());
      p.tensor.zero_grad();
    }
    return all;
  };
  REQUIRE(run(false) == run(true));
}

TEST_CASE("losses and gradients of a batch's parts add up to the whole batch's, however ragged, with dropout by row") {
  GPTConfig config = tiny(false, true);
  config.dropout = 0.3;
  GPT model(config, 11, Rng(1));
  const auto parameters = model.named_parameters();
  const IdTensor inputs = some_ids(8, 7);
  IdTensor targets = some_ids(8, 7, 5);
  for (index_t i = 0; i < targets.numel(); ++i) {
    if (i % 7 >= 1 + i / 7 * 5 % 7 || i / 7 == 3) targets[i] = kIgnore;  // rows of 1 to 7 targets, and one of none
  }
  const index_t counted = batch_of(inputs, targets).count();
  REQUIRE(counted < 40);
  const auto run = [&](index_t rows) {
    double loss = 0;
    index_t count = 0;
    for (index_t first = 0; first < 8; first += rows) {
      const auto part = [&](const IdTensor& ids) {
        return IdTensor(std::vector<std::int32_t>(ids.data() + first * 7, ids.data() + (first + rows) * 7), {rows, 7});
      };
      Context context;
      context.training = true;
      context.rng = Rng(5);
      context.first_row = 40 + first;
      const Loss of_part = model.loss(batch_of(part(inputs), part(targets)), counted, context);
      backward(of_part.value);
      loss += of_part.value.item();
      count += of_part.count;
    }
    REQUIRE(count == counted);
    std::vector<std::vector<double>> all{{loss}};
    for (NamedParameter p : parameters) {
      all.emplace_back(p.tensor.grad().span().begin(), p.tensor.grad().span().end());
      p.tensor.zero_grad();
    }
    return all;
  };
  const auto whole = run(8);
  for (const index_t rows : {4, 2, 1}) {
    const auto parts = run(rows);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      INFO(rows << " rows: " << (i == 0 ? "loss" : parameters[i - 1].name));
      const Tensor got = Tensor::from(std::vector<real>(parts[i].begin(), parts[i].end()), {std::ssize(parts[i])});
      CHECK(golden_error(got, whole[i]) < (sizeof(real) == 8 ? 1e-12 : 1e-5));
    }
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

TEST_CASE("a GPT whose weights were not drawn is the one whose weights it is given") {
  GPTConfig config = any_form();
  GPT drawn(config, 11, Rng(1)), shaped(config, 11, Initializer::shapes_only());
  const auto from = drawn.named_parameters(), to = shaped.named_parameters();
  REQUIRE(from.size() == to.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    REQUIRE(from[i].name == to[i].name);
    Tensor handle = to[i].tensor;
    REQUIRE(handle.shape() == from[i].tensor.shape());
    std::copy_n(from[i].tensor.data(), handle.numel(), handle.mutable_data());
  }
  Context context;
  const Tensor a = drawn.logits(some_ids(2, 7), context), b = shaped.logits(some_ids(2, 7), context);
  REQUIRE(std::equal(a.span().begin(), a.span().end(), b.span().begin()));
}

TEST_CASE("embeddings and the head are tables, products read every matrix and the head's table, tied or not") {
  const bool tied = GENERATE(true, false);
  GPT model(tiny(true, tied), 11, Rng(1));
  std::set<std::string> names;
  for (const NamedParameter& p : model.named_parameters()) {
    if (p.multiplied) names.insert(p.name);
    const bool table = p.name.starts_with("head/") || p.name.find("_embedding/") != std::string::npos;
    REQUIRE((p.role == Role::table) == table);
  }
  std::set<std::string> wanted = {tied ? "token_embedding/weight" : "head/weight"};
  for (const char* block : {"blocks/0/", "blocks/1/"}) {
    for (const char* weight : {"attention/qkv/weight", "attention/proj/weight", "mlp/fc/weight", "mlp/proj/weight"})
      wanted.insert(std::string(block) + weight);
  }
  REQUIRE(names == wanted);
  REQUIRE(multiplied_weights(model).size() == wanted.size());
}

TEST_CASE("the loss of a GPT is the cross-entropy of its logits, in each precision") {
  GPT model(any_form(), 11, Rng(1));
  const Batch batch = batch_of(some_ids(3, 7), some_ids(3, 7, 1));
  const NoGradGuard no_grad;
  const auto losses = [&](Precision precision) {
    Context context, again;
    context.precision = again.precision = precision;
    return std::pair(static_cast<double>(model.loss(batch, 21, context).value.item()),
                     static_cast<double>(cross_entropy(model.logits(batch.inputs, again), batch.targets).item()));
  };
  const auto [plain, expected] = losses(Precision::f32);
  const auto [half, expected_half] = losses(Precision::bf16);
  CHECK(plain == Approx(expected).epsilon(1e-6));
  CHECK(half == Approx(expected_half).epsilon(1e-6));
  if (bf16_supported() && sizeof(real) == sizeof(float)) CHECK(std::abs(half - plain) > 1e-5);
}

}  // namespace heddle
