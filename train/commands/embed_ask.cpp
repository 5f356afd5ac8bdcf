#include <fmt/format.h>

#include <utility>

#include "data/io/utf8.h"
#include "train/analysis/words/nearest_words.h"
#include "train/analysis/words/word_expression.h"
#include "train/commands/commands.h"
#include "train/commands/embed_command.h"
#include "train/commands/json.h"
#include "train/config/config.h"

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

std::string to_text(const std::vector<PairCosine>& pairs) {
  std::string text;
  for (const PairCosine& pair : pairs)
    text += fmt::format("  {:.3f}  {} {}\n", pair.cosine, visible(pair.first), visible(pair.second));
  return text;
}

/// The answers to several queries, and why the others have none.
template <class Answer>
struct Answers {
  std::vector<Answer> found;
  std::vector<std::string> refused;

  /// Says on standard error which have none; returns the exit status.
  int tell_refused() const {
    tell(refused);
    return refused.empty() ? 0 : 1;
  }
};

/// Asks `ask` each of the queries; one that has no answer does not end the others. Errors: none has one.
template <class Query, class Ask>
auto answer_all(const std::vector<Query>& queries, const Ask& ask) {
  Answers<decltype(ask(queries[0]))> answers;
  for (const Query& query : queries) {
    try {
      answers.found.push_back(ask(query));
    } catch (const Error& e) {
      answers.refused.emplace_back(e.what());
    }
  }
  ensure(!answers.found.empty(), fmt::format("{}", fmt::join(answers.refused, "; ")));
  return answers;
}

}  // namespace

int embed_neighbors(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::int64_t count = 10;
  bool json = false;
  CommandLine line;
  line.usage = "embed neighbors RUN WORD... [options]";
  line.summary =
      "The words whose vectors make the smallest angles with a word's. RUN: a run, a checkpoint or vectors. Words "
      "that\n"
      "are not known are told on standard error, the others answered; the exit status is then 1.";
  line.options = vectors.keys();
  line.options.insert(line.options.begin(), {{"count", count, "how many", 1, 1000000}, {"json", json, "print JSON"}});
  line.words = 2;
  line.more_words = 1000;
  if (!line.parse(arguments)) return 0;
  const std::vector<std::string> words(line.positional.begin() + 1, line.positional.end());
  const LoadedVectors loaded = load_word_vectors(line.positional[0], vectors, words);
  const WordSpace space(loaded);
  const auto answers = answer_all(words, [&](const auto& word) { return nearest_words(space, word, count); });
  tell_source(loaded);
  print_answer(json, to_json(answers.found), to_text(answers.found));
  return answers.tell_refused();
}

int embed_similarity(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  bool json = false;
  CommandLine line;
  line.usage = "embed similarity RUN WORD WORD [WORD WORD...] [options]";
  line.summary =
      "The cosine of the vectors of two words, and of each two that follow. RUN: a run, a checkpoint or vectors.";
  line.options = vectors.keys();
  line.options.insert(line.options.begin(), {{"json", json, "print JSON"}});
  line.words = 3;
  line.more_words = 1000;
  if (!line.parse(arguments)) return 0;
  const std::vector<std::string> words(line.positional.begin() + 1, line.positional.end());
  if (words.size() % 2 != 0) throw UsageError("embed similarity: '" + words.back() + "' has no second word");
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i < words.size(); i += 2) pairs.emplace_back(words[i], words[i + 1]);
  const LoadedVectors loaded = load_word_vectors(line.positional[0], vectors, words);
  const WordSpace space(loaded);
  const auto answers = answer_all(pairs, [&](const auto& pair) { return pair_cosine(space, pair.first, pair.second); });
  tell_source(loaded);
  print_answer(json, json_list(answers.found), to_text(answers.found));
  return answers.tell_refused();
}

int embed_analogy(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::int64_t count = 10;
  bool json = false;
  AnalogyMethod method = AnalogyMethod::add;
  CommandLine line;
  line.usage = "embed analogy RUN king - man + woman [options]";
  line.summary =
      "The words nearest to a sum of words' directions, without those of the sum. Any number of words with + or -; "
      "one\n"
      "with blanks in quotes.";
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
