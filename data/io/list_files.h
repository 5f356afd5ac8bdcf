#pragma once

#include <string>
#include <vector>

namespace heddle {

/// The regular files among `paths` and, of each folder, every file in it and below, in the order of their paths;
/// "builtin:NAME" stays as it is. Links to folders are followed, behind all else, and no folder is listed twice. Of
/// folders are left out names that begin with a dot, links that lead nowhere and what is no regular file; it is told in
/// `notices`. Errors: nothing there, no file in a folder, what is not a regular file or cannot be listed; they begin
/// with `what`.
std::vector<std::string> list_files(const std::vector<std::string>& paths, const char* what,
                                    std::vector<std::string>& notices);

/// "data: below FOLDER 2 hidden are left out: .a, .b" for each kind of what was left out, three names at most.
std::string left_out_notice(const char* what, const std::string& folder, const std::string& kind,
                            const std::vector<std::string>& names);

}  // namespace heddle
