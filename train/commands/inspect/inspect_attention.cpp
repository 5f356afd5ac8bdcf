#include <fmt/format.h>

#include <algorithm>

#include "data/io/utf8.h"
#include "train/analysis/attention/attention_steps.h"
#include "train/commands/commands.h"
#include "train/commands/inspect/inspect_command.h"
#include "train/commands/json.h"

namespace heddle {
namespace {

struct InspectAttentionOptions {
  InspectOptions shown;
  std::string of, word;
  std::int64_t layer = 0, head = 0;
  bool json = false;

  std::vector<Key> keys() {
    std::vector<Key> all = shown.keys();
    all.push_back({"layer", layer, "which block, from 0", 0, 10000});
    all.push_back({"head", head, "which of its heads, from 0", 0, 10000});
    all.push_back({"word", word, "whose attention: a word, or the number of a place, from 0; none: the last"});
    all.push_back({"of", of,
                   "which attention, where a model has several: encoder/attention, decoder/attention, "
                   "decoder/cross_attention (which is taken unless one is named)"});
    all.push_back({"json", json, "print JSON"});
    return all;
  }
};

/// A name without its block: "decoder/blocks/2/attention" is "decoder/attention" of layer 2.
std::string without_block(const std::string& name) {
  const std::size_t begin = name.find("blocks/"), end = name.find('/', begin + 7);
  return begin == name.npos || end == name.npos ? name : name.substr(0, begin) + name.substr(end + 1);
}

/// The name of the attention that is asked for, of all that there are.
std::string chosen(const std::vector<std::string>& all, const InspectAttentionOptions& options) {
  std::vector<std::string> kinds;
  for (const std::string& name : all) {
    const std::string kind = without_block(name);
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  const auto cross =
      std::find_if(kinds.begin(), kinds.end(), [](const auto& k) { return k.ends_with("cross_attention"); });
  const std::string of = !options.of.empty() ? options.of : cross != kinds.end() ? *cross : kinds[0];
  ensure(std::find(kinds.begin(), kinds.end(), of) != kinds.end(), "inspect: --of ", of, ": the model has ",
         fmt::format("{}", fmt::join(kinds, ", ")));
  index_t layers = 0;
  const std::string block = "blocks/" + std::to_string(options.layer) + '/';
  for (const std::string& name : all) {
    if (without_block(name) != of) continue;
    if (name.find(block) != name.npos) return name;
    ++layers;
  }
  throw Error(
      concat_text("inspect: the model has ", layers, " layers, 0 .. ", layers - 1, "; there is none ", options.layer));
}

struct AttentionAnswer {
  CheckpointName checkpoint;
  std::string attention;
  std::int64_t head;
  index_t place;
  std::vector<std::string> queries, keys;  ///< what places are called; empty: by their numbers
  double stream;                           ///< length of what goes into the block at the place
  AttentionSteps steps;
};

/// The length of the residual stream at a place where it goes into the block of an attention.
double stream_length(const Capture& capture, const std::string& attention, index_t place) {
  const Tensor& states = capture.at(states_before(attention));
  const real* const at = states.data() + place * states.size(2);
  return length_of({at, at + states.size(2)});
}

std::string name_of(const std::vector<std::string>& names, index_t place) {
  return names.empty() ? "place " + std::to_string(place)
                       : '\'' + visible(names[static_cast<std::size_t>(place)]) + '\'';
}

nlohmann::json place_json(const std::vector<std::string>& names, index_t place) {
  nlohmann::json out = {{"place", place}};
  if (!names.empty()) out["token"] = names[static_cast<std::size_t>(place)];
  return out;
}

nlohmann::json to_json(const AttentionAnswer& answer) {
  const AttentionSteps& steps = answer.steps;
  nlohmann::json seen = nlohmann::json::array();
  for (const SeenKey& key : steps.seen) {
    seen.push_back(place_json(answer.keys, key.place));
    seen.back().update({{"score", key.score}, {"scaled", key.scaled}, {"weight", key.weight}});
  }
  return {{"checkpoint", answer.checkpoint.path.string()},
          {"step", answer.checkpoint.step},
          {"attention", answer.attention},
          {"head", answer.head},
          {"word", place_json(answer.queries, answer.place)},
          {"query", steps.query},
          {"key_of", place_json(answer.keys, steps.of)},
          {"key", steps.key},
          {"value", steps.value},
          {"scale", steps.scale},
          {"seen", std::move(seen)},
          {"sum", steps.sum},
          {"output", steps.output},
          {"stream_length", answer.stream}};
}

/// "0.123 -0.456 ...  length 3.21".
std::string first_of(const std::vector<double>& vector) {
  constexpr std::size_t kShown = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, vector.size()); ++i) text += fmt::format("{:8.3f}", vector[i]);
  return text + fmt::format("{}  length {:.3f}", vector.size() > kShown ? " ..." : "", length_of(vector));
}

std::string to_text(const AttentionAnswer& answer) {
  const AttentionSteps& steps = answer.steps;
  const std::string word = name_of(answer.queries, answer.place), other = name_of(answer.keys, steps.of);
  std::string text = fmt::format("{}, head {}, {}{}\n\n", answer.attention, answer.head, word,
                                 answer.queries.empty() ? "" : fmt::format(" (place {})", answer.place));
  text += fmt::format("1. query, key and value: {} numbers each, the first of them\n", steps.query.size());
  text += fmt::format("   query of {}: {}\n   key of {}:   {}\n   value of {}: {}\n", word, first_of(steps.query),
                      other, first_of(steps.key), other, first_of(steps.value));
  text += fmt::format("2. scores: the query times each key; 3. times {:.4g}; 4. softmax: weights whose sum is 1\n",
                      steps.scale);
  std::size_t width = 5;
  for (const SeenKey& key : steps.seen) width = std::max(width, display_width(name_of(answer.keys, key.place)));
  text += fmt::format("   place  {}{:>9}  {:>8}  {:>7}\n", "word" + std::string(width - 4, ' '), "score", "scaled",
                      "weight");
  for (const SeenKey& key : steps.seen) {
    const std::string name = name_of(answer.keys, key.place);
    const std::string bar(static_cast<std::size_t>(key.weight * 30 + 0.5), '#');
    text += fmt::format("   {:5}  {}{}{:9.3f}  {:8.3f}  {:7.4f}{}{}\n", key.place, name,
                        std::string(width - display_width(name), ' '), key.score, key.scaled, key.weight,
                        bar.empty() ? "" : "  ", bar);
  }
  text += "5. the values' weighted sum, and what the projection makes of it for the residual stream\n";
  return text + fmt::format("   sum:    {}\n   output: {}, beside {:.3f} of the stream that goes into the block\n",
                            first_of(steps.sum), first_of(steps.output), answer.stream);
}

}  // namespace

