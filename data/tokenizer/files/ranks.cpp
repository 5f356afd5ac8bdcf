#include <algorithm>
#include <charconv>
#include <string>
#include <unordered_map>

#include "data/io/utf8.h"
#include "data/tokenizer/file.h"
#include "data/tokenizer/files/json_parts.h"

namespace heddle {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j) text += i + j <= bytes.size() ? kBase64[group >> (18 - 6 * j) & 63U] : '=';
  }
  return text;
}

/// Errors: what is not base64.
std::string bytes_of_base64(std::string_view text) {
  ensure(text.size() % 4 == 0, "'", text, "' is not base64");
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::size_t padding =
        i + 4 < text.size() ? 0 : (text[i + 3] == '=' ? 1U : 0U) + (text[i + 2] == '=' ? 1U : 0U);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t digit = j + padding < 4 ? kBase64.find(text[i + j]) : 0;
      ensure(digit != kBase64.npos && (j + padding < 4 || text[i + j] == '='), "'", text, "' is not base64");
      group = group << 6U | static_cast<std::uint32_t>(digit);
    }
    for (std::size_t j = 0; j + padding < 3; ++j) bytes += static_cast<char>(group >> (16 - 8 * j) & 255U);
  }
  return bytes;
}

/// The merges that ranks stand for: any two tokens whose bytes make a token are merged, the token of the lowest rank
/// first; of the pairs that make one token, first the one whose left and then whose right token has the lower rank.
std::vector<std::int32_t> merges_of(const std::vector<std::string>& pieces) {
  std::unordered_map<std::string_view, std::int32_t> ranks;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (pieces[id].empty()) continue;
    const auto [same, is_new] = ranks.emplace(pieces[id], static_cast<std::int32_t>(id));
    ensure(is_new, "ranks ", same->second, " and ", id, " are the same bytes");
  }
  std::vector<std::int32_t> merges;
  std::vector<std::pair<std::int32_t, std::int32_t>> pairs;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    const std::string_view piece = pieces[id];
    pairs.clear();
    for (std::size_t cut = 1; cut < piece.size(); ++cut) {
      const auto left = ranks.find(piece.substr(0, cut)), right = ranks.find(piece.substr(cut));
      if (left != ranks.end() && right != ranks.end()) pairs.emplace_back(left->second, right->second);
    }
    ensure(!pairs.empty() || piece.size() <= 1, "rank ", id, " ('", visible(piece),
           "') is not made of two other tokens");
    std::sort(pairs.begin(), pairs.end());
    for (const auto& [left, right] : pairs) {
      merges.push_back(left);
      merges.push_back(right);
    }
  }
  return merges;
}

}  // namespace

TokenizerState parse_ranks(const std::string& text, const std::string& pattern) {
  TokenizerState state;
  state.kind = "bpe";
  state.pattern = pattern;
  state.whole_pieces = true;
  std::size_t number = 1;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::size_t space = line.find(' ');
    std::size_t rank = 0;
    const char* const last = line.data() + line.size();
    bool fits = space != line.npos;
    if (fits) {
      const auto [end_of_rank, error] = std::from_chars(line.data() + space + 1, last, rank);
      fits = error == std::errc() && end_of_rank == last;
    }
    ensure(fits, "line ", number, " is not a token in base64, a space and its rank; is this a tokenizer file?");
    ensure(rank >= state.pieces.size(), "line ", number, " has rank ", rank, ", wanted ", state.pieces.size(),
           " or more; ranks grow from line to line");
    ensure(rank < kMaxVocabulary, "line ", number, " has rank ", rank, ", which is not within 0 .. ",
           kMaxVocabulary - 1);
    state.pieces.resize(rank);  // a rank that is left out is that of a special token, as in p50k_base
    state.pieces.push_back(bytes_of_base64(line.substr(0, space)));
    const std::size_t bytes = state.pieces.back().size();
    ensure(bytes > 0 && bytes <= 65536, "line ", number, ": the token has ", bytes, " bytes, wanted 1 .. 65536");
  }
  ensure(!state.pieces.empty(), "it is empty");
  state.merges = merges_of(state.pieces);
  return state;
}

std::string rank_lines(const TokenizerState& state) {
  // A token's number stands for the merges that make it, so the numbers must be the bytes', then the merges' order.
  const auto piece = [&](std::int32_t id) -> const std::string& { return state.pieces[static_cast<std::size_t>(id)]; };
  std::size_t count = 256;
  bool in_order = state.pieces.size() >= 256;
  for (std::size_t id = 0; in_order && id < 256; ++id) in_order = state.pieces[id].size() == 1;
  for (std::size_t i = 0; in_order && i < state.merges.size(); i += 2) {
    const std::string made = piece(state.merges[i]) + piece(state.merges[i + 1]);
    while (count < state.pieces.size() && state.pieces[count].empty()) ++count;
    const auto end = state.pieces.begin() + static_cast<std::ptrdiff_t>(count);
    if (count < state.pieces.size() && *end == made) {
      ++count;
    } else {  // made before, of other parts
      in_order = std::find(state.pieces.begin(), end, made) != end;
    }
  }
  ensure(in_order,
         "tiktoken's form cannot hold this vocabulary: its ids are not its merges' order; write a .json file");
  std::string text;
  for (std::size_t id = 0; id < count; ++id) {
    if (!state.pieces[id].empty()) text += base64(state.pieces[id]) + ' ' + std::to_string(id) + '\n';
  }
  return text;
}

void parse_beside_ranks(TokenizerState& state, const std::string& text) {
  const json file = parse_json(text);
  const json &pattern = member(file, "pattern"), &nfc = member(file, "nfc");
  ensure(pattern.is_string() && (nfc.is_null() || nfc.is_boolean()),
         "it does not say the pattern of the ranks beside it");
  state.pattern = pattern.get<std::string>();
  state.nfc = nfc.is_boolean() && nfc.get<bool>();
  for (const auto& [content, id] : read_added_tokens(state, member(file, "added_tokens"))) {
    const auto at = static_cast<std::size_t>(id);
    if (state.pieces.size() <= at) state.pieces.resize(at + 1);
    std::string& piece = state.pieces[at];
    ensure(piece.empty() || piece == content, "added token ", content, " has rank ", id, ", which is '", visible(piece),
           "'");
    piece = content;
  }
}

std::string beside_ranks(const TokenizerState& state) {
  const ordered_json file = {
      {"pattern", state.pattern}, {"nfc", state.nfc}, {"added_tokens", added_tokens_json(state)}};
  return file.dump(1) + '\n';
}

}  // namespace heddle
