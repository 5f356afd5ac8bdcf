#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>

#include "data/io/file.h"
#include "data/io/utf8.h"
#include "train/analysis/words/word_projection.h"
#include "train/commands/commands.h"
#include "train/commands/embed_command.h"
#include "train/commands/json.h"
#include "train/config/config.h"
#include "train/log/progress.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// What the command says.
struct ProjectAnswer {
  std::string output;
  index_t words, dimensions;
  std::optional<Projection> projection{};  ///< none where the vectors themselves were written
  std::size_t unlabelled = 0;              ///< labels that have no room in the picture
  Spelling spelling = Spelling::plain;     ///< of words in a table
};

nlohmann::json to_json(const ProjectAnswer& found) {
  nlohmann::json out = {{"output", found.output}, {"words", found.words}};
  if (found.projection) {
    out["neighbours"] = found.projection->neighbours;
    out["trustworthiness"] = found.projection->quality.trustworthiness;
    out["preserved"] = found.projection->quality.preserved;
    out["unlabelled"] = found.unlabelled;
  }
  return out;
}

std::string to_text(const ProjectAnswer& found) {
  if (!found.projection)
    return fmt::format("{}: {} words of {} dimensions\n", found.output, found.words, found.dimensions);
  const Projection& p = *found.projection;
  std::string text;
  if (p.method == ProjectionMethod::pca)
    text =
        fmt::format("the two axes hold {:.1f} % and {:.1f} % of the variance\n", 100 * p.shares[0], 100 * p.shares[1]);
  return text +
         fmt::format("{}: {} words; trustworthiness {:.3f}, {:.1f} % of the {} nearest words stay among the nearest\n",
                     found.output, found.words, p.quality.trustworthiness, 100 * p.quality.preserved, p.neighbours);
}

std::string in_quotes(const std::string& word) {
  std::string out = "\"";
  for (const char c : word) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

/// TensorBoard's projector takes the vectors, and what the words are in a file beside them.
Spelling write_vectors(const std::string& output, const WordVectors& all, const WordGroups& drawn) {
  const index_t width = all.vectors.size(1);
  std::vector<std::string> spelt;
  for (const index_t row : drawn.rows) spelt.push_back(all.words[static_cast<std::size_t>(row)]);
  const Spelling spelling = spell_words(spelt);
  std::string numbers, words = "word\tgroup\n";
  for (std::size_t i = 0; i < drawn.rows.size(); ++i) {
    const real* const row = all.vectors.data() + drawn.rows[i] * width;
    numbers += fmt::format("{}\n", fmt::join(row, row + width, "\t"));
    words += spelt[i] + '\t' + one_line(drawn.group_of(static_cast<index_t>(i))) + '\n';
  }
  write_files({{output, [&](std::ostream& out) { out << numbers; }},
               {fs::path(output).replace_extension(".words.tsv"), [&](std::ostream& out) { out << words; }}});
  return spelling;
}

/// Writes a row a word: its place in the picture, and its group.
Spelling write_table(const std::string& output, const Scatter& picture) {
  std::vector<std::string> spelt;
  for (const Scatter::Point& p : picture.points) spelt.push_back(p.label);
  const Spelling spelling = spell_words(spelt);
  std::string table = "word,x,y,group\n";
  for (std::size_t i = 0; i < spelt.size(); ++i) {
    const Scatter::Point& p = picture.points[i];
    table += fmt::format("{},{:.6g},{:.6g},{}\n", in_quotes(spelt[i]), p.x, p.y,
                         in_quotes(picture.groups[static_cast<std::size_t>(p.group)]));
  }
  write_file(output, table);
  return spelling;
}

/// What is to be said of words that nothing tells apart. Errors: all are equal.
std::string told_equal(const WordSpace& space, const WordGroups& drawn) {
  const auto sets = equal_words(space, drawn);
  if (sets.empty()) return "";
  ensure(drawn.size() > std::ssize(sets[0]), "embed project: the vectors of all ", drawn.size(),
         " words point the same way, so nothing tells them apart: ", some_words(sets[0]));
  std::string words;
  for (const auto& set : sets) words += (words.empty() ? "" : "; ") + some_words(set);
  return fmt::format("some words' vectors point the same way, so nothing tells them apart: {}\n", words);
}

}  // namespace

