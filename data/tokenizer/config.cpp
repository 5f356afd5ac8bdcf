#include "data/tokenizer/config.h"

#include "data/tokenizer/file.h"
#include "data/tokenizer/pretokenizer.h"

namespace heddle {

std::vector<Key> TokenizerConfig::keys(std::vector<std::string> kinds) {
  return {
      {"tokenizer", kind, "how text becomes tokens", std::move(kinds)},
      {"tokenizer_file", file, "bpe: the vocabulary to use; none: one is trained on the text"},
      {"vocab_size", vocab_size, "bpe, word, letters: most tokens of a trained vocabulary", 1,
       static_cast<std::int64_t>(kMaxVocabulary)},
      {"pattern", pattern, "bpe: how text is cut into pre-tokens, within which pairs are merged", pattern_names()},
      {"min_count", min_count, "bpe: rarer pairs are not merged; word, letters: rarer words are <unk>", 1},
  };
}

std::shared_ptr<const Tokenizer> TokenizerConfig::from_file() const {
  if (file.empty()) return nullptr;
  ensure(kind == "bpe", "data.tokenizer_file: it holds byte-pair encoding; set data.tokenizer = bpe");
  return make_tokenizer(read_tokenizer(file, pattern));
}

}  // namespace heddle
