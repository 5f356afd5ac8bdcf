#include "train/analysis/circuits/lens.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <map>

#include "framework/autograd.h"
#include "models/bert.h"
#include "models/gpt.h"
#include "models/seq2seq.h"
#include "tests/models/gpt_fixture.h"
#include "tests/models/stir.h"

namespace heddle {
namespace {

constexpr index_t kTime = 7, kVocabulary = 11;

/// A model with what passed through it, and its scores of row 0 [T, V].
struct Shown {
  std::unique_ptr<Model> model;
  TokenStream stream;
  Capture capture;
  Tensor scores;
};

Shown show(std::unique_ptr<Model> model) {
  const NoGradGuard no_grad;
  Shown shown;
  stir(*model);
  shown.stream = dynamic_cast<HasTokenStream&>(*model).token_stream();
  shown.capture.want("*");
  Context context;
  context.capture = &shown.capture;
  const IdTensor ids = some_ids(1, kTime);
  if (auto* const writer = find_capability<NextToken>(*model)) {
    shown.scores = writer->logits(ids, context);
  } else if (auto* const translator = find_capability<Translator>(*model)) {
    shown.scores = translator->logits(ids, translator->encode(some_ids(1, 5, 2), {}, context), context);
  } else {
    IdTensor places({kTime});
    for (index_t i = 0; i < kTime; ++i) places[i] = static_cast<std::int32_t>(i);
    shown.scores = capability<TokenFiller>(*model, "", "").token_scores(batch_of(ids, {}), places, context);
  }
  shown.scores = reshape(shown.scores, Shape{kTime, kVocabulary});
  shown.model = std::move(model);
  return shown;
}

/// A tiny model of each kind and form that scores tokens.
std::map<std::string, std::function<std::unique_ptr<Model>()>> all_forms() {
  const auto gpt = [](const GPTConfig& config) {
    return [config] { return std::make_unique<GPT>(config, kVocabulary, Rng(1)); };
  };
  const auto with_sizes = [](auto config, NormPosition position) {
    config.n_layer = 2;
    config.n_head = 3;
    config.n_embd = 12;
    config.context = 9;
    config.norm_position = position;
    return config;
  };
  GPTConfig post = tiny(true, true);
  post.norm_position = NormPosition::post;
  std::map<std::string, std::function<std::unique_ptr<Model>()>> forms = {
      {"gpt", gpt(tiny(true, true))},
      {"gpt later", gpt(later(tiny(true, false)))},
      {"gpt llama", gpt(llama(tiny(false, false)))},
      {"gpt nanochat", gpt(nanochat(tiny(false, false)))},
      {"gpt post", gpt(post)}};
  for (const NormPosition position : {NormPosition::pre, NormPosition::post}) {
    const std::string name = position == NormPosition::pre ? " pre" : " post";
    forms["bert" + name] = [=] {
      DataSpec spec;
      spec.tokens.assign(kVocabulary, "x");
      return std::make_unique<Bert>(with_sizes(BertConfig(), position), spec, Rng(1));
    };
    forms["seq2seq" + name] = [=] {
      auto config = with_sizes(Seq2SeqConfig(), position);
      config.tied = position == NormPosition::pre;
      return std::make_unique<Seq2Seq>(config, kVocabulary, Rng(1));
    };
  }
  return forms;
}

double sum_of(const Attribution& attribution, const std::string& part) {
  double sum = 0;
  for (const Contribution& one : attribution.parts) sum += one.part == part ? one.value : 0;
  return sum;
}

}  // namespace

TEST_CASE("behind the last block the lens shows the model's own scores, bit for bit") {
  const NoGradGuard no_grad;
  for (const auto& [name, make] : all_forms()) {
    INFO(name);
    const Shown shown = show(make());
    const Tensor left = shown.capture.at(shown.stream.path + "hidden_states/2");
    const Tensor scores = shown.stream.scores(reshape(left, Shape{kTime, 12}));
    CHECK(std::equal(scores.span().begin(), scores.span().end(), shown.scores.span().begin()));
    // of a place alone, products are cut otherwise
    const std::vector<LensLayer> layers = logit_lens(shown.stream, shown.capture, 3, kVocabulary, 4);
    REQUIRE(layers.size() == 3);
    const Tensor wanted = softmax(shown.scores);
    for (const ScoredToken& token : layers[2].top)
      CHECK(token.probability ==
            Approx(static_cast<double>(wanted.data()[3 * kVocabulary + token.token])).epsilon(1e-4).margin(1e-6));
    CHECK(layers[2].divergence == 0);
    CHECK(layers[2].last.rank == 1);
  }
}

TEST_CASE("each layer's tokens fall in probability, ranks are theirs, and divergence is from the last layer") {
  const NoGradGuard no_grad;
  const Shown shown = show(std::make_unique<GPT>(nanochat(tiny(false, false)), kVocabulary, Rng(1)));
  const auto probabilities = [](const LensLayer& layer) {
    std::vector<double> all(kVocabulary, 0);
    for (const ScoredToken& token : layer.top) all[static_cast<std::size_t>(token.token)] = token.probability;
    return all;
  };
  bool elsewhere = false;
  for (index_t place = 0; place < kTime; ++place) {
    const std::vector<LensLayer> layers = logit_lens(shown.stream, shown.capture, place, kVocabulary, 4);
    const std::vector<double> last = probabilities(layers.back());
    const index_t own = layers.back().top[0].token;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const LensLayer& layer = layers[i];
      const Tensor state = shown.capture.at("hidden_states/" + std::to_string(i));
      const Tensor wanted = softmax(shown.stream.scores(reshape(slice(state, 1, place, place + 1), Shape{1, 12})));
      double total = 0, divergence = 0;
      for (std::size_t t = 0; t < layer.top.size(); ++t) {
        const auto [token, probability] = layer.top[t];
        CHECK(probability == Approx(static_cast<double>(wanted.data()[token])).epsilon(1e-4));
        if (t > 0) CHECK(probability <= layer.top[t - 1].probability);
        if (token == own) CHECK(layer.last.rank == static_cast<index_t>(t) + 1);
        if (token == 4) {
          CHECK(layer.next->rank == static_cast<index_t>(t) + 1);
          CHECK(layer.next->probability == probability);
        }
        total += probability;
        const double p = last[static_cast<std::size_t>(token)];
        divergence += p * std::log(p / probability);
      }
      CHECK(total == Approx(1));
      CHECK(layer.divergence == Approx(divergence).margin(1e-9));
      elsewhere = elsewhere || layer.last.rank != 1;
      CHECK(layer.last.probability == probabilities(layer)[static_cast<std::size_t>(own)]);
    }
    CHECK(layers[0].divergence > 0);
  }
  CHECK(elsewhere);
  const std::vector<LensLayer> few = logit_lens(shown.stream, shown.capture, 3, 2);
  CHECK(few[0].top.size() == 2);
  CHECK_FALSE(few[0].next);
}

