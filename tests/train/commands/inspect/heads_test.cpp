#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "framework/autograd.h"
#include "models/gpt.h"
#include "models/model.h"
#include "tests/train/run_program.h"
#include "train/analysis/attention/head_survey.h"
#include "train/commands/inspect/heads_listener.h"
#include "train/commands/inspect/inspect_command.h"

namespace heddle {
namespace {

/// A GPT with large first weights, so that each head matters.
GPT some_gpt() {
  GPTConfig config;
  config.n_layer = 2;
  config.n_head = 2;
  config.n_embd = 8;
  config.context = 12;
  GPT model(config, 11, Rng(1));
  for (const NamedParameter& parameter : model.named_parameters()) {
    Tensor weight = parameter.tensor;
    if (weight.ndim() != 2) continue;
    for (index_t i = 0; i < weight.numel(); ++i) weight.mutable_data()[i] *= real{4};
  }
  return model;
}

std::vector<Batch> some_batches() {
  std::vector<Batch> batches(3);
  for (std::size_t b = 0; b < batches.size(); ++b) {
    batches[b].inputs = IdTensor({1, 9});
    batches[b].targets = IdTensor({1, 9});
    for (index_t i = 0; i < 9; ++i) {
      batches[b].inputs[i] = static_cast<std::int32_t>((i * 5 + static_cast<index_t>(b) * 3) % 11);
      batches[b].targets[i] = b == 1 && i < 4 ? kIgnore : static_cast<std::int32_t>((i * 7 + 2) % 11);
    }
  }
  return batches;
}

double loss_of(GPT& model, Capture* capture) {
  const NoGradGuard no_grad;
  MeanLoss loss;
  for (const Batch& batch : some_batches()) {
    Context context;
    context.capture = capture;
    loss.add(model, batch, context);
  }
  return loss.value("target");
}

}  // namespace

TEST_CASE("a head is ablated to zero, and to its mean over all places, and the rest of the model goes on as it is") {
  GPT model = some_gpt();
  const AblationStudy study = ablate_heads(model, some_batches());
  CHECK(study.loss == loss_of(model, nullptr));
  REQUIRE(study.heads.size() == 4);
  std::map<std::string, Tensor> means;
  {
    const NoGradGuard no_grad;
    double places = 0;
    for (const Batch& batch : some_batches()) {
      Capture capture;
      capture.want("*/heads");
      Context context;
      context.capture = &capture;
      model.logits(batch.inputs, context);
      for (const auto& [name, x] : capture.kept()) {
        Tensor& sum = means.try_emplace(name, Tensor::zeros({2, 4})).first->second;
        for (index_t i = 0; i < x.numel(); ++i) sum.mutable_data()[i % 8] += x.data()[i];
      }
      places += 9;
    }
    for (auto& [name, sum] : means) sum = sum / static_cast<real>(places);
  }
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string name = concat_text("blocks/", i / 2, "/attention/heads");
    for (const bool to_mean : {false, true}) {
      Capture capture;
      capture.edit(name, [&](const Tensor& x) {
        Tensor y = x.clone();
        for (index_t at = 0; at < y.numel(); ++at) {
          if (at / 4 % 2 == static_cast<index_t>(i % 2))
            y.mutable_data()[at] = to_mean ? means.at(name).data()[at % 8] : real{0};
        }
        return y;
      });
      const double expected = loss_of(model, &capture);
      CHECK((to_mean ? study.heads[i].mean : study.heads[i].zero) == Approx(expected).epsilon(1e-6));
      CHECK(std::abs(expected - study.loss) > 1e-5);
    }
  }
}

TEST_CASE("all heads ablated to zero are an attention whose projection has its bias alone") {
  GPT model = some_gpt();
  Capture capture;
  capture.edit("*attention/heads", [](const Tensor& x) { return x * real{0}; });
  const double ablated = loss_of(model, &capture);
  for (auto& block : model.transformer.blocks) std::fill_n(block.attention.proj.weight.mutable_data(), 64, real{0});
  CHECK(loss_of(model, nullptr) == ablated);
}

