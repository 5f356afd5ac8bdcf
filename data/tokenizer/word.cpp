#include "data/tokenizer/word.h"

#include <algorithm>
#include <unordered_map>

#include "data/io/utf8.h"

namespace heddle {
namespace {

constexpr const char* kUnknown = "<unk>";

/// Finds words by a view of their bytes, without making a string of it.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <class Value>
using WordMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

/// Length of what may stand within a word at `at`, an apostrophe (straight or curled) or a joiner; 0 if nothing does.
std::size_t inner_mark(std::string_view text, std::size_t at) {
  const CodePoint c = decode_utf8(text.substr(std::min(at, text.size())));
  return c.value == U'\'' || c.value == U'\u2019' || is_joiner(c.value) ? c.length : 0;
}

/// Length of the word character at `at`; 0 if there is none.
std::size_t word_character(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  const CodePoint c = decode_utf8(text.substr(at));
  return c.length > 0 && is_word_character(c.value) ? c.length : 0;
}

/// Calls on_word(begin, word) for every token of `text`, words as print has them.
template <class OnWord>
void for_printed_words(std::string_view text, const OnWord& on_word) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (const std::size_t length = word_character(text, end)) {
      end += length;
      const std::size_t mark = inner_mark(text, end);
      if (mark > 0 && word_character(text, end + mark) > 0) end += mark;
    }
    if (end == at) {
      const CodePoint c = decode_utf8(text.substr(at));
      end += std::max<std::size_t>(c.length, 1);
      if (c.length > 0 && c.value != U'\n' && char_class(c.value) == CharClass::space) {
        at = end;
        continue;
      }
    }
    on_word(at, text.substr(at, end - at));
    at = end;
  }
}

bool begins_with_letter(std::string_view text) {
  const CodePoint c = decode_utf8(text);
  return c.length > 0 && char_class(c.value) == CharClass::letter;
}

/// The same for runs of letters and their marks, in lower case.
template <class OnWord>
void for_letter_words(std::string_view text, const OnWord& on_word) {
  std::string word;
  for (std::size_t at = 0, begin = 0; at <= text.size();) {
    const CodePoint c = decode_utf8(text.substr(at));
    const bool follows = !word.empty() && char_class(c.value) == CharClass::other &&
                         (is_mark(c.value) || (is_joiner(c.value) && begins_with_letter(text.substr(at + c.length))));
    if (c.length > 0 && (follows || char_class(c.value) == CharClass::letter)) {
      if (word.empty()) begin = at;
      append_lower_case(word, c.value);
    } else if (!word.empty()) {
      on_word(begin, std::string_view(word));
      word.clear();
    }
    at += std::max<std::size_t>(c.length, 1);
  }
}

/// The one or the other, by the tokenizer's kind; with `form_c` words are in Unicode's form C, in which no character
/// depends on one of another word.
template <class OnWord>
void for_words(const std::string& kind, bool form_c, std::string_view text, const OnWord& on_word) {
  const auto on_found = [&](std::size_t begin, std::string_view word) {
    if (!form_c || is_form_c(word)) return on_word(begin, word);
    on_word(begin, std::string_view(nfc(word)));
  };
  kind == "letters" ? for_letter_words(text, on_found) : for_printed_words(text, on_found);
}

/// No token reaches over a space or a line's end.
std::size_t word_cut(std::string_view text, std::size_t from, std::size_t to) {
  while (from < to && text[from] != ' ' && text[from] != '\n') ++from;
  return from;
}

class WordTokenizer final : public Tokenizer {
 public:
  explicit WordTokenizer(const TokenizerState& from) : Tokenizer(from) {
    ensure(state().pieces[0] == kUnknown, state().kind, " tokenizer: token 0 is not ", kUnknown);
    ensure(state().counts.size() == state().pieces.size(), state().kind, " tokenizer: ", state().counts.size(),
           " counts for ", state().pieces.size(), " tokens");
    const std::vector<bool> special = find_special(state());
    for (std::int32_t id = 0; id < vocab_size(); ++id) {
      if (special[static_cast<std::size_t>(id)]) continue;
      const auto [place, is_new] = ids_.emplace(piece(id), id);
      ensure(is_new, state().kind, " tokenizer: tokens ", place->second, " and ", id, " are the same");
    }
  }

