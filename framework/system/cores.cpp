#include "framework/system/cores.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>

#include "framework/check.h"

namespace heddle {
namespace {

/// Which processors share a core with this one, as the system writes it.
std::string siblings_of(int processor) {
  std::ifstream in("/sys/devices/system/cpu/cpu" + std::to_string(processor) + "/topology/thread_siblings_list");
  std::string siblings;
  if (!std::getline(in, siblings)) siblings = "only " + std::to_string(processor);
  return siblings;
}

/// The processors of each core, the cores in the order of their first ones.
std::vector<std::vector<int>> by_core(const cpu_set_t& processors) {
  std::vector<std::vector<int>> cores;
  std::map<std::string, std::size_t> known;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &processors)) continue;
    const auto [at, fresh] = known.emplace(siblings_of(cpu), cores.size());
    if (fresh) cores.emplace_back();
    cores[at->second].push_back(cpu);
  }
  return cores;
}

}  // namespace

std::vector<int> one_of_each_core(const cpu_set_t& processors) {
  std::vector<int> first;
  for (const std::vector<int>& core : by_core(processors)) first.push_back(core[0]);
  return first;
}

std::string processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  return {reinterpret_cast<const char*>(&set), sizeof set};
}

void take_processors_of(pid_t process) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(process, sizeof set, &set) == 0) sched_setaffinity(0, sizeof set, &set);
}

std::string take_share_of_cores(const std::vector<std::string>& of_each, int own) {
  const auto same = [&](const std::string& other) { return other == of_each[0]; };
  if (of_each.size() < 2 || !std::all_of(of_each.begin(), of_each.end(), same)) return "";
  cpu_set_t all;
  std::memcpy(&all, of_each[0].data(), sizeof all);
  const std::vector<std::vector<int>> cores = by_core(all);
  const std::size_t count = cores.size(), shares = of_each.size(), share = static_cast<std::size_t>(own);
  if (count == 0) return "";
  std::size_t first = share * count / shares, last = (share + 1) * count / shares;
  if (count < shares) last = (first = share % count) + 1;
  cpu_set_t mine;
  CPU_ZERO(&mine);
  for (std::size_t core = first; core < last; ++core) {
    for (const int cpu : cores[core]) CPU_SET(cpu, &mine);
  }
  if (sched_setaffinity(0, sizeof mine, &mine) != 0) return "";
  if (count < shares)
    return concat_text(shares, " of them share the ", count, count == 1 ? " core" : " cores", " of a host");
  return concat_text("the ", count, " cores of a host are shared out among ", shares);
}

ChildrenOnShare::ChildrenOnShare(int shares, int own) {
  CPU_ZERO(&before_);
  sched_getaffinity(0, sizeof before_, &before_);
  take_share_of_cores(std::vector<std::string>(static_cast<std::size_t>(shares), processors()), own);
}

ChildrenOnShare::~ChildrenOnShare() { sched_setaffinity(0, sizeof before_, &before_); }

}  // namespace heddle
