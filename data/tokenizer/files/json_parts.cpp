#include "data/tokenizer/files/json_parts.h"

#include <algorithm>
#include <set>

#include "data/io/utf8.h"
#include "data/tokenizer/file.h"

namespace heddle {

using nlohmann::json;
using nlohmann::ordered_json;

json parse_json(const std::string& text) {
  const auto watch = [](int depth, json::parse_event_t, const json&) {  // values are copied and written by recursion
    ensure(depth <= 100, "it is not JSON of a tokenizer: more than 100 lists and objects lie within each other");
    return true;
  };
  try {
    return json::parse(text, watch);
  } catch (const json::exception& e) {
    throw Error(concat_text("it is not JSON (", e.what(), ")"));
  }
}

const json& member(const json& object, const std::string& name) {
  static const json null;
  if (!object.is_object()) return null;
  const auto found = object.find(name);
  return found == object.end() ? null : *found;
}

std::string type_of(const json& object) {
  const json& type = member(object, "type");
  return type.is_string() ? type.get<std::string>() : object.is_null() ? "none" : "without a type";
}

bool bool_of(const json& object, const char* name, bool otherwise) {
  const json& value = member(object, name);
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

void add_pieces(TokenizerState& state, const json& vocabulary, const std::map<std::string, bool>& plain) {
  std::vector<std::string>& pieces = state.pieces;
  for (const auto& [text, id] : vocabulary.items()) {
    const bool fits = id.is_number_unsigned() && id.get<std::uint64_t>() < kMaxVocabulary;
    ensure(fits, "token '", text, "' has id ", id.dump(), ", which is not within 0 .. ", kMaxVocabulary - 1);
    const auto at = id.get<std::size_t>();
    if (pieces.size() <= at) pieces.resize(at + 1);
    ensure(pieces[at].empty(), "two tokens have id ", at);
    pieces[at] = plain.contains(text) ? text : bytes_of_printable(text);
    ensure(!pieces[at].empty(), "token ", at, " is empty");
  }
}

namespace {

/// What an added token may ask for, and the list of the state that holds the ids of those that do.
constexpr std::pair<const char*, std::vector<std::int32_t> TokenizerState::*> kOptions[] = {
    {"single_word", &TokenizerState::single_word},
    {"lstrip", &TokenizerState::lstrip},
    {"rstrip", &TokenizerState::rstrip},
    {"normalized", &TokenizerState::normalized}};

}  // namespace

ordered_json added_tokens_json(const TokenizerState& state) {
  ordered_json added = ordered_json::array();
  const std::vector<bool> is_added = find_special(state);
  const auto set_of = [](const std::vector<std::int32_t>& ids) { return std::set(ids.begin(), ids.end()); };
  std::map<std::string, std::set<std::int32_t>> options = {{"special", set_of(state.specials)}};
  for (const auto& [name, list] : kOptions) options[name] = set_of(state.*list);
  for (std::size_t i = 0; i < state.pieces.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    if (!is_added[i]) continue;
    ordered_json token = {{"id", id}, {"content", state.pieces[i]}};
    for (const char* name : {"single_word", "lstrip", "rstrip", "normalized", "special"})
      token[name] = options[name].contains(id);
    added.push_back(token);
  }
  return added;
}

std::map<std::string, std::int32_t> read_added_tokens(TokenizerState& state, const json& list) {
  ensure(list.is_null() || list.is_array(), "its added_tokens are not a list");
  std::map<std::string, std::int32_t> ids;
  for (const json& token : list) {
    const json &content = member(token, "content"), &number = member(token, "id");
    ensure(content.is_string() && !content.get_ref<const std::string&>().empty() && number.is_number_unsigned(),
           "an added token lacks its content or id");
    const auto& name = content.get_ref<const std::string&>();
    ensure(number.get<std::uint64_t>() < kMaxVocabulary, "token '", name, "' has id ", number.dump(),
           ", which is not within 0 .. ", kMaxVocabulary - 1);
    const auto id = number.get<std::int32_t>();
    ensure(ids.emplace(name, id).second, "added token ", name, " is given twice");
    const bool special = bool_of(token, "special");
    (special ? state.specials : state.added).push_back(id);
    for (const auto& [option, of] : kOptions) {
      const bool otherwise = of == &TokenizerState::normalized && !special;
      if (bool_of(token, option, otherwise)) (state.*of).push_back(id);
    }
  }
  for (auto* each :
       {&state.specials, &state.added, &state.single_word, &state.lstrip, &state.rstrip, &state.normalized})
    std::sort(each->begin(), each->end());
  return ids;
}

ordered_json vocabulary_json(const TokenizerState& state) {
  ordered_json vocabulary = ordered_json::object();
  const std::vector<bool> added = find_special(state);
  std::map<std::string, std::int32_t> known;  // ordered_json finds by searching all
  for (std::size_t i = 0; i < state.pieces.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    if (state.pieces[i].empty()) continue;
    const bool apart = added[i];
    ensure(!apart || find_invalid_utf8(state.pieces[i]) == std::string::npos, "special token ", id,
           " is not UTF-8, as JSON must be");
    const std::string name = apart ? state.pieces[i] : printable_bytes(state.pieces[i]);
    const auto [same, is_new] = known.emplace(name, id);
    ensure(is_new, "tokens ", same->second, " and ", id, " are both written ", name);
    vocabulary.get_ref<ordered_json::object_t&>().emplace_back(name, id);
  }
  return vocabulary;
}

std::string merge_text(const TokenizerState& state, std::size_t rank) {
  const auto piece = [&](std::size_t i) {
    return printable_bytes(state.pieces[static_cast<std::size_t>(state.merges[i])]);
  };
  return piece(2 * rank) + ' ' + piece(2 * rank + 1);
}

MergeReader::MergeReader(const TokenizerState& state) {
  const std::vector<bool> added = find_special(state);
  for (const bool which : {false, true}) {  // of two with the same bytes merges mean the one that was not added
    for (std::size_t id = 0; id < state.pieces.size(); ++id) {
      if (!state.pieces[id].empty() && added[id] == which)
        ids_.emplace(state.pieces[id], static_cast<std::int32_t>(id));
    }
  }
}

void MergeReader::add(std::vector<std::int32_t>& merges, std::string_view left, std::string_view right) const {
  for (const std::string_view text : {left, right}) {
    const auto found = ids_.find(bytes_of_printable(text));
    ensure(found != ids_.end(), "merge ", merges.size() / 2, " ('", left, " ", right, "') names '", text,
           "', which is not in the vocabulary");
    merges.push_back(found->second);
  }
}

void MergeReader::add(std::vector<std::int32_t>& merges, std::string_view line) const {
  const std::size_t space = line.find(' ');
  const bool two = space != line.npos && space > 0 && space + 1 < line.size() && line.find(' ', space + 1) == line.npos;
  ensure(two, "merge ", merges.size() / 2, " ('", line, "') is not two tokens with a space between");
  add(merges, line.substr(0, space), line.substr(space + 1));
}

}  // namespace heddle
