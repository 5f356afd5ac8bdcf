#pragma once

#include <boost/serialization/nvp.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// All that a tokenizer knows, in the form that checkpoints keep.
struct TokenizerState {
  std::string kind;
  std::vector<std::string> pieces;  ///< the bytes of each token, by id

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(kind) & BOOST_SERIALIZATION_NVP(pieces);
  }
};

/// Text to token ids and back. A new kind costs its two files and a row in tokenizer.cpp's table.
class Tokenizer {
 public:
  using Ids = std::vector<std::int32_t>;
  virtual ~Tokenizer() = default;
  /// Errors: text that has no tokens in this vocabulary, saying what and at which byte.
  virtual Ids encode(std::string_view text) const = 0;
  /// The pieces of `ids`, one after another. Errors: an id outside 0 .. vocab_size() - 1.
  std::string decode(std::span<const std::int32_t> ids) const;
  /// The bytes of one token.
  const std::string& piece(std::int32_t id) const;
  index_t vocab_size() const { return static_cast<index_t>(state_.pieces.size()); }
  const TokenizerState& state() const { return state_; }

 protected:
  explicit Tokenizer(TokenizerState state) : state_(std::move(state)) {}

 private:
  TokenizerState state_;
};

/// Names of all kinds, as `data.tokenizer` takes them.
std::vector<std::string> tokenizer_kinds();
/// The tokenizer of kind `kind` whose vocabulary is what `text` needs. Errors: an unknown kind, text that is not fit.
std::unique_ptr<Tokenizer> train_tokenizer(const std::string& kind, std::string_view text);
/// The one that `state` describes. Errors: an unknown kind, pieces that cannot be.
std::unique_ptr<Tokenizer> make_tokenizer(const TokenizerState& state);

}  // namespace heddle
