#include "models/recurrent.h"

#include <catch2/catch.hpp>
#include <set>

#include "framework/gemm.h"
#include "framework/optim.h"
#include "tests/golden/golden.h"

namespace heddle {
namespace {

constexpr double kTolerance = sizeof(real) == sizeof(double) ? 1e-10 : 1e-4;

RecurrentConfig small(Cell cell) {
  RecurrentConfig config;
  config.cell = cell;
  config.n_embd = 8;
  config.n_hidden = 12;
  config.context = 6;
  return config;
}
Cell any_cell() { return GENERATE(Cell::rnn, Cell::lstm, Cell::gru); }

Batch some_batch(index_t rows, index_t time) {
  Batch batch;
  batch.inputs = batch.targets = IdTensor({rows, time});
  for (index_t i = 0; i < batch.inputs.numel(); ++i) {
    batch.inputs[i] = static_cast<std::int32_t>((i * 7 + 3) % 11);
    batch.targets[i] = static_cast<std::int32_t>((i * 5 + 1) % 11);
  }
  return batch;
}

std::vector<real> values(const Tensor& t) { return {t.span().begin(), t.span().end()}; }

}  // namespace

TEST_CASE("recurrent language models compute torch's logits, loss, last states and all gradients") {
  const auto [cell, tied, width, embedding] = GENERATE(
      std::tuple(Cell::rnn, false, 5, 4), std::tuple(Cell::lstm, true, 6, 4), std::tuple(Cell::gru, true, 4, 4));
  const Golden golden("recurrent.txt");
  const std::string path = "model/" + std::string(name_of(cell)) + '/';
  INFO(path);
  RecurrentConfig config;
  config.cell = cell;
  config.tied = tied;
  config.n_hidden = width;
  config.n_embd = embedding;
  Recurrent model(config, 11, Rng(1));
  const auto parameters = model.named_parameters();
  for (NamedParameter p : parameters) {
    INFO(p.name);
    const Tensor value = golden.tensor(path + "param/" + p.name);
    REQUIRE(value.shape() == p.tensor.shape());
    std::copy_n(value.data(), value.numel(), p.tensor.mutable_data());
  }
  const std::vector<std::string> kinds =
      cell == Cell::lstm ? std::vector<std::string>{"hidden", "cell"} : std::vector<std::string>{"hidden"};
  const auto first_states = [&] {
    RowStates states;
    for (const char* layer : {"layers/0/", "layers/1/"}) {
      for (const std::string& kind : kinds) states.at(layer + kind) = golden.tensor(path + "first/" + layer + kind);
    }
    return states;
  };
  Batch batch;
  batch.inputs = golden.ids(path + "inputs");
  batch.targets = golden.ids(path + "targets");
  RowStates carried = first_states(), again = first_states();
  Context context, other;
  context.carried = &carried;
  other.carried = &again;
  CHECK(golden_error(model.logits(batch.inputs, context), golden.values(path + "logits")) < kTolerance);
  const Tensor loss = model.loss(batch, batch.count(), other).value;
  CHECK(golden_error(loss, golden.values(path + "loss")) < kTolerance);
  for (const char* layer : {"layers/0/", "layers/1/"}) {
    for (const std::string& kind : kinds)
      CHECK(golden_error(again.at(layer + kind), golden.values(path + "last/" + layer + kind)) < kTolerance);
  }
  backward(loss);
  for (const NamedParameter& p : parameters) {
    INFO(p.name);
    CHECK(golden_error(p.tensor.grad(), golden.values(path + "grad/" + p.name)) < kTolerance);
  }
}

TEST_CASE("a recurrent model's parameters have the names and sizes that its config says") {
  const auto sizes = [](const RecurrentConfig& config) {
    Recurrent model(config, 11, Rng(1));
    std::map<std::string, std::vector<index_t>> all;
    for (const NamedParameter& p : model.named_parameters())
      all[p.name] = {p.tensor.shape().begin(), p.tensor.shape().end()};
    return all;
  };
  RecurrentConfig config = small(Cell::gru);
  config.n_layer = 2;
  using Sizes = std::map<std::string, std::vector<index_t>>;
  const Sizes layers = {{"layers/0/hidden_bias", {12}},
                        {"layers/0/hidden_weight", {36, 12}},
                        {"layers/0/input/bias", {36}},
                        {"layers/0/input/weight", {36, 8}},
                        {"layers/1/hidden_bias", {12}},
                        {"layers/1/hidden_weight", {36, 12}},
                        {"layers/1/input/bias", {36}},
                        {"layers/1/input/weight", {36, 12}},
                        {"token_embedding/weight", {11, 8}},
                        {"projection/weight", {8, 12}},
                        {"projection/bias", {8}}};
  CHECK(sizes(config) == layers);
  Sizes untied = layers;
  untied.erase("projection/weight");
  untied.erase("projection/bias");
  untied["head/weight"] = {11, 12};
  config.tied = false;
  CHECK(sizes(config) == untied);
  config = small(Cell::rnn);
  config.n_layer = 1;
  config.n_hidden = 0;  // as wide as the embedding
  CHECK(sizes(config) == Sizes{{"layers/0/hidden_weight", {8, 8}},
                               {"layers/0/input/bias", {8}},
                               {"layers/0/input/weight", {8, 8}},
                               {"token_embedding/weight", {11, 8}}});
}

TEST_CASE("products read every matrix and the head's table, whose elements a step's work counts six times a token") {
  RecurrentConfig config = small(any_cell());
  config.tied = GENERATE(true, false);
  Recurrent model(config, 11, Rng(1));
  std::set<std::string> multiplied;
  double elements = 0;
  for (const NamedParameter& p : model.named_parameters()) {
    if (!p.multiplied) continue;
    multiplied.insert(p.name);
    elements += static_cast<double>(p.tensor.numel());
  }
  std::set<std::string> wanted = {"layers/0/input/weight", "layers/0/hidden_weight", "layers/1/input/weight",
                                  "layers/1/hidden_weight"};
  wanted.merge(config.tied ? std::set<std::string>{"projection/weight", "token_embedding/weight"}
                           : std::set<std::string>{"head/weight"});
  CHECK(multiplied == wanted);
  CHECK(model.flops(some_batch(3, 5)) == 6 * 15 * elements);
}

TEST_CASE("a recurrent model's logits do not depend on later tokens, and do on earlier ones") {
  Recurrent model(small(any_cell()), 11, Rng(1));
  Batch batch = some_batch(2, 7);
  Context context;
  const auto before = values(model.logits(batch.inputs, context));
  batch.inputs[4] = (batch.inputs[4] + 1) % 11;
  const auto after = values(model.logits(batch.inputs, context));
  for (std::size_t t = 0; t < 14; ++t) {
    const bool same = std::equal(&before[t * 11], &before[t * 11] + 11, &after[t * 11]);
    REQUIRE(same == (t < 4 || t >= 7));
  }
}

TEST_CASE("logits with a decode state equal those without, in pieces of any length, also longer than block_size") {
  Recurrent model(small(any_cell()), 11, Rng(1));
  const IdTensor ids = some_batch(2, 20).inputs;
  const NoGradGuard no_grad;
  Context plain;
  const Tensor whole = model.logits(ids, plain);
  const index_t piece = GENERATE(1, 3, 20);
  const bool last_only = GENERATE(false, true);
  DecodeState state(2, kAnyLength);
  for (index_t begin = 0; begin < 20; begin += piece) {
    const index_t count = std::min<index_t>(piece, 20 - begin), first = last_only ? count - 1 : 0;
    IdTensor part({2, count});
    for (index_t b = 0; b < 2; ++b) std::copy_n(ids.data() + b * 20 + begin, count, part.data() + b * count);
    Context context;
    context.state = &state;
    context.last_only = last_only;
    const Tensor logits = model.logits(part, context);
    REQUIRE(logits.shape() == Shape{2, count - first, 11});
    for (index_t i = 0; i < logits.numel(); ++i) {
      const index_t b = i / 11 / (count - first), t = begin + first + i / 11 % (count - first);
      REQUIRE(logits.data()[i] == Approx(whole.data()[(b * 20 + t) * 11 + i % 11]).epsilon(1e-4).margin(1e-5));
    }
  }
  CHECK(state.length() == 20);
}

TEST_CASE("a long prompt is read in parts of block_size, so that it takes no more memory than a short one") {
  RecurrentConfig config = small(Cell::lstm);
  config.n_hidden = 64;
  config.context = 16;
  Recurrent model(config, 11, Rng(1));
  const NoGradGuard no_grad;
  const auto peak = [&](index_t length) {
    DecodeState state(1, kAnyLength);
    Context context;
    context.state = &state;
    context.last_only = true;
    const std::size_t before = pool_stats().bytes_in_use;
    pool_reset_peak();
    model.logits(some_batch(1, length).inputs, context);
    return pool_stats().peak_bytes - before;
  };
  CHECK(peak(1600) == peak(32));
}

TEST_CASE("reordered rows of a decode state go on from what the named rows were") {
  Recurrent model(small(any_cell()), 11, Rng(1));
  const NoGradGuard no_grad;
  const auto scores = [&](const IdTensor& ids, DecodeState* state) {
    Context context;
    context.state = state;
    context.last_only = true;
    return model.logits(ids, context);
  };
  DecodeState state(2, kAnyLength);
  scores(IdTensor({1, 2, 3, 4, 5, 6}, {2, 3}), &state);
  state.reorder({1, 1, 0});
  const Tensor beams = scores(IdTensor({7, 8, 9}, {3, 1}), &state),
               whole = scores(IdTensor({4, 5, 6, 7, 4, 5, 6, 8, 1, 2, 3, 9}, {3, 4}), nullptr);
  for (index_t i = 0; i < whole.numel(); ++i)
    REQUIRE(beams.data()[i] == Approx(whole.data()[i]).epsilon(1e-4).margin(1e-5));
}

TEST_CASE("losses and gradients of a batch's parts add up to the whole batch's, with dropout by row") {
  RecurrentConfig config = small(any_cell());
  config.dropout = 0.3;
  config.embedding_dropout = 0.2;
  Recurrent model(config, 11, Rng(1));
  const Batch batch = some_batch(8, 5);
  const auto run = [&](index_t rows) {
    std::vector<Tensor> all = {Tensor::scalar(0)};
    for (index_t first = 0; first < 8; first += rows) {
      const auto part = [&](const IdTensor& ids) {
        return IdTensor(std::vector<std::int32_t>(ids.data() + first * 5, ids.data() + (first + rows) * 5), {rows, 5});
      };
      Batch some;
      some.inputs = part(batch.inputs);
      some.targets = part(batch.targets);
      Context context;
      context.training = true;
      context.rng = Rng(5);
      context.first_row = first;
      const Tensor loss = model.loss(some, 40, context).value;
      backward(loss);
      all[0].mutable_data()[0] += loss.item();
    }
    for (NamedParameter p : model.named_parameters()) {
      all.push_back(p.tensor.grad());
      p.tensor.zero_grad();
    }
    return all;
  };
  const auto whole = run(8);
  for (const index_t rows : {4, 1}) {
    const auto parts = run(rows);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      const std::vector<double> wanted(whole[i].span().begin(), whole[i].span().end());
      CHECK(golden_error(parts[i], wanted) < (sizeof(real) == 8 ? 1e-12 : 1e-5));
    }
  }
  const auto loss_with = [&](double embedding, double between, bool training, index_t layers = 2) {
    RecurrentConfig other = small(Cell::lstm);
    other.n_layer = layers;
    other.dropout = between;
    other.embedding_dropout = embedding;
    Context context;
    context.training = training;
    context.rng = Rng(5);
    return Recurrent(other, 11, Rng(1)).loss(batch, 40, context).value.item();
  };
  std::set<real> different = {loss_with(0, 0, true), loss_with(0.5, 0, true), loss_with(0, 0.5, true)};
  CHECK(different.size() == 3);
  CHECK(loss_with(0.5, 0.5, false) == loss_with(0, 0, true));
  CHECK(loss_with(0, 0.5, true, 1) != loss_with(0, 0, true, 1));  // of what leaves the last layer
}

