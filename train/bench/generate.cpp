#include "train/decode/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "framework/gemm.h"
#include "framework/parallel.h"
#include "framework/rows.h"
#include "train/bench/bench.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"

namespace heddle {

double measure_bandwidth() {
  constexpr index_t kElements = index_t{1} << 26;  // far more than any cache holds
  constexpr index_t kPiece = index_t{1} << 16;
  const Tensor x = Tensor::full({kElements}, 1);
  double best = 1e300;
  for (int i = 0; i < 5; ++i) {
    const double begun = seconds_now();
    const double sum = parallel_sum(kElements, kPiece, [&](index_t begin, index_t end) {
      return static_cast<double>(row_sum(end - begin, [at = x.data() + begin](index_t j) { return at[j]; }));
    });
    ensure(sum == static_cast<double>(kElements), "bench: memory holds ", sum, " ones, not ", kElements);
    best = std::min(best, seconds_now() - begun);
  }
  return static_cast<double>(kElements) * sizeof(real) / best;
}

int bench_generate(const std::vector<std::string>& arguments) {
  std::int64_t tokens = 100, prompt_length = 32, batch = 1;
  std::string precision = "bf16";
  bool json = false;
  CommandLine line;
  line.usage = "bench generate CONFIG [options] [--section.key=value ...]";
  line.summary =
      "Speed of writing with the config's model, its first weights: of the prompt, then token by token, and the share\n"
      "of what the memory's speed, measured in the same run, allows where each weight is read once a token.";
  line.options = {{"tokens", tokens, "tokens to write", 2},
                  {"prompt_length", prompt_length, "tokens of each prompt", 1},
                  {"batch", batch, "prompts that are continued together", 1, 1024},
                  {"precision", precision, "of the weights", {"bf16", "f32"}},
                  {"json", json, "print JSON"}};
  line.overrides = true;
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  std::vector<std::string> assignments = line.assignments;
  assignments.emplace_back("run.precision=f32");  // as heddle generate has it: activations stay as they are
  const Workload work(line.positional[0], assignments);
  double weights = 0;
  for (const Tensor& w : multiplied_weights(*work.model))
    weights +=
        static_cast<double>(w.numel()) * (precision == "bf16" && batch <= kFewRows ? sizeof(bf16_t) : sizeof(real));
  if (precision == "bf16") round_weights(*work.model);
  const std::vector<std::int32_t> prompt(static_cast<std::size_t>(prompt_length), 1);
  const std::vector<std::vector<std::int32_t>> prompts(static_cast<std::size_t>(batch), prompt);

  std::vector<double> bandwidths, first, seconds;
  for (int round = 0; round < 3; ++round) {
    bandwidths.push_back(measure_bandwidth());  // between the texts, as the machine may be busy with other things
    double last = seconds_now();
    index_t written = 0;
    generate(*work.model, prompts, tokens, {}, [&](std::size_t which, std::int32_t) {
      if (which + 1 < prompts.size()) return true;
      const double now = seconds_now();
      (written++ == 0 ? first : seconds).push_back(now - last);
      last = now;
      return true;
    });
  }
  const double step = median(seconds), bandwidth = median(bandwidths), rate = static_cast<double>(batch) / step;
  if (json) {
    print_json({{"threads", threads()},
                {"batch", batch},
                {"first_token_ms", median(first) * 1e3},
                {"ms_per_token", step * 1e3},
                {"tokens_per_second", rate},
                {"weight_bytes", weights},
                {"bytes_per_second", weights / step},
                {"bandwidth", bandwidth},
                {"share_of_bandwidth", weights / step / bandwidth}});
    return 0;
  }
  std::cout << fmt::format(
      "{} threads, {} prompts together: {:.1f} ms to the first token, then {:.2f} ms a token, {:.1f} tokens/s\n"
      "{} of weights a step: {}/s, {:.0f} % of the {}/s that memory is read with here\n",
      threads(), batch, median(first) * 1e3, step * 1e3, rate, human_bytes(weights), human_bytes(weights / step),
      100 * weights / step / bandwidth, human_bytes(bandwidth));
  return 0;
}

}  // namespace heddle
