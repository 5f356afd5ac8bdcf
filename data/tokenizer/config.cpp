#include "data/tokenizer/config.h"

#include <algorithm>

#include "data/tokenizer/file.h"
#include "data/tokenizer/pretokenizer.h"

namespace heddle {

std::vector<Key> TokenizerConfig::keys(std::vector<std::string> kinds) {
  const bool words = std::find(kinds.begin(), kinds.end(), "word") != kinds.end();
  std::vector<Key> all = {
      {"tokenizer", kind, "how text becomes tokens", std::move(kinds)},
      Key("tokenizer_file", file, "bpe: the vocabulary to use; none: one is trained on the text").path(),
      {"vocab_size", vocab_size, "bpe, word, letters: most tokens of a trained vocabulary", 1,
       static_cast<std::int64_t>(kMaxVocabulary)},
      {"pattern", pattern,
       "bpe: how text is cut into pre-tokens, within which pairs are merged; auto: as the "
       "vocabulary's file says, gpt2 for one that is trained",
       pattern_choices()},
      {"min_count", min_count, "bpe: rarer pairs of tokens are not merged; word, letters: rarer words are <unk>", 1},
  };
  if (words)
    all.emplace_back("nfc", nfc,
                     "word, letters: characters that are written in parts, as e and an accent, are those that are "
                     "written in one (Unicode's form C)");
  return all;
}

std::shared_ptr<const Tokenizer> TokenizerConfig::from_file(std::vector<std::string>& notices) const {
  if (file.empty()) return nullptr;
  ensure(kind == "bpe", "data.tokenizer_file: it holds byte-pair encoding; set data.tokenizer = bpe");
  std::vector<std::string> told;
  const TokenizerState state = read_tokenizer(file, pattern, &told);
  for (const std::string& notice : told) notices.push_back(file + ": " + notice);
  for (const std::string& special : specials) {
    ensure(special_token(state, special).has_value(), "data.tokenizer_file: ", file, " has no special token ", special,
           "; leave it out of data.special_tokens, or train a vocabulary with heddle tokenizer train --special '",
           special, "'");
  }
  return make_tokenizer(state);
}

void TokenizerConfig::note_other_kind(const Tokenizer& used, const std::string& source,
                                      std::vector<std::string>& notices) const {
  const std::string& other = used.state().kind;
  if (other != kind)
    notices.push_back("data.tokenizer = " + kind + " is not used: " + source + " tokens of the kind " + other);
}

Key TokenizerConfig::special_tokens_key() {
  return Key("special_tokens", specials,
             "tokens of a trained vocabulary beside those that it learns, as [CLS], [SEP], [MASK], which bert needs")
      .separated();
}

}  // namespace heddle
