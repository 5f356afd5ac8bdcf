#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// Gradients of an op's inputs, one an input in their order; an undefined tensor where there is none.
using Grads = std::vector<Tensor>;
/// From the gradient of an op's result to those of its inputs. What it needs from forward is what it captures.
using Backward = std::function<Grads(const Tensor& dy)>;

/// A place in the graph: a leaf (no `backward`) or the result of an op. Nodes know their inputs' nodes, not their data.
struct Node {
  Node();
  /// Frees what hangs on this node without recursion, however long the chain is.
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  std::uint64_t sequence;  ///< order of creation; backward runs it in reverse
  const char* name = "leaf";
  Shape shape;
  std::vector<std::shared_ptr<Node>> inputs;  ///< null where an input needs no gradient
  Backward backward;
  Tensor incoming;          ///< while backward runs: what has arrived so far
  Tensor grad;              ///< the sum over backward calls, where it is kept
  bool keeps_grad = false;  ///< leaves and retained results
  bool frozen = false;      ///< a leaf that gets no gradient
  bool freed = false;       ///< backward has run and dropped what the closure held
};

/// Where an op's backward may write a gradient of dy's shape, element by element as it reads dy: dy's own memory if
/// nobody else holds it, else new.
inline Tensor reuse_or_allocate(const Tensor& dy) { return dy.use_count() == 1 ? dy : Tensor(dy.shape()); }

/// RAII guard: within its scope, in its thread, ops record nothing.
class NoGradGuard {
 public:
  NoGradGuard();
  ~NoGradGuard();
  NoGradGuard(const NoGradGuard&) = delete;
  NoGradGuard& operator=(const NoGradGuard&) = delete;

 private:
  int previous_;
};
bool grad_enabled();

using Recomputable = std::function<Tensor(const std::vector<Tensor>&)>;
/// f(inputs), a function of ops, for which nothing is kept but the inputs: backward computes f again and then its
/// gradients, those of the inputs that need one and of every parameter that f reads beside them. f must give the same
/// bits each time, and what it reads must live until backward has run. Gradients of several uses within f are summed
/// there first, so that other uses, outside, come to that sum. (Chen et al., "Training Deep Nets with Sublinear Memory
/// Cost", 2016)
/// Errors: f reads the result of an op in the graph that is not among the inputs; its gradient would be lost.
Tensor recomputed(const std::vector<Tensor>& inputs, const Recomputable& f);

/// RAII guard: within its scope, in its thread, every result and every gradient is searched for NaN and infinity, and
/// the first op that made one is named by an Error. Costs a pass over memory an op; meant for repeating a step that
/// failed.
class FiniteGuard {
 public:
  FiniteGuard();
  ~FiniteGuard();
  FiniteGuard(const FiniteGuard&) = delete;
  FiniteGuard& operator=(const FiniteGuard&) = delete;

 private:
  bool previous_;
};

/// Puts `y`, just computed from `inputs`, into the graph and returns it. `backward` is dropped at once where no input
/// needs a gradient or a NoGradGuard lives. `name` must be a string literal.
Tensor make_result(const char* name, Tensor y, const std::vector<Tensor>& inputs, Backward backward);

/// Told of a leaf whose gradient is complete.
using OnLeaf = std::function<void(const Node& leaf)>;

/// Adds d(loss)/d(leaf) to the gradient of every leaf (and retained result) that `loss` depends on. `seed` is the
/// gradient of loss itself: ones if undefined, which needs a loss of one element. Nodes run in falling order of
/// creation, without recursion; each frees what it captured when it has run, unless `retain_graph`. `on_leaf` is told
/// of each leaf when all have run that it goes into, so that its gradient can be used while others are yet to come.
/// Errors: loss outside the graph, a second backward over a freed graph, a gradient of the wrong count or shape.
void backward(const Tensor& loss, const Tensor& seed = {}, bool retain_graph = false, const OnLeaf& on_leaf = {});

}  // namespace heddle
