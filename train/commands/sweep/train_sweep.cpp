#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <list>
#include <memory>
#include <sstream>
#include <thread>

#include "data/io/file.h"
#include "framework/clock.h"
#include "framework/format.h"
#include "framework/parallel.h"
#include "framework/system/process.h"
#include "train/commands/sweep/median_stop.h"
#include "train/commands/sweep/sweep_runs.h"
#include "train/log/progress.h"
#include "train/run/folder/result.h"
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
  /// So many runs are yet to be trained.
  void begin(std::size_t left) {
    left_ = left;
    done_ = plan_.runs.size() - left;
    reporter_.line(fmt::format("sweep {} in {}: {} runs, of which {} are done", plan_.name, plan_.folder,
                               plan_.runs.size(), done_));
  }
  void ended(const SweepRun& run, const SweepOutcome& outcome, double seconds) {
    ++done_;
    ++trained_;
    spent_ += seconds;
    --left_;
    std::string what = (outcome.state == State::failed ? "failed: " : "") + outcome.reason;
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
    const Metric* const figure = find_metric(result.best_whole, plan_.config.metric);
    return figure != nullptr ? fmt::format("{} {:.4f}", figure->name, figure->value) : "no " + plan_.config.metric;
  }

  const SweepPlan& plan_;
  std::int64_t jobs_;
  Reporter reporter_;
  std::size_t done_ = 0, trained_ = 0, left_ = 0;
  double spent_ = 0;  // by runs of this call
};

/// The runs of a sweep, those under way among them.
class Trainings {
 public:
  Trainings(const SweepPlan& plan, std::int64_t jobs, std::vector<SweepOutcome>& outcomes)
      : plan_(plan), jobs_(jobs), outcomes_(outcomes), progress_(plan, jobs), measured_(plan.runs.size()) {
    outcomes_.assign(plan.runs.size(), {});
  }

  bool train() {
    for (const std::string& notice : plan_.notices) progress_.reporter().line(notice);
    for (std::size_t i = 0; i < plan_.runs.size(); ++i) {
      if (is_done(i)) outcomes_[i].state = State::complete;
    }
    judge();
    for (std::size_t i = plan_.runs.size(); i-- > 0;) {
      if (outcomes_[i].state == State::waiting) waiting_.push_back(i);
    }
    progress_.begin(waiting_.size());
    while ((!waiting_.empty() || !running_.empty()) && StopOnSignal::requested() == 0) {
      for (; !waiting_.empty() && std::ssize(running_) < jobs_; waiting_.pop_back()) start(waiting_.back());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      for (auto at = running_.begin(); at != running_.end();) {
        const auto one = at++;
        if (one->process->ended()) end(one);
      }
      if (seconds_now() - judged_ > 1) judge();
      progress_.show(running_);
    }
    for (Running& one : running_) one.process->send(SIGTERM);
    for (Running& one : running_) one.process->wait();
    return waiting_.empty() && running_.empty();
  }

 private:
  fs::path folder(std::size_t run) const { return fs::path(plan_.folder) / plan_.runs[run].name; }
  fs::path beside(std::size_t run, const char* end) const { return folder(run).string() + end; }

  /// Whether a run has a result that can be read.
  bool is_done(std::size_t run) const {
    try {
      RunResult::read(folder(run) / kResultFile);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  void start(std::size_t run) {
    fs::remove(folder(run) / kResultFile);  // a damaged one: training would leave it
    write_file(beside(run, ".cfg"), plan_.runs[run].config);
    write_file(beside(run, ".log"), "");
    const std::vector<std::string> arguments = {
        "train", beside(run, ".cfg"), "--resume=auto",
        fmt::format("--run.threads={}", std::max<std::int64_t>(1, threads() / jobs_))};
    running_.push_back(
        {run, seconds_now(), std::make_unique<ChildProcess>(this_program(), arguments, beside(run, ".log"))});
  }

  /// A run's process has ended.
  void end(std::list<Running>::iterator one) {
    const std::size_t run = one->run;
    const int status = one->process->wait();
    SweepOutcome& outcome = outcomes_[run];
    outcome.state = status == 0 && is_done(run) ? State::complete : State::failed;
    if (outcome.state == State::failed) {
      outcome.reason = reason_of(beside(run, ".log"), status);
    } else {
      remove_notes(run);
    }
    progress_.ended(plan_.runs[run], outcome, seconds_now() - one->began);
    running_.erase(one);
    judged_ = 0;  // what it measured may decide of others
  }

  /// Stops runs that sweep.stop gives up, those among them that were quicker than what decides.
  void judge() {
    judged_ = seconds_now();
    if (plan_.config.stop == SweepStop::none) return;
    for (std::size_t i = 0; i < plan_.runs.size(); ++i) measure(i);
    const auto stops = median_stops(measured_, "val_" + plan_.config.metric, plan_.config.lower_is_better());
    for (std::size_t i = 0; i < stops.size(); ++i) {
      SweepOutcome& outcome = outcomes_[i];
      if (!stops[i] || outcome.state == State::stopped) continue;
      outcome.state = State::stopped;
      outcome.reason =
          fmt::format("stopped after step {}: its best {} of {:.4f} is worse than {:.4f}, the median of {} runs",
                      stops[i]->step, plan_.config.metric, stops[i]->best, stops[i]->median, stops[i]->others);
      const auto one = std::find_if(running_.begin(), running_.end(), [&](const Running& r) { return r.run == i; });
      if (one == running_.end()) {  // it is over, or was begun by an earlier call and waits
        if (std::erase(waiting_, i) > 0) progress_.ended(plan_.runs[i], outcome, 0);
        continue;
      }
      one->process->send(SIGTERM);
      one->process->wait();
      remove_notes(i);
      progress_.ended(plan_.runs[i], outcome, seconds_now() - one->began);
      running_.erase(one);
    }
  }

  /// Reads what a run has measured, unless it is known.
  void measure(std::size_t run) {
    MeasuredRun& measured = measured_[run];
    if (measured.over) return;
    const fs::path metrics = folder(run) / "metrics.csv";
    const State state = outcomes_[run].state;
    measured.over = state == State::complete || state == State::failed;
    if (!fs::exists(metrics)) return;
    try {
      measured.history = History::from_csv(read_file(metrics), metrics.string());
    } catch (const Error&) {
      if (measured.over) throw;  // else it is being written
    }
  }

  void remove_notes(std::size_t run) const {
    fs::remove(beside(run, ".cfg"));
    fs::remove(beside(run, ".log"));
  }

  const SweepPlan& plan_;
  std::int64_t jobs_;
  std::vector<SweepOutcome>& outcomes_;
  Progress progress_;
  std::vector<MeasuredRun> measured_;
  std::vector<std::size_t> waiting_;  ///< the next one last
  std::list<Running> running_;
  double judged_ = 0;  ///< when judge() was called last
};

}  // namespace

bool train_sweep(const SweepPlan& plan, std::int64_t jobs, std::vector<SweepOutcome>& outcomes) {
  const StopOnSignal signals("stopping the runs, saving; heddle sweep goes on with them\n");
  return Trainings(plan, jobs, outcomes).train();
}

}  // namespace heddle
