#pragma once

#include <string>
#include <vector>

#include "framework/nn/capture.h"
#include "framework/tensor.h"

namespace heddle {

/// One head of one attention, and what passed through it, of one example.
struct HeadView {
  Tensor queries, keys, values;  ///< [Tq, D], [Tk, D], [Tk, D]: as they are compared, normalized and turned
  Tensor weights;                ///< [Tq, Tk]; 0 where a query does not see a key
  Tensor sums;                   ///< [Tq, D]: what the head gives to the projection
  Tensor projection;             ///< [C, D]: the columns of the projection that read these
  double scale = 1;              ///< of the scores
  bool cross = false;            ///< keys and values are of the other side
};

/// The attentions of a model in its own order of names, of those that `capture` was offered in one pass:
/// "blocks/0/attention", "encoder/blocks/0/attention".
std::vector<std::string> attentions(const Capture& capture);

/// Whether an attention looks from one text into another, and whether its queries, and its keys and values, are places
/// of the source that a model translates: by its name.
bool is_cross(const std::string& attention);
bool queries_of_source(const std::string& attention);
bool keys_of_source(const std::string& attention);

/// Where an attention stands: of "decoder/blocks/3/cross_attention" the stack is "decoder/" and the layer 3.
std::string stack_of(const std::string& attention);
index_t layer_of(const std::string& attention);
/// The name of the states that go into its block: "decoder/hidden_states/3".
std::string states_before(const std::string& attention);

/// Head number `head` of an attention of row 0 of what passed: `capture` kept everything below `attention`;
/// `projection` [C, H D] is the weight of its projection, `scale` that of its scores (0: 1 / sqrt(D)). Errors: a head
/// that is not there.
HeadView view_head(const Capture& capture, const std::string& attention, const Tensor& projection, double scale,
                   index_t head);

/// A key that a query sees.
struct SeenKey {
  index_t place;
  double score;   ///< q . k
  double scaled;  ///< times the scale
  double weight;  ///< softmax of these over the keys that are seen
};

/// How one query comes to its result, in the five steps of "Attention Is All You Need" (Vaswani et al., 2017), computed
/// from the vectors alone, in double precision.
struct AttentionSteps {
  std::vector<double> query, key, value;  ///< 1: of the query's place; in cross-attention key and value are those of
                                          ///< the place that has the most weight
  double scale;
  std::vector<SeenKey> seen;   ///< 2 to 4: scores, scaled, and their softmax
  std::vector<double> sum;     ///< 5: the values' weighted sum
  std::vector<double> output;  ///< what that adds to the residual stream, through the projection, without its bias
  index_t of = 0;              ///< the place of key and value
};

/// Scores as weights: softmax(scale s), with the largest taken off first.
std::vector<SeenKey> weigh(const std::vector<double>& scores, const std::vector<index_t>& places, double scale);

/// The steps of the query at a place. Errors: a place that is not there.
AttentionSteps attention_steps(const HeadView& head, index_t place);

/// sqrt(sum of squares).
double length_of(const std::vector<double>& vector);

}  // namespace heddle
