#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/dataset.h"
#include "models/model.h"
#include "train/analysis/attention/head_scores.h"

namespace heddle {

/// One head of a model, and what it does on the batches that were looked at.
struct SurveyedHead {
  std::string attention;
  index_t head;
  HeadScores scores;
};

/// Whose weights are scored: the model's, or, as a control, those of heads that weigh all alike that they see.
enum class SurveyedWeights { own, uniform };

/// The roles of all heads, in the model's own order, on batches of one row; and on random tokens said twice, where the
/// model reads tokens of any order. The same whatever the number of threads. Errors: a model without attention.
std::vector<SurveyedHead> survey_heads(Model& model, const DataState& data, const std::vector<Batch>& batches,
                                       SurveyedWeights weights = SurveyedWeights::own);

/// "blocks/3/attention" head 1 is "L3H1"; "decoder/blocks/3/cross_attention" is "decoder.cross.L3H1".
std::string head_name(const std::string& attention, index_t head);

/// What a model's loss, in nats a target, becomes where one head gives zeros in the place of its results, or at every
/// place its mean result.
struct HeadAblation {
  double zero, mean;
};
struct AblationStudy {
  double loss;                      ///< of the whole model
  std::vector<HeadAblation> heads;  ///< in the order of survey_heads
};
/// Of all heads on batches that count targets, in f32. The mean is over all places of the batches. What comes before a
/// head's block is computed once a batch. `progress` is told how many batches of how many are done. Errors: a model
/// without attention, batches without a target.
AblationStudy ablate_heads(Model& model, const std::vector<Batch>& batches,
                           const std::function<void(index_t done, index_t of)>& progress = {});

}  // namespace heddle
