#include "framework/system/beside.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/temporary_folder.h"

namespace heddle {

TEST_CASE("what dead processes left beside a file is removed, what living ones write there is not") {
  const TemporaryFolder folder;
  const std::filesystem::path target = folder / "a.h5";
  CHECK(beside(target) == folder.path("a.h5.tmp-" + std::to_string(getpid())));
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  REQUIRE(waitpid(dead, nullptr, 0) == dead);
  const std::string left = folder.write("a.h5.tmp-" + std::to_string(dead), "half");
  const std::string living = folder.write("a.h5.tmp-" + std::to_string(getppid()), "half");
  const std::vector<std::string> others = {
      folder.write("a.h5", ""), folder.write("b.h5.tmp-" + std::to_string(dead), ""), folder.write("a.h5.tmp-", ""),
      folder.write("a.h5.tmp--" + std::to_string(dead), ""), folder.write("a.h5.tmp-0", "")};
  std::filesystem::create_directory(folder / "a.h5.tmp-99999999");
  remove_leftovers(target);
  CHECK_FALSE(std::filesystem::exists(left));
  CHECK(std::filesystem::exists(living));
  CHECK(target_of(living) == target);
  CHECK(target_of(others[0]).empty());
  CHECK(target_of(others[1]) == folder / "b.h5");
  for (std::size_t i = 2; i < others.size(); ++i) CHECK(target_of(others[i]).empty());
  for (const std::string& other : others) CHECK(std::filesystem::exists(other));
  CHECK(std::filesystem::exists(folder / "a.h5.tmp-99999999"));
  remove_leftovers(folder / "none/a.h5");  // no folder, nothing to do
}

}  // namespace heddle
