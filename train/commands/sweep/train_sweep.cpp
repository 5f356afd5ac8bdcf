#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <sstream>
#include <thread>

#include "data/io/file.h"
#include "framework/format.h"
#include "framework/parallel.h"
#include "framework/system/process.h"
#include "train/commands/sweep/sweep_runs.h"
#include "train/log/progress.h"
#include "train/run/result.h"
#include "train/run/stop.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;
using State = SweepOutcome::State;

/// One run in a process.
struct Running {
  std::size_t run;
  double began;
  std::unique_ptr<ChildProcess> process;
};

/// The line with which a program that failed said why.
std::string reason_of(const fs::path& log, int status) {
  std::istringstream in(read_file(log));
  std::string reason;
  constexpr std::string_view kBegin = "heddle: ";
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kBegin)) reason = line.substr(kBegin.size());
  }
  if (!reason.empty()) return reason;
  return status > 128 ? fmt::format("signal {} ended it", status - 128)
                      : fmt::format("exit status {}; {} holds what it said", status, log.string());
}

/// Says what becomes of runs, and how long the rest will take.
class Progress {
 public:
  Progress(const SweepPlan& plan, std::int64_t jobs) : plan_(plan), jobs_(jobs) {
    reporter_.log_to(fs::path(plan.folder) / "log.txt");
  }
  Reporter& reporter() { return reporter_; }
  void set_left(std::size_t left) { left_ = left; }

  /// A run was there already.
  void known() { ++done_; }
  void ended(const SweepRun& run, const SweepOutcome& outcome, double seconds) {
    ++done_;
    ++trained_;
    spent_ += seconds;
    --left_;
    std::string what = "failed: " + outcome.reason;
    if (outcome.state == State::complete) {
      const RunResult result = RunResult::read(fs::path(plan_.folder) / run.name / kResultFile);
      what = fmt::format("{}, best after step {} of {}", figure_text(result), result.best_step, result.step);
    }
    reporter_.line(fmt::format("{}/{} {}: {}; {}{}", done_, plan_.runs.size(), run.name, what, human_time(seconds),
                               left_ == 0 ? "" : ", " + left_text()));
  }
  void show(const std::list<Running>& running) {
    std::string text = fmt::format("{} of {} done", done_, plan_.runs.size());
    for (const Running& one : running)
      text += fmt::format(", {} {}", plan_.runs[one.run].name, human_time(seconds_now() - one.began));
    if (trained_ > 0) text += "; " + left_text();
    reporter_.progress(text);
  }

 private:
  std::string left_text() const {
    const double runs = std::ceil(static_cast<double>(left_) / static_cast<double>(jobs_));
    return "about " + human_time(runs * spent_ / static_cast<double>(trained_)) + " left";
  }
  std::string figure_text(const RunResult& result) const {
    for (const Metric& figure : result.best_whole) {
      if (figure.name == plan_.config.metric) return fmt::format("{} {:.4f}", figure.name, figure.value);
    }
    return "no " + plan_.config.metric;
  }

  const SweepPlan& plan_;
  std::int64_t jobs_;
  Reporter reporter_;
  std::size_t done_ = 0, trained_ = 0, left_ = 0;
  double spent_ = 0;  // by runs of this call
};

}  // namespace

bool train_sweep(const SweepPlan& plan, std::int64_t jobs, std::vector<SweepOutcome>& outcomes) {
  const StopOnSignal signals("stopping the runs, saving; heddle sweep goes on with them\n");
  const fs::path folder = plan.folder;
  Progress progress(plan, jobs);
  for (const std::string& notice : plan.notices) progress.reporter().line(notice);
  outcomes.assign(plan.runs.size(), {});
  std::vector<std::size_t> waiting;  // the next one last
  for (std::size_t i = plan.runs.size(); i-- > 0;) {
    if (fs::exists(folder / plan.runs[i].name / kResultFile)) {
      outcomes[i].state = State::complete;
      progress.known();
    } else {
      waiting.push_back(i);
    }
  }
  progress.set_left(waiting.size());
  progress.reporter().line(fmt::format("sweep {} in {}: {} runs, of which {} are done", plan.name, plan.folder,
                                       plan.runs.size(), plan.runs.size() - waiting.size()));
  const auto share = std::max<std::int64_t>(1, threads() / jobs);
  const auto file = [&](std::size_t run, const char* end) { return folder / (plan.runs[run].name + end); };
  std::list<Running> running;
  const auto start = [&](std::size_t run) {
    write_file(file(run, ".cfg"), plan.runs[run].config);
    write_file(file(run, ".log"), "");
    const std::vector<std::string> arguments = {"train", file(run, ".cfg"), "--resume=auto",
                                                fmt::format("--run.threads={}", share)};
    running.push_back(
        {run, seconds_now(), std::make_unique<ChildProcess>(this_program(), arguments, file(run, ".log"))});
  };
  while ((!waiting.empty() || !running.empty()) && StopOnSignal::requested() == 0) {
    while (!waiting.empty() && std::ssize(running) < jobs) {
      start(waiting.back());
      waiting.pop_back();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    for (auto at = running.begin(); at != running.end();) {
      if (!at->process->ended()) {
        ++at;
        continue;
      }
      SweepOutcome& outcome = outcomes[at->run];
      const int status = at->process->wait();
      const bool complete = status == 0 && fs::exists(folder / plan.runs[at->run].name / kResultFile);
      outcome.state = complete ? State::complete : State::failed;
      if (!complete) outcome.reason = reason_of(file(at->run, ".log"), status);
      if (complete) {
        fs::remove(file(at->run, ".cfg"));
        fs::remove(file(at->run, ".log"));
      }
      progress.ended(plan.runs[at->run], outcome, seconds_now() - at->began);
      at = running.erase(at);
    }
    progress.show(running);
  }
  for (Running& one : running) one.process->send(SIGTERM);
  for (Running& one : running) one.process->wait();
  return waiting.empty() && running.empty();
}

}  // namespace heddle
