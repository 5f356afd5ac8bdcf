#include "framework/profile.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace heddle {
namespace {

thread_local Profile* watching = nullptr;
std::atomic<int> watched{0};
std::atomic<double> counted_flops{0};

}  // namespace

Profile::Profile() : outer_(watching) {
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
  last_ = std::chrono::steady_clock::now();
}

void Profile::lap(const char* name, bool backward, double bytes) {
  const auto now = std::chrono::steady_clock::now();
  auto row = std::find_if(rows_.begin(), rows_.end(), [&](const Row& r) {
    return r.backward == backward && (r.name == name || std::strcmp(r.name, name) == 0);
  });
  if (row == rows_.end()) row = rows_.insert(row, Row{name, backward});
  ++row->calls;
  row->seconds += std::chrono::duration<double>(now - last_).count();
  row->flops += counted_flops.exchange(0);
  row->bytes += bytes;
  last_ = now;
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
