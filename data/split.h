#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/io/list_files.h"
#include "framework/keys.h"

namespace heddle {

/// What examples are for: to be trained on, to judge the training by, and to judge the result by, once.
enum class Split { train, val, test };
constexpr auto names_of(Split) {
  return std::array{Named{Split::train, "train"}, Named{Split::val, "val"}, Named{Split::test, "test"}};
}

/// A stretch of examples [begin, end).
struct Range {
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end - begin; }
};
/// Of each split.
using Ranges = std::array<Range, 3>;

/// What of the files at `paths` is read as one, and in `notices` what is left out: see list_files.
using ListFiles = std::function<std::vector<std::string>(const std::vector<std::string>& paths, const char* what,
                                                         std::vector<std::string>& notices)>;

/// Where data lies and how it is divided into splits, said in one way for every kind of data. A split has files of its
/// own: those of its path, or those of `path` whose names fit its patterns; else it is a share of the examples of
/// `path`, in their order: those to train on first, those to test on last.
struct SplitConfig {
  std::vector<std::string> path, val_path, test_path, val_files, test_files;
  double val_fraction = 0.1, test_fraction = 0;
  bool whole = false;  ///< all of `path` is the test split, and there are no others

  /// All that is at the paths, to be judged.
  static SplitConfig whole_of(const std::vector<std::string>& path);
  std::vector<Key> keys();
  /// Whether a split has files of its own.
  bool apart(Split split) const;
  /// Of the examples of `path`: what the other splits leave. Errors: nothing is left.
  double training_share() const;
  /// The splits as shares of `count` examples; one that has files of its own is empty here.
  Ranges shares(std::int64_t count) const;
  /// The same of examples that lie one after another: `counts` of path, then those of the validation's and of the
  /// test's own files.
  Ranges ranges(const std::array<std::int64_t, 3>& counts) const;
  /// Errors: a split that is wanted (those to train on and to validate with, or the whole) has no example; `unit` is
  /// what examples are called.
  void ensure_examples(const Ranges& ranges, const char* unit) const;
  /// The paths with commas between.
  std::string name() const;
  /// What the files of `path`, with folders' files listed, are for, in their order: those whose names fit a pattern of
  /// val_files or test_files ('*' stands for any characters, '?' for one, [0-4] for one of these), and the rest. `list`
  /// is another than list_files where files belong together. Errors: those of `list`, a pattern that fits none; they
  /// begin with `what`.
  std::array<std::vector<std::string>, 3> files(const char* what, std::vector<std::string>& notices,
                                                const ListFiles& list = list_files) const;
};

/// "7,000 train, 1,000 validate, 2,000 test", the last where there are any.
std::string describe_splits(std::int64_t train, std::int64_t val, std::int64_t test);

/// The numbers 0 .. count - 1 in an order that chance decided once and for all. Files of a class lie side by side:
/// where an example is a file, shares of the files in this order hold every class.
std::vector<std::size_t> dealt_out(std::size_t count);

/// Ranges by which `count` examples are the test split.
inline Ranges all_for_test(std::int64_t count) { return {{{0, 0}, {0, 0}, {0, count}}}; }

/// Errors: `have` examples of a split that needs `needed`; `where` names the data, `advice` what to do.
void ensure_filled(Split split, std::int64_t have, std::int64_t needed, const std::string& where,
                   const std::string& advice);

}  // namespace heddle
