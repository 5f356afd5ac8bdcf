#include "data/tokenizer/byte.h"

namespace heddle {
namespace {

class ByteTokenizer final : public Tokenizer {
 public:
  explicit ByteTokenizer(const TokenizerState& state) : Tokenizer(state) {
    const auto specials = static_cast<std::int64_t>(state.specials.size());
    ensure(vocab_size() == 256 + specials, "byte tokenizer: ", vocab_size(), " pieces, not 256 and ", specials,
           " special tokens");
    for (std::int32_t id = 0; id < 256; ++id) {
      ensure(piece(id) == std::string(1, static_cast<char>(id)), "byte tokenizer: piece ", id, " is not that byte");
    }
  }
  std::size_t find_cut(std::string_view text, std::size_t from, std::size_t to, Specials specials) const override {
    return special_tokens(specials).find_cut(text, from, to, [](auto, std::size_t at, auto) { return at; });
  }

 protected:
  void append(Ids& ids, std::string_view text, Specials specials, std::uint64_t) const override {
    special_tokens(specials).cut_out(
        text,
        [&](std::string_view part, std::size_t) {
          for (const char c : part) ids.push_back(static_cast<unsigned char>(c));
        },
        [&](std::int32_t id, std::size_t) { ids.push_back(id); });
  }
};

}  // namespace

TokenizerState train_byte_tokenizer(const TokenizerOptions& options, const ReadBlock&) {
  TokenizerState state;
  state.kind = "byte";
  for (int byte = 0; byte < 256; ++byte) state.pieces.emplace_back(1, static_cast<char>(byte));
  append_specials(state, options.specials);
  return state;
}

std::unique_ptr<Tokenizer> make_byte_tokenizer(const TokenizerState& state) {
  return std::make_unique<ByteTokenizer>(state);
}

}  // namespace heddle
