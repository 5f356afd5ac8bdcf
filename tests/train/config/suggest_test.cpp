#include "train/config/suggest.h"

#include <catch2/catch.hpp>

#include "train/run/experiment.h"

namespace heddle {

TEST_CASE("what other programs call a setting is understood, in whatever section and with whatever dashes") {
  const std::vector<std::string> settings = setting_names();
  const auto meant = [&](const std::string& name) { return meant_by(name, settings); };
  for (const char* name : {"--lr", "train.lr", "--learning_rate", "--learning-rate", "optim.learning_rate", "lr"})
    CHECK(meant(name) == "optim.lr");
  CHECK(meant("--batch_size") == "train.batch_size");
  CHECK(meant("train.max_iters") == "train.steps");
  CHECK(meant("model.d_model") == "model.n_embd");
  CHECK(meant("model.n_layers") == "model.n_layer");
  CHECK(meant("data.file") == "data.path");
  CHECK(meant("model.seq_len") == "model.block_size");
  CHECK(meant("--vector-size") == "model.n_embd");
  CHECK(meant("--num_threads") == "run.threads");
  // misspelt, also in a wrong section
  CHECK(meant("train.stps") == "train.steps");
  CHECK(meant("train.warmup_stepps") == "optim.warmup_steps");
  CHECK(meant("--dropuot") == "model.dropout");
  CHECK(meant("optim.LR") == "optim.lr");
  CHECK(meant("--lerning_rate") == "optim.lr");
  CHECK(meant("model.hiden_size") == "model.n_embd");
  CHECK(meant("modle.kind") == "model.kind");
  CHECK(meant("optim.kinds") == "optim.kind");
  CHECK(meant("--gradient-acumulation-steps") == "train.accumulate");
}

TEST_CASE("nothing is suggested that is far from what was written") {
  const std::vector<std::string> settings = setting_names();
  for (const char* name : {"--device", "foo.bar", "--cuda", "x", "--", "", "train.fsdp", "model.flash_attention"}) {
    INFO(name);
    CHECK(meant_by(name, settings).empty());
  }
  CHECK(meant_by("--max-tokens", {"--top-k", "--tokens"}) == "--tokens");
  CHECK(meant_by("--max-tokens", {"--top-k"}).empty());
  CHECK(meant_by("--temprature", {"--top-k", "--temperature"}) == "--temperature");
  CHECK(meant_by("--lr", {"--init", "--optim.lr"}) == "--optim.lr");
  CHECK(meant_by("--learning-rate", {"--init", "--optim.lr"}) == "--optim.lr");
}

TEST_CASE("every setting is known by its name") {
  const std::vector<std::string> settings = setting_names();
  for (const char* name : {"run.seed", "data.path", "data.mels", "model.negatives", "optim.beta1", "train.freeze"})
    CHECK(std::count(settings.begin(), settings.end(), name) == 1);
  const auto last = [](const std::string& name) { return name.substr(name.find('.')); };
  for (const std::string& name : settings) CHECK(last(meant_by(name, settings)) == last(name));
}

}  // namespace heddle
