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
  Bf16Tensor rounded;       ///< leaves: see keep_rounded
  bool keeps_grad = false;  ///< leaves and retained results
  bool freed = false;       ///< backward has run and dropped what the closure held
};

/// Where an op's backward may write a gradient of dy's shape, element by element as it reads dy: dy's own memory if
/// nobody else holds it, else new.
inline Tensor own_or_new(const Tensor& dy) { return dy.use_count() == 1 ? dy : Tensor(dy.shape()); }

/// Keeps the elements of a leaf as bf16 beside it, so that products need not round them each time. Who changes the
/// elements must keep them anew. Errors: no leaf.
void keep_rounded(const Tensor& leaf);
/// What is kept; null if nothing is.
const bf16_t* rounded_of(const Tensor& leaf);

/// While one of these lives in a thread, ops record nothing.
class NoGradGuard {
 public:
  NoGradGuard();
  ~NoGradGuard();
  NoGradGuard(const NoGradGuard&) = delete;
  NoGradGuard& operator=(const NoGradGuard&) = delete;

 private:
  bool previous_;
};
bool grad_enabled();

/// f(x), a function of ops, for which nothing is kept but x: backward computes f(x) again and then its gradients, x's
/// and those of every parameter that f reads. f must give the same bits each time, and what it reads must live until
/// backward has run. (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016)
Tensor recomputed(const Tensor& x, const std::function<Tensor(const Tensor&)>& f);

/// While one of these lives in a thread, every result and every gradient is searched for NaN and infinity, and the
/// first op that made one is named by an Error. Costs a pass over memory an op; meant for repeating a step that failed.
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

/// Adds d(loss)/d(leaf) to the gradient of every leaf (and retained result) that `loss` depends on. `seed` is the
/// gradient of loss itself: ones if undefined, which needs a loss of one element. Nodes run in falling order of
/// creation, without recursion; each frees what it captured when it has run, unless `retain_graph`.
/// Errors: loss outside the graph, a second backward over a freed graph, a gradient of the wrong count or shape.
void backward(const Tensor& loss, const Tensor& seed = {}, bool retain_graph = false);

}  // namespace heddle
