#include "train/decode/beam.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "framework/autograd.h"
#include "framework/ops.h"
#include "models/seq2seq.h"

namespace heddle {
namespace {

using Ids = std::vector<std::int32_t>;
constexpr WritingEnds kEnds{1, 2};

/// Its first weights are large, so that what it writes depends on what it reads.
Seq2Seq some_model(index_t vocabulary, index_t context, std::uint64_t seed = 1, double scale = 6) {
  Seq2SeqConfig config;
  config.n_layer = 2;
  config.n_head = 2;
  config.n_embd = 8;
  config.context = context;
  Seq2Seq model(config, vocabulary, Rng(seed));
  for (NamedParameter& p : model.named_parameters()) {
    real* const values = p.tensor.mutable_data();
    for (index_t i = 0; p.role != Role::vector && i < p.tensor.numel(); ++i) values[i] *= static_cast<real>(scale);
  }
  return model;
}

/// Log-probabilities of the token after each position of begin and `target`.
Tensor scores_of(Seq2Seq& model, const Ids& source, const Ids& target) {
  const NoGradGuard no_grad;
  Context context;
  Ids inputs{kEnds.begin};
  inputs.insert(inputs.end(), target.begin(), target.end());
  const index_t length = std::ssize(inputs);
  const Memory memory = model.encode(IdTensor(source, {1, std::ssize(source)}), {}, context);
  return log_softmax(model.logits(IdTensor(std::move(inputs), {1, length}), memory, context));
}

/// Log-probability of a target and, where it is ended, its end.
double log_probability(Seq2Seq& model, const Ids& source, const Ids& target, bool ended) {
  const Tensor scores = scores_of(model, source, target);
  const index_t vocabulary = scores.size(2);
  double sum = 0;
  for (std::size_t i = 0; i < target.size() + (ended ? 1 : 0); ++i)
    sum += static_cast<double>(
        scores.data()[static_cast<index_t>(i) * vocabulary + (i < target.size() ? target[i] : kEnds.end)]);
  return sum;
}

double penalty(std::size_t length, double alpha) { return std::pow((5 + static_cast<double>(length)) / 6, alpha); }

const std::vector<Ids>& sources() {
  static const std::vector<Ids> all = {{3, 4, 2}, {5, 2}, {3, 3, 4, 5, 5, 2}, {3, 2}, {5, 4, 3, 5, 2}};
  return all;
}

std::vector<Hypothesis> search(Seq2Seq& model, const std::vector<Ids>& from, const BeamConfig& config,
                               index_t rows = 256, bool cached = true) {
  return beam_search(model, from, kEnds, config, Precision::f32, rows, cached);
}

/// Beam search of one source as its contract says it, with nothing kept from step to step.
Hypothesis plain_search(Seq2Seq& model, const Ids& source, std::size_t beam, double alpha) {
  struct Text {
    Ids tokens;
    double log_probability;
  };
  std::vector<Text> alive{{{}, 0}};
  std::vector<Hypothesis> ended;
  const auto end_with = [&](const Ids& tokens, double log_probability, std::size_t length) {
    ended.push_back({tokens, log_probability, log_probability / penalty(length, alpha)});
  };
  const auto limit = static_cast<std::size_t>(model.context_size());
  std::size_t length = 0;
  while (ended.size() < beam && length < limit) {
    std::vector<std::pair<Text, bool>> all;  // each with one more token; whether that is the end
    for (const Text& text : alive) {
      const Tensor scores = scores_of(model, source, text.tokens);
      const index_t vocabulary = scores.size(2);
      for (index_t token = 0; token < vocabulary; ++token) {
        Text longer = text;
        longer.log_probability += static_cast<double>(scores.data()[scores.numel() - vocabulary + token]);
        if (token != kEnds.end) longer.tokens.push_back(static_cast<std::int32_t>(token));
        all.emplace_back(longer, token == kEnds.end);
      }
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.first.log_probability > b.first.log_probability; });
    alive.clear();
    ++length;
    for (std::size_t rank = 0; rank < all.size() && alive.size() < beam; ++rank) {
      const auto& [text, is_end] = all[rank];
      if (!is_end) alive.push_back(text);
      if (is_end && rank < beam) end_with(text.tokens, text.log_probability, length);
    }
  }
  if (ended.empty()) {
    for (const Text& text : alive) end_with(text.tokens, text.log_probability, length);
  }
  return *std::max_element(ended.begin(), ended.end(),
                           [](const Hypothesis& a, const Hypothesis& b) { return a.score < b.score; });
}

}  // namespace

TEST_CASE("a beam of any width finds what plain beam search finds, of each source, with its scores") {
  const std::uint64_t seed = GENERATE(1, 2, 3, 4, 5, 6);
  const std::int64_t beam = GENERATE(1, 2, 3, 5);
  Seq2Seq model = some_model(6, 9, seed, GENERATE(1.0, 2.5));
  const auto found = search(model, sources(), {beam, 0.6});
  for (std::size_t i = 0; i < sources().size(); ++i) {
    const Hypothesis plain = plain_search(model, sources()[i], static_cast<std::size_t>(beam), 0.6);
    CHECK(found[i].tokens == plain.tokens);
    CHECK(found[i].log_probability == Approx(plain.log_probability).epsilon(1e-3));
    CHECK(found[i].score == Approx(plain.score).epsilon(1e-3));
  }
}

