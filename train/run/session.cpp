#include "train/run/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "data/io/file.h"
#include "framework/clock.h"
#include "framework/format.h"
#include "framework/profile.h"
#include "framework/system/disk.h"
#include "framework/system/ranks.h"
#include "train/log/course.h"
#include "train/log/listeners.h"
#include "train/log/profile_table.h"
#include "train/run/average.h"
#include "train/run/stop.h"

namespace heddle {

namespace fs = std::filesystem;

namespace {

/// Figures as a person reads them.
std::string shown(const Metrics& metrics) {
  std::string text;
  for (const Metric& metric : metrics) {
    if (metric.column) text += (text.empty() ? "" : ", ") + metric.text;
  }
  return text;
}

}  // namespace

Session::Session(const SessionParts& parts, RunState state, fs::path folder)
    : parts_(parts),
      state_(std::move(state)),
      trainer_(parts.experiment, parts.dataset, parts.model, parts.learner),
      folder_(std::move(folder)) {}

bool Session::run(std::vector<std::unique_ptr<RunListener>> more) {
  if (rank() == 0) {
    listeners_.push_back(std::make_unique<ConsoleListener>(folder_ / "log.txt", parts_.experiment.train.log_seconds));
    listeners_.push_back(std::make_unique<CsvListener>(folder_ / "metrics.csv", state_.history));
    listeners_.push_back(std::make_unique<SampleListener>(folder_ / "samples.txt"));
  }
  for (auto& listener : more) listeners_.push_back(std::move(listener));
  const StopOnSignal signals(rank() == 0 ? "stopping after this step, saving; Ctrl-C again quits unsaved\n" : "");
  std::error_code none;
  const bool judged =
      from_root(rank() == 0 && fs::remove(folder_ / kResultFile, none));  // of a run that was over, and goes on
  mend_kept();
  tell([](RunListener& to) { to.on_begin(); });
  introduce();
  const index_t patience = trainer_.plan().early_stop;
  const bool over =
      !judged && patience > 0 && state_.evaluations_since_best >= patience;  // killed before it was judged
  const bool early = over || train();
  const bool done = early || state_.step == trainer_.plan().steps;
  if (done) {
    finish(early);
  } else {
    save("last.h5");
    message(fmt::format("stopped by SIG{} after step {} of {}; go on with: heddle resume {}", sigabbrev_np(signal_),
                        state_.step, trainer_.plan().steps, folder_.string()));
  }
  tell([](RunListener& to) { to.on_end(); });
  return done;
}

void Session::ask() {
  const double minutes = trainer_.plan().checkpoint_minutes;
  const bool due = minutes > 0 && seconds_now() - saved_ >= 60 * minutes;
  const std::array<double, 2> mine = {static_cast<double>(StopOnSignal::requested()), due ? 1.0 : 0.0};
  signal_ = 0;
  save_is_due_ = false;
  for (const auto& asked : gather(mine)) {
    signal_ = std::max(signal_, static_cast<int>(asked[0]));
    save_is_due_ = save_is_due_ || asked[1] > 0;
  }
}

std::map<std::int64_t, fs::path> Session::kept(Kept kind) const {
  std::vector<double> steps;
  if (rank() == 0) {
    for (const auto& [step, path] : kept_checkpoints(folder_, kind)) steps.push_back(static_cast<double>(step));
  }
  std::map<std::int64_t, fs::path> all;
  const auto every = gather(steps);
  for (const double step : every[0]) {
    const auto number = static_cast<std::int64_t>(step);
    all[number] = folder_ / kept_name(kind, number);
  }
  return all;
}

bool Session::train() {
  const TrainConfig& plan = trainer_.plan();
  started_ = saved_ = seconds_now();
  bool early = false;
  pool_reset_peak();
  std::optional<Profile> profile;
  if (profiled_) profile.emplace();
  RowSums& since = state_.since;
  for (ask(); state_.step < plan.steps && !early && signal_ == 0;) {
    const double begun = seconds_now();
    last_ = trainer_.step(state_.step);
    since.seconds += seconds_now() - begun;
    if (!std::isnan(last_.loss)) {
      since.loss += last_.loss;
      since.losses += 1;
    }
    since.inputs += last_.inputs;
    since.flops += last_.flops;
    ++session_steps_;
    ++state_.step;
    if (!last_.event.empty()) message(last_.event);
    tell([&, so_far = row()](RunListener& to) { to.on_step(so_far); });
    const bool end = state_.step == plan.steps;
    if (end || state_.step % plan.eval_interval == 0) {
      evaluate();
      early = plan.early_stop > 0 && state_.evaluations_since_best >= plan.early_stop;
    } else if (state_.step % plan.log_interval == 0) {
      end_row();
    }
    if (plan.sample_interval > 0 && state_.step % plan.sample_interval == 0 && !end) write_sample();
    ask();
    if (end || early || state_.step % plan.checkpoint_interval == 0) {
      save("last.h5", plan.keep_last > 1 ? kept_name(Kept::last, state_.step) : "");
      leave_last();
    } else if (save_is_due_) {
      save("last.h5");
    }
  }
  if (profile && session_steps_ > 0)
    message("where the time of steps went:\n" + profile_table(*profile, static_cast<double>(session_steps_)));
  return early;
}

void Session::introduce() {
  const Experiment& experiment = parts_.experiment;
  message(fmt::format("run {} in {}, {} threads ({}), seed {}", experiment.run.name, folder_.string(), threads(),
                      threads_reason(), experiment.run.seed));
  if (ranks() > 1) message(ranks_text());
  message("data: " + parts_.dataset.describe());
  for (const std::string& notice : parts_.dataset.notices()) message(notice);
  const MemoryEstimate memory = trainer_.estimate_memory();
  const auto frozen = static_cast<double>(count_frozen(parts_.model.named_parameters()));
  message(fmt::format(
      "model: {}, {} parameters{}; memory: {} = parameters {} + gradients {} + optimizer {} + activations {}{}",
      experiment.model_kind, human_count(memory.parameters / sizeof(real)),
      frozen > 0 ? ", " + human_count(frozen) + " of them frozen" : "", human_bytes(memory.total()),
      human_bytes(memory.parameters), human_bytes(memory.gradients), human_bytes(memory.optimizer),
      human_bytes(memory.activations),
      memory.gathered > 0 ? fmt::format(", or all moments {} beside a checkpoint", human_bytes(memory.gathered)) : ""));
  for (const std::string& notice : trainer_.notices()) message(notice);
  // A resumed run has them: it goes on with the same data, and with every key that decides them.
  if (state_.baselines.line.empty() && rank() == 0) {
    state_.baselines = trainer_.task().baselines([&](const char* what, std::uint64_t bytes, std::uint64_t of) {
      tell([text = progress_text(what, bytes, of)](RunListener& to) { to.on_progress(text); });
    });
  }
  message(state_.baselines.line);
  if (state_.step > 0) message(fmt::format("going on after step {} of {}", state_.step, trainer_.plan().steps));
  for (const std::string& note : notes_) message(note);
}

RunRow Session::row() const {
  RunRow row;
  row.step = state_.step;
  row.steps = trainer_.plan().steps;
  if (parts_.experiment.train.epochs > 0)
    row.epoch = static_cast<double>(state_.step) / trainer_.feed().steps_per_epoch();
  row.seconds_left =
      (seconds_now() - started_) / static_cast<double>(session_steps_) * static_cast<double>(row.steps - state_.step);
  const RowSums& since = state_.since;
  row.train_loss = since.losses > 0 ? since.loss / since.losses : std::numeric_limits<double>::quiet_NaN();
  row.lr = trainer_.learning_rate(state_.step - 1);
  row.learner = last_.more;
  row.inputs_per_second = since.inputs / since.seconds;
  row.flops_per_second = since.flops / since.seconds;
  row.inputs = trainer_.task().unit().inputs;
  return row;
}

void Session::end_row(const Metrics& evaluation) {
  RunRow ended = row();
  ended.evaluation = evaluation;
  Metrics figures = {{"train_loss", ended.train_loss}};
  for (Metric metric : evaluation) {
    metric.name = "val_" + metric.name;
    figures.push_back(std::move(metric));
  }
  figures.push_back({"lr", ended.lr});
  figures.insert(figures.end(), ended.learner.begin(), ended.learner.end());
  figures.push_back({std::string(ended.inputs) + "_per_second", ended.inputs_per_second});
  figures.push_back({"gflops", ended.flops_per_second / 1e9});
  figures.push_back({"seconds", state_.history.last("seconds", 0) + state_.since.seconds});
  state_.history.add(state_.step, figures);
  tell([&](RunListener& to) { to.on_row(ended); });
  state_.since = {};
}

void Session::evaluate() {
  const Metrics metrics = trainer_.evaluate();
  end_row(metrics);
  const bool best = metrics[0].value < state_.best_val_loss;
  if (best) state_.best_val_loss = metrics[0].value;
  state_.evaluations_since_best = best ? 0 : state_.evaluations_since_best + 1;
  save_best("val_" + metrics[0].name, best);
}

void Session::write_sample() {
  try {
    const AveragedWeights averaged(parts_.learner);
    const std::string text = trainer_.task().sample(parts_.experiment.train.sample_tokens);
    if (text.empty()) return;
    tell([&](RunListener& to) { to.on_sample(state_.step, text); });
    if (const std::string about = trainer_.task().about_sample(text); !about.empty()) message(about);
  } catch (const RankFailed&) {
    throw;
  } catch (const std::exception& e) {  // it is only shown: training goes on
    message(fmt::format("no sample after step {}: {}", state_.step, e.what()));
  }
}

void Session::save(const std::string& name, const std::string& kept) {
  const fs::path path = folder_ / name;
  const auto write = [&](const fs::path& to) {
    save_checkpoint(to, parts_.experiment, parts_.dataset.state(), parts_.model, parts_.learner, state_);
  };
  if (!kept.empty()) write(folder_ / kept);
  if (from_root(rank() == 0 && (kept.empty() || !name_too(folder_ / kept, path)))) write(path);
  if (name == "last.h5") saved_ = seconds_now();
  tell([&](RunListener& to) { to.on_checkpoint(path); });
}

void Session::mend_kept() {
  leave_last();
  const fs::path best = folder_ / kept_name(Kept::best, state_.step);
  const bool missing = rank() == 0 && state_.step > 0 && state_.evaluations_since_best == 0 && fs::exists(best) &&
                       !name_too(best, folder_ / "best.h5");
  if (from_root(missing)) save("best.h5");
  // a best one alone was there to go on from, and its step may be one that the last are kept of
  if (state_.step == 0 || from_root(rank() == 0 && fs::exists(folder_ / "last.h5"))) return;
  const TrainConfig& plan = trainer_.plan();
  const bool decided = state_.step % plan.checkpoint_interval == 0 || state_.step == plan.steps;
  save("last.h5", decided && plan.keep_last > 1 ? kept_name(Kept::last, state_.step) : "");
}

void Session::leave_last() {
  if (rank() != 0) return;
  auto steps = kept_checkpoints(folder_, Kept::last);
  steps.erase(steps.upper_bound(state_.step), steps.end());  // of a course that a resume from an earlier one left
  const index_t most = parts_.experiment.train.keep_last;
  std::error_code error;
  for (const auto room = static_cast<std::size_t>(most > 1 ? most : 0); steps.size() > room;) {
    fs::remove(steps.begin()->second, error);
    steps.erase(steps.begin());
  }
}

void Session::save_best(const std::string& loss, bool best) {
  const std::vector<double> losses = state_.history.column(loss);
  const auto most = static_cast<std::size_t>(parts_.experiment.train.keep_best);
  std::vector<std::pair<double, index_t>> kept;  // with the steps; those alone that this course has judged
  const auto there = this->kept(Kept::best);
  for (std::size_t row = 0; row + 1 < losses.size(); ++row) {
    if (there.contains(state_.history.step(row)) && std::isfinite(losses[row]))
      kept.emplace_back(losses[row], state_.history.step(row));
  }
  const bool keeps = most > 1 && std::isfinite(losses.back());
  if (keeps) kept.emplace_back(losses.back(), state_.step);
  std::sort(kept.begin(), kept.end());  // of equal ones the earlier is the better
  const std::string name = kept_name(Kept::best, state_.step);
  if (best) {
    save("best.h5", keeps ? name : "");
  } else if (keeps) {
    const auto place = std::find(kept.begin(), kept.end(), std::pair(losses.back(), state_.step)) - kept.begin();
    if (static_cast<std::size_t>(place) < most) save(name);
  }
  std::error_code ignored;
  for (std::size_t i = most > 1 ? most : 0; rank() == 0 && i < kept.size(); ++i)
    fs::remove(folder_ / kept_name(Kept::best, kept[i].second), ignored);
}

void Session::average_last() {
  const auto wanted = static_cast<std::size_t>(parts_.experiment.train.average_last);
  auto steps = kept(Kept::last);
  steps.erase(steps.upper_bound(state_.step), steps.end());  // of a course that a resume from an earlier one left
  if (wanted < 2 || steps.size() < 2) return;
  const auto first = std::prev(steps.end(), static_cast<std::ptrdiff_t>(std::min(wanted, steps.size())));
  std::vector<fs::path> paths;
  for (auto at = first; at != steps.end(); ++at) paths.push_back(at->second);
  const double alone = trainer_.evaluate()[0].value;
  load_mean_weights(parts_.model, paths);
  const double mean = trainer_.evaluate()[0].value;
  message(
      fmt::format("mean weights of the last {} checkpoints, from step {}: validation loss {:.4f}, the last alone "
                  "{:.4f}; the {} are kept",
                  paths.size(), first->first, mean, alone, mean < alone ? "mean weights" : "last"));
  if (mean >= alone) {
    load_mean_weights(parts_.model, {paths.back()});
  } else if (mean < state_.best_val_loss) {
    state_.best_val_loss = mean;
    state_.evaluations_since_best = 0;
    save("best.h5");
  }
}

void Session::judge_best(RunResult& result) {
  result.best_step = 0;
  result.best_whole.clear();
  LoadedRun best;
  std::string failure;
  try {
    best = load_checkpoint(folder_ / "best.h5");
  } catch (const Error& e) {
    failure = e.what();
  }
  for (const std::string& why : gather(failure)) {  // the training is done all the same
    if (!why.empty()) return message("best.h5 cannot be judged: " + why);
  }
  result.best_whole = judge(parts_.experiment, *best.model, parts_.dataset, Split::val);
  result.best_step = best.state.step;
  message(fmt::format("whole validation split with best.h5, after step {}: {}", result.best_step,
                      shown(result.best_whole)));
}

void Session::finish(bool early) {
  RunResult result;
  result.step = result.best_step = state_.step;
  result.early = early;
  {
    const AveragedWeights averaged(parts_.learner);
    result.weights = weights_hash(parts_.model);
  }
  const auto most = static_cast<double>(pool_stats().peak_bytes);
  if (early)
    message(
        fmt::format("stopped early: {} evaluations without a better validation loss", state_.evaluations_since_best));
  average_last();
  if (parts_.experiment.train.sample_tokens > 0) write_sample();
  result.whole = result.best_whole = trainer_.evaluate(true);
  std::string comparison;
  for (const Metric& metric : result.whole) {
    if (metric.name != state_.baselines.metric) continue;
    for (const auto& [name, value] : state_.baselines.all) {
      const bool better = state_.baselines.lower_is_better ? metric.value < value : metric.value > value;
      comparison += fmt::format("{}{} {} ({:.3f})", comparison.empty() ? "" : ", ",
                                metric.value == value ? "equal to"
                                : better              ? "better than"
                                                      : "WORSE than",
                                name, value);
    }
  }
  message(fmt::format("whole validation split after step {}: {}", state_.step, shown(result.whole)));
  if (state_.evaluations_since_best > 0) judge_best(result);
  if (const std::string course = course_text(state_.history); !course.empty()) message(course);
  if (!comparison.empty()) message("against the baselines: " + comparison);
  message(fmt::format("{} of training, {} of tensors at most; {} and {} hold the model, metrics.csv its course",
                      human_time(state_.history.last("seconds", 0)), human_bytes(most), (folder_ / "last.h5").string(),
                      (folder_ / "best.h5").string()));
  if (rank() == 0) write_file(folder_ / kResultFile, result.json());
}

}  // namespace heddle
