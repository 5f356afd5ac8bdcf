#include "framework/nn/capture.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/sampler.h"
#include "framework/autograd.h"
#include "framework/clock.h"
#include "train/bench/bench.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"

namespace heddle {

std::vector<CaptureTime> measure_capture(Model& model, const Batch& batch, index_t passes) {
  const NoGradGuard no_grad;
  std::vector<CaptureTime> all = {
      {"nothing, no capture", {}},
      {"nothing, an empty capture", {}},
      {"hidden states", {"*hidden_states/*"}},
      {"queries, keys, heads too", {"*hidden_states/*", "*/heads", "*/queries", "*/keys", "*/values"}},
      {"all, and attention weights", {"*"}}};
  const index_t warming = std::max<index_t>(1, passes / 10);
  for (index_t pass = 0; pass < warming + passes; ++pass) {
    for (CaptureTime& time : all) {  // in turns, as the machine may be busy with other things
      Capture capture;
      for (const std::string& pattern : time.wanted) capture.want(pattern);
      Context context;
      context.capture = &time == &all.front() ? nullptr : &capture;
      const double begun = seconds_now();
      model.loss(batch, std::max<index_t>(1, batch.count()), context);
      if (pass >= warming) time.seconds.push_back(seconds_now() - begun);
    }
  }
  return all;
}

int bench_capture(const std::vector<std::string>& arguments) {
  std::int64_t passes = 100;
  bool json = false;
  CommandLine line;
  line.usage = "bench capture CONFIG [options] [--section.key=value ...]";
  line.summary =
      "What looking into the config's model costs: the median time of a forward pass of one micro-batch, of its first\n"
      "weights, without a capture, with one that is asked for nothing, and with such that keep more and more.";
  line.options = {{"passes", passes, "forward passes to measure of each", 1, 1 << 20}, {"json", json, "print JSON"}};
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  const Workload work(line.positional[0], line.assignments);
  const Batch batch = get_examples(*work.dataset, Split::train, 0,
                                   std::min(work.experiment->train.batch_size, work.dataset->size(Split::train)));
  nlohmann::json out = nlohmann::json::array();
  std::string text = fmt::format("a forward pass of {} rows, {} inputs\n{:<28} {:>12} {:>12}\n", batch.rows(),
                                 batch.inputs_shown(), "what is kept of it", "time", "beside none");
  double plain = 0;
  for (const CaptureTime& time : measure_capture(*work.model, batch, passes)) {
    const double seconds = median(time.seconds);
    if (plain == 0) plain = seconds;
    out.push_back({{"capture", time.name}, {"ms", seconds * 1e3}, {"beside_none", seconds / plain}});
    text += fmt::format("{:<28} {:9.3f} ms {:12.3f}\n", time.name, seconds * 1e3, seconds / plain);
  }
  print_answer(json, out, text);
  return 0;
}

}  // namespace heddle