int inspect_attention(const std::vector<std::string>& arguments) {
  InspectAttentionOptions options;
  CommandLine line;
  line.usage = "inspect attention RUN [FILE] [options] [--section.key=value ...]";
  line.more_words = 1;
  line.summary =
      "How one head of a trained model (a run's folder: its best.h5; or a checkpoint) comes to its result for one "
      "word,\n"
      "in five steps, with the model's own numbers. A model that translates is shown --text and --target, one that "
      "tells\n"
      "classes of pictures or sounds FILE; their places are numbered in the model's order, a class token first.";
  line.options = options.keys();
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  options.shown.files.assign(line.positional.begin() + 1, line.positional.end());
  const LoadedRun run =
      load_checkpoint(find_checkpoint(line.positional[0], kUsable), Purpose::evaluate, line.assignments);
  InspectedExample example = inspected_example(run, options.shown);
  Capture capture;
  capture.want("*");
  run_captured(*run.model, run.data, example.batch, capture);
  const std::vector<std::string> all = captured_attentions(run, capture);
  AttentionAnswer answer{run.name(), chosen(all, options), options.head, 0, {}, {}, 0, {}};
  const HeadView view = captured_head(run, capture, answer.attention, options.head);
  answer.queries = queries_of_source(answer.attention) ? example.source : example.inputs;
  answer.keys = keys_of_source(answer.attention) ? example.source : example.inputs;
  if (std::ssize(answer.queries) != view.queries.size(0)) answer.queries.clear();  // a place is no token
  if (std::ssize(answer.keys) != view.keys.size(0)) answer.keys.clear();
  answer.place = place_of(options.word, answer.queries, view.queries.size(0), example.notices);
  answer.steps = attention_steps(view, answer.place);
  answer.stream = stream_length(capture, answer.attention, answer.place);
  tell(run.notices);
  tell(example.notices);
  tell_checkpoint(run.name());
  print_answer(options.json, to_json(answer), to_text(answer));
  return 0;
}

}  // namespace heddle
