#pragma once

#include <signal.h>

#include <string_view>
#include <utility>
#include <vector>

#include "framework/check.h"

namespace heddle {

/// The exit status of work that a signal stopped, and that can be gone on with or begun again (EX_TEMPFAIL of
/// sysexits.h).
constexpr int kStoppedStatus = 75;

/// A signal stopped work of which nothing is kept: main answers it with kStoppedStatus.
class Stopped : public Error {
 public:
  using Error::Error;
};

/// While it lives, SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGXCPU ask for a stop where the work can be left, and say so
/// on standard error at once; a signal that is ignored stays ignored. Another SIGINT, half a second or more after the
/// first signal, ends the program: what sends a signal to a process and to its group, as timeout does, sends it twice.
/// A pipe that nobody reads any more is an error of who writes to it, and no signal.
class StopOnSignal {
 public:
  /// `said` is what the first signal says; it must live as long as the program.
  explicit StopOnSignal(std::string_view said);
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  /// The first signal that came since the last one was made; 0: none.
  static int requested();

 private:
  void handle(int number, const struct sigaction& action);

  std::vector<std::pair<int, struct sigaction>> old_;
};

}  // namespace heddle
