#include "train/tasks/translation.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/train/run_program.h"
#include "train/run/checkpoint.h"

namespace heddle {
namespace {

/// Sentences of two to five words and their words' translations in reverse order; all words come in training.
void write_pairs(const TemporaryFolder& folder, int count) {
  const std::vector<std::pair<std::string, std::string>> words = {
      {"rot", "red"}, {"blau", "blue"},  {"hund", "dog"},    {"katze", "cat"},
      {"und", "and"}, {"sieht", "sees"}, {"singt", "sings"}, {"haus", "house"}};
  std::string german, english;
  for (int i = 0; i < count; ++i) {
    std::string from, to;
    for (int w = 0; w < 2 + i % 4; ++w) {
      const auto& [a, b] = words[Rng(1).below(words.size(), static_cast<std::uint64_t>(i * 8 + w))];
      from += (w > 0 ? " " : "") + a;
      to = b + (w > 0 ? " " : "") + to;
    }
    german += from + '\n';
    english += to + '\n';
  }
  folder.write("pairs.de", german);
  folder.write("pairs.en", english);
}

std::string pairs_config(const TemporaryFolder& folder) {
  return folder.write("pairs.cfg",
                      "[data]\nkind = pairs\npath = " + folder.path("pairs") +
                          "\nsource = de\ntarget = en\nvocab_size = 300\nval_fraction = 0.05\n"
                          "[model]\nkind = seq2seq\nn_layer = 1\nn_head = 2\nn_embd = 48\nblock_size = 16\n"
                          "dropout = 0\nlabel_smoothing = 0\n[optim]\nlr = 5e-3\nmin_lr = 0\nwarmup_steps = 30\n"
                          "[train]\nbatch_size = 32\norder = lengths\nsteps = 400\neval_interval = 200\n"
                          "eval_batches = 0\ncheckpoint_interval = 200\n");
}

}  // namespace

TEST_CASE("a small transformer learns to translate and turn about sentences, and its run can be asked", "[slow]") {
  const TemporaryFolder folder;
  write_pairs(folder, 1200);
  const std::string run = folder.path("run");
  const Outcome trained = run_program(folder, {"train", pairs_config(folder), "--run.dir=" + run});
  INFO(trained.out << trained.err);
  REQUIRE(trained.status == 0);
  CHECK_THAT(trained.out, Catch::Contains("better than unigram"));
  CHECK_THAT(read_bytes(run + "/samples.txt"), Catch::Contains("model:") && Catch::Contains("reference:"));
  const Outcome judged = run_program(folder, {"eval", run, "--json"});
  const auto figures = nlohmann::json::parse(judged.out);
  CHECK(figures["bleu"] > 95);
  CHECK(figures["bleu_lower_case"] >= figures["bleu"]);
  CHECK(figures["chrf"] > 95);
  CHECK(figures["loss"] < 0.3);
  CHECK_THAT(run_program(folder, {"eval", run, "--beam", "1"}).out,
             Catch::Contains("nrefs:1|case:lc|eff:no|tok:13a|smooth:exp"));

  const Outcome lines = run_program(folder, {"generate", run, "--source", "-"}, "hund und katze\n\nhaus rot\n");
  CHECK(lines.out == "cat and dog\n\nred house\n");
  const std::string file = folder.write("new.de", "katze sieht hund\r\n");
  for (const char* more : {"--beam=1", "--no-cache", "--precision=f32"})
    CHECK(run_program(folder, {"generate", run, "--source", file, more}).out == "dog sees cat\n");
  std::string endless;
  for (int i = 0; i < 40; ++i) endless += "hund ";
  CHECK_THAT(run_program(folder, {"generate", run, "--source", "-"}, endless).err,
             Catch::Contains("1 sentences are cut to 16 tokens"));
  check_one_line(run_program(folder, {"generate", run, "--prompt", "hund"}), 1, "--source");
}

TEST_CASE("what judges translations is computed where a thorough evaluation asks for it, of all pairs in their order") {
  const TemporaryFolder folder;
  write_pairs(folder, 60);
  const Experiment experiment(Settings::from_file(pairs_config(folder)));
  const auto dataset = experiment.load_data();
  const auto model = experiment.build_model(dataset->state().spec());
  const auto task = make_translation(*model, *dataset);
  const auto names = [](const Metrics& metrics) {
    std::vector<std::string> all;
    for (const Metric& metric : metrics) all.push_back(metric.name);
    return all;
  };
  const Metrics quick = evaluate(*task, *dataset, Split::val, {2, 0, Precision::f32});
  const Metrics all = evaluate(*task, *dataset, Split::val, {2, 0, Precision::f32, true});
  CHECK(names(quick) == std::vector<std::string>{"loss", "perplexity", "tokens"});
  CHECK(names(all) == std::vector<std::string>{"loss", "perplexity", "tokens", "bleu_lower_case", "bleu",
                                               "bleu_white_space", "chrf"});
  CHECK(quick[0].value == all[0].value);
  CHECK(evaluate(*task, *dataset, Split::val, {3, 0, Precision::f32})[0].value == Approx(quick[0].value).epsilon(1e-5));
  const Baselines baselines = task->baselines({});
  CHECK(baselines.all[0].value == Approx(std::log(static_cast<double>(dataset->state().tokenizer.pieces.size()))));
  CHECK(baselines.all[1].value < baselines.all[0].value);
}

TEST_CASE("a run that translates goes on after a stop with the bytes of one that never stopped") {
  const TemporaryFolder folder;
  write_pairs(folder, 200);
  const auto go = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--train.eval_interval=10", "--train.sample_tokens=0", "--run.precision=f32"});
    const Outcome outcome = run_program(folder, arguments);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
  };
  const std::string config = pairs_config(folder), dropout = "--model.dropout=0.2", cut = "--train.accumulate=2";
  go({"train", config, dropout, cut, "--run.dir=" + folder.path("straight"), "--train.steps=16", "--run.threads=1"});
  go({"train", config, dropout, cut, "--run.dir=" + folder.path("parts"), "--train.steps=7", "--run.threads=3"});
  go({"resume", folder.path("parts"), "--train.steps=16", "--run.threads=2"});
  const auto weights = [&](const char* run) {
    std::vector<real> all;
    for (const NamedParameter& p : load_checkpoint(folder.path(run) + "/last.h5").model->named_parameters())
      all.insert(all.end(), p.tensor.span().begin(), p.tensor.span().end());
    return all;
  };
  CHECK(weights("straight") == weights("parts"));
}

}  // namespace heddle
