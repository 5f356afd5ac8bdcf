#include "train/tasks/text_classification.h"

#include <catch2/catch.hpp>

#include "data/labels/labelled_text.h"
#include "tests/real_data.h"
#include "tests/train/run_program.h"
#include "tests/train/tasks/class_rows.h"
#include "train/run/checkpoint.h"

namespace heddle {
namespace {

std::unique_ptr<Dataset> load(const LabelledTextConfig& config) { return config.load({1, 0, nullptr, {}, {}}); }

/// Finds class 0 for rows shorter than the batch's longest, else 1.
class ByLength final : public Model, public Classifier {
 public:
  Tensor class_scores(const Batch& batch, Context&) override {
    Tensor scores = Tensor::zeros({batch.rows(), 2});
    const index_t time = batch.inputs.size(1);
    for (index_t row = 0; row < batch.rows(); ++row)
      scores.mutable_data()[row * 2 + (batch.mask.data()[row * time + time - 1] > 0 ? 1 : 0)] = 1;
    return scores;
  }
  std::vector<NamedParameter> named_parameters() override { return {}; }
  Loss loss(const Batch&, index_t, Context&) override { return {}; }
  double flops(const Batch&) override { return 0; }
};

}  // namespace

TEST_CASE("the baselines are the commonest class and Naive Bayes, of the split that is judged") {
  const TemporaryFolder folder;
  LabelledTextConfig config;
  config.split.path = {folder.write("train.tsv", "good fine\tp\nfine day\tp\nbad day\tn\nnot good\tn\nnot bad\tp\n")};
  config.split.val_path = {folder.write("val.tsv", "fine\tp\nbad\tn\nnot good\tn\nfine fine day\tn\n")};
  config.split.test_path = {folder.write("test.tsv", "good fine\tp\nnot good\tp\n")};
  config.tokenizer.kind = "word";
  config.tokenizer.min_count = 1;
  const auto dataset = load(config);
  ByLength model;
  const auto task = make_text_classification(model, *dataset);
  const Baselines baselines = task->baselines({});
  CHECK(baselines.metric == "accuracy");
  CHECK_FALSE(baselines.lower_is_better);
  REQUIRE(baselines.all.size() == 3);
  CHECK(baselines.all[0].name == "majority class");
  CHECK(baselines.all[0].value == Approx(1 / 4.0));
  CHECK(baselines.all[1].name == "unigram Naive Bayes");
  CHECK(baselines.all[1].value == Approx(1 / 4.0));
  CHECK(baselines.all[2].name == "bigram Naive Bayes");
  CHECK(baselines.all[2].value == Approx(2 / 4.0));  // "not good" is told by both words together
  CHECK_THAT(baselines.line, Catch::Contains("majority class 25.00 %, unigram Naive Bayes "));

  const auto of = [&](bool thorough) {
    return evaluate(*task, *dataset, Split::test, {2, 0, Precision::f32, thorough});
  };
  CHECK(value_of(of(false), "accuracy") == 1);
  CHECK(of(false).back().name == "f1_p");
  CHECK(value_of(of(true), "baseline_majority_class") == 1);
  CHECK(value_of(of(true), "baseline_unigram_naive_bayes") == 1);
  CHECK(value_of(of(true), "baseline_bigram_naive_bayes") == 0.5);
  CHECK_FALSE(of(true).back().column);
  CHECK_THAT(of(true).back().text,
             Catch::Contains("majority class 100.00 %, unigram Naive Bayes 100.00 %, bigram Naive Bayes 50.00 %"));
}

TEST_CASE("Naive Bayes has scikit-learn's accuracies on SST-2") {
  const std::string folder = real_data("sst2");
  if (folder.empty()) return;
  LabelledTextConfig config;
  config.split.path = {folder + "/train.tsv"};
  config.split.val_path = {folder + "/dev.tsv"};
  config.split.test_path = {folder + "/test.tsv"};
  config.tokenizer.kind = "word";
  const auto dataset = load(config);
  ByLength model;
  const auto task = make_text_classification(model, *dataset);
  // CountVectorizer(token_pattern=r"\w+", ngram_range=(1, 1) and (1, 2)), MultinomialNB(alpha=1)
  const Baselines dev = task->baselines({});
  CHECK(dev.all[1].value == Approx(700 / 872.0));
  CHECK(dev.all[2].value == Approx(699 / 872.0));
  const Metrics test = evaluate(*task, *dataset, Split::test, {500, 1, Precision::f32, true});
  CHECK(value_of(test, "baseline_unigram_naive_bayes") == Approx(1491 / 1821.0));
  CHECK(value_of(test, "baseline_bigram_naive_bayes") == Approx(1487 / 1821.0));
}

TEST_CASE("a model that does not classify is refused for texts of classes") {
  class Idle final : public Model {
   public:
    std::vector<NamedParameter> named_parameters() override { return {}; }
    Loss loss(const Batch&, index_t, Context&) override { return {}; }
    double flops(const Batch&) override { return 0; }
  } idle;
  const TemporaryFolder folder;
  LabelledTextConfig config;
  config.split.path = {folder.write("a.tsv", "a\t1\nb\t0\na\t1\nb\t0\n")};
  config.split.val_fraction = 0.5;
  config.tokenizer.vocab_size = 300;
  CHECK_THROWS_WITH(make_text_classification(idle, *load(config)), Catch::Contains("wants a model that classifies"));
}

namespace {

/// Sentences whose class is whether "not" stands before the last word being "bad".
std::string sentences() {
  const std::vector<std::string> some = {"the king", "a queen", "their old cook", "it"};
  std::string rows;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const bool denied = Rng(3).below(2, 2 * i) == 0, bad = Rng(3).below(2, 2 * i + 1) == 0;
    rows += some[i % 4] + " is " + (denied ? "not " : "") + (bad ? "bad" : "good") + '\t' +
            (denied == bad ? "praise" : "blame") + '\n';
  }
  return rows;
}

std::vector<std::string> of_bert(const TemporaryFolder& folder, const std::string& run,
                                 std::vector<std::string> more = {}) {
  const std::string config = folder.write(
      "bert.cfg",
      "[data]\nkind = labelled_text\npath = " + folder.write("rows.tsv", sentences()) +
          "\nval_fraction = 0.2\ntest_fraction = 0.2\ntokenizer = word\n[model]\nkind = bert\nn_layer = 1\nn_head = 2\n"
          "n_embd = 32\nblock_size = 8\n[optim]\nwarmup_steps = 10\nlr = 3e-3\n[train]\nbatch_size = 8\norder = "
          "lengths\n"
          "epochs = 15\nsteps = 0\neval_interval = 0\neval_batches = 0\ncheckpoint_interval = 20\n");
  more.insert(more.begin(), {"train", config, "--run.dir=" + folder.path(run)});
  return more;
}

}  // namespace

