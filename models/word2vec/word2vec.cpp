#include "models/word2vec/word2vec.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace heddle {
namespace {

/// 32-bit random numbers, one after another.
class Draws {
 public:
  explicit Draws(const Rng& rng) : rng_(rng) {}
  std::uint32_t next() {
    if (at_ == 64) {
      rng_.blocks(block_, words_);
      block_ += 16;
      at_ = 0;
    }
    const std::size_t i = at_++;
    return words_[i % 4][i / 4];
  }
  /// A number of 0 .. n - 1 in the upper half, and one of 32 bits in the lower.
  std::uint64_t spread(index_t n) { return std::uint64_t{next()} * static_cast<std::uint64_t>(n); }
  index_t below(index_t n) { return static_cast<index_t>(spread(n) >> 32U); }

 private:
  Rng rng_;
  std::uint64_t block_ = 0;
  Rng::Blocks words_{};
  std::size_t at_ = 64;
};

/// A text without blanks, or what is no text, would else have more n-grams than fit into memory.
constexpr index_t kLongestSplit = 100;

/// Calls on_ngram for the n-grams of "<name>", `min` to `max` characters long, in the order of their places.
template <class OnNgram>
void for_ngrams(const std::string& name, index_t min, index_t max, const OnNgram& on_ngram) {
  const std::string word = '<' + name + '>';
  std::vector<std::size_t> begins;  // of its characters, and its end
  for (std::size_t i = 0; i < word.size(); ++i) {
    if ((static_cast<unsigned char>(word[i]) & 0xC0U) != 0x80U) begins.push_back(i);
  }
  begins.push_back(word.size());
  const index_t length = std::ssize(begins) - 1;
  if (length > kLongestSplit + 2) return;  // < and >
  for (index_t from = 0; from < length; ++from) {
    for (index_t n = min; n <= max && from + n <= length; ++n) {
      const std::size_t begin = begins[static_cast<std::size_t>(from)];
      on_ngram(word.substr(begin, begins[static_cast<std::size_t>(from + n)] - begin));
    }
  }
}

}  // namespace

std::vector<Key> Word2VecConfig::keys() {
  return {
      {"method", method,
       "a word is told from each word around it, or from all together; losses of the two do not compare"},
      {"n_embd", n_embd, "dimensions of the vectors", 1, 100000},
      {"window", window, "words to either side that count as near: 1 to so many, at random", 1, 1000},
      {"negatives", negatives, "negative samples: words drawn at random, from which the true one is told", 1, 1000},
      {"subsample", subsample, "subsampling: words with a greater share of the text are partly left out; 0: none are",
       0.0, 1.0},
      {"min_n", min_n, "shortest character n-gram that has a vector", 0, 100},
      {"max_n", max_n, "longest; 0: words alone have vectors", 0, 100},
      {"block_size", context,
       "words of a window of text; the windows of a batch learn in parallel, each on its replica", 2, 1 << 20},
  };
}

std::unique_ptr<Model> Word2VecConfig::build(const DataSpec& data, Initializer init) const {
  return std::make_unique<Word2Vec>(*this, data, init);
}

