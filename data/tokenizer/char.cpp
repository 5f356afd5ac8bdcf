#include "data/tokenizer/char.h"

#include <array>
#include <set>
#include <unordered_map>

#include "data/io/utf8.h"

namespace heddle {
namespace {

/// The first place in [from, to) where a character begins.
std::size_t character_cut(std::string_view text, std::size_t from, std::size_t to) {
  while (from < to && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U) ++from;
  return from;
}

class CharTokenizer final : public Tokenizer {
 public:
  explicit CharTokenizer(const TokenizerState& state) : Tokenizer(state) {
    ascii_.fill(-1);
    for (std::size_t id = 0; id < state.pieces.size(); ++id) {
      const CodePoint c = decode_utf8(state.pieces[id]);
      ensure(c.length > 0 && c.length == state.pieces[id].size(), "char tokenizer: piece ", id,
             " is not one character");
      ensure(find(c.value) < 0, "char tokenizer: ", describe(c.value), " stands twice in the vocabulary");
      (c.value < ascii_.size() ? ascii_[c.value] : others_[c.value]) = static_cast<std::int32_t>(id);
    }
  }

  std::size_t find_cut(std::string_view text, std::size_t from, std::size_t to, Specials) const override {
    return character_cut(text, from, to);
  }

 protected:
  void append(Ids& ids, std::string_view text, Specials, std::uint64_t begin) const override {
    ids.reserve(ids.size() + text.size());
    for (std::size_t at = 0; at < text.size();) {
      const CodePoint c = decode_utf8(text.substr(at));
      ensure(c.length > 0, "char tokenizer: byte ", begin + at,
             " of the text is not UTF-8; use data.tokenizer = byte for such text");
      const std::int32_t id = find(c.value);
      if (id < 0) [[unlikely]] {  // not ensure: it would describe every character, found or not
        throw Error(concat_text("char tokenizer: ", describe(c.value), " at byte ", begin + at, " is not among the ",
                                vocab_size(), " characters that the model was trained on"));
      }
      ids.push_back(id);
      at += c.length;
    }
  }

 private:
  std::int32_t find(char32_t c) const {
    if (c < ascii_.size()) return ascii_[c];
    const auto found = others_.find(c);
    return found == others_.end() ? -1 : found->second;
  }

  std::array<std::int32_t, 128> ascii_{};
  std::unordered_map<char32_t, std::int32_t> others_;
};

}  // namespace

TokenizerState train_char_tokenizer(const TokenizerOptions&, const ReadBlock& read) {
  std::set<char32_t> characters;
  std::array<bool, 128> ascii{};
  for_blocks(read, 0, character_cut, [&](std::string_view text, const auto&, std::uint64_t begin) {
    for (std::size_t at = 0; at < text.size();) {
      const CodePoint c = decode_utf8(text.substr(at));
      ensure(c.length > 0, "char tokenizer: byte ", begin + at,
             " of the text is not UTF-8; use data.tokenizer = byte for such text");
      if (c.value >= ascii.size()) {
        characters.insert(c.value);
      } else {
        ascii[c.value] = true;
      }
      at += c.length;
    }
  });
  TokenizerState state;
  state.kind = "char";
  for (char32_t c = 0; c < ascii.size(); ++c) {
    if (ascii[c]) state.pieces.push_back(encode_utf8(c));
  }
  for (const char32_t c : characters) state.pieces.push_back(encode_utf8(c));
  return state;
}

std::unique_ptr<Tokenizer> make_char_tokenizer(const TokenizerState& state) {
  return std::make_unique<CharTokenizer>(state);
}

}  // namespace heddle
