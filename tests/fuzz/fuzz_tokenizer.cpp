#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <set>

#include "data/io/utf8.h"
#include "data/tokenizer/bpe.h"
#include "data/tokenizer/bpe_trainer.h"
#include "data/tokenizer/file.h"
#include "data/tokenizer/pretokenizer.h"
#include "data/vectors/word_vectors.h"
#include "tests/fuzz/fuzz.h"

/// What must hold of the tokenizers, and of the readers of their files and of word vectors.
namespace heddle {
namespace {

using Ids = Tokenizer::Ids;
using fuzz::check;
using fuzz::next_part;
using fuzz::unless_error;
constexpr std::string_view kEnd = "<|end|>";

/// Merging as its definition says, without anything that makes it fast.
class Reference {
 public:
  explicit Reference(const TokenizerState& state) : merges_(state.merges) {
    std::map<std::string_view, std::int32_t> ids;
    for (std::size_t id = 0; id < state.pieces.size(); ++id)
      ids.emplace(state.pieces[id], static_cast<std::int32_t>(id));
    for (std::size_t byte = 0; byte < 256; ++byte) bytes_[byte] = ids.at(std::string(1, static_cast<char>(byte)));
    for (std::size_t i = 0; i < merges_.size(); i += 2) {
      const auto piece = [&](std::size_t at) { return state.pieces[static_cast<std::size_t>(merges_[at])]; };
      rules_[{merges_[i], merges_[i + 1]}] = {i, ids.at(piece(i) + piece(i + 1))};
    }
  }

  Ids encode(std::string_view piece) const {
    Ids ids;
    for (const char byte : piece) ids.push_back(bytes_[static_cast<unsigned char>(byte)]);
    for (;;) {
      Rule best{SIZE_MAX, 0};
      for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
        const auto rule = rules_.find({ids[i], ids[i + 1]});
        if (rule != rules_.end()) best = std::min(best, rule->second);
      }
      if (best.first == SIZE_MAX) return ids;
      for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
        if (ids[i] != merges_[best.first] || ids[i + 1] != merges_[best.first + 1]) continue;
        ids[i] = best.second;
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
  }

 private:
  using Rule = std::pair<std::size_t, std::int32_t>;  // where in merges_, and the token that is made
  std::vector<std::int32_t> merges_;
  std::array<std::int32_t, 256> bytes_{};
  std::map<std::pair<std::int32_t, std::int32_t>, Rule> rules_;
};

/// Text comes back, token by token at the places that are said, and its parts between cuts give the same tokens.
void check_text(const Tokenizer& tokenizer, std::string_view text, Specials specials) {
  const Ids ids = tokenizer.encode(text, specials);
  const auto starts = tokenizer.starts(text, ids);
  check(starts.size() == ids.size(), "each token has its start");
  check(std::is_sorted(starts.begin(), starts.end()), "starts are in order");
  check(starts.empty() || starts.back() < text.size(), "starts lie in the text");
  if (tokenizer.lossless()) {
    check(tokenizer.decode(ids) == text, "decode(encode(text)) is the text");
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      check(starts[i] == sum, "a token starts where those before it end");
      sum += tokenizer.piece(ids[i]).size();
    }
  }
  Ids parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = tokenizer.find_cut(text, begin + 1, text.size(), specials);
    for (const std::int32_t id : tokenizer.encode(text.substr(begin, end - begin), specials, begin))
      parts.push_back(id);
    begin = end;
  }
  check(parts == ids, "parts between cuts give the text's tokens");
}

/// All of check_text, and that each piece is merged by the definition.
void check_merging(const Tokenizer& tokenizer, const Reference& reference, std::string_view text) {
  const TokenizerState& state = tokenizer.state();
  for (const Specials specials : {Specials::plain, Specials::allowed}) {
    check_text(tokenizer, text, specials);
    SpecialTokens cut_out;
    for (const std::int32_t id : state.added) cut_out.add(tokenizer.piece(id), id);
    for (const std::int32_t id : specials == Specials::allowed ? state.specials : Ids())
      cut_out.add(tokenizer.piece(id), id);
    Ids wanted;
    split(
        pattern_of(state.pattern), cut_out, text,
        [&](std::string_view piece) {  // the definition takes time that grows as the square
          const Ids ids = piece.size() <= 300 ? reference.encode(piece) : tokenizer.encode(piece, specials);
          wanted.insert(wanted.end(), ids.begin(), ids.end());
        },
        [&](std::int32_t id) { wanted.push_back(id); });
    check(tokenizer.encode(text, specials) == wanted, "pieces are merged by the definition");
  }
}

// --- one property each ---

