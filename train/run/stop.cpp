#include "train/run/stop.h"

#include <unistd.h>

namespace heddle {
namespace {

volatile sig_atomic_t stop_requested = 0;

}  // namespace

StopOnSignal::StopOnSignal() {
  stop_requested = 0;
  struct sigaction action {};
  action.sa_flags = SA_RESTART;  // a write that the signal meets is not cut short
  action.sa_handler = [](int number) {
    if (stop_requested != 0) _exit(128 + number);
    stop_requested = 1;
  };
  sigaction(SIGINT, &action, &old_interrupt_);
  sigaction(SIGTERM, &action, &old_terminate_);
}

StopOnSignal::~StopOnSignal() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
}

bool StopOnSignal::requested() { return stop_requested != 0; }

}  // namespace heddle