Word2Vec::Word2Vec(const Word2VecConfig& config, const DataSpec& data, Initializer init)
    : config_(config), words_(std::ssize(data.tokens)) {
  ensure(std::ssize(data.token_counts) == words_,
         "word2vec: the tokenizer does not count words; set data.tokenizer = letters, or word");
  ensure(words_ > 2, "word2vec: the vocabulary holds ", words_ - 1,
         " words, needs two; give more text, or lower data.min_count");
  ensure(config.max_n == 0 || (config.min_n >= 1 && config.min_n <= config.max_n), "model.min_n = ", config.min_n,
         " must be from 1 to model.max_n = ", config.max_n, "; set it, as to 3");
  ensure(config.max_n > 0 || config.min_n == 0, "model.min_n = ", config.min_n,
         " does nothing while model.max_n = 0; set model.max_n to the longest n-gram, or leave both out");
  const auto words = static_cast<std::size_t>(words_);

  shares_.assign(words, 0);
  noise_.assign(words, 0);
  double total = 0, noise_total = 0;
  for (std::size_t w = 1; w < words; ++w) {
    ensure(data.token_counts[w] > 0, "word2vec: word ", data.tokens[w], " has a count of ", data.token_counts[w]);
    shares_[w] = static_cast<double>(data.token_counts[w]);
    noise_[w] = std::pow(shares_[w], 0.75);
    total += shares_[w];
    noise_total += noise_[w];
  }
  keep_.assign(words, 0);
  for (std::size_t w = 1; w < words; ++w) {
    shares_[w] /= total;
    noise_[w] /= noise_total;
    const double ratio = config.subsample / shares_[w];
    const double keep = config.subsample > 0 ? std::min(1.0, std::sqrt(ratio) + ratio) : 1;
    keep_[w] = static_cast<std::uint32_t>(keep * std::numeric_limits<std::uint32_t>::max());
  }
  double kept = 0;
  for (std::size_t w = 0; w < words; ++w) kept += shares_[w] * keep_[w] / std::numeric_limits<std::uint32_t>::max();
  const double inputs = config.method == Word2VecMethod::cbow ? 1 : static_cast<double>(config.window + 1);
  token_flops_ = kept * static_cast<double>(config.n_embd) * inputs * 6 * static_cast<double>(config.negatives + 1);

  // Walker's alias method: each of equally likely places is shared by two words.
  bound_.assign(words, std::numeric_limits<std::uint32_t>::max());
  alias_.resize(words);
  std::iota(alias_.begin(), alias_.end(), 0);
  std::vector<double> left = noise_;
  std::vector<std::int32_t> poor, rich;
  for (std::size_t w = 0; w < words; ++w) {
    left[w] *= static_cast<double>(words);
    (left[w] < 1 ? poor : rich).push_back(static_cast<std::int32_t>(w));
  }
  while (!poor.empty() && !rich.empty()) {
    const auto taker = static_cast<std::size_t>(poor.back()), giver = static_cast<std::size_t>(rich.back());
    poor.pop_back();
    bound_[taker] = static_cast<std::uint32_t>(left[taker] * std::numeric_limits<std::uint32_t>::max());
    alias_[taker] = static_cast<std::int32_t>(giver);
    left[giver] -= 1 - left[taker];
    if (left[giver] < 1) {
      rich.pop_back();
      poor.push_back(static_cast<std::int32_t>(giver));
    }
  }

  ngram_begins_.assign(words + 1, 0);
  for (std::size_t w = 1; w < words && config.max_n > 0; ++w) {
    for_ngrams(data.tokens[w], config.min_n, config.max_n, [&](const std::string& ngram) {
      const auto row = static_cast<std::int32_t>(words + ngram_ids_.size());
      ngram_rows_.push_back(ngram_ids_.try_emplace(ngram, row).first->second);
    });
    ngram_begins_[w + 1] = ngram_rows_.size();
  }
  ngrams_ = std::ssize(ngram_ids_);

  const double bound = 0.5 / static_cast<double>(config.n_embd);
  word_embedding.weight = init.uniform({words_, config.n_embd}, bound, Role::table);
  if (ngrams_ > 0) ngram_embedding.weight = init.uniform({ngrams_, config.n_embd}, bound, Role::table);
  output_embedding.weight = init.full({words_, config.n_embd}, 0, Role::table);
}

void Word2Vec::for_windows(const Batch& batch, index_t row, const Rng& rng, const OnWindow& on_window) const {
  Draws draws(rng);
  std::vector<std::int32_t> text, near, outputs;
  const index_t length = batch.inputs.size(1);
  for (index_t t = row * length; t < (row + 1) * length; ++t) {
    const std::int32_t word = batch.inputs[t];
    if (batch.targets[t] == kIgnore || word == 0) continue;
    if (draws.next() <= keep_[static_cast<std::size_t>(word)]) text.push_back(word);
  }
  const index_t count = std::ssize(text);
  for (index_t at = 0; at < count; ++at) {
    const index_t reach = 1 + draws.below(config_.window);
    const auto from = text.begin() + std::max<index_t>(0, at - reach),
               to = text.begin() + std::min(count, at + reach + 1);
    near.assign(from, text.begin() + at);
    near.insert(near.end(), text.begin() + at + 1, to);
    if (near.empty()) continue;
    outputs.assign(1, text[static_cast<std::size_t>(at)]);
    for (index_t n = 0; n < config_.negatives; ++n) {
      const std::uint64_t draw = draws.spread(words_);
      auto drawn = static_cast<std::int32_t>(draw >> 32U);
      if (static_cast<std::uint32_t>(draw) > bound_[static_cast<std::size_t>(drawn)])
        drawn = alias_[static_cast<std::size_t>(drawn)];
      if (drawn != outputs[0] && drawn != 0) outputs.push_back(drawn);
    }
    on_window(near, outputs);
  }
}

