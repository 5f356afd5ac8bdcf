#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "data/io/utf8.h"
#include "train/commands/inspect/inspect_command.h"

namespace heddle {

index_t place_of(const std::string& word, const std::vector<std::string>& names, index_t count,
                 std::vector<std::string>& notices) {
  if (word.empty()) return count - 1;
  if (word.find_first_not_of("0123456789") == word.npos && word.size() < 9) {
    const index_t place = std::stoll(word);
    ensure(place < count, "inspect: --word ", word, ": there are ", count, " places, 0 .. ", count - 1);
    return place;
  }
  std::vector<index_t> found;
  std::string text;
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == word || names[i] == ' ' + word) found.push_back(static_cast<index_t>(i));
    text += names[i];
    ends.push_back(text.size());
  }
  const auto is_letter = [&](std::size_t at) {
    const auto c = static_cast<unsigned char>(at < text.size() ? text[at] : ' ');
    return c >= 0x80 || std::isalnum(c) != 0;
  };
  for (const bool whole : {true, false}) {  // a word alone, before a part of one
    if (!found.empty()) break;
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
      const std::size_t end = at + word.size();
      if (whole && ((at > 0 && is_letter(at - 1)) || is_letter(end))) continue;
      found.push_back(std::lower_bound(ends.begin(), ends.end(), end) - ends.begin());
    }
  }
  constexpr std::size_t kShown = 12;
  std::string some;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) some += ' ' + visible(names[i]);
  ensure(!found.empty(), "inspect: --word '", word, "' is not among the places: ",
         names.empty() ? "give a number" : concat_text("the tokens are", some, names.size() > kShown ? " ..." : ""));
  if (found.size() > 1)
    notices.push_back(fmt::format("'{}' stands at {}; the first is looked at, --word={} for another", word,
                                  fmt::join(found, ", "), found[1]));
  return found[0];
}

}  // namespace heddle
