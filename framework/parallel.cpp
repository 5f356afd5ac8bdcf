#include "framework/parallel.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "framework/check.h"

namespace heddle {
namespace {

/// The arena has as many slots as threads were asked for (more than the machine has cores, if the user says so), and
/// the control lets oneTBB create that many workers.
struct Pool {
  explicit Pool(int n)
      : count(n), control(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(n)), arena(n) {}
  int count;
  tbb::global_control control;
  tbb::task_arena arena;
};

std::unique_ptr<Pool>& pool() {
  static auto p = std::make_unique<Pool>(tbb::info::default_concurrency());
  return p;
}

using Range = tbb::blocked_range<index_t>;

/// Ranges count pieces, not elements, so that every cut falls on a multiple of the grain.
Range pieces(index_t n, index_t grain) { return {0, (n + grain - 1) / grain, 1}; }

}  // namespace

int threads() { return pool()->count; }

void set_threads(int count) {
  ensure(count >= 1 && count <= 1024, "threads: ", count, " is not within 1 .. 1024");
  if (count == threads()) return;
  pool().reset();  // the old limit must be gone first: oneTBB takes the smallest of those alive
  pool() = std::make_unique<Pool>(count);
}

int thread_index() {
  // A loop of one piece runs outside the arena, where the number is another arena's or negative; it runs alone.
  return std::clamp(tbb::this_task_arena::current_thread_index(), 0, threads() - 1);
}

namespace detail {

void run_pieces(index_t n, index_t grain, const void* body, Piece piece) {
  const auto run = [&](index_t p) { piece(body, p * grain, std::min(n, (p + 1) * grain)); };
  if (threads() == 1) {
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
