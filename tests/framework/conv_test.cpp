// Convolution and pooling: PyTorch's values, plain loops for sizes drawn at random, and what is refused.

#include "framework/nn/conv.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "framework/gemm.h"
#include "tests/golden/golden.h"

namespace heddle {
namespace {

constexpr double kTolerance = sizeof(real) == sizeof(double) ? 1e-12 : 1e-5;

std::vector<double> numbers(const Tensor& t) { return {t.span().begin(), t.span().end()}; }

/// What a function and its gradients make of its inputs, for the gradient dy of its result.
struct Results {
  Tensor y;
  std::vector<Tensor> inputs;
};
Results results(std::vector<Tensor> inputs, const Tensor& dy,
                const std::function<Tensor(const std::vector<Tensor>&)>& f) {
  for (Tensor& x : inputs) x.set_requires_grad();
  const Tensor y = f(inputs);
  backward(y, dy);
  return {y, inputs};
}

/// A convolution and its gradients by plain loops, in double.
struct PlainConvolution {
  PlainConvolution(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& dy, index_t stride, index_t padding)
      : y(numbers(dy)), dx(static_cast<std::size_t>(x.numel())), dw(static_cast<std::size_t>(w.numel())) {
    db.assign(static_cast<std::size_t>(w.size(0)), 0);
    std::size_t at = 0;
    for (index_t image = 0; image < x.size(0); ++image) {
      for (index_t o = 0; o < w.size(0); ++o) {
        for (index_t i = 0; i < dy.size(2); ++i) {
          for (index_t j = 0; j < dy.size(3); ++j, ++at) {
            const double d = static_cast<double>(dy.data()[at]);
            y[at] = static_cast<double>(b.data()[o]);
            db[static_cast<std::size_t>(o)] += d;
            for (index_t c = 0; c < w.size(1); ++c) {
              for (index_t k = 0; k < w.size(2); ++k) {
                for (index_t l = 0; l < w.size(3); ++l) {
                  const index_t row = i * stride + k - padding, column = j * stride + l - padding;
                  if (row < 0 || row >= x.size(2) || column < 0 || column >= x.size(3)) continue;
                  const index_t in_x = ((image * x.size(1) + c) * x.size(2) + row) * x.size(3) + column;
                  const index_t in_w = ((o * w.size(1) + c) * w.size(2) + k) * w.size(3) + l;
                  y[at] += static_cast<double>(x.data()[in_x]) * static_cast<double>(w.data()[in_w]);
                  dx[static_cast<std::size_t>(in_x)] += d * static_cast<double>(w.data()[in_w]);
                  dw[static_cast<std::size_t>(in_w)] += d * static_cast<double>(x.data()[in_x]);
                }
              }
            }
          }
        }
      }
    }
  }
  std::vector<double> y, dx, dw, db;
};

}  // namespace

TEST_CASE("convolutions compute PyTorch's values and gradients") {
  const Golden golden("conv.txt");
  int cases = 0;
  for (; golden.contains("conv/" + std::to_string(cases) + "/sizes"); ++cases) {
    const std::string name = "conv/" + std::to_string(cases) + "/";
    INFO(name);
    const auto sizes = golden.values(name + "sizes");
    const auto stride = static_cast<index_t>(sizes[0]), padding = static_cast<index_t>(sizes[1]);
    const Results got =
        results({golden.tensor(name + "x"), golden.tensor(name + "weight"), golden.tensor(name + "bias")},
                golden.tensor(name + "dy"),
                [&](const std::vector<Tensor>& in) { return conv2d(in[0], in[1], in[2], stride, padding); });
    REQUIRE(got.y.shape() == golden.tensor(name + "y").shape());
    CHECK(golden_error(got.y, golden.values(name + "y")) < kTolerance);
    CHECK(golden_error(got.inputs[0].grad(), golden.values(name + "dx")) < kTolerance);
    CHECK(golden_error(got.inputs[1].grad(), golden.values(name + "dweight")) < kTolerance);
    CHECK(golden_error(got.inputs[2].grad(), golden.values(name + "dbias")) < kTolerance);
  }
  REQUIRE(cases == 8);
}

TEST_CASE("poolings compute PyTorch's values and gradients, of equal elements the first") {
  const Golden golden("conv.txt");
  const std::string kind = GENERATE("max_pool/", "avg_pool/");
  int cases = 0;
  for (; golden.contains(kind + std::to_string(cases) + "/sizes"); ++cases) {
    const std::string name = kind + std::to_string(cases) + "/";
    INFO(name);
    const auto sizes = golden.values(name + "sizes");
    const auto window = static_cast<index_t>(sizes[0]), stride = static_cast<index_t>(sizes[1]),
               padding = static_cast<index_t>(sizes[2]);
    const Results got =
        results({golden.tensor(name + "x")}, golden.tensor(name + "dy"), [&](const std::vector<Tensor>& in) {
          return (kind == "max_pool/" ? max_pool2d : avg_pool2d)(in[0], window, stride, padding);
        });
    REQUIRE(got.y.shape() == golden.tensor(name + "y").shape());
    CHECK(golden_error(got.y, golden.values(name + "y")) < kTolerance);
    CHECK(golden_error(got.inputs[0].grad(), golden.values(name + "dx")) < kTolerance);
  }
  REQUIRE(cases == 6);
}

TEST_CASE("convolutions of any size equal plain loops, in one band of an image and in several, f32 and bf16") {
  const Rng rng(6);
  std::uint64_t next = 0;
  const auto below = [&](index_t n) { return static_cast<index_t>(rng.below(static_cast<std::uint64_t>(n), next++)); };
  const Precision precision = GENERATE(Precision::f32, Precision::bf16);
  const double tolerance = precision == Precision::bf16 ? 2e-2 : kTolerance;
  for (int round = 0; round < 40; ++round) {
    const bool large = round < 4;  // more columns than a band holds
    const index_t padding = large ? round % 2 : below(4), stride = large ? 1 + round / 2 : 1 + below(3);
    const index_t kh = large ? 3 : 1 + below(5), kw = large ? 3 : 1 + below(5);
    const index_t height = large ? 50 : std::max<index_t>(1, kh - 2 * padding) + below(9);
    const index_t width = large ? 41 : std::max<index_t>(1, kw - 2 * padding) + below(20);
    const index_t images = large ? 2 : 1 + below(20), channels = large ? 20 : 1 + below(4), out = 1 + below(5);
    const Tensor x = Tensor::normal({images, channels, height, width}, rng.fork(next++));
    const Tensor w = Tensor::normal({out, channels, kh, kw}, rng.fork(next++)),
                 b = Tensor::normal({out}, rng.fork(next++));
    INFO(x.shape() << " by " << w.shape() << ", stride " << stride << ", padding " << padding);
    const Shape shape{images, out, (height + 2 * padding - kh) / stride + 1, (width + 2 * padding - kw) / stride + 1};
    const Tensor dy = Tensor::normal(shape, rng.fork(next++));
    const PlainConvolution wanted(x, w, b, dy, stride, padding);
    const Results got = results({x, w, b}, dy, [&](const std::vector<Tensor>& in) {
      return conv2d(in[0], in[1], in[2], stride, padding, Activation::none, precision);
    });
    REQUIRE(got.y.shape() == shape);
    REQUIRE(golden_error(got.y, wanted.y) < tolerance);
    REQUIRE(golden_error(got.inputs[0].grad(), wanted.dx) < tolerance);
    REQUIRE(golden_error(got.inputs[1].grad(), wanted.dw) < tolerance);
    REQUIRE(golden_error(got.inputs[2].grad(), wanted.db) < (large ? 10 : 1) * kTolerance);
  }
}

TEST_CASE("a convolution with relu beside it equals relu of the convolution, gradients too") {
  const index_t padding = GENERATE(0, 1);
  const Precision precision = GENERATE(Precision::f32, Precision::bf16);
  const std::vector<Tensor> inputs = {Tensor::normal({3, 2, 9, 8}, Rng(1)), Tensor::normal({4, 2, 3, 3}, Rng(2)),
                                      Tensor::normal({4}, Rng(3))};
  const auto clones = [&] { return std::vector<Tensor>{inputs[0].clone(), inputs[1].clone(), inputs[2].clone()}; };
  const Tensor dy = Tensor::normal({3, 4, 7 + 2 * padding, 6 + 2 * padding}, Rng(4));
  const Results one = results(clones(), dy, [&](const std::vector<Tensor>& in) {
    return conv2d(in[0], in[1], in[2], 1, padding, Activation::relu, precision);
  });
  const Results two = results(clones(), dy, [&](const std::vector<Tensor>& in) {
    return relu(conv2d(in[0], in[1], in[2], 1, padding, Activation::none, precision));
  });
  REQUIRE(numbers(one.y) == numbers(two.y));
  for (std::size_t i = 0; i < 3; ++i) REQUIRE(numbers(one.inputs[i].grad()) == numbers(two.inputs[i].grad()));
}

TEST_CASE("large convolutions and poolings give the same bits on one thread, two and three, in f32 and bf16") {
  const int before = threads();
  const Precision precision = GENERATE(Precision::f32, Precision::bf16);
  std::vector<std::vector<double>> first;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    const Results got = results(
        {Tensor::normal({37, 3, 30, 30}, Rng(1)), Tensor::normal({16, 3, 5, 5}, Rng(2)), Tensor::normal({16}, Rng(3))},
        Tensor::normal({37, 16, 7, 7}, Rng(4)), [&](const std::vector<Tensor>& in) {
          const Tensor y = conv2d(in[0], in[1], in[2], 1, 2, Activation::relu, precision);
          return avg_pool2d(max_pool2d(y, 3, 2, 1), 3, 2);
        });
    std::vector<std::vector<double>> all{numbers(got.y)};
    for (const Tensor& x : got.inputs) all.push_back(numbers(x.grad()));
    if (count == 1) first = all;
    REQUIRE(first == all);
  }
  set_threads(before);
}

