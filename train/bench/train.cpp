#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>

#include "framework/clock.h"
#include "framework/profile.h"
#include "framework/system/cores.h"
#include "framework/system/process.h"
#include "framework/system/ranks.h"
#include "framework/system/scratch_folder.h"
#include "train/bench/bench.h"
#include "train/bench/lengths.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/log/profile_table.h"
#include "train/run/trainer.h"

namespace heddle {
std::vector<int> thread_counts(const std::string& command, const std::string& text) {
  std::vector<int> counts;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) {
    const bool number = !word.empty() && word.size() < 5 && word.find_first_not_of("0123456789") == std::string::npos;
    if (!number || std::stoi(word) < 1 || std::stoi(word) > 1024)
      throw UsageError(command + ": --threads " + text + ": wants numbers from 1 to 1024 with commas between, as 1,2");
    counts.push_back(std::stoi(word));
  }
  return counts;
}

std::vector<StepTimes> measure_steps(Trainer& trainer, const std::vector<int>& threads, bool pinned, index_t steps,
                                     const std::function<void()>& warm) {
  std::vector<StepTimes> all;
  for (const int count : threads) all.push_back({count});
  index_t number = 0;
  const auto limit = [&] {
    double sum = 0;
    for (const auto& of_rank : gather(std::array{measure_limit(trainer.precision())})) sum += of_rank[0];
    return sum;
  };
  const auto run = [&](StepTimes& times, index_t count) {
    set_threads(times.threads, pinned);
    times.limits.push_back(limit());
    for (index_t i = 0; i < count; ++i) {
      const std::size_t before = pool_stats().system_requests;
      const double begun = seconds_now();
      const StepResult result = trainer.step(number++);
      times.inputs = result.inputs;
      times.flops = result.flops;
      times.seconds.push_back(seconds_now() - begun);
      times.requests += pool_stats().system_requests - before;
    }
    times.limits.push_back(limit());
  };
  for (StepTimes& times : all) {
    run(times, std::max<index_t>(3, steps / 10));
    times = {times.threads};
  }
  if (warm) warm();
  constexpr index_t kRounds = 4;  // the limit is measured around each, as the machine may be busy with other things
  for (index_t round = 0; round < kRounds; ++round) {
    for (StepTimes& times : all) run(times, steps * (round + 1) / kRounds - steps * round / kRounds);
  }
  return all;
}

namespace {

/// Inputs a second of `count` copies of these steps that run at once, each a process of one thread on cores of its own:
/// what so many threads would reach if they had nothing to share out and to wait for.
double measure_copies(int count, const std::string& config, const std::vector<std::string>& assignments, index_t steps,
                      const std::string& inputs) {
  set_threads(threads());  // from where this process is pinned no copy could be put elsewhere
  const ScratchFolder scratch;
  std::vector<std::string> arguments = {"bench",       "train",  config,
                                        "--threads=1", "--json", concat_text("--steps=", steps)};
  for (const std::string& assignment : assignments) arguments.push_back("--" + assignment);
  std::vector<std::unique_ptr<ChildProcess>> copies;
  for (int i = 0; i < count; ++i) {
    const ChildrenOnShare share(count, i);
    copies.push_back(std::make_unique<ChildProcess>(this_program(), arguments, scratch / concat_text(i)));
  }
  double rate = 0;
  for (int i = 0; i < count; ++i) {
    const std::string said = '\n' + copies[static_cast<std::size_t>(i)]->finish();
    const auto answer = nlohmann::json::parse(said.substr(said.find("\n[")));  // behind what it noticed
    rate += answer[0][inputs + "_per_second"].get<double>();
  }
  return rate;
}

/// What the command says.
struct TrainAnswer {
  std::string inputs;  ///< what the model is trained on: "tokens"
  std::vector<StepTimes> times;
  double peak_tensors, peak_process;  ///< bytes, of this process
  ExchangeWork exchange;              ///< with others, a step
  std::vector<double> copies;         ///< as measure_copies, beside each of `times`; none where it was not asked for
  std::string profile;                ///< the table of the time by op, where it was asked for

