#pragma once

#include <algorithm>
#include <boost/serialization/nvp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/io/text_parts.h"
#include "data/tokenizer/special_tokens.h"
#include "framework/check.h"

namespace heddle {

constexpr std::size_t kMaxVocabulary = std::size_t{1} << 20U;

/// All that a tokenizer knows, in the form that checkpoints keep.
struct TokenizerState {
  std::string kind;
  std::vector<std::string> pieces{};     ///< the bytes of each token, by id; of an id that is not used, none
  std::string pattern{};                 ///< bpe: how text is cut before merging: a name, or tokenizer.json's steps
  std::vector<std::int32_t> merges{};    ///< bpe: left and right token of each merge, in their order
  std::vector<std::int32_t> specials{};  ///< tokens that are found only where they are allowed, such as [MASK]
  std::vector<std::int32_t> added{};     ///< bpe: tokens that are found everywhere, before merging
  bool whole_pieces = false;             ///< bpe: a piece that is a token is not merged, but that token
  std::vector<std::int64_t> counts{};    ///< word, letters: how often each token was seen when it was learned
  bool nfc = false;                      ///< bpe, word, letters: text is brought to Unicode's form C before it is cut
  /// bpe: of `specials` and `added` those that are found in the text in form C and after all others, that take the
  /// white space before or behind them, that are none within a word.
  std::vector<std::int32_t> normalized{}, lstrip{}, rstrip{}, single_word{};

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(kind) & BOOST_SERIALIZATION_NVP(pieces) & BOOST_SERIALIZATION_NVP(pattern);
    ar& BOOST_SERIALIZATION_NVP(merges) & BOOST_SERIALIZATION_NVP(specials) & BOOST_SERIALIZATION_NVP(added);
    ar& BOOST_SERIALIZATION_NVP(whole_pieces) & BOOST_SERIALIZATION_NVP(counts);
    ar& BOOST_SERIALIZATION_NVP(nfc) & BOOST_SERIALIZATION_NVP(normalized) & BOOST_SERIALIZATION_NVP(lstrip);
    ar& BOOST_SERIALIZATION_NVP(rstrip) & BOOST_SERIALIZATION_NVP(single_word);
  }
  friend bool operator==(const TokenizerState&, const TokenizerState&) = default;
};

/// By id, whether a token is one of `specials` or `added`.
std::vector<bool> find_special(const TokenizerState& state);

/// Whether special tokens that a text spells out are those tokens, or text like any other. Text from people who must
/// not be able to end a document is encoded with `plain`.
enum class Specials { plain, allowed };

/// Text to token ids and back. A new kind costs its two files and a row in tokenizer.cpp's table.
class Tokenizer {
 public:
  using Ids = std::vector<std::int32_t>;
  virtual ~Tokenizer() = default;

  /// The tokens of `text`; long texts are encoded in parallel, with the same result. Errors: text that has no tokens in
  /// this vocabulary, saying what and at which byte, counted from `begin`.
  Ids encode(std::string_view text, Specials specials = Specials::plain, std::uint64_t begin = 0) const;
  /// The text of `ids`. Errors: an id that is not used.
  std::string decode(std::span<const std::int32_t> ids) const;
  /// Appends what token `id` adds to a text whose last token is `before` (-1: it is the first).
  virtual void decode_next(std::string& text, std::int32_t before, std::int32_t id) const;
  /// At which byte of `text` each of its tokens `ids` begins.
  virtual std::vector<std::uint64_t> starts(std::string_view text, std::span<const std::int32_t> ids) const;
  /// Whether decode(encode(text)) is `text`.
  virtual bool lossless() const { return true; }
  /// The token that stands for all that has none of its own; none: whatever has none is refused.
  virtual std::optional<std::int32_t> unknown() const { return {}; }
  /// The first place in [from, to) where `text` may be cut and its parts encoded apart, with the same tokens; `to` if
  /// there is none. What the next lookahead() bytes are must be known.
  virtual std::size_t find_cut(std::string_view text, std::size_t from, std::size_t to, Specials specials) const = 0;
  std::size_t lookahead() const { return std::max(allowed_.first.longest(), allowed_.second.longest()) + 4; }

