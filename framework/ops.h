#pragma once

#include <utility>
#include <vector>

#include "framework/autograd.h"
#include "framework/rng.h"
#include "framework/tensor.h"

/// Every op with a gradient. An op lives in one file of framework/ops/, its gradient beside its forward; to add one,
/// declare it here, write it there, and give it a row in the table of tests/framework/ops_test.cpp.
///
/// Elementwise ops of two tensors broadcast as NumPy does: shapes are aligned at their last axes, and an axis of size 1
/// (or a missing one) is repeated. Every op throws Error when shapes do not fit, naming itself and the shapes.
namespace heddle {

// --- elementwise (ops/elementwise.cpp) ---

Tensor add(const Tensor& a, const Tensor& b);       ///< a + b
Tensor subtract(const Tensor& a, const Tensor& b);  ///< a - b
Tensor multiply(const Tensor& a, const Tensor& b);  ///< a * b
Tensor divide(const Tensor& a, const Tensor& b);    ///< a / b
Tensor add(const Tensor& a, real b);                ///< a + b, b a constant
Tensor multiply(const Tensor& a, real b);           ///< a * b, b a constant
Tensor negate(const Tensor& x);                     ///< -x
Tensor exp(const Tensor& x);                        ///< e^x
Tensor log(const Tensor& x);                        ///< natural logarithm; -inf at 0, NaN below
Tensor pow(const Tensor& x, real exponent);         ///< x^exponent, a constant exponent
Tensor sqrt(const Tensor& x);                       ///< square root; the gradient at 0 is infinite
Tensor tanh(const Tensor& x);                       ///< hyperbolic tangent
Tensor sigmoid(const Tensor& x);                    ///< 1 / (1 + e^-x)
Tensor relu(const Tensor& x);                       ///< max(x, 0); the gradient at 0 is 0
Tensor relu_squared(const Tensor& x);               ///< max(x, 0)^2 (So et al., "Primer", 2021)
/// x * Phi(x) with the normal distribution's Phi (Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016).
Tensor gelu(const Tensor& x);
/// The same paper's approximation, GPT-2's: x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))).
Tensor gelu_tanh(const Tensor& x);
Tensor silu(const Tensor& x);  ///< x * sigmoid(x)
/// condition != 0 ? a : b, all three broadcast; the condition gets no gradient.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
/// Each element kept with probability 1 - p (to a multiple of 2^-16) and scaled by 1 / (1 - p), else 0; what becomes of
/// element i depends on rng and i alone, so a seed repeats it. p = 0 returns x. Errors: p outside [0, 1).
/// (Srivastava et al., "Dropout", JMLR 2014)
Tensor dropout(const Tensor& x, double p, const Rng& rng);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return subtract(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return multiply(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return divide(a, b); }
inline Tensor operator+(const Tensor& a, real b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, real b) { return add(a, -b); }
inline Tensor operator*(const Tensor& a, real b) { return multiply(a, b); }
inline Tensor operator/(const Tensor& a, real b) { return multiply(a, 1 / b); }
inline Tensor operator-(const Tensor& x) { return negate(x); }

// --- reductions (ops/reduce.cpp). `axes` may be negative; an empty list means all of them. The reduced axes vanish, or
// stay with size 1 if `keepdim`. Errors: an axis named twice or not there, max, mean or variance of no element. ---

using Axes = std::vector<int>;
Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// Largest element; the gradient goes to the first of equals.
Tensor max(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// sum((x - mean)^2) / (n - correction). Errors: n <= correction.
Tensor variance(const Tensor& x, const Axes& axes = {}, bool keepdim = false, int correction = 0);
/// Index of the first largest element along one axis, which vanishes.
IdTensor argmax(const Tensor& x, int axis = -1);

// --- rows: ops along the last axis (ops/rowwise.cpp) ---

Tensor softmax(const Tensor& x);      ///< e^(x - max) / sum(e^(x - max))
Tensor log_softmax(const Tensor& x);  ///< x - max - log(sum(e^(x - max)))
/// (x - mean) / sqrt(variance + eps) * weight + bias; weight and bias [C], bias may be undefined.
/// (Ba, Kiros and Hinton, "Layer Normalization", 2016)
Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps = 1e-5);
/// {x + branch, layer_norm(x + branch, weight, bias)} in one pass.
std::pair<Tensor, Tensor> add_layer_norm(const Tensor& x, const Tensor& branch, const Tensor& weight,
                                         const Tensor& bias, double eps = 1e-5);
/// x / sqrt(mean(x^2) + eps) * weight; weight [C]. (Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019)
Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps = 1e-5);

// --- movement (ops/movement.cpp). reshape shares storage; all others copy. ---

/// One size may be -1: what the others leave.
Tensor reshape(const Tensor& x, const Shape& shape);
Tensor reshape(const Tensor& x, const std::vector<index_t>& sizes);
/// Axis i of the result is axis axes[i] of x.
Tensor permute(const Tensor& x, const Axes& axes);
Tensor transpose(const Tensor& x, int axis_a, int axis_b);
/// Elements [begin, end) of one axis.
Tensor slice(const Tensor& x, int axis, index_t begin, index_t end);
/// Joins tensors that differ in one axis only.
Tensor concat(const std::vector<Tensor>& parts, int axis);
/// Joins tensors of one shape along a new axis.
Tensor stack(const std::vector<Tensor>& parts, int axis);
/// Repeats axes of size 1, and new leading ones, to the given shape.
Tensor expand(const Tensor& x, const Shape& shape);
/// y[..., i, ...] = x[..., ids[..., i, ...], ...] along `axis`; ids has x's shape but for that axis.
/// Errors: an id outside the axis.
Tensor gather(const Tensor& x, int axis, const IdTensor& ids);
/// Rows of weight [V, C]: ids [...] to [..., C]. Errors: an id outside 0 .. V-1.
Tensor embedding(const IdTensor& ids, const Tensor& weight);

// --- products (ops/matmul.cpp) ---

/// [..., M, K] x [..., K, N] -> [..., M, N]; leading axes broadcast. The flags read an operand's last two axes swapped.
Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false);
/// What `linear` does to z = x weight^T + bias beside the product, while its tiles are in the cache.
enum class Activation {
  none,
  relu,
  relu_squared,
  gelu,
  gelu_tanh,
  silu,
  /// silu(a) * b with z = [a, b]: the gates' rows of the weight first, then the values' (Shazeer, "GLU Variants Improve
  /// Transformer", 2020); the result is half as wide
  swiglu
};
/// activation(x [..., I] * weight [O, I]^T + bias [O]) -> [..., O]; bias may be undefined. Errors: swiglu with O odd.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, Activation activation = Activation::none);

