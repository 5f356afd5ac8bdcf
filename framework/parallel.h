#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace heddle {

using index_t = std::int64_t;

/// Number of threads that the loops below use; by default one a physical core that this process may run on, or as many
/// as its control group's quota of processors' time keeps busy, or as Slurm gives a task.
int threads();
/// Why it is that many, for people: "one a core".
std::string threads_reason();
/// What deals out the work: "oneTBB 2021.8".
std::string threads_library();
/// Sets it (>= 1), or as many of these as the system lets this process have. Results never depend on it: work is cut by
/// size alone. `pinned`: thread i runs on the i-th of the cores that this process may run on, and nowhere else (where
/// the system lets it; with more threads than cores none is pinned).
void set_threads(int count, bool pinned = false);
/// Which of 0 .. threads() - 1 runs the calling chunk of a loop: picks a scratch area that no other chunk uses at the
/// same time. Which chunk gets which is chance, so only what is overwritten before it is read may lie there.
int thread_index();

namespace detail {
using Chunk = void (*)(const void* body, index_t begin, index_t end);
void run_chunks(index_t n, index_t grain, const void* body, Chunk chunk);
}  // namespace detail

/// Calls body(begin, end) for the chunks [0, grain), [grain, 2 grain), ... of [0, n), in parallel. The cuts depend on n
/// and grain alone, so a body that sums within its chunk gives the same bits on any number of threads.
template <class Body>
void parallel_for(index_t n, index_t grain, const Body& body) {
  if (n <= 0) return;
  if (n <= grain) return body(index_t{0}, n);
  detail::run_chunks(n, grain, &body,
                     [](const void* b, index_t begin, index_t end) { (*static_cast<const Body*>(b))(begin, end); });
}

/// Rows a chunk for `rows` rows of `row_work` elements each: 32 chunks, so that 16 threads have two each, of 2,000 to
/// 16,000 elements. Fewer are not worth a task, more than that share out no better.
inline index_t row_grain(index_t rows, index_t row_work = 1) {
  constexpr index_t kChunks = 32, kSmallest = 2048, kLargest = 16384;
  const index_t work = std::max<index_t>(row_work, 1);
  // of rows: in elements their number might not fit
  const index_t least = (kSmallest + work - 1) / work, most = std::max<index_t>(kLargest / work, 1);
  return std::min(std::max(rows / kChunks, least), most);
}

/// parallel_for over rows of `width` elements: body(row) for every row in [0, rows).
template <class Body>
void parallel_rows(index_t rows, index_t width, const Body& body) {
  parallel_for(rows, row_grain(rows, width), [&](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row) body(row);
  });
}

/// Sum of body(begin, end) (a double) over the chunks, added in the order of the chunks.
template <class Body>
double parallel_sum(index_t n, index_t grain, const Body& body) {
  if (n <= 0) return 0.0;
  std::vector<double> sums(static_cast<std::size_t>((n + grain - 1) / grain));
  parallel_for(n, grain,
               [&](index_t begin, index_t end) { sums[static_cast<std::size_t>(begin / grain)] = body(begin, end); });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// Sorts by operator<, in chunks of a fixed size, then by merging neighbours; takes as much memory again. What is equal
/// keeps no order.
template <class T>
void parallel_sort(std::span<T> values) {
  constexpr index_t kChunk = 1 << 14;
  const auto n = static_cast<index_t>(values.size());
  parallel_for(n, kChunk, [&](index_t begin, index_t end) { std::sort(values.data() + begin, values.data() + end); });
  if (n <= kChunk) return;
  std::vector<T> spare(values.size());
  T *from = values.data(), *to = spare.data();
  for (index_t width = kChunk; width < n; width *= 2) {
    parallel_for(n, 2 * width, [&](index_t begin, index_t end) {
      const index_t middle = std::min(begin + width, end);
      std::merge(from + begin, from + middle, from + middle, from + end, to + begin);
    });
    std::swap(from, to);
  }
  if (from != values.data()) std::copy(from, from + n, values.data());
}

}  // namespace heddle
