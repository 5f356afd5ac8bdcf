#include "train/decode/generate.h"

#include <fmt/format.h>

#include <algorithm>

#include "framework/clock.h"
#include "framework/gemm.h"
#include "framework/parallel.h"
#include "framework/rows.h"
#include "models/capabilities.h"
#include "train/bench/bench.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"

namespace heddle {

double measure_bandwidth() {
  constexpr index_t kElements = index_t{1} << 26;  // far more than any cache holds
  constexpr index_t kChunk = index_t{1} << 16;
  const Tensor x = Tensor::full({kElements}, 1);
  double best = 1e300;
  for (int i = 0; i < 5; ++i) {
    const double begun = seconds_now();
    const double sum = parallel_sum(kElements, kChunk, [&](index_t begin, index_t end) {
      return static_cast<double>(row_sum(end - begin, [at = x.data() + begin](index_t j) { return at[j]; }));
    });
    ensure(sum == static_cast<double>(kElements), "bench: memory holds ", sum, " ones, not ", kElements);
    best = std::min(best, seconds_now() - begun);
  }
  return static_cast<double>(kElements) * sizeof(real) / best;
}

std::vector<Key> WritingOptions::keys() {
  return {{"tokens", tokens, "tokens to write", 2},
          {"prompt_length", prompt_length, "tokens of each prompt", 1},
          {"batch", batch, "prompts that are continued together", 1, 1024},
          {"precision", precision, "of the weights"}};
}

WritingSpeed measure_writing(Model& model, const WritingOptions& options) {
  auto& writer = capability<NextToken>(model, "bench generate", "give a config of one");
  const bool rounded = options.precision == Precision::bf16;
  double weights = 0;
  for (const Tensor& w : multiplied_weights(model))
    weights += static_cast<double>(w.numel()) * (rounded && options.batch <= kFewRows ? sizeof(bf16_t) : sizeof(real));
  if (rounded) round_weights(model);
  const std::vector<std::int32_t> prompt(static_cast<std::size_t>(options.prompt_length), 1);
  const std::vector<std::vector<std::int32_t>> prompts(static_cast<std::size_t>(options.batch), prompt);

  std::vector<double> bandwidths, first, seconds;
  for (int round = 0; round < 3; ++round) {
    bandwidths.push_back(measure_bandwidth());  // between the texts, as the machine may be busy with other things
    double last = seconds_now();
    index_t written = 0;
    generate(writer, prompts, options.tokens, {}, [&](std::size_t which, std::int32_t) {
      if (which + 1 < prompts.size()) return true;
      const double now = seconds_now();
      (written++ == 0 ? first : seconds).push_back(now - last);
      last = now;
      return true;
    });
  }
  return {options.batch, median(first), median(seconds), weights, median(bandwidths)};
}

namespace {

nlohmann::json to_json(const WritingSpeed& found) {
  return {{"threads", threads()},
          {"batch", found.batch},
          {"first_token_ms", found.first_token * 1e3},
          {"ms_per_token", found.next_token * 1e3},
          {"tokens_per_second", found.tokens_per_second()},
          {"weight_bytes", found.weight_bytes},
          {"bytes_per_second", found.bytes_per_second()},
          {"bandwidth", found.bandwidth},
          {"share_of_bandwidth", found.bytes_per_second() / found.bandwidth}};
}

std::string to_text(const WritingSpeed& found) {
  return fmt::format(
      "{} threads, {} prompts together: {:.1f} ms to the first token, then {:.2f} ms a token, {:.1f} tokens/s\n"
      "{} of weights a step: {}/s, {:.0f} % of the {}/s that memory is read with here\n",
      threads(), found.batch, found.first_token * 1e3, found.next_token * 1e3, found.tokens_per_second(),
      human_bytes(found.weight_bytes), human_bytes(found.bytes_per_second()),
      100 * found.bytes_per_second() / found.bandwidth, human_bytes(found.bandwidth));
}

}  // namespace

int bench_generate(const std::vector<std::string>& arguments) {
  WritingOptions options;
  bool json = false;
  CommandLine line;
  line.usage = "bench generate CONFIG [options] [--section.key=value ...]";
  line.summary =
      "Speed of writing with the config's model, its first weights: of the prompt, then token by token, and the share\n"
      "of what the memory's speed, measured in the same run, allows where each weight is read once a token.";
  line.options = options.keys();
  line.options.push_back({"json", json, "print JSON"});
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  const Workload work(line.positional[0], line.assignments);
  const WritingSpeed found = measure_writing(*work.model, options);
  print_answer(json, to_json(found), to_text(found));
  return 0;
}

}  // namespace heddle
