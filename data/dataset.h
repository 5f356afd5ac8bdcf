#pragma once

#include <boost/serialization/nvp.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/split.h"
#include "data/tokenizer/config.h"
#include "framework/keys.h"
#include "framework/rng.h"

namespace heddle {

/// What of a dataset a checkpoint keeps, so that a model can be used where its data is not, and is shown other data as
/// it was shown its own. Each kind of data fills what it has.
struct DataState {
  TokenizerState tokenizer{};               ///< no kind: there is none
  std::vector<std::string> labels{};        ///< names of the classes
  std::vector<std::int64_t> features{};     ///< sizes of one row of numbers
  std::vector<double> mean{}, deviation{};  ///< of the training rows, by which numbers are standardized

  DataSpec spec() const;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(tokenizer) & BOOST_SERIALIZATION_NVP(labels) & BOOST_SERIALIZATION_NVP(features);
    ar& BOOST_SERIALIZATION_NVP(mean) & BOOST_SERIALIZATION_NVP(deviation);
  }
};

/// Examples to train on and to be judged by. Reading is thread-safe and changes nothing.
class Dataset {
 public:
  virtual ~Dataset() = default;

  /// Examples of a split, each of which an evaluation sees once; 0: there is no such split.
  virtual index_t size(Split split) const = 0;
  /// Places where an example may begin, which training at random draws from: those of text overlap.
  virtual index_t places(Split split) const { return size(split); }
  /// The place of an example.
  virtual index_t place(index_t example) const { return example; }
  /// How long the example at a place is, so that those of like length can share a batch.
  virtual index_t length(Split, index_t /*place*/) const { return 1; }
  /// A row for each of the places.
  virtual Batch get(Split split, std::span<const index_t> places) const = 0;

  /// Changes training examples as it pleases without changing what they show (shifts and mirrors images, ...). Random
  /// numbers go by the number of each row: batch.first_row and those after it.
  virtual void augment(Batch& /*batch*/, const Rng& /*rng*/) const {}

  virtual const DataState& state() const = 0;
  /// Of all that was read: a resumed run checks that it is the same.
  virtual std::uint64_t fingerprint() const = 0;
  /// A line for the log: what it is, and how much of it.
  virtual std::string describe() const = 0;
  /// What reading it left out, guessed or changed, a line each.
  virtual std::vector<std::string> notices() const { return {}; }
  /// Keeps in the run's folder what took long to make, for the next load. Errors: as save_file.
  virtual void keep_in(const std::filesystem::path& /*folder*/) {}
};

/// Told what is being done with the data, and how many of its bytes are done.
using Progress = std::function<void(const char* what, std::uint64_t bytes, std::uint64_t of)>;

/// What loading may use beside its own settings.
struct LoadOptions {
  std::uint64_t seed = 1;            ///< of built-in data
  index_t block_size = 0;            ///< length of an example, where the model has one
  const DataState* known = nullptr;  ///< of the data that the model was trained on: it stays so
  std::filesystem::path cache{};     ///< folder that a dataset was kept in
  Progress progress{};
  /// Of the run that a new one begins with, where known is null: text is read with its tokenizer, but for tokens that
  /// are encoded already, and rows of the same features are standardized as its were. Null: there is none.
  const DataState* start = nullptr;
};

/// The tokenizer of text that is not to be trained: of `options`, the known one or that of another run, else the one in
/// config.file; null: there is none. What the settings say in vain goes to `notices`. Errors: those of from_file; a
/// known state without a tokenizer; a special token of the settings that the other run's tokenizer lacks.
std::shared_ptr<const Tokenizer> given_tokenizer(const TokenizerConfig& config, const LoadOptions& options,
                                                 std::vector<std::string>& notices);

/// Gives a state that has its features the mean and deviation of the run that a new one begins with, if its rows have
/// the same features; else false: they are to be measured.
bool take_standardization(const LoadOptions& options, DataState& state);

/// Examples that are to be told a class: a dataset's test split, in which what is said of their classes means nothing;
/// and what each is called: a file, a line of one, or a text itself.
struct Examples {
  std::vector<std::string> names;
  std::unique_ptr<Dataset> dataset;
};

/// The settings of one kind of data: the config's [data] section.
class DataConfig {
 public:
  virtual ~DataConfig() = default;
  /// Where the data lies and how it is divided: the same for every kind.
  SplitConfig split;
  /// The kind's own keys.
  virtual std::vector<Key> keys() = 0;
  /// Errors: those of reading; a split that the examples do not fill; data that does not fit `options.known`.
  virtual std::unique_ptr<Dataset> load(const LoadOptions& options) const = 0;
  /// What files, and texts, hold, without a class, as the model was shown its own: `options.known` says how that was.
  /// Errors: those of reading; a kind of data without such files, or without texts.
  virtual Examples examples(const std::vector<std::string>& files, const std::vector<std::string>& texts,
                            const LoadOptions& options) const;
};

}  // namespace heddle
