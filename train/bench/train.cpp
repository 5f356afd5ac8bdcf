#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <sstream>

#include "framework/profile.h"
#include "train/bench/bench.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/run/profile_table.h"
#include "train/run/trainer.h"

namespace heddle {
std::vector<int> thread_counts(const std::string& command, const std::string& text) {
  if (text.empty()) return {threads()};
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
  const auto run = [&](StepTimes& times, index_t count) {
    set_threads(times.threads, pinned);
    times.limits.push_back(measure_limit());
    for (index_t i = 0; i < count; ++i) {
      const std::size_t before = pool_stats().system_requests;
      const double begun = seconds_now();
      trainer.step(number++);
      times.seconds.push_back(seconds_now() - begun);
      times.requests += pool_stats().system_requests - before;
    }
    times.limits.push_back(measure_limit());
  };
  for (StepTimes& times : all) {
    run(times, std::max<index_t>(3, steps / 10));
    times = {times.threads};
  }
  warm();
  constexpr index_t kRounds = 4;  // the limit is measured around each, as the machine may be busy with other things
  for (index_t round = 0; round < kRounds; ++round) {
    for (StepTimes& times : all) run(times, steps * (round + 1) / kRounds - steps * round / kRounds);
  }
  return all;
}

int bench_train(const std::vector<std::string>& arguments) {
  std::int64_t steps = 50;
  std::string threads_text;
  bool json = false, profiled = false;
  CommandLine line;
  line.usage = "bench train CONFIG [options] [--section.key=value ...]";
  line.summary =
      "Speed and memory of training steps, and their share of what a large matrix product reaches in the same run.\n"
      "FLOP are counted as 6 x parameters + 12 x layers x width x context a token, whatever is left out of them.";
  line.options = {{"steps", steps, "steps to measure, after a tenth of them to warm up", 1},
                  {"threads", threads_text, "numbers of threads to compare, as 1,2: measured in turns"},
                  {"profile", profiled, "add a table of the time by op"},
                  {"json", json, "print JSON"}};
  line.overrides = true;
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  const std::vector<int> counts = thread_counts("bench train", threads_text);
  const Workload work(line.positional[0], line.assignments);
  Trainer trainer(*work.experiment, work.corpus, *work.model);
  std::optional<Profile> profile;
  const std::vector<StepTimes> all = measure_steps(trainer, counts, work.experiment->run.pin, steps, [&] {
    pool_reset_peak();
    if (profiled) profile.emplace();
  });

  const auto peak = static_cast<double>(pool_stats().peak_bytes);
  nlohmann::json rows = nlohmann::json::array();
  for (const StepTimes& m : all) {
    const double step = m.step(), tokens = static_cast<double>(trainer.tokens_per_step()) / step;
    const double gflops = tokens * work.model->flops_per_token() / 1e9, limit = m.limit();
    const double efficiency = all[0].step() * all[0].threads / (step * m.threads);
    if (json) {
      rows.push_back({{"threads", m.threads},
                      {"ms_per_step", step * 1e3},
                      {"tokens_per_second", tokens},
                      {"gflops", gflops},
                      {"limit_gflops", limit},
                      {"share_of_limit", gflops / limit},
                      {"efficiency", efficiency},
                      {"peak_tensor_bytes", peak},
                      {"peak_process_bytes", peak_memory()},
                      {"system_requests_per_step", static_cast<double>(m.requests) / static_cast<double>(steps)}});
      continue;
    }
    std::cout << fmt::format(
        "{} threads: {:.2f} ms a step (median of {}), {} tokens/s\n{:.1f} GFLOP/s, {:.0f} % of the {:.1f} that a large "
        "product reaches here; {} requests for memory to the system\n",
        m.threads, step * 1e3, m.seconds.size(), human_count(tokens), gflops, 100 * gflops / limit, limit, m.requests);
    if (&m != &all[0])
      std::cout << fmt::format("{:.2f} times as fast as {} threads: {:.0f} % of {:.2f}\n", all[0].step() / step,
                               all[0].threads, 100 * efficiency, static_cast<double>(m.threads) / all[0].threads);
  }
  if (json) {
    print_json(rows);
    return 0;
  }
  std::cout << fmt::format("{} of tensors at most, {} of memory in all\n", human_bytes(peak),
                           human_bytes(peak_memory()));
  if (profile)
    std::cout << '\n' << profile_table(*profile, static_cast<double>(steps) * static_cast<double>(all.size()));
  return 0;
}

}  // namespace heddle
