#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "tests/temporary_folder.h"
#include "train/run/checkpoint.h"

namespace heddle {

/// The program, started with arguments, its outputs going to files of the folder.
class Process {
 public:
  /// `prepare` is called in the new process before the program takes it over: for limits and signals. `launcher` is
  /// what starts it, as mpirun and its arguments.
  Process(const TemporaryFolder& folder, const std::vector<std::string>& arguments, const std::string& input = "",
          const std::function<void()>& prepare = {}, const std::vector<std::string>& launcher = {})
      : out_(folder.path("stdout")), err_(folder.path("stderr")) {
    const std::string in = folder.write("stdin", input);
    std::vector<char*> argv;
    for (const std::string& a : launcher) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(const_cast<char*>(HEDDLE_PROGRAM));
    for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    const auto redirect = [](const std::string& path, int flags, int to) { dup2(open(path.c_str(), flags, 0644), to); };
    redirect(in, O_RDONLY, STDIN_FILENO);
    redirect(out_, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    redirect(err_, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    if (prepare) prepare();
    execvp(argv[0], argv.data());
    _exit(127);
  }

  pid_t pid() const { return pid_; }
  void send(int number) const { kill(pid_, number); }
  /// The exit status; 128 + signal where one ended it.
  int wait() const {
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string output() const { return read_bytes(out_); }
  std::string errors() const { return read_bytes(err_); }

 private:
  std::string out_, err_;
  pid_t pid_;
};

/// For Process: sets a limit of the system's, as RLIMIT_FSIZE, the largest file that may be written.
inline std::function<void()> limited(decltype(RLIMIT_FSIZE) what, rlim_t most) {
  return [=] {
    const rlimit limit{most, most};
    setrlimit(what, &limit);
  };
}

/// Waits until the file is there and holds `text`; false after a minute.
inline bool appears(const std::string& path, const std::string& text = "") {
  for (int i = 0; i < 60000; ++i) {
    if (std::filesystem::exists(path) && read_bytes(path).find(text) != std::string::npos) return true;
    usleep(1000);
  }
  return false;
}

struct Outcome {
  int status;
  std::string out, err;
};

inline Outcome run_program(const TemporaryFolder& folder, const std::vector<std::string>& arguments,
                           const std::string& input = "", const std::function<void()>& prepare = {}) {
  const Process process(folder, arguments, input, prepare);
  const int status = process.wait();
  return {status, process.output(), process.errors()};
}

/// A config of a tiny model on a little built-in text; a step takes a few milliseconds.
inline std::string tiny_config(const TemporaryFolder& folder, const std::string& more = "") {
  return folder.write(
      "tiny.cfg",
      "[data]\nsize = 20000\n[model]\nn_layer = 2\nn_head = 2\nn_embd = 32\nblock_size = 16\ndropout = 0.1\n"
      "[optim]\nwarmup_steps = 10\n"
      "[train]\nbatch_size = 8\nsteps = 200\neval_interval = 50\neval_batches = 2\ncheckpoint_interval = 20\n"
      "sample_tokens = 20\n" +
          more);
}

/// Trains tiny_config in a folder of the run.
inline Outcome train(const TemporaryFolder& folder, const std::string& dir, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"train", tiny_config(folder), "--run.dir=" + folder.path(dir)});
  return run_program(folder, more);
}

/// The program refused, with one line that says `text`.
inline void check_one_line(const Outcome& outcome, int status, const std::string& text) {
  INFO(outcome.err);
  CHECK(outcome.status == status);
  CHECK(outcome.err.starts_with("heddle: "));
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK_THAT(outcome.err, Catch::Contains(text));
}

/// The names of a checkpoint's parameters and their bytes.
inline std::string weights_of(const std::string& path) {
  const LoadedRun run = load_checkpoint(path);
  std::string all;
  for (const NamedParameter& p : run.model->named_parameters())
    all += p.name + '\n' +
           std::string(reinterpret_cast<const char*>(p.tensor.data()),
                       static_cast<std::size_t>(p.tensor.numel()) * sizeof(real));
  return all;
}

}  // namespace heddle
