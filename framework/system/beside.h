#pragma once

#include <filesystem>

namespace heddle {

/// Where a file's new contents are written before they take its name: `target.tmp-<pid>`, in the same folder.
std::filesystem::path beside(const std::filesystem::path& target);

/// The target whose new contents lie there, by the name of `path`; empty: it is no such file.
std::filesystem::path target_of(const std::filesystem::path& path);

/// Removes what processes that wrote `target` and died left beside it. `all`: also that of a process whose number
/// lives, as another may have it by now; for who knows that nobody else writes there.
void remove_leftovers(const std::filesystem::path& target, bool all = false);

}  // namespace heddle
