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
  }
  std::string text = fmt::format("{:<30} {:<8} {:>7} {:>9} {:>7} {:>8} {:>7}\n", "op", "pass", "calls", "ms a step",
                                 "share", "GFLOP/s", "GB/s");
  const auto line = [&](const Profile::Row& row, const char* pass) {
    const auto rate = [&](double amount, const char* form) {
      return amount > 0 ? fmt::format(fmt::runtime(form), amount / row.seconds / 1e9) : std::string();
    };
    text += fmt::format("{:<30} {:<8} {:>7.4g} {:>9.3f} {:>5.1f} % {:>8} {:>7}\n", row.name, pass, row.calls / steps,
                        row.seconds / steps * 1e3, 100 * row.seconds / all.seconds, rate(row.flops, "{:.1f}"),
                        rate(row.bytes, "{:.1f}"));
  };
  for (const Profile::Row& row : profile.rows()) line(row, row.backward ? "backward" : "forward");
  line(all, "");
  return text;
}

}  // namespace heddle