TEST_CASE("a batch without images has no results, and weights' gradients of zero") {
  const Results got =
      results({Tensor({0, 2, 4, 4}), Tensor::full({3, 2, 3, 3}, 1), Tensor::full({3}, 1)}, Tensor({0, 3, 1, 1}),
              [](const std::vector<Tensor>& in) { return max_pool2d(conv2d(in[0], in[1], in[2]), 2, 2); });
  REQUIRE(got.y.shape() == Shape{0, 3, 1, 1});
  REQUIRE(numbers(got.inputs[1].grad()) == std::vector<double>(54, 0));
  REQUIRE(numbers(got.inputs[2].grad()) == std::vector<double>(3, 0));
}

TEST_CASE("NaN and infinities go through max_pool2d, which gives every gradient to an element of the window") {
  const real nan = std::numeric_limits<real>::quiet_NaN(), infinity = std::numeric_limits<real>::infinity();
  const Results got = results({Tensor::from({-infinity, -infinity, 1, nan, -infinity, -infinity, 2, 3}, {1, 1, 2, 4})},
                              Tensor::from({5, 7}, {1, 1, 1, 2}),
                              [](const std::vector<Tensor>& in) { return max_pool2d(in[0], 2, 2); });
  REQUIRE(got.y.data()[0] == -infinity);
  REQUIRE(std::isnan(got.y.data()[1]));
  REQUIRE(numbers(got.inputs[0].grad()) == std::vector<double>{5, 0, 0, 7, 0, 0, 0, 0});
}

