#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "framework/keys.h"

/// Texts and the members of settings that they stand for.
namespace heddle {

/// What a number may be; nothing where it may be anything.
std::string bounds_text(const Key& key);
/// The number that a text is, whole; nothing: it is none.
std::optional<double> number_in(std::string_view text);
/// A path as it is meant: a leading ~/ is the user's home, also where no shell has seen it. Errors: no home is known.
std::string path_of(const std::string& text, const std::string& where);
/// Puts `text` into the key's member. `where` is what messages begin with: "FILE: line 3: optim.lr = abc". Errors: a
/// value of the wrong type, out of bounds or not among the choices.
void assign(const Key& key, const std::string& text, const std::string& where);
/// A key's value as a config file writes it; numbers are written so that reading gives the same bits.
std::string value_text(const Key& key);

}  // namespace heddle
