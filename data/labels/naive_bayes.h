#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace heddle {

/// What counting words tells of a text's class: multinomial Naive Bayes with add-one smoothing (Manning, Raghavan and
/// Schuetze, "Introduction to Information Retrieval", 2008, chapter 13). The score of class c is
///
///   log P(c) + sum over the text's n-grams w of log P(w | c)
///   P(w | c) = (count of w in c's texts + 1) / (n-grams in c's texts + V)
///
/// where P(c) is c's share of the texts, and V the number of different n-grams; those that no counted text has are
/// passed over. Words are runs of letters, digits, marks and underscores, in lower case; n-grams are 1 to `longest`
/// neighbouring words of one text.
class NaiveBayes {
 public:
  NaiveBayes(std::size_t classes, std::size_t longest);
  /// Counts an example: its texts, and its class.
  void add(std::span<const std::string> texts, std::int32_t is);
  /// Of each class; -infinity where it has no example.
  std::vector<double> scores(std::span<const std::string> texts) const;
  /// The class of the highest score; of equal ones the first.
  std::int32_t classify(std::span<const std::string> texts) const;

 private:
  std::size_t longest_;
  std::vector<std::int64_t> texts_, ngrams_;                           ///< of each class, how many
  std::unordered_map<std::string, std::vector<std::int64_t>> counts_;  ///< of each n-gram, in each class
};

}  // namespace heddle
