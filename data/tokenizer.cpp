#include "data/tokenizer.h"

#include "data/byte_tokenizer.h"
#include "data/char_tokenizer.h"

namespace heddle {
namespace {

struct Row {
  const char* kind;
  std::unique_ptr<Tokenizer> (*train)(std::string_view text);
  std::unique_ptr<Tokenizer> (*make)(const TokenizerState& state);
};

/// The one table of tokenizers: a new one adds its row here.
constexpr Row kTable[] = {
    {"char", train_char_tokenizer, make_char_tokenizer},
    {"byte", train_byte_tokenizer, make_byte_tokenizer},
};

const Row& row_of(const std::string& kind) {
  std::string known;
  for (const Row& row : kTable) {
    if (kind == row.kind) return row;
    known += (known.empty() ? "" : ", ") + std::string(row.kind);
  }
  throw Error(concat_text("tokenizer ", kind, ": no such kind; choose one of: ", known));
}

}  // namespace

std::string Tokenizer::decode(std::span<const std::int32_t> ids) const {
  std::string text;
  for (const std::int32_t id : ids) text += piece(id);
  return text;
}

const std::string& Tokenizer::piece(std::int32_t id) const {
  ensure(id >= 0 && id < vocab_size(), "decode: token ", id, " is outside the vocabulary of ", vocab_size());
  return state_.pieces[static_cast<std::size_t>(id)];
}

std::vector<std::string> tokenizer_kinds() {
  std::vector<std::string> kinds;
  for (const Row& row : kTable) kinds.emplace_back(row.kind);
  return kinds;
}

std::unique_ptr<Tokenizer> train_tokenizer(const std::string& kind, std::string_view text) {
  return row_of(kind).train(text);
}
std::unique_ptr<Tokenizer> make_tokenizer(const TokenizerState& state) { return row_of(state.kind).make(state); }

}  // namespace heddle
