#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/tokenizer/config.h"

namespace heddle {

/// Texts, or pairs of texts, each of a class.
struct LabelledTexts {
  std::vector<std::vector<std::string>> texts;  ///< of each example, one or two
  std::vector<std::string> classes;             ///< the name of each one's

  std::int64_t count() const { return std::ssize(classes); }
};

/// Texts of a class each. An example is [CLS] a [SEP], or of a pair [CLS] a [SEP] b [SEP], the part behind the first
/// [SEP] being segment 1. A batch has inputs, segments and mask [B, T], T the longest's length, and targets [B].
class LabelledTextDataset final : public Dataset {
 public:
  /// `texts` lie as `ranges` has it, and `classes` are the number of each one's among `labels`. Examples longer than
  /// block_size (0: of any length) are cut, of a pair the longer text first. What a text spells out is text: no special
  /// tokens are found in it. Errors: a vocabulary without [CLS] and [SEP]; a block_size that has room for no text.
  LabelledTextDataset(std::string name, LabelledTexts texts, std::vector<std::int32_t> classes, const Ranges& ranges,
                      std::vector<std::string> labels, std::shared_ptr<const Tokenizer> tokenizer, index_t block_size);

  index_t size(Split split) const override { return range(split).size(); }
  index_t length(Split split, index_t place) const override { return std::ssize(examples_[at(split, place)].tokens); }
  Batch get(Split split, std::span<const index_t> places) const override;
  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override;
  std::string describe() const override;
  std::vector<std::string> notices() const override { return notices_; }

  /// An example's texts and class, as they were read.
  const std::vector<std::string>& texts(Split split, index_t place) const { return texts_.texts[at(split, place)]; }
  std::int32_t class_of(Split split, index_t place) const { return classes_[at(split, place)]; }

 private:
  friend struct LabelledTextConfig;
  struct Example {
    Tokenizer::Ids tokens;
    std::size_t second = 0;  ///< where segment 1 begins
  };
  const Range& range(Split split) const { return ranges_[static_cast<std::size_t>(split)]; }
  /// Errors: no such place.
  std::size_t at(Split split, index_t place) const;
  void encode(const Tokenizer& tokenizer, index_t block_size);

  std::string name_;
  LabelledTexts texts_;
  std::vector<std::int32_t> classes_;
  Ranges ranges_;
  std::vector<Example> examples_;
  DataState state_;
  std::vector<std::string> notices_;
};

/// The [data] section of texts that have a class: files of columns (see for_rows).
struct LabelledTextConfig final : DataConfig {
  LabelledTextConfig() {
    tokenizer.kind = "bpe";
    tokenizer.specials = {kClassToken, kSeparatorToken, kMaskToken};
  }
  std::vector<std::string> text = {"1"};
  std::string label = "2";
  bool header = false;
  TokenizerConfig tokenizer;

  std::vector<Key> keys() override;
  /// Texts are encoded with the known tokenizer, or with the one in tokenizer.file, or with one that is trained on the
  /// training texts. Errors: those of for_rows and find_column; a row without a text, a class or one of the columns, or
  /// that is not UTF-8; those of number_classes and LabelledTextDataset; a split without a row.
  std::unique_ptr<Dataset> load(const LoadOptions& options) const override;
  /// Rows of files, whose column of the class, if there is one, is passed over; and texts. Errors: as load; a text by
  /// itself where examples are pairs.
  Examples examples(const std::vector<std::string>& files, const std::vector<std::string>& texts,
                    const LoadOptions& options) const override;
};

}  // namespace heddle
