#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <limits>

#include "train/analysis/geometry/tsne.h"
#include "train/analysis/words/model_vectors.h"
#include "train/analysis/words/word_space.h"
#include "train/bench/bench.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"

namespace heddle {
namespace {

/// Seconds of t-SNE on the first `count` words, with each number of threads.
std::vector<double> measure_tsne(const WordSpace& space, index_t count, bool exact, const std::vector<int>& threads,
                                 bool pinned) {
  TsneConfig config;
  config.exact_below = exact ? count + 1 : 0;
  const auto numbers = static_cast<std::size_t>(count * space.dimensions());
  const Tensor points = Tensor::from({space.direction(0), numbers}, {count, space.dimensions()});
  std::vector<double> best(threads.size(), std::numeric_limits<double>::infinity());
  constexpr int kRounds = 2;  // in turns, as the machine may be busy with other things
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < threads.size(); ++i) {
      set_threads(threads[i], pinned);
      const double begun = seconds_now();
      tsne(points, config);
      best[i] = std::min(best[i], seconds_now() - begun);
    }
  }
  return best;
}

}  // namespace

int bench_embed(const std::vector<std::string>& arguments) {
  std::int64_t steps = 200;
  std::string threads_text;
  bool json = false;
  CommandLine line;
  line.usage = "bench embed CONFIG [options] [--section.key=value ...]";
  line.summary =
      "Words a second of a config of word vectors; then the time of t-SNE with the vectors so far, of 2,000 words by\n"
      "all pairs and of 10,000 by Barnes and Hut, where the text has as many: neighbours, start and all iterations.";
  line.options = {{"steps", steps, "training steps to measure, after a tenth of them to warm up", 4},
                  {"threads", threads_text, "numbers of threads to compare, as 1,2: measured in turns"},
                  {"json", json, "print JSON"}};
  line.overrides = true;
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  const std::vector<int> counts = thread_counts("bench embed", threads_text);
  const Workload work(line.positional[0], line.assignments);
  Trainer trainer(*work.experiment, work.corpus, *work.model);
  const bool pinned = work.experiment->run.pin;
  const std::vector<StepTimes> all = measure_steps(trainer, counts, pinned, steps, [] {});
  const WordSpace space(token_vectors(*work.model, *work.corpus.tokenizer));

  nlohmann::json out;
  for (const StepTimes& m : all) {
    const double words = static_cast<double>(trainer.tokens_per_step()) / m.step();
    const double gflops = words * work.model->flops_per_token() / 1e9;
    if (json) {
      out["training"].push_back(
          {{"threads", m.threads}, {"words_per_second", words}, {"gflops", gflops}, {"limit_gflops", m.limit()}});
      continue;
    }
    std::cout << fmt::format(
        "{} threads: {} words/s (median of {} steps), {:.1f} GFLOP/s of the {:.0f} that a large product reaches here",
        m.threads, human_count(words), m.seconds.size(), gflops, m.limit());
    std::cout << (&m == &all[0] ? "\n" : fmt::format("; {:.2f} times as fast\n", all[0].step() / m.step()));
  }
  for (const index_t count : {2000, 10000}) {
    const bool exact = count == 2000;
    const std::string method = exact ? "exact" : "Barnes-Hut";
    if (space.size() < count) {
      if (!json)
        std::cout << fmt::format("t-SNE of {} words: not measured, the text has {}\n",
                                 human_count(static_cast<double>(count)),
                                 human_count(static_cast<double>(space.size())));
      continue;
    }
    const std::vector<double> seconds = measure_tsne(space, count, exact, counts, pinned);
    for (std::size_t i = 0; i < seconds.size(); ++i) {
      if (json) {
        out["tsne"].push_back({{"threads", counts[i]},
                               {"words", count},
                               {"dimensions", space.dimensions()},
                               {"method", method},
                               {"seconds", seconds[i]}});
        continue;
      }
      std::cout << fmt::format("{} threads: t-SNE of {} words x {}, {}: {:.2f} s", counts[i],
                               human_count(static_cast<double>(count)), space.dimensions(), method, seconds[i]);
      std::cout << (i == 0 ? "\n" : fmt::format("; {:.2f} times as fast\n", seconds[0] / seconds[i]));
    }
  }
  if (json) print_json(out);
  return 0;
}

}  // namespace heddle
