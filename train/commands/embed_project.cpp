#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <numeric>

#include "data/file.h"
#include "data/utf8.h"
#include "train/analysis/geometry/clusters.h"
#include "train/analysis/geometry/linear_algebra.h"
#include "train/analysis/geometry/projection_quality.h"
#include "train/analysis/geometry/scatter.h"
#include "train/analysis/geometry/tsne.h"
#include "train/analysis/words/analogies.h"
#include "train/analysis/words/word_space.h"
#include "train/commands/commands.h"
#include "train/commands/embed_command.h"
#include "train/commands/json.h"
#include "train/run/config.h"
#include "train/run/progress.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// The words that are drawn, and the colour of each.
struct Drawn {
  std::vector<index_t> rows;
  std::vector<int> groups;
  std::vector<std::string> names;  ///< of the groups
};

/// The directions of some words [N, D].
Tensor rows_of(const WordSpace& space, const std::vector<index_t>& rows) {
  const index_t width = space.dimensions();
  Tensor chosen({std::ssize(rows), width});
  for (index_t i = 0; i < std::ssize(rows); ++i)
    std::copy_n(space.direction(rows[static_cast<std::size_t>(i)]), width, chosen.data() + i * width);
  return chosen;
}

/// The words of the questions' categories, each coloured by the first that it is in. As in evaluation, words that
/// differ in case alone are the same.
Drawn by_category(const WordSpace& space, const std::vector<QuestionCategory>& categories, index_t most) {
  const WordIndex index(space.words(), true);
  Drawn drawn;
  std::vector<bool> taken(static_cast<std::size_t>(space.size()));
  for (const QuestionCategory& category : categories) {
    const auto group = static_cast<int>(drawn.names.size());
    for (const AnalogyQuestion& question : category.questions) {
      for (const std::string& word : question) {
        const index_t row = index.row_of(word);
        if (row < 0 || taken[static_cast<std::size_t>(row)] || std::ssize(drawn.rows) >= most) continue;
        taken[static_cast<std::size_t>(row)] = true;
        drawn.rows.push_back(row);
        drawn.groups.push_back(group);
      }
    }
    if (!drawn.groups.empty() && drawn.groups.back() == group) drawn.names.push_back(category.name);
  }
  ensure(!drawn.rows.empty(), "embed project: no word of the categories has a vector");
  return drawn;
}

/// The first words, each coloured by its k-means cluster of their directions [N, D].
Drawn by_cluster(const WordSpace& space, index_t count, index_t clusters, std::uint64_t seed) {
  Drawn drawn;
  drawn.rows.resize(static_cast<std::size_t>(count));
  std::iota(drawn.rows.begin(), drawn.rows.end(), 0);
  clusters = std::min(clusters, count);
  drawn.groups = cluster_rows(rows_of(space, drawn.rows), clusters, Rng(seed));
  for (index_t g = 0; g < clusters; ++g) {  // a cluster's most frequent words name it
    std::vector<std::string> first;
    for (std::size_t i = 0; i < drawn.rows.size() && first.size() < 3; ++i) {
      if (drawn.groups[i] == static_cast<int>(g)) first.push_back(visible(space.word(drawn.rows[i])));
    }
    drawn.names.push_back(fmt::format("{}", fmt::join(first, ", ")));
  }
  return drawn;
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

double at(const Tensor& t, index_t i, index_t d) { return static_cast<double>(t.data()[i * t.size(1) + d]); }

/// TensorBoard's projector takes the vectors, and what the words are in a file beside them.
void write_vectors(const std::string& output, const WordVectors& all, const Drawn& drawn) {
  const index_t width = all.vectors.size(1);
  std::string numbers, words = "word\tgroup\n";
  for (std::size_t i = 0; i < drawn.rows.size(); ++i) {
    const real* const row = all.vectors.data() + drawn.rows[i] * width;
    numbers += fmt::format("{}\n", fmt::join(row, row + width, "\t"));
    words += field(all.words[static_cast<std::size_t>(drawn.rows[i])]) + '\t' +
             field(drawn.names[static_cast<std::size_t>(drawn.groups[i])]) + '\n';
  }
  write_files({{output, [&](std::ostream& out) { out << numbers; }},
               {fs::path(output).replace_extension(".words.tsv"), [&](std::ostream& out) { out << words; }}});
}

/// The picture or the table of the words' places.
void write_places(const std::string& output, const WordSpace& space, const Drawn& drawn, const Tensor& plane,
                  const std::string& title) {
  Scatter scatter;
  scatter.title = title;
  scatter.groups = drawn.names;
  std::string table = "word,x,y,group\n";
  for (index_t i = 0; i < plane.size(0); ++i) {
    const auto n = static_cast<std::size_t>(i);
    const std::string& word = space.word(drawn.rows[n]);
    scatter.points.push_back({at(plane, i, 0), at(plane, i, 1), word, drawn.groups[n]});
    table += fmt::format("{},{:.6g},{:.6g},{}\n", quoted(word), at(plane, i, 0), at(plane, i, 1),
                         quoted(drawn.names[static_cast<std::size_t>(drawn.groups[n])]));
  }
  write_file(output, output.ends_with(".svg") ? svg(scatter) : table);
}

}  // namespace

