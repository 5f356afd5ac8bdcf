#pragma once

#include <filesystem>
#include <vector>

namespace heddle {

/// Where a file's new contents are written before they take its name: `target.tmp-<pid>`, in the same folder.
std::filesystem::path beside(const std::filesystem::path& target);

/// What processes that wrote `target` and died left beside it. `all`: also that of a process whose number lives, as
/// another may have it by now; for who knows that nobody else writes there.
std::vector<std::filesystem::path> leftovers(const std::filesystem::path& target, bool all = false);
/// Removes them.
void remove_leftovers(const std::filesystem::path& target, bool all = false);

}  // namespace heddle
