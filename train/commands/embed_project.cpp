#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "data/io/file.h"
#include "train/analysis/words/word_projection.h"
#include "train/commands/commands.h"
#include "train/commands/embed_command.h"
#include "train/commands/json.h"
#include "train/log/progress.h"
#include "train/run/config.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// What the command says.
struct ProjectAnswer {
  std::string output;
  index_t words, dimensions;
  std::optional<Projection> projection;  ///< none where the vectors themselves were written
};

nlohmann::json to_json(const ProjectAnswer& found) {
  nlohmann::json out = {{"output", found.output}, {"words", found.words}};
  if (found.projection) {
    out["neighbours"] = found.projection->neighbours;
    out["trustworthiness"] = found.projection->quality.trustworthiness;
    out["preserved"] = found.projection->quality.preserved;
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

/// Fields as a table in text wants them: no tabs, no line ends.
std::string field(const std::string& word) {
  std::string out = word;
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return out;
}

std::string quoted(const std::string& word) {
  std::string out = "\"";
  for (const char c : word) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

/// TensorBoard's projector takes the vectors, and what the words are in a file beside them.
void write_vectors(const std::string& output, const WordVectors& all, const WordGroups& drawn) {
  const index_t width = all.vectors.size(1);
  std::string numbers, words = "word\tgroup\n";
  for (std::size_t i = 0; i < drawn.rows.size(); ++i) {
    const real* const row = all.vectors.data() + drawn.rows[i] * width;
    numbers += fmt::format("{}\n", fmt::join(row, row + width, "\t"));
    words += field(all.words[static_cast<std::size_t>(drawn.rows[i])]) + '\t' +
             field(drawn.group_of(static_cast<index_t>(i))) + '\n';
  }
  write_files({{output, [&](std::ostream& out) { out << numbers; }},
               {fs::path(output).replace_extension(".words.tsv"), [&](std::ostream& out) { out << words; }}});
}

/// A row a word: its place in the picture, and its group.
std::string table_of(const Scatter& picture) {
  std::string table = "word,x,y,group\n";
  for (const Scatter::Point& p : picture.points)
    table += fmt::format("{},{:.6g},{:.6g},{}\n", quoted(p.label), p.x, p.y,
                         quoted(picture.groups[static_cast<std::size_t>(p.group)]));
  return table;
}

}  // namespace

int embed_project(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  TsneConfig tsne_config;
  std::int64_t words = 1000, clusters = 8, neighbours = 10;
  ProjectionMethod method = ProjectionMethod::tsne;
  std::string output, categories;
  bool json = false;
  CommandLine line;
  line.usage = "embed project RUN --output FILE [options]";
  line.summary =
      "Places words in the plane. FILE.svg is a picture, FILE.csv a table of places, FILE.tsv the vectors themselves "
      "for\n"
      "TensorBoard's projector, with the words in FILE.words.tsv. Says how far neighbours stay neighbours: of what is\n"
      "near in the plane, trustworthiness tells how near it is in the space (1: just so).";
  line.options = {{"output", output, "what is written: .svg, .csv or .tsv"},
                  {"method", method, "how"},
                  {"words", words, "at most so many words, the most frequent", 3, 1000000},
                  {"clusters", clusters, "colours: k-means clusters of the vectors", 1, 40},
                  {"categories", categories,
                   "colours: categories of a file of analogy questions, or of builtin:kingdom; its words are shown"},
                  {"neighbours", neighbours, "nearest words that quality is judged by", 1, 1000},
                  {"json", json, "print JSON"}};
  for (Key& key : tsne_config.keys()) line.options.push_back(std::move(key));
  for (Key& key : vectors.keys()) line.options.push_back(std::move(key));
  if (!line.parse(arguments)) return 0;
  check_output("embed project", output, {".svg", ".csv", ".tsv"});
  std::vector<QuestionCategory> asked;
  if (!categories.empty()) asked = read_questions(categories);
  const LoadedVectors loaded = load_word_vectors(line.positional[0], vectors);
  const WordSpace space(loaded);
  const WordGroups drawn = categories.empty()
                               ? groups_by_cluster(space, words, clusters, static_cast<std::uint64_t>(tsne_config.seed))
                               : groups_by_category(space, asked, words);
  ProjectAnswer found{output, drawn.size(), space.dimensions(), {}};
  if (output.ends_with(".tsv")) {  // the vectors themselves, which the projector projects
    write_vectors(output, loaded, drawn);
  } else {
    Reporter reporter;
    found.projection = project(space.directions(drawn.rows), method, tsne_config, neighbours,
                               [&](index_t done, index_t of, double divergence) {
                                 reporter.progress(fmt::format("t-SNE {}/{}  KL {:.4f}", done, of, divergence));
                               });
    const Scatter picture = projection_picture(space, drawn, *found.projection);
    write_file(output, output.ends_with(".svg") ? svg(picture) : table_of(picture));
  }
  tell_source(loaded);
  if (found.projection && method == ProjectionMethod::tsne && found.projection->perplexity < tsne_config.perplexity)
    std::cerr << fmt::format("t-SNE: perplexity {:.3g} instead of {:g}, as there are {} words\n",
                             found.projection->perplexity, tsne_config.perplexity, found.words);
  print_answer(json, to_json(found), to_text(found));
  return 0;
}

}  // namespace heddle