TEST_CASE("what goes into a stream is a token's row times its scale, and what the place adds") {
  const NoGradGuard no_grad;
  const auto forms = all_forms();
  for (const char* form : {"gpt", "seq2seq pre", "seq2seq post"}) {
    INFO(form);
    const Shown shown = show(forms.at(form)());
    const Tensor in = shown.capture.at(shown.stream.path + "hidden_states/0"), rows = shown.stream.tokens->weight;
    // the same places with tokens in other places: what the places add falls out
    Capture other;
    other.want("*hidden_states/0");
    Context context;
    context.capture = &other;
    const IdTensor ids = some_ids(1, kTime), moved = some_ids(1, kTime, 1);
    if (auto* const writer = find_capability<NextToken>(*shown.model)) {
      writer->logits(moved, context);
    } else {
      auto& translator = capability<Translator>(*shown.model, "", "");
      translator.logits(moved, translator.encode(ids, {}, context), context);
    }
    const Tensor changed = other.at(shown.stream.path + "hidden_states/0");
    for (index_t i = 0; i < in.numel(); ++i) {
      const index_t place = i / 12, c = i % 12;
      const auto of = [&](const IdTensor& at) { return static_cast<double>(rows.data()[at[place] * 12 + c]); };
      CHECK(static_cast<double>(in.data()[i] - changed.data()[i]) ==
            Approx(shown.stream.token_scale * (of(ids) - of(moved))).epsilon(1e-3).margin(1e-4));
    }
  }
}

TEST_CASE("what parts of a model add to a logit adds up to it, in every form, at every place and for every token") {
  const NoGradGuard no_grad;
  for (const auto& [name, make] : all_forms()) {
    const Shown shown = show(make());
    for (index_t place = 0; place < kTime; ++place) {
      for (index_t token = 0; token < kVocabulary; ++token) {
        INFO(name << ", place " << place << ", token " << token);
        const Attribution attribution = attribute(shown.stream, shown.capture, place, token);
        double sum = 0, size = 1;
        for (const Contribution& part : attribution.parts) {
          sum += part.value;
          size = std::max(size, std::abs(part.value));
        }
        CHECK(attribution.sum == Approx(sum));
        CHECK(std::abs(attribution.sum - attribution.logit) < 1e-5 * size);
        const auto own = static_cast<double>(shown.scores.data()[place * kVocabulary + token]);
        const double cap = shown.stream.softcap;
        CHECK((cap > 0 ? cap * std::tanh(attribution.logit / cap) : attribution.logit) ==
              Approx(own).epsilon(1e-4).margin(1e-5 * size));
      }
    }
  }
}

