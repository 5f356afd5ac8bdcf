#include <nlohmann/json.hpp>

#include "framework/autograd.h"
#include "models/gpt.h"
#include "tests/train/run_program.h"
#include "train/analysis/circuits/token_pairs.h"
#include "train/commands/inspect/answers.h"

namespace heddle {
namespace {

/// A tiny model of words, a few steps trained.
std::string word_run(const TemporaryFolder& folder, const std::string& model, const std::string& more = "",
                     const std::string& sizes = "") {
  std::string text;
  for (int i = 0; i < 300; ++i) text += i % 3 == 0 ? "the king sees the queen . " : "the queen loves a king . ";
  const std::string config =
      folder.write(model + ".cfg", "[data]\ntokenizer = word\n" + more + "[model]\nkind = " + model +
                                       "\nn_layer = 2\nn_head = 2\nn_embd = 16\nblock_size = 8\n" + sizes +
                                       "[train]\nsteps = 20\nsample_tokens = 0\n");
  const std::string run = folder.path(model);
  const Outcome outcome =
      run_program(folder, {"train", config, "--run.dir=" + run, "--data.path=" + folder.write("text.txt", text)});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  return run;
}

}  // namespace

TEST_CASE("the lens looks at the place and the token that are asked for, and what stands behind the place is true") {
  const TemporaryFolder folder;
  const std::string run = word_run(folder, "gpt");
  const auto asked = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"inspect", "lens", run, "--text=the king sees the queen", "--json"});
    const Outcome outcome = run_program(folder, more);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return nlohmann::json::parse(outcome.out);
  };
  const nlohmann::json last = asked({});
  CHECK(last["place"] == 4);
  CHECK(last["inputs"] == nlohmann::json({"the", "king", "sees", "the", "queen"}));
  CHECK_FALSE(last.contains("next"));
  CHECK_FALSE(last["layers"][0].contains("next"));
  CHECK(last["attribution"]["token"] == last["final"]);
  CHECK(last["final"]["id"] == last["layers"][2]["top"][0]["id"]);
  CHECK(last["layers"][2]["final"]["rank"] == 1);
  CHECK(last["layers"].size() == 3);
  CHECK(last["layers"][0]["top"].size() == 5);

  const nlohmann::json other = asked({"--word=king", "--token=loves", "--count=1"});
  CHECK(other["place"] == 1);
  CHECK(other["next"]["token"] == "sees");
  CHECK(other["attribution"]["token"]["token"] == "loves");
  CHECK(other["layers"][0]["top"].size() == 1);
  double sum = 0;
  for (const auto& part : other["attribution"]["parts"]) sum += part["value"].get<double>();
  CHECK(sum == Approx(other["attribution"]["logit"].get<double>()).margin(1e-4));

  const LoadedRun loaded = load_checkpoint(run + "/best.h5");
  InspectOptions shown_text;
  shown_text.text = "the king sees the queen";
  CHECK(lens_answer(loaded, inspected_example(loaded, shown_text), 4) == last);
  // of data of its own the true next token is that of the data
  const Outcome own = run_program(folder, {"inspect", "lens", run, "--json"});
  const nlohmann::json shown = nlohmann::json::parse(own.out);
  const std::string before = shown["inputs"].back(), behind = shown["next"]["token"];
  CHECK(shown["place"] == 7);
  CHECK_THAT(read_bytes(folder.path("text.txt")), Catch::Contains(' ' + before + ' ' + behind + ' '));
}

TEST_CASE("a model that fills in is looked at where a token is hidden, or where it is asked") {
  const TemporaryFolder folder;
  const std::string run = word_run(folder, "bert", "special_tokens = [CLS], [SEP], [MASK]\n");
  const auto asked = [&](const std::string& text, const std::string& more) {
    return run_program(folder, {"inspect", "lens", run, "--text=" + text, "--json", more});
  };
  const nlohmann::json hidden = nlohmann::json::parse(asked("the [MASK] sees a king", "--count=1").out);
  CHECK(hidden["place"] == 2);  // behind [CLS]
  CHECK_FALSE(hidden.contains("next"));
  const nlohmann::json seen = nlohmann::json::parse(asked("the [MASK] sees a king", "--word=king").out);
  CHECK(seen["place"] == 5);
  CHECK(seen["next"]["token"] == "king");
  CHECK_THAT(asked("the [MASK] sees [MASK]", "--count=1").err, Catch::Contains("'[MASK]' stands at 2, 4"));
  check_one_line(asked("the king", "--count=1"), 1, "put a [MASK] into --text, or give the place as --word");
}

