#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "data/io/utf8.h"
#include "data/tokenizer/file.h"
#include "data/tokenizer/files/json_parts.h"
#include "data/tokenizer/split/splitter.h"

namespace heddle {

using nlohmann::ordered_json;

TokenizerState parse_gpt2(const std::string& encoder_json, const std::string& vocab_bpe) {
  TokenizerState state;
  state.kind = "bpe";
  state.pattern = "gpt2";
  const nlohmann::json vocabulary = parse_json(encoder_json);
  ensure(vocabulary.is_object() && !vocabulary.empty(), "it has no vocabulary");
  add_pieces(state, vocabulary);
  const MergeReader reader(state);
  std::istringstream lines(vocab_bpe);
  bool first = true;
  for (std::string line; std::getline(lines, line); first = false) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || (first && line.starts_with("#version"))) continue;
    reader.add(state.merges, line);
  }
  std::map<std::string, bool> made;
  for (std::size_t i = 0; i + 1 < state.merges.size(); i += 2) {
    made[state.pieces[static_cast<std::size_t>(state.merges[i])] +
         state.pieces[static_cast<std::size_t>(state.merges[i + 1])]] = true;
  }
  for (std::size_t id = 0; id < state.pieces.size(); ++id) {
    const std::string& piece = state.pieces[id];
    const bool special = piece.size() > 1 && !made.contains(piece) && find_invalid_utf8(piece) == piece.npos;
    if (special) state.specials.push_back(static_cast<std::int32_t>(id));
  }
  return state;
}

std::string gpt2_encoder_json(const TokenizerState& state) {
  const bool plain = state.pattern == "gpt2" && !state.nfc;
  ensure(plain, "GPT-2's files cannot hold pattern ", pattern_summary(state), "; write a .json file");
  ensure(state.added.empty(), "GPT-2's files cannot hold added tokens that are not special; write a .json file");
  for (const auto* list : {&state.normalized, &state.lstrip, &state.rstrip, &state.single_word})
    ensure(list->empty(), "GPT-2's files cannot hold how special tokens are found; write a .json file");
  ensure(!state.whole_pieces, "GPT-2's files cannot hold that whole pieces are not merged; write a .json file");
  ordered_json vocabulary = ordered_json::object();
  for (std::size_t id = 0; id < state.pieces.size(); ++id) {
    if (!state.pieces[id].empty())
      vocabulary.get_ref<ordered_json::object_t&>().emplace_back(printable_bytes(state.pieces[id]), id);
  }
  return vocabulary.dump() + '\n';
}

std::string gpt2_vocab_bpe(const TokenizerState& state) {
  std::string text = "#version: 0.2\n";
  for (std::size_t rank = 0; rank < state.merges.size() / 2; ++rank) text += merge_text(state, rank) + '\n';
  return text;
}

TokenizerState with_gpt2_bytes(const TokenizerState& state) {
  ensure(state.pieces.size() >= 256, "GPT-2's order: ", state.pieces.size(), " tokens are not the 256 bytes");
  std::vector<std::pair<char32_t, std::size_t>> order;  // the character that stands for a byte, and the byte's token
  for (std::size_t id = 0; id < 256; ++id) {
    ensure(state.pieces[id].size() == 1, "GPT-2's order: token ", id, " is no byte");
    order.emplace_back(decode_utf8(printable_bytes(state.pieces[id])).value, id);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::int32_t> moved(state.pieces.size());
  std::iota(moved.begin(), moved.end(), 0);
  TokenizerState made = state;
  for (std::size_t to = 0; to < order.size(); ++to) {
    made.pieces[to] = state.pieces[order[to].second];
    moved[order[to].second] = static_cast<std::int32_t>(to);
  }
  for (std::int32_t& id : made.merges) id = moved[static_cast<std::size_t>(id)];
  return made;
}

}  // namespace heddle