int embed_project(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  TsneConfig tsne_config;
  std::int64_t words = 1000, clusters = 8, neighbours = 10;
  std::string method = "tsne", output, categories;
  bool json = false;
  CommandLine line;
  line.usage = "embed project RUN --output FILE [options]";
  line.summary =
      "Places words in the plane. FILE.svg is a picture, FILE.csv a table of places, FILE.tsv the vectors themselves "
      "for\n"
      "TensorBoard's projector, with the words in FILE.words.tsv. Says how far neighbours stay neighbours: of what is\n"
      "near in the plane, trustworthiness tells how near it is in the space (1: just so).";
  line.options = {{"output", output, "what is written: .svg, .csv or .tsv"},
                  {"method", method, "how", {"tsne", "pca"}},
                  {"words", words, "at most so many words, the most frequent", 3, 1000000},
                  {"clusters", clusters, "colours: k-means clusters of the vectors", 1, 40},
                  {"categories", categories,
                   "colours: categories of a file of analogy questions, or of builtin:kingdom; its words are shown"},
                  {"neighbours", neighbours, "nearest words that quality is judged by", 1, 1000},
                  {"json", json, "print JSON"}};
  for (Key& key : tsne_config.keys()) line.options.push_back(std::move(key));
  for (Key& key : vectors.keys()) line.options.push_back(std::move(key));
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  check_output("embed project", output, {".svg", ".csv", ".tsv"});
  std::vector<QuestionCategory> asked;
  if (!categories.empty()) asked = read_questions(categories);
  const WordVectors loaded = load_word_vectors(line.positional[0], vectors);
  const WordSpace space(loaded);
  const Drawn drawn = categories.empty() ? by_cluster(space, std::min(words, space.size()), clusters,
                                                      static_cast<std::uint64_t>(tsne_config.seed))
                                         : by_category(space, asked, words);
  const index_t count = std::ssize(drawn.rows);
  if (output.ends_with(".tsv")) {  // the vectors themselves, which the projector projects
    write_vectors(output, loaded, drawn);
    if (json) {
      print_json({{"output", output}, {"words", count}});
    } else {
      std::cout << fmt::format("{}: {} words of {} dimensions\n", output, count, space.dimensions());
    }
    return 0;
  }
  ensure(count >= 3, "embed project: ", count, " words have vectors; a picture wants 3 or more");
  const Tensor chosen = rows_of(space, drawn.rows);
  Tensor plane;
  if (method == "pca") {
    const PCA found = pca(chosen, 2);
    plane = found.points;
    if (!json)
      std::cout << fmt::format("the two axes hold {:.1f} % and {:.1f} % of the variance\n", 100 * found.shares[0],
                               100 * found.shares[1]);
  } else {
    Reporter reporter;
    plane = tsne(chosen, tsne_config, [&](index_t done, index_t of, double divergence) {
      reporter.progress(fmt::format("t-SNE {}/{}  KL {:.4f}", done, of, divergence));
    });
  }
  const index_t k = std::min(neighbours, (count - 1) / 2);
  const ProjectionQuality quality = projection_quality(chosen, plane, std::max<index_t>(1, k));
  write_places(output, space, drawn, plane, fmt::format("{} words by {}", count, method == "pca" ? "PCA" : "t-SNE"));
  if (json) {
    print_json(nlohmann::json({{"output", output},
                               {"words", count},
                               {"neighbours", k},
                               {"trustworthiness", quality.trustworthiness},
                               {"preserved", quality.preserved}}));
  } else {
    std::cout << fmt::format(
        "{}: {} words; trustworthiness {:.3f}, {:.1f} % of the {} nearest words stay among the nearest\n", output,
        count, quality.trustworthiness, 100 * quality.preserved, k);
  }
  return 0;
}

}  // namespace heddle
