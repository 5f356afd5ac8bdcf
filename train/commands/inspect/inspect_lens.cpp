#include <fmt/format.h>

#include <algorithm>

#include "data/io/utf8.h"
#include "framework/autograd.h"
#include "models/capabilities.h"
#include "train/analysis/circuits/lens.h"
#include "train/commands/commands.h"
#include "train/commands/inspect/answers.h"
#include "train/commands/inspect/inspect_command.h"
#include "train/commands/json.h"

namespace heddle {
namespace {

struct LensAnswer {
  CheckpointName checkpoint;
  std::vector<std::string> inputs;  ///< tokens that the model saw
  index_t place = 0;
  std::optional<index_t> next;  ///< the token that is there in truth, where it is known
  std::vector<LensLayer> layers;
  Attribution attribution{};
  bool softcap = false;
  std::vector<std::string> tokens;  ///< of the vocabulary
  std::vector<std::string> notices;

  const std::string& token(index_t id) const { return tokens[static_cast<std::size_t>(id)]; }
};

/// The token that a person means: as it is, or with the blank that word-like tokens begin with.
index_t token_of(const std::string& wanted, const std::vector<std::string>& tokens) {
  for (const std::string& form : {wanted, ' ' + wanted}) {
    const auto found = std::find(tokens.begin(), tokens.end(), form);
    if (found != tokens.end()) return found - tokens.begin();
  }
  throw Error(concat_text("inspect lens: --token '", wanted,
                          "' is no token of the vocabulary; heddle tokenizer encode shows a text's"));
}

/// What the command is asked: what the model is shown, and at which place for which token; empty: see its help.
struct LensQuestion {
  InspectOptions shown;
  std::string word, token;
  std::int64_t count = 5;
};

/// Where the model is asked: the last place, of one that fills in the first [MASK].
index_t asked_place(const LensQuestion& question, const LoadedRun& run, InspectedExample& example) {
  std::string word = question.word;
  if (word.empty() && find_capability<TokenFiller>(*run.model) != nullptr) {
    word = kMaskToken;
    ensure(std::find(example.inputs.begin(), example.inputs.end(), word) != example.inputs.end(),
           "inspect lens: this model fills in; put a ", word, " into --text, or give the place as --word");
  }
  return place_of(word, example.inputs, example.batch.inputs.size(1), example.notices);
}

/// What stands in truth where the model predicts: behind the place, or, of one that fills in, at it.
std::optional<index_t> truth(const LoadedRun& run, const Batch& batch, index_t place) {
  if (find_capability<TokenFiller>(*run.model) != nullptr) {
    const index_t own = batch.inputs[place];
    const auto hidden = special_token(run.data.tokenizer, kMaskToken);
    return hidden && *hidden == own ? std::optional<index_t>() : own;
  }
  if (place + 1 < batch.inputs.size(1)) return batch.inputs[place + 1];
  const bool known = batch.targets.numel() > 0 && batch.targets[place] != kIgnore;
  return known ? std::optional<index_t>(batch.targets[place]) : std::nullopt;
}

/// Errors: no such model.
TokenStream stream_of(const LoadedRun& run) {
  TokenStream stream =
      capability<HasTokenStream>(*run.model, "inspect lens", "choose a run of a gpt, a bert or a seq2seq")
          .token_stream();
  ensure(!stream.head.empty(), "inspect lens: this model tells classes and scores no tokens; choose another run");
  return stream;
}

/// `token` is the one whose logit is taken apart; empty: the likeliest.
LensAnswer lens_of(const LoadedRun& run, const InspectedExample& example, index_t place, const std::string& token,
                   std::int64_t count) {
  const TokenStream stream = stream_of(run);
  LensAnswer answer;
  answer.checkpoint = run.name();
  answer.tokens = run.data.tokenizer.pieces;
  answer.inputs = example.inputs;
  answer.place = place;
  answer.next = truth(run, example.batch, answer.place);
  answer.softcap = stream.softcap > 0;
  const NoGradGuard no_grad;
  Capture capture;
  for (const char* part : {"hidden_states/*", "blocks/*/heads", "blocks/*/mlp/hidden"})
    capture.want(stream.path + part);
  run_captured(*run.model, run.data, example.batch, capture);
  answer.layers = logit_lens(stream, capture, answer.place, count, answer.next);
  answer.attribution = attribute(stream, capture, answer.place,
                                 token.empty() ? answer.layers.back().top[0].token : token_of(token, answer.tokens));
  return answer;
}

nlohmann::json token_json(const LensAnswer& answer, index_t token) {
  return {{"id", token}, {"token", answer.token(token)}};
}

nlohmann::json to_json(const TokenRank& rank) { return {{"rank", rank.rank}, {"probability", rank.probability}}; }

nlohmann::json to_json(const LensAnswer& answer) {
  nlohmann::json layers = nlohmann::json::array(), parts = nlohmann::json::array();
  for (const LensLayer& layer : answer.layers) {
    nlohmann::json top = nlohmann::json::array();
    for (const ScoredToken& scored : layer.top) {
      top.push_back(token_json(answer, scored.token));
      top.back()["probability"] = scored.probability;
    }
    layers.push_back({{"top", std::move(top)}, {"final", to_json(layer.last)}, {"divergence", layer.divergence}});
    if (layer.next) layers.back()["next"] = to_json(*layer.next);
  }
  for (const Contribution& part : answer.attribution.parts) {
    parts.push_back({{"part", part.part}, {"value", part.value}});
    if (part.head) parts.back()["head"] = *part.head;
  }
  nlohmann::json out = {{"checkpoint", answer.checkpoint.path.string()},
                        {"step", answer.checkpoint.step},
                        {"inputs", answer.inputs},
                        {"place", answer.place},
                        {"final", token_json(answer, answer.layers.back().top[0].token)},
                        {"layers", std::move(layers)},
                        {"attribution",
                         {{"token", token_json(answer, answer.attribution.token)},
                          {"logit", answer.attribution.logit},
                          {"sum", answer.attribution.sum},
                          {"parts", std::move(parts)}}}};
  if (answer.next) out["next"] = token_json(answer, *answer.next);
  return out;
}

std::string quoted(const LensAnswer& answer, index_t token) { return '\'' + visible_start(answer.token(token)) + '\''; }

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t own = display_width(text);
  return text + std::string(own < width ? width - own : 0, ' ');
}

std::string lens_text(const LensAnswer& answer) {
  const std::string last = quoted(answer, answer.layers.back().top[0].token);
  const std::string next = answer.next ? quoted(answer, *answer.next) : "";
  const bool apart = answer.next && *answer.next != answer.layers.back().top[0].token;
  const std::size_t of_last = std::max<std::size_t>(16, display_width(last) + 2),
                    of_next = std::max<std::size_t>(16, display_width(next) + 2);
  std::string text = fmt::format(
      "logit lens: what the head would make of what each block leaves (divergence from the last, in nats)\n"
      "  after block  divergence  {}{}likeliest\n",
      padded(last, of_last), apart ? padded(next, of_next) : "");
  const auto told = [](const TokenRank& rank, std::size_t width) {
    return padded(fmt::format("{:.4f} (#{})", rank.probability, rank.rank), width);
  };
  for (std::size_t i = 0; i < answer.layers.size(); ++i) {
    const LensLayer& layer = answer.layers[i];
    text += fmt::format("  {:>11}  {:10.4f}  {}{}", i == 0 ? "embeddings" : std::to_string(i - 1), layer.divergence,
                        told(layer.last, of_last), apart ? told(*layer.next, of_next) : "");
    for (std::size_t t = 0; t < layer.top.size(); ++t)
      text +=
          fmt::format("{}{} {:.3f}", t > 0 ? "  " : "", quoted(answer, layer.top[t].token), layer.top[t].probability);
    text += '\n';
  }
  return text;
}

std::string attribution_text(const LensAnswer& answer) {
  const Attribution& attribution = answer.attribution;
  std::string text = fmt::format("what adds to the logit of {}{}, attentions by head\n",
                                 quoted(answer, attribution.token), answer.softcap ? ", before the soft-cap" : "");
  std::size_t width = 0;
  for (const Contribution& part : attribution.parts) width = std::max(width, part.part.size());
  for (std::size_t i = 0; i < attribution.parts.size();) {
    const std::string& name = attribution.parts[i].part;
    double sum = 0;
    std::string heads;
    for (; i < attribution.parts.size() && attribution.parts[i].part == name; ++i) {
      sum += attribution.parts[i].value;
      if (attribution.parts[i].head) heads += fmt::format(" {:8.3f}", attribution.parts[i].value);
    }
    text += fmt::format("  {:<{}} {:9.4f}{}{}\n", name, width, sum, heads.empty() ? "" : "  :", heads);
  }
  return text + fmt::format("  {:<{}} {:9.4f}  logit {:.4f}\n", "sum", width, attribution.sum, attribution.logit);
}

std::string to_text(const LensAnswer& answer) {
  std::string text = fmt::format("at {} (place {}) the model comes to {}",
                                 '\'' + visible_start(answer.inputs[static_cast<std::size_t>(answer.place)]) + '\'',
                                 answer.place, quoted(answer, answer.layers.back().top[0].token));
  if (answer.next) text += ", in truth " + quoted(answer, *answer.next);
  return text + "\n\n" + lens_text(answer) + "\n" + attribution_text(answer);
}

}  // namespace

