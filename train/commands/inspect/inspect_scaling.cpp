#include <fmt/format.h>

#include <cmath>

#include "train/analysis/attention/scaling.h"
#include "train/commands/commands.h"
#include "train/commands/inspect/inspect_command.h"
#include "train/commands/json.h"

namespace heddle {

nlohmann::json to_json(const Softness& softness) {
  return {{"entropy", softness.entropy}, {"gradient", softness.gradient}};
}

nlohmann::json to_json(const ScalingLaw& law) {
  return {{"dims", law.dims},
          {"exact_variance", law.dims},
          {"variance", law.variance},
          {"unscaled", to_json(law.unscaled)},
          {"scaled", to_json(law.scaled)}};
}

nlohmann::json to_json(const LayerScaling& layer) {
  return {{"attention", layer.attention},        {"dims", layer.dims},
          {"variance", layer.variance},          {"trained_scale", layer.scale},
          {"unscaled", to_json(layer.unscaled)}, {"scaled", to_json(layer.scaled)}};
}

namespace {

struct ScalingAnswer {
  std::int64_t keys;
  std::vector<ScalingLaw> laws;
  std::vector<LayerScaling> layers;
};

std::string row(const std::string& name, double exact, double variance, const Softness& unscaled,
                const Softness& scaled) {
  return fmt::format("  {:<32} {:>9.4g} {:>9.4g} {:>9.3f} {:>9.4f} {:>9.3f} {:>9.4f}\n", name, exact, variance,
                     unscaled.entropy, unscaled.gradient, scaled.entropy, scaled.gradient);
}

std::string to_text(const ScalingAnswer& answer) {
  std::string text = fmt::format("random vectors with components of variance 1, {} keys a query (ln {} = {:.3f})\n",
                                 answer.keys, answer.keys, std::log(static_cast<double>(answer.keys)));
  const std::string heading = fmt::format(
      "  {:<32} {:>9} {:>9} {:>19} {:>19}\n  {:<32} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "", "", "variance",
      "softmax of q.k", "of q.k / sqrt(d)", "", "d", "of q.k", "entropy", "gradient", "entropy", "gradient");
  text += heading;
  for (const ScalingLaw& law : answer.laws)
    text += row(fmt::format("d = {}", law.dims), static_cast<double>(law.dims), law.variance, law.unscaled, law.scaled);
  if (answer.layers.empty()) return text;
  text += "the run's own heads, by layer; variances are about the mean of each query's scores\n" + heading;
  for (const LayerScaling& layer : answer.layers)
    text += row(layer.attention, static_cast<double>(layer.dims), layer.variance, layer.unscaled, layer.scaled);
  return text;
}

}  // namespace

int inspect_scaling(const std::vector<std::string>& arguments) {
  InspectOptions shown;
  std::int64_t keys = 64, seed = 1;
  bool json = false;
  CommandLine line;
  line.usage = "inspect scaling [RUN [FILE]] [options]";
  line.words = 0;
  line.more_words = 2;
  line.summary =
      "Why attention divides its scores by the root of a head's width d. Of independent components with variance 1 "
      "the\n"
      "variance of q.k is d; a softmax of such scores gives one key nearly all (entropy, in nats, towards 0), and its\n"
      "gradient (the Frobenius norm of its Jacobian) vanishes. First on random vectors, then in a trained model: a "
      "model\n"
      "trained with model.attention_scale = none has learned scores of its own size.";
  line.options = shown.keys();
  line.options.push_back({"keys", keys, "of random vectors: keys that a query sees", 2, 65536});
  line.options.push_back({"seed", seed, "of random vectors", 0});
  line.options.push_back({"json", json, "print JSON"});
  if (!line.parse(arguments)) return 0;
  if (line.positional.empty() && !(shown.text.empty() && shown.target.empty()))
    throw UsageError("inspect scaling: a --text is shown to a model; name a RUN");
  ScalingAnswer answer{keys, {}, {}};
  constexpr index_t kQueries = 256;
  for (const index_t dims : {4, 16, 64, 128, 256, 1024})
    answer.laws.push_back(scaling_law(dims, kQueries, keys,
                                      Rng(static_cast<std::uint64_t>(seed)).fork(static_cast<std::uint64_t>(dims))));
  nlohmann::json out = {{"keys", keys}, {"random", json_list(answer.laws)}};
  if (!line.positional.empty()) {
    shown.files.assign(line.positional.begin() + 1, line.positional.end());
    const LoadedRun run =
        load_checkpoint(find_checkpoint(line.positional[0], kUsable), Purpose::evaluate, {});
    const InspectedExample example = inspected_example(run, shown);
    Capture capture;
    capture.want("*/attention/*");
    capture.want("*/cross_attention/*");
    run_captured(*run.model, run.data, example.batch, capture);
    for (const std::string& attention : captured_attentions(run, capture)) {
      std::vector<HeadView> heads;
      for (index_t head = 0; head < capture.at(attention + "/queries").size(2); ++head)
        heads.push_back(captured_head(run, capture, attention, head));
      answer.layers.push_back(layer_scaling(attention, heads));
    }
    tell(run.notices);
    tell(example.notices);
    tell_checkpoint(run.name());
    out.update(
        {{"checkpoint", run.name().path.string()}, {"step", run.name().step}, {"layers", json_list(answer.layers)}});
  }
  print_answer(json, out, to_text(answer));
  return 0;
}

}  // namespace heddle