// --- attention (ops/attention.cpp) ---

/// What scaled_dot_product_attention may be told beside its operands.
struct AttentionOptions {
  /// Query i sees keys 0 .. i + (Tk - Tq): the last query sees the last key, as generation with a cache needs it.
  bool causal = false;
  /// [B, Tk]: keys with 0 are padding, seen by no query. Undefined: none.
  Tensor key_mask;
  /// Added to the scores: [Tq, Tk], [H, Tq, Tk], [B, 1 or H, Tq, Tk] (-inf hides a key). Gets no gradient.
  Tensor score_bias;
  double dropout = 0;  ///< of the attention weights
  Rng rng{};           ///< decides the dropout
  double scale = 0;    ///< of the scores; 0 means 1 / sqrt(D)
};

/// softmax(q k^T * scale + masks) v, a head at a time (Vaswani et al., "Attention Is All You Need", 2017).
///
/// q [B, Tq, H, D], k [B, Tk, G, D], v [B, Tk, G, Dv] -> [B, Tq, H, Dv]: heads stand beside each other in memory, as a
/// linear layer leaves them. G divides H; head h reads keys and values of group h * G / H (Ainslie et al., "GQA",
/// 2023). A query that sees no key gives zeros. Memory is O(B H Tq): scores come in tiles of fixed size, tiles that no
/// query may see are left out, and weights are recomputed in backward from each row's log-sum-exp (Dao et al.,
/// "FlashAttention", 2022). Errors: shapes that do not fit, causal with Tq > Tk.
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options = {});

/// The same of one tensor qkv [B, T, H + 2 G, D]: at each position the H heads of queries, then the G of keys, then the
/// G of values, as one linear layer makes them.
Tensor self_attention(const Tensor& qkv, index_t heads, const AttentionOptions& options = {});

/// Self-attention of positions that continue those held: writes the keys and values of qkv [B, T, H + 2 G, D] into keys
/// and values [B, capacity, G, D] from position `held` on, and attends, causally, with its queries to all so far.
/// -> [B, T, H, D]. For generation: outside the graph. Errors: shapes that do not fit, held + T > capacity.
Tensor cached_attention(const Tensor& qkv, index_t heads, Tensor& keys, Tensor& values, index_t held);

// --- heads (ops/heads.cpp): x [B, T, N, D], of whose N heads the first `heads` are changed and the rest are copied; 0
// means all ---

/// Rotary positions (Su et al., "RoFormer", 2021), D even. Pair i of a head is its dimensions (i, i + D/2), as Llama's
/// published weights have it; at position p = offset + t it turns by p * base^(-2 i / D).
Tensor rotary(const Tensor& x, index_t offset = 0, double base = 10000, index_t heads = 0);
/// Each head's vector divided by its root mean square, x / sqrt(mean(x^2) + eps): keeps attention scores of queries and
/// keys within bounds (Henry et al., "Query-Key Normalization for Transformers", 2020).
Tensor head_norm(const Tensor& x, index_t heads = 0, double eps = 1e-6);

// --- losses (ops/loss.cpp): the mean over elements, a scalar ---

/// Mean over rows of -log softmax(logits)[target], in nats. logits [..., V], targets [...]; rows whose target is
/// ignore_index do not count (all ignored: 0). With smoothing s the target distribution is (1 - s) at the target plus
/// s / V everywhere (Szegedy et al., 2016). Errors: another target outside 0 .. V-1, s outside [0, 1).
Tensor cross_entropy(const Tensor& logits, const IdTensor& targets, index_t ignore_index = -1,
                     double label_smoothing = 0);
/// cross_entropy(linear(x, weight), targets, ...) for x [..., C] and weight [V, C], in chunks of rows: of the logits,
/// the largest tensor of a model with many tokens, no more than a chunk is ever in memory. Where gradients are wanted
/// they are computed in forward, chunk by chunk.
Tensor linear_cross_entropy(const Tensor& x, const Tensor& weight, const IdTensor& targets, index_t ignore_index = -1,
                            double label_smoothing = 0);
/// mean((prediction - target)^2); the target gets a gradient too.
Tensor mse_loss(const Tensor& prediction, const Tensor& target);
/// Mean of -(t log s(x) + (1 - t) log(1 - s(x))), s the sigmoid, without overflow; the target gets no gradient.
Tensor bce_with_logits(const Tensor& logits, const Tensor& target);

}  // namespace heddle
