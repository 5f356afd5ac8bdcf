#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "framework/profile.h"
#include "train/bench.h"
#include "train/commands.h"
#include "train/profile_table.h"
#include "train/trainer.h"

namespace heddle {
namespace {

/// What was measured with one number of threads.
struct Measured {
  int threads;
  std::vector<double> seconds{};  // of each step
  std::vector<double> limits{};   // GFLOP/s of a large product, around the steps
  std::size_t requests = 0;       // for memory, to the system
};

/// "1,2,4" as numbers.
std::vector<Measured> thread_counts(const std::string& text) {
  std::vector<Measured> counts;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) {
    const bool number = !word.empty() && word.size() < 5 && word.find_first_not_of("0123456789") == std::string::npos;
    if (!number || std::stoi(word) < 1 || std::stoi(word) > 1024)
      throw UsageError("bench train: --threads " + text + ": wants numbers from 1 to 1024 with commas between, as 1,2");
    counts.push_back({std::stoi(word)});
  }
  return counts;
}

}  // namespace

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
  std::vector<Measured> all = thread_counts(threads_text);
  const Workload work(line.positional[0], line.assignments);
  if (all.empty()) all.push_back({threads()});
  Trainer trainer(*work.experiment, work.corpus, *work.model);

  std::optional<Profile> profile;
  index_t number = 0;
  const auto run_steps = [&](Measured& m, index_t count, bool warm_up) {
    set_threads(m.threads, work.experiment->run.pin);
    if (!warm_up) m.limits.push_back(measure_limit());
    for (index_t i = 0; i < count; ++i) {
      const std::size_t before = pool_stats().system_requests;
      const double begun = seconds_now();
      trainer.step(number++);
      if (warm_up) continue;
      m.seconds.push_back(seconds_now() - begun);
      m.requests += pool_stats().system_requests - before;
    }
    // before, between and after, as the machine may be busy with other things
    if (!warm_up) m.limits.push_back(measure_limit());
  };
  for (Measured& m : all) run_steps(m, std::max<index_t>(3, steps / 10), true);
  pool_reset_peak();
  if (profiled) profile.emplace();
  constexpr index_t kRounds = 4;
  for (index_t round = 0; round < kRounds; ++round) {
    for (Measured& m : all) run_steps(m, steps * (round + 1) / kRounds - steps * round / kRounds, false);
  }

  const auto peak = static_cast<double>(pool_stats().peak_bytes);
  nlohmann::json rows = nlohmann::json::array();
  for (const Measured& m : all) {
    const double step = median(m.seconds), tokens = static_cast<double>(trainer.tokens_per_step()) / step;
    const double gflops = tokens * work.model->flops_per_token() / 1e9, limit = median(m.limits);
    const double efficiency = median(all[0].seconds) * all[0].threads / (step * m.threads);
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
      std::cout << fmt::format("{:.2f} times as fast as {} threads: {:.0f} % of {:.2f}\n",
                               median(all[0].seconds) / step, all[0].threads, 100 * efficiency,
                               static_cast<double>(m.threads) / all[0].threads);
  }
  if (json) {
    std::cout << rows.dump() << '\n';
    return 0;
  }
  std::cout << fmt::format("{} of tensors at most, {} of memory in all\n", human_bytes(peak),
                           human_bytes(peak_memory()));
  if (profile)
    std::cout << '\n' << profile_table(*profile, static_cast<double>(steps) * static_cast<double>(all.size()));
  return 0;
}

}  // namespace heddle
