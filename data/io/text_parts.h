#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// Appends the next bytes of a text, at most `count`, to its argument; false at the end.
using ReadBlock = std::function<bool(std::string& text, std::size_t count)>;
/// A text in memory as a ReadBlock; it must outlive the reading.
ReadBlock read_from(std::string_view text);

/// The first place in [from, to) of `text` where it may be cut; `to` if there is none.
using FindCut = std::function<std::size_t(std::string_view text, std::size_t from, std::size_t to)>;

/// Where the parts of text[0, limit) end: each at the first cut after 64 KiB. The last part, which no cut ends, is left
/// out. `searched`: no cut lies between the first part's 64 KiB and there.
std::vector<std::size_t> part_ends(std::string_view text, std::size_t limit, const FindCut& find_cut,
                                   std::size_t searched = 0);

/// Reads a text in blocks and calls body(text, ends, begin) for each: `ends` cut all of `text`, which begins at byte
/// `begin` of the whole, into parts. What follows a block's last cut comes with the next block, so text of any size
/// takes the memory of a block, unless it has no cuts. A cut's `lookahead` next bytes are read before it is made.
void for_blocks(
    const ReadBlock& read, std::size_t lookahead, const FindCut& find_cut,
    const std::function<void(std::string_view text, const std::vector<std::size_t>& ends, std::uint64_t begin)>& body);

}  // namespace heddle
