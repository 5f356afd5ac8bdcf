#include "data/tokenizer/special_tokens.h"

#include <algorithm>
#include <cstring>

#include "data/io/utf8.h"
#include "framework/check.h"

namespace heddle {

void SpecialTokens::add(const std::string& token, std::int32_t id, Around around) {
  ensure(!token.empty(), "special token: it is empty");
  // one that ends within a character would move the places where text can be cut
  ensure(find_invalid_utf8(token) == token.npos, "special token: '", visible(token), "' is not UTF-8");
  ensure(known_.insert(token).second, "special token: ", visible(token), " is given twice");
  auto& tokens = by_first_byte_[static_cast<unsigned char>(token[0])];
  if (tokens.empty()) first_bytes_ += token[0];
  const auto shorter =
      std::find_if(tokens.begin(), tokens.end(), [&](const Token& t) { return t.text.size() < token.size(); });
  tokens.insert(shorter, {token, id, around});
  around_ |= around.lstrip || around.rstrip || around.single_word;
  longest_ = std::max(longest_, token.size());
}

const SpecialTokens::Token* SpecialTokens::at(std::string_view text, std::size_t place) const {
  const std::string_view rest = text.substr(place);
  for (const Token& token : by_first_byte_[static_cast<unsigned char>(text[place])]) {
    if (rest.starts_with(token.text)) return &token;
  }
  return nullptr;
}

SpecialTokens::Match SpecialTokens::next(std::string_view text, std::size_t from) const {
  if (first_bytes_.empty()) return {};
  for (std::size_t place = from; place < text.size(); ++place) {
    if (first_bytes_.size() == 1) {  // the usual case: all begin with '<'
      const void* found = std::memchr(text.data() + place, first_bytes_[0], text.size() - place);
      if (found == nullptr) break;
      place = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    }
    if (const Token* token = at(text, place)) return {place, token->text.size(), token->id};
  }
  return {};
}

std::optional<SpecialTokens::Reach> SpecialTokens::reach_of(const Match& match, std::string_view text,
                                                            std::size_t done) const {
  const Around& around = at(text, match.at)->around;
  Reach reach{match.at, match.at + match.length};
  const auto in_word = [](CodePoint c) { return c.length > 0 && is_word_of_regex(c.value); };
  if (around.single_word &&
      (in_word(last_code_point(text.substr(0, reach.begin))) || in_word(decode_utf8(text.substr(reach.end)))))
    return {};
  const auto is_space = [](CodePoint c) { return c.length > 0 && char_class(c.value) == CharClass::space; };
  if (around.lstrip) {
    for (CodePoint c; is_space(c = last_code_point(text.substr(0, reach.begin)));) reach.begin -= c.length;
    reach.begin = std::max(reach.begin, done);
  }
  if (around.rstrip) {
    for (CodePoint c; is_space(c = decode_utf8(text.substr(reach.end)));) reach.end += c.length;
  }
  return reach;
}

bool SpecialTokens::crosses(std::string_view text, std::size_t place) const {
  if (longest_ == 0) return false;
  const std::size_t touch = around_ ? 1 : 0;  // also one that ends or begins there
  for (std::size_t begin = place - std::min(place, longest() - 1 + touch); begin < place + touch; ++begin) {
    const Token* token = begin < text.size() ? at(text, begin) : nullptr;
    if (token != nullptr && begin + token->text.size() + touch > place) return true;
  }
  return false;
}

}  // namespace heddle