  bool lossless() const override { return false; }
  std::optional<std::int32_t> unknown() const override { return 0; }

  std::size_t find_cut(std::string_view text, std::size_t from, std::size_t to, Specials specials) const override {
    return special_tokens(specials).find_cut(text, from, to, word_cut);
  }

  void decode_next(std::string& text, std::int32_t before, std::int32_t id) const override {
    const std::string& next = piece(id);
    const auto is_one_of = [](const std::string& word, std::string_view marks) {
      return word.size() == 1 && marks.find(word[0]) != marks.npos;
    };
    const bool first = before < 0 || piece(before) == "\n" || is_one_of(piece(before), "([{");
    const bool closes = is_one_of(next, ".,;:!?)]}%") || next == "\u201D" || next == "\u2019";
    if (!first && next != "\n" && !closes) text += ' ';
    text += next;
  }

  std::vector<std::uint64_t> starts(std::string_view text, std::span<const std::int32_t>) const override {
    std::vector<std::uint64_t> places;
    for_words(state().kind, state().nfc, text, [&](std::size_t begin, std::string_view) { places.push_back(begin); });
    return places;
  }

 protected:
  void append(Ids& ids, std::string_view text, Specials specials, std::uint64_t) const override {
    const auto append_words = [&](std::string_view part, std::size_t) {
      for_words(state().kind, state().nfc, part, [&](std::size_t, std::string_view word) {
        const auto found = ids_.find(word);
        ids.push_back(found == ids_.end() ? 0 : found->second);
      });
    };
    special_tokens(specials).cut_out(text, append_words, [&](std::int32_t id, std::size_t) { ids.push_back(id); });
  }

 private:
  WordMap<std::int32_t> ids_;
};

}  // namespace

TokenizerState train_word_tokenizer(const TokenizerOptions& options, const ReadBlock& read) {
  WordMap<std::int64_t> counts;
  for_plain_text(read, options.specials, word_cut, [&](std::string_view text, std::uint64_t) {
    for_words(options.kind, options.nfc, text, [&](std::size_t, std::string_view word) {
      const auto found = counts.find(word);
      if (found != counts.end()) {
        ++found->second;
      } else {
        counts.emplace(word, 1);
      }
    });
  });
  ensure(!counts.empty(), options.kind, " tokenizer: the text has no words");
  std::vector<std::pair<std::int64_t, std::string_view>> order;
  std::int64_t unknown = 0, most = 0;
  for (const auto& [word, count] : counts) {
    unknown += count;
    most = std::max(most, count);
    if (count >= options.min_count) order.emplace_back(-count, word);
  }
  ensure(!order.empty(), options.kind, " tokenizer: no word is seen min_count = ", options.min_count,
         " times, the most frequent ", most, " times; lower min_count, or give more text");
  std::sort(order.begin(), order.end());
  const auto others = 1 + static_cast<std::int64_t>(options.specials.size());
  order.resize(
      std::min(order.size(), static_cast<std::size_t>(std::max<std::int64_t>(options.vocab_size - others, 0))));
  TokenizerState state;
  state.kind = options.kind;
  state.nfc = options.nfc;
  state.pieces.emplace_back(kUnknown);
  state.counts.push_back(0);
  for (const auto& [count, word] : order) {
    state.pieces.emplace_back(word);
    state.counts.push_back(-count);
    unknown += count;
  }
  state.counts[0] = unknown;
  append_specials(state, options.specials);
  return state;
}

std::function<std::string(std::string_view)> word_reader(const TokenizerState& state) {
  if (state.kind != "letters" && !state.nfc) return {};
  return [lower = state.kind == "letters", form_c = state.nfc](std::string_view word) {
    const std::string composed = form_c ? nfc(word) : std::string(word);
    return lower ? lower_case(composed) : composed;
  };
}

std::unique_ptr<Tokenizer> make_word_tokenizer(const TokenizerState& state) {
  return std::make_unique<WordTokenizer>(state);
}

}  // namespace heddle
