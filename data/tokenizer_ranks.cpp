#include <algorithm>
#include <charconv>
#include <string>
#include <unordered_map>

#include "data/tokenizer_file.h"

namespace heddle {
namespace {

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

/// The merges of a vocabulary whose ids are its ranks: each token's bytes are merged as far as the tokens before it go,
/// and what is left are the two that it was made of.
std::vector<std::int32_t> merges_of(const std::vector<std::string>& pieces) {
  std::unordered_map<std::string_view, std::int32_t> ranks;
  std::vector<std::int32_t> merges;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    const std::string_view piece = pieces[id];
    ensure(ranks.emplace(piece, static_cast<std::int32_t>(id)).second, "rank ", id, " has the bytes of rank ",
           ranks[piece]);
    if (piece.size() < 2) continue;
    std::vector<std::size_t> cuts;  // where the parts begin, and the end
    for (std::size_t i = 0; i <= piece.size(); ++i) cuts.push_back(i);
    const auto part = [&](std::size_t i, std::size_t n) { return piece.substr(cuts[i], cuts[i + n] - cuts[i]); };
    while (cuts.size() > 3) {
      std::size_t best = 0;
      auto best_rank = static_cast<std::int32_t>(id);
      for (std::size_t i = 0; i + 2 < cuts.size(); ++i) {
        const auto found = ranks.find(part(i, 2));
        if (found != ranks.end() && found->second < best_rank) {
          best = i + 1;
          best_rank = found->second;
        }
      }
      ensure(best > 0, "rank ", id, " ('", piece, "') cannot be merged from two tokens of lower rank");
      cuts.erase(cuts.begin() + static_cast<std::ptrdiff_t>(best));
    }
    for (std::size_t i = 0; i < 2; ++i) {
      const auto found = ranks.find(part(i, 1));
      ensure(found != ranks.end(), "rank ", id, " ('", piece, "') cannot be merged from two tokens of lower rank");
      merges.push_back(found->second);
    }
  }
  return merges;
}

}  // namespace

TokenizerState parse_ranks(const std::string& text, const std::string& pattern) {
  TokenizerState state;
  state.kind = "bpe";
  state.pattern = pattern;
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
    const bool fits = space != line.npos && std::from_chars(line.data() + space + 1, last, rank).ptr == last &&
                      space + 1 < line.size();
    ensure(fits, "line ", number, " is not a token in base64, a space and its rank; is this a tokenizer file?");
    ensure(rank == state.pieces.size(), "line ", number, " has rank ", rank, ", wanted ", state.pieces.size(),
           "; ranks count from 0 without gaps");
    ensure(rank < kMaxVocabulary, "line ", number, ": more than ", kMaxVocabulary, " tokens");
    state.pieces.push_back(bytes_of_base64(line.substr(0, space)));
    ensure(!state.pieces.back().empty(), "line ", number, ": the token is empty");
  }
  ensure(!state.pieces.empty(), "it is empty");
  state.merges = merges_of(state.pieces);
  return state;
}

std::string rank_lines(const TokenizerState& state) {
  const std::size_t count = 256 + state.merges.size() / 2;
  // A rank file has the token's number stand for its merge, so they must have the same order.
  const bool in_order = count <= state.pieces.size() && [&] {
    const std::vector<std::string> ranked(state.pieces.begin(),
                                          state.pieces.begin() + static_cast<std::ptrdiff_t>(count));
    try {
      return merges_of(ranked) == state.merges;
    } catch (const Error&) {
      return false;
    }
  }();
  ensure(in_order,
         "tiktoken's form cannot hold this vocabulary: its ids are not its merges' order; write a .json file");
  std::string text;
  for (std::size_t id = 0; id < count; ++id) text += base64(state.pieces[id]) + ' ' + std::to_string(id) + '\n';
  return text;
}

}  // namespace heddle
