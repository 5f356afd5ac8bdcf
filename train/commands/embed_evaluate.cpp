#include <fmt/format.h>

#include <iostream>

#include "train/analysis/words/analogies.h"
#include "train/analysis/words/similarity.h"
#include "train/commands/embed_command.h"
#include "train/commands/json.h"
#include "train/run/config.h"

namespace heddle {
namespace {

nlohmann::json as_json(const AnalogyScore& score) {
  const Interval interval = score.interval();
  return {{"name", score.name},     {"questions", score.questions}, {"asked", score.asked}, {"right", score.right},
          {"share", score.share()}, {"low", interval.low},          {"high", interval.high}};
}

std::string row(const std::string& name, const AnalogyScore& score) {
  const Interval interval = score.interval();
  if (score.asked == 0) return fmt::format("{:<28} {:>9} {:>7}\n", name, score.questions, 0);
  return fmt::format("{:<28} {:>9} {:>7} {:>7} {:>6.1f} % {:>6.1f} - {:.1f}\n", name, score.questions, score.asked,
                     score.right, 100 * score.share(), 100 * interval.low, 100 * interval.high);
}

void print(const AnalogyReport& report, const std::string& method) {
  std::cout << fmt::format("{:<28} {:>9} {:>7} {:>7} {:>8}   95 %\n", method == "add" ? "3CosAdd" : "3CosMul",
                           "questions", "asked", "right", "share");
  for (const AnalogyScore& score : report.categories) std::cout << row(score.name, score);
  if (report.semantic) std::cout << row("semantic", *report.semantic);
  if (report.syntactic) std::cout << row("syntactic", *report.syntactic);
  std::cout << row(report.total.name, report.total);
}

}  // namespace

int embed_evaluate(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::vector<std::string> similarities;
  std::string questions, method = "both";
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
      {{"questions", questions,
        "file of questions, as questions-words.txt; none: those of builtin:kingdom, or none with --similarity"},
       {"similarity", similarities, "files of word pairs with scores"},
       {"vocabulary", options.limit, "only so many words exist, the most frequent; 0: all", 0},
       {"method", method, "add: 3CosAdd, mul: 3CosMul", {"both", "add", "mul"}},
       {"keep_case", keep_case, "King and king are two words"},
       {"json", json, "print JSON"}});
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  options.fold_case = !keep_case;
  if (questions.empty() && similarities.empty()) questions = "builtin:kingdom";
  std::vector<QuestionCategory> asked;
  if (!questions.empty()) asked = read_questions(questions);
  std::vector<std::vector<SimilarityPair>> pairs;
  for (const std::string& path : similarities) pairs.push_back(read_similarities(path));
  const WordSpace space(load_word_vectors(line.positional[0], vectors));

  nlohmann::json out;
  for (const std::string name : {"add", "mul"}) {
    if (asked.empty() || (method != "both" && method != name)) continue;
    options.method = name == "add" ? AnalogyMethod::add : AnalogyMethod::mul;
    const AnalogyReport report = evaluate_analogies(space, asked, options);
    if (!json) {
      print(report, name);
      continue;
    }
    nlohmann::json& rows = out["analogies"][name];
    rows["all"] = as_json(report.total);
    if (report.semantic) rows["semantic"] = as_json(*report.semantic);
    if (report.syntactic) rows["syntactic"] = as_json(*report.syntactic);
    for (const AnalogyScore& score : report.categories) rows["categories"].push_back(as_json(score));
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const SimilarityReport report = evaluate_similarity(space, pairs[i], options.fold_case);
    if (json) {
      out["similarity"].push_back({{"file", similarities[i]},
                                   {"pairs", report.pairs},
                                   {"covered", report.covered},
                                   {"spearman", report.correlation},
                                   {"low", report.interval.low},
                                   {"high", report.interval.high}});
    } else {
      std::cout << fmt::format("{}: {} of {} pairs have vectors; Spearman {:.3f} ({:.3f} - {:.3f})\n", similarities[i],
                               report.covered, report.pairs, report.correlation, report.interval.low,
                               report.interval.high);
    }
  }
  if (json) print_json(out);
  return 0;
}

}  // namespace heddle
