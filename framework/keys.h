#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "framework/names.h"

namespace heddle {

/// One setting of a part of the program: its name, the member that holds it, what it means and what it may be.
///
/// Each part owns a plain struct with a `std::vector<Key> keys()`; that one list gives the config file, the command
/// line, `--help`, the dump and the bounds. The default is what a default-constructed struct holds.
struct Key {
  /// A member whose type is an enumeration: its value as a word, and one of `choices` to be put into it.
  struct EnumMember {
    std::function<std::string()> get;
    std::function<void(std::size_t)> set;
  };

  Key(const char* name_, std::int64_t& value, const char* help_,
      std::int64_t low = std::numeric_limits<std::int64_t>::min(),
      std::int64_t high = std::numeric_limits<std::int64_t>::max())
      : name(name_), member(&value), help(help_), min(static_cast<double>(low)), max(static_cast<double>(high)) {}
  Key(const char* name_, double& value, const char* help_, double low = -std::numeric_limits<double>::infinity(),
      double high = std::numeric_limits<double>::infinity())
      : name(name_), member(&value), help(help_), min(low), max(high) {}
  Key(const char* name_, bool& value, const char* help_) : name(name_), member(&value), help(help_) {}
  /// `allowed` names the only values; empty allows any.
  Key(const char* name_, std::string& value, const char* help_, std::vector<std::string> allowed = {})
      : name(name_), member(&value), help(help_), choices(std::move(allowed)) {}

  /// The enumeration's list of names gives the only values.
  template <NamedEnum Enum>
  Key(const char* name_, Enum& value, const char* help_)
      : name(name_),
        member(EnumMember{[&value] { return name_of(value); },
                          [&value](std::size_t i) { value = names_of(Enum{})[i].value; }}),
        help(help_) {
    for (const auto& row : names_of(Enum{})) choices.emplace_back(row.name);
  }
  /// A list: each time the option is given adds to it.
  Key(const char* name_, std::vector<std::string>& value, const char* help_)
      : name(name_), member(&value), help(help_) {}

  /// May differ when a run is resumed (a number of steps, an interval); any other key may not.
  Key&& resumable() && {
    may_change = true;
    return std::move(*this);
  }

  /// Of files: a leading ~/ is the user's home.
  Key&& path() && {
    is_path = true;
    return std::move(*this);
  }
  /// A list that is written as one value with commas between.
  Key&& separated() && {
    commas = true;
    return std::move(*this);
  }
  /// Said for once: not written into a run's config, and may differ when it is resumed.
  Key&& transient() && {
    kept = false;
    may_change = true;
    return std::move(*this);
  }

  std::string name;
  std::variant<std::int64_t*, double*, bool*, std::string*, std::vector<std::string>*, EnumMember> member;
  std::string help;
  double min = -std::numeric_limits<double>::infinity();  ///< bounds of a number, both allowed
  double max = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices;
  bool may_change = false, commas = false, kept = true, is_path = false;
};

}  // namespace heddle
