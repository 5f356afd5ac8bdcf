#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unordered_set>

#include "data/io/utf8.h"
#include "data/tokenizer/file.h"
#include "data/tokenizer/pretokenizer.h"

namespace heddle {
namespace {

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

/// The member `name` of an object; null where there is none.
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

bool is_true(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_boolean() && value.get<bool>();
}

/// Puts the vocabulary, token text -> id, in the order of ids. What text means is for `bytes_of` to say.
template <class BytesOf>
std::vector<std::string> pieces_of(const json& vocabulary, const BytesOf& bytes_of) {
  ensure(vocabulary.is_object() && !vocabulary.empty(), "it has no vocabulary");
  std::vector<std::string> pieces;
  for (const auto& [text, id] : vocabulary.items()) {
    const bool fits = id.is_number_unsigned() && id.template get<std::uint64_t>() < kMaxVocabulary;
    ensure(fits, "token '", text, "' has id ", id.dump(), ", which is not within 0 .. ", kMaxVocabulary - 1);
    const auto at = id.template get<std::size_t>();
    if (pieces.size() <= at) pieces.resize(at + 1);
    ensure(pieces[at].empty(), "two tokens have id ", at);
    pieces[at] = bytes_of(text);
    ensure(!pieces[at].empty(), "token ", at, " is empty");
  }
  return pieces;
}

/// Turns "left right" merges into ids.
class MergeReader {
 public:
  explicit MergeReader(const std::vector<std::string>& pieces) {
    for (std::size_t id = 0; id < pieces.size(); ++id) {
      if (!pieces[id].empty()) ids_.emplace(pieces[id], static_cast<std::int32_t>(id));
    }
  }
  void add(std::vector<std::int32_t>& merges, std::string_view left, std::string_view right) const {
    for (const std::string_view text : {left, right}) {
      const auto found = ids_.find(bytes_of_printable(text));
      ensure(found != ids_.end(), "merge ", merges.size() / 2, " ('", left, " ", right, "') names '", text,
             "', which is not in the vocabulary");
      merges.push_back(found->second);
    }
  }
  void add(std::vector<std::int32_t>& merges, std::string_view line) const {
    const std::size_t space = line.find(' ');
    const bool two =
        space != line.npos && space > 0 && space + 1 < line.size() && line.find(' ', space + 1) == line.npos;
    ensure(two, "merge ", merges.size() / 2, " ('", line, "') is not two tokens with a space between");
    add(merges, line.substr(0, space), line.substr(space + 1));
  }

 private:
  std::map<std::string, std::int32_t> ids_;
};

Pattern pattern_of_pre_tokenizer(const json& pre) {
  const char* advice =
      "; what is read is ByteLevel, alone or behind one Split by the pattern of GPT-2, GPT-4 or white space";
  const auto byte_level = [&](const json& part) {
    ensure(type_of(part) == "ByteLevel", "pre-tokenizer ", type_of(part), " is not supported", advice);
    ensure(!is_true(part, "add_prefix_space"),
           "the pre-tokenizer's add_prefix_space is not supported; set it to false");
    const json& regex = member(part, "use_regex");
    return !regex.is_boolean() || regex.get<bool>() ? Pattern::gpt2 : Pattern::none;
  };
  if (type_of(pre) != "Sequence") return byte_level(pre);
  const json& parts = member(pre, "pretokenizers");
  ensure(parts.is_array() && !parts.empty() && parts.size() <= 2, "the pre-tokenizer's sequence is not supported",
         advice);
  if (parts.size() == 1) return byte_level(parts[0]);
  const json& regex = member(member(parts[0], "pattern"), "Regex");
  const bool split = type_of(parts[0]) == "Split" && regex.is_string() && !is_true(parts[0], "invert") &&
                     member(parts[0], "behavior") == "Isolated" && byte_level(parts[1]) == Pattern::none;
  ensure(split, "the pre-tokenizer's sequence is not supported", advice);
  for (const std::string& name : pattern_names()) {
    const Pattern pattern = pattern_of(name);
    if (pattern != Pattern::none && regex == pattern_regex(pattern)) return pattern;
  }
  throw Error(concat_text("the pre-tokenizer's pattern ", regex.dump(), " is not supported", advice));
}

}  // namespace

TokenizerState parse_tokenizer_json(const std::string& text) {
  const json file = parse_json(text);
  const json& model = member(file, "model");
  ensure(model.is_object(), "it has no model; is this a tokenizer.json?");
  const bool bpe = type_of(model) == "BPE" || (type_of(model) == "without a type" && model.contains("merges"));
  ensure(bpe, "its model is ", type_of(model), "; only byte-level BPE can be read");
  const json& normalizer = member(file, "normalizer");
  ensure(normalizer.is_null(), "its normalizer (", type_of(normalizer),
         ") is not supported; byte-level BPE needs none");
  for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json& value = member(model, name);
    ensure(value.is_null() || value == "", "its model's ", name, " is not supported");
  }
  ensure(!is_true(model, "byte_fallback"), "its model's byte_fallback is not supported; this is not byte-level BPE");

