#include "train/run/stop.h"

#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string_view>

#include "train/log/terminal.h"

namespace heddle {
namespace {

constexpr int kStopping[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU};

std::atomic_flag heard;  // two threads may be given a signal each at the same time
volatile sig_atomic_t stop_requested = 0, on_terminal = 0;
std::string_view answer;
timespec first_came;  // written before stop_requested is

void say(std::string_view text) {
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) return;  // nobody is there to read it
}

double seconds_since(const timespec& before) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec - before.tv_sec) + static_cast<double>(now.tv_nsec - before.tv_nsec) * 1e-9;
}

void on_signal(int number) {
  constexpr double kTwice = 0.5;
  const int error = errno;
  if (!heard.test_and_set()) {
    clock_gettime(CLOCK_MONOTONIC, &first_came);
    stop_requested = number;
    if (on_terminal != 0) say(kClearLine);  // of the progress that may stand there
    say(answer);
  } else if (number == SIGINT && stop_requested != 0 && seconds_since(first_came) >= kTwice) {
    _exit(128 + number);
  }
  errno = error;
}

}  // namespace

StopOnSignal::StopOnSignal(std::string_view said) {
  answer = said;
  stop_requested = 0;
  heard.clear();
  on_terminal = is_drawn_on(STDERR_FILENO) ? 1 : 0;
  struct sigaction action {};
  action.sa_flags = SA_RESTART;  // a write that the signal meets is not cut short
  action.sa_handler = on_signal;
  for (const int number : kStopping) sigaddset(&action.sa_mask, number);
  for (const int number : kStopping) handle(number, action);
  action.sa_handler = SIG_IGN;
  handle(SIGPIPE, action);
}

void StopOnSignal::handle(int number, const struct sigaction& action) {
  struct sigaction old {};
  sigaction(number, nullptr, &old);
  if (old.sa_handler == SIG_IGN) return;
  sigaction(number, &action, nullptr);
  old_.emplace_back(number, old);
}

StopOnSignal::~StopOnSignal() {
  for (const auto& [number, action] : old_) sigaction(number, &action, nullptr);
}

int StopOnSignal::requested() { return stop_requested; }

}  // namespace heddle
