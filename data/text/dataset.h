#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/text/text_source.h"
#include "data/text/token_file.h"
#include "data/tokenizer/config.h"

namespace heddle {

/// The names of the files that keep a run's tokens in its folder: of data.path, and of files for validation and test
/// alone. They are read again while text and tokenizer are the same.
inline constexpr std::array<const char*, 3> kTokenCache = {"tokens.h5", "tokens_val.h5", "tokens_test.h5"};

/// How much text the tokens of a split stand for; NaN where they do not tell.
struct TextSize {
  double characters = 0;  ///< Unicode code points
  double bytes = 0;
};

/// Text as tokens. An example is a window of block_size tokens with those that follow; side by side they predict every
/// token after the first once. The last window of a split is filled up with inputs of 0 and targets of kIgnore.
class TextDataset final : public Dataset {
 public:
  /// `texts` are the tokens of the splits that have files of their own, and those of `path`, which are divided.
  /// Errors: a part, but for a test part without tokens, that holds no window of block_size tokens and the one after
  /// it.
  TextDataset(const SplitConfig& split, std::shared_ptr<const Tokenizer> tokenizer, std::array<TokenText, 3> texts,
              index_t block_size);

  index_t size(Split split) const override;
  index_t places(Split split) const override;
  index_t place(index_t example) const override { return example * block_size_; }
  index_t length(Split, index_t) const override { return block_size_; }
  Batch get(Split split, std::span<const index_t> places) const override;
  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override;
  std::string describe() const override;
  std::vector<std::string> notices() const override { return notices_; }
  /// Writes the tokens into `folder`, as tokens.h5 (those of files for validation or test alone, as tokens_val.h5 and
  /// tokens_test.h5).
  void keep_in(const std::filesystem::path& folder) override;

  const Tokens& tokens(Split split) const { return parts_[static_cast<std::size_t>(split)]; }
  const std::shared_ptr<const Tokenizer>& tokenizer() const { return tokenizer_; }
  TextSize text_size(Split split) const;

 private:
  friend struct TextConfig;

  std::string name_;      ///< the paths, as they were given
  std::string held_out_;  ///< what validates, for people
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::array<TokenText, 3> texts_;
  std::array<Tokens, 3> parts_;
  std::array<bool, 3> kept_{true, true, true};  ///< the tokens are in a file already
  index_t block_size_;
  DataState state_;
  std::vector<std::string> notices_;
};

/// The [data] section of text: files, folders, a token file, or builtin:kingdom.
struct TextConfig final : DataConfig {
  TextConfig() { split.path = {"builtin:kingdom"}; }
  TokenizerConfig tokenizer;
  std::string separator = "line";
  std::int64_t size = 2000000;

  std::vector<Key> keys() override;
  /// What stands between files.
  Separator between() const;
  /// The tokens at the paths: of a token file; or of texts (see TextSource), encoded with the given tokenizer (see
  /// given_tokenizer), or with one that is trained (a kind that can encode what it has not seen learns from the
  /// training part alone). Tokens of a text that lie in options.cache are taken, if text and tokenizer are the same.
  /// Errors: those of reading; text that the tokenizer cannot encode; another tokenizer than the token file's; those of
  /// TextDataset.
  std::unique_ptr<Dataset> load(const LoadOptions& options) const override;
};

}  // namespace heddle
