// What ops compute: known values, laws, limits, and what wrong shapes get.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>

#include "framework/ops.h"

namespace heddle {
namespace {

std::vector<real> values(const Tensor& t) { return {t.span().begin(), t.span().end()}; }

Approx near(double v) { return Approx(v).epsilon(1e-5).margin(1e-6); }

}  // namespace

TEST_CASE("arithmetic broadcasts as NumPy does") {
  const Tensor a = Tensor::from({1, 2, 3, 4, 5, 6}, {2, 3}), row = Tensor::from({10, 20, 30}, {3}),
               column = Tensor::from({1, 2}, {2, 1});
  REQUIRE(values(a + row) == std::vector<real>{11, 22, 33, 14, 25, 36});
  REQUIRE(values(column * row) == std::vector<real>{10, 20, 30, 20, 40, 60});
  REQUIRE(values(a - column) == std::vector<real>{0, 1, 2, 2, 3, 4});
  REQUIRE(values(a / Tensor::scalar(2)) == std::vector<real>{0.5, 1, 1.5, 2, 2.5, 3});
  REQUIRE((Tensor::zeros({4, 1, 3}) + Tensor::zeros({2, 1})).shape() == Shape{4, 2, 3});
  REQUIRE((Tensor::zeros({0, 3}) + row).shape() == Shape{0, 3});
}

TEST_CASE("activations have their known values") {
  const auto at = [](Tensor (*f)(const Tensor&), double x) {
    return static_cast<double>(f(Tensor::scalar(static_cast<real>(x))).item());
  };
  CHECK(at(gelu, 1) == near(0.8413447460685429));
  CHECK(at(gelu, -0.5) == near(-0.15426876936299344));
  CHECK(at(gelu_tanh, 1) == near(0.8411919906082768));
  CHECK(at(silu, 1) == near(0.7310585786300049));
  CHECK(at(sigmoid, -2) == near(0.11920292202211755));
  CHECK(at(tanh, 0.5) == near(0.46211715726000976));
  CHECK(at(relu, -1) == 0);
  CHECK(std::isnan(at(relu, std::nan(""))));
  CHECK(std::isinf(at(log, 0)));
  for (const auto f : {gelu, gelu_tanh, silu}) {
    CHECK(at(f, 30) == near(30));
    CHECK(at(f, -30) == Approx(0).margin(1e-6));
  }
}

TEST_CASE("softmax rows sum to one, do not overflow, and ignore what is added to a row") {
  const Tensor x = Tensor::from({1e4, 0, -1e4, 1, 2, 3}, {2, 3});
  const Tensor p = softmax(x);
  CHECK(p.data()[0] == 1);
  for (index_t r = 0; r < 2; ++r) CHECK(p.data()[r * 3] + p.data()[r * 3 + 1] + p.data()[r * 3 + 2] == near(1));
  const Tensor logs = log_softmax(x);
  for (index_t i = 3; i < 6; ++i) CHECK(logs.data()[i] == near(std::log(static_cast<double>(p.data()[i]))));
  CHECK(logs.data()[2] == near(-2e4));
  const Tensor shifted = softmax(x + real{5});
  for (index_t i = 0; i < 6; ++i) CHECK(shifted.data()[i] == near(static_cast<double>(p.data()[i])));
}

TEST_CASE("norms give rows of mean 0 and variance 1, or of mean square 1") {
  const Tensor x = Tensor::uniform({5, 40}, Rng(1), 3, 9), ones = Tensor::full({40}, 1);
  const Tensor y = layer_norm(x, ones, Tensor::zeros({40})), z = rms_norm(x, ones);
  for (index_t r = 0; r < 5; ++r) {
    double sum = 0, squares = 0, rms = 0;
    for (index_t c = 0; c < 40; ++c) {
      const double v = static_cast<double>(y.data()[r * 40 + c]), w = static_cast<double>(z.data()[r * 40 + c]);
      sum += v, squares += v * v, rms += w * w;
    }
    CHECK(sum / 40 == Approx(0).margin(1e-5));
    CHECK(squares / 40 == Approx(1).epsilon(1e-4));
    CHECK(rms / 40 == Approx(1).epsilon(1e-4));
  }
}

TEST_CASE("reductions equal plain sums, over any axes, and the first of equals is the largest") {
  const Tensor x = Tensor::from({1, 5, 2, 5, 0, -1, 7, 7}, {2, 2, 2});
  REQUIRE(values(sum(x, {1})) == std::vector<real>{3, 10, 7, 6});
  REQUIRE(values(sum(x, {0, 2})) == std::vector<real>{5, 21});
  REQUIRE(sum(x).item() == 26);
  REQUIRE(mean(x, {-1}, true).shape() == Shape{2, 2, 1});
  REQUIRE(values(mean(x, {-1})) == std::vector<real>{3, 3.5, -0.5, 7});
  REQUIRE(values(max(x, {0})) == std::vector<real>{1, 5, 7, 7});
  REQUIRE(variance(Tensor::from({1, 2, 3, 4}, {4})).item() == near(1.25));
  REQUIRE(variance(Tensor::from({1, 2, 3, 4}, {4}), {}, false, 1).item() == near(5.0 / 3));
  const IdTensor largest = argmax(Tensor::from({1, 3, 3, 2, 2, 2}, {2, 3}));
  REQUIRE(largest[0] == 1);
  REQUIRE(largest[1] == 0);
  REQUIRE(argmax(x, 0).shape() == Shape{2, 2});
  Tensor equal = Tensor::from({2, 2}, {2}).set_requires_grad();
  backward(max(equal));
  REQUIRE(values(equal.grad()) == std::vector<real>{1, 0});
  const Tensor many = Tensor::full({100003}, static_cast<real>(0.1));
  CHECK(static_cast<double>(sum(many).item()) == Approx(10000.3).epsilon(1e-6));
}

TEST_CASE("movement puts every element in its place") {
  const Tensor x = Tensor::from({0, 1, 2, 3, 4, 5}, {2, 3});
  REQUIRE(values(transpose(x, 0, 1)) == std::vector<real>{0, 3, 1, 4, 2, 5});
  const Tensor big = Tensor::uniform({3, 4, 5, 2}, Rng(1));
  REQUIRE(values(permute(permute(big, {3, 1, 0, 2}), {2, 1, 3, 0})) == values(big));
  REQUIRE(values(concat({slice(x, 1, 0, 1), slice(x, 1, 1, 3)}, 1)) == values(x));
  REQUIRE(values(slice(x, 0, 1, 1)).empty());
  REQUIRE(values(stack({x, x}, 0)).size() == 12);
  REQUIRE(stack({x, x}, -1).shape() == Shape{2, 3, 2});
  REQUIRE(reshape(x, Shape{6}).shares_storage(x));
  REQUIRE(values(expand(Tensor::from({1, 2}, {2, 1}), {2, 3})) == std::vector<real>{1, 1, 1, 2, 2, 2});
  REQUIRE(values(gather(x, 1, IdTensor({2, 0}, {2, 1}))) == std::vector<real>{2, 3});
  REQUIRE(values(embedding(IdTensor({1, 1, 0}, {3}), x)) == std::vector<real>{3, 4, 5, 3, 4, 5, 0, 1, 2});
  REQUIRE(values(where(Tensor::from({1, 0, 1}, {3}), x, -x)) == std::vector<real>{0, -1, 2, 3, -4, 5});
}

TEST_CASE("dropout keeps the mean, repeats by seed, and does nothing at 0") {
  const Tensor x = Tensor::full({40001}, 1);
  const Tensor y = dropout(x, 0.25, Rng(1));
  double total = 0;
  for (const real v : y.span()) {
    REQUIRE((v == 0 || v == near(4.0 / 3)));
    total += static_cast<double>(v);
  }
  CHECK(total / 40001 == Approx(1).margin(0.02));
  CHECK(values(dropout(x, 0.25, Rng(1))) == values(y));
  CHECK(values(dropout(x, 0.25, Rng(2))) != values(y));
  CHECK(dropout(x, 0, Rng(1)).shares_storage(x));
}

TEST_CASE("an element's random number, and nothing else, decides whether dropout keeps it") {
  constexpr index_t kCount = 20001;  // several pieces
  const Rng rng(3);
  Tensor x = Tensor::full({3, kCount / 3}, 2).set_requires_grad();
  const Tensor y = dropout(x, 0.5, rng);
  backward(sum(y));
  for (index_t i = 0; i < kCount; ++i) {
    // 128 elements take 16 blocks of four words: the lower halves of the blocks' first words, their upper halves, ...
    const std::uint32_t word =
        rng.block(static_cast<std::uint64_t>(i / 128 * 16 + i % 16))[static_cast<std::size_t>(i % 128 / 32)];
    const bool kept = (i / 16 % 2 == 0 ? word & 0xFFFFU : word >> 16U) >= 0x8000U;
    REQUIRE(y.data()[i] == (kept ? 4 : 0));
    REQUIRE(x.grad().data()[i] == (kept ? 2 : 0));
  }
}

TEST_CASE("attention drops weights of every row, head and query independently, and keeps their mean") {
  constexpr index_t kBatch = 2, kTime = 70, kHeads = 3;      // two blocks of queries
  Tensor v = Tensor::zeros({kBatch, kTime, kHeads, kTime});  // the identity: what comes out are the weights
  for (index_t i = 0; i < v.numel(); ++i)
    v.mutable_data()[i] = i % kTime == i / (kTime * kHeads) % kTime ? real{1} : real{0};
  const Tensor q = Tensor::zeros({kBatch, kTime, kHeads, 2});
  AttentionOptions options;
  options.dropout = 0.3;
  options.rng = Rng(6);
  const Tensor y = scaled_dot_product_attention(q, q, v, options);
  std::vector<std::vector<real>> rows;
  double total = 0;
  for (index_t r = 0; r < y.numel() / kTime; ++r) {
    rows.emplace_back(y.data() + r * kTime, y.data() + (r + 1) * kTime);
    for (const real w : rows.back()) {
      REQUIRE((w == 0 || w == near(1 / (0.7 * kTime))));
      total += static_cast<double>(w);
    }
  }
  CHECK(total / static_cast<double>(rows.size()) == Approx(1).margin(0.02));
  std::sort(rows.begin(), rows.end());
  CHECK(std::adjacent_find(rows.begin(), rows.end()) == rows.end());
}

TEST_CASE("losses have their known values and do not overflow") {
  CHECK(cross_entropy(Tensor::zeros({3, 5}), IdTensor({0, 1, 4}, {3})).item() == near(std::log(5.0)));
  const Tensor logits = Tensor::from({1, 2, 3, -1e4, 1e4, 0}, {2, 3});
  CHECK(cross_entropy(logits, IdTensor({0, -1}, {2})).item() == near(2.4076059644443806));
  CHECK(cross_entropy(logits, IdTensor({-1, 0}, {2})).item() == near(2e4));
  CHECK(cross_entropy(logits, IdTensor({-1, -1}, {2})).item() == 0);
  // smoothing 0.3 over three classes: 0.8 at the target, 0.1 elsewhere
  CHECK(cross_entropy(logits, IdTensor({0, -1}, {2}), {-1, 0.3}).item() ==
        near(0.8 * 2.4076059644443806 + 0.1 * 1.4076059644443806 + 0.1 * 0.4076059644443806));
  // what is added to all logits of a row changes nothing, to the last places
  const Tensor near_zero = Tensor::from({0, 1, 2}, {1, 3}), far = near_zero + real{65536};
  CHECK(cross_entropy(far, IdTensor({1}, {1})).item() ==
        near(static_cast<double>(cross_entropy(near_zero, IdTensor({1}, {1})).item())));
  CHECK(bce_with_logits(Tensor::from({1000, -1000, 0}, {3}), Tensor::from({1, 0, 1}, {3})).item() ==
        near(std::log(2.0) / 3));
  CHECK(mse_loss(Tensor::from({1, 2}, {2}), Tensor::from({3, 2}, {2})).item() == 2);
}

TEST_CASE("the loss of a linear layer in chunks is the loss of its logits, and so are the gradients") {
  // so many classes that the rows are cut into three chunks
  const index_t classes = 120000, width = 8, rows = 150;
  const Tensor x0 = Tensor::normal({rows, width}, Rng(1)), w0 = Tensor::normal({classes, width}, Rng(2), 0.3);
  IdTensor targets({rows});
  for (index_t r = 0; r < rows; ++r)
    targets.data()[r] =
        r % 7 == 0 ? -1 : static_cast<IdTensor::value_type>(Rng(3).below(classes, static_cast<std::uint64_t>(r)));
  const Tensor b0 = GENERATE(false, true) ? Tensor::uniform({classes}, Rng(4), -1, 1) : Tensor();
  const auto run = [&](bool whole) {
    Tensor x = x0.clone(), w = w0.clone(), b = b0.defined() ? b0.clone() : Tensor();
    x.set_requires_grad();
    w.set_requires_grad();
    if (b.defined()) b.set_requires_grad();
    const Tensor loss =
        whole ? cross_entropy(linear(x, w, b), targets, {-1, 0.1}) : linear_cross_entropy(x, w, targets, {-1, 0.1}, b);
    backward(loss, Tensor::scalar(real{0.5}));
    return std::tuple(loss.item(), x.grad(), w.grad(), b.defined() ? b.grad() : Tensor());
  };
  const auto [loss, dx, dw, db] = run(false);
  const auto [wanted, wanted_dx, wanted_dw, wanted_db] = run(true);
  CHECK(loss == near(static_cast<double>(wanted)));
  const auto furthest = [](const Tensor& a, const Tensor& b) {
    double worst = 0;
    for (index_t i = 0; i < a.numel(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(a.data()[i] - b.data()[i])));
    return worst;
  };
  CHECK(furthest(dx, wanted_dx) < 1e-7);
  CHECK(furthest(dw, wanted_dw) < 1e-7);
  CHECK(furthest(db, wanted_db) < 1e-7);
  Tensor w = w0.clone();
  backward(linear_cross_entropy(Tensor::zeros({0, width}), w.set_requires_grad(), IdTensor({0})));
  CHECK(std::ranges::all_of(w.grad().span(), [](real slope) { return slope == 0; }));
  const NoGradGuard no_grad;
  CHECK(linear_cross_entropy(x0, w0, targets, {-1, 0.1}, b0).item() == loss);
  CHECK(linear_cross_entropy(Tensor::zeros({0, width}), w0, IdTensor({0})).item() == 0);
}

TEST_CASE("attention weighs values by softmax of the scores, and sees only what it may") {
  const Tensor q = Tensor::uniform({1, 6, 2, 4}, Rng(1), -1, 1), k = Tensor::uniform({1, 6, 2, 4}, Rng(2), -1, 1);
  Tensor v = Tensor::uniform({1, 6, 2, 3}, Rng(3), -1, 1);
  AttentionOptions causal;
  causal.causal = true;
  const std::vector<real> before = values(scaled_dot_product_attention(q, k, v, causal));
  // by plain loops
  for (index_t i = 0; i < 6; ++i) {
    for (index_t h = 0; h < 2; ++h) {
      double weights[6], total = 0;
      for (index_t j = 0; j <= i; ++j) {
        double score = 0;
        for (index_t d = 0; d < 4; ++d)
          score += static_cast<double>(q.data()[(i * 2 + h) * 4 + d] * k.data()[(j * 2 + h) * 4 + d]);
        total += weights[j] = std::exp(score / 2);
      }
      for (index_t d = 0; d < 3; ++d) {
        double wanted = 0;
        for (index_t j = 0; j <= i; ++j)
          wanted += weights[j] / total * static_cast<double>(v.data()[(j * 2 + h) * 3 + d]);
        REQUIRE(before[static_cast<std::size_t>((i * 2 + h) * 3 + d)] == near(wanted));
      }
    }
  }
  v.mutable_data()[4 * 6] += 1;  // the fifth value: seen by the fifth query and the sixth
  const std::vector<real> after = values(scaled_dot_product_attention(q, k, v, causal));
  REQUIRE(std::equal(before.begin(), before.begin() + 24, after.begin()));
  REQUIRE_FALSE(std::equal(before.begin() + 24, before.begin() + 30, after.begin() + 24));
  // a query that sees no key gives zeros
  AttentionOptions masked;
  masked.key_mask = Tensor::zeros({1, 6});
  for (const real y : values(scaled_dot_product_attention(q, k, v, masked))) REQUIRE(y == 0);
  // NaN in a score is not hidden by the masks
  Tensor bad = q.clone();
  bad.mutable_data()[0] = std::numeric_limits<real>::quiet_NaN();
  REQUIRE(std::isnan(scaled_dot_product_attention(bad, k, v, causal).data()[0]));
}

TEST_CASE("heads of one group share their keys and values") {
  const Tensor q = Tensor::uniform({1, 3, 4, 2}, Rng(1)), k = Tensor::uniform({1, 5, 2, 2}, Rng(2)),
               v = Tensor::uniform({1, 5, 2, 2}, Rng(3));
  std::vector<Tensor> keys, heads;
  for (index_t h = 0; h < 4; ++h) {
    keys.push_back(slice(k, 2, h / 2, h / 2 + 1));
    heads.push_back(slice(v, 2, h / 2, h / 2 + 1));
  }
  REQUIRE(values(scaled_dot_product_attention(q, k, v)) ==
          values(scaled_dot_product_attention(q, concat(keys, 2), concat(heads, 2))));
}

TEST_CASE("rotary scores depend on the distance of positions alone, and lengths are kept") {
  const Tensor q = Tensor::uniform({1, 1, 1, 8}, Rng(1)), k = Tensor::uniform({1, 1, 1, 8}, Rng(2));
  const auto score = [&](index_t at_q, index_t at_k) {
    return static_cast<double>(sum(rotary(q, at_q) * rotary(k, at_k)).item());
  };
  CHECK(score(3, 1) == near(score(12, 10)));
  CHECK(score(3, 1) != near(score(3, 2)));
  CHECK(sum(rotary(q, 9) * rotary(q, 9)).item() == near(static_cast<double>(sum(q * q).item())));
  CHECK(values(rotary(q, 0)) == values(q));
}

TEST_CASE("large ops, cut into many pieces, give the same bits on one thread and two") {
  const int before = threads();
  std::vector<std::vector<real>> first;
  for (const int count : {1, 2}) {
    set_threads(count);
    Tensor x = Tensor::normal({3, 130, 192}, Rng(1)), w = Tensor::normal({576, 192}, Rng(2), 0.1),
           b = Tensor::normal({576}, Rng(3));
    Tensor table_weight = Tensor::normal({192, 192}, Rng(4));
    for (Tensor* t : {&x, &w, &b, &table_weight}) t->set_requires_grad();
    IdTensor ids({3, 130});
    for (index_t i = 0; i < ids.numel(); ++i)
      ids[i] = static_cast<std::int32_t>(Rng(5).below(192, static_cast<std::uint64_t>(i)));
    const Tensor h = layer_norm(x + embedding(ids, table_weight), slice(b, 0, 0, 192), slice(b, 0, 192, 384));
    const Tensor qkv = linear(h, w, b);
    const auto heads = [&](index_t i) { return reshape(slice(qkv, 2, i * 192, (i + 1) * 192), Shape{3, 130, 6, 32}); };
    AttentionOptions options;
    options.causal = true;
    options.dropout = 0.1;
    const Tensor y = reshape(scaled_dot_product_attention(heads(0), heads(1), heads(2), options), x.shape());
    const Tensor loss = cross_entropy(gelu_tanh(y), ids) + mean(variance(y, {0, 1}));
    backward(loss);
    std::vector<std::vector<real>> results{{loss.item()}};
    for (const Tensor* t : {&x, &w, &b, &table_weight})
      results.emplace_back(t->grad().span().begin(), t->grad().span().end());
    if (count == 1) first = results;
    REQUIRE(first == results);
  }
  set_threads(before);
}

}  // namespace heddle