LossSum Word2Vec::loss_sum(const Batch& batch, const Rng& rng) { return run(batch, 0, rng); }

Loss Word2Vec::loss(const Batch& batch, index_t divisor, Context& context) {
  const LossSum sum = loss_sum(batch, context.next_rng());
  return {Tensor::scalar(static_cast<real>(sum.nats / static_cast<double>(divisor))), sum.count};
}

double Word2Vec::working_bytes(index_t rows) const {
  std::size_t bytes = static_cast<std::size_t>(table_rows()) *
                      (sizeof(RowStats) + static_cast<std::size_t>(threads()) * sizeof(std::int32_t));
  for (const Replica& replica : std::span(replicas_).first(std::min(replicas_.size(), static_cast<std::size_t>(rows))))
    bytes += replica.rows.capacity() * sizeof(replica.rows[0]) +
             (replica.values.capacity() + replica.curvature.capacity()) * sizeof(real);
  return static_cast<double>(bytes);
}

Tensor Word2Vec::token_vectors() {
  if (ngrams_ == 0) return word_embedding.weight.detach();
  const index_t width = config_.n_embd;
  Tensor vectors = word_embedding.weight.clone();
  parallel_rows(words_, width, [&, out = vectors.mutable_data()](index_t word) {
    real* const to = out + word * width;
    const auto ngrams = ngrams_of(static_cast<std::int32_t>(word));
    for (const std::int32_t row : ngrams) {
      const real* const from = table_row(row);
      for (index_t d = 0; d < width; ++d) to[d] += from[d];
    }
    const real scale = scale_of(ngrams.size() + 1);
    for (index_t d = 0; d < width; ++d) to[d] *= scale;
  });
  return vectors;
}

std::vector<real> Word2Vec::vector_of(const std::string& word) const {
  std::vector<real> sum;
  std::size_t rows = 0;
  for_ngrams(word, config_.min_n, config_.max_n, [&](const std::string& ngram) {
    const auto found = ngram_ids_.find(ngram);
    if (found == ngram_ids_.end()) return;
    sum.resize(static_cast<std::size_t>(config_.n_embd));
    const real* const row = table_row(found->second);
    for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += row[d];
    ++rows;
  });
  for (real& x : sum) x *= scale_of(rows);
  return sum;
}

std::pair<double, double> Word2Vec::expected() const {
  // The best that a score of the word alone can do: log(share / drawn share), where drawn words that are the true one
  // are left out.
  std::vector<double> kept(shares_.size());
  double total = 0, all_drawn = 0, loss = 0;
  for (std::size_t w = 0; w < kept.size(); ++w) {
    kept[w] = shares_[w] * keep_[w];
    total += kept[w];
  }
  for (std::size_t w = 0; w < kept.size(); ++w) {
    const double share = kept[w] / total;
    const double drawn = static_cast<double>(config_.negatives) * noise_[w] * (1 - share);
    all_drawn += drawn;
    if (share > 0) loss -= share * std::log(share / (share + drawn));
    if (drawn > 0) loss -= drawn * std::log(drawn / (share + drawn));
  }
  return {all_drawn, loss};
}

double Word2Vec::untrained_loss() const { return (1 + expected().first) * std::numbers::ln2; }
double Word2Vec::frequency_loss() const { return expected().second; }

double Word2Vec::flops(const Batch& batch) { return static_cast<double>(batch.inputs.numel()) * token_flops_; }

}  // namespace heddle
