// What a run takes from another one, what it freezes, and what of both lasts.

#include "train/run/init.h"

#include <map>
#include <nlohmann/json.hpp>

#include "framework/archive/archive.h"
#include "tests/data/images/idx.h"
#include "tests/train/run_program.h"

namespace heddle {
namespace {

using Weights = std::map<std::string, std::vector<real>>;

Weights weights_of(Model& model) {
  Weights all;
  for (const NamedParameter& p : model.named_parameters())
    all[p.name] = {p.tensor.span().begin(), p.tensor.span().end()};
  return all;
}
Weights weights_in(const std::string& path) { return weights_of(*load_checkpoint(path).model); }

/// A command that is to succeed.
std::string run(const TemporaryFolder& folder, const std::vector<std::string>& arguments) {
  const Outcome outcome = run_program(folder, arguments);
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  return outcome.out;
}

double validation_loss(const TemporaryFolder& folder, const std::string& path) {
  return nlohmann::json::parse(run(folder, {"eval", path, "--json"}))["loss"];
}

/// A model with its first weights, as a checkpoint would hold it: a GPT, but for what `more` says.
LoadedRun untrained(const DataState& data, const std::vector<std::string>& more = {}) {
  Settings settings;
  if (data.labels.empty())
    settings.override_with({"model.n_layer=2", "model.n_head=2", "model.n_embd=8", "model.block_size=4"});
  settings.override_with(more);
  LoadedRun run;
  run.path = "runs/first/best.h5";
  run.experiment = std::make_unique<Experiment>(settings);
  run.data = data;
  run.model = run.experiment->build_model(data.spec());
  return run;
}

/// What a model of `more` takes from another; checks that it is what is said, and that all else begins as it would.
std::vector<std::string> anew(const LoadedRun& from, const DataState& data, const std::vector<std::string>& more = {}) {
  for (NamedParameter& p : from.model->named_parameters()) {
    const auto values = p.tensor.mutable_span();
    std::fill(values.begin(), values.end(), real{7});
  }
  const LoadedRun to = untrained(data, more);
  const Weights before = weights_of(*to.model);
  const Taken taken = take_weights(from, *to.model, data);
  index_t parameters = 0, numbers = 0, all = 0;
  for (const auto& [name, values] : weights_of(*to.model)) {
    const bool is_taken = values == std::vector<real>(values.size(), 7);
    CHECK((is_taken || values == before.at(name)));
    parameters += is_taken ? 1 : 0;
    numbers += is_taken ? std::ssize(values) : 0;
    all += std::ssize(values);
  }
  CHECK(taken.parameters == parameters);
  CHECK(taken.numbers == numbers);
  CHECK(taken.all_parameters == std::ssize(before));
  CHECK(taken.all_numbers == all);
  return taken.anew;
}

DataState text_data(const std::string& text, const std::string& tokenizer = "char") {
  TokenizerOptions options;
  options.kind = tokenizer;
  DataState state;
  state.tokenizer = train_tokenizer(options, read_from(text))->state();
  return state;
}
DataState class_data(const std::vector<std::string>& labels) {
  DataState state;
  state.labels = labels;
  state.features = {5};
  return state;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a run that begins with another's weights and learns nothing has its validation loss") {
  const TemporaryFolder folder;
  const Quarters quarters(40);
  folder.write("digits-labels", quarters.labels);
  const std::string images = folder.write("digits-images", quarters.images);
  const std::string model = GENERATE("gpt", "word2vec", "cnn");
  std::vector<std::string> kind = {"--model.kind=" + model};
  if (model == "word2vec") kind.insert(kind.end(), {"--data.tokenizer=letters", "--model.block_size=16"});
  if (model == "cnn")
    kind.insert(kind.end(), {"--data.kind=images", "--data.path=" + images, "--data.val_fraction=0.3"});
  if (model != "word2vec") kind.emplace_back("--optim.ema_decay=0.9");
  const std::string config =
      model == "gpt" ? tiny_config(folder)
                     : folder.write("small.cfg", "[train]\nbatch_size = 8\neval_batches = 2\nsample_tokens = 0\n");
  const auto train = [&](const std::string& name, std::vector<std::string> more) {
    more.insert(more.begin(), {"train", config, "--run.dir=" + folder.path(name)});
    more.insert(more.end(), kind.begin(), kind.end());
    return run(folder, more);
  };
  const std::string tokenizer = model == "cnn" ? "its means" : "its ";
  train("first", {"--train.steps=20", "--optim.lr=0.01", "--optim.min_lr=0.01", "--train.eval_interval=20"});
  const std::string told =
      train("second", {"--init", folder.path("first"), "--optim.lr=0", "--optim.min_lr=0", "--train.steps=1"});
  CHECK(weights_in(folder.path("second/last.h5")) == weights_in(folder.path("first/best.h5")));
  CHECK(validation_loss(folder, folder.path("second")) == validation_loss(folder, folder.path("first")));
  CHECK_THAT(told, Catch::Contains("from " + folder.path("first/best.h5") + ", after step 20: " + tokenizer));
  CHECK_THAT(read_bytes(folder.path("second/config.cfg")), Catch::Contains("init = " + folder.path("first") + ' '));
}

TEST_CASE("frozen parameters keep their bytes and have no moments, on 1 and 3 threads and after a resume") {
  const TemporaryFolder folder;
  const std::string config = tiny_config(folder, "[optim]\nschedule = constant\n[model]\ntied = false\n");
  run(folder, {"train", config, "--run.dir=" + folder.path("first"), "--train.steps=10"});
  const Weights before = weights_in(folder.path("first/best.h5"));
  const auto train = [&](const std::string& name, std::vector<std::string> more) {
    more.insert(more.begin(), {"train", config, "--run.dir=" + folder.path(name), "--init", folder.path("first"),
                               "--train.freeze=token_embedding, position_embedding, blocks/0..1, norm"});
    run(folder, more);
    return weights_in(folder.path(name + "/last.h5"));
  };
  const Weights straight = train("straight", {"--train.steps=20", "--run.threads=1"});
  for (const auto& [name, values] : straight) {
    INFO(name);
    CHECK((values == before.at(name)) == (name != "head/weight"));
  }
  CHECK(train("three", {"--train.steps=20", "--run.threads=3"}) == straight);
  CHECK(train("again", {"--train.steps=20", "--train.recompute=true"}) == straight);
  train("begun", {"--train.steps=10"});
  std::filesystem::remove_all(folder / "first");  // the checkpoint has all that was taken
  run(folder, {"resume", folder.path("begun"), "--train.steps=20"});
  CHECK(weights_in(folder.path("begun/last.h5")) == straight);
  load_file(folder.path("begun/last.h5"), "checkpoint", 5, [&](Hdf5IArchive& ar) {
    for (const auto& [name, values] : before) {
      INFO(name);
      CHECK(ar.contains("optimizer/" + name + "/first") == (name == "head/weight"));
    }
  });
  check_one_line(run_program(folder, {"resume", folder.path("begun"), "--train.steps=30", "--train.freeze=norm"}), 1,
                 "train.freeze was token_embedding, position_embedding, blocks/0..1, norm and may not become norm");
  check_one_line(run_program(folder, {"resume", folder.path("begun"), "--run.init=" + folder.path("three")}), 1,
                 "run.init was ");
}

TEST_CASE("parameters of the same name and shape are taken, all others begin anew and are told by groups") {
  const DataState data = text_data("abc");
  const auto from_gpt = [&](const Names& more) { return anew(untrained(data), data, more); };
  CHECK(from_gpt({}).empty());
  CHECK(from_gpt({"model.tied=false"}) == Names{"head/*"});
  CHECK(from_gpt({"model.n_layer=4", "model.tied=false"}) == Names{"blocks/2/*", "blocks/3/*", "head/*"});
  CHECK(from_gpt({"model.n_layer=1"}).empty());
  CHECK(from_gpt({"model.bias=false"}).empty());
  CHECK(from_gpt({"model.block_size=5"}) == Names{"position_embedding/* ([4, 8] there, [5, 8] here)"});
  CHECK(from_gpt({"model.bias=false", "model.mlp_width=9"}) ==
        Names{"blocks/*/mlp/fc/* ([32, 8] there, [9, 8] here)", "blocks/*/mlp/proj/* ([8, 32] there, [8, 9] here)"});
  CHECK(anew(untrained(data, {"model.bias=false"}), data) ==
        Names{"blocks/*/norm1/bias", "blocks/*/attention/qkv/bias", "blocks/*/attention/proj/bias",
              "blocks/*/norm2/bias", "blocks/*/mlp/fc/bias", "blocks/*/mlp/proj/bias", "norm/bias"});
}

TEST_CASE("a layer whose rows stand for tokens or classes begins anew where the new data has others, if as many") {
  const DataState abc = text_data("abc"), abd = text_data("abd"), more = text_data("abcd");
  const std::string tokenizer = "tokenizer (the data is encoded already, with another)";
  CHECK(anew(untrained(abc), abd) == Names{"token_embedding/* (of other tokens)", tokenizer});
  CHECK(anew(untrained(abc), more) == Names{"token_embedding/* ([3, 8] there, [4, 8] here)", tokenizer});
  CHECK(anew(untrained(abc, {"model.tied=false"}), abd, {"model.tied=false"}) ==
        Names{"token_embedding/* (of other tokens)", "head/* (of other tokens)", tokenizer});
  const Names mlp = {"data.kind=table", "model.kind=mlp", "model.hidden=2"};
  const auto from_mlp = [&](const Names& labels) {
    return anew(untrained(class_data({"a", "b"}), mlp), class_data(labels), mlp);
  };
  CHECK(from_mlp({"a", "b"}).empty());
  CHECK(from_mlp({"a", "c"}) == Names{"classifier/* (of other classes)"});
  CHECK(from_mlp({"a", "b", "c"}) == Names{"classifier/* ([2, 2] there, [3, 2] here)"});
}

TEST_CASE(
    "what follows the number of tokens or classes begins anew with others, and nothing that is as long by chance") {
  // segments are two, as the classes; a head that shares the tokens' table has a bias of its own for each
  DataState yes_no = text_data("abc"), true_false = yes_no;
  TokenizerOptions options;
  options.kind = "char";
  options.specials = {"[CLS]", "[SEP]", "[MASK]"};
  yes_no.tokenizer = true_false.tokenizer = train_tokenizer(options, read_from("abc"))->state();
  DataState filling = yes_no, other = yes_no;
  other.tokenizer = train_tokenizer(options, read_from("abd"))->state();
  yes_no.labels = {"no", "yes"};
  true_false.labels = {"false", "true"};
  const Names bert = {"model.kind=bert", "data.special_tokens=[CLS],[SEP],[MASK]", "model.block_size=6"};
  const Names judge = {"data.kind=labelled_text", "model.kind=bert", "model.n_layer=2",
                       "model.n_head=2",          "model.n_embd=8",  "model.block_size=6"};
  CHECK(anew(untrained(yes_no, judge), true_false, judge) == Names{"classifier/* (of other classes)"});
  CHECK(anew(untrained(filling, bert), yes_no, judge) == Names{"pooler/*", "classifier/*"});
  CHECK(anew(untrained(filling, bert), other, bert) == Names{"token_embedding/* (of other tokens)",
                                                             "decoder/* (of other tokens)",
                                                             "tokenizer (the data is encoded already, with another)"});
  const Names mlp = {"data.kind=table", "model.kind=mlp", "model.hidden=2"};
  const Names wide = {"data.kind=table", "model.kind=mlp", "model.hidden=3"};
  CHECK_THROWS_WITH(anew(untrained(class_data({"a", "b"}), mlp), class_data({"a", "b"}), wide),
                    Catch::StartsWith("run.init: nothing of"));  // a layer's bias alone is nothing
}

TEST_CASE("a model of which nothing fits is refused with what it has, and what is wanted") {
  const DataState data = text_data("abc");
  const Names mlp = {"data.kind=table", "model.kind=mlp", "model.hidden=2"};
  CHECK_THROWS_WITH(anew(untrained(data), data, {"model.n_embd=16"}),
                    Catch::StartsWith("run.init: nothing of runs/first/best.h5, a model of the kind gpt, fits") &&
                        Catch::Contains("token_embedding/* ([3, 8] there, [3, 16] here)"));
  CHECK_THROWS_WITH(anew(untrained(class_data({"a", "b"}), mlp), data),
                    Catch::Contains("a model of the kind mlp, fits this model: anew would be token_embedding/*"));
}

TEST_CASE("what a run cannot begin with is refused in one line, before anything is written") {
  const TemporaryFolder folder;
  run(folder, {"train", tiny_config(folder), "--run.dir=" + folder.path("first"), "--train.steps=2"});
  const auto refuse = [&](const std::string& init, const std::string& text, const std::string& more = "--run.seed=1") {
    check_one_line(train(folder, "second", {"--init", init, more}), 1, text);
    CHECK_FALSE(std::filesystem::exists(folder / "second"));
  };
  const std::string first = folder.path("first");
  refuse(folder.path("none"), "run " + folder.path("none") + " does not exist");
  std::string bytes = read_bytes(first + "/best.h5");
  refuse(folder.write("cut.h5", bytes.substr(0, bytes.size() / 2)), "cut.h5");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  refuse(folder.write("flipped.h5", bytes), "flipped.h5");
  refuse(first, "nothing of " + first + "/best.h5", "--model.n_embd=16");
  refuse(first, "U+00E9",
         "--data.path=" + folder.write("text", "caf\u00e9" + std::string(999, 'e')));  // another vocabulary
  refuse(first, "freeze: no parameter fits bloks/0; the nearest is blocks/0", "--train.freeze=bloks/0");
  check_one_line(train(folder, "second", {"--init"}), 2, "--init needs a value");
}

}  // namespace heddle
