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
    const std::vector<bool> special = find_special(state);
    for (std::size_t id = 0; id < state.pieces.size(); ++id) {
      if (special[id]) continue;
      const CodePoint c = decode_utf8(state.pieces[id]);
      ensure(c.length > 0 && c.length == state.pieces[id].size(), "char tokenizer: piece ", id,
             " is not one character");
      ensure(find(c.value) < 0, "char tokenizer: ", describe(c.value), " stands twice in the vocabulary");
      (c.value < ascii_.size() ? ascii_[c.value] : others_[c.value]) = static_cast<std::int32_t>(id);
    }
  }

  std::size_t find_cut(std::string_view text, std::size_t from, std::size_t to, Specials specials) const override {
    return special_tokens(specials).find_cut(text, from, to, character_cut);
  }

 protected:
  void append(Ids& ids, std::string_view text, Specials specials, std::uint64_t begin) const override {
    ids.reserve(ids.size() + text.size());
    special_tokens(specials).cut_out(
        text, [&](std::string_view part, std::size_t at) { append_characters(ids, part, begin + at); },
        [&](std::int32_t id, std::size_t) { ids.push_back(id); });
  }

 private:
  void append_characters(Ids& ids, std::string_view text, std::uint64_t begin) const {
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

  std::int32_t find(char32_t c) const {
    if (c < ascii_.size()) return ascii_[c];
    const auto found = others_.find(c);
    return found == others_.end() ? -1 : found->second;
  }

  std::array<std::int32_t, 128> ascii_{};
  std::unordered_map<char32_t, std::int32_t> others_;
};

}  // namespace

TokenizerState train_char_tokenizer(const TokenizerOptions& options, const ReadBlock& read) {
  std::set<char32_t> characters;
  std::array<bool, 128> ascii{};
  const auto learn = [&](std::string_view text, std::uint64_t begin) {
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
  };
  for_plain_text(read, options.specials, character_cut, learn);
  TokenizerState state;
  state.kind = "char";
  for (char32_t c = 0; c < ascii.size(); ++c) {
    if (ascii[c]) state.pieces.push_back(encode_utf8(c));
  }
  for (const char32_t c : characters) state.pieces.push_back(encode_utf8(c));
  append_specials(state, options.specials);
  return state;
}

std::unique_ptr<Tokenizer> make_char_tokenizer(const TokenizerState& state) {
  return std::make_unique<CharTokenizer>(state);
}

}  // namespace heddle
