#pragma once

#include <string>
#include <vector>

namespace heddle {

/// Sentences and what each is to become, side by side.
struct SentencePairs {
  std::vector<std::string> source, target;
};

/// Where the two sides of the pairs at a path lie:
///
///   columns    the path is a table with tabs between its columns, whose numbers, from 1, name the sides
///   languages  the lines of PATH.SOURCE and of PATH.TARGET belong together; where there is no PATH.SOURCE it is
///              PATH.SOURCE.gz, else PATH.SOURCE.zst
class PairFiles {
 public:
  /// `source` and `target` are data.source and data.target: two numbers, or two names. Errors: one of each, one that is
  /// empty or 0, twice the same.
  PairFiles(const std::string& source, const std::string& target);

  /// What can be read at the paths (see ListFiles): tables; or paths without their languages, of a folder all in it
  /// and below that have the source's. Errors: those of list_files; nothing there with the source's language.
  std::vector<std::string> list(const std::vector<std::string>& paths, const char* what,
                                std::vector<std::string>& notices) const;
  /// Appends the pairs at one of those. Errors: those of for_lines; one side has more lines; a line without one of the
  /// columns, one that is not UTF-8 or holds NUL (PATH:LINE).
  void read(const std::string& path, SentencePairs& pairs) const;

 private:
  void read_table(const std::string& path, SentencePairs& pairs) const;
  void read_languages(const std::string& path, SentencePairs& pairs) const;

  std::string source_, target_;
  std::size_t source_column_ = 0, target_column_ = 0;  ///< 0: languages
};

}  // namespace heddle
