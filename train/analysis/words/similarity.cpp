#include "train/analysis/words/similarity.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "data/io/lines.h"
#include "data/io/utf8.h"

namespace heddle {
namespace {

/// What stands between separators, without blanks at its ends; nothing for what is empty then.
std::vector<std::string> fields_of(const std::string& line) {
  constexpr const char* kBlanks = " \t";
  char separator = ' ';
  for (const char c : {',', ';', '\t'}) {
    if (line.find(c) != std::string::npos) separator = c;
  }
  std::vector<std::string> fields;
  for (std::size_t begin = 0, end = 0; begin <= line.size(); begin = end + 1) {
    end = std::min(line.find(separator, begin), line.size());
    const std::string field = line.substr(begin, end - begin);
    const std::size_t first = field.find_first_not_of(kBlanks);
    if (first != std::string::npos) fields.push_back(field.substr(first, field.find_last_not_of(kBlanks) + 1 - first));
  }
  return fields;
}

}  // namespace

std::vector<SimilarityPair> read_similarities(const std::string& path) {
  std::vector<SimilarityPair> pairs;
  bool first = true;
  for_lines(path, "similarity file", [&](const std::string& line, const std::string& place) {
    if (line.starts_with('#') || line.find_first_not_of(" \t") == std::string::npos) return;
    const bool may_be_header = std::exchange(first, false);
    const std::vector<std::string> fields = fields_of(line);
    ensure(fields.size() >= 3, place, ": a line needs two words and a score, this one has ", fields.size(), " fields");
    const std::string& text = fields[2];
    double score = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), score);
    const bool number = error != std::errc::invalid_argument && end == text.data() + text.size();
    if (!number && may_be_header) return;
    ensure(number && error == std::errc() && std::isfinite(score), place, ": score '", visible(text),
           "' is no finite number");
    pairs.push_back({fields[0], fields[1], score});
  });
  ensure(!pairs.empty(), "similarity file ", path, " holds no pairs; a line is two words and a score");
  return pairs;
}

SimilarityReport evaluate_similarity(const WordSpace& space, const std::vector<SimilarityPair>& pairs, bool fold_case) {
  const WordIndex index(space.words(), fold_case);
  std::vector<double> scores, cosines;
  for (const SimilarityPair& pair : pairs) {
    const index_t a = index.row_of(pair.first), b = index.row_of(pair.second);
    if (a < 0 || b < 0) continue;
    scores.push_back(pair.score);
    cosines.push_back(dot_in_order(space.direction(a), space.direction(b), space.dimensions()));
  }
  SimilarityReport report;
  report.pairs = static_cast<index_t>(pairs.size());
  report.covered = static_cast<index_t>(scores.size());
  ensure(report.covered >= 3, "similarity: both words of ", report.covered, " of ", report.pairs,
         " pairs are in the vocabulary; at least 3 are needed");
  report.correlation = spearman(scores, cosines);
  report.interval = spearman_interval(report.correlation, report.covered);
  return report;
}

}  // namespace heddle
