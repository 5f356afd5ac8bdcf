#include <fmt/format.h>

#include <algorithm>

#include "data/io/utf8.h"
#include "framework/autograd.h"
#include "models/capabilities.h"
#include "models/transformer_config.h"
#include "train/analysis/circuits/circuits.h"
#include "train/analysis/circuits/token_pairs.h"
#include "train/commands/commands.h"
#include "train/commands/inspect/answers.h"
#include "train/commands/inspect/inspect_command.h"
#include "train/commands/json.h"

namespace heddle {

nlohmann::json to_json(const ComposedHeads& pair) {
  return {{"from", {{"attention", pair.attention_from}, {"layer", pair.layer_from}, {"head", pair.head_from}}},
          {"to", {{"attention", pair.attention_to}, {"layer", pair.layer_to}, {"head", pair.head_to}}},
          {"q", pair.score.q},
          {"k", pair.score.k},
          {"v", pair.score.v}};
}

namespace {

/// What a model's heads read and what reads them, as far as it is of tokens.
struct TokenSides {
  std::string path;  ///< of the blocks
  Tensor tokens;     ///< [V, C]; undefined: there are none
  Tensor by_head;    ///< [C, C], see tokens_by_head; undefined: none are scored
};

TokenSides token_sides(Model& model) {
  TokenSides sides;
  auto* const has = find_capability<HasTokenStream>(model);
  if (has == nullptr) return sides;
  const TokenStream stream = has->token_stream();
  sides.path = stream.path;
  sides.tokens = stream.tokens->weight * static_cast<real>(stream.token_scale);
  if (const Norm* const norm = stream.embedding_norm)
    sides.tokens = scale_rows(sides.tokens, norm->weight, norm->kind());
  if (stream.head.empty()) return sides;
  Tensor unembedding = stream.head.back().linear->weight;
  if (stream.head.size() > 1) {
    const Norm* const norm = stream.head[stream.head.size() - 2].norm;
    if (norm != nullptr) unembedding = fold_norm(unembedding, norm->weight, norm->kind());
  }
  sides.by_head = tokens_by_head(sides.tokens, unembedding);
  return sides;
}

/// A head, and what its weights do.
struct CircuitFigures {
  std::vector<HeadWeights> weights;
  std::vector<HeadCircuits> heads;
  std::vector<ComposedHeads> composed;
  CompositionSpread spread;
};

bool is_of_tokens(const TokenSides& sides, const HeadWeights& head) {
  return sides.tokens.defined() && !head.cross() && head.path() == sides.path;
}

CircuitFigures figures_of(Model& model, const TokenSides& sides, const TransformerOptions& options) {
  CircuitFigures figures;
  figures.weights = head_weights(model.named_parameters(), options);
  for (const HeadWeights& head : figures.weights)
    figures.heads.push_back(head_circuits(head, is_of_tokens(sides, head) ? sides.by_head : Tensor()));
  figures.composed = compositions(figures.weights);
  figures.spread = spread_of(figures.composed);
  return figures;
}

struct CircuitsAnswer {
  CheckpointName checkpoint;
  index_t width = 0, size = 0;
  CircuitFigures trained, untrained;
  CompositionSpread random;
  std::vector<std::vector<TokenPair>> pairs;  ///< of each head; of none where there are no tokens
  std::vector<std::string> tokens, notices;
};

/// What the figures leave out.
std::vector<std::string> left_out(const LoadedRun& run, const TokenSides& sides, const CircuitFigures& figures,
                                  const TransformerOptions& options) {
  std::vector<std::string> notices;
  const auto any = [&](const auto& is) { return std::any_of(figures.weights.begin(), figures.weights.end(), is); };
  if (options.bias) notices.emplace_back("biases are left out of all matrices");
  if (options.rotary) notices.emplace_back("rotary positions: query-key matrices are those of a place with itself");
  if (options.qk_norm)
    notices.emplace_back("queries and keys are normalized, which no matrix does: query-key matrices are as before it");
  if (options.norm_position == NormPosition::post)
    notices.emplace_back("post-norm blocks: heads read the stream as it is; norms after the sums are left out");
  if (!sides.tokens.defined()) {
    notices.emplace_back("the model reads no tokens: no copying, no token pairs");
  } else if (!sides.by_head.defined()) {
    notices.emplace_back("the model scores no tokens: no copying");
  } else if (find_capability<HasTokenStream>(*run.model)->token_stream().head.size() > 2) {
    notices.emplace_back("copying is without the head's own linear layer before its scores");
  }
  if (any([&](const HeadWeights& head) { return !head.cross() && head.path() != sides.path; }))
    notices.emplace_back("the encoder: no copying, no token pairs");
  if (any([](const HeadWeights& head) { return head.cross(); }))
    notices.emplace_back("cross-attention: no copying, token pairs or composition, as it reads what the encoder makes");
  return notices;
}

CircuitsAnswer circuits_of(const LoadedRun& run, std::int64_t pairs, std::int64_t seed) {
  const auto* const config = dynamic_cast<const TransformerConfig*>(run.experiment->model.get());
  ensure_attention(run, config != nullptr);
  const NoGradGuard no_grad;
  const TransformerOptions options = config->transformer_options();
  const TokenSides sides = token_sides(*run.model);
  CircuitsAnswer answer;
  answer.checkpoint = run.name();
  answer.width = options.n_embd;
  answer.size = options.n_embd / options.n_head;
  answer.trained = figures_of(*run.model, sides, options);
  const auto first = run.experiment->build_model(run.data.spec());
  answer.untrained = figures_of(*first, token_sides(*first), options);
  answer.random = random_composition(answer.width, answer.size, Rng(static_cast<std::uint64_t>(seed)));
  for (const HeadWeights& head : answer.trained.weights)
    answer.pairs.push_back(is_of_tokens(sides, head) ? top_pairs(head, sides.tokens, pairs) : std::vector<TokenPair>());
  if (sides.tokens.defined()) answer.tokens = run.data.tokenizer.pieces;
  answer.notices = left_out(run, sides, answer.trained, options);
  return answer;
}

nlohmann::json to_json(const HeadCircuits& head) {
  nlohmann::json out = {{"attention", head.attention},
                        {"layer", head.layer},
                        {"head", head.head},
                        {"qk", {{"singular_values", head.qk}, {"effective_rank", head.qk_rank}}},
                        {"ov", {{"singular_values", head.ov}, {"effective_rank", head.ov_rank}}}};
  if (head.copying) out["copying"] = {{"score", head.copying->score}, {"positive", head.copying->positive}};
  return out;
}

nlohmann::json to_json(const Spread& spread) { return {{"mean", spread.mean}, {"deviation", spread.deviation}}; }
nlohmann::json to_json(const CompositionSpread& spread) {
  return {{"q", to_json(spread.q)}, {"k", to_json(spread.k)}, {"v", to_json(spread.v)}};
}

nlohmann::json to_json(const CircuitsAnswer& answer) {
  nlohmann::json heads = nlohmann::json::array();
  for (std::size_t i = 0; i < answer.trained.heads.size(); ++i) {
    nlohmann::json& head = heads.emplace_back(to_json(answer.trained.heads[i]));
    head["untrained"] = to_json(answer.untrained.heads[i]);
    head["token_pairs"] = nlohmann::json::array();
    for (const TokenPair& pair : answer.pairs[i]) {
      head["token_pairs"].push_back({{"query", answer.tokens[static_cast<std::size_t>(pair.query)]},
                                     {"key", answer.tokens[static_cast<std::size_t>(pair.key)]},
                                     {"score", pair.score}});
    }
  }
  return {{"checkpoint", answer.checkpoint.path.string()},
          {"step", answer.checkpoint.step},
          {"width", answer.width},
          {"head_width", answer.size},
          {"heads", std::move(heads)},
          {"composition",
           {{"pairs", json_list(answer.trained.composed)},
            {"all", to_json(answer.trained.spread)},
            {"untrained", to_json(answer.untrained.spread)},
            {"random", to_json(answer.random)}}},
          {"notices", answer.notices}};
}

std::string first_values(const std::vector<double>& values) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < kShown; ++i)
    text += i < values.size() ? fmt::format("{:7.3g}", values[i]) : std::string(7, ' ');
  return text;
}

