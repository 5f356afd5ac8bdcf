#include <cmath>
#include <numeric>

#include "train/analysis/circuits/lens.h"
#include "train/analysis/circuits/states.h"

namespace heddle {
namespace {

using Vector = std::vector<double>;

Vector vector_of(const Tensor& x) { return {x.span().begin(), x.span().end()}; }
double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }
void add(Vector& to, const Vector& x) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += x[i];
}

/// Columns [begin, begin + |x|) of w [N, M] times x.
Vector product(const Tensor& w, const Vector& x, index_t begin = 0) {
  Vector y;
  for (index_t row = 0; row < w.size(0); ++row) {
    const real* const at = w.data() + row * w.size(1) + begin;
    y.push_back(std::inner_product(x.begin(), x.end(), at, 0.0));
  }
  return y;
}

/// A norm at one x: with its division held it is linear.
class HeldNorm {
 public:
  HeldNorm(const Norm& norm, const Vector& x) : norm_(norm) {
    const auto width = static_cast<double>(x.size());
    if (norm.kind() == NormKind::layer) mean_ = std::accumulate(x.begin(), x.end(), 0.0) / width;
    double squares = 0;
    for (const double v : x) squares += (v - mean_) * (v - mean_);
    size_ = std::sqrt(squares / width + norm.eps());
  }
  Vector forward(const Vector& x) const {
    Vector y;
    for (std::size_t i = 0; i < x.size(); ++i) y.push_back(weight(i) * (x[i] - mean_) / size_ + bias(i));
    return y;
  }
  /// What reads x as `read` reads the norm's result, but for the bias, whose share is `of_bias`.
  Vector pull(const Vector& read, double& of_bias) const {
    Vector pulled;
    of_bias = 0;
    double mean = 0;
    for (std::size_t i = 0; i < read.size(); ++i) {
      pulled.push_back(read[i] * weight(i) / size_);
      mean += pulled[i] / static_cast<double>(read.size());
      of_bias += read[i] * bias(i);
    }
    if (norm_.kind() == NormKind::layer) {
      for (double& v : pulled) v -= mean;
    }
    return pulled;
  }
  bool has_bias() const { return norm_.bias.defined(); }

 private:
  double weight(std::size_t i) const {
    return norm_.weight.defined() ? static_cast<double>(norm_.weight.data()[i]) : 1;
  }
  double bias(std::size_t i) const { return has_bias() ? static_cast<double>(norm_.bias.data()[i]) : 0; }

  const Norm& norm_;
  double mean_ = 0, size_ = 1;
};

/// The parts in the order in which they are met from the logit down, and what reads the stream there.
struct Walk {
  std::vector<Contribution> met;
  Vector read;

  void through(const HeldNorm& norm, const std::string& name) {
    double of_bias = 0;
    read = norm.pull(read, of_bias);
    if (norm.has_bias()) met.push_back({name + "/bias", {}, of_bias});
  }
};

/// From the logit of a token to what reads the stream where it leaves the last block.
void walk_head(Walk& walk, const TokenStream& stream, const Tensor& left, index_t token) {
  std::vector<Tensor> inputs = {left};
  for (const TokenStream::Layer& layer : stream.head) {
    const Tensor& x = inputs.back();
    inputs.push_back(layer.norm != nullptr ? layer.norm->forward(x)
                                           : layer.linear->forward(x, Context(), layer.activation));
  }
  walk.read.assign(static_cast<std::size_t>(inputs.back().numel()), 0);
  walk.read[static_cast<std::size_t>(token)] = 1;
  for (std::size_t i = stream.head.size(); i-- > 0;) {
    const TokenStream::Layer& layer = stream.head[i];
    if (layer.norm != nullptr) {
      walk.through({*layer.norm, vector_of(inputs[i])}, layer.name);
      continue;
    }
    const Linear& linear = *layer.linear;
    if (layer.activation != Activation::none) {
      const Vector before = vector_of(linear.forward(inputs[i], Context())), after = vector_of(inputs[i + 1]);
      for (std::size_t j = 0; j < before.size(); ++j) walk.read[j] *= before[j] != 0 ? after[j] / before[j] : 0;
    }
    if (linear.bias.defined()) walk.met.push_back({layer.name + "/bias", {}, dot(walk.read, vector_of(linear.bias))});
    walk.read = vector_of(
        matmul(Tensor::from(std::vector<real>(walk.read.begin(), walk.read.end()), {1, std::ssize(walk.read)}),
               linear.weight));
  }
}

