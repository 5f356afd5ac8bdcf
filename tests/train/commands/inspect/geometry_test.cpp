#include <nlohmann/json.hpp>

#include "tests/train/run_program.h"
#include "train/analysis/space/space_figures.h"
#include "train/commands/inspect/answers.h"
#include "train/commands/inspect/captured_spaces.h"

namespace heddle {
namespace {

std::string train_tiny(const TemporaryFolder& folder, const std::string& model) {
  const std::string run = folder.path("run");
  const std::string config =
      folder.write("c.cfg", "[data]\nsize = 60000\n[model]\n" + model +
                                "\nblock_size = 16\n[optim]\nlr = 0.01\n[train]\nsteps = 30\nsample_tokens = 0\n");
  const Outcome outcome = run_program(folder, {"train", config, "--run.dir=" + run});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  return run;
}

const std::string kGpt = "n_layer = 2\nn_head = 2\nn_embd = 16";

nlohmann::json answer_of(const Outcome& outcome) {
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  return nlohmann::json::parse(outcome.out);
}

}  // namespace

TEST_CASE("each stream and the queries, keys and values of each layer are told in their order, beside both controls") {
  const TemporaryFolder folder;
  const std::string run = train_tiny(folder, kGpt);
  const auto asked = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"inspect", "geometry", run, "--tokens=500"});
    return run_program(folder, more);
  };
  const Outcome outcome = asked({"--json"});
  const nlohmann::json answer = answer_of(outcome);
  std::vector<std::string> names;
  for (const auto& space : answer["spaces"]) {
    const std::string name = space["space"];
    INFO(name);
    names.push_back(name);
    CHECK(space["vectors"] == 512);  // 32 rows of 16
    const bool stream = name.starts_with("hidden_states/");
    CHECK(space["heads"] == (stream ? 1 : 2));
    CHECK(space["dims"] == (stream ? 16 : 8));
    for (const char* of : {"trained", "untrained", "shuffled"}) {
      CHECK(space[of].size() == kSpaceFigures.size());
      for (const auto& figure : space[of]) CHECK(figure.is_number());
    }
    CHECK(space["trained"] != space["untrained"]);
    CHECK(space["trained"] != space["shuffled"]);
    CHECK(space["untrained"] != space["shuffled"]);
  }
  const std::string first = "blocks/0/attention/", second = "blocks/1/attention/";
  CHECK(names == std::vector<std::string>{"hidden_states/0", "hidden_states/1", "hidden_states/2", first + "queries",
                                          first + "keys", first + "values", second + "queries", second + "keys",
                                          second + "values"});
  CHECK(answer["caveat"] == kDimensionCaveat);
  CHECK(asked({"--json", "--run.threads=1"}).out == asked({"--json", "--run.threads=2"}).out);
  CHECK(asked({"--json", "--seed=2"}).out != outcome.out);
  CHECK(asked({"--json", "--seed=1"}).out == outcome.out);
  const Outcome text = asked({});
  CHECK(text.status == 0);
  for (const std::string& said : names) CHECK_THAT(text.out, Catch::Contains(said));
  CHECK_THAT(text.out, Catch::Contains(kDimensionCaveat) && Catch::Contains("  2 heads, 8 dimensions each"));

  const LoadedRun loaded = load_checkpoint(run + "/best.h5", Purpose::evaluate, {});
  const nlohmann::json same = geometry_answer(loaded, *loaded.experiment->load_data(&loaded.data), 500);
  CHECK(same["spaces"] == answer["spaces"]);

  CHECK(answer_of(asked({"--json", "--tokens=4000"}))["notices"].size() > answer["notices"].size());
  check_one_line(asked({"--tokens=16"}), 1, "16 vectors of hidden_states/0 tell nothing, 20 do; give more --tokens");
  check_one_line(asked({"--tokens=0"}), 2, "tokens");
}

TEST_CASE(
    "of an attention each head's vectors stand together, those of all rows one after another, with their tokens") {
  const TemporaryFolder folder;
  const LoadedRun run = load_checkpoint(train_tiny(folder, "n_layer = 1\nn_head = 2\nn_embd = 8") + "/last.h5");
  std::vector<Batch> batches(2);
  batches[0].inputs = IdTensor({3, 1, 4, 1, 5}, {1, 5});
  batches[1].inputs = IdTensor({9, 2, 6}, {1, 3});
  const std::vector<CapturedSpace> spaces = captured_spaces(*run.model, run.data, batches);
  REQUIRE(spaces.size() == 5);
  for (const CapturedSpace& space : spaces) {
    CHECK(space.ids == std::vector<std::int32_t>{3, 1, 4, 1, 5, 9, 2, 6});
    CHECK(space.heads.size() == (space.name.starts_with("hidden_states") ? 1U : 2U));
    index_t row = 0;
    for (const Batch& batch : batches) {
      Capture capture;
      capture.want(space.name);
      run_captured(*run.model, run.data, batch, capture);
      const Tensor& passed = capture.at(space.name);  // [1, T, heads, D] or [1, T, D]
      const auto heads = std::ssize(space.heads);
      const index_t dims = passed.size(-1);
      for (index_t t = 0; t < passed.size(1); ++t, ++row) {
        for (index_t h = 0; h < heads; ++h) {
          const real* const kept = space.heads[static_cast<std::size_t>(h)].data() + row * dims;
          CHECK(std::equal(kept, kept + dims, passed.data() + (t * heads + h) * dims));
        }
      }
    }
  }
  batches[0].inputs = IdTensor({3, 1, 4, 1}, {2, 2});
  CHECK_THROWS_WITH(captured_spaces(*run.model, run.data, batches), Catch::Contains("show one row at a time"));
}