/// A vocabulary of each pattern, from a text with some of all that texts hold.
struct Trained {
  explicit Trained(Pattern pattern) {
    std::string text;
    for (int i = 0; i < 3; ++i) {
      text +=
          "It's what they'll say: the king, the queen and the 1234 others don't, WE'LL DON'T.\r\n\r\n\n"
          "    the cat;   the hat...   aaaaaaaaaaaaaaaaaaaaaaaaa 2024-10-31 <|end|>中文字中文 über straße\t\t"
          "{\"the\": [1, 2, 33]} \xFF\xFE\xC3 <|en the theme of the thesis --------------- \u3000\u3000";
    }
    BpeOptions options;
    options.vocab_size = 256 + 1 + 120;
    options.pattern = pattern;
    options.specials = {std::string(kEnd)};
    const TokenizerState state = train_bpe(read_from(text), options);
    tokenizer = make_tokenizer(state);
    reference.emplace(state);
  }
  std::unique_ptr<Tokenizer> tokenizer;
  std::optional<Reference> reference;
};

template <Pattern pattern>
void test_encode(std::string_view text) {
  static const Trained trained(pattern);
  check_merging(*trained.tokenizer, *trained.reference, text);
}

void test_bytes(std::string_view text) {
  static const auto tokenizer = train_tokenizer({.kind = "byte"}, read_from(""));
  check_text(*tokenizer, text, Specials::plain);
}

void test_characters(std::string_view text) {
  const auto tokenizer = unless_error([&] { return train_tokenizer({.kind = "char"}, read_from(text)); });
  const bool can_be = !text.empty() && find_invalid_utf8(text) == text.npos;
  check(tokenizer.has_value() == can_be, "characters are learned from UTF-8 alone");
  if (tokenizer) check_text(**tokenizer, text, Specials::plain);
}

void test_words(std::string_view text) {
  for (const std::int64_t min_count : {1, 2}) {
    const TokenizerOptions options{.kind = "word", .min_count = min_count};
    const auto tokenizer = unless_error([&] { return train_tokenizer(options, read_from(text)); });
    if (!tokenizer) continue;  // no words
    check_text(**tokenizer, text, Specials::plain);
    const Ids ids = (*tokenizer)->encode(text);
    const std::string decoded = (*tokenizer)->decode(ids);
    // <unk> as text is not the token <unk>
    if (min_count == 1) check((*tokenizer)->encode(decoded) == ids, "words that print joins come apart again");
  }
}

void check_files(const TokenizerState& state);

template <Pattern pattern>
void test_train(std::string_view input) {
  std::string text(input);
  // of some inputs so many that the text is counted in parts
  const bool repeat = pattern != Pattern::none && input.size() > 8 && input.size() % 4 == 0;
  while (repeat && text.size() < 100000) text += input;
  BpeOptions options;
  options.vocab_size = 300;
  options.pattern = pattern;
  options.specials = {std::string(kEnd)};
  const auto train = [&](std::size_t block) {
    return unless_error([&] {
      const ReadBlock read = [rest = std::string_view(text), block](std::string& to, std::size_t count) mutable {
        const std::string_view part = rest.substr(0, std::min(block, count));
        to += part;
        rest.remove_prefix(part.size());
        return !rest.empty();
      };
      return train_bpe(read, options);
    });
  };
  const auto state = train(text.size());
  check(state.has_value() == !text.empty(), "merges are learned from any text");
  check(train(text.size() / 7 + 1) == state, "blocks do not matter");
  if (!state) return;
  check_merging(*make_tokenizer(*state), Reference(*state), input);
  check_files(*state);
}

/// Makes a tokenizer of what a file said, and uses it.
std::unique_ptr<Tokenizer> use(const TokenizerState& state) {
  auto tokenizer = unless_error([&] { return make_tokenizer(state); });
  if (!tokenizer) return nullptr;
  const std::string text = "hello  world's \xFF <|end|> 12\n\n e\u0301 <|e";
  const auto checked = [&](Specials specials) {  // an expression may take more steps than are allowed
    return unless_error([&] {
      (*tokenizer)->encode(text, specials);
      return true;
    });
  };
  for (const Specials specials : {Specials::plain, Specials::allowed}) {
    if (checked(specials)) check_text(**tokenizer, text, specials);
  }
  return std::move(*tokenizer);
}

/// What is written, is read as it was.
void check_files(const TokenizerState& state) {
  if (const auto text = unless_error([&] { return tokenizer_json(state); }))
    check(parse_tokenizer_json(*text) == state, "tokenizer.json is read as it was written");
}

void test_json(std::string_view text) {
  const auto state = unless_error([&] { return parse_tokenizer_json(std::string(text)); });
  if (!state || !use(*state)) return;
  check(parse_tokenizer_json(tokenizer_json(*state)) == *state, "tokenizer.json is written as it was read");
}

void test_gpt2(std::string_view text) {
  const std::size_t cut = std::min(text.find('\0'), text.size());
  const std::string_view rest = text.substr(std::min(cut + 1, text.size()));
  const auto state = unless_error([&] { return parse_gpt2(std::string(text.substr(0, cut)), std::string(rest)); });
  if (!state || !use(*state)) return;
  check(parse_gpt2(gpt2_encoder_json(*state), gpt2_vocab_bpe(*state)) == *state, "GPT-2's files are written as read");
  check_files(*state);
}

