#include "framework/system/resources.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/temporary_folder.h"

namespace heddle {

TEST_CASE("memory that is free is the least of the machine's and of what each control group leaves") {
  const TemporaryFolder root;
  CHECK(std::isinf(free_memory(root.path()).amount));
  root.write("proc/meminfo", "MemTotal:  9000 kB\nMemAvailableX: 1 kB\nMemAvailable:    8000 kB\nBuffers: 5 kB\n");
  CHECK(free_memory(root.path()).amount == 8000.0 * 1024);
  CHECK(free_memory(root.path()).source == "the machine has 8.19 MB free");
  root.write("proc/self/cgroup", "0::/a/b\n");
  root.write("sys/fs/cgroup/a/b/memory.max", "max\n");
  root.write("sys/fs/cgroup/a/b/memory.current", "100\n");
  CHECK(free_memory(root.path()).amount == 8000.0 * 1024);
  root.write("sys/fs/cgroup/a/memory.max", "5000000\n");
  root.write("sys/fs/cgroup/a/memory.current", "3000000\n");
  root.write("sys/fs/cgroup/a/memory.stat", "anon 1\nactive_file 7\ninactive_file 1000000\n");
  CHECK(free_memory(root.path()).amount == 3000000);
  CHECK(free_memory(root.path()).source == "the control group's limit of 5.00 MB leaves 3.00 MB");
  root.write("sys/fs/cgroup/a/b/memory.max", "2000000\n");
  CHECK(free_memory(root.path()).amount == 2000000 - 100);
  root.write("sys/fs/cgroup/a/b/memory.current", "2000001\n");
  CHECK(free_memory(root.path()).amount == 0);
}

TEST_CASE("a container that sees its control group as the outermost finds its limits there") {
  const TemporaryFolder root;
  root.write("proc/self/cgroup", "9:cpuset:/docker/x\n4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\nnonsense\n");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000\n");
  root.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "900\n");
  root.write("sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 500\n");
  CHECK(free_memory(root.path()).amount == 600);
  root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n");
  CHECK(std::isinf(processor_quota(root.path()).amount));  // without a period
  root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  CHECK(processor_quota(root.path()).amount == 0.5);
  root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  CHECK(std::isinf(processor_quota(root.path()).amount));
}

TEST_CASE("the quota of processors is the least of a control group and those around it") {
  const TemporaryFolder root;
  CHECK(std::isinf(processor_quota(root.path()).amount));
  root.write("proc/self/cgroup", "0::/a/b\n");
  root.write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  CHECK(std::isinf(processor_quota(root.path()).amount));
  root.write("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
  CHECK(processor_quota(root.path()).amount == 1.5);
  CHECK(processor_quota(root.path()).source == "the control group's quota of 1.5 processors");
  root.write("sys/fs/cgroup/cpu.max", "400000 100000\n");
  CHECK(processor_quota(root.path()).amount == 1.5);
  root.write("sys/fs/cgroup/a/b/cpu.max", "100000 100000\n");
  CHECK(processor_quota(root.path()).source == "the control group's quota of 1 processor");
  root.write("sys/fs/cgroup/unified/a/cpu.max", "300000 100000\n");  // v2 beside v1
  CHECK(processor_quota(root.path()).amount == 3);
}

TEST_CASE("Slurm's processors of a task bound the threads, where it says how many they are") {
  setenv("SLURM_CPUS_PER_TASK", "3", 1);
  CHECK(processors_of_job().amount == 3);
  CHECK(processors_of_job().source == "SLURM_CPUS_PER_TASK = 3");
  for (const char* none : {"", "0", "many"}) {
    setenv("SLURM_CPUS_PER_TASK", none, 1);
    CHECK(std::isinf(processors_of_job().amount));
  }
  unsetenv("SLURM_CPUS_PER_TASK");
  CHECK(std::isinf(processors_of_job().amount));
}

}  // namespace heddle
