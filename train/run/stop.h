#pragma once

#include <signal.h>

namespace heddle {

/// While it lives, SIGINT and SIGTERM ask for a stop where the work can be left; a second one ends the program at once.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  /// Whether a signal came since the last one was made.
  static bool requested();

 private:
  struct sigaction old_interrupt_ {
  }, old_terminate_{};
};

}  // namespace heddle
