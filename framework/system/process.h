#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace heddle {

/// The program that this process runs.
std::filesystem::path this_program();

/// Another process, which ends with this one: what it was started by may be killed, and it does not go on alone.
class ChildProcess {
 public:
  /// Starts `program` with `arguments`. What it prints, on standard error too, goes behind what stands in `output`; it
  /// reads nothing. Errors: the file cannot be written to, the system has no room for a process, the program cannot be
  /// run.
  ChildProcess(const std::filesystem::path& program, const std::vector<std::string>& arguments,
               const std::filesystem::path& output);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  /// Kills it, if it has not ended.
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  /// A signal to it, if it has not ended.
  void send(int signal);
  bool ended();
  /// Waits for its end: the exit status; 128 + a signal's number where that ended it.
  int wait();
  /// Waits for its end, and returns what stands in `output` then. Errors: it ended with another status; the last line of
  /// its output says why.
  std::string finish(int wanted = 0);

 private:
  void take(int status);

  std::string command_;  ///< as a person would type it
  std::filesystem::path output_;
  pid_t pid_ = -1;
  int status_ = -1;  ///< as wait() returns it; negative while it runs
};

}  // namespace heddle
