#include "framework/system/cores.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "framework/system/process.h"
#include "tests/temporary_folder.h"

namespace heddle {

TEST_CASE("children are started on shares of the cores, no two on the same one, and this process stays where it was") {
  const TemporaryFolder folder;
  cpu_set_t all;
  CPU_ZERO(&all);
  REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
  const auto count = static_cast<int>(one_of_each_core(all).size());
  const std::string before = processors();
  std::set<std::string> places;
  for (int i = 0; i < count; ++i) {
    const ChildrenOnShare share(count, i);
    places.insert(
        ChildProcess("/bin/grep", {"Cpus_allowed_list", "/proc/self/status"}, folder.path(std::to_string(i))).finish());
  }
  CHECK(places.size() == static_cast<std::size_t>(count));
  CHECK(processors() == before);
}

}  // namespace heddle
