#include <nlohmann/json.hpp>
#include <numbers>

#include "data/text/dataset.h"
#include "framework/autograd.h"
#include "tests/train/run_program.h"
#include "train/run/checkpoint.h"

namespace heddle {
namespace {

/// The mean loss of predicting each token of `tokens` but the first, windows of block_size side by side.
double loss_of(Model& model, const std::vector<std::int32_t>& tokens, std::size_t block_size) {
  const NoGradGuard no_grad;
  double nats = 0;
  for (std::size_t begin = 0; begin + 1 < tokens.size(); begin += block_size) {
    const std::size_t count = std::min(block_size, tokens.size() - 1 - begin);
    const auto at = tokens.begin() + static_cast<std::ptrdiff_t>(begin), end = at + static_cast<std::ptrdiff_t>(count);
    const Shape shape{1, static_cast<index_t>(count)};
    Batch batch;
    batch.inputs = IdTensor({at, end}, shape);
    batch.targets = IdTensor({at + 1, end + 1}, shape);
    Context context;
    nats += static_cast<double>(model.loss(batch, 1, context).value.item());
  }
  return nats / static_cast<double>(tokens.size() - 1);
}

nlohmann::json eval(const TemporaryFolder& folder, std::vector<std::string> more) {
  more.insert(more.begin(), {"eval", folder.path("run"), "--json"});
  const Outcome outcome = run_program(folder, more);
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  return nlohmann::json::parse(outcome.out);
}

}  // namespace

TEST_CASE("eval judges the rows of the split that it is told, and an empty split is refused in a line") {
  const TemporaryFolder folder;
  // letters of one byte to train on, of two to validate, of three for the test
  std::string text;
  std::vector<std::int32_t> ids;  // characters in the order of their code points
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const auto one = static_cast<std::size_t>(Rng(3).below(2, i));
    const int part = i < 625 ? 0 : i < 750 ? 1 : 2;
    text += std::array{std::array{"a", "b"}, std::array{"ä", "ö"},
                       std::array{"ア", "イ"}}[static_cast<std::size_t>(part)][one];
    ids.push_back(2 * part + static_cast<std::int32_t>(one));
  }
  const std::string path = "--data.path=" + folder.write("text.txt", text);
  const std::vector<std::string> train = {"train",
                                          tiny_config(folder),
                                          path,
                                          "--run.dir=" + folder.path("run"),
                                          "--run.precision=f32",
                                          "--data.val_fraction=0.125",
                                          "--data.test_fraction=0.25",
                                          "--train.steps=3",
                                          "--train.sample_tokens=0"};
  REQUIRE(run_program(folder, train).status == 0);
  const LoadedRun run = load_checkpoint(folder.path("run/best.h5"));
  for (const auto& [name, begin, end, bytes] :
       {std::tuple("train", 0, 625, 1), {"val", 625, 750, 2}, {"test", 750, 1000, 3}}) {
    INFO(name);
    const nlohmann::json found = eval(folder, {"--split", name});
    CHECK(found["split"] == name);
    const double loss = loss_of(*run.model, {ids.begin() + begin, ids.begin() + end}, 16);
    CHECK(found["loss"].get<double>() == Approx(loss).epsilon(1e-5));
    CHECK(found["bits_per_character"].get<double>() == Approx(loss / std::numbers::ln2).epsilon(1e-5));
    CHECK(found["bits_per_byte"].get<double>() == Approx(loss / std::numbers::ln2 / bytes).epsilon(1e-5));
  }
  CHECK(eval(folder, {})["split"] == "val");
  // other data is judged whole, whatever the run's own is divided into
  const std::string other = folder.write("other.txt", text.substr(0, 300)),
                    more = folder.write("more.txt", text.substr(300));
  const nlohmann::json whole = eval(folder, {"--data.separator=none", "--data", other, more});
  CHECK(whole["data"] == other + ", " + more);
  CHECK(whole.count("split") == 0);
  CHECK(whole["loss"].get<double>() == Approx(loss_of(*run.model, ids, 16)).epsilon(1e-5));
  check_one_line(run_program(folder, {"eval", folder.path("run"), "--data", folder.path("none")}), 1, "does not exist");
  const Outcome empty = run_program(folder, {"eval", folder.path("run"), "--split=test", "--data.test_fraction=0"});
  check_one_line(empty, 1,
                 "the test split is empty; give it a share of the data (data.test_fraction) or files of its own");
  check_one_line(run_program(folder, {"eval", folder.path("run"), "--split=tset"}), 2,
                 "choose one of train, val, test");
}

TEST_CASE("eval takes keys of data and training anew, those of model and learner are settled") {
  const TemporaryFolder folder;
  REQUIRE(run_program(folder, {"train", tiny_config(folder), "--run.dir=" + folder.path("run"), "--train.steps=2"})
              .status == 0);
  const auto with = [&](const std::string& key) { return run_program(folder, {"eval", folder.path("run"), key}); };
  check_one_line(with("--model.n_embd=64"), 1, "model.n_embd is 32 in the trained model, and cannot become 64");
  check_one_line(with("--model.dropout=0.5"), 1, "model.dropout is 0.1 in the trained model, and cannot become 0.5");
  check_one_line(with("--optim.lr=0.5"), 1, "optim.lr is 0.001 in the trained model, and cannot become 0.5");
  CHECK(with("--train.batch_size=4").status == 0);
  CHECK(with("--data.val_fraction=0.2").out != with("--data.val_fraction=0.1").out);
}

}  // namespace heddle
