#pragma once

#include <filesystem>

namespace heddle {

/// Where a file's new contents are written before they take its name: `target.tmp-<pid>`, in the same folder.
std::filesystem::path beside(const std::filesystem::path& target);

/// The target whose new contents lie there, by the name of `path`; empty: it is no such file.
std::filesystem::path target_of(const std::filesystem::path& path);

/// Removes what processes that wrote `target` and died left beside it.
void remove_leftovers(const std::filesystem::path& target);

}  // namespace heddle