TEST_CASE("shapes that do not fit are refused by the op's name and the shapes") {
  const Tensor x({2, 3, 5, 6}), w({4, 3, 3, 3});
  const auto refused = [](const auto& f, const std::string& text) { REQUIRE_THROWS_WITH(f(), Catch::Contains(text)); };
  refused(
      [&] {
        conv2d(Tensor({3, 5, 6}), w);
      },
      "conv2d: x [3, 5, 6] does not fit weight [4, 3, 3, 3], wanted [B, 3, H, W]");
  refused([&] { conv2d(Tensor({2, 2, 5, 6}), w); }, "conv2d: x [2, 2, 5, 6] does not fit weight [4, 3, 3, 3]");
  refused([&] { conv2d(x, Tensor({4, 27})); }, "conv2d: weight [4, 27] needs four axes [out, in, height, width]");
  refused([&] { conv2d(x, w, Tensor({3})); }, "conv2d: bias [3] does not fit weight [4, 3, 3, 3]");
  refused([&] { conv2d(x, w, {}, 0); }, "conv2d: windows of 3 x 3 with stride 0 and padding 0");
  refused([&] { conv2d(x, w, {}, 1, -1); }, "conv2d: windows of 3 x 3 with stride 1 and padding -1");
  refused(
      [&] {
        conv2d(x, Tensor({4, 3, 8, 3}), {}, 1, 1);
      },
      "conv2d: x [2, 3, 5, 6] with padding 1 is smaller than a window of 8 x 3");
  refused([&] { conv2d(x, w, {}, 1, 1, Activation::silu); }, "conv2d: of the activations only relu");
  refused([&] { max_pool2d(Tensor({5, 6}), 2, 2); }, "max_pool2d: x [5, 6] needs four axes [B, C, H, W]");
  refused([&] { max_pool2d(x, 6, 1); }, "max_pool2d: x [2, 3, 5, 6] with padding 0 is smaller than a window of 6 x 6");
  refused([&] { max_pool2d(x, 0, 1); }, "max_pool2d: windows of 0 x 0");
  refused([&] { max_pool2d(x, 3, 1, 2); }, "max_pool2d: padding 2 is more than half a window of 3");
  refused([&] { avg_pool2d(x, 3, 1, 2); }, "avg_pool2d: padding 2 is more than half a window of 3");
}

TEST_CASE("Conv2d has named parameters, begins as He et al. have it, and convolves with its options") {
  Initializer init(Rng(1));
  Conv2d conv(5, 40, {3, 2, 1, true}, init);
  const auto parameters = named_parameters(conv);
  REQUIRE(parameters.size() == 2);
  REQUIRE(parameters[0].name == "weight");
  REQUIRE(parameters[0].tensor.shape() == Shape{40, 5, 3, 3});
  REQUIRE(parameters[1].name == "bias");
  REQUIRE(numbers(conv.bias) == std::vector<double>(40, 0));
  double squares = 0;
  for (const double v : numbers(conv.weight)) squares += v * v;
  REQUIRE(squares / 1800 == Approx(2.0 / 45).epsilon(0.1));
  const Tensor x = Tensor::normal({2, 5, 6, 7}, Rng(2));
  const Tensor y = conv.forward(x, Context(), Activation::relu);
  REQUIRE(y.shape() == Shape{2, 40, 3, 4});
  REQUIRE(numbers(y) == numbers(relu(conv2d(x, conv.weight, conv.bias, 2, 1))));
  REQUIRE(named_parameters(conv = Conv2d(1, 2, {1, 1, 0, false}, init)).size() == 1);
}

}  // namespace heddle
