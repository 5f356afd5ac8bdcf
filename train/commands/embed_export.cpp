#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "train/commands/commands.h"
#include "train/commands/embed_command.h"
#include "train/config/config.h"

namespace heddle {
namespace {

/// Takes out the words that are longer than any reader takes, and returns how many they were.
index_t drop_too_long(WordVectors& all) {
  const auto fits = [](const std::string& word) { return word.size() <= kLongestWord; };
  if (std::all_of(all.words.begin(), all.words.end(), fits)) return 0;
  const index_t width = all.vectors.size(1);
  std::vector<std::string> words;
  std::vector<real> values;
  for (std::size_t i = 0; i < all.words.size(); ++i) {
    if (!fits(all.words[i])) continue;
    const real* const row = all.vectors.data() + static_cast<index_t>(i) * width;
    values.insert(values.end(), row, row + width);
    words.push_back(all.words[i]);
  }
  const index_t dropped = std::ssize(all.words) - std::ssize(words);
  ensure(!words.empty(), "embed export: all ", dropped, " words are longer than ", kLongestWord,
         " bytes; is their text one without blanks?");
  all.words = std::move(words);
  all.vectors = Tensor::from(values, {std::ssize(all.words), width});
  return dropped;
}

}  // namespace

int embed_export(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::string output, format = "word2vec";
  CommandLine line;
  line.usage = "embed export RUN --output FILE [options]";
  line.summary =
      "Writes word vectors for other programs. RUN: a run's folder, a checkpoint, or a file of word vectors (word2vec\n"
      "text or binary, GloVe, fastText), so that one form becomes another.";
  line.options = vectors.keys();
  line.options.insert(line.options.begin(), {Key("output", output, "where they are written").path(),
                                             {"format", format, "of the file", word_vector_formats()}});
  if (!line.parse(arguments)) return 0;
  check_output("embed export", output);
  LoadedVectors all = load_word_vectors(line.positional[0], vectors);
  const Spelling spelling = spell_words(all.words);
  const index_t dropped = drop_too_long(all);
  write_word_vectors(output, all, format);
  tell_source(all);
  std::cout << told_spelling(spelling);
  if (dropped > 0)
    std::cout << fmt::format("{} words are longer than the {} bytes that readers take, and are left out\n", dropped,
                             kLongestWord);
  std::cout << fmt::format("{}: {} words, {} dimensions\n", output, all.words.size(), all.vectors.size(1));
  return 0;
}

}  // namespace heddle