std::string heads_text(const CircuitsAnswer& answer) {
  std::size_t width = 9;
  for (const HeadCircuits& head : answer.trained.heads) width = std::max(width, head.attention.size());
  std::string text = fmt::format("  {0:<{1}} {2:>4}  {3:<36}{3:<36}{4}\n", "", width, "",
                                 "effective rank, singular values", "copying");
  text += fmt::format("  {:<{}} head  {:<36}{:<36}{:>6} {:>9} {:>9}\n", "attention", width, "query-key (untrained)",
                      "output-value (untrained)", "score", "untrained", "positive");
  for (std::size_t i = 0; i < answer.trained.heads.size(); ++i) {
    const HeadCircuits &head = answer.trained.heads[i], &first = answer.untrained.heads[i];
    text += fmt::format("  {:<{}} {:>4} {:6.1f} ({:5.1f}){}  {:6.1f} ({:5.1f}){}", head.attention, width, head.head,
                        head.qk_rank, first.qk_rank, first_values(head.qk), head.ov_rank, first.ov_rank,
                        first_values(head.ov));
    if (head.copying)
      text += fmt::format("  {:6.2f} {:9.2f} {:8.0f}%", head.copying->score, first.copying->score,
                          100 * head.copying->positive);
    text += '\n';
  }
  return text;
}

