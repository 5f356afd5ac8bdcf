#pragma once

#include <map>
#include <string>
#include <vector>

#include "framework/check.h"
#include "framework/keys.h"

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

/// What a config file and the command line say, not yet understood: full names ("train.steps") with their values and
/// where each was written.
class Settings {
 public:
  /// Reads program_options' form: `[section]`, `key = value`, `#` begins a comment. Errors: a file that cannot be read,
  /// a line that cannot be understood, a key given twice.
  static Settings from_file(const std::string& path);
  /// The same from text; `source` names it in messages.
  static Settings from_text(const std::string& text, const std::string& source);

  /// `section.key=value` pairs of the command line; they win over what is there.
  void override_with(const std::vector<std::string>& assignments);
  /// The value of one key before the rest is understood, as when `model.kind` decides which keys there are.
  std::string value_of(const std::string& name, const std::string& fallback) const;
  /// Writes every setting into the member that its key names. Errors: an unknown section or key (the nearest known one
  /// is named), a value of the wrong type, out of bounds or not among the choices.
  void apply_to(const std::vector<Section>& sections) const;

 private:
  struct Value {
    std::string text, source;
  };
  std::map<std::string, Value> values_;
};

/// A key's value as a config file writes it; numbers are written so that reading gives the same bits.
std::string value_text(const Key& key);
/// A config with every key, its meaning beside it; reading it gives the same values.
std::string dump_config(const std::vector<Section>& sections);
/// What `--help` shows: each key with its default, its bounds or choices and its meaning.
std::string describe_keys(const std::vector<Section>& sections);
/// Error, if a key that may not change differs between the run's config and the resumed one.
void check_resumable(const std::vector<Section>& before, const std::vector<Section>& now);

/// The command line of one command: positional words, `--option value` or `--option=value`, and `--section.key=value`
/// where the command reads a config.
struct CommandLine {
  std::string usage;    ///< after "heddle": "train CONFIG [options]"
  std::string summary;  ///< one line
  std::vector<Key> options;
  std::size_t words = 1;       ///< positional words that must come
  std::size_t more_words = 0;  ///< and that may come
  bool overrides = false;      ///< --section.key=value is allowed

  std::vector<std::string> positional;   ///< found by parse
  std::vector<std::string> assignments;  ///< found by parse: "section.key=value"

  /// Fills the options' members and the fields above. Errors (UsageError): an unknown option, a missing or superfluous
  /// word, a value that does not fit. Returns false if --help was asked for.
  bool parse(const std::vector<std::string>& arguments);
  std::string help() const;
};

}  // namespace heddle
