#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "data/io/file.h"
#include "data/io/utf8.h"
#include "data/tokenizer/file.h"
#include "data/vectors/word_vectors.h"
#include "framework/parallel.h"

namespace heddle {
namespace {

struct Format {
  const char* name;
  bool header, binary;
  const char* line_end;
};
constexpr std::array<Format, 4> kFormats = {{
    {"word2vec", true, false, "\n"},
    {"word2vec-binary", true, true, "\n"},
    {"glove", false, false, "\n"},
    {"fasttext", true, false, " \n"},
}};

const Format& format_of(const std::string& name) {
  const auto* const found =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& f) { return f.name == name; });
  if (found != kFormats.end()) return *found;
  std::string known;
  for (const Format& format : kFormats) known += (known.empty() ? "" : ", ") + std::string(format.name);
  throw Error(concat_text("word vectors: format '", name, "' is not known; choose one of ", known));
}

/// Errors: what `format` cannot hold, or what would not be read again.
void check_vectors(const WordVectors& vectors, const Format& format) {
  const auto count = static_cast<index_t>(vectors.words.size());
  const Shape& shape = vectors.vectors.shape();
  ensure(count > 0 && shape.ndim() == 2 && shape[0] == count && shape[1] > 0, "word vectors: ", count,
         " words and vectors ", shape, ", wanted a row for each of 1 or more words");
  ensure(shape[1] > 1 || format.header, "word vectors: ", format.name,
         " with one number a word may look like a header; choose a format that has one");
  for (index_t i = 0; i < count; ++i) {
    const std::string& word = vectors.words[static_cast<std::size_t>(i)];
    const auto refuse = [&](const auto&... why) {
      throw Error(concat_text("word vectors: word ", i + 1, " ('", visible(word.substr(0, 40)), "') ", why...));
    };
    if (word.empty() || word.find_first_of(kWhiteSpace) != word.npos)
      refuse("is empty or holds white space, which ends words in ", format.name, "'s form; leave it out");
    if (word.size() > kLongestWord) refuse("has ", word.size(), " bytes, wanted at most ", kLongestWord);
    const real* const row = vectors.vectors.data() + i * shape[1];
    if (!std::all_of(row, row + shape[1], [](real x) { return std::isfinite(x); }))
      refuse("has a number that is not finite; did its training diverge?");
  }
}

/// Appends a word and its numbers.
void append_line(std::string& to, const Format& format, const std::string& word, const real* row, index_t width) {
  to += word;
  if (format.binary) {
    to += ' ';
    to.append(reinterpret_cast<const char*>(row), static_cast<std::size_t>(width) * sizeof(real));
  } else {
    std::array<char, 32> text{' '};
    for (index_t i = 0; i < width; ++i)
      to.append(text.begin(), std::to_chars(text.begin() + 1, text.end(), row[i]).ptr);
  }
  to += format.line_end;
}

/// A word with its white space in printable_bytes.
std::string with_printable_space(const std::string& word) {
  std::string out;
  for (const char c : word)
    out += kWhiteSpace.find(c) == kWhiteSpace.npos ? std::string(1, c) : printable_bytes({&c, 1});
  return out;
}

}  // namespace

Spelling spell_words(std::vector<std::string>& words) {
  bool all_utf8 = true;
  std::string found;  // kinds of white space
  for (const std::string& word : words) {
    all_utf8 = all_utf8 && find_invalid_utf8(word) == word.npos;
    for (const char c : word) {
      if (kWhiteSpace.find(c) != kWhiteSpace.npos && found.find(c) == found.npos) found += c;
    }
  }
  if (all_utf8 && found.empty()) return Spelling::plain;
  const bool ambiguous = std::any_of(found.begin(), found.end(), [&](char c) {
    const std::string stands_for_it = printable_bytes({&c, 1});
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return word.find(stands_for_it) != word.npos; });
  });
  const Spelling spelling = all_utf8 && !ambiguous ? Spelling::white_space : Spelling::bytes;
  for (std::string& word : words)
    word = spelling == Spelling::bytes ? printable_bytes(word) : with_printable_space(word);
  return spelling;
}

std::vector<std::string> word_vector_formats() {
  std::vector<std::string> names;
  for (const Format& format : kFormats) names.emplace_back(format.name);
  return names;
}

void format_word_vectors(const WordVectors& vectors, const std::string& format_name,
                         const std::function<void(std::string_view)>& write) {
  const Format& format = format_of(format_name);
  check_vectors(vectors, format);
  const index_t count = vectors.vectors.size(0), width = vectors.vectors.size(1);
  if (format.header) write(concat_text(count, ' ', width, '\n'));
  const index_t grain = row_grain(count, width), block = 64 * grain;  // at most a million numbers, 10 MB of text
  std::vector<std::string> pieces(64);
  for (index_t begin = 0; begin < count; begin += block) {
    parallel_for(std::min(block, count - begin), grain, [&](index_t from, index_t to) {
      std::string& piece = pieces[static_cast<std::size_t>(from / grain)];
      for (index_t i = begin + from; i < begin + to; ++i)
        append_line(piece, format, vectors.words[static_cast<std::size_t>(i)], vectors.vectors.data() + i * width,
                    width);
    });
    for (std::string& piece : pieces) {
      write(piece);
      piece.clear();
    }
  }
}

void write_word_vectors(const std::filesystem::path& path, const WordVectors& vectors, const std::string& format) {
  write_files({{path, [&](std::ostream& out) {
                  format_word_vectors(vectors, format, [&](std::string_view bytes) { out << bytes; });
                }}});
}

}  // namespace heddle
