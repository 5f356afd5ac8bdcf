#include "train/analysis/words/model_vectors.h"

#include <algorithm>
#include <map>

#include "data/tokenizer/word.h"
#include "framework/autograd.h"
#include "framework/nn/capture.h"

namespace heddle {
namespace {

/// A word in the text, and the last of its tokens.
struct Place {
  std::int32_t word;
  index_t token;
};

/// Where the words of `text` lie among its tokens.
std::vector<Place> places_of(const Tokenizer& words, const Tokenizer& tokenizer, const std::string& text,
                             const std::vector<std::int32_t>& tokens) {
  const std::vector<std::int32_t> ids = words.encode(text);
  const std::vector<std::uint64_t> begins = words.starts(text, ids), tokens_begin = tokenizer.starts(text, tokens);
  std::vector<Place> places;
  index_t next = 0;  // token that begins after the word
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == 0) continue;
    const std::uint64_t end = begins[i] + words.piece(ids[i]).size();
    while (next < std::ssize(tokens) && tokens_begin[static_cast<std::size_t>(next)] < end) ++next;
    if (next > 0) places.push_back({ids[i], next - 1});
  }
  return places;
}

/// The hidden states that fit a pattern while the model reads `inputs`, by name.
std::map<std::string, Tensor> hidden_states(NextToken& model, const IdTensor& inputs, const std::string& pattern) {
  Capture capture;
  capture.want(pattern);
  Context context;
  context.capture = &capture;
  context.last_only = true;
  model.logits(inputs, context);
  return capture.kept();
}

}  // namespace

WordVectors token_vectors(WordTable& model, const Tokenizer& tokenizer) {
  const TokenizerState& state = tokenizer.state();
  const Tensor all = model.token_vectors();
  const index_t first = state.counts.empty() ? 0 : 1, width = all.size(1);
  return {{state.pieces.begin() + first, state.pieces.end()},
          Tensor::from(all.span().subspan(static_cast<std::size_t>(first * width)), {all.size(0) - first, width}),
          word_reader(state)};
}

WordVectors contextual_vectors(NextToken& model, const Tokenizer& tokenizer, index_t layer, TextSource& source,
                               index_t bytes, index_t min_count,
                               const std::function<void(index_t done, index_t of)>& progress) {
  const NoGradGuard no_grad;
  const index_t layers = std::ssize(hidden_states(model, IdTensor({0}, {1, 1}), "hidden_states/*"));
  ensure(layer >= 0 && layer < layers, "layer ", layer, ": the model has ", layers - 1,
         " blocks; choose 0 (before the first) to ", layers - 1);
  std::string text;
  while (std::ssize(text) < bytes && source.read(text, static_cast<std::size_t>(bytes) - text.size())) {
  }
  if (std::ssize(text) == bytes) text.resize(std::min(text.find_last_of(" \n"), text.size()));  // no half characters
  TokenizerOptions options;
  options.kind = "letters";
  options.min_count = min_count;
  options.vocab_size = static_cast<std::int64_t>(kMaxVocabulary);
  const auto words = train_tokenizer(options, read_from(text));
  const std::vector<std::int32_t> tokens = tokenizer.encode(text);
  const std::vector<Place> places = places_of(*words, tokenizer, text, tokens);

  constexpr index_t kLongest = 4096;  // more would take memory alone
  const index_t window = std::min({model.context_size(), std::ssize(tokens), kLongest}),
                step = std::max<index_t>(1, window / 2);
  const std::string name = "hidden_states/" + std::to_string(layer);
  Tensor sums;
  std::vector<double> counts(static_cast<std::size_t>(words->vocab_size()));
  std::size_t at = 0;
  for (index_t begin = 0, done = 0; done < std::ssize(tokens);
       begin = std::min(begin + step, std::ssize(tokens) - window)) {
    IdTensor inputs({1, window});
    std::copy_n(tokens.begin() + begin, window, inputs.data());
    const Tensor x = hidden_states(model, inputs, name).at(name);
    const index_t width = x.size(-1);
    if (!sums.defined()) sums = Tensor::zeros({words->vocab_size(), width});
    for (; at < places.size() && places[at].token < begin + window; ++at) {
      const real* const from = x.data() + (places[at].token - begin) * width;
      real* const to = sums.mutable_data() + places[at].word * width;
      for (index_t c = 0; c < width; ++c) to[c] += from[c];
      ++counts[static_cast<std::size_t>(places[at].word)];
    }
    done = begin + window;
    if (progress) progress(done, std::ssize(tokens));
  }
  const index_t width = sums.size(1);
  WordVectors vectors{{}, Tensor({words->vocab_size() - 1, width}), word_reader(words->state())};
  real* const means = vectors.vectors.mutable_data();
  for (index_t w = 1; w < words->vocab_size(); ++w) {
    vectors.words.push_back(words->piece(static_cast<std::int32_t>(w)));
    const double count = std::max(1.0, counts[static_cast<std::size_t>(w)]);
    for (index_t c = 0; c < width; ++c)
      means[(w - 1) * width + c] = static_cast<real>(sums.data()[w * width + c] / count);
  }
  return vectors;
}

}  // namespace heddle
