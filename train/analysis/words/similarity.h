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
/// The pairs of a file, and which of its columns the scores are, as a person names it: "SimLex999", or "column 4".
struct SimilarityFile {
  std::vector<SimilarityPair> pairs;
  std::string column;
};
/// Reads files such as WordSim-353, SimLex-999 and SimVerb: a line each, two words and other columns, of which one is
/// the score. Fields are separated by tabs if the line has any, else by semicolons, else by commas, else by blanks.
/// Empty lines and those that begin with # are passed over. A first line without a number is a header: the score is the
/// first column behind the words that it names so (score, similarity, rating, human, mean, SimLex, SimVerb). Without
/// one, or where it names none so, the score is the first number behind the words in the first pair's line. Errors
/// (PATH:LINE): a line with fewer than three fields, or without that column; a score that is no finite number, saying
/// so where its comma may be meant as a point; no pairs.
SimilarityFile read_similarities(const std::string& path);

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
