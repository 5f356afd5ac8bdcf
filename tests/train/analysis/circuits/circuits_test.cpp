#include "train/analysis/circuits/circuits.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "framework/autograd.h"
#include "framework/ops.h"
#include "models/gpt.h"
#include "models/seq2seq.h"
#include "tests/models/gpt_fixture.h"
#include "tests/models/stir.h"
#include "train/analysis/geometry/linear_algebra.h"

namespace heddle {
namespace {

double error(const Tensor& got, const Tensor& wanted) {
  REQUIRE(got.numel() == wanted.numel());
  double most = 0, size = 1e-3;
  for (index_t i = 0; i < wanted.numel(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(got.data()[i] - wanted.data()[i])));
    size = std::max(size, std::abs(static_cast<double>(wanted.data()[i])));
  }
  return most / size;
}

/// Rows [T, C] over what the norm of a pre-norm block divides them by; of a post-norm block as they are.
Tensor divided(const Tensor& x, const GPTConfig& config) {
  if (config.norm_position == NormPosition::post) return x;
  const Tensor squares = config.norm == NormKind::layer ? variance(x, {1}, true) : mean(x * x, {1}, true);
  return x / sqrt(squares + 1e-5F);
}

HeadWeights random_head(index_t width, index_t size, std::uint64_t seed) {
  HeadWeights head;
  head.attention = "blocks/" + std::to_string(seed) + "/attention";
  head.layer = static_cast<index_t>(seed);
  head.query = Tensor::normal({size, width}, Rng(seed, 0));
  head.key = Tensor::normal({size, width}, Rng(seed, 1));
  head.value = Tensor::normal({size, width}, Rng(seed, 2));
  head.output = Tensor::normal({width, size}, Rng(seed, 3));
  return head;
}

double norm_of(const Tensor& x) {
  double squares = 0;
  for (const real v : x.span()) squares += static_cast<double>(v * v);
  return std::sqrt(squares);
}

Tensor identity(index_t n) {
  Tensor x = Tensor::zeros({n, n});
  for (index_t i = 0; i < n; ++i) x.mutable_data()[i * n + i] = 1;
  return x;
}

}  // namespace

TEST_CASE("query-key matrices come to a head's scores, and output-value matrices to what it writes, in every form") {
  const NoGradGuard no_grad;
  GPTConfig config = tiny(false, true);
  const int form = GENERATE(0, 1, 2, 3);
  INFO("form " << form);
  if (form == 1) config = llama(config);
  if (form == 2) config.norm_position = NormPosition::post;
  if (form == 3) config.norm_weight = false;
  if (form == 1) {
    config.n_head = 4;
    config.n_kv_head = 2;
  }
  config.positions = Positions::learned;
  if (form == 3) config.attention_scale = AttentionScale::none;
  GPT model(config, 11, Rng(1));
  stir(model);
  Capture capture;
  capture.want("*");
  Context context;
  context.capture = &capture;
  model.logits(some_ids(1, 7), context);
  const Tensor x = divided(reshape(capture.at("hidden_states/1"), Shape{7, 12}), config);
  const auto heads = head_weights(model.named_parameters(), config.transformer_options());
  REQUIRE(std::ssize(heads) == 2 * config.n_head);
  const index_t size = 12 / config.n_head;
  Tensor written = Tensor::zeros({7, 12});
  for (const HeadWeights& head : heads) {
    if (head.layer != 1) continue;
    CHECK(head.attention == "blocks/1/attention");
    const auto of_head = [&](const char* name, index_t which) {
      return reshape(slice(capture.at("blocks/1/attention/" + std::string(name)), 2, which, which + 1), Shape{7, size});
    };
    const index_t group = head.head / (config.n_head / capture.at("blocks/1/attention/keys").size(2));
    const Tensor scores = matmul(of_head("queries", head.head), of_head("keys", group), false, true);
    const Tensor qk = matmul(head.query, head.key, true, false) * static_cast<real>(head.scale);  // [C, C]
    const double scale = form == 3 ? 1 : 1 / std::sqrt(static_cast<double>(size));
    CHECK(error(matmul(matmul(x, qk), x, false, true), scores * static_cast<real>(scale)) < 1e-4);
    const Tensor weights =
        reshape(slice(capture.at("blocks/1/attention/weights"), 1, head.head, head.head + 1), Shape{7, 7});
    const Tensor ov = matmul(head.output, head.value);
    written = written + matmul(matmul(weights, x), ov, false, true);
    CHECK(error(matmul(matmul(weights, x), head.value, false, true), of_head("heads", head.head)) < 1e-4);
  }
  const Tensor proj = model.transformer.blocks[1].attention.proj.weight;
  CHECK(error(written, linear(reshape(capture.at("blocks/1/attention/heads"), Shape{7, 12}), proj)) < 1e-4);
}

