#include <fmt/format.h>

#include "data/io/utf8.h"
#include "train/analysis/words/nearest_words.h"
#include "train/analysis/words/word_expression.h"
#include "train/commands/commands.h"
#include "train/commands/embed_command.h"
#include "train/commands/json.h"
#include "train/run/config.h"

namespace heddle {
namespace {

std::string to_text(const std::vector<RatedWord>& words) {
  std::string text;
  for (const RatedWord& w : words) text += fmt::format("  {:.3f}  {}\n", w.score, visible(w.word));
  return text;
}

nlohmann::json to_json(const std::vector<NearestWords>& answers) {
  nlohmann::json out;
  for (const NearestWords& answer : answers) out[answer.word] = json_list(answer.nearest);
  return out;
}

std::string to_text(const std::vector<NearestWords>& answers) {
  std::string text;
  for (const NearestWords& answer : answers) text += visible(answer.word) + '\n' + to_text(answer.nearest);
  return text;
}

}  // namespace

int embed_neighbors(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::int64_t count = 10;
  bool json = false;
  CommandLine line;
  line.usage = "embed neighbors RUN WORD... [options]";
  line.summary = "The words whose vectors make the smallest angles with a word's. RUN: a run, a checkpoint or vectors.";
  line.options = vectors.keys();
  line.options.insert(line.options.begin(), {{"count", count, "how many", 1, 1000000}, {"json", json, "print JSON"}});
  line.words = 2;
  line.more_words = 1000;
  if (!line.parse(arguments)) return 0;
  const std::vector<std::string> words(line.positional.begin() + 1, line.positional.end());
  const LoadedVectors loaded = load_word_vectors(line.positional[0], vectors, words);
  const WordSpace space(loaded);
  std::vector<NearestWords> answers;
  for (const std::string& word : words) answers.push_back(nearest_words(space, word, count, loaded.made));
  tell_source(loaded);
  print_answer(json, to_json(answers), to_text(answers));
  return 0;
}

int embed_analogy(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::int64_t count = 10;
  bool json = false;
  AnalogyMethod method = AnalogyMethod::add;
  CommandLine line;
  line.usage = "embed analogy RUN king - man + woman [options]";
  line.summary =
      "The words nearest to a sum of words' directions, without those of the sum. Any number of words with + or -.";
  line.options = vectors.keys();
  line.options.insert(line.options.begin(),
                      {{"count", count, "how many", 1, 1000000},
                       {"method", method, "add: cosine with the sum; mul: product of cosines (3CosMul)"},
                       {"json", json, "print JSON"}});
  line.words = 2;
  line.more_words = 1000;
  if (!line.parse(arguments)) return 0;
  const std::vector<Term> terms = parse_expression({line.positional.begin() + 1, line.positional.end()});
  std::vector<std::string> words;
  for (const Term& term : terms) words.push_back(term.word);
  const LoadedVectors loaded = load_word_vectors(line.positional[0], vectors, words);
  const WordSpace space(loaded);
  const std::vector<RatedWord> found = rated(space, solve(space, terms, method, count));
  tell_source(loaded);
  print_answer(json, json_list(found), to_text(found));
  return 0;
}

}  // namespace heddle
