#include "train/learners/gradient_sum.h"

#include <bit>
#include <catch2/catch.hpp>
#include <optional>

namespace heddle {
namespace {

constexpr index_t kSize = 1024;  // 4 KiB, a block of the pool's without a rest

/// Three parameters: with a gradient in every micro-batch, in those that are no multiple of three, and in none.
std::vector<NamedParameter> three_parameters() {
  std::vector<NamedParameter> parameters;
  for (const char* name : {"always", "at times", "never"}) {
    Tensor tensor = Tensor::zeros({kSize});
    parameters.push_back({name, tensor.set_requires_grad()});
  }
  return parameters;
}

/// Of sizes so different that another order of the sums rounds otherwise.
std::optional<Tensor> gradient(std::size_t parameter, index_t micro) {
  if (parameter == 2 || (parameter == 1 && micro % 3 == 0)) return {};
  const Rng rng = Rng(parameter).fork(static_cast<std::uint64_t>(micro));
  return Tensor::normal({kSize}, rng, 1 + rng.uniform(kSize) * 10);
}
double loss(index_t micro) { return Rng(9).normal(static_cast<std::uint64_t>(micro)) * 1e3 + 0.1; }

/// Of n values from `first` on: the first k, k the largest power of two below n, plus the rest.
template <class Value, class Leaf, class Add>
Value tree(index_t first, index_t n, const Leaf& leaf, const Add& add) {
  if (n == 1) return leaf(first);
  const auto k = static_cast<index_t>(std::bit_floor(static_cast<std::uint64_t>(n - 1)));
  return add(tree<Value>(first, k, leaf, add), tree<Value>(first + k, n - k, leaf, add));
}

std::optional<Tensor> tree_of_gradients(std::size_t parameter, index_t n) {
  using Value = std::optional<Tensor>;
  return tree<Value>(
      0, n, [&](index_t micro) { return gradient(parameter, micro); },
      [](const Value& a, const Value& b) {
        if (!a || !b) return a ? a : b;
        Tensor sum(a->shape());
        for (index_t i = 0; i < sum.numel(); ++i) sum.mutable_data()[i] = a->data()[i] + b->data()[i];
        return Value(sum);
      });
}

double tree_of_losses(index_t n) {
  return tree<double>(0, n, loss, [](double a, double b) { return a + b; });
}

}  // namespace

TEST_CASE("micro-batches are summed in the tree that splits n at the largest power of two below n, to the last bit") {
  const auto n = GENERATE(range<index_t>(1, 10));
  INFO(n << " micro-batches");
  auto parameters = three_parameters();
  GradientSum sum(parameters, n);
  for (index_t micro = 0; micro < n; ++micro) {
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      if (const auto g = gradient(p, micro)) parameters[p].tensor.mutable_grad() = *g;
    }
    sum.add(loss(micro));
    for (const NamedParameter& p : parameters) CHECK_FALSE(p.tensor.grad().defined());
  }
  CHECK(sum.finish() == tree_of_losses(n));
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    INFO(parameters[p].name);
    const Tensor& got = parameters[p].tensor.grad();
    const std::optional<Tensor> expected = tree_of_gradients(p, n);
    REQUIRE(got.defined() == expected.has_value());
    if (expected) CHECK(std::equal(got.span().begin(), got.span().end(), expected->span().begin()));
  }
}

TEST_CASE("while n micro-batches are summed there are at most 1 + log2(n) sets of gradients") {
  const auto n = GENERATE(range<index_t>(1, 18));
  auto parameters = three_parameters();
  parameters.resize(1);
  const auto before = static_cast<index_t>(pool_stats().bytes_in_use);
  pool_reset_peak();
  GradientSum sum(parameters, n);
  for (index_t micro = 0; micro < n; ++micro) {
    parameters[0].tensor.mutable_grad() = Tensor::full({kSize}, 1);
    sum.add(1);
  }
  CHECK(sum.finish() == static_cast<double>(n));
  CHECK(parameters[0].tensor.grad().data()[kSize - 1] == static_cast<real>(n));
  const index_t sets = (static_cast<index_t>(pool_stats().peak_bytes) - before) / (kSize * index_t{sizeof(real)});
  INFO(n << " micro-batches, " << sets << " sets");
  CHECK(sets <= static_cast<index_t>(std::bit_width(static_cast<std::uint64_t>(n))));
}

TEST_CASE("a sum of some of the micro-batches is refused") {
  auto parameters = three_parameters();
  const auto added = GENERATE(0, 1, 2);
  GradientSum sum(parameters, 3);
  for (int i = 0; i < added; ++i) sum.add(1);
  CHECK_THROWS_WITH(sum.finish(), Catch::Contains("not every one of the 3 micro-batches was added"));
}

}  // namespace heddle
