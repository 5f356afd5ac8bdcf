#include "framework/system/resources.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <limits>
#include <optional>
#include <sstream>

#include "framework/check.h"
#include "framework/format.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// The first number of a file; none if it cannot be read or begins with a word, as "max".
std::optional<double> number_in(const fs::path& path) {
  std::ifstream in(path);
  double value = 0;
  if (in >> value) return value;
  return {};
}

/// The number behind `name` in a file of lines "name 123"; 0 if there is none.
double number_of(const fs::path& path, const std::string& name) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name) && line.size() > name.size() && line.find_first_of(" \t") == name.size())
      return std::strtod(line.c_str() + name.size(), nullptr);
  }
  return 0;
}

/// The limit on it, in bytes.
std::optional<double> address_space() {
  rlimit space{};
  if (::getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_cur == RLIM_INFINITY) return {};
  return static_cast<double>(space.rlim_cur);
}

void keep_least(Resource& least, double amount, const std::string& source) {
  if (amount < least.amount) least = {amount, source};
}

/// Calls on_group(folder, is_v2) for the process's cgroup and those around it that can be seen. A container may see its
/// own as the outermost, under a path that the system outside knows.
void for_cgroups(const fs::path& root, const std::string& controller,
                 const std::function<void(const fs::path& folder, bool is_v2)>& on_group) {
  const fs::path all = root / "sys/fs/cgroup";
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {  // "4:cpu,cpuacct:/user", of v2 "0::/user"
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool is_v2 = controllers.empty();
    if (!is_v2 && ("," + controllers + ",").find("," + controller + ",") == std::string::npos) continue;
    std::error_code error;
    fs::path base = is_v2 ? all : all / controller;
    if (!is_v2 && !fs::exists(base, error)) base = all / controllers;
    if (is_v2 && fs::exists(all / "unified", error)) base = all / "unified";  // beside groups of v1
    for (fs::path path = fs::path(line.substr(second + 1)).relative_path();; path = path.parent_path()) {
      if (fs::exists(base / path, error)) on_group(base / path, is_v2);
      if (path.empty()) break;
    }
  }
}

}  // namespace

std::string address_space_limit() {
  const auto limit = address_space();
  return limit ? "a limit on address space (ulimit -v) of " + human_bytes(*limit) : "";
}

Resource free_memory(const fs::path& root) {
  Resource least{kInfinite};
  constexpr double kKilo = 1024;
  const double available = number_of(root / "proc/meminfo", "MemAvailable:") * kKilo;
  if (available > 0) keep_least(least, available, concat_text("the machine has ", human_bytes(available), " free"));
  for_cgroups(root, "memory", [&](const fs::path& folder, bool is_v2) {
    const auto limit = number_in(folder / (is_v2 ? "memory.max" : "memory.limit_in_bytes"));
    const auto used = number_in(folder / (is_v2 ? "memory.current" : "memory.usage_in_bytes"));
    if (!limit || !used) return;
    const double files = number_of(folder / "memory.stat", is_v2 ? "inactive_file" : "total_inactive_file");
    const double left = std::max(0.0, *limit - std::max(0.0, *used - files));
    keep_least(least, left,
               concat_text("the control group's limit of ", human_bytes(*limit), " leaves ", human_bytes(left)));
  });
  if (const auto limit = address_space()) {
    const double used = number_in(root / "proc/self/statm").value_or(0) * static_cast<double>(::sysconf(_SC_PAGESIZE));
    constexpr double kLibraries = 32 << 20;  // for threads' stacks, and code that oneDNN makes
    const double left = std::max(0.0, *limit - used - kLibraries);
    keep_least(least, left, concat_text(address_space_limit(), " leaves ", human_bytes(left)));
  }
  return least;
}

Resource processors_of_job() {
  const char* const text = std::getenv("SLURM_CPUS_PER_TASK");
  const int count = text != nullptr ? std::atoi(text) : 0;
  if (count <= 0) return {kInfinite};
  return {static_cast<double>(count), concat_text("SLURM_CPUS_PER_TASK = ", count)};
}

Resource processor_quota(const fs::path& root) {
  Resource least{kInfinite};
  for_cgroups(root, "cpu", [&](const fs::path& folder, bool is_v2) {
    double quota = 0, period = 0;
    if (is_v2) {
      std::ifstream in(folder / "cpu.max");  // "max 100000", "150000 100000"
      if (!(in >> quota >> period)) return;
    } else {
      quota = number_in(folder / "cpu.cfs_quota_us").value_or(-1);  // -1: there is none
      period = number_in(folder / "cpu.cfs_period_us").value_or(0);
    }
    if (quota <= 0 || period <= 0) return;
    const double processors = quota / period;
    keep_least(
        least, processors,
        concat_text("the control group's quota of ", processors, processors == 1 ? " processor" : " processors"));
  });
  return least;
}

}  // namespace heddle
