#pragma once

#include <string>
#include <string_view>

namespace heddle {

/// Of a file that is known not to be text in UTF-8 or a kin of it: what it is, by the first bytes of its contents (a
/// few thousand are enough), and the command that makes text of it: "is compressed with bzip2; unpack it first: bunzip2
/// -k a.bz2". Empty where it may be text.
///
/// UTF-16 and UTF-32 are told by their byte order mark; without one, if all is text in them and, of UTF-16, most
/// is in Latin and one more script.
std::string other_kind(std::string_view first, const std::string& path);

/// A path as a shell takes it: in quotes where it needs them.
std::string shell_quoted(const std::string& path);

}  // namespace heddle