TEST_CASE("a norm folded into what reads gives what its result gives, and tokens are scaled as it scales them") {
  const Tensor x = Tensor::normal({5, 12}, Rng(1), 1, 0.7), w = Tensor::normal({3, 12}, Rng(2));
  const Tensor weight = Tensor::normal({12}, Rng(3), 0.3, 1);
  const Tensor shifted = x - mean(x, {1}, true);
  CHECK(error(scale_rows(x, weight, NormKind::layer), shifted * weight) < 1e-5);
  CHECK(error(scale_rows(x, {}, NormKind::layer), shifted) < 1e-5);
  CHECK(error(scale_rows(x, weight, NormKind::rms), x * weight) < 1e-5);
  for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
    CHECK(error(matmul(x, fold_norm(w, weight, kind), false, true),
                matmul(scale_rows(x, weight, kind), w, false, true)) < 1e-5);
  }
}

TEST_CASE("heads of cross-attention read the decoder by their queries, the encoder by keys and values") {
  const NoGradGuard no_grad;
  Seq2SeqConfig config;
  config.n_layer = 2;
  config.n_head = 3;
  config.n_embd = 12;
  config.context = 9;
  config.bias = false;
  Seq2Seq model(config, 11, Rng(1));
  stir(model);
  Capture capture;
  capture.want("*");
  Context context;
  context.capture = &capture;
  const Memory memory = model.encode(some_ids(1, 5), {}, context);
  model.logits(some_ids(1, 4, 2), memory, context);
  const auto heads = head_weights(model.named_parameters(), config.transformer_options());
  CHECK(heads.size() == 18);
  const std::string name = "decoder/blocks/1/cross_attention";
  const Block& block = model.decoder.blocks[1];
  const Tensor added =
      block.attention.proj.forward(reshape(capture.at("decoder/blocks/1/attention/heads"), Shape{1, 4, 12}), Context());
  const Tensor x = reshape(block.norm1.forward(capture.at("decoder/hidden_states/1") + added), Shape{4, 12});
  const Tensor source = reshape(memory.states, Shape{5, 12});
  index_t found = 0;
  for (const HeadWeights& head : heads) {
    if (head.attention != name) continue;
    ++found;
    CHECK(head.cross());
    CHECK(head.path() == "decoder/");
    const auto of_head = [&](const char* what, index_t time) {
      return reshape(slice(capture.at(name + '/' + what), 2, head.head, head.head + 1), Shape{time, 4});
    };
    CHECK(error(matmul(x, head.query, false, true), of_head("queries", 4)) < 1e-4);
    CHECK(error(matmul(source, head.key, false, true), of_head("keys", 5)) < 1e-4);
    CHECK(error(matmul(source, head.value, false, true), of_head("values", 5)) < 1e-4);
  }
  CHECK(found == 3);
  for (const ComposedHeads& pair : compositions(heads)) {
    CHECK_FALSE(pair.attention_from.ends_with("cross_attention"));
    CHECK(pair.attention_from.substr(0, 8) == pair.attention_to.substr(0, 8));  // one stack
  }
  CHECK(compositions(heads).size() == 18);
}

TEST_CASE("spectra are those of the matrices that are never built") {
  const HeadWeights head = random_head(12, 4, 3);
  const HeadCircuits circuits = head_circuits(head, {});
  CHECK_FALSE(circuits.copying);
  const auto check = [](const std::vector<double>& got, const Tensor& built) {
    const std::vector<double> wanted = singular_values(built);
    REQUIRE(got.size() == 4);
    for (std::size_t i = 0; i < wanted.size(); ++i)
      CHECK((i < 4 ? got[i] : 0.0) == Approx(wanted[i]).epsilon(1e-4).margin(1e-4));
  };
  check(circuits.qk, matmul(head.query, head.key, true, false));
  check(circuits.ov, matmul(head.output, head.value));
  HeadWeights scaled = head;
  scaled.scale = 0.25;
  CHECK(head_circuits(scaled, {}).qk[0] == Approx(circuits.qk[0] / 4));
  CHECK(head_circuits(scaled, {}).ov == circuits.ov);
  CHECK(circuits.qk_rank == Approx(effective_rank(circuits.qk)));
  CHECK(circuits.ov_rank == Approx(effective_rank(circuits.ov)));
}

TEST_CASE("the effective rank counts directions as far as they are alike") {
  CHECK(effective_rank({2, 2, 2, 2}) == Approx(4));
  CHECK(effective_rank({5, 0, 0}) == Approx(1));
  CHECK(effective_rank({3, 1}) == Approx(std::exp(-0.75 * std::log(0.75) - 0.25 * std::log(0.25))));
  CHECK(effective_rank({0, 0}) == 0);
}

