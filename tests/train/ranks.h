#pragma once

#include <dirent.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "framework/system/ranks.h"
#include "tests/train/run_program.h"

namespace heddle {

/// Whether mpirun is here, and the program was built with MPI; says so where it is not.
inline bool has_ranks() {
  const bool here = !ranks_library().empty() && std::system("mpirun --version >/dev/null 2>&1") == 0;
  if (!here) WARN("skipped: the program was built without MPI, or there is no mpirun (libopenmpi-dev, openmpi-bin)");
  return here;
}

/// mpirun and its arguments: as many processes as are asked for, on however many cores there are.
inline std::vector<std::string> mpirun(int ranks) {
  return {"mpirun", "-q", "--allow-run-as-root", "--oversubscribe", "-n", std::to_string(ranks)};
}

/// The program as so many processes.
inline Outcome run_ranks(const TemporaryFolder& folder, int ranks, const std::vector<std::string>& arguments) {
  const Process process(folder, arguments, "", {}, mpirun(ranks));
  const int status = process.wait();
  return {status, process.output(), process.errors()};
}

/// The process of a rank whose arguments hold `text`; 0: there is none.
inline pid_t process_of_rank(int rank, const std::string& text) {
  const auto contents = [](const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  pid_t found = 0;
  DIR* const all = opendir("/proc");
  while (const dirent* entry = readdir(all)) {
    const pid_t pid = std::atoi(entry->d_name);
    const std::string of = "/proc/" + std::string(entry->d_name);
    if (pid > 0 && contents(of + "/cmdline").find(text) != std::string::npos &&
        contents(of + "/environ").find("OMPI_COMM_WORLD_RANK=" + std::to_string(rank) + '\0') != std::string::npos)
      found = pid;
  }
  closedir(all);
  return found;
}

}  // namespace heddle
