#include "data/tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/io/utf8.h"
#include "data/tokenizer/bpe.h"
#include "data/tokenizer/byte.h"
#include "data/tokenizer/char.h"
#include "data/tokenizer/word.h"
#include "framework/format.h"
#include "framework/parallel.h"

namespace heddle {
namespace {

struct Row {
  const char* kind;
  bool whole_text;
  TokenizerState (*train)(const TokenizerOptions& options, const ReadBlock& read);
  std::unique_ptr<Tokenizer> (*make)(const TokenizerState& state);
};

/// The one table of tokenizers: a new one adds its row here.
constexpr Row kTable[] = {
    {"char", true, train_char_tokenizer, make_char_tokenizer},
    {"byte", false, train_byte_tokenizer, make_byte_tokenizer},
    {"word", false, train_word_tokenizer, make_word_tokenizer},
    {"letters", false, train_word_tokenizer, make_word_tokenizer},
    {"bpe", false, train_bpe_tokenizer, make_bpe_tokenizer},
};

const Row& row_of(const std::string& kind) {
  std::string known;
  for (const Row& row : kTable) {
    if (kind == row.kind) return row;
    known += (known.empty() ? "" : ", ") + std::string(row.kind);
  }
  throw Error(concat_text("tokenizer ", kind, ": no such kind; choose one of: ", known));
}

}  // namespace

Tokenizer::Tokenizer(TokenizerState state) : state_(std::move(state)) {
  ensure(!state_.pieces.empty(), state_.kind, " tokenizer: the vocabulary is empty");
  ensure(state_.pieces.size() <= kMaxVocabulary, state_.kind, " tokenizer: ", state_.pieces.size(),
         " tokens are more than the ", kMaxVocabulary, " that are possible");
  const auto index = [&](std::int32_t id) {
    ensure(id >= 0 && id < vocab_size(), state_.kind, " tokenizer: special token ", id,
           " is outside the vocabulary of ", vocab_size());
    return static_cast<std::size_t>(id);
  };
  const auto flags = [&](const std::vector<std::int32_t>& list) {
    std::vector<bool> set(state_.pieces.size());
    for (const std::int32_t id : list) set[index(id)] = true;
    return set;
  };
  const std::vector<bool> normalized = flags(state_.normalized), lstrip = flags(state_.lstrip),
                          rstrip = flags(state_.rstrip), single_word = flags(state_.single_word);
  for (const auto& [list, everywhere] : {std::pair(&state_.specials, false), std::pair(&state_.added, true)}) {
    for (const std::int32_t id : *list) {
      const std::size_t at = index(id);
      const std::string text = normalized[at] && state_.nfc ? nfc(state_.pieces[at]) : state_.pieces[at];
      for (auto* found : {&allowed_, everywhere ? &plain_ : nullptr}) {
        if (found == nullptr) continue;
        (normalized[at] ? found->second : found->first).add(text, id, {lstrip[at], rstrip[at], single_word[at]});
      }
    }
  }
}

std::vector<bool> find_special(const TokenizerState& state) {
  std::vector<bool> special(state.pieces.size());
  for (const auto* list : {&state.specials, &state.added}) {
    for (const std::int32_t id : *list) {
      if (id >= 0 && id < std::ssize(state.pieces)) special[static_cast<std::size_t>(id)] = true;
    }
  }
  return special;
}

Tokenizer::Ids Tokenizer::encode(std::string_view text, Specials specials, std::uint64_t begin) const {
  std::vector<std::size_t> ends =
      part_ends(text, text.size(),
                [&](std::string_view t, std::size_t from, std::size_t to) { return find_cut(t, from, to, specials); });
  if (ends.empty() || ends.back() < text.size()) ends.push_back(text.size());
  std::vector<Ids> parts(ends.size());
  const auto append_part = [&](std::size_t i) {
    const std::size_t first = i == 0 ? 0 : ends[i - 1];
    append(parts[i], text.substr(first, ends[i] - first), specials, begin + first);
  };
  try {
    parallel_for(static_cast<index_t>(ends.size()), 1, [&](index_t b, index_t e) {
      for (index_t i = b; i < e; ++i) append_part(static_cast<std::size_t>(i));
    });
  } catch (const Error&) {  // of several errors, the one that comes first in the text is told
    for (std::size_t i = 0; i < ends.size(); ++i) append_part(i);
    throw;
  }
  if (parts.size() == 1) return std::move(parts[0]);
  std::size_t count = 0;
  for (const Ids& part : parts) count += part.size();
  Ids ids;
  ids.reserve(count);
  for (Ids& part : parts) {
    ids.insert(ids.end(), part.begin(), part.end());
    part = {};
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids) const {
  std::string text;
  std::int32_t before = -1;
  for (const std::int32_t id : ids) {
    decode_next(text, before, id);
    before = id;
  }
  return text;
}

void Tokenizer::decode_next(std::string& text, std::int32_t, std::int32_t id) const { text += piece(id); }

std::vector<std::uint64_t> Tokenizer::starts(std::string_view, std::span<const std::int32_t> ids) const {
  std::vector<std::uint64_t> places;
  places.reserve(ids.size());
  std::uint64_t place = 0;
  for (const std::int32_t id : ids) {
    places.push_back(place);
    place += piece(id).size();
  }
  return places;
}

const std::string& Tokenizer::piece(std::int32_t id) const {
  ensure(id >= 0 && id < vocab_size(), "decode: token ", id, " is outside the vocabulary of ", vocab_size());
  const std::string& bytes = state_.pieces[static_cast<std::size_t>(id)];
  ensure(!bytes.empty(), "decode: token ", id, " is not used in this vocabulary");
  return bytes;
}

std::optional<std::int32_t> special_token(const TokenizerState& state, std::string_view text) {
  for (const std::int32_t id : state.specials) {
    const bool there = id >= 0 && id < std::ssize(state.pieces);
    if (there && state.pieces[static_cast<std::size_t>(id)] == text) return id;
  }
  return {};
}

Tokenizer::Ids between_ends(const TokenizerState& state, Tokenizer::Ids ids) {
  if (const auto first = special_token(state, kClassToken)) ids.insert(ids.begin(), *first);
  if (const auto last = special_token(state, kSeparatorToken)) ids.push_back(*last);
  return ids;
}

void for_plain_text(const ReadBlock& read, const std::vector<std::string>& specials, const FindCut& find_cut,
                    const std::function<void(std::string_view, std::uint64_t)>& learn) {
  SpecialTokens cut_out;
  for (const std::string& special : specials) cut_out.add(special, 0);
  const auto find = [&](std::string_view text, std::size_t from, std::size_t to) {
    return cut_out.find_cut(text, from, to, find_cut);
  };
  for_blocks(read, cut_out.longest(), find, [&](std::string_view text, const auto&, std::uint64_t begin) {
    cut_out.cut_out(
        text, [&](std::string_view part, std::size_t at) { learn(part, begin + at); },
        [](std::int32_t, std::size_t) {});
  });
}

std::string unknown_notice(const std::string& text, double unknown, double all, const std::string& advice) {
  constexpr double kMany = 0.1;
  if (unknown == 0) return {};
  std::string notice =
      fmt::format("{}: {:.1f} % of {} tokens are outside the vocabulary", text, 100 * unknown / all, human_count(all));
  return unknown < kMany * all ? notice : "WARNING: " + notice + "; " + advice;
}

std::string unknown_notice(const std::string& text, const Tokenizer& tokenizer, std::span<const std::int32_t> ids) {
  const auto unknown = tokenizer.unknown();
  return unknown_notice(text, unknown ? static_cast<double>(std::count(ids.begin(), ids.end(), *unknown)) : 0,
                        static_cast<double>(ids.size()),
                        "the model knows nothing of them; is the text in the language that it was trained on?");
}

void append_specials(TokenizerState& state, const std::vector<std::string>& specials) {
  for (const std::string& special : specials) {
    state.specials.push_back(static_cast<std::int32_t>(state.pieces.size()));
    state.pieces.push_back(special);
    if (!state.counts.empty()) state.counts.push_back(0);
  }
}

std::vector<std::string> tokenizer_kinds() {
  std::vector<std::string> kinds;
  for (const Row& row : kTable) kinds.emplace_back(row.kind);
  return kinds;
}

bool needs_whole_text(const std::string& kind) { return row_of(kind).whole_text; }

std::unique_ptr<Tokenizer> train_tokenizer(const TokenizerOptions& options, const ReadBlock& read) {
  const Row& row = row_of(options.kind);
  return row.make(row.train(options, read));
}
std::unique_ptr<Tokenizer> make_tokenizer(const TokenizerState& state) { return row_of(state.kind).make(state); }

}  // namespace heddle