/// One of the sums into the stream: what is added, by its parts, and the norm after it in post-norm blocks.
struct Branch {
  std::vector<std::pair<Contribution, Vector>> parts{};  ///< values come later
  std::string norm_name{};
  const Norm* norm = nullptr;
  std::optional<HeldNorm> held{};
};

Branch attention_branch(const Capture& capture, const std::string& name, const Linear& proj, index_t place) {
  const Tensor& all = capture.at(name + "/heads");  // [B, T, H, D]
  const Vector heads = vector_of(at_place(all, place));
  const index_t size = all.size(3);
  Branch branch;
  for (index_t head = 0; head < all.size(2); ++head) {
    const Vector own(heads.begin() + head * size, heads.begin() + (head + 1) * size);
    branch.parts.push_back({{name, head, 0}, product(proj.weight, own, head * size)});
  }
  if (proj.bias.defined()) branch.parts.push_back({{name + "/proj/bias", {}, 0}, vector_of(proj.bias)});
  return branch;
}

std::vector<Branch> branches_of(const TokenStream& stream, const Capture& capture, std::size_t layer, index_t place) {
  const Block& block = stream.transformer->blocks[layer];
  const std::string path = concat_text(stream.path, "blocks/", layer, '/');
  const bool post = block.norm_position == NormPosition::post;
  std::vector<Branch> branches;
  const auto push = [&](Branch branch, const Norm& norm, const char* name) {
    if (post) {
      branch.norm = &norm;
      branch.norm_name = path + name;
    }
    branches.push_back(std::move(branch));
  };
  push(attention_branch(capture, path + "attention", block.attention.proj, place), block.norm1, "norm1");
  if (block.has_cross_attention) {
    push(attention_branch(capture, path + "cross_attention", block.cross_attention.proj, place), block.norm_cross,
         "norm_cross");
  }
  Vector mlp = product(block.mlp.proj.weight, vector_of(at_place(capture.at(path + "mlp/hidden"), place)));
  if (block.mlp.proj.bias.defined()) add(mlp, vector_of(block.mlp.proj.bias));
  push({{{{path + "mlp", {}, 0}, std::move(mlp)}}}, block.norm2, "norm2");
  return branches;
}

void walk_block(Walk& walk, std::vector<Branch> branches, Vector state) {
  for (Branch& branch : branches) {
    for (const auto& [part, vector] : branch.parts) add(state, vector);
    if (branch.norm == nullptr) continue;
    branch.held.emplace(*branch.norm, state);
    state = branch.held->forward(state);
  }
  for (auto branch = branches.rbegin(); branch != branches.rend(); ++branch) {
    if (branch->held) walk.through(*branch->held, branch->norm_name);
    for (auto part = branch->parts.rbegin(); part != branch->parts.rend(); ++part)
      walk.met.push_back({part->first.part, part->first.head, dot(walk.read, part->second)});
  }
}

}  // namespace

Attribution attribute(const TokenStream& stream, const Capture& capture, index_t place, index_t token) {
  check_head(stream);
  const std::size_t layers = stream.transformer->blocks.size();
  const Tensor left = state_at(capture, stream.path, layers, place), scores = stream.scores(left, false);
  ensure(token >= 0 && token < scores.numel(), "lens: there is no token ", token, " among ", scores.numel());
  Walk walk;
  walk_head(walk, stream, left, token);
  for (std::size_t layer = layers; layer-- > 0;)
    walk_block(walk, branches_of(stream, capture, layer, place),
               vector_of(state_at(capture, stream.path, layer, place)));
  walk.met.push_back({"embeddings", {}, dot(walk.read, vector_of(state_at(capture, stream.path, 0, place)))});
  Attribution found{token, static_cast<double>(scores.data()[token]), {walk.met.rbegin(), walk.met.rend()}, 0};
  for (const Contribution& part : found.parts) found.sum += part.value;
  return found;
}

}  // namespace heddle