TEST_CASE("every part has its own share: each head, each MLP with its bias, and biases apart") {
  const NoGradGuard no_grad;
  Shown shown = show(std::make_unique<GPT>(tiny(true, true), kVocabulary, Rng(1)));
  const auto& gpt = dynamic_cast<GPT&>(*shown.model);
  constexpr index_t kPlace = 5, kToken = 2;
  const Attribution attribution = attribute(shown.stream, shown.capture, kPlace, kToken);
  // the final norm at this place, and what the head reads through it
  const Tensor left = reshape(slice(shown.capture.at("hidden_states/2"), 1, kPlace, kPlace + 1), Shape{1, 12});
  const double deviation = std::sqrt(static_cast<double>(variance(left).item()) + 1e-5);
  const Tensor reads = slice(gpt.head.weight, 0, kToken, kToken + 1) * gpt.transformer.norm.weight;
  const auto share = [&](const Tensor& added) {  // [1, C]
    return static_cast<double>(sum(reads * (added - mean(added))).item()) / deviation;
  };
  for (std::size_t layer : {std::size_t{0}, std::size_t{1}}) {
    const std::string block = "blocks/" + std::to_string(layer);
    const Block& of = gpt.transformer.blocks[layer];
    for (index_t head = 0; head < 3; ++head) {
      Tensor alone = Tensor::zeros({1, 12});
      const Tensor heads = shown.capture.at(block + "/attention/heads");
      std::copy_n(heads.data() + kPlace * 12 + head * 4, 4, alone.mutable_data() + head * 4);
      double value = 0;
      for (const Contribution& part : attribution.parts)
        if (part.part == block + "/attention" && part.head == head) value = part.value;
      CHECK(value == Approx(share(linear(alone, of.attention.proj.weight))).epsilon(1e-3));
    }
    CHECK(sum_of(attribution, block + "/attention/proj/bias") ==
          Approx(share(reshape(of.attention.proj.bias, Shape{1, 12}))).epsilon(1e-3));
    const Tensor hidden = shown.capture.at(block + "/mlp/hidden");
    const Tensor own = reshape(slice(hidden, 1, kPlace, kPlace + 1), Shape{1, 48});
    CHECK(sum_of(attribution, block + "/mlp") ==
          Approx(share(linear(own, of.mlp.proj.weight, of.mlp.proj.bias))).epsilon(1e-3));
  }
  const Tensor embedded = reshape(slice(shown.capture.at("hidden_states/0"), 1, kPlace, kPlace + 1), Shape{1, 12});
  CHECK(sum_of(attribution, "embeddings") == Approx(share(embedded)).epsilon(1e-3));
  CHECK(sum_of(attribution, "norm/bias") ==
        Approx(static_cast<double>(
            sum(slice(gpt.head.weight, 0, kToken, kToken + 1) * gpt.transformer.norm.bias).item())));
  CHECK(attribution.parts.size() == 1 + 2 * (3 + 1 + 1) + 1);
  CHECK(attribution.parts.front().part == "embeddings");
  CHECK(attribution.parts.back().part == "norm/bias");
}

TEST_CASE("parts of a decoder and of a post-norm encoder are named by their paths") {
  const auto forms = all_forms();
  const auto names = [&](const std::string& form) {
    const Shown shown = show(forms.at(form)());
    std::string all;
    for (const Contribution& part : attribute(shown.stream, shown.capture, 2, 3).parts)
      if (!part.head || *part.head == 0) all += part.part + ' ';
    return all;
  };
  CHECK(names("bert post")
            .ends_with("blocks/1/attention blocks/1/attention/proj/bias blocks/1/norm1/bias blocks/1/mlp "
                       "blocks/1/norm2/bias transform/bias transform_norm/bias decoder/bias "));
  CHECK(
      names("seq2seq pre")
          .ends_with("decoder/blocks/1/attention decoder/blocks/1/attention/proj/bias decoder/blocks/1/cross_attention "
                     "decoder/blocks/1/cross_attention/proj/bias decoder/blocks/1/mlp decoder/norm/bias "));
  CHECK(names("gpt llama") == "embeddings blocks/0/attention blocks/0/mlp blocks/1/attention blocks/1/mlp ");
}

TEST_CASE("what the lens cannot look at is refused") {
  const NoGradGuard no_grad;
  const Shown shown = show(std::make_unique<GPT>(tiny(true, true), kVocabulary, Rng(1)));
  CHECK_THROWS_WITH(logit_lens(shown.stream, shown.capture, 7, 1), Catch::Contains("there is no place 7 among 7"));
  CHECK_THROWS_WITH(attribute(shown.stream, shown.capture, -1, 1), Catch::Contains("there is no place -1 among 7"));
  CHECK_THROWS_WITH(attribute(shown.stream, shown.capture, 0, 11), Catch::Contains("there is no token 11 among 11"));
  TokenStream none = shown.stream;
  none.head.clear();
  CHECK_THROWS_WITH(logit_lens(none, shown.capture, 0, 1), Catch::Contains("scores no tokens"));
  CHECK_THROWS_WITH(attribute(none, shown.capture, 0, 1), Catch::Contains("scores no tokens"));
}

}  // namespace heddle
