#include "data/byte_tokenizer.h"

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
  Ids encode(std::string_view text) const override {
    Ids ids(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) ids[i] = static_cast<unsigned char>(text[i]);
    return ids;
  }
};

}  // namespace

std::unique_ptr<Tokenizer> train_byte_tokenizer(std::string_view) {
  TokenizerState state{"byte", {}};
  for (int byte = 0; byte < 256; ++byte) state.pieces.emplace_back(1, static_cast<char>(byte));
  return make_byte_tokenizer(state);
}

std::unique_ptr<Tokenizer> make_byte_tokenizer(const TokenizerState& state) {
  return std::make_unique<ByteTokenizer>(state);
}

}  // namespace heddle
