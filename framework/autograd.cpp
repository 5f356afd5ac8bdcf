#include "framework/autograd.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "framework/profile.h"

namespace heddle {
namespace {

std::atomic<std::uint64_t> next_sequence{0};
thread_local bool checking_finite = false;

/// What ops of a thread do beside computing: nothing; put their results into the graph; or, within recomputed's first
/// run of f, only tell what they read.
enum Mode : int { plain, recording, watching };
thread_local int mode = recording;
/// While watching: the leaves that need a gradient and were read.
thread_local std::vector<Tensor> watched_leaves;

/// What a destroyed node owned; the outermost destructor frees all of it in a loop, so that a long chain does not
/// recurse.
struct DetachedNode {
  std::vector<std::shared_ptr<Node>> inputs;
  Backward backward;
};
thread_local std::vector<DetachedNode>* deferred_frees = nullptr;

void check_finite(const char* name, const char* what, const Tensor& t) {
  const auto bad = std::find_if_not(t.span().begin(), t.span().end(), [](real v) { return std::isfinite(v); });
  ensure(bad == t.span().end(), name, ": ", what, " of shape ", t.shape(), " holds ",
         bad == t.span().end() ? real{0} : *bad, " at element ", bad - t.span().begin());
}

/// sum += arriving. The first to arrive is shared; a later one is added in place only if nobody else holds the sum.
void accumulate(Tensor& sum, const Tensor& arriving) {
  if (!sum.defined()) {
    sum = arriving.detach();
    return;
  }
  Tensor result = sum.use_count() == 1 ? sum : Tensor(sum.shape());
  const real* a = sum.data();
  const real* b = arriving.data();
  real* out = result.mutable_data();
  parallel_for(result.numel(), row_grain(result.numel()), [&](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) out[i] = a[i] + b[i];
  });
  sum = result;
}

/// The nodes that backward has still to run, the last made first: when a node comes up, every node made after it, so
/// every user of its result, has run.
class Queue {
 public:
  Queue() = default;
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  /// Not empty only if an error ended backward: what has arrived must not be added to the next one.
  ~Queue() {
    for (const auto& node : heap_) node->incoming = {};
  }

  bool empty() const { return heap_.empty(); }

  void arrive(const std::shared_ptr<Node>& node, const Tensor& gradient) {
    const bool waiting = node->incoming.defined();
    accumulate(node->incoming, gradient);
    if (waiting) return;
    heap_.push_back(node);
    std::push_heap(heap_.begin(), heap_.end(), earlier);
  }

  std::shared_ptr<Node> pop() {
    std::pop_heap(heap_.begin(), heap_.end(), earlier);
    auto node = std::move(heap_.back());
    heap_.pop_back();
    return node;
  }

 private:
  static bool earlier(const std::shared_ptr<Node>& a, const std::shared_ptr<Node>& b) {
    return a->sequence < b->sequence;
  }
  std::vector<std::shared_ptr<Node>> heap_;
};

/// Adds what has arrived at a node to the gradient that it keeps. An optimizer may change that in place, so it shares
/// its elements with nobody.
void keep_grad(Node& node, const Tensor& dy) {
  accumulate(node.grad, !node.grad.defined() && dy.use_count() > 1 ? dy.clone() : dy);
}

/// The leaves below a node: each is told of when every node has run that it goes into, which is before its turn.
class Leaves {
 public:
  Leaves(const std::shared_ptr<Node>& top, const OnLeaf& on_leaf) : on_leaf_(on_leaf) {
    if (!on_leaf) return;
    std::unordered_set<const Node*> seen{top.get()};
    for (std::vector<const Node*> todo{top.get()}; !todo.empty();) {
      const Node* const node = todo.back();
      todo.pop_back();
      for (const auto& input : node->inputs) {
        if (!input) continue;
        if (!input->backward && input->keeps_grad) ++users_[input];
        if (seen.insert(input.get()).second) todo.push_back(input.get());
      }
    }
  }
  Leaves(const Leaves&) = delete;
  Leaves& operator=(const Leaves&) = delete;
  ~Leaves() {
    for (const auto& [leaf, users] : users_) leaf->incoming = {};  // not empty only if an error ended backward
  }

  /// Takes what arrives at one of them; false: it is none.
  bool arrive(const std::shared_ptr<Node>& node, const Tensor& gradient) {
    if (!users_.contains(node)) return false;
    accumulate(node->incoming, gradient);
    return true;
  }
  /// A node has run.
  void on_run(const Node& node) {
    if (users_.empty()) return;
    for (const auto& input : node.inputs) {
      const auto at = users_.find(input);
      if (at != users_.end() && --at->second == 0) complete(at->first);
    }
  }
  /// Nothing runs any more: those that go into nodes to which no gradient came are complete, too.
  void on_end() {
    for (const auto& [leaf, users] : users_) {
      if (users > 0) complete(leaf);
    }
  }

