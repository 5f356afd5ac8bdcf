#pragma once

#include <array>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "framework/autograd.h"
#include "framework/gemm.h"
#include "framework/names.h"
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
/// element i of row r, of x [rows, ...], depends on rng, i and first_row + r alone, so a seed repeats it, and a batch's
/// parts that know their first rows drop what the whole batch would. p = 0 returns x. Errors: p outside [0, 1).
/// (Srivastava et al., "Dropout", JMLR 2014)
Tensor dropout(const Tensor& x, double p, const Rng& rng, index_t first_row = 0);

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

// --- products (ops/matmul.cpp); gradients are taken in the precision of the product ---

/// [..., M, K] x [..., K, N] -> [..., M, N]; leading axes broadcast. The flags read an operand's last two axes swapped.
Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false,
              Precision precision = Precision::f32);
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
/// Those that a model's MLP may be asked to have; gelu is GPT-2's form.
constexpr auto names_of(Activation) {
  return std::array{Named{Activation::gelu_tanh, "gelu"}, Named{Activation::relu, "relu"},
                    Named{Activation::relu_squared, "relu_squared"}, Named{Activation::silu, "silu"},
                    Named{Activation::swiglu, "swiglu"}};
}
/// activation(x [..., I] * weight [O, I]^T + bias [O]) -> [..., O]; bias may be undefined. Errors: swiglu with O odd.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, Activation activation = Activation::none,
              Precision precision = Precision::f32);

// --- images [B, C, H, W] (ops/conv.cpp, ops/pool.cpp). A window of kh x kw stands on every place of the image, the
// first `padding` above and left of it, each next one `stride` further; as many as fit into the padded image: H' = (H +
// 2 padding - kh) / stride + 1, W' likewise. Errors: no window fits, a stride below 1, a negative padding. ---

/// y[b, o, i, j] = activation(bias[o] + sum over c, k, l of x[b, c, i stride + k - padding, j stride + l - padding] *
/// weight[o, c, k, l]), x being 0 outside: x [B, C, H, W], weight [O, C, kh, kw], bias [O] or undefined -> [B, O, H',
/// W']. Errors: an activation that is neither none nor relu.
/// (LeCun et al., "Gradient-based learning applied to document recognition", 1998)
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, index_t stride = 1, index_t padding = 0,
              Activation activation = Activation::none, Precision precision = Precision::f32);
/// The largest element of each window of `window` x `window`: [B, C, H, W] -> [B, C, H', W']. Padding is -inf, at most
/// half a window. The first of equal elements gets the gradient; NaN is larger than all others.
Tensor max_pool2d(const Tensor& x, index_t window, index_t stride, index_t padding = 0);
/// The sum of each window's elements divided by window^2: [B, C, H, W] -> [B, C, H', W']. Padding is 0, at most half a
/// window.
Tensor avg_pool2d(const Tensor& x, index_t window, index_t stride, index_t padding = 0);

// --- attention (ops/attention.cpp) ---

