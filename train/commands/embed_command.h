#pragma once

#include <string>
#include <vector>

#include "data/vectors/word_vectors.h"
#include "framework/keys.h"

namespace heddle {

/// Which vectors the parts of `heddle embed` ask.
struct VectorOptions {
  std::int64_t layer = -1, text_size = 4000000, min_count = 5, limit = 0;
  std::string text;

  std::vector<Key> keys();
};
struct LoadedVectors : WordVectors {
  std::vector<index_t> made;  ///< rows of words that the vocabulary lacks, behind it
};
/// The word vectors of `source`: a run or a checkpoint (its model's input embeddings without <unk>, or with
/// options.layer averages over a text), or a file that read_word_vectors reads. Those of `asked` that the vocabulary
/// lacks are added behind it, and it is said, where the model knows parts of them. Errors: as those.
LoadedVectors load_word_vectors(const std::string& source, const VectorOptions& options,
                                const std::vector<std::string>& asked = {});

/// The parts of `heddle embed`; each takes what follows its name.
int embed_neighbors(const std::vector<std::string>& arguments);
int embed_analogy(const std::vector<std::string>& arguments);
int embed_evaluate(const std::vector<std::string>& arguments);
int embed_project(const std::vector<std::string>& arguments);
int embed_axes(const std::vector<std::string>& arguments);
int embed_dimensions(const std::vector<std::string>& arguments);
int embed_export(const std::vector<std::string>& arguments);

}  // namespace heddle
