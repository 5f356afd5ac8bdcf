#include <algorithm>
#include <chrono>
#include <cstdio>

#include "train/bench.h"
#include "train/commands.h"

namespace heddle {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

int bench_command(const std::vector<std::string>& arguments) {
  return run_part(
      "bench",
      {{"train", "training steps of a config: speed, share of the machine's limit, memory", bench_train},
       {"gemm", "matrix products of a config's model, beside a large one", bench_gemm},
       {"tokenizer", "byte-pair encoding: training, memory, encoding, texts that are hard", bench_tokenizer}},
      arguments);
}

}  // namespace heddle