  /// The bytes of one token. Errors: an id that is not used.
  const std::string& piece(std::int32_t id) const;
  std::int64_t vocab_size() const { return static_cast<std::int64_t>(state_.pieces.size()); }
  const TokenizerState& state() const { return state_; }

 protected:
  /// Errors: a special token outside the vocabulary, given twice or not UTF-8.
  explicit Tokenizer(TokenizerState state);
  /// What is cut out of a text before the rest becomes tokens.
  const SpecialTokens& special_tokens(Specials specials) const {
    return specials == Specials::allowed ? allowed_.first : plain_.first;
  }
  /// And what is cut out of the rest: those that are `normalized`.
  const SpecialTokens& normalized_tokens(Specials specials) const {
    return specials == Specials::allowed ? allowed_.second : plain_.second;
  }
  /// Appends the tokens of `text` to `ids`, in this thread; `begin` as in encode.
  virtual void append(Ids& ids, std::string_view text, Specials specials, std::uint64_t begin) const = 0;

 private:
  TokenizerState state_;
  /// What is cut out of plain text, and where special tokens are allowed: first these, then those that are normalized.
  std::pair<SpecialTokens, SpecialTokens> plain_, allowed_;
};

/// Special tokens of models that see a text from both sides: what stands before it, behind it, and in the place of a
/// token that is hidden.
constexpr const char *kClassToken = "[CLS]", *kSeparatorToken = "[SEP]", *kMaskToken = "[MASK]";

/// The id of a special token; none if the vocabulary has none of this text.
std::optional<std::int32_t> special_token(const TokenizerState& state, std::string_view text);
/// A text's tokens between [CLS] and [SEP], where the vocabulary has them, as BERT sees texts.
Tokenizer::Ids between_ends(const TokenizerState& state, Tokenizer::Ids ids);

/// Says of how many of a text's `all` tokens nothing is known but that they are not in the vocabulary, `unknown` of
/// them, and from a tenth on what to do: `advice`. Empty where all are known.
std::string unknown_notice(const std::string& text, double unknown, double all, const std::string& advice);
/// The same of a text that a model is asked about.
std::string unknown_notice(const std::string& text, const Tokenizer& tokenizer, std::span<const std::int32_t> ids);

/// What a tokenizer is trained to be; each kind reads what concerns it.
struct TokenizerOptions {
  std::string kind = "char";
  std::int64_t vocab_size = 4096;  ///< bpe, word, letters: at most so many tokens
  std::string pattern = "auto";    ///< bpe: one of pattern_choices(); auto is gpt2
  bool nfc = true;                 ///< word, letters: text is brought to Unicode's form C
  std::int64_t min_count = 2;      ///< bpe: rarer pairs are not merged; word, letters: rarer words are <unk>
  /// Tokens of the vocabulary beside those that are learned: they are the last, and cut out of the text before it is
  /// learned from.
  std::vector<std::string> specials{};
};

/// Names of all kinds, as `data.tokenizer` takes them.
std::vector<std::string> tokenizer_kinds();
/// Whether a tokenizer of this kind needs to see all of a text, or learns from the part that a model is trained on.
bool needs_whole_text(const std::string& kind);
/// The tokenizer whose vocabulary is what the text needs. Errors: an unknown kind, text that is not fit; special tokens
/// that are empty, given twice or not UTF-8.
std::unique_ptr<Tokenizer> train_tokenizer(const TokenizerOptions& options, const ReadBlock& read);
/// The one that `state` describes. Errors: an unknown kind, pieces that cannot be.
std::unique_ptr<Tokenizer> make_tokenizer(const TokenizerState& state);

/// What a vocabulary is learned from: calls learn(part, begin) for all of a text, `specials` cut out of it, in blocks
/// that end where `find_cut` lets them.
void for_plain_text(const ReadBlock& read, const std::vector<std::string>& specials, const FindCut& find_cut,
                    const std::function<void(std::string_view part, std::uint64_t begin)>& learn);
/// Puts them behind the tokens of a vocabulary.
void append_specials(TokenizerState& state, const std::vector<std::string>& specials);

}  // namespace heddle