void test_ranks(std::string_view text) {
  const auto state = unless_error([&] { return parse_ranks(std::string(text), "gpt2"); });
  if (!state || !use(*state)) return;
  const auto lines = unless_error([&] { return rank_lines(*state); });
  if (lines) check(parse_ranks(*lines, "gpt2") == *state, "ranks are written as they were read");
  check_files(*state);
}

void test_printable(std::string_view text) {
  check(bytes_of_printable(printable_bytes(text)) == text, "printable characters stand for their bytes");
  unless_error([&] { return bytes_of_printable(text); });
}

/// A vocabulary that no training made. The input is merges, special tokens and text, with a 0 byte between. A merge is
/// two bytes, a token each: below 128 the byte itself, above so many tokens back from the latest. The first half of the
/// special tokens' bytes is one that must be allowed, the second one that is found everywhere.
void test_any_merges(std::string_view input) {
  TokenizerState state;
  state.kind = "bpe";
  std::map<std::string, std::int32_t> ids;
  const auto id_of = [&](const std::string& bytes) {
    const auto [place, is_new] = ids.emplace(bytes, static_cast<std::int32_t>(state.pieces.size()));
    if (is_new) state.pieces.push_back(bytes);
    return place->second;
  };
  for (int byte = 0; byte < 256; ++byte) id_of(std::string(1, static_cast<char>(byte)));
  const std::string_view merges = next_part(input), specials = next_part(input);
  state.pattern = pattern_names()[merges.size() % 4];
  std::set<std::pair<std::int32_t, std::int32_t>> known;
  const auto token = [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 128 ? std::int32_t{byte} : static_cast<std::int32_t>(state.pieces.size()) - 1 - (byte - 128);
  };
  for (std::size_t i = 0; i + 1 < merges.size(); i += 2) {
    const std::int32_t left = token(merges[i]), right = token(merges[i + 1]);
    const std::string bytes =
        state.pieces[static_cast<std::size_t>(left)] + state.pieces[static_cast<std::size_t>(right)];
    if (bytes.size() > 1000 || !known.emplace(left, right).second) continue;
    id_of(bytes);
    state.merges.push_back(left);
    state.merges.push_back(right);
  }
  if (specials.size() > 1) {
    const std::string first(specials.substr(0, specials.size() / 2)), second(specials.substr(specials.size() / 2));
    state.specials.push_back(id_of(first));
    if (first != second) state.added.push_back(id_of(second));
  }
  const auto tokenizer = unless_error([&] { return make_tokenizer(state); });
  if (!tokenizer) return;
  const Reference reference(state);
  check_merging(**tokenizer, reference, input);
  const std::string_view piece = input.substr(0, 300);
  check(bpe_steps(state, piece).back() == reference.encode(piece), "steps are those of the definition");
  check_files(state);
}

void test_word_vectors(std::string_view bytes) {
  const auto rows_equal = [](const WordVectors& a, const WordVectors& b) {  // of the words in `a`
    return a.vectors.size(1) == b.vectors.size(1) && std::equal(a.words.begin(), a.words.end(), b.words.begin()) &&
           std::memcmp(a.vectors.data(), b.vectors.data(), a.vectors.span().size_bytes()) == 0;
  };
  const auto spells_text = [](const WordVectors& vectors) {
    const auto row = std::as_bytes(vectors.vectors.span().first(static_cast<std::size_t>(vectors.vectors.size(1))));
    return std::none_of(row.begin(), row.end(), [](std::byte b) { return b < std::byte{'\t'}; });
  };
  const auto read = unless_error([&] { return parse_word_vectors(bytes); });
  const auto first = unless_error([&] { return parse_word_vectors(bytes, 1); });
  if (!read) return;
  check(first ? first->words.size() == 1 && rows_equal(*first, *read) : read->unreadable > 0,
        "a limit reads the first words");
  for (const std::string& format : word_vector_formats()) {
    const auto written = unless_error([&] {
      std::string text;
      format_word_vectors(*read, format, [&](std::string_view block) { text += block; });
      return text;
    });
    // a word with spaces, or a binary file whose first numbers spell numbers
    if (!written || (format == "word2vec-binary" && spells_text(*read))) continue;
    const WordVectors again = parse_word_vectors(*written);
    check(again.words.size() == read->words.size() && rows_equal(again, *read), "word vectors are read as written");
  }
}

// clang-format off
constexpr std::array<void (*)(std::string_view), 17> kTests = {
    test_encode<Pattern::cl100k>,      // a
    test_encode<Pattern::whitespace>,  // b
    test_encode<Pattern::none>,        // c
    test_bytes,                        // d
    test_characters,                   // e
    test_words,                        // f
    test_train<Pattern::gpt2>,         // g
    test_train<Pattern::cl100k>,       // h
    test_train<Pattern::whitespace>,   // i
    test_train<Pattern::none>,         // j
    test_json,                         // k
    test_gpt2,                         // l
    test_ranks,                        // m
    test_printable,                    // n
    test_any_merges,                   // o
    test_encode<Pattern::gpt2>,        // p
    test_word_vectors,                 // q
};
// clang-format on

}  // namespace
}  // namespace heddle

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return heddle::fuzz::try_law(heddle::kTests, data, size);
}
