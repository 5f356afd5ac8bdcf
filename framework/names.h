#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "framework/check.h"

namespace heddle {

/// A value of an enumeration and the word for it in configs and messages. An enumeration that has words has one list of
/// them beside it, found by its type:
///
///   enum class Norm { layer, rms };
///   constexpr auto names_of(Norm) { return std::array{Named{Norm::layer, "layer"}, Named{Norm::rms, "rms"}}; }
template <class Enum>
struct Named {
  Enum value;
  const char* name;
};
template <class Enum>
Named(Enum, const char*) -> Named<Enum>;

template <class Enum>
concept NamedEnum = std::is_enum_v<Enum> && requires {
  names_of(Enum{});
};

/// Errors: a value that has no name in the list.
template <NamedEnum Enum>
std::string name_of(Enum value) {
  for (const auto& row : names_of(value)) {
    if (row.value == value) return row.name;
  }
  throw Error(concat_text("value ", static_cast<int>(value), " of an enumeration has no name; choose one that has"));
}

/// The row of a table of kinds that has this name. Errors: there is none; `key` is what asked for it, and the known
/// ones are named.
template <class Rows>
const auto& row_named(const Rows& rows, const std::string& name, const char* key) {
  std::string known;
  for (const auto& row : rows) {
    if (name == row.name) return row;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  throw Error(concat_text(key, " = ", name, ": there is no such kind; choose one of: ", known));
}

/// What makes a Part for a table of kinds, as the Base that the table knows.
template <class Base, class Part>
std::unique_ptr<Base> make_part() {
  return std::make_unique<Part>();
}

}  // namespace heddle
