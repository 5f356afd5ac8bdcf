#include "data/io/text_parts.h"

#include <algorithm>

namespace heddle {

ReadBlock read_from(std::string_view text) {
  return [text](std::string& to, std::size_t count) mutable {
    const std::string_view part = text.substr(0, count);
    to += part;
    text.remove_prefix(part.size());
    return !text.empty();
  };
}

std::vector<std::size_t> part_ends(std::string_view text, std::size_t limit, const FindCut& find_cut,
                                   std::size_t searched) {
  constexpr std::size_t kPart = std::size_t{1} << 16U;
  std::vector<std::size_t> ends;
  for (std::size_t from = std::max(kPart, searched); from < limit;) {
    const std::size_t cut = find_cut(text, from, limit);
    if (cut == limit) break;
    ends.push_back(cut);
    from = cut + kPart;
  }
  return ends;
}

void for_blocks(const ReadBlock& read, std::size_t lookahead, const FindCut& find_cut,
                const std::function<void(std::string_view, const std::vector<std::size_t>&, std::uint64_t)>& body) {
  constexpr std::size_t kBlock = std::size_t{8} << 20U;
  std::string text;
  std::size_t searched = 0;
  std::uint64_t begin = 0;
  for (bool more = true; more;) {
    more = read(text, kBlock);
    const std::size_t limit = more ? text.size() - std::min(text.size(), lookahead) : text.size();
    std::vector<std::size_t> ends = part_ends(text, limit, find_cut, searched);
    if (!more && (ends.empty() || ends.back() < text.size())) ends.push_back(text.size());
    const std::size_t done = ends.empty() ? 0 : ends.back();
    if (done > 0) body(std::string_view(text).substr(0, done), ends, begin);
    text.erase(0, done);
    begin += done;
    searched = std::max(limit, done) - done;
  }
}

}  // namespace heddle
