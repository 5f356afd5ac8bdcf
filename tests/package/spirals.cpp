// A network of one's own: it learns on which of two spirals a point lies.
#include <cmath>
#include <cstdio>

#include "framework/nn/layers.h"
#include "framework/optim.h"
#include "framework/testing/gradient_check.h"

using namespace heddle;

struct Net {
  explicit Net(Initializer init)
      : first(2, 32, true, init, 1), second(32, 32, true, init, 0.2), scores(32, 2, true, init, 0.2) {}
  Tensor loss(const Tensor& points, const IdTensor& arms) const {
    const Context context;
    const Tensor hidden = second.forward(first.forward(points, context, Activation::gelu), context, Activation::gelu);
    return cross_entropy(scores.forward(hidden, context), arms);
  }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {  // names the parameters
    ar& BOOST_SERIALIZATION_NVP(first) & BOOST_SERIALIZATION_NVP(second) & BOOST_SERIALIZATION_NVP(scores);
  }
  Linear first, second, scores;
};

int main() {
  Tensor points({200, 2});
  IdTensor arms({200});
  for (int i = 0; i < 200; ++i) {
    const double radius = 0.1 + 0.01 * (i / 2), angle = 6 * radius + 3.14159 * (i % 2);
    points.mutable_data()[2 * i] = static_cast<real>(radius * std::cos(angle));
    points.mutable_data()[2 * i + 1] = static_cast<real>(radius * std::sin(angle));
    arms[i] = i % 2;
  }
  Net net(Rng(1));
  const auto parameters = named_parameters(net);
  check_gradients("net", [&](const auto&) { return net.loss(points, arms); }, {net.first.weight, net.scores.bias});

  Optimizer optimizer({}, parameters);
  double loss = 0;
  for (int step = 0; step < 500; ++step) {
    optimizer.zero_grad();
    const Tensor mean = net.loss(points, arms);
    backward(mean);
    optimizer.step(1e-2);
    loss = static_cast<double>(mean.item());
  }
  std::printf("%ld parameters, loss after 500 steps: %.4f\n", count_elements(parameters), loss);
  return loss < 0.05 ? 0 : 1;
}
