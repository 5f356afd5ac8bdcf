#pragma once

#include <filesystem>
#include <string>

namespace heddle {

/// How much of something the system leaves this process, and what says so, for people.
struct Resource {
  double amount = 0;
  std::string source{};
};

/// Bytes of memory that this process may yet take: the least of what the machine has free (MemAvailable), what its
/// cgroups leave it (v2: memory.max; v1: memory.limit_in_bytes; of each and of those around it, what it holds of files
/// being free) and its limit on address space (ulimit -v). Infinite where nothing says so. The system's files are read
/// below `root`.
Resource free_memory(const std::filesystem::path& root = "/");

/// "a limit on address space (ulimit -v) of 200 MB"; empty where there is none.
std::string address_space_limit();

/// Processors' time that this process may take, in processors: the least quota of its cgroups (v2: cpu.max; v1:
/// cpu.cfs_quota_us). Infinite where there is none.
Resource processor_quota(const std::filesystem::path& root = "/");

/// Processors that Slurm gives each task of a job (SLURM_CPUS_PER_TASK), which it may leave to its tasks to keep to.
/// Infinite where it says nothing.
Resource processors_of_job();

}  // namespace heddle
