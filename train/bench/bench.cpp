#include "train/bench/bench.h"

#include <sys/resource.h>

#include <algorithm>

#include "train/commands/commands.h"
#include "train/run/agreement.h"

namespace heddle {

double peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

Workload::Workload(const std::string& path, const std::vector<std::string>& assignments) {
  Settings settings = Settings::from_file(path);
  settings.override_with(assignments);
  experiment = std::make_unique<Experiment>(settings);
  experiment->apply_to_process();
  check_shares(*experiment);
  dataset = experiment->load_data();
  check_agreement(*experiment, *dataset);
  model = experiment->build_model(dataset->state().spec());
  learner = experiment->make_learner(*model);
}

CommandFunction bench_train, bench_generate, bench_capture, bench_gemm, bench_tokenizer, bench_embed;

int bench_command(const std::vector<std::string>& arguments) {
  return run_part(
      "bench",
      {{"train", "training steps of a config: speed, share of the machine's limit, memory", bench_train, true},
       {"generate", "writing token by token: speed, share of what the memory's speed allows", bench_generate},
       {"capture", "what looking into a model costs, where it is asked for and where it is not", bench_capture},
       {"gemm", "matrix products of a config's model, beside a large one", bench_gemm},
       {"tokenizer", "byte-pair encoding: training, memory, encoding, texts that are hard", bench_tokenizer},
       {"embed", "word vectors: words a second, and the time of t-SNE, exact and by Barnes and Hut", bench_embed}},
      arguments);
}

}  // namespace heddle
