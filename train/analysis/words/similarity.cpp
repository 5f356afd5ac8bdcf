#include "train/analysis/words/similarity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
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

/// The number that a field is, infinite where it is too large; nothing where it is none.
std::optional<double> number_of(const std::string& field) {
  double value = 0;
  const char* const end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value);
  if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc() ? value : std::numeric_limits<double>::infinity();
}

/// Whether a field is a number, if a comma is read as a point.
bool has_decimal_comma(std::string field) {
  if (std::count(field.begin(), field.end(), ',') != 1) return false;
  std::replace(field.begin(), field.end(), ',', '.');
  return number_of(field).has_value();
}
constexpr const char* kDecimalComma = " has a comma for a point; write points, as in 6.5";

/// Whether a field is meant as a number.
bool is_number(const std::string& field) { return number_of(field).has_value() || has_decimal_comma(field); }

/// The first column behind the words that a header names as the score; nothing where none is.
std::optional<std::size_t> named_score(const std::vector<std::string>& header) {
  constexpr std::array kNames = {"score", "simil", "rating", "human", "mean", "simlex", "simverb"};
  for (std::size_t i = 2; i < header.size(); ++i) {
    const std::string name = lower_case(header[i]);
    for (const char* known : kNames) {
      if (name.starts_with(known)) return i;
    }
  }
  return std::nullopt;
}

}  // namespace

SimilarityFile read_similarities(const std::string& path) {
  SimilarityFile file;
  std::optional<std::size_t> column;
  bool first = true, pairs_of_digits = true;
  for_lines(path, "similarity file", [&](const std::string& line, const std::string& place) {
    if (line.starts_with('#') || line.find_first_not_of(" \t") == std::string::npos) return;
    const bool may_be_header = std::exchange(first, false);
    const std::vector<std::string> fields = fields_of(line);
    const std::string last = line.substr(line.find_last_of(" \t") + 1);
    ensure(fields.size() >= 3 || !has_decimal_comma(last), place, ": '", visible_start(last), '\'', kDecimalComma);
    ensure(fields.size() >= 3, place, ": a line needs two words and a score, this one has ", fields.size(), " fields");
    if (may_be_header && std::none_of(fields.begin(), fields.end(), is_number)) {
      column = named_score(fields);
      if (column) file.column = fields[*column];
      return;
    }
    if (!column) {
      const auto score = std::find_if(fields.begin() + 2, fields.end(), is_number);
      column = score == fields.end() ? 2 : score - fields.begin();
      file.column = concat_text("column ", *column + 1);
    }
    ensure(*column < fields.size(), place, ": this line has ", fields.size(), " fields, and the score is the ",
           file.column);
    const std::string& text = fields[*column];
    const std::optional<double> score = number_of(text);
    ensure(score || !has_decimal_comma(text), place, ": score '", visible_start(text), '\'', kDecimalComma);
    ensure(score && std::isfinite(*score), place, ": score '", visible_start(text), "' is no finite number");
    file.pairs.push_back({fields[0], fields[1], *score});
    const auto is_digits = [](const std::string& field) { return field.find_first_not_of("0123456789") == field.npos; };
    pairs_of_digits = pairs_of_digits && fields.size() == 4 && *column == 2 && line.find_first_of(";\t") == line.npos &&
                      line.find(',') != line.npos && is_digits(fields[2]) && is_digits(fields[3]);
  });
  ensure(!file.pairs.empty(), "similarity file ", path, " holds no pairs; a line is two words and a score");
  ensure(!pairs_of_digits, "similarity file ", path,
         ": every line ends in two whole numbers with a comma between; if they "
         "are one number, write it with a point, as in 6.5, else put tabs between the fields");
  return file;
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
