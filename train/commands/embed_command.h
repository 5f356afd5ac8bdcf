#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/vectors/word_vectors.h"
#include "framework/keys.h"
#include "train/analysis/words/nearest_words.h"
#include "train/analysis/words/word_groups.h"
#include "train/commands/json.h"
#include "train/run/checkpoint.h"

namespace heddle {

/// Which vectors the parts of `heddle embed` ask.
struct VectorOptions {
  std::int64_t layer = -1, text_size = 4000000, min_count = 5, limit = 0;
  std::string text;

  std::vector<Key> keys();
};
struct LoadedVectors : WordVectors {
  std::vector<std::string> made{};             ///< those of the last words that the vocabulary lacks
  std::optional<CheckpointName> checkpoint{};  ///< where they are of one
};
/// The word vectors of `source`: a run or a checkpoint (its model's input embeddings without <unk>, or with
/// options.layer averages over a text), or a file that read_word_vectors reads. Those of `asked` that are not among the
/// first options.limit stand behind these, as WordVectors::asked; those that the vocabulary lacks, too, where the model
/// knows parts of them. Errors: as those.
LoadedVectors load_word_vectors(const std::string& source, const VectorOptions& options,
                                const std::vector<std::string>& asked = {});

/// Up to five words, and how many more there are.
std::string some_words(const std::vector<std::string>& words);
nlohmann::json to_json(const RatedWord& rated);
nlohmann::json to_json(const PairCosine& pair);
/// Says on standard error what an answer is about to come from: tell_checkpoint, the words that were made, and what of
/// a file was left out.
void tell_source(const LoadedVectors& vectors);
/// Lines that say which words a picture lacks and why, and how many labels.
std::string told_left_out(const DrawnWords& drawn, std::size_t unlabelled);
/// A line that says how words were spelt in a file; nothing where they are plain.
std::string told_spelling(Spelling spelling);

}  // namespace heddle
