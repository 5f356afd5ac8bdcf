#pragma once

#include <string>
#include <vector>

#include "train/analysis/geometry/statistics.h"
#include "train/analysis/words/word_space.h"

namespace heddle {

/// Two words, and how similar people find them.
struct SimilarityPair {
  std::string first, second;
  double score;
};
/// The pairs of a file such as WordSim-353: a line each, two words, a score, and what else there may be, which is
/// passed over. Fields are separated by tabs if the line has any, else by semicolons, else by commas, else by blanks.
/// Empty lines, those that begin with # and a first one whose third field is no number (a header) are passed over.
/// Errors: a line with fewer than three fields, a score that is no finite number (PATH:LINE), no pairs.
std::vector<SimilarityPair> read_similarities(const std::string& path);

/// How well cosines order the pairs as people do.
struct SimilarityReport {
  index_t pairs = 0, covered = 0;  ///< all, and those of which both words are in the vocabulary
  double correlation = 0;          ///< Spearman's, between scores and cosines of the covered ones
  Interval interval;               ///< of the correlation, 95 %
};
/// `fold_case`: words that differ in the case of ASCII letters alone are the same; the most frequent one is taken.
/// Errors: fewer than three pairs are covered; their scores or their cosines are all equal.
SimilarityReport evaluate_similarity(const WordSpace& space, const std::vector<SimilarityPair>& pairs,
                                     bool fold_case = true);

}  // namespace heddle