/// What scaled_dot_product_attention may be told beside its operands.
struct AttentionOptions {
  /// Query i sees keys 0 .. i + (Tk - Tq): the last query sees the last key, as generation with a cache needs it.
  bool causal = false;
  /// [B, Tk]: keys with 0 are padding, seen by no query. Undefined: none.
  Tensor key_mask;
  /// Added to the scores: [Tq, Tk], [H, Tq, Tk], [B, 1 or H, Tq, Tk] (-inf hides a key). Gets no gradient.
  Tensor score_bias;
  double dropout = 0;                    ///< of the attention weights
  Rng rng{};                             ///< decides the dropout,
  index_t first_row = 0;                 ///< with the number of each row: that of the first (see dropout)
  std::optional<double> scale;           ///< of the scores; 1 / sqrt(D) unless given
  Precision precision = Precision::f32;  ///< of the products
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
/// and values [B, capacity, G, D], those of row b from position held[b] on, and attends with row b's queries to its
/// first held[b] + T positions. -> [B, T, H, D]. The options' Tk is the longest row's; a causal query i sees positions
/// 0 .. held[b] + i of its row. For generation, outside the graph. Errors: shapes that do not fit, a row without room,
/// an input that needs a gradient while gradients are recorded.
Tensor cached_attention(const Tensor& qkv, index_t heads, Tensor& keys, Tensor& values, std::span<const index_t> held,
                        const AttentionOptions& options);

// --- heads (ops/heads.cpp): x [B, T, N, D], of whose N heads the first `heads`, or all, are changed, the rest copied
// ---

/// Rotary positions (Su et al., "RoFormer", 2021), D even. Pair i of a head is its dimensions (i, i + D/2), as Llama's
/// published weights have it; at position p = offset + t it turns by p * base^(-2 i / D).
Tensor rotary(const Tensor& x, index_t offset = 0, double base = 10000, std::optional<index_t> heads = {});
/// Each head's vector divided by its root mean square, x / sqrt(mean(x^2) + eps): keeps attention scores of queries and
/// keys within bounds (Henry et al., "Query-Key Normalization for Transformers", 2020).
Tensor head_norm(const Tensor& x, std::optional<index_t> heads = {}, double eps = 1e-6);

// --- recurrent layers (ops/recurrent.cpp): all steps of a sequence, forward and backward through time. x [B, T, G H]
// is the input's part of the sums of G gates of H units, which one linear layer makes for all steps; where the caller
// hands over the only tensor that holds it, it is written over. weight [G H, H] multiplies the hidden state of the step
// before. First states [B, H] that are undefined are zeros. Errors: shapes that do not fit, no step. ---

/// h_t = tanh(x_t + weight h_{t-1}): x [B, T, H] -> hidden states [B, T, H].
/// (Elman, "Finding Structure in Time", 1990)
Tensor rnn(Tensor x, const Tensor& weight, const Tensor& hidden = {}, Precision precision = Precision::f32);
/// With s the logistic function and z_t = x_t + weight h_{t-1}, in whose 4 H columns stand i, f, g and o:
///   c_t = s(f) c_{t-1} + s(i) tanh(g),   h_t = s(o) tanh(c_t)
/// -> {hidden states [B, T, H], last cell state [B, H]}. (Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997;
/// the forget gate f: Gers, Schmidhuber and Cummins, "Learning to Forget", 2000)
std::pair<Tensor, Tensor> lstm(Tensor x, const Tensor& weight, const Tensor& hidden = {}, const Tensor& cell = {},
                               Precision precision = Precision::f32);
/// With x_t's 3 H columns r, z and n, those of weight h_{t-1} likewise, and s the logistic function:
///   r = s(r_x + r_h),  z = s(z_x + z_h),  n = tanh(n_x + r (n_h + bias)),  h_t = (1 - z) n + z h_{t-1}
/// -> hidden states [B, T, H]; bias [H]. (Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder",
/// 2014, with the reset gate behind the product, as cuDNN and torch.nn.GRU have it)
Tensor gru(Tensor x, const Tensor& weight, const Tensor& bias, const Tensor& hidden = {},
           Precision precision = Precision::f32);

// --- losses (ops/loss.cpp): a scalar, the mean over elements where nothing else is said ---

struct CrossEntropy {
  index_t ignore_index = -1;  ///< rows with this target do not count
  /// s: the target distribution is (1 - s) at the target plus s / V everywhere (Szegedy et al., 2016).
  double label_smoothing = 0;
  /// What the sum over rows is divided by; none: the number of rows that count (all ignored: the loss is 0). Parts of a
  /// batch that are all divided by the whole batch's number add up to its mean.
  std::optional<index_t> divisor{};
  Precision precision = Precision::f32;  ///< of linear_cross_entropy's products
  /// c > 0: a logit z counts as c tanh(z / c), between -c and c (Gemma Team, "Gemma 2", 2024); 0: as it is.
  double softcap = 0;
};
/// Mean over rows of -log softmax(logits)[target], in nats. logits [..., V], targets [...]. Errors: a target outside
/// 0 .. V-1 that is not ignored, smoothing outside [0, 1), a negative soft-cap.
Tensor cross_entropy(const Tensor& logits, const IdTensor& targets, const CrossEntropy& options = {});
/// cross_entropy(linear(x, weight, bias), targets, ...) for x [..., C], weight [V, C] and bias [V] or undefined, in
/// chunks of rows: of the logits, the largest tensor of a model with many tokens, no more than a chunk is ever in
/// memory. Where gradients are wanted they are computed in forward, chunk by chunk.
Tensor linear_cross_entropy(const Tensor& x, const Tensor& weight, const IdTensor& targets,
                            const CrossEntropy& options = {}, const Tensor& bias = {});
/// mean((prediction - target)^2); the target gets a gradient too.
Tensor mse_loss(const Tensor& prediction, const Tensor& target);
/// Mean of -(t log s(x) + (1 - t) log(1 - s(x))), s the sigmoid, without overflow; the target gets no gradient.
Tensor bce_with_logits(const Tensor& logits, const Tensor& target);

}  // namespace heddle
