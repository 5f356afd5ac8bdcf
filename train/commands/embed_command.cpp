#include "train/commands/embed_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>

#include "data/io/utf8.h"
#include "models/capabilities.h"
#include "train/analysis/words/model_vectors.h"
#include "train/analysis/words/word_space.h"
#include "train/commands/commands.h"
#include "train/config/config.h"
#include "train/log/progress.h"
#include "train/run/checkpoint.h"

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
      {"limit", limit, "only so many words are answers, the first; any may be asked for; 0: all", 0},
  };
}

namespace {

/// The first `count` words of `all`, and behind them those of `asked` that are others: of `all`, or made of what the
/// model knows of their parts, if it is given.
LoadedVectors chosen(const WordVectors& all, index_t count, const std::vector<std::string>& asked,
                     const WordTable* parts) {
  const index_t width = all.vectors.size(1);
  LoadedVectors chosen;
  chosen.read_word = all.read_word;
  chosen.words.assign(all.words.begin(), all.words.begin() + count);
  std::vector<real> values(all.vectors.data(), all.vectors.data() + count * width);
  const std::optional<WordSpace> space = asked.empty() ? std::nullopt : std::optional<WordSpace>(all);
  for (const std::string& typed : asked) {
    const index_t row = space->row_as_typed(typed);
    const std::string word = row >= 0        ? all.words[static_cast<std::size_t>(row)]
                             : all.read_word ? all.read_word(typed)
                                             : typed;
    const bool is_there = std::find(chosen.words.begin() + count, chosen.words.end(), word) != chosen.words.end();
    if (is_there || (row >= 0 && row < count) || (row < 0 && parts == nullptr)) continue;
    const std::vector<real> vector =
        row < 0 ? parts->vector_of(word)
                : std::vector<real>(all.vectors.data() + row * width, all.vectors.data() + (row + 1) * width);
    if (vector.empty()) continue;
    if (row < 0) chosen.made.push_back(word);
    chosen.words.push_back(word);
    values.insert(values.end(), vector.begin(), vector.end());
  }
  chosen.asked = std::ssize(chosen.words) - count;
  chosen.vectors = Tensor::from(values, {std::ssize(chosen.words), width});
  return chosen;
}

/// How words that someone types may stand in a file: as they are, with blanks where visible() shows dots, in lower
/// case.
std::vector<std::string> spellings(const std::vector<std::string>& typed) {
  constexpr std::string_view kDot = "\u00B7";
  std::vector<std::string> all;
  for (const std::string& word : typed) {
    std::string spaced = word;
    for (std::size_t at = 0; (at = spaced.find(kDot, at)) != spaced.npos; ++at) spaced.replace(at, kDot.size(), " ");
    all.insert(all.end(), {word, spaced, lower_case(word)});
  }
  return all;
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
    return {read_word_vectors(source, options.limit, spellings(asked))};
  }
  const LoadedRun run = load_checkpoint(find_checkpoint(source, kUsable));
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
  const index_t words = std::ssize(all.words), count = options.limit > 0 ? std::min(options.limit, words) : words;
  LoadedVectors loaded = chosen(all, count, asked, options.layer < 0 ? &table : nullptr);
  loaded.checkpoint = run.name();
  return loaded;
}

nlohmann::json to_json(const RatedWord& rated) { return {{"word", rated.word}, {"score", rated.score}}; }

nlohmann::json to_json(const PairCosine& pair) {
  return {{"first", pair.first}, {"second", pair.second}, {"cosine", pair.cosine}};
}

void tell_source(const LoadedVectors& vectors) {
  if (vectors.checkpoint) tell_checkpoint(*vectors.checkpoint);
  for (const std::string& word : vectors.made)
    std::cerr << fmt::format("'{}' is not in the vocabulary: put together from its character n-grams\n", visible(word));
  if (vectors.unreadable > 0)
    std::cerr << fmt::format("{} lines of the file cannot be read and are left out; the first is {}\n",
                             vectors.unreadable, vectors.first_unreadable);
  if (vectors.repeated > 0)
    std::cerr << fmt::format("{} lines of the file hold words that stood there before, and are left out\n",
                             vectors.repeated);
}

std::string some_words(const std::vector<std::string>& words) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, words.size()); ++i)
    text += (i > 0 ? ", " : "") + visible_start(words[i]);
  return words.size() > kShown ? fmt::format("{} and {} more", text, words.size() - kShown) : text;
}

std::string told_left_out(const DrawnWords& drawn, std::size_t unlabelled) {
  std::string text;
  if (drawn.small > 0)
    text += fmt::format("{} small words, as the, of, and, are left out; --small-words keeps them\n", drawn.small);
  if (!drawn.unknown.empty())
    text +=
        fmt::format("{} words have no vectors and are left out: {}\n", drawn.unknown.size(), some_words(drawn.unknown));
  if (!drawn.zero.empty())
    text += fmt::format("{} words have vectors of zeros, which point nowhere, and are left out: {}\n",
                        drawn.zero.size(), some_words(drawn.zero));
  if (unlabelled > 0)
    text += fmt::format("{} labels have no room in the picture, and show under the mouse\n", unlabelled);
  return text;
}

std::string told_spelling(Spelling spelling) {
  switch (spelling) {
    case Spelling::plain: return "";
    case Spelling::white_space:
      return "some words hold white space: \u0120 is written for a blank, \u010A for a line's end, as in GPT-2's "
             "vocabulary\n";
    case Spelling::bytes:
      return "some words are not UTF-8: all are written as in GPT-2's vocabulary, a character for each byte (\u0120 "
             "for "
             "a blank)\n";
  }
  return "";
}

CommandFunction embed_neighbors, embed_analogy, embed_similarity, embed_evaluate, embed_project, embed_axes,
    embed_dimensions, embed_export;

int embed_command(const std::vector<std::string>& arguments) {
  return run_part("embed",
                  {{"neighbors", "the words nearest to a word", embed_neighbors},
                   {"analogy", "king - man + woman, or any other sum", embed_analogy},
                   {"similarity", "the cosines of pairs of words", embed_similarity},
                   {"evaluate", "analogy questions and word pairs: how many come out right", embed_evaluate},
                   {"project", "words in the plane, by t-SNE or PCA, as a picture or a table", embed_project},
                   {"axes", "the direction that pairs of words share, and words along it", embed_axes},
                   {"dimensions", "what single dimensions tell of words, beside all together", embed_dimensions},
                   {"export", "write vectors as word2vec, GloVe or fastText do", embed_export}},
                  arguments);
}

}  // namespace heddle
