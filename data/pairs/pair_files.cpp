#include "data/pairs/pair_files.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>

#include "data/io/lines.h"
#include "data/io/utf8.h"
#include "data/split.h"
#include "framework/check.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSides = "two languages, as de and en, or the numbers of two columns, from 1";

/// The number that `side` is; 0 where it is none.
std::size_t column_of(const std::string& side) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(side.data(), side.data() + side.size(), number);
  return error == std::errc() && end == side.data() + side.size() ? number : 0;
}

/// The ends of the files that hold a language, in the order in which they are looked for.
std::vector<std::string> ends_of(const std::string& language) {
  return {'.' + language, '.' + language + ".gz", '.' + language + ".zst"};
}

/// The file of one side; empty where there is none.
std::string file_of(const std::string& path, const std::string& language) {
  for (const std::string& end : ends_of(language)) {
    if (std::error_code error; fs::is_regular_file(path + end, error)) return path + end;
  }
  return {};
}

void add_sentence(std::vector<std::string>& sentences, std::string_view sentence, const std::string& place) {
  ensure(find_invalid_utf8(sentence) == sentence.npos && sentence.find('\0') == sentence.npos, "pairs: ", place,
         " is not UTF-8, or holds NUL; convert the file, as with iconv -f latin1 -t utf-8");
  sentences.emplace_back(sentence);
}

}  // namespace

PairFiles::PairFiles(const std::string& source, const std::string& target)
    : source_(source), target_(target), source_column_(column_of(source)), target_column_(column_of(target)) {
  const bool fit = !source.empty() && !target.empty() && source != "0" && target != "0";
  ensure(fit && (source_column_ == 0) == (target_column_ == 0), "pairs: data.source = ", source,
         " and data.target = ", target, "; give ", kSides);
  ensure(source != target, "pairs: data.source and data.target are both ", source, "; give ", kSides);
}

std::vector<std::string> PairFiles::list(const std::vector<std::string>& paths, const char* what,
                                         std::vector<std::string>& notices) const {
  std::vector<std::string> all;
  std::error_code error;
  for (const std::string& path : paths) {
    if (source_column_ > 0) {
      ensure(fs::exists(path, error), what, ": there is no table ", path,
             "; where it names files of two languages, say which, as data.source = de, data.target = en");
      const std::vector<std::string> tables = list_files({path}, what, notices);
      all.insert(all.end(), tables.begin(), tables.end());
      continue;
    }
    std::vector<std::string> found;
    if (!file_of(path, source_).empty()) {
      found.push_back(path);
    } else if (fs::is_directory(path, error)) {
      for (const std::string& file : list_files({path}, what, notices)) {
        for (const std::string& end : ends_of(source_)) {
          if (!file.ends_with(end)) continue;
          const std::string without = file.substr(0, file.size() - end.size());
          if (file_of(without, source_) == file) found.push_back(without);  // once, if it lies there packed as well
        }
      }
    }
    ensure(!found.empty(), what, ": there is no ", path, '.', source_,
           " (or .gz, .zst); data.path is without the languages' names (train for train.de and train.en), or a table "
           "whose columns data.source and data.target give by number");
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

void PairFiles::read(const std::string& path, SentencePairs& pairs) const {
  source_column_ > 0 ? read_table(path, pairs) : read_languages(path, pairs);
}

void PairFiles::read_table(const std::string& path, SentencePairs& pairs) const {
  for_lines(path, "table of pairs", [&](const std::string& line, const std::string& place) {
    std::size_t column = 1;
    for (std::size_t begin = 0; begin <= line.size(); ++column) {
      const std::size_t end = std::min(line.find('\t', begin), line.size());
      const std::string_view cell(line.data() + begin, end - begin);
      if (column == source_column_) add_sentence(pairs.source, cell, place);
      if (column == target_column_) add_sentence(pairs.target, cell, place);
      begin = end + 1;
    }
    const std::size_t wanted = std::max(source_column_, target_column_);
    ensure(column > wanted, "pairs: ", place, " has ", column - 1, column == 2 ? " column" : " columns",
           " with tabs between, and data.source = ", source_, ", data.target = ", target_, " want column ", wanted);
  });
}

void PairFiles::read_languages(const std::string& path, SentencePairs& pairs) const {
  const auto read_side = [&](const std::string& language, std::vector<std::string>& sentences) {
    const std::string file = file_of(path, language);
    ensure(!file.empty(), "pairs: there is no ", path, '.', language, " (or .gz, .zst) beside ", file_of(path, source_),
           "; each side has a file, line by line");
    for_lines(file, "sentence file",
              [&](const std::string& line, const std::string& place) { add_sentence(sentences, line, place); });
    return concat_text(file, " has ", sentences.size(), " lines");
  };
  SentencePairs read;
  const std::string source = read_side(source_, read.source), target = read_side(target_, read.target);
  ensure(read.source.size() == read.target.size(), "pairs: ", source, " and ", target,
         "; line by line they must belong together");
  std::move(read.source.begin(), read.source.end(), std::back_inserter(pairs.source));
  std::move(read.target.begin(), read.target.end(), std::back_inserter(pairs.target));
}

}  // namespace heddle
