#include "train/log/profile_table.h"

#include <fmt/format.h>

namespace heddle {

std::string profile_table(const Profile& profile, double steps) {
  Profile::Row all{"together"};
  for (const Profile::Row& row : profile.rows()) {
    all.calls += row.calls;
    all.seconds += row.seconds;
    all.flops += row.flops;
    all.bytes += row.bytes;
    all.loops += row.loops;
    all.chunks += row.chunks;
    all.alone += row.alone;
    all.forecast += row.forecast;
  }
  std::string text = fmt::format("{:<30} {:<8} {:>7} {:>9} {:>7} {:>8} {:>7}", "op", "pass", "calls", "ms a step",
                                 "share", "GFLOP/s", "GB/s");
  const int threads = profile.forecast_threads();
  if (threads > 0)
    text += fmt::format(" {:>7} {:>7} {:>8} {:>8} {:>6}", "loops", "pieces", "alone ms", fmt::format("{} ms", threads),
                        "times");
  text += '\n';
  const auto line = [&](const Profile::Row& row, const char* pass) {
    const auto rate = [&](double amount, const char* form) {
      return amount > 0 ? fmt::format(fmt::runtime(form), amount / row.seconds / 1e9) : std::string();
    };
    text += fmt::format("{:<30} {:<8} {:>7.4g} {:>9.3f} {:>5.1f} % {:>8} {:>7}", row.name, pass, row.calls / steps,
                        row.seconds / steps * 1e3, 100 * row.seconds / all.seconds, rate(row.flops, "{:.1f}"),
                        rate(row.bytes, "{:.1f}"));
    if (threads > 0)
      text += fmt::format(" {:>7.4g} {:>7.5g} {:>8.3f} {:>8.3f} {:>6.1f}", row.loops / steps, row.chunks / steps,
                          row.alone / steps * 1e3, row.forecast / steps * 1e3, row.seconds / row.forecast);
    text += '\n';
  };
  for (const Profile::Row& row : profile.rows()) line(row, row.backward ? "backward" : "forward");
  line(all, "");
  if (threads > 0)
    text += fmt::format(
        "{} threads would take {:.3g} ms at least, {:.1f} times as fast: each loop's pieces dealt out in order to the "
        "thread that is free first, and all else done by one\n",
        threads, all.forecast / steps * 1e3, all.seconds / all.forecast);
  return text;
}

}  // namespace heddle
