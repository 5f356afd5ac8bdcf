#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/tensor.h"

/// Word vectors in the forms that other programs read and write, V words of D numbers each:
///
///   word2vec          a line "V D", then a line a word: it and its numbers, a space before each
///   word2vec-binary   a line "V D", then each word, a space, its numbers as float32 (low bytes first), a line's end;
///                     gensim and some others leave that end out
///   glove             word2vec's without the first line
///   fasttext          word2vec's with a space before each line's end, as fastText's .vec
namespace heddle {

/// Words and a row for each in the file's order, by custom the most frequent first.
struct WordVectors {
  std::vector<std::string> words;
  Tensor vectors;  ///< [V, D]
  /// Makes of a word that is asked for what was made of the text's words; none: it stays as it is.
  std::function<std::string(std::string_view)> read_word{};
  index_t asked = 0;  ///< the last so many rows are there to be asked for, and are no answers
  /// What a file held that is left out: lines that cannot be read, the first with its number and what is wrong, and
  /// words that stood there before.
  index_t unreadable = 0, repeated = 0;
  std::string first_unreadable{};
};

/// What can be written as a word: 1 .. kLongestWord bytes, none of them of kWhiteSpace; other programs want UTF-8,
/// which spell_words makes of any.
constexpr std::size_t kLongestWord = 65536;
constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";

/// The names of the forms above.
std::vector<std::string> word_vector_formats();

/// Reads any of them, the words of the first `limit` lines (0: all), and of those that follow the ones that are `asked`
/// for; other lines there are not looked at. Which form it is, is told by what the file holds: two whole numbers on the
/// first line are a header, so vectors of one number may need one; then see parse_word_vectors. Lines may end with
/// \r\n, and tabs or several spaces may stand for one. The file is mapped, so that it takes no memory beside the
/// vectors; gzip and zstd are unpacked first.
///
/// A line that cannot be read is left out and counted: of too many or too few numbers, of what is no number or not
/// finite, of an empty word, or of one that is too long. Of a word that stands there twice the first counts. Errors,
/// naming the file and the line, or the word in a binary file: no such file; an empty one; a header whose numbers do
/// not fit the file; more lines that cannot be read than that can; any such fault in a binary file.
WordVectors read_word_vectors(const std::filesystem::path& path, index_t limit = 0,
                              const std::vector<std::string>& asked = {});

/// The same from a file's bytes. What follows a header is text if its first line is a word without spaces and D
/// numbers, and if it is UTF-8 without control characters. If only one of the two holds, it is binary where that fits
/// to the byte and text does not.
///
/// D is what the header says, or the count of numbers that end the first line. In the other lines the last D are the
/// numbers, and what stands before them is the word: some of GloVe's words hold spaces (". . ."). A word of several
/// parts does not end with a number, though; that is a line with too many.
WordVectors parse_word_vectors(std::string_view bytes, index_t limit = 0, const std::vector<std::string>& asked = {});

/// How words are spelt in files for other programs, which want UTF-8 and no white space within a word.
enum class Spelling {
  plain,        ///< as they are
  white_space,  ///< white space as GPT-2's vocabulary writes it: U+0120 for a blank, U+010A for a line's end
  bytes,        ///< a character for each byte of every word, as in GPT-2's vocabulary (printable_bytes)
};
/// Words in the first of these spellings that others can read and that tells which word each was: `plain` where all are
/// UTF-8 without white space; `white_space` where all are UTF-8 and no word holds a character that would stand for
/// white space; else `bytes`.
Spelling spell_words(std::vector<std::string>& words);

/// Writes one of word_vector_formats(). Numbers are the shortest text that is read as the same bits. The file is
/// written beside its place and renamed, so it is there whole or not at all. Errors: an unknown format; no words, or
/// not a row for each; a word that is empty, too long or holds white space; a number that is not finite; one number a
/// word in glove, whose first line may look like a header; a place that cannot be written to.
void write_word_vectors(const std::filesystem::path& path, const WordVectors& vectors, const std::string& format);

/// The bytes of such a file, handed to `write` block by block. Errors: as write_word_vectors.
void format_word_vectors(const WordVectors& vectors, const std::string& format,
                         const std::function<void(std::string_view)>& write);

}  // namespace heddle