 private:
  void complete(const std::shared_ptr<Node>& leaf) {
    if (leaf->incoming.defined()) {
      keep_grad(*leaf, leaf->incoming);
      leaf->incoming = {};
    }
    on_leaf_(*leaf);
  }

  const OnLeaf& on_leaf_;
  std::unordered_map<std::shared_ptr<Node>, std::size_t> users_;  ///< how many have still to run
};

}  // namespace

Node::Node() : sequence(next_sequence.fetch_add(1, std::memory_order_relaxed)) {}

Node::~Node() {
  if (inputs.empty() && !backward) return;
  if (deferred_frees != nullptr) {
    deferred_frees->push_back({std::move(inputs), std::move(backward)});
    return;
  }
  std::vector<DetachedNode> dead;
  deferred_frees = &dead;
  dead.push_back({std::move(inputs), std::move(backward)});
  while (!dead.empty()) {
    const DetachedNode next = std::move(dead.back());  // its destructor may push more
    dead.pop_back();
  }
  deferred_frees = nullptr;
}

NoGradGuard::NoGradGuard() : previous_(std::exchange(mode, plain)) {}
NoGradGuard::~NoGradGuard() { mode = previous_; }
bool grad_enabled() { return mode == recording; }

namespace {

/// RAII guard: within its scope ops are in another mode.
class ModeGuard {
 public:
  explicit ModeGuard(Mode wanted) : previous_(std::exchange(mode, wanted)) {}
  ~ModeGuard() { mode = previous_; }
  ModeGuard(const ModeGuard&) = delete;
  ModeGuard& operator=(const ModeGuard&) = delete;

 private:
  int previous_;
};

/// What a function that is to be recomputed reads must be its inputs, which are detached, or leaves: its own backward
/// would run and free any other graph, with but a part of the gradient.
void watch(const char* name, const Tensor& x) {
  if (!x.requires_grad()) return;
  ensure(!x.node()->backward && !x.node()->freed, "recomputed: ", name, " reads the result of ", x.node()->name, " ",
         x.shape(), ", which was made outside; give it to recomputed as an input");
  const auto known = [&](const Tensor& leaf) { return leaf.node() == x.node(); };
  if (std::none_of(watched_leaves.begin(), watched_leaves.end(), known)) watched_leaves.push_back(x);
}

}  // namespace

Tensor recomputed(const std::vector<Tensor>& inputs, const Recomputable& f) {
  if (!grad_enabled()) return f(inputs);
  std::vector<Tensor> detached;
  for (const Tensor& x : inputs) detached.push_back(x.detach());
  std::vector<Tensor> sources = inputs;  // of the gradient
  Tensor y;
  {
    const ModeGuard watch_only(watching);
    watched_leaves.clear();
    y = f(detached);
    // Leaves that f reads get their gradients from its own backward; they stand here so that it is run, and before they
    // are called complete.
    sources.insert(sources.end(), watched_leaves.begin(), watched_leaves.end());
    watched_leaves.clear();
  }
  std::vector<bool> wanted;
  for (const Tensor& x : inputs) wanted.push_back(x.requires_grad());
  return make_result("recomputed", y, sources,
                     [detached, wanted, f, count = sources.size()](const Tensor& dy) -> Grads {
                       std::vector<Tensor> leaves;
                       for (std::size_t i = 0; i < wanted.size(); ++i) {
                         leaves.push_back(detached[i].detach());
                         if (wanted[i]) leaves.back().set_requires_grad();
                       }
                       const ModeGuard record(recording);
                       if (const Tensor again = f(leaves); again.requires_grad()) backward(again, dy);
                       Grads grads;
                       for (const Tensor& leaf : leaves) grads.push_back(leaf.grad());
                       grads.resize(count);
                       return grads;
                     });
}

FiniteGuard::FiniteGuard() : previous_(std::exchange(checking_finite, true)) {}
FiniteGuard::~FiniteGuard() { checking_finite = previous_; }

bool Tensor::requires_grad() const { return node_ != nullptr && !node_->frozen; }

