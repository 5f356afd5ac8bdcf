#include "train/tasks/masked_language_model.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "data/sampler.h"
#include "models/capabilities.h"
#include "tests/data/text/text_fixture.h"
#include "tests/train/run_program.h"
#include "train/run/checkpoint.h"

namespace heddle {
namespace {

/// Scores token v at a place of input i by -(v - i)^2 / 4.
class Nearby final : public Model, public TokenFiller {
 public:
  explicit Nearby(index_t vocabulary) : vocabulary_(vocabulary) {}
  index_t context_size() const override { return 1 << 20; }
  Tensor token_scores(const Batch& batch, const IdTensor& places, Context&) override {
    Tensor scores({places.numel(), vocabulary_});
    for (index_t i = 0; i < scores.numel(); ++i)
      scores.mutable_data()[i] =
          static_cast<real>(-std::pow(i % vocabulary_ - batch.inputs[places[i / vocabulary_]], 2)) / 4;
    return scores;
  }
  std::vector<NamedParameter> named_parameters() override { return {}; }
  Loss loss(const Batch&, index_t, Context&) override { return {}; }
  double flops(const Batch&) override { return 0; }

 private:
  index_t vocabulary_;
};

/// Does nothing.
class Idle final : public Model {
 public:
  std::vector<NamedParameter> named_parameters() override { return {}; }
  Loss loss(const Batch&, index_t, Context&) override { return {}; }
  double flops(const Batch&) override { return 0; }
};

/// Words in turn, of which some are commoner; the last 60 tokens are to validate.
TextConfig some_words(const TemporaryFolder& folder) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += std::string(i % 3 == 0 ? "the" : i % 2 == 0 ? "king" : "queen") + ' ';
  TextConfig config = text_at(folder.write("words.txt", text));
  config.split.val_fraction = 0.2;
  config.tokenizer.kind = "word";
  config.tokenizer.specials = {"[CLS]", "[SEP]", "[MASK]"};
  return config;
}

}  // namespace

TEST_CASE("loss, perplexity and accuracy are means over hidden tokens, however the split is cut") {
  const TemporaryFolder folder;
  const auto dataset = load_text(some_words(folder), 16);
  Nearby model(dataset->tokenizer()->vocab_size());
  const auto task = make_masked_language_model(model, *dataset);
  CHECK(std::string(task->unit().target) == "hidden token");
  double nats = 0, count = 0, right = 0;
  for (index_t i = 0; i < dataset->size(Split::val); ++i) {
    Batch batch = get_examples(*dataset, Split::val, i, 1);
    task->prepare(batch, Rng());
    for (index_t t = 0; t < 16; ++t) {
      if (batch.targets[t] == kIgnore) continue;
      const double input = batch.inputs[t], target = batch.targets[t];
      double sum = 0;
      for (int v = 0; v < 7; ++v) sum += std::exp(-std::pow(v - input, 2) / 4);
      nats += std::log(sum) + std::pow(target - input, 2) / 4;
      right += input == target ? 1 : 0;
      ++count;
    }
  }
  REQUIRE(dataset->tokenizer()->vocab_size() == 7);
  REQUIRE(count == 3 * 2 + 1);  // 59 tokens have one that follows: three windows of 14, and one of 9, between the ends
  for (const index_t rows : {1, 3, 100}) {
    const Metrics metrics = evaluate(*task, *dataset, Split::val, {rows});
    REQUIRE(metrics.size() == 4);
    CHECK(metrics[0].name == "loss");
    CHECK(metrics[0].value == Approx(nats / count).epsilon(1e-5));
    CHECK(metrics[1].name == "perplexity");
    CHECK(metrics[1].value == Approx(std::exp(nats / count)).epsilon(1e-5));
    CHECK_FALSE(metrics[1].column);
    CHECK(metrics[2].name == "accuracy");
    CHECK(metrics[2].value == Approx(right / count));
  }
}

TEST_CASE("the baselines are the frequencies of training tokens, and always the commonest of them") {
  const TemporaryFolder folder;
  const auto dataset = load_text(some_words(folder), 16);
  Nearby model(7);
  const Baselines baselines = make_masked_language_model(model, *dataset)->baselines({});
  // 240 to train: 80 each, of seven tokens with one more each
  const double nats = std::log(247 / 81.0);
  REQUIRE(baselines.all.size() == 1);
  CHECK(baselines.all[0].name == "unigram");
  CHECK(baselines.all[0].value == Approx(nats));
  CHECK(baselines.metric == "loss");
  CHECK(baselines.lower_is_better);
  CHECK_THAT(baselines.line, Catch::Contains("'the' 33.33 % right") || Catch::Contains("'king' 33.33 % right") ||
                                 Catch::Contains("'queen' 33.33 % right"));
}

TEST_CASE("a sample shows a text with its hidden tokens as [MASK], and what the model finds for each") {
  const TemporaryFolder folder;
  const auto dataset = load_text(some_words(folder), 16);
  Nearby model(7);
  const auto task = make_masked_language_model(model, *dataset);
  const std::string text = task->sample(16);
  CHECK_THAT(text, Catch::StartsWith("[CLS] ") && Catch::Contains(" [SEP]"));
  std::size_t masks = 0, lines = 0;
  for (std::size_t at = 0; (at = text.find("[MASK]", at)) != text.npos && at < text.find('\n'); ++at) ++masks;
  for (std::size_t at = 0; (at = text.find("\n  [", at)) != text.npos; ++at) ++lines;
  CHECK(masks == 2);
  CHECK(lines == 2);
  CHECK_THAT(text, Catch::Contains("] [MASK] 0."));  // it finds what it sees
  const std::string first = text.substr(0, text.find('\n'));
  const std::string shorter = task->sample(4);
  CHECK(shorter.substr(0, shorter.find('\n')) == first.substr(0, shorter.substr(0, shorter.find('\n')).size()));
  CHECK_FALSE(shorter.empty());
}

