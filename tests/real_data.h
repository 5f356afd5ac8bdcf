#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace heddle {

/// The path of a real data set that lies beside the project or in the folder that HEDDLE_DATA names; empty, with a
/// warning that names it, where it is absent: the test is then skipped.
inline std::string real_data(const std::string& name) {
  const char* folder = std::getenv("HEDDLE_DATA");
  const std::string path = (folder != nullptr ? std::string(folder) : HEDDLE_SOURCE_DIR "/../shared/data") + "/" + name;
  if (std::filesystem::exists(path)) return path;
  WARN("skipped: " << name << " is absent (set HEDDLE_DATA to the folder that holds it)");
  return "";
}

}  // namespace heddle