TEST_CASE("heads that weigh all alike have the scores that can be counted, on any number of threads") {
  GPT model = some_gpt();
  const auto uniform = survey_heads(model, {}, some_batches(), SurveyedWeights::uniform);
  REQUIRE(uniform.size() == 4);
  CHECK(head_name(uniform[3].attention, uniform[3].head) == "L1H1");
  CHECK(head_name("decoder/blocks/12/cross_attention", 0) == "decoder.cross.L12H0");
  double previous = 0, entropy = 0;
  for (int keys = 2; keys <= 9; ++keys) previous += 1.0 / keys / 8;
  for (int keys = 1; keys <= 9; ++keys) entropy += std::log(keys) / 9;
  CHECK(uniform[0].scores.mean(HeadRole::previous) == Approx(previous));
  CHECK(uniform[3].scores.mean(HeadRole::first) == Approx(previous));
  CHECK(uniform[0].scores.mean(HeadRole::entropy) == Approx(entropy));
  CHECK(std::isnan(uniform[0].scores.mean(HeadRole::induction)));  // no vocabulary is known
  const auto own = survey_heads(model, {}, some_batches());
  CHECK(own[0].scores.mean(HeadRole::previous) != Approx(previous));
}

TEST_CASE("a run's heads are logged as they are inspected, and go on as if it had not stopped") {
  const TemporaryFolder folder;
  const std::vector<std::string> every = {
      "--train.inspect_interval=3",    "--train.steps=10",       "--run.seed=5", "--optim.ema_decay=0.5",
      "--train.checkpoint_interval=5", "--train.eval_interval=5"};
  REQUIRE(train(folder, "whole", every).status == 0);
  const std::string whole = read_bytes(folder.path("whole/heads.csv"));
  const auto rows = read_heads_log(folder.path("whole"), 100);
  std::vector<std::int64_t> steps;
  for (const LoggedHead& row : rows) {
    if (row.head == 0 && row.attention == "blocks/1/attention") steps.push_back(row.step);
  }
  CHECK(steps == std::vector<std::int64_t>{0, 3, 6, 9, 10});
  CHECK(rows.size() == 5 * 4);
  CHECK(read_heads_log(folder.path("whole"), 6).size() == 3 * 4);
  // what the model is after the last step
  const Outcome outcome = run_program(
      folder, {"inspect", "heads", folder.path("whole/last.h5"), "--tokens=2048", "--json", "--no-ablation"});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  const nlohmann::json answer = nlohmann::json::parse(outcome.out);
  CHECK_FALSE(answer.contains("loss"));
  REQUIRE(answer["heads"].size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    const LoggedHead& last = rows[16 + i];
    CHECK(answer["heads"][i]["attention"] == last.attention);
    for (std::size_t r = 0; r < kHeadRoles.size(); ++r) {
      const nlohmann::json& scores = answer["heads"][i]["scores"];
      INFO(kHeadRoles[r].name);
      CHECK(scores.contains(kHeadRoles[r].name) != std::isnan(last.scores[r]));
      if (!std::isnan(last.scores[r]))
        CHECK(scores[kHeadRoles[r].name].get<double>() == Approx(last.scores[r]).epsilon(1e-4));
    }
    CHECK(answer["heads"][i]["untrained"]["previous"].get<double>() == Approx(rows[i].scores[2]).epsilon(1e-4));
    CHECK_FALSE(answer["heads"][i].contains("ablated"));
  }
  CHECK(std::isnan(rows[0].scores[3]));  // no later place is seen

  const Outcome ablated =
      run_program(folder, {"inspect", "heads", folder.path("whole/last.h5"), "--tokens=300", "--json"});
  REQUIRE(ablated.status == 0);
  const nlohmann::json without_each = nlohmann::json::parse(ablated.out);
  const LoadedRun run = load_checkpoint(folder.path("whole/last.h5"));
  const auto dataset = run.experiment->load_data(&run.data);
  const AblationStudy study = ablate_heads(*run.model, validating_batches(*dataset, 300));
  CHECK(without_each["loss"].get<double>() == Approx(study.loss));
  for (std::size_t i = 0; i < 4; ++i) {
    const nlohmann::json& lost = without_each["heads"][i]["ablated"];
    CHECK(lost["zero"].get<double>() == Approx(study.heads[i].zero - study.loss));
    CHECK(lost["mean"].get<double>() == Approx(study.heads[i].mean - study.loss));
    CHECK(study.heads[i].zero != study.heads[i].mean);
  }

  // stopped after step 5 of a course whose log went further: rows behind the checkpoint's step are dropped
  REQUIRE(train(folder, "parts", every).status == 0);
  std::filesystem::remove(folder.path("parts/best.h5"));
  std::vector<std::string> half = every;
  half[1] = "--train.steps=5";
  REQUIRE(train(folder, "half", half).status == 0);
  std::filesystem::copy_file(folder.path("half/last.h5"), folder.path("parts/last.h5"),
                             std::filesystem::copy_options::overwrite_existing);
  REQUIRE(run_program(folder, {"resume", folder.path("parts"), "--train.steps=10"}).status == 0);
  CHECK(read_bytes(folder.path("parts/heads.csv")) == whole);
  CHECK(weights_of(folder.path("parts/last.h5")) == weights_of(folder.path("whole/last.h5")));

  // and the run is the one that it would have been without
  std::vector<std::string> without = every;
  without[0] = "--train.inspect_interval=0";
  REQUIRE(train(folder, "without", without).status == 0);
  CHECK(weights_of(folder.path("without/last.h5")) == weights_of(folder.path("whole/last.h5")));
  CHECK_FALSE(std::filesystem::exists(folder.path("without/heads.csv")));

  // a file that is damaged is told, and neither the scores nor the run need it
  folder.write("whole/heads.csv", "step\n3,blocks/0/attention,x\n");
  CHECK_THROWS_WITH(read_heads_log(folder.path("whole"), 10), Catch::Contains("heads.csv line 2 has 3 cells"));
  const Outcome damaged = run_program(folder, {"inspect", "heads", folder.path("whole"), "--no-ablation"});
  CHECK(damaged.status == 0);
  CHECK_THAT(damaged.err, Catch::Contains("is left out") && Catch::Contains("heads.csv line 2 has 3 cells"));
  const Outcome goes_on = run_program(folder, {"resume", folder.path("whole"), "--train.steps=12"});
  CHECK(goes_on.status == 0);
  CHECK_THAT(goes_on.out, Catch::Contains("is the file whole? It begins anew"));
  CHECK(read_heads_log(folder.path("whole"), 100).front().step == 12);
}

