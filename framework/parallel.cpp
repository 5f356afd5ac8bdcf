#include "framework/parallel.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_scheduler_observer.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "framework/check.h"

namespace heddle {
namespace {

/// The processors that this process may run on, one for each physical core: of those that share a core the first.
/// Empty where the system does not say.
const std::vector<int>& cores() {
  static const std::vector<int> found = [] {
    std::vector<int> first_of_each;
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return first_of_each;
    std::set<std::string> seen;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &allowed)) continue;
      std::ifstream in("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
      std::string siblings;
      if (!std::getline(in, siblings)) siblings = "only " + std::to_string(cpu);
      if (seen.insert(siblings).second) first_of_each.push_back(cpu);
    }
    return first_of_each;
  }();
  return found;
}

/// Keeps each thread that works in an arena on the core of its slot there. Workers are let go when they leave; the
/// thread that made this, which comes and goes with every loop, when this ends.
class Pinning : public tbb::task_scheduler_observer {
 public:
  explicit Pinning(tbb::task_arena& arena) : task_scheduler_observer(arena), generation_(++generations) {
    sched_getaffinity(0, sizeof before_, &before_);
    observe(true);
  }
  ~Pinning() override {
    observe(false);
    sched_setaffinity(0, sizeof before_, &before_);
  }

  void on_scheduler_entry(bool) override {
    const std::pair<int, int> place{generation_, std::max(tbb::this_task_arena::current_thread_index(), 0)};
    if (pinned_at == place) return;
    pinned_at = place;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cores()[static_cast<std::size_t>(place.second) % cores().size()], &one);
    sched_setaffinity(0, sizeof one, &one);
  }
  void on_scheduler_exit(bool worker) override {
    if (!worker) return;
    pinned_at = {0, 0};
    sched_setaffinity(0, sizeof before_, &before_);
  }

 private:
  inline static std::atomic<int> generations{0};
  inline static thread_local std::pair<int, int> pinned_at{0, 0};  // generation, slot
  int generation_;
  cpu_set_t before_{};
};

/// The arena has as many slots as threads were asked for (more than the machine has cores, if the user says so), and
/// the control lets oneTBB create that many workers.
struct Pool {
  explicit Pool(int n, bool pinned = false)
      : count(n), control(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(n)), arena(n) {
    if (pinned && static_cast<std::size_t>(n) <= cores().size()) pinning = std::make_unique<Pinning>(arena);
  }
  int count;
  tbb::global_control control;
  tbb::task_arena arena;
  std::unique_ptr<Pinning> pinning;
};

std::unique_ptr<Pool>& pool() {
  static auto p =
      std::make_unique<Pool>(cores().empty() ? tbb::info::default_concurrency() : static_cast<int>(cores().size()));
  return p;
}

using Range = tbb::blocked_range<index_t>;

/// Ranges count pieces, not elements, so that every cut falls on a multiple of the grain.
Range pieces(index_t n, index_t grain) { return {0, (n + grain - 1) / grain, 1}; }

}  // namespace

int threads() { return pool()->count; }

void set_threads(int count, bool pinned) {
  ensure(count >= 1 && count <= 1024, "threads: ", count, " is not within 1 .. 1024");
  if (count == threads() && !pinned && !pool()->pinning) return;
  pool().reset();  // the old limit must be gone first: oneTBB takes the smallest of those alive
  pool() = std::make_unique<Pool>(count, pinned);
}

int thread_index() {
  // A loop of one piece runs outside the arena, where the number is another arena's or negative; it runs alone.
  return std::clamp(tbb::this_task_arena::current_thread_index(), 0, threads() - 1);
}

namespace detail {

void run_pieces(index_t n, index_t grain, const void* body, Piece piece) {
  const auto run = [&](index_t p) { piece(body, p * grain, std::min(n, (p + 1) * grain)); };
  if (threads() == 1 && !pool()->pinning) {
    for (index_t p = 0; p < (n + grain - 1) / grain; ++p) run(p);
    return;
  }
  pool()->arena.execute([&] {
    tbb::parallel_for(
        pieces(n, grain),
        [&](const Range& r) {
          for (index_t p = r.begin(); p < r.end(); ++p) run(p);
        },
        tbb::simple_partitioner());
  });
}

double sum_pieces(index_t n, index_t grain, const void* body, double (*piece)(const void*, index_t, index_t)) {
  const auto sum = [&] {
    return tbb::parallel_deterministic_reduce(
        pieces(n, grain), 0.0,
        [&](const Range& r, double total) {
          for (index_t p = r.begin(); p < r.end(); ++p) total += piece(body, p * grain, std::min(n, (p + 1) * grain));
          return total;
        },
        std::plus<>(), tbb::simple_partitioner());
  };
  return pool()->arena.execute(sum);
}

}  // namespace detail
}  // namespace heddle