std::string name_of(const std::string& attention, index_t layer, index_t head) {
  return fmt::format("{}{}.{}", attention.substr(0, attention.find("blocks/")), layer, head);
}

std::string composition_text(const CircuitsAnswer& answer) {
  if (answer.trained.composed.empty()) return "";
  std::string text =
      "composition: how far what a head writes is what a later one reads (1: all of it), by layer.head\n"
      "                 mean  untrained   random matrices    strongest\n";
  const auto row = [&](const char* name, double Composition::*kind, Spread CompositionSpread::*spread) {
    const Spread& random = answer.random.*spread;
    text += fmt::format("  {:<12} {:6.3f} {:10.3f}   {:.3f} +- {:.4f}  ", name, (answer.trained.spread.*spread).mean,
                        (answer.untrained.spread.*spread).mean, random.mean, random.deviation);
    std::vector<ComposedHeads> pairs = answer.trained.composed;
    std::stable_sort(pairs.begin(), pairs.end(),
                     [&](const ComposedHeads& a, const ComposedHeads& b) { return a.score.*kind > b.score.*kind; });
    constexpr std::size_t kShown = 3;
    for (std::size_t i = 0; i < std::min(kShown, pairs.size()); ++i) {
      const ComposedHeads& pair = pairs[i];
      text += fmt::format("  {} > {} {:.3f}", name_of(pair.attention_from, pair.layer_from, pair.head_from),
                          name_of(pair.attention_to, pair.layer_to, pair.head_to), pair.score.*kind);
    }
    text += '\n';
  };
  row("with queries", &Composition::q, &CompositionSpread::q);
  row("with keys", &Composition::k, &CompositionSpread::k);
  row("with values", &Composition::v, &CompositionSpread::v);
  return text;
}

std::string pairs_text(const CircuitsAnswer& answer) {
  std::string text;
  for (std::size_t i = 0; i < answer.pairs.size(); ++i) {
    if (answer.pairs[i].empty()) continue;
    const HeadCircuits& head = answer.trained.heads[i];
    text += fmt::format("  {:<6}", name_of(head.attention, head.layer, head.head));
    for (const TokenPair& pair : answer.pairs[i])
      text += fmt::format("  '{}' > '{}' {:.3g}", visible(answer.tokens[static_cast<std::size_t>(pair.query)]),
                          visible(answer.tokens[static_cast<std::size_t>(pair.key)]), pair.score);
    text += '\n';
  }
  return text.empty() ? text : "token pairs that query-key matrices score highest, query > key\n" + text;
}

std::string to_text(const CircuitsAnswer& answer) {
  return fmt::format("matrices of heads {} wide in a stream of {}\n", answer.size, answer.width) + heads_text(answer) +
         composition_text(answer) + pairs_text(answer);
}

}  // namespace

nlohmann::json circuits_answer(const LoadedRun& run, std::int64_t pairs, std::int64_t seed) {
  return to_json(circuits_of(run, pairs, seed));
}

int inspect_circuits(const std::vector<std::string>& arguments) {
  std::int64_t pairs = 5, seed = 1;
  bool json = false;
  CommandLine line;
  line.usage = "inspect circuits RUN [options] [--section.key=value ...]";
  line.summary =
      "What the heads of a trained model do by their weights alone (Elhage et al., 2021), beside its first weights. "
      "By\n"
      "head: the query-key matrix W_Q^T W_K times the scale, which scores pairs of places, and the output-value "
      "matrix\n"
      "W_O W_V, which moves what it finds; their largest singular values, and as effective rank the exponential of "
      "the\n"
      "entropy of all (Roy and Vetterli, 2007); copying: of the eigenvalues of head times output-value times "
      "embedding\n"
      "their sum over the sum of their sizes, 1 where a head raises what it looks at, -1 where it lowers that, and "
      "the\n"
      "share of positive ones. Norms before heads are folded into what reads the stream, but for their division.";
  line.options = {
      {"pairs", pairs, "token pairs of each head; 0: none, which saves the time of large vocabularies", 0, 1000},
      {"seed", seed, "of the random matrices", 0},
      {"json", json, "print JSON: all singular values, all pairs of heads"}};
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  const LoadedRun run =
      load_checkpoint(find_checkpoint(line.positional[0], kUsable), Purpose::evaluate, line.assignments);
  const CircuitsAnswer answer = circuits_of(run, pairs, seed);
  tell(run.notices);
  tell(answer.notices);
  tell_checkpoint(run.name());
  print_answer(json, to_json(answer), to_text(answer));
  return 0;
}

}  // namespace heddle
