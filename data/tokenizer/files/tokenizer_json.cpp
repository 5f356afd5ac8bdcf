#include <map>
#include <nlohmann/json.hpp>

#include "data/tokenizer/file.h"
#include "data/tokenizer/files/json_parts.h"
#include "data/tokenizer/split/steps.h"

namespace heddle {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// Whether a normalizer is NFC or nothing; what else it does goes to `obstacles`.
bool is_nfc(const json& normalizer, std::vector<std::string>& obstacles) {
  if (normalizer.is_null()) return false;
  if (type_of(normalizer) == "Sequence" && member(normalizer, "normalizers").is_array()) {
    bool nfc = false;
    for (const json& part : member(normalizer, "normalizers")) nfc |= is_nfc(part, obstacles);
    return nfc;
  }
  if (type_of(normalizer) == "NFC") return true;
  obstacles.push_back("the normalizer " + type_of(normalizer) + " is not supported");
  return false;
}

/// What a file says that a reader should know and that is not done here.
std::vector<std::string> not_done(const json& file) {
  std::vector<std::string> notices;
  const json &dropout = member(member(file, "model"), "dropout"), &post = member(file, "post_processor");
  if (dropout.is_number() && dropout != 0)
    notices.push_back("its dropout of " + dropout.dump() + " is not used: texts are always merged alike");
  if (!member(file, "truncation").is_null()) notices.emplace_back("its truncation is not used: texts are not cut off");
  if (!member(file, "padding").is_null()) notices.emplace_back("its padding is not used: nothing is put behind a text");
  if (!post.is_null() && type_of(post) != "ByteLevel")
    notices.push_back("its post-processor " + type_of(post) + " is not used: no tokens are put around a text");
  return notices;
}

}  // namespace

TokenizerState parse_tokenizer_json(const std::string& text, std::vector<std::string>* notices) {
  const json file = parse_json(text);
  const json& model = member(file, "model");
  ensure(model.is_object(), "it has no model; is this a tokenizer.json?");
  const bool bpe = type_of(model) == "BPE" || (type_of(model) == "without a type" && model.contains("merges"));
  TokenizerState state;
  state.kind = "bpe";
  std::vector<std::string> obstacles;
  if (!bpe) obstacles.push_back("its model is " + type_of(model) + "; only byte-level BPE can be read");
  for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json& value = member(model, name);
    if (!value.is_null() && value != "") obstacles.push_back(concat_text("its model's ", name, " is not supported"));
  }
  if (bool_of(model, "byte_fallback"))
    obstacles.emplace_back("its model's byte_fallback is not supported; this is not byte-level BPE");
  state.nfc = is_nfc(member(file, "normalizer"), obstacles);
  state.pattern = pattern_of_pre_tokenizer(member(file, "pre_tokenizer").dump(), obstacles);
  std::string all;
  for (const std::string& obstacle : obstacles) all += (all.empty() ? "" : "; ") + obstacle;
  ensure(obstacles.empty(), all);

  state.whole_pieces = bool_of(model, "ignore_merges");
  json vocabulary = member(model, "vocab");
  ensure(vocabulary.is_object() && !vocabulary.empty(), "it has no vocabulary");
  std::map<std::string, bool> plain;
  for (const auto& [name, id] : read_added_tokens(state, member(file, "added_tokens"))) {
    const json& known = member(vocabulary, name);
    ensure(known.is_null() || known == id, "added token ", name, " has id ", id, " and in the vocabulary ",
           known.dump());
    vocabulary[name] = static_cast<std::uint64_t>(id);
    plain[name] = true;
  }
  add_pieces(state, vocabulary, plain);

  const json& merges = member(model, "merges");
  ensure(merges.is_array(), "its model has no merges");
  const MergeReader reader(state);
  for (const json& merge : merges) {
    if (merge.is_string()) {
      reader.add(state.merges, merge.get_ref<const std::string&>());
    } else {
      const bool two = merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string();
      ensure(two, "merge ", state.merges.size() / 2, " is neither \"left right\" nor [\"left\", \"right\"]");
      reader.add(state.merges, merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>());
    }
  }
  if (notices != nullptr) *notices = not_done(file);
  return state;
}

std::string tokenizer_json(const TokenizerState& state) {
  ordered_json merges = ordered_json::array();
  for (std::size_t rank = 0; rank < state.merges.size() / 2; ++rank) merges.push_back(merge_text(state, rank));
  const ordered_json file = {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", added_tokens_json(state)},
      {"normalizer", state.nfc ? ordered_json{{"type", "NFC"}} : ordered_json()},
      {"pre_tokenizer", ordered_json::parse(pre_tokenizer_of_pattern(state.pattern))},
      {"post_processor", nullptr},
      {"decoder", ordered_json::parse(pre_tokenizer_of_pattern("gpt2"))},
      {"model",
       {{"type", "BPE"},
        {"dropout", nullptr},
        {"unk_token", nullptr},
        {"continuing_subword_prefix", nullptr},
        {"end_of_word_suffix", nullptr},
        {"fuse_unk", false},
        {"byte_fallback", false},
        {"ignore_merges", state.whole_pieces},
        {"vocab", vocabulary_json(state)},
        {"merges", merges}}},
  };
  return file.dump(1) + '\n';
}

}  // namespace heddle
