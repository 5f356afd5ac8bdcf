#pragma once

#include <sched.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace heddle {

/// Of these processors one for each physical core: of those that share a core the first.
std::vector<int> one_of_each_core(const cpu_set_t& processors);

/// The processors that this process may run on, as bytes that other processes compare.
std::string processors();
/// Lets it run where another process may.
void take_processors_of(pid_t process);
/// Where processes may run on the same processors, `processors()` of each in `of_each`, keeps this one, number `own`,
/// on cores of its own, and says so; else leaves all as it is, and returns nothing. To be called before it has other
/// threads that compute.
std::string take_share_of_cores(const std::vector<std::string>& of_each, int own);
/// RAII guard: processes that are started within its scope run on share `own` of `shares` of this one's cores.
class ChildrenOnShare {
 public:
  ChildrenOnShare(int shares, int own);
  ~ChildrenOnShare();
  ChildrenOnShare(const ChildrenOnShare&) = delete;
  ChildrenOnShare& operator=(const ChildrenOnShare&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace heddle