TEST_CASE("recomputing layers changes no bit of a recurrent model's loss and gradients, in each precision") {
  RecurrentConfig config = small(any_cell());
  config.dropout = 0.2;
  Recurrent model(config, 11, Rng(1));
  const Precision precision = GENERATE(Precision::f32, Precision::bf16);
  const auto run = [&](bool again) {
    RowStates carried;
    Context context;
    context.training = true;
    context.precision = precision;
    context.recompute = again;
    context.rng = Rng(5);
    context.carried = &carried;
    const Tensor loss = model.loss(some_batch(3, 6), 18, context).value;
    backward(loss);
    std::vector<real> all = {loss.item()};
    for (NamedParameter p : model.named_parameters()) {
      all.insert(all.end(), p.tensor.grad().span().begin(), p.tensor.grad().span().end());
      p.tensor.zero_grad();
    }
    return all;
  };
  CHECK(run(false) == run(true));
}

TEST_CASE("a recurrent model learns a text by heart, and its loss is the cross-entropy of its logits") {
  RecurrentConfig config = small(any_cell());
  config.tied = GENERATE(true, false);
  Recurrent model(config, 11, Rng(1));
  const auto parameters = model.named_parameters();
  Optimizer optimizer(OptimConfig(), parameters);
  const Batch batch = some_batch(2, 6);
  const auto loss = [&] {
    Context context;
    return model.loss(batch, 12, context).value;
  };
  Context context;
  const real first = loss().item();
  CHECK(first == Approx(cross_entropy(model.logits(batch.inputs, context), batch.targets).item()).epsilon(1e-6));
  for (int step = 0; step < 60; ++step) {
    optimizer.zero_grad();
    backward(loss());
    optimizer.step(0.02);
  }
  CHECK(loss().item() < first / 4);
}

TEST_CASE("inputs that are no rows of tokens are refused") {
  Recurrent model(small(Cell::lstm), 11, Rng(1));
  Context context;
  CHECK_THROWS_WITH(model.logits(IdTensor({3}), context), Catch::Contains("inputs [3] must be [batch, time]"));
  CHECK_THROWS_WITH(model.logits(IdTensor({3, 0}), context), Catch::Contains("of at least one step"));
}

}  // namespace heddle
