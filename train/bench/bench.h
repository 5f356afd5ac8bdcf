#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/text/text_source.h"
#include "framework/gemm.h"
#include "train/analysis/words/word_space.h"
#include "train/log/progress.h"
#include "train/run/experiment.h"
#include "train/run/trainer.h"

namespace heddle {

/// The most memory that this process ever held, in bytes.
double peak_memory();
double median(std::vector<double> values);
/// GFLOP/s of a large matrix product, the best of several: what this machine can do at most in this moment.
double measure_limit(Precision precision);
/// Bytes a second that all threads together read from memory, the best of several: the limit of what reads more than it
/// computes.
double measure_bandwidth();
/// What a benchmark of a config works on.
struct Workload {
  /// Reads the config at `path`, sets threads, reads the data and builds the model.
  Workload(const std::string& path, const std::vector<std::string>& assignments);
  std::unique_ptr<Experiment> experiment;
  std::unique_ptr<Dataset> dataset;
  std::unique_ptr<Model> model;
  std::unique_ptr<Learner> learner;
};

/// Numbers of threads to compare, from "1,2,4"; none if it is empty: as many as the config has set then. Errors
/// (UsageError): anything else.
std::vector<int> thread_counts(const std::string& command, const std::string& text);
/// Training steps that were measured with one number of threads.
struct StepTimes {
  int threads;
  std::vector<double> seconds{};  ///< of each step
  std::vector<double> limits{};   ///< GFLOP/s of a large product in each process, all together, around the steps
  std::size_t requests = 0;       ///< for memory, to the system
  double inputs = 0, flops = 0;   ///< of a step

  double step() const { return median(seconds); }
  double limit() const { return median(limits); }  ///< GFLOP/s
  double rate() const { return inputs / step(); }  ///< inputs a second
  double gflops() const { return flops / step() / 1e9; }
};
/// `steps` steps with each number of threads in each process, in turns, after some to warm up, at whose end `warm` is
/// called.
std::vector<StepTimes> measure_steps(Trainer& trainer, const std::vector<int>& threads, bool pinned, index_t steps,
                                     const std::function<void()>& warm = {});

/// How fast one kind of product of a linear layer [in] -> [out] is over `rows` rows.
struct ProductSpeed {
  Precision precision;
  const char* product;  ///< "y = x w^T"
  index_t rows, out, in;
  double gflops, limit;  ///< and of a large product, in the same moment
};
/// The three products that training a weight [out, in] takes.
std::vector<ProductSpeed> measure_products(index_t rows, index_t out, index_t in, Precision precision);

/// What is written in `bench generate`.
struct WritingOptions {
  std::int64_t tokens = 100, prompt_length = 32, batch = 1;
  Precision precision = Precision::bf16;

  std::vector<Key> keys();
};
/// How fast a model writes.
struct WritingSpeed {
  index_t batch;                   ///< prompts continued together
  double first_token, next_token;  ///< seconds: of the prompts and their first tokens, and of each one after
  double weight_bytes;             ///< that are read for each
  double bandwidth;                ///< bytes a second that memory is read with, in the same run

  double tokens_per_second() const { return static_cast<double>(batch) / next_token; }
  double bytes_per_second() const { return weight_bytes / next_token; }
};
/// Rounds the model's weights to `options.precision`. Errors: a model that does not write.
WritingSpeed measure_writing(Model& model, const WritingOptions& options);

/// Forward passes with a capture that keeps what is wanted.
struct CaptureTime {
  const char* name;
  std::vector<std::string> wanted;  ///< patterns
  std::vector<double> seconds{};    ///< of each pass
};
/// The first has no capture at all, the second one that is asked for nothing; passes of each, in turns.
std::vector<CaptureTime> measure_capture(Model& model, const Batch& batch, index_t passes);

/// How fast byte-pair encoding is.
struct TokenizerSpeed {
  int threads;
  double text_bytes, train_seconds, train_peak_bytes;
  std::size_t trained;                ///< tokens of the trained vocabulary
  double read_bytes;                  ///< of the text that was encoded
  double parallel, serial, decoding;  ///< seconds: to encode that on all threads and on one, and to decode it
  std::size_t tokens;                 ///< that it makes
  std::size_t hard_bytes;             ///< of each text that is hard to encode
  std::vector<std::pair<std::string, double>> hard;  ///< each, and its time beside that of as much of the text
};
/// Trains a vocabulary on the texts and encodes them with it, or with `tokenizer` if it is not null.
TokenizerSpeed measure_tokenizer(TextSource& source, std::int64_t vocab_size,
                                 std::shared_ptr<const Tokenizer> tokenizer);

/// Seconds of t-SNE with each number of threads, by all pairs or by Barnes and Hut.
struct TsneTimes {
  bool exact;
  index_t words, dimensions;
  std::vector<double> seconds;
};
/// Of the first `words` words of a space.
TsneTimes measure_tsne(const WordSpace& space, index_t words, bool exact, const std::vector<int>& threads, bool pinned);

}  // namespace heddle
