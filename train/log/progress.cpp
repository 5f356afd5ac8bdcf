#include "train/log/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "framework/check.h"

namespace heddle {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string progress_text(const char* what, std::uint64_t bytes, std::uint64_t of) {
  return fmt::format("{}: {} of {}", what, human_bytes(static_cast<double>(bytes)),
                     human_bytes(static_cast<double>(of)));
}

Reporter::Reporter() : terminal_(isatty(STDOUT_FILENO) == 1) {}
Reporter::~Reporter() { clear(); }

void Reporter::log_to(const std::filesystem::path& path) {
  log_.open(path, std::ios::app);
  ensure(log_.good(), "log: ", path.string(), " cannot be written; is the folder read-only?");
}

void Reporter::line(const std::string& text) {
  clear();
  std::fputs((text + '\n').c_str(), stdout);
  std::fflush(stdout);
  if (log_.is_open()) log_ << text << std::endl;
}

void Reporter::progress(const std::string& text) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && now - last_draw_ < std::chrono::milliseconds(100)) return;
  last_draw_ = now;
  winsize size{};
  const std::size_t width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79U;
  std::fputs(("\r\033[K" + text.substr(0, width)).c_str(), stdout);
  std::fflush(stdout);
  drawn_ = true;
}

void Reporter::clear() {
  if (drawn_) {
    std::fputs("\r\033[K", stdout);
    std::fflush(stdout);
  }
  drawn_ = false;
}

}  // namespace heddle