Tensor& Tensor::set_requires_grad(bool wanted) {
  ensure(defined(), "set_requires_grad: the tensor is undefined");
  if (node_) {
    ensure(!node_->backward && !node_->freed, "set_requires_grad: the tensor is the result of ", node_->name,
           "; detach it first, or call retain_grad to keep its gradient");
    node_->frozen = !wanted;
    if (!wanted) node_->grad = {};
    return *this;
  }
  if (!wanted) return *this;
  node_ = std::make_shared<Node>();
  node_->shape = shape_;
  node_->keeps_grad = true;
  return *this;
}

const Tensor& Tensor::grad() const {
  static const Tensor none;
  return node_ ? node_->grad : none;
}

Tensor& Tensor::mutable_grad() {
  ensure(node_ != nullptr, "gradient: the tensor is outside the graph; call set_requires_grad first");
  return node_->grad;
}

void Tensor::zero_grad() {
  if (node_) node_->grad = {};
}

void Tensor::retain_grad() {
  ensure(node_ != nullptr, "retain_grad: the tensor is outside the graph");
  node_->keeps_grad = true;
}

Tensor make_result(const char* name, Tensor y, const std::vector<Tensor>& inputs, Backward backward) {
  if (checking_finite) check_finite(name, "result", y);
  if (mode == watching) {
    for (const Tensor& x : inputs) watch(name, x);
  }
  if (mode == recording && Profile::current() != nullptr) {  // not the ops that a backward is made of
    double elements = static_cast<double>(y.numel());
    for (const Tensor& x : inputs) elements += static_cast<double>(x.numel());
    profile_lap(name, false, elements * sizeof(real));
  }
  const bool needed =
      mode == recording && std::any_of(inputs.begin(), inputs.end(), [](const Tensor& x) { return x.requires_grad(); });
  y.set_node(nullptr);
  if (!needed) return y;
  auto node = std::make_shared<Node>();
  node->name = name;
  node->shape = y.shape();
  node->inputs.reserve(inputs.size());
  for (const Tensor& x : inputs) node->inputs.push_back(x.requires_grad() ? x.node() : nullptr);
  node->backward = std::move(backward);
  y.set_node(std::move(node));
  return y;
}

void backward(const Tensor& loss, const Tensor& seed, bool retain_graph, const OnLeaf& on_leaf) {
  ensure(loss.requires_grad(), "backward: the loss depends on no tensor that requires a gradient");
  if (seed.defined()) {
    ensure(seed.shape() == loss.shape(), "backward: seed ", seed.shape(), " does not fit loss ", loss.shape());
  } else {
    ensure(loss.numel() == 1, "backward: loss ", loss.shape(), " has more than one element; sum it or give a seed");
  }
  const NoGradGuard no_grad;

  profile_lap("between forward and backward");
  Queue queue;
  Leaves leaves(loss.node(), on_leaf);
  queue.arrive(loss.node(), seed.defined() ? seed : Tensor::full(loss.shape(), 1));
  while (!queue.empty()) {
    const std::shared_ptr<Node> node = queue.pop();
    Tensor dy = std::exchange(node->incoming, Tensor());
    if (node->keeps_grad) keep_grad(*node, dy);
    if (!node->backward) {
      ensure(!node->freed, "backward: ", node->name,
             " has been passed before and its graph is freed; call the first backward with retain_graph");
      continue;  // a leaf
    }
    if (node->keeps_grad) dy = dy.clone();
    Grads grads = node->backward(dy);
    if (Profile::current() != nullptr) {
      double elements = static_cast<double>(dy.numel());
      for (const Tensor& grad : grads) elements += static_cast<double>(grad.numel());
      profile_lap(node->name, true, elements * sizeof(real));
    }
    dy = {};
    ensure(grads.size() == node->inputs.size(), "backward: ", node->name, " gave ", grads.size(), " gradients for ",
           node->inputs.size(), " inputs");
    for (std::size_t i = 0; i < grads.size(); ++i) {
      const auto& input = node->inputs[i];
      if (!input || !grads[i].defined()) continue;
      ensure(grads[i].shape() == input->shape, "backward: ", node->name, " gave gradient ", grads[i].shape(),
             " for input ", i, " of shape ", input->shape);
      if (checking_finite) check_finite(node->name, "gradient", grads[i]);
      const Tensor grad = std::exchange(grads[i], Tensor());
      if (!leaves.arrive(input, grad)) queue.arrive(input, grad);
    }
    profile_lap("sum of gradients", true);
    leaves.on_run(*node);
    if (!retain_graph) {
      node->backward = nullptr;
      node->inputs.clear();
      node->freed = true;
    }
  }
  leaves.on_end();
}

}  // namespace heddle
