#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "framework/clock.h"
#include "models/capabilities.h"
#include "train/analysis/geometry/tsne.h"
#include "train/analysis/words/model_vectors.h"
#include "train/analysis/words/word_space.h"
#include "train/bench/bench.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"

namespace heddle {
namespace {

/// What the command says.
struct EmbedAnswer {
  std::vector<StepTimes> training;
  std::vector<int> threads;
  std::vector<TsneTimes> tsne;
  index_t words;                ///< that there are vectors of
  std::vector<index_t> missed;  ///< numbers of words that t-SNE was to be measured with, but there are fewer
};

const char* name_of(const TsneTimes& times) { return times.exact ? "exact" : "Barnes-Hut"; }

nlohmann::json to_json(const EmbedAnswer& found) {
  nlohmann::json out;
  for (const StepTimes& m : found.training)
    out["training"].push_back(
        {{"threads", m.threads}, {"words_per_second", m.rate()}, {"gflops", m.gflops()}, {"limit_gflops", m.limit()}});
  for (const TsneTimes& times : found.tsne) {
    for (std::size_t i = 0; i < times.seconds.size(); ++i)
      out["tsne"].push_back({{"threads", found.threads[i]},
                             {"words", times.words},
                             {"dimensions", times.dimensions},
                             {"method", name_of(times)},
                             {"seconds", times.seconds[i]}});
  }
  return out;
}

std::string to_text(const EmbedAnswer& found) {
  std::string text;
  const StepTimes& first = found.training[0];
  for (const StepTimes& m : found.training) {
    text += fmt::format(
        "{} threads: {} words/s (median of {} steps), {:.1f} GFLOP/s of the {:.0f} that a large product reaches here",
        m.threads, human_count(m.rate()), m.seconds.size(), m.gflops(), m.limit());
    text += &m == &first ? "\n" : fmt::format("; {:.2f} times as fast\n", first.step() / m.step());
  }
  for (const TsneTimes& times : found.tsne) {
    for (std::size_t i = 0; i < times.seconds.size(); ++i) {
      text += fmt::format("{} threads: t-SNE of {} words x {}, {}: {:.2f} s", found.threads[i],
                          human_count(static_cast<double>(times.words)), times.dimensions, name_of(times),
                          times.seconds[i]);
      text += i == 0 ? "\n" : fmt::format("; {:.2f} times as fast\n", times.seconds[0] / times.seconds[i]);
    }
  }
  for (const index_t count : found.missed)
    text += fmt::format("t-SNE of {} words: not measured, the text has {}\n", human_count(static_cast<double>(count)),
                        human_count(static_cast<double>(found.words)));
  return text;
}

}  // namespace

TsneTimes measure_tsne(const WordSpace& space, index_t words, bool exact, const std::vector<int>& threads,
                       bool pinned) {
  TsneConfig config;
  config.exact_below = exact ? words + 1 : 0;
  std::vector<index_t> rows(static_cast<std::size_t>(words));
  std::iota(rows.begin(), rows.end(), 0);
  const Tensor points = space.directions(rows);
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
  return {exact, words, space.dimensions(), best};
}

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
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  std::vector<int> counts = thread_counts("bench embed", threads_text);
  const Workload work(line.positional[0], line.assignments);
  if (counts.empty()) counts.push_back(threads());
  Trainer trainer(*work.experiment, *work.dataset, *work.model, *work.learner);
  const bool pinned = work.experiment->run.pin;
  EmbedAnswer found{measure_steps(trainer, counts, pinned, steps), counts, {}, 0, {}};
  const WordSpace space(token_vectors(capability<WordTable>(*work.model, "bench embed", "give a config of words"),
                                      *make_tokenizer(work.dataset->state().tokenizer)));
  found.words = space.size();
  {
    Reporter reporter;
    for (const index_t count : {2000, 10000}) {
      if (space.size() < count) {
        found.missed.push_back(count);
        continue;
      }
      reporter.progress(fmt::format("t-SNE of {} words", count));
      found.tsne.push_back(measure_tsne(space, count, count == 2000, counts, pinned));
    }
  }
  print_answer(json, to_json(found), to_text(found));
  return 0;
}

}  // namespace heddle
