#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer/tokenizer.h"

/// What readers and writers of tokenizers' files in JSON share. No part of what is installed.
namespace heddle {

/// JSON from a file. Errors: what is none; values that lie deeper than 100 lists and objects.
nlohmann::json parse_json(const std::string& text);
/// The member `name` of an object; null where there is none.
const nlohmann::json& member(const nlohmann::json& object, const std::string& name);
/// Its member `type`; "none" of null.
std::string type_of(const nlohmann::json& object);
/// Its member `name`, true or false; `otherwise` where it is neither.
bool bool_of(const nlohmann::json& object, const char* name, bool otherwise = false);

/// Puts token text -> id into state.pieces, text written in GPT-2's characters for bytes but for `plain` tokens.
/// Errors: an id that is none, or that another token has.
void add_pieces(TokenizerState& state, const nlohmann::json& vocabulary, const std::map<std::string, bool>& plain = {});

/// tokenizer.json's list of added tokens, with what it says of each.
nlohmann::ordered_json added_tokens_json(const TokenizerState& state);
/// Reads such a list into the state's lists of ids; returns content -> id.
std::map<std::string, std::int32_t> read_added_tokens(TokenizerState& state, const nlohmann::json& list);

/// Token text -> id. Errors: two tokens that would be written alike.
nlohmann::ordered_json vocabulary_json(const TokenizerState& state);
/// A merge as GPT-2's files have it: "left right".
std::string merge_text(const TokenizerState& state, std::size_t rank);

/// Turns such merges into ids.
class MergeReader {
 public:
  explicit MergeReader(const TokenizerState& state);
  /// Errors: a token that is not in the vocabulary.
  void add(std::vector<std::int32_t>& merges, std::string_view left, std::string_view right) const;
  /// Errors: what is not two tokens with a space between.
  void add(std::vector<std::int32_t>& merges, std::string_view line) const;

 private:
  std::map<std::string, std::int32_t> ids_;
};

}  // namespace heddle
