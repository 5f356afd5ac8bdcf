#include "train/log/progress.h"

#include <fmt/format.h>
#include <stdio_ext.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <utility>

#include "framework/clock.h"
#include "framework/system/disk.h"
#include "train/log/terminal.h"

namespace heddle {

std::string progress_text(const char* what, std::uint64_t bytes, std::uint64_t of) {
  return fmt::format("{}: {} of {}", what, human_bytes(static_cast<double>(bytes)),
                     human_bytes(static_cast<double>(of)));
}

Reporter::Reporter() : terminal_(is_drawn_on(STDOUT_FILENO)) {}
Reporter::~Reporter() { clear(); }

void Reporter::log_to(const std::filesystem::path& path) {
  append_to(path, "");
  log_ = path;
}

void Reporter::line(const std::string& text) {
  clear();
  put(text + '\n');
  keep(text + '\n');
}

void Reporter::keep(const std::string& text) {
  if (log_.empty()) return;
  try {
    append_to(log_, text);
  } catch (const Error& e) {  // it is only read by people: the work goes on
    if (!std::exchange(unkept_, true)) put(std::string(e.what()) + '\n');
  }
}

void Reporter::progress(const std::string& text) {
  if (!terminal_) return;
  const double now = seconds_now();
  if (drawn_ && now - last_draw_ < 0.1) return;
  last_draw_ = now;
  winsize size{};
  const std::size_t width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79U;
  put(std::string(kClearLine) + text.substr(0, width));
  drawn_ = true;
}

void Reporter::clear() {
  if (drawn_) put(std::string(kClearLine));
  drawn_ = false;
}

void Reporter::put(const std::string& text) {
  if (unread_ || (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0)) return;
  if (errno != EPIPE && errno != EIO) return;  // as on a full disk, which main tells at the end
  unread_ = true;                              // the pipe's reader has ended, or the terminal is gone
  __fpurge(stdout);
  std::clearerr(stdout);
  keep("nobody reads standard output any more; the run goes on with this log alone\n");
}

}  // namespace heddle
