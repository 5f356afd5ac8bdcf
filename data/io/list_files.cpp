#include "data/io/list_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "framework/check.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// What lies in a folder and below.
class Walk {
 public:
  Walk(const fs::path& folder, const char* what) : what_(what) {
    list(folder);
    for (std::size_t i = 0; i < links_.size(); ++i) {  // behind all real folders, and so each time the same ones
      if (!list(links_[i])) twice_.push_back(name_below(folder, links_[i]));
    }
    ensure(!files_.empty(), what, ": ", folder.string(), " holds no file",
           hidden_.empty()
               ? ""
               : concat_text(" but ", hidden_.size(), " that are hidden: ", name_below(folder, hidden_[0])));
    for (auto* names : {&hidden_, &broken_, &special_}) {
      for (std::string& name : *names) name = name_below(folder, name);
    }
  }

  std::vector<std::string> files() const { return {files_.begin(), files_.end()}; }
  void tell(const std::string& folder, std::vector<std::string>& notices) const {
    const auto add = [&](const char* kind, const std::vector<std::string>& names) {
      if (!names.empty()) notices.push_back(left_out_notice(what_, folder, kind, names));
    };
    add("hidden", hidden_);
    add("links that lead nowhere", broken_);
    add("that are no regular files", special_);
    add("links to folders that are read already", twice_);
  }

 private:
  static std::string name_below(const fs::path& folder, const fs::path& path) {
    return path.lexically_relative(folder).string();
  }

  /// False if the folder was listed already.
  bool list(const fs::path& folder) {
    fs::path at = folder;
    std::error_code error, ignored;
    const fs::path real = fs::canonical(folder, ignored);
    if (!seen_.insert(real.empty() ? folder : real).second) return false;
    std::vector<fs::path> entries;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) entries.push_back(at = entry->path());
    // After an error the iterator is at its end: without this the rest of the folder would be missing unnoticed.
    ensure(!error, what_, ": ", at.string(), " cannot be listed (", error.message(), ")");
    std::sort(entries.begin(), entries.end());
    for (const fs::path& path : entries) {
      const fs::file_status status = fs::status(path, ignored);
      if (path.filename().string().starts_with('.')) {
        hidden_.push_back(path);
      } else if (fs::is_directory(status)) {
        if (fs::is_symlink(fs::symlink_status(path, ignored))) {
          links_.push_back(path);
        } else {
          list(path);
        }
      } else if (fs::is_regular_file(status)) {
        files_.push_back(path);
      } else {
        (fs::exists(status) ? special_ : broken_).push_back(path);
      }
    }
    return true;
  }

  const char* what_;
  std::set<fs::path> seen_;  ///< folders, without links
  std::vector<fs::path> files_, links_;
  std::vector<std::string> hidden_, broken_, special_, twice_;
};

}  // namespace

std::vector<std::string> list_files(const std::vector<std::string>& paths, const char* what,
                                    std::vector<std::string>& notices) {
  std::vector<std::string> all;
  for (const std::string& path : paths) {
    if (path.starts_with("builtin:")) {
      all.push_back(path);
      continue;
    }
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    ensure(status.type() != fs::file_type::not_found, what, ": ", path, " does not exist; give a file or a folder");
    ensure(!error, what, ": ", path, " cannot be reached (", error.message(), ")");
    if (fs::is_directory(status)) {
      const Walk walk(path, what);
      const std::vector<std::string> files = walk.files();
      all.insert(all.end(), files.begin(), files.end());
      walk.tell(path, notices);
      continue;
    }
    // Opening a pipe would wait for its writer, and a run that is resumed could not read it again.
    ensure(fs::is_regular_file(status), what, ": ", path, " is not a regular file; save it as one");
    all.push_back(path);
  }
  return all;
}

std::string left_out_notice(const char* what, const std::string& folder, const std::string& kind,
                            const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size()));
  return fmt::format("{}: below {} {} {} are left out: {}{}", what, folder, names.size(), kind,
                     fmt::join(names.begin(), end, ", "), names.size() > kShown ? ", ..." : "");
}

}  // namespace heddle
