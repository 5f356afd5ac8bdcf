#pragma once

#include <string>
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

}  // namespace heddle