  TokenizerState state;
  state.kind = "bpe";
  state.pattern = pattern_name(pattern_of_pre_tokenizer(member(file, "pre_tokenizer")));
  state.whole_pieces = is_true(model, "ignore_merges");

  std::map<std::string, bool> added;  // content -> special
  json vocabulary = member(model, "vocab");
  ensure(vocabulary.is_object(), "it has no vocabulary");
  const json& list = member(file, "added_tokens");
  ensure(list.is_null() || list.is_array(), "its added_tokens are not a list");
  for (const json& token : list) {
    const json &content = member(token, "content"), &id = member(token, "id");
    ensure(content.is_string() && !content.get<std::string>().empty() && id.is_number_unsigned(),
           "an added token lacks its content or id");
    const auto& name = content.get_ref<const std::string&>();
    for (const char* option : {"lstrip", "rstrip", "single_word"})
      ensure(!is_true(token, option), "added token ", name, ": ", option, " is not supported");
    const json& known = member(vocabulary, name);
    ensure(known.is_null() || known == id, "added token ", name, " has id ", id.dump(), " and in the vocabulary ",
           known.dump());
    vocabulary[name] = id;
    ensure(added.emplace(name, is_true(token, "special")).second, "added token ", name, " is given twice");
  }
  state.pieces = pieces_of(
      vocabulary, [&](const std::string& token) { return added.contains(token) ? token : bytes_of_printable(token); });
  for (const auto& [content, special] : added)
    (special ? state.specials : state.added).push_back(vocabulary[content].get<std::int32_t>());
  std::sort(state.specials.begin(), state.specials.end());
  std::sort(state.added.begin(), state.added.end());

  const json& merges = member(model, "merges");
  ensure(merges.is_array(), "its model has no merges");
  const MergeReader reader(state.pieces);
  for (const json& merge : merges) {
    if (merge.is_string()) {
      reader.add(state.merges, merge.get_ref<const std::string&>());
    } else {
      const bool two = merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string();
      ensure(two, "merge ", state.merges.size() / 2, " is neither \"left right\" nor [\"left\", \"right\"]");
      reader.add(state.merges, merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>());
    }
  }
  return state;
}

namespace {

/// For each id whether it is a special or an added token.
std::vector<bool> added_ids(const TokenizerState& state) {
  std::vector<bool> added(state.pieces.size());
  for (const auto* list : {&state.specials, &state.added}) {
    for (const std::int32_t id : *list) added[static_cast<std::size_t>(id)] = true;
  }
  return added;
}

ordered_json vocabulary_of(const TokenizerState& state) {
  ordered_json vocabulary = ordered_json::object();
  const std::vector<bool> added = added_ids(state);
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

ordered_json byte_level(bool use_regex) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", use_regex}};
}

}  // namespace

std::string tokenizer_json(const TokenizerState& state) {
  ordered_json added = ordered_json::array();
  const std::vector<bool> is_added = added_ids(state);
  const std::unordered_set<std::int32_t> specials(state.specials.begin(), state.specials.end());
  for (std::size_t i = 0; i < state.pieces.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    if (!is_added[i]) continue;
    const bool special = specials.contains(id);
    added.push_back({{"id", id},
                     {"content", state.pieces[i]},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", special}});
  }
  const Pattern pattern = pattern_of(state.pattern);
  ordered_json pre = byte_level(pattern == Pattern::gpt2);
  if (pattern != Pattern::gpt2 && pattern != Pattern::none) {
    const ordered_json split = {{"type", "Split"},
                                {"pattern", {{"Regex", pattern_regex(pattern)}}},
                                {"behavior", "Isolated"},
                                {"invert", false}};
    pre = {{"type", "Sequence"}, {"pretokenizers", {split, pre}}};
  }
  ordered_json merges = ordered_json::array();
  for (std::size_t rank = 0; rank < state.merges.size() / 2; ++rank) merges.push_back(merge_text(state, rank));
  const ordered_json file = {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", added},
      {"normalizer", nullptr},
      {"pre_tokenizer", pre},
      {"post_processor", nullptr},
      {"decoder", byte_level(true)},
      {"model",
       {{"type", "BPE"},
        {"dropout", nullptr},
        {"unk_token", nullptr},
        {"continuing_subword_prefix", nullptr},
        {"end_of_word_suffix", nullptr},
        {"fuse_unk", false},
        {"byte_fallback", false},
        {"ignore_merges", state.whole_pieces},
        {"vocab", vocabulary_of(state)},
        {"merges", merges}}},
  };
  return file.dump(1) + '\n';
}

TokenizerState parse_gpt2(const std::string& encoder_json, const std::string& vocab_bpe) {
  TokenizerState state;
  state.kind = "bpe";
  state.pattern = "gpt2";
  state.pieces =
      pieces_of(parse_json(encoder_json), [](const std::string& token) { return bytes_of_printable(token); });
  const MergeReader reader(state.pieces);
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
  ensure(state.pattern == "gpt2", "GPT-2's files cannot hold pattern ", state.pattern, "; write a .json file");
  ensure(state.added.empty(), "GPT-2's files cannot hold added tokens that are not special; write a .json file");
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

}  // namespace heddle
