#include "framework/system/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "framework/check.h"
#include "framework/system/disk.h"

namespace heddle {

std::filesystem::path this_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

ChildProcess::ChildProcess(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                           const std::filesystem::path& output)
    : command_(program.filename().string()), output_(output) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
    command_ += ' ' + argument;
  }
  argv.push_back(nullptr);
  const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  ensure(out >= 0, output.string(), " cannot be written to (", std::strerror(errno), ")");
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  std::array<int, 2> failed{-1, -1};  // the child writes errno into it where the program cannot be run
  const bool piped = ::pipe2(failed.data(), O_CLOEXEC) == 0;
  const pid_t parent = ::getpid();
  if (piped) pid_ = ::fork();
  if (pid_ == 0) {  // other threads stayed behind, and maybe their locks: nothing but system calls from here on
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // it ended before that
    if (::dup2(in, STDIN_FILENO) >= 0 && ::dup2(out, STDOUT_FILENO) >= 0 && ::dup2(out, STDERR_FILENO) >= 0)
      ::execv(argv[0], argv.data());
    const int error = errno;
    [[maybe_unused]] const auto told = ::write(failed[1], &error, sizeof(error));
    ::_exit(127);
  }
  int error = errno;
  for (const int fd : {in, out, failed[1]}) {
    if (fd >= 0) ::close(fd);
  }
  if (pid_ > 0) {
    const ssize_t got = uninterrupted([&] { return ::read(failed[0], &error, sizeof(error)); });
    if (got == 0) error = 0;  // closed: the program has begun
  }
  if (piped) ::close(failed[0]);
  if (error != 0 && pid_ > 0) wait();
  ensure(error == 0 && pid_ > 0, program.string(), " cannot be started (", std::strerror(error), ")");
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0 || status_ >= 0) return;
  send(SIGKILL);
  wait();
}

void ChildProcess::send(int signal) {
  if (!ended()) ::kill(pid_, signal);
}

bool ChildProcess::ended() {
  int status = 0;
  if (status_ < 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) take(status);
  return status_ >= 0;
}

int ChildProcess::wait() {
  int status = 0;
  if (status_ < 0) {
    ensure(uninterrupted([&] { return ::waitpid(pid_, &status, 0); }) == pid_, "process ", pid_,
           " cannot be waited for (", std::strerror(errno), ")");
    take(status);
  }
  return status_;
}

std::string ChildProcess::finish(int wanted) {
  const int status = wait();
  std::ifstream in(output_);
  std::string said(std::istreambuf_iterator<char>(in), {}), last = said;
  while (last.ends_with('\n')) last.pop_back();
  last.erase(0, last.rfind('\n') + 1);
  ensure(status == wanted, command_, " ended with status ", status, ", not ", wanted, ": ", last);
  return said;
}

void ChildProcess::take(int status) { status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace heddle
