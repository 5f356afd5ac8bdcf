#include "data/tokenizer/byte.h"

namespace heddle {
namespace {

class ByteTokenizer final : public Tokenizer {
 public:
  explicit ByteTokenizer(const TokenizerState& state) : Tokenizer(state) {
    ensure(vocab_size() == 256, "byte tokenizer: ", vocab_size(), " pieces, not 256");
    for (std::int32_t id = 0; id < 256; ++id) {
      ensure(piece(id) == std::string(1, static_cast<char>(id)), "byte tokenizer: piece ", id, " is not that byte");
    }
  }
  std::size_t find_cut(std::string_view, std::size_t from, std::size_t, Specials) const override { return from; }

 protected:
  void append(Ids& ids, std::string_view text, Specials, std::uint64_t) const override {
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
  }
};

}  // namespace

TokenizerState train_byte_tokenizer(const TokenizerOptions&, const ReadBlock&) {
  TokenizerState state;
  state.kind = "byte";
  for (int byte = 0; byte < 256; ++byte) state.pieces.emplace_back(1, static_cast<char>(byte));
  return state;
}

std::unique_ptr<Tokenizer> make_byte_tokenizer(const TokenizerState& state) {
  return std::make_unique<ByteTokenizer>(state);
}

}  // namespace heddle
