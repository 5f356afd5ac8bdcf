#pragma once

#include <array>
#include <cmath>
#include <functional>
#include <span>
#include <unordered_map>

#include "framework/nn/layers.h"
#include "models/capabilities.h"

namespace heddle {

/// A sum of losses in nats, and how many they are.
struct LossSum {
  double nats = 0;
  index_t count = 0;
};

/// What a word is told by: each word around it, or all of them together.
enum class Word2VecMethod { skipgram, cbow };
constexpr auto names_of(Word2VecMethod) {
  return std::array{Named{Word2VecMethod::skipgram, "skipgram"}, Named{Word2VecMethod::cbow, "cbow"}};
}

/// What word vectors are trained by.
struct Word2VecConfig final : ModelConfig {
  Word2VecMethod method = Word2VecMethod::skipgram;
  std::int64_t n_embd = 100, window = 5, negatives = 5, min_n = 0, max_n = 0, context = 512;
  double subsample = 1e-4;

  std::vector<Key> keys() override;
  index_t block_size() const override { return context; }
  std::unique_ptr<Model> build(const DataSpec& data, Initializer init) const override;
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
/// It learns by a rule of its own: SGD in the order of the text. Each row of a batch learns on a replica, its own
/// copies of the vectors that it reads; afterwards the changes of all replicas to a vector are added, in the order of
/// the rows, so the result does not depend on the number of threads. Where the sum would overshoot, as along the
/// vectors of the most frequent words and n-grams, it is multiplied by min(1, max(1 / replicas, 1 / curvature)): never
/// less than the mean, and so small that lr times an upper bound on the loss's curvature along the vector stays
/// below 1.
class Word2Vec final : public Model, public WordTable {
 public:
  /// Errors: a vocabulary without counts, or of fewer than two words; lengths of n-grams that do not fit.
  Word2Vec(const Word2VecConfig& config, const DataSpec& data, Initializer init);

  /// Of all (input, word) pairs of the batch; random numbers come from the context's.
  Loss loss(const Batch& batch, index_t divisor, Context& context) override;
  /// The same in double: nats of all pairs together, and how many they are.
  LossSum loss_sum(const Batch& batch, const Rng& rng);
  std::vector<NamedParameter> named_parameters() override { return heddle::named_parameters(*this); }
  /// Of the products alone, for average words of the text.
  double flops(const Batch& batch) override;
  /// One step of descent by the model's own rule; the losses before it. A pure function of the vectors and the
  /// arguments; where the losses are not finite nothing is moved. Of several ranks all make it together.
  LossSum update(const Batch& batch, double lr, const Rng& rng);
  /// What updates sent to other ranks so far, and how long that took.
  double sent_bytes() const { return sent_bytes_; }
  double sent_seconds() const { return sent_seconds_; }
  /// Bytes that steps of `rows` rows take beside the vectors, by what the largest batch so far took.
  double working_bytes(index_t rows) const;
  Tensor token_vectors() override;
  /// The sum of those of its n-grams that the vocabulary has.
  std::vector<real> vector_of(const std::string& word) const override;
  /// The losses a pair that are reached without training: of vectors that tell nothing, and of words' frequencies
  /// alone.
  double untrained_loss() const;
  double frequency_loss() const;

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
  /// A row's local copies of the vectors that it reads: first as they are, later how they changed.
  struct Replica {
    std::vector<std::int32_t> rows;
    std::vector<std::int32_t> parts;             ///< indices of `rows`, those of each partition of the tables together,
    std::array<std::size_t, kParts + 1> begins;  ///< and where they begin in it
    std::vector<real> values;                    ///< of each of `rows`, padded with zeros
    std::vector<real> curvature;                 ///< of each: lr times a bound on the loss's curvature along it
    LossSum losses;
    /// Sorts the indices of rows by their part of the tables.
    void sort_into_parts();
  };

  /// Of the words that are drawn beside a pair's: how many that count, and the loss of frequencies alone.
  std::pair<double, double> expected() const;
  /// Works through all rows of a batch; unless lr is 0, moves the vectors, and ranks share out the rows.
  LossSum run(const Batch& batch, real lr, const Rng& rng);
  /// Gives every rank the replicas that the others have worked through, of a batch of `rows` rows.
  void share_replicas(index_t rows);
  /// Adds the changes of the first `replicas` replicas to the tables.
  void merge(index_t replicas);
  /// What the sum of an input's rows is multiplied with.
  static real scale_of(std::size_t rows) { return 1 / std::sqrt(static_cast<real>(rows)); }
  /// The three tables as one, row after row: word vectors, vectors of n-grams, output vectors.
  template <class Number>
  struct Tables {
    Number *words, *ngrams, *outputs;
    index_t word_rows, ngram_rows, width;
    Number* row(index_t row) const {
      if (row < word_rows) return words + row * width;
      row -= word_rows;
      return row < ngram_rows ? ngrams + row * width : outputs + (row - ngram_rows) * width;
    }
  };
  const real* table_row(index_t row) const {
    return Tables<const real>{word_embedding.weight.data(),
                              ngram_embedding.weight.data(),
                              output_embedding.weight.data(),
                              words_,
                              ngrams_,
                              config_.n_embd}
        .row(row);
  }
  index_t table_rows() const { return 2 * words_ + ngrams_; }
  /// The n-grams of a word of the vocabulary, as rows of the tables.
  std::span<const std::int32_t> ngrams_of(std::int32_t word) const {
    const auto begin = ngram_begins_[static_cast<std::size_t>(word)];
    return std::span(ngram_rows_).subspan(begin, ngram_begins_[static_cast<std::size_t>(word) + 1] - begin);
  }

  Word2VecConfig config_;
  double sent_bytes_ = 0, sent_seconds_ = 0;
  double token_flops_ = 0;
  index_t words_, ngrams_ = 0;
  std::vector<double> shares_;             ///< of each word in the text; 0: none, or it stands for unknown ones
  std::vector<double> noise_;              ///< how often each is drawn
  std::vector<std::uint32_t> keep_;        ///< of 2^32 random numbers how many keep it
  std::vector<std::uint32_t> bound_;       ///< alias method: below it a draw stays,
  std::vector<std::int32_t> alias_;        ///< else it goes there
  std::vector<std::size_t> ngram_begins_;  ///< in ngram_rows_, of each word
  std::vector<std::int32_t> ngram_rows_;
  std::unordered_map<std::string, std::int32_t> ngram_ids_;  ///< n-grams' rows of the tables
  struct RowStats {
    real curvature = 0;
    std::int32_t replicas = 0;
  };
  std::vector<RowStats> row_stats_;  ///< of each row of the tables, by all replicas together; zero between steps
  std::vector<Replica> replicas_;    ///< kept for their memory
  std::vector<std::vector<std::int32_t>> places_;  ///< of each thread: where in its replica a row lies, or -1
};

}  // namespace heddle
