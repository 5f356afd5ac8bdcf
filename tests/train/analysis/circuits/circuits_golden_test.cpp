#include <cmath>

#include "framework/autograd.h"
#include "framework/ops.h"
#include "models/capabilities.h"
#include "models/gpt.h"
#include "tests/golden/golden.h"
#include "tests/train/run_program.h"
#include "train/analysis/attention/head_scores.h"
#include "train/analysis/circuits/circuits.h"
#include "train/analysis/circuits/lens.h"
#include "train/analysis/circuits/token_pairs.h"

namespace heddle {
namespace {

constexpr index_t kPlace = 22;  // as circuits.py has it

/// A trained model, with what passed through it.
struct Loom {
  Loom() {
    const NoGradGuard no_grad;
    capture.want("*");
    Context context;
    context.capture = &capture;
    model().logits(golden.ids("ids"), context);
  }
  GPT& model() { return dynamic_cast<GPT&>(*run.model); }

  Golden golden{"circuits/circuits.txt"};
  LoadedRun run = load_checkpoint(HEDDLE_SOURCE_DIR "/tests/golden/circuits/loom.h5");
  Capture capture;
};

void check_near(const std::vector<double>& got, const std::vector<double>& wanted) {
  REQUIRE(got.size() == wanted.size());
  double size = 0;
  for (const double value : wanted) size = std::max(size, std::abs(value));
  for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(std::abs(got[i] - wanted[i]) < 3e-5 * size);
}

std::string name_of(const std::string& attention, index_t head) { return attention + '/' + std::to_string(head); }

}  // namespace

TEST_CASE("weights and scores of a trained model's heads are those that NumPy computes from its checkpoint") {
  Loom loom;
  const std::string text = "the heddle lifts the thread";
  const auto ids = loom.run.tokenizer()->encode(text);
  const std::vector<double>& wanted = loom.golden.values("ids");
  REQUIRE(std::equal(ids.begin(), ids.end(), wanted.begin(), wanted.end()));
  for (const std::string attention : {"blocks/0/attention", "blocks/1/attention"}) {
    for (index_t head = 0; head < 2; ++head) {
      const Tensor all = loom.capture.at(attention + "/weights");
      const Tensor weights = reshape(slice(all, 1, head, head + 1), Shape{all.size(2), all.size(3)});
      CHECK(golden_error(weights, loom.golden.values(name_of(attention + "/weights", head))) < 3e-5);
      HeadScores scores;
      scores.add(weights, ids, std::vector<bool>(static_cast<std::size_t>(loom.run.tokenizer()->vocab_size()), false));
      std::vector<double> means;
      for (const HeadRole role : {HeadRole::entropy, HeadRole::distance, HeadRole::previous, HeadRole::same,
                                  HeadRole::duplicate, HeadRole::first, HeadRole::local})
        means.push_back(scores.mean(role));
      check_near(means, loom.golden.values(name_of(attention + "/scores", head)));
    }
  }
}

TEST_CASE("spectra, copying, token pairs and composition are those of matrices that NumPy builds whole") {
  const NoGradGuard no_grad;
  Loom loom;
  const TokenStream stream = loom.model().token_stream();
  const Tensor tokens = stream.tokens->weight;
  const Norm& norm = *stream.head[0].norm;
  const Tensor by_head = tokens_by_head(tokens, fold_norm(stream.head[1].linear->weight, norm.weight, norm.kind()));
  const auto& config = dynamic_cast<const GPTConfig&>(*loom.run.experiment->model);
  const auto heads = head_weights(loom.model().named_parameters(), config.transformer_options());
  REQUIRE(heads.size() == 4);
  for (const HeadWeights& head : heads) {
    const std::string name = name_of(head.attention, head.head);
    INFO(name);
    const HeadCircuits circuits = head_circuits(head, by_head);
    check_near(circuits.qk, loom.golden.values(name + "/qk"));
    check_near(circuits.ov, loom.golden.values(name + "/ov"));
    check_near({circuits.qk_rank}, loom.golden.values(name + "/qk_rank"));
    check_near({circuits.ov_rank}, loom.golden.values(name + "/ov_rank"));
    check_near({circuits.copying->score, circuits.copying->positive}, loom.golden.values(name + "/copying"));
    const std::vector<TokenPair> pairs = top_pairs(head, tokens, 5);
    const std::vector<double>& wanted = loom.golden.values(name + "/pairs");
    for (std::size_t i = 0; i < 5; ++i) {
      CHECK(static_cast<double>(pairs[i].query) == wanted[3 * i]);
      CHECK(static_cast<double>(pairs[i].key) == wanted[3 * i + 1]);
      check_near({pairs[i].score}, {wanted[3 * i + 2]});
    }
  }
  for (const ComposedHeads& pair : compositions(heads)) {
    check_near({pair.score.q, pair.score.k, pair.score.v},
               loom.golden.values(name_of(name_of("composition", pair.head_from), pair.head_to)));
  }
}

TEST_CASE("the logit lens and what adds to a logit are those that NumPy computes") {
  const NoGradGuard no_grad;
  Loom loom;
  const TokenStream stream = loom.model().token_stream();
  const index_t vocabulary = stream.tokens->weight.size(0);
  std::vector<double> logs, divergences;
  for (const LensLayer& layer : logit_lens(stream, loom.capture, kPlace, vocabulary)) {
    std::vector<double> of_layer(static_cast<std::size_t>(vocabulary));
    for (const ScoredToken& token : layer.top)
      of_layer[static_cast<std::size_t>(token.token)] = std::log(token.probability);
    logs.insert(logs.end(), of_layer.begin(), of_layer.end());
    divergences.push_back(layer.divergence);
  }
  check_near(logs, loom.golden.values("lens/log_probabilities"));
  check_near(divergences, loom.golden.values("lens/divergence"));

  const auto token = static_cast<index_t>(loom.golden.values("attribution/token")[0]);
  const Attribution attribution = attribute(stream, loom.capture, kPlace, token);
  const double logit = loom.golden.values("attribution/logit")[0];
  check_near({attribution.logit, attribution.sum}, {logit, logit});
  REQUIRE(attribution.parts.size() == 1 + 2 * 4 + 1);
  for (const Contribution& part : attribution.parts) {
    const std::string name = part.head ? name_of(part.part, *part.head) : part.part;
    INFO(name);
    CHECK(std::abs(part.value - loom.golden.values("attribution/" + name)[0]) < 3e-5 * std::abs(logit));
  }
}

}  // namespace heddle