TEST_CASE("a head that passes on what it sees copies by 1, one that takes it away by -1, and one that turns it by 0") {
  const Tensor tokens = Tensor::normal({30, 12}, Rng(5));
  const Tensor by_head = tokens_by_head(tokens, tokens);
  HeadWeights head = random_head(12, 4, 3);
  head.output = transpose(head.value, 0, 1);
  const auto copying = [&](real factor, const Tensor& product) {
    HeadWeights other = head;
    other.output = head.output * factor;
    return *head_circuits(other, product).copying;
  };
  CHECK(copying(1, by_head).score == Approx(1));
  CHECK(copying(1, by_head).positive == 1);
  CHECK(copying(-1, by_head).score == Approx(-1));
  CHECK(copying(-1, by_head).positive == 0);
  CHECK(copying(0, by_head).score == 0);
  CHECK(copying(1, tokens_by_head(tokens, tokens * real{-1})).score == Approx(-1));
  // of as few tokens as two, two directions count and not four
  const Tensor two = Tensor::normal({2, 12}, Rng(6));
  CHECK(copying(1, tokens_by_head(two, two)).positive == 1);

  HeadWeights turning;
  turning.query = turning.key = turning.value = identity(2);
  turning.output = Tensor::from({0, -1, 1, 0}, {2, 2});
  CHECK(head_circuits(turning, identity(2)).copying->score == Approx(0).margin(1e-6));
  // a token's way is from its embedding through the head to its score, not the other way round
  HeadWeights shifts = turning;
  shifts.output = identity(2);
  const Tensor from = Tensor::from({1, 0, 0, 2}, {2, 2}), to = Tensor::from({3, 1, 0, -1}, {2, 2});
  CHECK(head_circuits(shifts, tokens_by_head(from, to)).copying->score == Approx((3.0 - 2.0) / 5.0));
}

TEST_CASE("composition is what a head reads of what an earlier one writes, over the sizes of both") {
  const HeadWeights from = random_head(12, 4, 0), to = random_head(12, 4, 1);
  const std::vector<ComposedHeads> pairs = compositions({from, to});
  REQUIRE(pairs.size() == 1);
  CHECK(pairs[0].layer_from == 0);
  CHECK(pairs[0].layer_to == 1);
  const Tensor ov = matmul(from.output, from.value), qk = matmul(to.query, to.key, true, false);
  const auto wanted = [&](const Tensor& read) { return norm_of(matmul(read, ov)) / (norm_of(read) * norm_of(ov)); };
  CHECK(pairs[0].score.q == Approx(wanted(transpose(qk, 0, 1))).epsilon(1e-4));
  CHECK(pairs[0].score.k == Approx(wanted(qk)).epsilon(1e-4));
  CHECK(pairs[0].score.v == Approx(wanted(matmul(to.output, to.value))).epsilon(1e-4));

  HeadWeights writes, reads;  // one direction each
  writes.attention = "blocks/0/attention";
  reads.attention = "blocks/1/attention";
  reads.layer = 1;
  const auto direction = [](index_t i) {
    Tensor x = Tensor::zeros({1, 4});
    x.mutable_data()[i] = 2;
    return x;
  };
  writes.query = writes.key = writes.value = direction(0);
  writes.output = transpose(direction(1), 0, 1);
  reads.query = direction(1);
  reads.key = direction(2);
  reads.value = direction(1) + direction(3);
  reads.output = transpose(direction(0), 0, 1);
  const Composition planted = compositions({writes, reads})[0].score;
  CHECK(planted.q == Approx(1));
  CHECK(planted.k == Approx(0).margin(1e-6));
  CHECK(planted.v == Approx(std::sqrt(0.5)));
}

TEST_CASE("heads of one block, and of two stacks, do not compose") {
  HeadWeights a = random_head(12, 4, 0), b = random_head(12, 4, 1);
  b.layer = 0;
  CHECK(compositions({a, b}).empty());
  b.layer = 1;
  CHECK(compositions({a, b}).size() == 1);
  a.attention = "encoder/blocks/0/attention";
  CHECK(compositions({a, b}).empty());
  CHECK(spread_of(std::vector<ComposedHeads>()).q.mean == 0);
}

TEST_CASE("random matrices compose alike in all three ways, the same by one seed, and mean and deviation are theirs") {
  const CompositionSpread random = random_composition(48, 8, Rng(1)), other = random_composition(48, 8, Rng(2));
  CHECK(random.q.mean == random_composition(48, 8, Rng(1)).q.mean);
  CHECK(random.q.mean != other.q.mean);
  for (const Spread& spread : {random.q, random.k, random.v, other.q}) {
    CHECK(spread.mean == Approx(1 / std::sqrt(48.0)).epsilon(0.1));  // each direction read is one of 48
    CHECK(spread.deviation > 0);
    CHECK(spread.deviation < 0.3 * spread.mean);
  }
  std::vector<ComposedHeads> two(2);
  two[0].score = {1, 0, 0};
  two[1].score = {3, 0, 4};
  CHECK(spread_of(two).q.mean == 2);
  CHECK(spread_of(two).q.deviation == 1);
  CHECK(spread_of(two).v.deviation == 2);
}

TEST_CASE("a model without attention has no circuits") {
  const std::vector<NamedParameter> none = {{"proj/weight", Tensor::zeros({2, 2})}};
  CHECK_THROWS_WITH(head_weights(none, GPTConfig().transformer_options()), Catch::Contains("no attention"));
}

}  // namespace heddle
