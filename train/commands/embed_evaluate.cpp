#include <fmt/format.h>

#include "train/analysis/words/analogies.h"
#include "train/analysis/words/similarity.h"
#include "train/commands/commands.h"
#include "train/commands/embed_command.h"
#include "train/commands/json.h"
#include "train/config/config.h"

namespace heddle {
namespace {

/// Which ways of answering a question are tried.
enum class Methods { both, add, mul };
constexpr auto names_of(Methods) {
  return std::array{Named{Methods::both, "both"}, Named{Methods::add, "add"}, Named{Methods::mul, "mul"}};
}

constexpr const char* kBuiltin = "builtin:kingdom";

/// What the command says.
struct EvaluateAnswer {
  std::string questions;                 ///< where they are from
  std::vector<AnalogyReport> analogies;  ///< by each method
  struct Similarity {
    std::string file, column;
    SimilarityReport report;
  };
  std::vector<Similarity> similarities;
};

nlohmann::json to_json(const AnalogyScore& score) {
  const Interval interval = score.interval();
  return {{"name", score.name},     {"questions", score.questions}, {"asked", score.asked}, {"right", score.right},
          {"share", score.share()}, {"low", interval.low},          {"high", interval.high}};
}

nlohmann::json to_json(const AnalogyReport& report) {
  nlohmann::json out = {{"all", to_json(report.total)}};
  if (report.semantic) out["semantic"] = to_json(*report.semantic);
  if (report.syntactic) out["syntactic"] = to_json(*report.syntactic);
  for (const AnalogyScore& score : report.categories) out["categories"].push_back(to_json(score));
  return out;
}

nlohmann::json to_json(const EvaluateAnswer& found) {
  nlohmann::json out;
  if (!found.analogies.empty()) out["questions"] = found.questions;
  for (const AnalogyReport& report : found.analogies) out["analogies"][name_of(report.method)] = to_json(report);
  for (const auto& [file, column, report] : found.similarities)
    out["similarity"].push_back({{"file", file},
                                 {"column", column},
                                 {"pairs", report.pairs},
                                 {"covered", report.covered},
                                 {"spearman", report.correlation},
                                 {"low", report.interval.low},
                                 {"high", report.interval.high}});
  return out;
}

std::string row(const std::string& name, const AnalogyScore& score) {
  const Interval interval = score.interval();
  if (score.asked == 0) return fmt::format("{:<28} {:>9} {:>7}\n", name, score.questions, 0);
  return fmt::format("{:<28} {:>9} {:>7} {:>7} {:>6.1f} % {:>6.1f} - {:.1f}\n", name, score.questions, score.asked,
                     score.right, 100 * score.share(), 100 * interval.low, 100 * interval.high);
}

std::string to_text(const AnalogyReport& report) {
  std::string text =
      fmt::format("{:<28} {:>9} {:>7} {:>7} {:>8}   95 %\n",
                  report.method == AnalogyMethod::add ? "3CosAdd" : "3CosMul", "questions", "asked", "right", "share");
  for (const AnalogyScore& score : report.categories) text += row(score.name, score);
  if (report.semantic) text += row("semantic", *report.semantic);
  if (report.syntactic) text += row("syntactic", *report.syntactic);
  return text + row(report.total.name, report.total);
}

std::string to_text(const EvaluateAnswer& found) {
  std::string text;
  if (!found.analogies.empty())
    text = found.questions == kBuiltin
               ? fmt::format("questions of {}, whose stories are made to answer them; --questions FILE asks others\n",
                             kBuiltin)
               : fmt::format("questions of {}\n", found.questions);
  for (const AnalogyReport& report : found.analogies) text += to_text(report);
  for (const auto& [file, column, report] : found.similarities)
    text += fmt::format("{}: {} of {} pairs have vectors; Spearman with {} {:.3f} ({:.3f} - {:.3f})\n", file,
                        report.covered, report.pairs, column, report.correlation, report.interval.low,
                        report.interval.high);
  return text;
}

}  // namespace

int embed_evaluate(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::vector<std::string> similarities;
  std::string questions;
  Methods method = Methods::both;
  AnalogyOptions options;
  bool keep_case = false, json = false;
  CommandLine line;
  line.usage = "embed evaluate RUN [options]";
  line.summary =
      "How many analogy questions come out right, counted as word2vec's compute-accuracy counts: the words of a "
      "question\n"
      "are no answers, and questions with a word that is not among the first --vocabulary are not asked. With\n"
      "--similarity, how well cosines order pairs of words as people do (Spearman).";
  line.options = vectors.keys();
  line.options.insert(
      line.options.begin(),
      {Key("questions", questions,
           "file of questions, as questions-words.txt; none: those of builtin:kingdom, or none with --similarity")
           .path(),
       Key("similarity", similarities, "files of word pairs with scores").path(),
       {"vocabulary", options.limit, "only so many words exist, the most frequent; 0: all", 0},
       {"method", method, "add: 3CosAdd, mul: 3CosMul"},
       {"keep_case", keep_case, "King and king are two words"},
       {"json", json, "print JSON"}});
  if (!line.parse(arguments)) return 0;
  options.fold_case = !keep_case;
  if (questions.empty() && similarities.empty()) questions = kBuiltin;
  std::vector<QuestionCategory> asked;
  if (!questions.empty()) asked = read_questions(questions);
  std::vector<SimilarityFile> pairs;
  for (const std::string& path : similarities) pairs.push_back(read_similarities(path));
  const LoadedVectors loaded = load_word_vectors(line.positional[0], vectors);
  const WordSpace space(loaded);

  EvaluateAnswer found{questions, {}, {}};
  for (const auto& [tried, way] : {std::pair{AnalogyMethod::add, Methods::add}, {AnalogyMethod::mul, Methods::mul}}) {
    if (asked.empty() || (method != Methods::both && method != way)) continue;
    options.method = tried;
    found.analogies.push_back(evaluate_analogies(space, asked, options));
  }
  for (std::size_t i = 0; i < pairs.size(); ++i)
    found.similarities.push_back(
        {similarities[i], pairs[i].column, evaluate_similarity(space, pairs[i].pairs, options.fold_case)});
  tell_source(loaded);
  if (!found.analogies.empty() && found.analogies[0].total.asked == 0)
    tell({fmt::format("no question of {} has all four words in the vocabulary; --questions FILE asks others",
                      found.questions)});
  print_answer(json, to_json(found), to_text(found));
  return 0;
}

}  // namespace heddle
