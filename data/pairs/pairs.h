#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/pairs/pair_files.h"
#include "data/tokenizer/config.h"

namespace heddle {

/// The special tokens that begin and end a sentence.
struct SentenceEnds {
  std::int32_t begin, end;  ///< <s>, </s>
};
/// Errors: a vocabulary of which they are no special tokens.
SentenceEnds sentence_ends(const TokenizerState& tokenizer);

/// The tokens of each sentence, without those ends; what a sentence spells out is text like any other. A sentence that
/// has more than block_size tokens with one end is cut to as many (0: none is), and counted in `cut`.
std::vector<Tokenizer::Ids> encode_sentences(const Tokenizer& tokenizer, std::span<const std::string> sentences,
                                             index_t block_size, index_t& cut);
/// The side of a batch that sentences are translated from: source and source_mask [B, S], each row's tokens with the
/// end behind them.
void set_source(Batch& batch, std::vector<Tokenizer::Ids> sentences, SentenceEnds ends);

/// Pairs of sentences, the second to be made from the first. An example is a pair: of a batch, source is the one with
/// </s> behind it, inputs the other with <s> before it, and targets the other with </s> behind it, kIgnore where inputs
/// are padding.
class PairsDataset final : public Dataset {
 public:
  /// `pairs` are those of each split. Errors: those of sentence_ends; a block_size of 1.
  PairsDataset(std::string name, std::array<SentencePairs, 3> pairs, std::shared_ptr<const Tokenizer> tokenizer,
               index_t block_size);

  index_t size(Split split) const override { return std::ssize(of(split).text.source); }
  /// Tokens of the longer side, with one end.
  index_t length(Split split, index_t place) const override;
  Batch get(Split split, std::span<const index_t> places) const override;
  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override;
  std::string describe() const override;
  std::vector<std::string> notices() const override { return notices_; }

  const std::string& source_text(Split split, index_t place) const;
  /// What a translation is compared with.
  const std::string& target_text(Split split, index_t place) const;
  const std::shared_ptr<const Tokenizer>& tokenizer() const { return tokenizer_; }
  SentenceEnds ends() const { return ends_; }

 private:
  friend struct PairsConfig;

  struct Part {
    SentencePairs text;
    std::vector<Tokenizer::Ids> source, target;
  };
  const Part& of(Split split) const { return parts_[static_cast<std::size_t>(split)]; }

  std::string name_;
  std::array<Part, 3> parts_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  SentenceEnds ends_;
  DataState state_;
  std::vector<std::string> notices_;
};

/// The [data] section of sentence pairs: files of two languages line by line, or tables with tabs between (PairFiles).
struct PairsConfig final : DataConfig {
  PairsConfig() { tokenizer.kind = "bpe"; }
  std::string source = "1", target = "2";
  TokenizerConfig tokenizer;

  std::vector<Key> keys() override;
  /// Both sides are encoded with the known tokenizer, or with the one in tokenizer.file, or with one that learns from
  /// both sides of the training pairs. A training pair with an empty side is left out; those that judge stay, so that
  /// their numbers are those of their lines. Errors: those of PairFiles, of the
  /// tokenizer and of PairsDataset; a training or validation split without a pair.
  std::unique_ptr<Dataset> load(const LoadOptions& options) const override;
};

}  // namespace heddle
