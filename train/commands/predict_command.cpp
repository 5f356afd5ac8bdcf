#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/io/file.h"
#include "data/io/utf8.h"
#include "models/capabilities.h"
#include "train/analysis/predict/predict.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/run/checkpoint.h"

namespace heddle {

nlohmann::json to_json(const Choice& choice) { return {{"name", choice.name}, {"probability", choice.probability}}; }

nlohmann::json to_json(const Prediction& prediction) {
  return {{"input", prediction.input}, {"best", json_list(prediction.best)}};
}

nlohmann::json to_json(const TokenScore& score) {
  nlohmann::json out = {{"id", score.id}, {"token", score.token}, {"log_probability", nullptr}};
  if (!std::isnan(score.log_probability)) out["log_probability"] = score.log_probability;
  return out;
}

namespace {

struct PredictOptions {
  std::vector<std::string> texts, fill;
  std::int64_t top = 3;
  bool csv = false, json = false;

  std::vector<Key> keys() {
    return {
        {"text", texts, "texts, in the place of files"},
        {"fill", fill, "texts in which [MASK] stands for words to be found, by a model that fills in"},
        {"top", top, "how many of the likeliest to show", 1, 1000},
        {"csv", csv, "print CSV"},
        {"json", json, "print JSON"},
    };
  }
};

/// `what` is chosen: a class, a token.
std::string to_text(const std::vector<Prediction>& predictions, const char* what, const PredictOptions& options) {
  std::vector<std::vector<std::string>> rows{{"input"}};
  for (const Prediction& prediction : predictions) {
    rows.push_back({prediction.input});
    for (const Choice& choice : prediction.best) {
      rows.back().push_back(choice.name);
      rows.back().push_back(fmt::format("{:.4f}", choice.probability));
    }
    for (std::size_t rank = 1; rows[0].size() < rows.back().size(); ++rank) {
      if (rows[0].size() == 2 * rank - 1)
        rows[0].insert(rows[0].end(), {fmt::format("{} {}", what, rank), "probability"});
    }
  }
  return rows_text(rows, options.csv);
}

/// The tokens of texts, each with what the text is called.
struct ScoredText {
  std::string input;
  std::vector<TokenScore> tokens;
};

nlohmann::json to_json(const ScoredText& text) { return {{"input", text.input}, {"tokens", json_list(text.tokens)}}; }

std::string to_text(const std::vector<ScoredText>& texts, const PredictOptions& options) {
  std::string all;
  std::vector<std::vector<std::string>> rows;
  for (const auto& [input, tokens] : texts) {
    if (!options.csv || rows.empty()) rows = {{"input", "token", "id", "log-probability", "probability"}};
    double sum = 0, count = 0;
    for (const TokenScore& score : tokens) {
      const bool known = !std::isnan(score.log_probability);
      rows.push_back({input, options.csv ? score.token : visible(score.token), fmt::format("{}", score.id),
                      known ? fmt::format("{:.4f}", score.log_probability) : "",
                      known ? fmt::format("{:.4f}", std::exp(score.log_probability)) : ""});
      if (!known) continue;
      sum += score.log_probability;
      ++count;
    }
    if (options.csv) continue;  // one table of all texts
    for (auto& row : rows) row.erase(row.begin());
    all += (all.empty() ? "" : "\n") + (texts.size() > 1 ? input + "\n" : "") + rows_text(rows, false);
    if (count > 0)
      all += fmt::format("{} tokens predicted: {:.4f} nats in all, {:.4f} a token, perplexity {:.2f}\n", count, -sum,
                         -sum / count, std::exp(-sum / count));
  }
  return options.csv ? rows_text(rows, true) : all;
}

std::vector<Prediction> classes_of(const LoadedRun& run, Classifier& model, const std::vector<std::string>& files,
                                   const PredictOptions& options) {
  LoadOptions load;
  load.known = &run.data;
  load.block_size = run.experiment->model->block_size();
  const Examples examples = run.experiment->data->examples(files, options.texts, load);
  tell(examples.dataset->notices());
  return predict_classes(model, examples, run.data.labels, options.top, run.experiment->precision());
}

void print_classes(const LoadedRun& run, const std::vector<std::string>& files, const PredictOptions& options) {
  auto& model = capability<Classifier>(*run.model, "predict", "choose another run");
  const auto predictions = classes_of(run, model, files, options);
  tell_checkpoint(run.name());
  print_answer(options.json, json_list(predictions), to_text(predictions, "class", options));
}

void print_filled_in(const LoadedRun& run, const PredictOptions& options) {
  auto& model = capability<TokenFiller>(*run.model, "predict --fill", "leave --fill out, or choose another run");
  std::vector<Prediction> predictions;
  for (const std::string& text : options.fill) {
    for (Prediction& prediction : fill_in(model, *run.tokenizer(), text, options.top, run.experiment->precision()))
      predictions.push_back(std::move(prediction));
  }
  tell_checkpoint(run.name());
  print_answer(options.json, json_list(predictions), to_text(predictions, "token", options));
}

void print_token_scores(const LoadedRun& run, const std::vector<std::string>& files, const PredictOptions& options) {
  auto& model = capability<NextToken>(*run.model, "predict",
                                      "ask word vectors with heddle embed, a model that fills in words with --fill");
  const auto tokenizer = run.tokenizer();
  std::vector<ScoredText> texts;
  const auto add = [&](const std::string& name, const std::string& text) {
    ensure(!text.empty(), "predict: ", name, " holds no token; give a longer text");
    texts.push_back({name, score_tokens(model, *tokenizer, text, run.experiment->precision())});
    std::vector<std::int32_t> ids;
    for (const TokenScore& score : texts.back().tokens) ids.push_back(score.id);
    tell({unknown_notice(name, *tokenizer, ids)});
  };
  for (const std::string& text : options.texts) add("text " + std::to_string(texts.size() + 1), text);
  if (!files.empty()) {
    std::vector<std::string> notices;
    for (const std::string& file : list_files(files, "predict", notices))
      add(file, read_file(file, Contents::text, "predict: " + file));
    tell(notices);
  }
  tell_checkpoint(run.name());
  print_answer(options.json, json_list(texts), to_text(texts, options));
}

}  // namespace

int predict_command(const std::vector<std::string>& arguments) {
  PredictOptions options;
  CommandLine line;
  line.usage = "predict RUN [FILES] [options] [--section.key=value ...]";
  line.more_words = 1'000'000;
  line.summary =
      "What a trained model (a run's folder: its best.h5; or a checkpoint) says of files or texts that have no class:\n"
      "the likeliest classes of each; of a language model the log-probability of each token; what may stand for "
      "[MASK].";
  line.options = options.keys();
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  const std::vector<std::string> files(line.positional.begin() + 1, line.positional.end());
  const bool of_examples = !files.empty() || !options.texts.empty();
  if (!of_examples && options.fill.empty()) throw UsageError("predict: of what? Give files, or --text \"...\"");
  if (of_examples && !options.fill.empty()) throw UsageError("predict: --fill stands alone, without files and --text");
  if (options.csv && options.json) throw UsageError("predict: --csv and --json are two forms; choose one");
  const LoadedRun run =
      load_checkpoint(find_checkpoint(line.positional[0], kUsable), Purpose::evaluate, line.assignments);
  if (!options.fill.empty()) {
    print_filled_in(run, options);
  } else if (!run.data.labels.empty()) {
    print_classes(run, files, options);
  } else {
    print_token_scores(run, files, options);
  }
  return 0;
}

}  // namespace heddle