TEST_CASE("what the lens and the circuits cannot show is refused in one line") {
  const TemporaryFolder folder;
  const std::string run = word_run(folder, "gpt");
  const auto refused = [&](std::vector<std::string> more, int status, const std::string& why) {
    more.insert(more.begin(), {"inspect", "lens", run});
    check_one_line(run_program(folder, more), status, why);
  };
  refused({"--text=the king", "--token=zebra"}, 1, "--token 'zebra' is no token of the vocabulary");
  refused({"--text=the king", "--word=zebra"}, 1, "is not among the places: the tokens are");
  refused({"--text=the king", "--word=2"}, 1, "there are 2 places, 0 .. 1");
  refused({"--text=the king the king the king the king the"}, 1, "the text has 9 tokens, the model sees 8");
  refused({"--text=the king", "--target=a"}, 1, "--target is of a model that translates");
  refused({"--text=the king", "--count=0"}, 2, "must be 1 .. 1000");
  check_one_line(run_program(folder, {"inspect", "circuits", run, "--pairs=-1"}), 2, "must be 0 .. 1000");
  check_one_line(run_program(folder, {"inspect", "circuits", folder.path("none")}), 1, "none");
}

TEST_CASE("tokens are paired as the norm of the embeddings leaves them") {
  const TemporaryFolder folder;
  const std::string run = word_run(folder, "gpt", "", "embedding_norm = true\n");
  const LoadedRun loaded = load_checkpoint(run + "/best.h5");
  const auto& config = dynamic_cast<const GPTConfig&>(*loaded.experiment->model);
  const auto& gpt = dynamic_cast<const GPT&>(*loaded.model);
  const NoGradGuard no_grad;
  const auto heads = head_weights(loaded.model->named_parameters(), config.transformer_options());
  const Tensor tokens = scale_rows(gpt.token_embedding.weight, gpt.embedding_norm.weight, NormKind::layer);
  CHECK(circuits_answer(loaded)["heads"][3]["token_pairs"][0]["score"] == top_pairs(heads[3], tokens, 1)[0].score);
}

TEST_CASE("circuits are shown with those of the first weights, and as many token pairs as are asked for") {
  const TemporaryFolder folder;
  const std::string run = word_run(folder, "gpt");
  const auto shown = [&](const std::string& more) {
    const Outcome outcome = run_program(folder, {"inspect", "circuits", run, "--json", more});
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return nlohmann::json::parse(outcome.out);
  };
  const nlohmann::json answer = shown("--seed=1");
  REQUIRE(answer["heads"].size() == 4);
  CHECK(answer["head_width"] == 8);
  CHECK(answer["heads"][0]["token_pairs"].size() == 5);
  CHECK(answer["heads"][3]["layer"] == 1);
  CHECK(answer["heads"][3]["head"] == 1);
  CHECK(answer["composition"]["pairs"].size() == 4);
  CHECK(circuits_answer(load_checkpoint(run + "/best.h5")) == answer);
  const nlohmann::json other = shown("--seed=2");
  CHECK(other["heads"] == answer["heads"]);
  CHECK(other["composition"]["random"] != answer["composition"]["random"]);
  CHECK(shown("--pairs=0")["heads"][0]["token_pairs"].empty());

  // what is called untrained is what a run begins with
  const std::string first = folder.path("first");
  REQUIRE(run_program(folder, {"train", folder.path("gpt.cfg"), "--run.dir=" + first, "--train.steps=1", "--optim.lr=0",
                               "--optim.min_lr=0", "--data.path=" + folder.path("text.txt")})
              .status == 0);
  const nlohmann::json begun = circuits_answer(load_checkpoint(first + "/last.h5"));
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(begun["heads"][i]["ov"] == answer["heads"][i]["untrained"]["ov"]);
    CHECK(begun["heads"][i]["copying"] == answer["heads"][i]["untrained"]["copying"]);
  }
  CHECK(begun["composition"]["all"] == answer["composition"]["untrained"]);
}

}  // namespace heddle
