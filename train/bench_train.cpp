#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "framework/gemm.h"
#include "framework/profile.h"
#include "train/bench.h"
#include "train/profile_table.h"
#include "train/progress.h"
#include "train/trainer.h"

namespace heddle {
int bench_train(const std::vector<std::string>& arguments) {
  std::int64_t steps = 50;
  bool json = false, profiled = false;
  CommandLine line;
  line.usage = "bench train CONFIG [options] [--section.key=value ...]";
  line.summary =
      "Speed and memory of training steps, and their share of what a large matrix product reaches in the same run.";
  line.options = {{"steps", steps, "steps to measure, after a tenth of them to warm up", 1},
                  {"profile", profiled, "add a table of the time by op"},
                  {"json", json, "print JSON"}};
  line.overrides = true;
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  Settings settings = Settings::from_file(line.positional[0]);
  settings.override_with(line.assignments);
  const Experiment experiment(settings);
  experiment.apply_to_process();
  const Corpus corpus =
      load_corpus(experiment.data, static_cast<std::uint64_t>(experiment.run.seed), experiment.model->block_size());
  const auto model = experiment.build_model(corpus.tokenizer->vocab_size());
  Trainer trainer(experiment, corpus, *model);

  const index_t warm_up = std::max<index_t>(3, steps / 10);
  for (index_t i = 0; i < warm_up; ++i) trainer.step(i);
  // The limit is measured before, between and after, as the machine may be busy with other things.
  std::vector<double> seconds, limits{measure_limit()};
  pool_reset_peak();
  std::size_t asked = 0;
  std::optional<Profile> profile;
  if (profiled) profile.emplace();
  for (index_t i = 0; i < steps; ++i) {
    const std::size_t before = pool_stats().system_requests;
    const double begun = seconds_now();
    trainer.step(warm_up + i);
    seconds.push_back(seconds_now() - begun);
    asked += pool_stats().system_requests - before;
    if (i + 1 == steps / 2 || i + 1 == steps) limits.push_back(measure_limit());
  }

  const double step = median(seconds), tokens = static_cast<double>(trainer.tokens_per_step()) / step;
  const double gflops = tokens * model->flops_per_token() / 1e9, limit = median(limits);
  const double peak = static_cast<double>(pool_stats().peak_bytes);
  if (json) {
    std::cout << nlohmann::json{{"threads", threads()},
                                {"ms_per_step", step * 1e3},
                                {"tokens_per_second", tokens},
                                {"gflops", gflops},
                                {"limit_gflops", limit},
                                {"share_of_limit", gflops / limit},
                                {"peak_bytes", peak},
                                {"system_requests_per_step", static_cast<double>(asked) / static_cast<double>(steps)}}
                     .dump()
              << '\n';
  } else {
    std::cout << fmt::format(
        "{} threads: {:.2f} ms a step (median of {}), {} tokens/s\n{:.1f} GFLOP/s, {:.0f} % of the {:.1f} that a large "
        "product reaches here\n"
        "{} of tensors at most, {} requests for memory to the system in {} steps\n",
        threads(), step * 1e3, steps, human_count(tokens), gflops, 100 * gflops / limit, limit, human_bytes(peak),
        asked, steps);
    if (profile) std::cout << '\n' << profile_table(*profile, static_cast<double>(steps));
  }
  return 0;
}

}  // namespace heddle