  /// How much of what so many more threads could gain is gained.
  double efficiency(const StepTimes& m) const { return times[0].step() * times[0].threads / (m.step() * m.threads); }
};

nlohmann::json to_json(const TrainAnswer& found) {
  nlohmann::json rows = nlohmann::json::array();
  for (const StepTimes& m : found.times) {
    rows.push_back(
        {{"threads", m.threads},
         {"ms_per_step", m.step() * 1e3},
         {found.inputs + "_per_second", m.rate()},
         {"gflops", m.gflops()},
         {"limit_gflops", m.limit()},
         {"share_of_limit", m.gflops() / m.limit()},
         {"efficiency", found.efficiency(m)},
         {"processes", ranks()},
         {"sent_bytes_per_step", found.exchange.bytes},
         {"exchange_ms_per_step", found.exchange.seconds * 1e3},
         {"waited_ms_per_step", found.exchange.waited * 1e3},
         {"peak_tensor_bytes", found.peak_tensors},
         {"peak_process_bytes", found.peak_process},
         {"system_requests_per_step", static_cast<double>(m.requests) / static_cast<double>(m.seconds.size())}});
    if (found.copies.empty()) continue;
    rows.back()["copies_" + found.inputs + "_per_second"] = found.copies[rows.size() - 1];
    rows.back()["share_of_copies"] = m.rate() / found.copies[rows.size() - 1];
  }
  return rows;
}

std::string to_text(const TrainAnswer& found) {
  std::string text;
  const StepTimes& first = found.times[0];
  for (const StepTimes& m : found.times) {
    text += fmt::format(
        "{} threads{}: {:.2f} ms a step (median of {}), {} {}/s\n{:.1f} GFLOP/s, {:.0f} % of the {:.1f} that a large "
        "product reaches here; {} requests for memory to the system\n",
        m.threads, ranks() > 1 ? " a process" : "", m.step() * 1e3, m.seconds.size(), human_count(m.rate()),
        found.inputs, m.gflops(), 100 * m.gflops() / m.limit(), m.limit(), m.requests);
    if (&m != &first)
      text += fmt::format("{:.2f} times as fast as {} threads: {:.0f} % of {:.2f}\n", first.step() / m.step(),
                          first.threads, 100 * found.efficiency(m), static_cast<double>(m.threads) / first.threads);
    if (!found.copies.empty()) {
      const double copies = found.copies[static_cast<std::size_t>(&m - &first)];
      text += fmt::format("{:.1f} % of the {} {}/s that {} copies of one thread reach together\n",
                          100 * m.rate() / copies, human_count(copies), found.inputs, m.threads);
    }
  }
  if (ranks() > 1) {
    const double hidden = found.exchange.seconds > 0 ? 1 - found.exchange.waited / found.exchange.seconds : 0;
    text += fmt::format(
        "{}: each sends {} a step; gradients and weights travel for {:.2f} ms, {:.0f} % of it while backward runs\n",
        ranks_text(), human_bytes(found.exchange.bytes), found.exchange.seconds * 1e3, 100 * std::max(0.0, hidden));
  }
  text += fmt::format("{} of tensors at most, {} of memory in all\n", human_bytes(found.peak_tensors),
                      human_bytes(found.peak_process));
  return text + (found.profile.empty() ? "" : '\n' + found.profile);
}

}  // namespace

int bench_train(const std::vector<std::string>& arguments) {
  std::int64_t steps = 50;
  std::string threads_text;
  bool json = false, profiled = false, copied = false;
  std::int64_t forecast = 0;
  LengthOptions lengths;
  CommandLine line;
  line.usage = "bench train CONFIG [CONFIG ...] [options] [--section.key=value ...]";
  line.more_words = 15;
  line.summary =
      "Speed and memory of training steps, and their share of what a large matrix product reaches in the same run.\n"
      "With --lengths: the time of a token, trained on and written, by the length of the context, of several configs.\n"
      "A GPT's FLOP are counted as 6 x parameters + 12 x layers x width x context a token, whatever is left out of "
      "them.";
  line.options = {
      {"steps", steps, "steps to measure, after a tenth of them to warm up", 1},
      {"threads", threads_text, "numbers of threads to compare, as 1,2: measured in turns"},
      {"profile", profiled, "add a table of the time by op"},
      {"forecast", forecast,
       "add a table of the time by op on one thread, with what so many threads would make of it: of pieces of "
       "work that are too few or too large, and of what is not shared out",
       0, 1024},
      {"copies", copied,
       "run before and after it as many copies at once as there are threads, each a process of one thread on cores of "
       "its own: what threads could reach if they had nothing to share out"},
      {"json", json, "print JSON"}};
  for (Key& key : lengths.keys()) line.options.push_back(std::move(key));
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  if (!lengths.lengths.empty()) {
    if (ranks() > 1) throw UsageError("bench train --lengths: one process does that; leave mpirun or srun out");
    compare_lengths(line.positional, line.assignments, lengths, steps, json);
    return 0;
  }
  if (line.positional.size() > 1 || !lengths.output.empty())
    throw UsageError("bench train: several configs, and a picture, are of lengths; give --lengths 64,128,...,1024");
  std::vector<int> counts = thread_counts("bench train", threads_text);
  if (forecast > 0 && counts.empty()) counts.push_back(1);
  if (forecast > 0 && counts != std::vector{1})
    throw UsageError("bench train: --forecast " + std::to_string(forecast) +
                     " is reckoned from what one thread does; give --threads 1, or leave it out");
  if (copied && ranks() > 1) throw UsageError("bench train --copies: one process does that; leave mpirun or srun out");
  const Workload work(line.positional[0], line.assignments);
  if (counts.empty()) counts.push_back(threads());
  Trainer trainer(*work.experiment, *work.dataset, *work.model, *work.learner);
  TrainAnswer found{trainer.task().unit().inputs, {}, 0, 0, {}, {}, {}};
  if (copied) found.copies.resize(counts.size());
  const auto run_copies = [&] {  // before and after, as the machine may be busy with other things
    for (std::size_t i = 0; i < found.copies.size(); ++i)
      found.copies[i] += measure_copies(counts[i], line.positional[0], line.assignments, steps, found.inputs) / 2;
  };
  run_copies();
  std::optional<Profile> profile;
  found.times = measure_steps(trainer, counts, work.experiment->run.pin, steps, [&] {
    pool_reset_peak();
    found.exchange = work.learner->exchange_work();
    if (profiled || forecast > 0) profile.emplace(static_cast<int>(forecast));
  });
  const ExchangeWork all = work.learner->exchange_work();
  const auto each = static_cast<double>(steps * std::ssize(counts));
  found.exchange = {(all.bytes - found.exchange.bytes) / each, (all.seconds - found.exchange.seconds) / each,
                    (all.waited - found.exchange.waited) / each};
  found.peak_tensors = static_cast<double>(pool_stats().peak_bytes);
  found.peak_process = peak_memory();
  if (profile) found.profile = profile_table(*profile, each);
  run_copies();
  print_answer(json, to_json(found), to_text(found));
  return 0;
}

}  // namespace heddle
