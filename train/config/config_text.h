#pragma once

#include <string>
#include <string_view>
#include <vector>

/// How a config file writes values. One that begins with a quotation mark ends with one, and between them stand \" and
/// \\ for these characters, \n and \t for line end and tab, \x1B for a byte; every other value is what stands there. A
/// # begins a comment where a line begins or behind a blank, but not between quotation marks.
namespace heddle {

/// A value as it is written: as it is, or, where that would not read back the same, between quotation marks.
std::string written(const std::string& value);
/// What is written: the value. Errors: quotation marks that do not close or that more follows; another \x; they begin
/// with `where`.
std::string value_of_written(const std::string& text, const std::string& where);

/// Items with commas between; those that hold commas are written between quotation marks.
std::string written_list(const std::vector<std::string>& items);
/// The items of a list; empty ones do not count. Errors: as value_of_written.
std::vector<std::string> items_of_written(const std::string& text, const std::string& where);

/// A config's lines without their comments.
std::string without_comments(std::string_view text);

}  // namespace heddle