TEST_CASE("a model without attention is trained without a log of heads, and says so") {
  const TemporaryFolder folder;
  const Outcome outcome = run_program(
      folder, {"train", folder.write("c.cfg", "[model]\nkind = recurrent\nn_layer = 1\nn_embd = 8\nn_hidden = 8\n"),
               "--data.size=20000", "--train.steps=2", "--train.sample_tokens=0", "--train.inspect_interval=1",
               "--run.dir=" + folder.path("run")});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  CHECK_THAT(outcome.out, Catch::Contains("model.kind = recurrent has no attention, and heads.csv is not written"));
  CHECK_FALSE(std::filesystem::exists(folder.path("run/heads.csv")));
}

TEST_CASE("two layers learn induction and one does not", "[slow]") {
  const TemporaryFolder folder;
  const auto recalled = [&](const std::string& name, const std::string& layers, const std::string& steps) {
    const Outcome outcome = run_program(
        folder, {"train", HEDDLE_SOURCE_DIR "/configs/induction.cfg", "--train.steps=" + steps,
                 "--optim.decay_steps=1000", "--model.n_layer=" + layers, "--run.dir=" + folder.path(name)});
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    const LoadedRun run = load_checkpoint(folder.path(name + "/last.h5"));
    return run.state.history.last("val_accuracy", 0);
  };
  CHECK(recalled("one", "1", "200") < 0.15);
  CHECK(recalled("two", "2", "400") > 0.9);
  const Outcome outcome = run_program(folder, {"inspect", "heads", folder.path("two"), "--json", "--tokens=2048"});
  REQUIRE(outcome.status == 0);
  const nlohmann::json answer = nlohmann::json::parse(outcome.out);
  const nlohmann::json& found = answer["strong"]["induction"];
  REQUIRE(!found.empty());
  CHECK(found[0]["name"].get<std::string>().starts_with("L1"));
  CHECK(found[0]["score"] > 0.7);
  CHECK(found[0]["halfway_by_step"] >= 100);
  for (const auto& head : answer["heads"]) {
    const bool first = head["attention"] == "blocks/0/attention";
    CHECK(head["uniform"]["induction"] < 0.05);
    CHECK(head["untrained"]["induction"] < 0.05);
    if (first) CHECK(head["scores"]["induction"] < 0.1);
  }
}

}  // namespace heddle