TEST_CASE("a model that does not fill in, and a vocabulary without [MASK], are refused") {
  const TemporaryFolder folder;
  TextConfig config = some_words(folder);
  Idle idle;
  CHECK_THROWS_WITH(make_masked_language_model(idle, *load_text(config, 16)),
                    Catch::Contains("wants a model that fills in words"));
  Nearby model(7);
  config.tokenizer.specials = {"[CLS]"};
  CHECK_THROWS_WITH(make_masked_language_model(model, *load_text(config, 16)),
                    Catch::Contains("no special token [MASK]"));
}

namespace {

std::vector<std::string> of_bert(const TemporaryFolder& folder, const std::string& run,
                                 std::vector<std::string> more = {}) {
  const std::string config = folder.write(
      "bert.cfg",
      "[data]\nsize = 20000\ntokenizer = word\nspecial_tokens = [CLS], [SEP], [MASK]\n[model]\nkind = bert\n"
      "n_layer = 1\nn_head = 2\nn_embd = 32\nblock_size = 16\ndropout = 0.1\n[optim]\nwarmup_steps = 10\nlr = 3e-3\n"
      "[train]\nbatch_size = 4\naccumulate = 2\nsteps = 60\neval_interval = 20\neval_batches = 2\n"
      "checkpoint_interval = 10\nsample_tokens = 16\n");
  more.insert(more.begin(), {"train", config, "--run.dir=" + folder.path(run)});
  return more;
}

void run_well(const TemporaryFolder& folder, const std::vector<std::string>& arguments) {
  const Outcome outcome = run_program(folder, arguments);
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.status == 0);
}

}  // namespace

TEST_CASE("a BERT's runs give the same bits on one, two and three threads, recomputed, stopped and resumed or not") {
  const TemporaryFolder folder;
  for (const std::string threads : {"1", "2", "3"})
    run_well(folder, of_bert(folder, threads, {"--run.threads=" + threads}));
  const std::string one = weights_of(folder.path("1/last.h5"));
  CHECK(one == weights_of(folder.path("2/last.h5")));
  CHECK(one == weights_of(folder.path("3/last.h5")));
  run_well(folder, of_bert(folder, "again", {"--train.recompute=true"}));
  CHECK(one == weights_of(folder.path("again/last.h5")));
  run_well(folder, of_bert(folder, "other", {"--run.seed=2"}));
  CHECK(one != weights_of(folder.path("other/last.h5")));

  run_well(folder, of_bert(folder, "stopped", {"--train.steps=30"}));
  const Outcome resumed = run_program(folder, {"resume", folder.path("stopped"), "--train.steps=60"});
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  CHECK(one != weights_of(folder.path("stopped/last.h5")));  // its rate fell sooner

  Process process(folder,
                  of_bert(folder, "killed", {"--train.log_interval=1", "--train.log_seconds=0", "--run.threads=1"}));
  for (int i = 0; i < 60000; ++i) {
    if (read_bytes(folder.path("killed/log.txt")).find("\nstep 11/") != std::string::npos) break;
    usleep(1000);
  }
  process.send(SIGKILL);
  REQUIRE(process.wait() == 128 + SIGKILL);
  REQUIRE(load_checkpoint(folder.path("killed/last.h5")).state.step < 60);
  const Outcome again = run_program(folder, {"resume", folder.path("killed"), "--run.threads=2"});
  INFO(again.err);
  REQUIRE(again.status == 0);
  CHECK(one == weights_of(folder.path("killed/last.h5")));
}

TEST_CASE("a BERT's run tells its figures, answers for its vectors, and refuses what it cannot do in a line") {
  const TemporaryFolder folder;
  run_well(folder, of_bert(folder, "run"));
  const std::string run = folder.path("run"), log = read_bytes(folder.path("run/log.txt"));
  CHECK_THAT(log, Catch::Contains("baselines, of any token") && Catch::Contains("nats a hidden token") &&
                      Catch::Contains("than unigram ("));
  CHECK_THAT(read_bytes(folder.path("run/metrics.csv")), Catch::StartsWith("step,train_loss,val_loss,val_accuracy,"));
  CHECK_THAT(read_bytes(folder.path("run/samples.txt")), Catch::Contains("[MASK]"));
  const Outcome json = run_program(folder, {"eval", run, "--json"});
  CHECK_THAT(json.out, Catch::Contains("\"accuracy\":") && Catch::Contains("\"perplexity\":"));
  CHECK(run_program(folder, {"embed", "neighbors", run, "king"}).status == 0);
  check_one_line(run_program(folder, {"generate", run}), 1, "generate: wants a model that writes text");
  auto without = of_bert(folder, "none", {"--data.special_tokens=[CLS]"});
  check_one_line(run_program(folder, without), 1, "no special token [MASK]; set data.special_tokens");
  check_one_line(run_program(folder, of_bert(folder, "none", {"--data.kind=table", "--data.path=builtin:xor"})), 1,
                 "model.kind = bert does not learn from data.kind = table");
}

}  // namespace heddle
