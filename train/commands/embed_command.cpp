#include "train/commands/embed_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "data/io/utf8.h"
#include "data/tokenizer/file.h"
#include "models/capabilities.h"
#include "train/analysis/words/model_vectors.h"
#include "train/commands/commands.h"
#include "train/log/progress.h"
#include "train/run/checkpoint.h"
#include "train/run/config.h"

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

namespace {

/// Vectors of those of `asked` that the vocabulary lacks and the model can put together.
WordVectors put_together(const WordTable& model, const WordVectors& vocabulary, const std::vector<std::string>& asked) {
  const auto holds = [](const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  WordVectors made;
  std::vector<real> values;
  for (const std::string& typed : asked) {
    const std::string word = vocabulary.read_word ? vocabulary.read_word(typed) : typed;
    if (holds(vocabulary.words, word) || holds(made.words, word)) continue;
    const std::vector<real> vector = model.vector_of(word);
    if (vector.empty()) continue;
    made.words.push_back(word);
    values.insert(values.end(), vector.begin(), vector.end());
  }
  made.vectors = Tensor::from(values, {std::ssize(made.words), vocabulary.vectors.size(1)});
  return made;
}

/// The first `count` words of `vectors`, all if there are fewer, and behind them `others`.
LoadedVectors joined(const WordVectors& vectors, index_t count, const WordVectors& others) {
  count = std::min(count, std::ssize(vectors.words));
  LoadedVectors all;
  all.read_word = vectors.read_word;
  all.words.assign(vectors.words.begin(), vectors.words.begin() + count);
  for (const std::string& word : others.words) {
    all.made.push_back(std::ssize(all.words));
    all.words.push_back(word);
  }
  const index_t width = vectors.vectors.size(1);
  all.vectors = Tensor({std::ssize(all.words), width});
  std::copy_n(vectors.vectors.data(), count * width, all.vectors.mutable_data());
  std::copy_n(others.vectors.data(), others.vectors.numel(), all.vectors.mutable_data() + count * width);
  return all;
}

/// Writes white space as GPT-2's vocabulary does; false if there is none.
bool replace_space(std::string& word) {
  std::string out;
  for (const char c : word)
    out += kWhiteSpace.find(c) == std::string_view::npos ? std::string(1, c) : printable_bytes({&c, 1});
  const bool changed = out != word;
  word = std::move(out);
  return changed;
}

}  // namespace

LoadedVectors load_word_vectors(const std::string& named, const VectorOptions& options,
                                const std::vector<std::string>& asked) {
  namespace fs = std::filesystem;
  if (options.layer < 0 && !options.text.empty())
    throw UsageError("embed: --text is what --layer's means are taken over; give both, or neither");
  std::error_code error;
  const std::string source = find_run(named).string();
  ensure(fs::exists(source, error), "'", source,
         "' does not exist; give a run's folder or its name in runs/, a checkpoint (.h5), or a file of word vectors");
  if (!fs::is_directory(source, error) && !is_hdf5(source)) {
    ensure(options.layer < 0, "--layer: '", source, "' is a file of vectors, not a model with layers");
    return {read_word_vectors(source, options.limit), {}, {}};
  }
  const LoadedRun run = load_checkpoint(find_checkpoint(source, {"best.h5", "last.h5"}));
  auto& table = capability<WordTable>(*run.model, "embed", "give a run of words or text");
  const auto tokenizer = run.tokenizer();
  WordVectors all;
  if (options.layer < 0) {
    all = token_vectors(table, *tokenizer);
  } else {
    Reporter reporter;
    auto& layers = capability<NextToken>(*run.model, "--layer", "it has no layers; leave --layer out");
    TextSource text(options.text.empty() ? run.experiment->data->split.path : std::vector{options.text},
                    options.text_size, static_cast<std::uint64_t>(run.experiment->run.seed));
    all = contextual_vectors(
        layers, *tokenizer, options.layer, text, options.text_size, options.min_count, [&](index_t done, index_t of) {
          reporter.progress(fmt::format("read {} of {} tokens", human_count(static_cast<double>(done)),
                                        human_count(static_cast<double>(of))));
        });
  }
  const index_t count = options.limit > 0 ? options.limit : std::ssize(all.words);
  LoadedVectors loaded =
      joined(all, count, put_together(table, all, options.layer < 0 ? asked : std::vector<std::string>()));
  loaded.checkpoint = run.name();
  return loaded;
}

nlohmann::json to_json(const RatedWord& rated) { return {{"word", rated.word}, {"score", rated.score}}; }

void tell_source(const LoadedVectors& vectors) {
  if (vectors.checkpoint) tell_checkpoint(*vectors.checkpoint);
  for (const index_t row : vectors.made)
    std::cerr << fmt::format("'{}' is not in the vocabulary: put together from its character n-grams\n",
                             visible(vectors.words[static_cast<std::size_t>(row)]));
}

CommandFunction embed_neighbors, embed_analogy, embed_evaluate, embed_project, embed_axes, embed_dimensions,
    embed_export;

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
  if (!line.parse(arguments)) return 0;
  check_output("embed export", output);
  LoadedVectors all = load_word_vectors(line.positional[0], vectors);
  const auto spaced =
      std::count_if(all.words.begin(), all.words.end(), [](std::string& word) { return replace_space(word); });
  write_word_vectors(output, all, format);
  tell_source(all);
  if (spaced > 0)
    std::cout << fmt::format(
        "{} words hold white space, which these files cannot: Ġ is written for a blank, Ċ for a "
        "line's end, as in GPT-2's vocabulary\n",
        spaced);
  std::cout << fmt::format("{}: {} words, {} dimensions\n", output, all.words.size(), all.vectors.size(1));
  return 0;
}

}  // namespace heddle