TEST_CASE("a BERT learns what counting words cannot, with the same bits on any threads, and eval tells it beside") {
  const TemporaryFolder folder;
  for (const std::string threads : {"1", "2", "3"}) {
    const Outcome outcome = run_program(folder, of_bert(folder, threads, {"--run.threads=" + threads}));
    INFO(outcome.out << outcome.err);
    REQUIRE(outcome.status == 0);
  }
  const std::string one = weights_of(folder.path("1/last.h5"));
  CHECK(one == weights_of(folder.path("2/last.h5")));
  CHECK(one == weights_of(folder.path("3/last.h5")));
  const Outcome json = run_program(folder, {"eval", folder.path("1"), "--split", "test", "--json"});
  INFO(json.out << json.err);
  const auto value = [&](const std::string& name) {
    const auto at = json.out.find('"' + name + "\":");
    REQUIRE(at != std::string::npos);
    return std::stod(json.out.substr(at + name.size() + 3));
  };
  CHECK(value("accuracy") > 0.95);
  CHECK(value("baseline_unigram_naive_bayes") < 0.8);
  const Outcome text = run_program(folder, {"eval", folder.path("1"), "--split", "test"});
  CHECK_THAT(text.out,
             Catch::Contains("praise: precision") && Catch::Contains("\n  baselines, accuracy: majority class"));
  CHECK_THAT(read_bytes(folder.path("1/log.txt")), Catch::Contains("better than majority class"));

  folder.write("other.tsv", sentences() + "it is bad\tanger\n");
  check_one_line(run_program(folder, {"eval", folder.path("1"), "--data.path=" + folder.path("other.tsv")}), 1,
                 "holds the class 'anger', which the model was not trained on; it knows blame, praise");
  check_one_line(run_program(folder, of_bert(folder, "gpt", {"--model.kind=gpt"})), 1,
                 "model.kind = gpt does not learn from data.kind = labelled_text; that data fits model.kind = bert");
}

}  // namespace heddle
