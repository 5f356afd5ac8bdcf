#include "framework/profile.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "framework/clock.h"

namespace heddle {
namespace {

thread_local Profile* watching = nullptr;
std::atomic<int> watched{0};
std::atomic<double> counted_flops{0};

/// RAII guard: the flag is set within its scope.
struct FlagGuard {
  explicit FlagGuard(bool& of) : flag(of) { flag = true; }
  ~FlagGuard() { flag = false; }
  bool& flag;
};

}  // namespace

Profile::Profile(int forecast_threads) : forecast_threads_(forecast_threads), open_{""}, outer_(watching) {
  watching = this;
  ++watched;
  restart();
}

Profile::~Profile() {
  watching = outer_;
  --watched;
}

Profile* Profile::current() { return watching; }

void Profile::restart() {
  counted_flops = 0;
  open_ = {""};
  last_ = seconds_now();
}

void Profile::lap(const char* name, bool backward, double bytes) {
  const double end = seconds_now(), seconds = end - last_;
  auto row = std::find_if(rows_.begin(), rows_.end(), [&](const Row& r) {
    return r.backward == backward && (r.name == name || std::strcmp(r.name, name) == 0);
  });
  if (row == rows_.end()) row = rows_.insert(row, Row{name, backward});
  ++row->calls;
  row->seconds += seconds;
  row->flops += counted_flops.exchange(0);
  row->bytes += bytes;
  row->loops += open_.loops;
  row->chunks += open_.chunks;
  row->alone += seconds - open_.seconds;
  row->forecast += seconds - open_.seconds + open_.forecast;
  open_ = {""};
  last_ = end;
}

void Profile::time_loop(std::int64_t count, const std::function<void(std::int64_t)>& run) {
  if (in_loop_) {
    for (std::int64_t i = 0; i < count; ++i) run(i);
    return;
  }
  const FlagGuard within(in_loop_);
  loop_.clear();
  for (std::int64_t i = 0; i < count; ++i) {
    const double begun = seconds_now();
    run(i);
    loop_.push_back(seconds_now() - begun);
  }
  add_loop(loop_);
}

void Profile::add_loop(std::span<const double> seconds) {
  if (forecast_threads_ < 1) return;
  std::vector<double> busy(static_cast<std::size_t>(forecast_threads_));
  for (const double chunk : seconds) {
    *std::min_element(busy.begin(), busy.end()) += chunk;
    open_.seconds += chunk;
  }
  open_.forecast += *std::max_element(busy.begin(), busy.end());
  open_.loops += 1;
  open_.chunks += static_cast<double>(seconds.size());
}

std::vector<Profile::Row> Profile::rows() const {
  std::vector<Row> sorted = rows_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Row& a, const Row& b) { return a.seconds > b.seconds; });
  return sorted;
}

void count_flops(double flops) {
  if (watched.load(std::memory_order_relaxed) > 0) counted_flops.fetch_add(flops, std::memory_order_relaxed);
}

}  // namespace heddle
