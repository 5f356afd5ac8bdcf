#include "data/io/list_files.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/temporary_folder.h"

namespace heddle {
namespace {

std::vector<std::string> names_below(const TemporaryFolder& folder, const std::string& of,
                                     std::vector<std::string>& notices) {
  std::vector<std::string> names;
  for (const std::string& file : list_files({folder.path(of)}, "data", notices))
    names.push_back(std::filesystem::path(file).lexically_relative(folder.path(of)).string());
  return names;
}

}  // namespace

TEST_CASE("folders that links lead to are read once, in one order, and never around in a circle") {
  const TemporaryFolder folder;
  folder.write("set/b/1", "x");
  folder.write("set/b/2", "x");
  folder.write("elsewhere/3", "x");
  std::filesystem::create_directory_symlink(folder.path("set/b"), folder.path("set/a"));
  std::filesystem::create_directory_symlink(folder.path("set"), folder.path("set/b/up"));
  std::filesystem::create_directory_symlink(folder.path("elsewhere"), folder.path("set/c"));
  std::filesystem::create_directory_symlink(folder.path("elsewhere"), folder.path("set/d"));
  std::filesystem::create_directory_symlink(folder.path(), folder.path("set/e"));
  std::vector<std::string> notices;
  CHECK(names_below(folder, "set", notices) == std::vector<std::string>{"b/1", "b/2", "c/3"});
  REQUIRE(notices.size() == 1);
  CHECK(notices[0] ==
        "data: below " + folder.path("set") + " 3 links to folders that are read already are left out: a, b/up, d");
}

TEST_CASE("what of a folder is left out is told by its kind, and nothing where there is nothing") {
  const TemporaryFolder folder;
  folder.write("set/1", "x");
  folder.write("set/.git/config", "x");
  folder.write("set/sub/.hidden", "x");
  mkfifo(folder.path("set/pipe").c_str(), 0600);
  std::filesystem::create_symlink("nowhere", folder.path("set/broken"));
  std::vector<std::string> notices;
  CHECK(names_below(folder, "set", notices) == std::vector<std::string>{"1"});
  const std::string below = "data: below " + folder.path("set");
  CHECK(notices == std::vector<std::string>{below + " 2 hidden are left out: .git, sub/.hidden",
                                            below + " 1 links that lead nowhere are left out: broken",
                                            below + " 1 that are no regular files are left out: pipe"});
  notices.clear();
  folder.write("plain/1", "x");
  CHECK(list_files({folder.path("plain"), folder.path("set/1"), "builtin:x"}, "data", notices) ==
        std::vector<std::string>{folder.path("plain/1"), folder.path("set/1"), "builtin:x"});
  CHECK(notices.empty());
}

TEST_CASE("what is not there, no regular file, or a folder without one is refused by its name") {
  const TemporaryFolder folder;
  std::vector<std::string> notices;
  CHECK_THROWS_WITH(list_files({folder.path("none")}, "data", notices),
                    Catch::StartsWith("data: " + folder.path("none") + " does not exist"));
  std::filesystem::create_directory(folder.path("empty"));
  CHECK_THROWS_WITH(list_files({folder.path("empty")}, "data", notices), Catch::EndsWith("empty holds no file"));
  folder.write("secret/.a", "");
  folder.write("secret/.b", "");
  CHECK_THROWS_WITH(list_files({folder.path("secret")}, "data", notices),
                    Catch::EndsWith("secret holds no file but 2 that are hidden: .a"));
  mkfifo(folder.path("pipe").c_str(), 0600);
  CHECK_THROWS_WITH(list_files({folder.path("pipe")}, "data", notices), Catch::Contains("is not a regular file"));
}

}  // namespace heddle
