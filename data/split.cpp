#include "data/split.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "framework/check.h"
#include "framework/format.h"
#include "framework/rng.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

bool fits(const std::string& path, const std::vector<std::string>& patterns) {
  const std::string name = fs::path(path).filename().string();
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

}  // namespace

std::vector<Key> SplitConfig::keys() {
  return {
      Key("path", path, "files or folders of the data, with commas between; or builtin:NAME")
          .separated()
          .path()
          .resumable(),
      Key("val_path", val_path, "files or folders that validate; none: a share of path does")
          .separated()
          .path()
          .resumable(),
      Key("test_path", test_path, "files or folders for the final test").separated().path().resumable(),
      Key("val_files", val_files, "patterns on names: the files of path that validate, as *_val.txt").separated(),
      Key("test_files", test_files, "patterns on names: the files of path for the final test, as *_[0-4].txt")
          .separated(),
      {"val_fraction", val_fraction, "share of the examples of path that validates, behind those that train", 0.0001,
       0.9},
      {"test_fraction", test_fraction, "share of the examples of path, the last ones, for the final test", 0.0, 0.9},
  };
}

SplitConfig SplitConfig::whole_of(const std::vector<std::string>& path) {
  SplitConfig all;
  all.path = path;
  all.whole = true;
  return all;
}

bool SplitConfig::apart(Split split) const {
  if (split == Split::val) return !val_path.empty() || !val_files.empty();
  return split == Split::test && (!test_path.empty() || !test_files.empty());
}

double SplitConfig::training_share() const {
  const double val = apart(Split::val) ? 0 : val_fraction, test = apart(Split::test) ? 0 : test_fraction;
  ensure(val + test < 1, "data.val_fraction = ", val, " and data.test_fraction = ", test,
         " leave nothing to train on; they must be less than 1 together");
  return 1 - val - test;
}

Ranges SplitConfig::shares(std::int64_t count) const {
  if (whole) return all_for_test(count);
  const auto cut = [&](double share) { return static_cast<std::int64_t>(static_cast<double>(count) * share); };
  const std::int64_t train_end = cut(training_share()), val_end = apart(Split::test) ? count : cut(1 - test_fraction);
  return {{{0, train_end}, {train_end, std::max(train_end, val_end)}, {val_end, count}}};
}

Ranges SplitConfig::ranges(const std::array<std::int64_t, 3>& counts) const {
  Ranges all = shares(counts[0]);
  const std::int64_t val_end = counts[0] + counts[1];
  if (apart(Split::val)) all[1] = {counts[0], val_end};
  if (apart(Split::test)) all[2] = {val_end, val_end + counts[2]};
  return all;
}

void SplitConfig::ensure_examples(const Ranges& ranges, const char* unit) const {
  const auto check = [&](Split part) {
    ensure_filled(part, ranges[static_cast<std::size_t>(part)].size(), 1, name(),
                  concat_text(' ', unit, ", needs at least 1; give more"));
  };
  if (whole) return check(Split::test);
  check(Split::train);
  check(Split::val);
}

std::string SplitConfig::name() const {
  std::string all;
  for (const std::string& one : path) all += (all.empty() ? "" : ", ") + one;
  return all;
}

std::string describe_splits(std::int64_t train, std::int64_t val, std::int64_t test) {
  const auto count = [](std::int64_t n) { return human_count(static_cast<double>(n)); };
  return count(train) + " train, " + count(val) + " validate" + (test > 0 ? ", " + count(test) + " test" : "");
}

std::array<std::vector<std::string>, 3> SplitConfig::files(const char* what, std::vector<std::string>& notices,
                                                           const ListFiles& list) const {
  std::array<std::vector<std::string>, 3> all;
  const auto of = [&](Split split) -> std::vector<std::string>& { return all[static_cast<std::size_t>(split)]; };
  of(Split::val) = list(val_path, what, notices);
  of(Split::test) = list(test_path, what, notices);
  for (const std::string& file : list(path, what, notices))
    of(fits(file, test_files) ? Split::test : fits(file, val_files) ? Split::val : Split::train).push_back(file);
  const auto check = [&](Split split, const char* key, const std::vector<std::string>& patterns) {
    ensure(patterns.empty() || !of(split).empty(), what, ": data.", key, " = ", patterns.empty() ? "" : patterns[0],
           " fits the name of no file; '*' stands for any characters");
  };
  check(Split::val, "val_files", val_files);
  check(Split::test, "test_files", test_files);
  ensure(!of(Split::train).empty(), what, ": no file is left to train on; check data.path and the patterns");
  return all;
}

std::vector<std::size_t> dealt_out(std::size_t count) {
  constexpr std::uint64_t kSeed = 1;  // the run's own would move examples from one split to another
  const Rng rng(kSeed);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[rng.below(i, i)]);
  return order;
}

void ensure_filled(Split split, std::int64_t have, std::int64_t needed, const std::string& where,
                   const std::string& advice) {
  constexpr std::array<const char*, 3> kParts = {"training", "validation", "test"};
  ensure(have >= needed, "data.path: ", where, ": the ", kParts[static_cast<std::size_t>(split)], " part has ", have,
         advice);
}

}  // namespace heddle