nlohmann::json lens_answer(const LoadedRun& run, const InspectedExample& example, index_t place, std::int64_t count) {
  return to_json(lens_of(run, example, place, "", count));
}

int inspect_lens(const std::vector<std::string>& arguments) {
  LensQuestion question;
  bool json = false;
  CommandLine line;
  line.usage = "inspect lens RUN [options] [--section.key=value ...]";
  line.summary =
      "How a trained model comes to one prediction, layer by layer. The logit lens (nostalgebraist, 2020): what its "
      "last\n"
      "norm and head make of what each block leaves. Direct attribution (Elhage et al., 2021): what embeddings, "
      "heads,\n"
      "MLPs and biases add to one token's logit, where each norm on the way divides by what it divided by here and an\n"
      "activation of the head multiplies likewise, so that all add up to the logit.";
  line.options = {
      {"text", question.shown.text, "what the model is shown: a text, of a model that translates the source"},
      {"target", question.shown.target, "of a model that translates: the translation; none: its own"},
      {"word", question.word,
       "where the model is asked: a word, or the number of a place, from 0; none: the last, of a model that fills in "
       "the first [MASK]"},
      {"token", question.token, "whose logit is taken apart; none: that of the token that the model comes to"},
      {"count", question.count, "likeliest tokens shown by layer", 1, 1000},
      {"json", json, "print JSON"}};
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  const LoadedRun run =
      load_checkpoint(find_checkpoint(line.positional[0], kUsable), Purpose::evaluate, line.assignments);
  stream_of(run);
  InspectedExample example = inspected_example(run, question.shown);
  const index_t place = asked_place(question, run, example);
  const LensAnswer answer = lens_of(run, example, place, question.token, question.count);
  tell(run.notices);
  tell(example.notices);
  tell_checkpoint(run.name());
  print_answer(json, to_json(answer), to_text(answer));
  return 0;
}

}  // namespace heddle
