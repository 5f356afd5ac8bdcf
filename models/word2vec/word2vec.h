#pragma once

#include <array>
#include <cmath>
#include <functional>
#include <span>
#include <unordered_map>

#include "framework/nn/layers.h"
#include "models/model.h"

namespace heddle {

/// What word vectors are trained by.
struct Word2VecConfig final : ModelConfig {
  std::string method = "skipgram";
  std::int64_t n_embd = 100, window = 5, negatives = 5, min_n = 0, max_n = 0, piece = 512;
  double subsample = 1e-4;

  std::vector<Key> keys() override;
  index_t block_size() const override { return piece; }
  std::unique_ptr<Model> build(const Vocabulary& vocabulary, const Rng& rng) const override;
};

/// word2vec: a vector for each word, trained to tell the words around it from words drawn at random (Mikolov et al.,
/// "Distributed Representations of Words and Phrases and their Compositionality", 2013).
///
/// The loss of an input vector x and a word w is
///
///   -log sigmoid(x . y_w) - sum over `negatives` drawn words n of log sigmoid(-x . y_n)
///
/// With skip-gram each word within the window of w gives an x, with CBOW all of them together give one. The window
/// reaches 1 .. `window` words to either side, drawn for each w. Of a word with share f of the text the share
/// min(1, sqrt(s / f) + s / f) is kept, s = `subsample`. Words are drawn in proportion to count^(3/4); all inputs of a
/// window share those drawn for it, so that scores and gradients are small matrix products (Ji et al., "Parallelizing
/// Word2Vec in Shared and Distributed Memory", 2016).
///
/// An input vector is the sum of n rows over sqrt(n). They are the rows of its words and, where max_n > 0, of the
/// words' character n-grams, min_n to max_n long, of "<word>" (Bojanowski et al., "Enriching Word Vectors with Subword
/// Information", 2017); there is a row for each n-gram of the vocabulary, without hashing. Words of more than a
/// hundred characters have none.
///
/// It trains itself, by gradient descent in text order. A row of a batch is worked through by itself, on copies of the
/// vectors that it meets; afterwards the changes that all rows made to a vector are added, in the order of the rows. So
/// the result does not depend on the number of threads. Where the loss is so stiff along a vector that the sum would
/// overshoot, as along those of the most frequent words and n-grams, it is weighted down, at most to the mean.
class Word2Vec final : public Model {
 public:
  /// Errors: a vocabulary without counts, or of fewer than two words; lengths of n-grams that do not fit.
  Word2Vec(const Word2VecConfig& config, const Vocabulary& vocabulary, const Rng& rng);

  /// Errors: always; word vectors score no next token.
  Tensor logits(const IdTensor& inputs, Context& context) override;
  /// Of all (input, word) pairs of the batch; random numbers come from the context's.
  LossSum loss_sum(const Batch& batch, Context& context) override;
  std::vector<NamedTensor> named_parameters() override { return heddle::named_parameters(*this); }
  index_t block_size() const override { return config_.piece; }
  /// Of the products alone, for an average word of the text.
  double flops_per_token() override;
  bool predicts_next_token() const override { return false; }
  bool trains_itself() const override { return true; }
  double update(const Batch& batch, double lr, const Rng& rng) override;
  double working_bytes() const override;
  Tensor token_vectors() override;
  /// The sum of those of its n-grams that the vocabulary has.
  std::vector<real> vector_of(const std::string& word) const override;
  std::vector<Yardstick> yardsticks() const override;

  /// Told of a window: the words around a word; the word itself, and after it those drawn.
  using OnWindow = std::function<void(std::span<const std::int32_t> near, std::span<const std::int32_t> outputs)>;
  /// The windows that row `row` of a batch is worked through in.
  void for_windows(const Batch& batch, index_t row, const Rng& rng, const OnWindow& on_window) const;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(word_embedding) & BOOST_SERIALIZATION_NVP(ngram_embedding);
    ar& BOOST_SERIALIZATION_NVP(output_embedding);
  }
  Embedding word_embedding, ngram_embedding, output_embedding;

 private:
  class Worker;
  /// Of the tables, row by row in turns: each is merged by itself.
  static constexpr index_t kParts = 16;
  /// A row of the batch while it is worked through: the vectors that it met, as they are and later how they changed.
  struct Lane {
    std::vector<std::int32_t> rows;
    std::vector<std::int32_t> parts;             ///< places in `rows`, those of each part of the tables together,
    std::array<std::size_t, kParts + 1> begins;  ///< and where they begin in it
    std::vector<real> values;                    ///< of each of `rows`, padded with zeros
    std::vector<real> stiffness;                 ///< of each: lr times a bound on the loss's curvature along it
    LossSum losses;
  };

  /// Works through all rows of a batch, and moves the vectors unless lr is 0.
  LossSum run(const Batch& batch, real lr, const Rng& rng);
  /// Adds the changes of the first `lanes` lanes to the tables.
  void merge(index_t lanes);
  /// What the sum of an input's rows is multiplied with.
  static real scale_of(std::size_t rows) { return 1 / std::sqrt(static_cast<real>(rows)); }
  /// Row number `row` of the three tables, one after another.
  real* table_row(index_t row);
  const real* table_row(index_t row) const { return const_cast<Word2Vec*>(this)->table_row(row); }
  index_t table_rows() const { return 2 * words_ + ngrams_; }
  /// The n-grams of a word of the vocabulary, as rows of the tables.
  std::span<const std::int32_t> ngrams_of(std::int32_t word) const {
    const auto begin = ngram_begins_[static_cast<std::size_t>(word)];
    return std::span(ngram_rows_).subspan(begin, ngram_begins_[static_cast<std::size_t>(word) + 1] - begin);
  }

  Word2VecConfig config_;
  index_t words_, ngrams_ = 0;
  std::vector<double> shares_;             ///< of each word in the text; 0: none, or it stands for unknown ones
  std::vector<double> noise_;              ///< how often each is drawn
  std::vector<std::uint32_t> keep_;        ///< of 2^32 random numbers how many keep it
  std::vector<std::uint32_t> bound_;       ///< alias method: below it a draw stays,
  std::vector<std::int32_t> alias_;        ///< else it goes there
  std::vector<std::size_t> ngram_begins_;  ///< in ngram_rows_, of each word
  std::vector<std::int32_t> ngram_rows_;
  std::unordered_map<std::string, std::int32_t> ngram_ids_;  ///< n-grams' rows of the tables
  struct Met {
    real stiffness = 0;
    std::int32_t lanes = 0;
  };
  std::vector<Met> met_;     ///< of each row of the tables, by all lanes together; zero between steps
  std::vector<Lane> lanes_;  ///< kept for their memory
  std::vector<std::vector<std::int32_t>> places_;  ///< of each thread: where in its lane a row lies, or -1
};

}  // namespace heddle
