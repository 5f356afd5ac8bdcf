#include "framework/parallel.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/version.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "framework/check.h"
#include "framework/profile.h"
#include "framework/system/cores.h"
#include "framework/system/ranks.h"
#include "framework/system/resources.h"

namespace heddle {
namespace {

/// The processors that this process might run on when it began.
const cpu_set_t& allowed_processors() {
  static const cpu_set_t allowed = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);  // stays empty where the system does not say
    return set;
  }();
  return allowed;
}

/// Of these, one for each physical core.
const std::vector<int>& cores() {
  static const std::vector<int> found = one_of_each_core(allowed_processors());
  return found;
}

struct DefaultThreads {
  int count;
  std::string reason;
};

/// One a core, or as many as the quota of processors' time keeps busy.
const DefaultThreads& default_threads() {
  static const DefaultThreads found = [] {
    const int allowed = CPU_COUNT(&allowed_processors());
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    DefaultThreads by_cores{cores().empty() ? tbb::info::default_concurrency() : static_cast<int>(cores().size()),
                            "one a core"};
    if (allowed > 0 && allowed < online)
      by_cores.reason = concat_text("one a core of ", allowed, " processors that its affinity allows, of ", online);
    Resource of_group = processor_quota();
    of_group.amount /= local_ranks();
    for (const Resource& quota : {of_group, processors_of_job()}) {
      const double busy = std::ceil(quota.amount);
      if (busy < by_cores.count) by_cores = {static_cast<int>(busy), quota.source};
    }
    return by_cores;
  }();
  return found;
}

/// How many of `wanted` threads, this one among them, the system lets the process have at once: oneTBB ends the program
/// where a thread of its own cannot be made.
int threads_to_be_had(int wanted) {
  std::mutex all_there;
  std::vector<std::thread> tried;
  {
    const std::scoped_lock lock(all_there);
    try {
      while (std::ssize(tried) + 1 < wanted) tried.emplace_back([&] { const std::scoped_lock wait(all_there); });
    } catch (const std::exception&) {  // a limit on threads, or on memory for their stacks
    }
  }
  for (std::thread& thread : tried) thread.join();
  return static_cast<int>(tried.size()) + 1;
}

/// The arena has as many slots as threads were asked for (more than the machine has cores, if the user says so), and
/// the control lets oneTBB create that many workers.
struct Pool {
  explicit Pool(int n, bool pin = false)
      : wanted(n),
        count(threads_to_be_had(n)),
        pinned(pin && static_cast<std::size_t>(count) <= cores().size()),
        control(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(count)),
        arena(count) {}
  ~Pool() { release_thread(); }  // the one that made this; workers are placed anew by their next chunk

  /// Keeps the thread that calls this, at work in the arena, on the core of its slot there, or lets it go again where
  /// this pool does not pin.
  void place_thread() const {
    if (!pinned) return release_thread();
    const int slot = std::max(tbb::this_task_arena::current_thread_index(), 0);
    const int core = cores()[static_cast<std::size_t>(slot) % cores().size()];
    if (kept_on == core) return;
    kept_on = core;
    ever_pinned = true;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    sched_setaffinity(0, sizeof one, &one);
  }

  int wanted, count;
  bool pinned;
  tbb::global_control control;
  tbb::task_arena arena;

 private:
  static void release_thread() {
    if (kept_on == kAny || !ever_pinned) return;
    kept_on = kAny;
    sched_setaffinity(0, sizeof(cpu_set_t), &allowed_processors());
  }

  static constexpr int kAny = -1, kInherited = -2;  // a thread begins where the one that started it was kept
  inline static thread_local int kept_on = kInherited;
  inline static std::atomic<bool> ever_pinned{false};
};

std::unique_ptr<Pool>& pool() {
  static auto p = std::make_unique<Pool>(default_threads().count);
  return p;
}

/// Of chunks, not elements, so that every cut falls on a multiple of the grain.
using Range = tbb::blocked_range<index_t>;

}  // namespace

int threads() { return pool()->count; }

std::string threads_reason() {
  const Pool& now = *pool();
  if (now.count < now.wanted)
    return concat_text("the system lets this process have no more of ", now.wanted,
                       ": see ulimit -u, ulimit -v and its control group's pids.max");
  return now.wanted == default_threads().count ? default_threads().reason : "as asked for";
}

std::string threads_library() { return concat_text("oneTBB ", TBB_runtime_version()); }

void set_threads(int count, bool pinned) {
  ensure(count >= 1 && count <= 1024, "threads: ", count, " is not within 1 .. 1024");
  if (count == threads() && !pinned && !pool()->pinned) return;
  pool().reset();  // the old limit must be gone first: oneTBB takes the smallest of those alive
  pool() = std::make_unique<Pool>(count, pinned);
}

int thread_index() {
  // A loop of one chunk runs outside the arena, where the number is another arena's or negative; it runs alone.
  return std::clamp(tbb::this_task_arena::current_thread_index(), 0, threads() - 1);
}

namespace detail {

void run_chunks(index_t n, index_t grain, const void* body, Chunk chunk) {
  const auto run = [&](index_t p) { chunk(body, p * grain, std::min(n, (p + 1) * grain)); };
  const index_t count = (n + grain - 1) / grain;
  if (Profile* const profile = Profile::current(); profile && profile->forecast_threads() > 0 && threads() == 1)
    return profile->time_loop(count, run);
  if (threads() == 1 && !pool()->pinned) {
    for (index_t p = 0; p < count; ++p) run(p);
    return;
  }
  pool()->arena.execute([&] {
    tbb::parallel_for(
        Range(0, count, 1),
        [&](const Range& r) {
          pool()->place_thread();
          for (index_t p = r.begin(); p < r.end(); ++p) run(p);
        },
        tbb::simple_partitioner());
  });
}

}  // namespace detail
}  // namespace heddle