TEST_CASE("the untrained control of a run that has learned nothing is the run itself") {
  const TemporaryFolder folder;
  const std::string config = folder.write("still.cfg", "[data]\nsize = 20000\n[model]\n" + kGpt +
                                                           "\nblock_size = 16\n[run]\nseed = 7\n[optim]\nlr = 0\n"
                                                           "min_lr = 0\n[train]\nsteps = 1\nsample_tokens = 0\n");
  REQUIRE(run_program(folder, {"train", config, "--run.dir=" + folder.path("still")}).status == 0);
  const nlohmann::json answer =
      answer_of(run_program(folder, {"inspect", "geometry", folder.path("still"), "--tokens=500", "--json"}));
  for (const auto& space : answer["spaces"]) CHECK(space["trained"] == space["untrained"]);
}

TEST_CASE("a recurrent network has streams and no attention, an embedding without places many equal vectors") {
  const TemporaryFolder folder;
  const std::string run = train_tiny(folder, "kind = recurrent\nn_layer = 2\nn_embd = 12\nn_hidden = 20");
  const Outcome outcome = run_program(folder, {"inspect", "geometry", run, "--tokens=500", "--json"});
  const nlohmann::json answer = answer_of(outcome);
  REQUIRE(answer["spaces"].size() == 3);
  CHECK(answer["spaces"][0]["dims"] == 12);
  CHECK(answer["spaces"][2]["dims"] == 20);
  CHECK(answer["spaces"][0]["trained"]["equal"] > 400);  // one vector a character
  CHECK(answer["spaces"][0]["trained"]["static_share"] == Approx(1));
  CHECK(answer["spaces"][2]["trained"]["static_share"] < 0.999);
  CHECK_THAT(outcome.err, Catch::Contains("vectors that equal another are left out"));
}

TEST_CASE("shuffled text has the same tokens in another order, those of each side apart") {
  std::vector<Batch> batches(2);
  batches[0].inputs = IdTensor({0, 1, 2, 3, 4, 5, 6, 7}, {1, 8});
  batches[1].inputs = IdTensor({8, 9, 10, 11, 12, 13}, {1, 6});
  batches[0].source = IdTensor({100, 101, 102, 103}, {1, 4});
  batches[1].source = IdTensor({104, 105, 106, 107}, {1, 4});
  const std::vector<Batch> shuffled = with_shuffled_tokens(batches, Rng(1));
  std::vector<std::int32_t> inputs, source;
  index_t crossed = 0;
  for (std::size_t b = 0; b < 2; ++b) {
    CHECK(shuffled[b].inputs.shape() == batches[b].inputs.shape());
    for (index_t i = 0; i < shuffled[b].inputs.numel(); ++i) {
      inputs.push_back(shuffled[b].inputs[i]);
      crossed += (inputs.back() < 8) != (b == 0) ? 1 : 0;
    }
    for (index_t i = 0; i < 4; ++i) source.push_back(shuffled[b].source[i]);
  }
  CHECK(crossed > 0);  // from one batch to another
  CHECK_FALSE(std::is_sorted(inputs.begin(), inputs.end()));
  CHECK_FALSE(std::is_sorted(source.begin(), source.end()));
  std::sort(inputs.begin(), inputs.end());
  std::sort(source.begin(), source.end());
  for (std::int32_t i = 0; i < 14; ++i) CHECK(inputs[static_cast<std::size_t>(i)] == i);
  for (std::int32_t i = 0; i < 8; ++i) CHECK(source[static_cast<std::size_t>(i)] == 100 + i);
  batches[0].source = batches[0].inputs;  // as many on both sides, and still in orders of their own
  batches[1].source = batches[1].inputs;
  const Batch first = with_shuffled_tokens(batches, Rng(1))[0];
  CHECK_FALSE(std::equal(first.inputs.data(), first.inputs.data() + 8, first.source.data()));
}

TEST_CASE("the laws of space need no run, go by the seed and the angle, and come behind a run where both are asked",
          "[slow]") {
  const TemporaryFolder folder;
  const auto asked = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"inspect", "geometry"});
    return run_program(folder, more);
  };
  const nlohmann::json answer = answer_of(asked({"--laws", "--json"}));
  CHECK(answer == nlohmann::json::parse(geometry_laws_answer().dump()));
  CHECK_FALSE(answer.contains("spaces"));
  REQUIRE(answer["laws"].size() == 6);
  CHECK(answer["laws"][5]["dims"] == 2048);
  CHECK(answer["directions"][5]["log10_draws"]["measured"].is_null());
  CHECK(answer["directions"][0]["log10_draws"]["measured"].is_number());
  const std::string run = train_tiny(folder, "n_layer = 1\nn_head = 1\nn_embd = 8");
  const nlohmann::json both = answer_of(asked({run, "--laws", "--json", "--tokens=100", "--angle=60", "--seed=2"}));
  CHECK(both["spaces"].size() == 5);
  CHECK(both["laws"][0]["norm"]["measured"] != answer["laws"][0]["norm"]["measured"]);
  CHECK(both["directions"][0]["log10_near"].get<double>() == Approx(std::log10(1 / 3.0)));
  CHECK_THAT(asked({"--laws", "--angle=60"}).out, Catch::Contains("nearer than 60 degrees"));
  check_one_line(asked({}), 2, "give a RUN, or --laws");
  check_one_line(asked({"--laws", "--angle=91"}), 2, "angle");
  check_one_line(asked({folder.path("none")}), 1, "none");
}

}  // namespace heddle
