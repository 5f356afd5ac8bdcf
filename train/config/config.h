#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "framework/check.h"
#include "framework/keys.h"
#include "train/config/values.h"

namespace heddle {

/// A wrong command line: main answers it with status 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// The keys of one `[section]` of a config.
struct Section {
  std::string name;
  std::vector<Key> keys;
};

/// Keys that other settings would bring: "optim.beta1" is a key of the gradient learner, not of word2vec's.
struct ForeignKeys {
  std::string owner, instead;
  std::vector<std::string> names;
};

/// What a config file and the command line say, not yet understood: full names ("train.steps") with their values and
/// where each was written.
class Settings {
 public:
  /// Reads program_options' form: `[section]`, `key = value`, comments and quotations as config_text.h says. Before the
  /// first section `include = FILE, ...` takes the settings of other files, their paths beginning at this one's folder;
  /// what stands here wins over those, a later one over an earlier. Errors: a file that cannot be read, or that
  /// includes itself, by way of others too; a line that cannot be understood, a key given twice in a file.
  static Settings from_file(const std::string& path);
  /// The same from text; `source` names it in messages, and its folder is where includes begin.
  static Settings from_text(const std::string& text, const std::string& source);

  /// `section.key=value` pairs of the command line; they win over what is there.
  void override_with(const std::vector<std::string>& assignments);
  /// One value, as it is meant; it wins over what is there. Messages begin with `where`.
  void set(const std::string& name, const std::string& value, const std::string& where);
  /// Takes out what stands in [section], without its name: "[sweep] optim.lr" is "optim.lr" there.
  Settings take_section(const std::string& section);
  /// Of all keys, in the order in which they stand: file by file, those of the command line behind them.
  std::vector<std::string> names() const;
  /// Where a key was written: "FILE: line 3", "command line"; empty: nowhere.
  std::string where(const std::string& name) const;
  /// All of them as override_with takes them.
  std::vector<std::string> assignments() const;
  /// The value of one key before the rest is understood, as when `model.kind` decides which keys there are.
  std::string value_of(const std::string& name, const std::string& fallback) const;
  /// How late a setting was given, where two say the same thing in two ways: the higher wins, as the command line does
  /// over a file; those of one file, or of the command line, are alike. 0: it was not given.
  std::size_t rank_of(const std::string& name) const;
  /// Writes every setting into the member that its key names. Errors: an unknown section or key (the nearest known one
  /// is named, or, of `foreign` ones, asked for only then, whose they are), a value of the wrong type, out of bounds or
  /// not among the choices.
  void apply_to(const std::vector<Section>& sections,
                const std::function<std::vector<ForeignKeys>()>& foreign = {}) const;

 private:
  /// Adds what a text says, and before that what it includes; `within` are the files that include it, with itself.
  void read(const std::string& text, const std::string& source, std::vector<std::filesystem::path> within);
  void read_file(const std::string& path, std::vector<std::filesystem::path> within);
  /// Errors: a key that is one of `other`'s; all such of the same source are named.
  void check_own(const ForeignKeys& other, const std::string& name, const std::string& source,
                 const std::map<std::string, const Key*>& known) const;

  struct Value {
    std::string text, source;
    std::size_t line;  ///< of a file; 0: of the command line, which does not write as a file does
    std::size_t rank;

    std::string where() const;  ///< "FILE: line 3", "command line"
  };
  std::map<std::string, Value> values_;
  std::size_t sources_ = 0;  ///< that were read so far
};

/// The key of a full name ("optim.lr"); null: there is none.
const Key* find_key(const std::vector<Section>& sections, const std::string& name);

/// A key whose value is another in two configs; empty where one has no such key.
struct KeyDifference {
  std::string name;  ///< "optim.lr"
  std::string before, now;
};
/// Of all keys, in the order of `now`, behind them those that `before` has alone.
std::vector<KeyDifference> differences(const std::vector<Section>& before, const std::vector<Section>& now);

/// A config with every key, its meaning beside it; reading it gives the same values.
std::string dump_config(const std::vector<Section>& sections);
/// The same of those keys alone whose names are given.
std::string dump_config(const std::vector<Section>& sections, const std::set<std::string>& names);
/// What `--help` shows: each key with its default, its bounds or choices and its meaning.
std::string describe_keys(const std::vector<Section>& sections);
/// Errors: a key that may not change differs between a run's config and the one that it goes on with.
void check_resumable(const std::vector<Section>& before, const std::vector<Section>& now);
/// Errors: a key of [model] or [optim] differs, which a trained model's config has settled.
void check_settled(const std::vector<Section>& before, const std::vector<Section>& now);

/// The command line of one command: positional words, `--option value` or `--option=value`, and `--section.key=value`
/// where the command reads a config.
struct CommandLine {
  std::string usage;                   ///< after "heddle": "train CONFIG [options]"
  std::string summary;                 ///< one line
  std::function<std::string()> notes;  ///< what else help() says, behind the options
  std::vector<Key> options;
  std::size_t words = 1;       ///< positional words that must come
  std::size_t more_words = 0;  ///< and that may come
  /// Names of all settings, where --section.key=value is allowed.
  std::function<std::vector<std::string>()> settings{};

  std::vector<std::string> positional;   ///< found by parse
  std::vector<std::string> assignments;  ///< found by parse: "section.key=value"

  /// Fills the options' members and the fields above. Errors (UsageError): an unknown option, a missing or superfluous
  /// word, a value that does not fit. Where --help was asked for, help() is printed and the command is done: false.
  bool parse(const std::vector<std::string>& arguments);
  std::string help() const;
};

}  // namespace heddle