TEST_CASE("a beam of 1 takes the likeliest token each time") {
  Seq2Seq model = some_model(10, 12, 2);
  for (const Ids& source : sources()) {
    Ids greedy;
    double total = 0;
    bool ended = false;
    while (!ended && greedy.size() < 12) {
      const Tensor scores = scores_of(model, source, greedy);
      const real* const last = scores.data() + scores.numel() - 10;
      const auto best = static_cast<std::int32_t>(std::max_element(last, last + 10) - last);
      total += static_cast<double>(last[best]);
      ended = best == kEnds.end;
      if (!ended) greedy.push_back(best);
    }
    const Hypothesis found = search(model, {source}, {1, 0.6})[0];
    CHECK(found.tokens == greedy);
    CHECK(found.log_probability == Approx(total).epsilon(1e-4));
    CHECK(found.score == Approx(total / penalty(greedy.size() + (ended ? 1 : 0), 0.6)).epsilon(1e-4));
  }
}

TEST_CASE("beams find the same with a decode state as without, alone as together, few rows at a time as many") {
  Seq2Seq model = some_model(10, 12, 2);
  const BeamConfig config{GENERATE(1, 2, 5), GENERATE(0.0, 1.0)};
  const auto together = search(model, sources(), config);
  bool wrote = false;
  for (std::size_t i = 0; i < sources().size(); ++i) {
    CHECK(search(model, {sources()[i]}, config)[0].tokens == together[i].tokens);
    CHECK(search(model, sources(), config, 256, false)[i].tokens == together[i].tokens);
    CHECK(search(model, sources(), config, 7)[i].tokens == together[i].tokens);
    CHECK(std::find(together[i].tokens.begin(), together[i].tokens.end(), kEnds.end) == together[i].tokens.end());
    wrote = wrote || together[i].tokens != together[0].tokens;
  }
  CHECK(wrote);
}

TEST_CASE("a beam that holds every text finds the best of all, by log-probability and length") {
  const double alpha = GENERATE(0.0, 0.6, 3.0);
  Seq2Seq model = some_model(5, 4, GENERATE(1, 2, 3));
  const Ids source = {3, 4, 2};
  std::vector<Ids> all{{}};  // those of at most three tokens; the fourth is their end
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].size() == 3) continue;
    for (const std::int32_t token : {0, 1, 3, 4}) {
      Ids longer = all[i];
      longer.push_back(token);
      all.push_back(longer);
    }
  }
  Ids best;
  double most = -1e300;
  for (const Ids& target : all) {
    const double score = log_probability(model, source, target, true) / penalty(target.size() + 1, alpha);
    if (score > most) {
      most = score;
      best = target;
    }
  }
  const Hypothesis found = search(model, {source}, {400, alpha})[0];
  CHECK(found.tokens == best);
  CHECK(found.score == Approx(most).epsilon(1e-4));
}

TEST_CASE("a text that does not end is cut off at the model's context, or at 50 tokens more than its source") {
  Seq2Seq model = some_model(10, GENERATE(9, 100));
  model.head = Linear(Embedding());
  Initializer init{Rng(2)};
  model.head = Linear(8, 10, true, init, 1.0, Role::table);  // whatever it reads, it writes 4
  model.head.weight = Parameter(Tensor::zeros({10, 8}), Role::table);
  real* const bias = model.head.bias.mutable_data();
  bias[4] = 5;
  bias[2] = -50;
  const auto found = search(model, {{3, 2}, {3, 4, 5, 2}}, {2, 0.6});
  const bool short_context = model.context_size() == 9;
  CHECK(found[0].tokens == Ids(short_context ? 9 : 52, 4));
  CHECK(found[1].tokens == Ids(short_context ? 9 : 54, 4));
  CHECK(found[0].score == Approx(found[0].log_probability / penalty(found[0].tokens.size(), 0.6)));
}

TEST_CASE("a source without tokens or with too many is refused, and scores that are no numbers") {
  Seq2Seq model = some_model(10, 4);
  CHECK_THROWS_WITH(search(model, {{3, 2}, {}}, {}), Catch::Contains("has 0 tokens, wanted 1 to 4"));
  CHECK_THROWS_WITH(search(model, {{3, 4, 5, 6, 2}}, {}), Catch::Contains("has 5 tokens"));
  CHECK(search(model, {}, {}).empty());
  model.token_embedding.weight.mutable_data()[0] = std::nanf("");
  CHECK_THROWS_WITH(search(model, {{3, 2}}, {}), Catch::Contains("not a number"));
}

}  // namespace heddle