int embed_project(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  TsneConfig tsne_config;
  std::int64_t words = 1000, clusters = 8, neighbours = 10;
  ProjectionMethod method = ProjectionMethod::tsne;
  std::string output, categories, words_from;
  bool json = false, small_words = false;
  CommandLine line;
  line.usage = "embed project RUN --output FILE [options]";
  line.summary =
      "Places words in the plane. FILE.svg is a picture (of FILE.png and FILE.pdf the command is told that makes them "
      "of\n"
      "it), FILE.csv a table of places, FILE.tsv the vectors themselves for\n"
      "TensorBoard's projector, with the words in FILE.words.tsv. Says how far neighbours stay neighbours: of what is\n"
      "near in the plane, trustworthiness tells how near it is in the space (1: just so).";
  line.options = {Key("output", output, "what is written: .svg, .png, .pdf, .csv or .tsv").path(),
                  {"method", method, "how"},
                  {"words", words, "at most so many words, the most frequent", 3, 1000000},
                  {"clusters", clusters, "colours: k-means clusters of the vectors", 1, 40},
                  Key("categories", categories,
                      "colours: categories of a file of analogy questions, or of builtin:kingdom; its words are shown")
                      .path(),
                  Key("words_from", words_from, "a file of the words to show, one a line").path(),
                  {"small_words", small_words, "show small words of English, too, and punctuation marks"},
                  {"neighbours", neighbours, "nearest words that quality is judged by", 1, 1000},
                  {"json", json, "print JSON"}};
  for (Key& key : tsne_config.keys()) line.options.push_back(std::move(key));
  for (Key& key : vectors.keys()) line.options.push_back(std::move(key));
  if (!line.parse(arguments)) return 0;
  std::vector<std::string> ends = kPictures;
  ends.insert(ends.end(), {".csv", ".tsv"});
  check_output("embed project", output, ends);
  if (!categories.empty() && !words_from.empty())
    throw UsageError("embed project: --categories and --words-from both say which words to show; give one of them");
  std::vector<QuestionCategory> asked;
  if (!categories.empty()) asked = read_questions(categories);
  const std::vector<std::string> listed = words_from.empty() ? std::vector<std::string>() : read_words(words_from);
  const LoadedVectors loaded = load_word_vectors(line.positional[0], vectors, listed);
  const WordSpace space(loaded);
  const auto seed = static_cast<std::uint64_t>(tsne_config.seed);
  const WordGroups drawn = !categories.empty() ? groups_by_category(space, asked, words)
                           : listed.empty()
                               ? groups_by_cluster(space, frequent_words(space, words, small_words), clusters, seed)
                               : groups_by_cluster(space, listed_words(space, listed), clusters, seed);
  ProjectAnswer found{output, drawn.size(), space.dimensions()};
  std::string told;
  if (output.ends_with(".tsv")) {  // the vectors themselves, which the projector projects
    found.spelling = write_vectors(output, loaded, drawn);
  } else {
    told = told_equal(space, drawn);
    Reporter reporter;
    found.projection = project(space.directions(drawn.rows), method, tsne_config, neighbours,
                               [&](index_t done, index_t of, double divergence) {
                                 reporter.progress(fmt::format("t-SNE {}/{}  KL {:.4f}", done, of, divergence));
                               });
    const Scatter picture = projection_picture(space, drawn, *found.projection);
    if (output.ends_with(".csv")) {
      found.spelling = write_table(output, picture);
    } else {
      const Drawing drawing = draw(picture);
      found.unlabelled = drawing.unlabelled;
      told += write_picture(output, drawing.svg);
      found.output = picture_path(output);
    }
  }
  tell_source(loaded);
  std::cerr << told_left_out(drawn, found.unlabelled) << told << told_spelling(found.spelling);
  if (found.projection && method == ProjectionMethod::tsne && found.projection->perplexity < tsne_config.perplexity)
    std::cerr << fmt::format("t-SNE: perplexity {:.3g} instead of {:g}, as there are {} words\n",
                             found.projection->perplexity, tsne_config.perplexity, found.words);
  print_answer(json, to_json(found), to_text(found));
  return 0;
}

}  // namespace heddle
