#include "data/special_tokens.h"

#include <algorithm>
#include <cstring>

#include "data/utf8.h"
#include "framework/check.h"

namespace heddle {

void SpecialTokens::add(const std::string& token, std::int32_t id) {
  ensure(!token.empty(), "special token: it is empty");
  // one that ends within a character would move the places where text can be cut
  ensure(find_invalid_utf8(token) == token.npos, "special token: '", visible(token), "' is not UTF-8");
  const auto same = std::find_if(tokens_.begin(), tokens_.end(), [&](const Token& t) { return t.text == token; });
  ensure(same == tokens_.end(), "special token: ", token, " is given twice");
  const auto shorter =
      std::find_if(tokens_.begin(), tokens_.end(), [&](const Token& t) { return t.text.size() < token.size(); });
  tokens_.insert(shorter, {token, id});
  begins_[static_cast<unsigned char>(token[0])] = true;
}

const SpecialTokens::Token* SpecialTokens::at(std::string_view text, std::size_t place) const {
  if (!begins_[static_cast<unsigned char>(text[place])]) return nullptr;
  const std::string_view rest = text.substr(place);
  const auto found =
      std::find_if(tokens_.begin(), tokens_.end(), [&](const Token& t) { return rest.starts_with(t.text); });
  return found == tokens_.end() ? nullptr : &*found;
}

SpecialTokens::Match SpecialTokens::next(std::string_view text) const {
  if (tokens_.empty()) return {};
  const char first = tokens_[0].text[0];
  const bool one_first =
      std::all_of(tokens_.begin(), tokens_.end(), [&](const Token& t) { return t.text[0] == first; });
  for (std::size_t place = 0; place < text.size(); ++place) {
    if (one_first) {  // the usual case: all begin with '<'
      const void* found = std::memchr(text.data() + place, first, text.size() - place);
      if (found == nullptr) break;
      place = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    }
    if (const Token* token = at(text, place)) return {place, token->text.size(), token->id};
  }
  return {};
}

bool SpecialTokens::crosses(std::string_view text, std::size_t place) const {
  if (tokens_.empty()) return false;
  for (std::size_t begin = place - std::min(place, longest() - 1); begin < place; ++begin) {
    const Token* token = at(text, begin);
    if (token != nullptr && begin + token->text.size() > place) return true;
  }
  return false;
}

}  // namespace heddle
