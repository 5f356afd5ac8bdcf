#include "train/embed_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "train/analysis/contextual.h"
#include "train/checkpoint.h"
#include "train/commands.h"
#include "train/config.h"

namespace heddle {

std::vector<Key> VectorOptions::keys() {
  return {
      {"layer", layer,
       "of a run's model: not its input embeddings, but means over a text of what leaves this block (0: what goes into "
       "the first)",
       -1, 10000},
      {"text", text, "with --layer: the text; none: the one that the run was trained on"},
      {"text_size", text_size, "with --layer: bytes of it to read", 1, std::int64_t{1} << 40},
      {"min_count", min_count, "with --layer: words that are seen less often are left out", 1},
      {"limit", limit, "use only so many words, the first; 0: all", 0},
  };
}

WordVectors load_word_vectors(const std::string& source, const VectorOptions& options) {
  namespace fs = std::filesystem;
  ensure(fs::exists(source), "'", source,
         "' does not exist; give a run's folder, a checkpoint (.h5), or a file of word vectors");
  WordVectors vectors;
  if (!fs::is_directory(source) && !is_hdf5(source)) {
    ensure(options.layer < 0, "--layer: '", source, "' is a file of vectors, not a model with layers");
    return read_word_vectors(source, options.limit);
  }
  const LoadedRun run = load_checkpoint(find_checkpoint(source, {"best.h5", "last.h5"}));
  run.experiment->run.precision = "f32";
  run.experiment->apply_to_process();
  if (options.layer >= 0) {
    vectors = contextual_vectors(run, options.layer, options.text.empty() ? run.experiment->data.path : options.text,
                                 options.text_size, options.min_count);
  } else {
    const TokenizerState& state = run.tokenizer->state();
    const Tensor all = run.model->token_vectors();
    const std::size_t first = state.counts.empty() ? 0 : 1;  // <unk> is no word
    vectors.words.assign(state.pieces.begin() + static_cast<std::ptrdiff_t>(first), state.pieces.end());
    const auto skipped = static_cast<std::ptrdiff_t>(first) * all.size(1);
    vectors.vectors = Tensor::from(all.span().subspan(static_cast<std::size_t>(skipped)),
                                   {all.size(0) - static_cast<index_t>(first), all.size(1)});
  }
  if (options.limit > 0 && options.limit < std::ssize(vectors.words)) {
    vectors.words.resize(static_cast<std::size_t>(options.limit));
    const auto count = static_cast<std::size_t>(options.limit * vectors.vectors.size(1));
    vectors.vectors = Tensor::from(vectors.vectors.span().first(count), {options.limit, vectors.vectors.size(1)});
  }
  return vectors;
}

int embed_command(const std::vector<std::string>& arguments) {
  return run_part("embed",
                  {{"neighbors", "the words nearest to a word", embed_neighbors},
                   {"analogy", "king - man + woman, or any other sum", embed_analogy},
                   {"evaluate", "analogy questions and word pairs: how many come out right", embed_evaluate},
                   {"project", "words in the plane, by t-SNE or PCA, as a picture or a table", embed_project},
                   {"axes", "the direction that pairs of words share, and words along it", embed_axes},
                   {"dimensions", "what single dimensions tell of words, beside all together", embed_dimensions},
                   {"export", "write vectors as word2vec, GloVe or fastText do", embed_export}},
                  arguments);
}

int embed_export(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::string output, format = "word2vec";
  CommandLine line;
  line.usage = "embed export RUN --output FILE [options]";
  line.summary =
      "Writes word vectors for other programs. RUN: a run's folder, a checkpoint, or a file of word vectors (word2vec\n"
      "text or binary, GloVe, fastText), so that one form becomes another.";
  line.options = vectors.keys();
  line.options.insert(line.options.begin(), {{"output", output, "where they are written"},
                                             {"format", format, "of the file", word_vector_formats()}});
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  check_output("embed export", output);
  const WordVectors all = load_word_vectors(line.positional[0], vectors);
  write_word_vectors(output, all, format);
  std::cout << fmt::format("{}: {} words, {} dimensions\n", output, all.words.size(), all.vectors.size(1));
  return 0;
}

}  // namespace heddle
