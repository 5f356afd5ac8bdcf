#include "framework/nn/decode_state.h"

#include <catch2/catch.hpp>

#include "framework/archive/archive.h"
#include "models/gpt.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

GPTConfig small() {
  GPTConfig config;
  config.n_layer = 2;
  config.n_head = 4;
  config.n_kv_head = GENERATE(0, 2, 1);
  config.n_embd = 24;
  config.context = 8;
  config.norm = GENERATE(NormKind::layer, NormKind::rms);
  if (GENERATE(false, true)) {
    config.positions = Positions::rotary;
    config.rotary_base = 50;
    config.norm_position = NormPosition::post;
    config.mlp_width = 10;
  }
  return config;
}

/// Scores after the last of each row's tokens, all given at once, or going on from a state.
Tensor scores(GPT& model, const std::vector<std::vector<std::int32_t>>& rows, DecodeState* state = nullptr) {
  const NoGradGuard no_grad;
  const index_t time = std::ssize(rows[0]);
  IdTensor ids({std::ssize(rows), time});
  for (std::size_t r = 0; r < rows.size(); ++r)
    std::copy(rows[r].begin(), rows[r].end(), ids.data() + static_cast<index_t>(r) * time);
  Context context;
  context.state = state;
  context.last_only = true;
  return model.logits(ids, context);
}

void check_close(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  for (index_t i = 0; i < a.numel(); ++i)
    REQUIRE(static_cast<double>(a.data()[i]) == Approx(static_cast<double>(b.data()[i])).epsilon(1e-4).margin(1e-5));
}

}  // namespace

TEST_CASE("going on from a state equals reading the whole, whatever form the blocks have") {
  GPT model(small(), 11, Rng(1));
  DecodeState state(2, 8);
  scores(model, {{1, 2, 3}, {4, 5, 6}}, &state);
  CHECK(state.lengths() == std::vector<index_t>{3, 3});
  check_close(scores(model, {{7}, {8}}, &state), scores(model, {{1, 2, 3, 7}, {4, 5, 6, 8}}));
  const Tensor held = state.at("blocks/1/attention/keys");
  CHECK(held.shape() == Shape{2, 8, model.transformer.blocks[1].attention.qkv.weight.size(0) / 6 / 2 - 2, 6});
}

TEST_CASE("reordered rows go on from what the named rows were, repeated or left out") {
  GPT model(small(), 11, Rng(1));
  DecodeState state(2, 8);
  scores(model, {{1, 2, 3}, {4, 5, 6}}, &state);
  state.reorder({1, 1, 0});
  REQUIRE(state.rows() == 3);
  check_close(scores(model, {{7}, {8}, {9}}, &state), scores(model, {{4, 5, 6, 7}, {4, 5, 6, 8}, {1, 2, 3, 9}}));
  CHECK_THROWS_WITH(scores(model, {{7}}, &state), Catch::Contains("a decode state of 3 rows"));
  state.reorder({2});
  check_close(scores(model, {{1}}, &state), scores(model, {{1, 2, 3, 9, 1}}));
}

TEST_CASE("a state that goes back forgets what came after, and one that is reset all") {
  GPT model(small(), 11, Rng(1));
  DecodeState state(1, 8);
  scores(model, {{1, 2, 3, 4, 5}}, &state);
  state.truncate(0, 2);
  check_close(scores(model, {{6, 7}}, &state), scores(model, {{1, 2, 6, 7}}));
  state.at("memory") = Tensor::zeros({1, 2});
  state.reset();
  CHECK(state.length() == 0);
  CHECK_FALSE(state.at("memory").defined());
  check_close(scores(model, {{6, 7}}, &state), scores(model, {{6, 7}}));
}

TEST_CASE("rows have lengths of their own, and what a state cannot do is told") {
  DecodeState state(3, 4);
  state.advance(3);
  state.truncate(1, 1);
  CHECK(state.lengths() == std::vector<index_t>{3, 1, 3});
  CHECK_THROWS_WITH(state.length(), Catch::Contains("from 1 to 3 positions"));
  CHECK_THROWS_WITH(state.advance(2), Catch::Contains("5 positions exceed the room for 4"));
  state.reorder({1, 1});
  CHECK(state.length() == 1);
  CHECK_THROWS_WITH(state.truncate(0, 2), Catch::Contains("holds 1 positions and cannot go back to 2"));
  CHECK_THROWS_WITH(state.truncate(2, 0), Catch::Contains("no row 2 of 2"));
  CHECK_THROWS_WITH(state.reorder({}), Catch::Contains("no row would be left"));
  CHECK_THROWS_WITH(state.reorder({0, 2}), Catch::Contains("no row 2 of 2"));
  state.at("odd") = Tensor::zeros({5, 2});
  CHECK_THROWS_WITH(state.reorder({0}), Catch::Contains("odd [5, 2] has no first axis of 2 rows"));
  CHECK_THROWS_WITH(DecodeState(0, 4), Catch::Contains("0 rows of 4 positions"));
}

TEST_CASE("states are kept in a file by their names, and a file that lacks one it names is refused") {
  using boost::serialization::make_nvp;
  const TemporaryFolder folder;
  const std::string path = folder.path("states.h5");
  RowStates states, read;
  CHECK(states.empty());
  states.at("layers/0/hidden") = Tensor::normal({2, 3}, Rng(1));
  states.at("layers/0/cell") = Tensor::normal({2, 4}, Rng(2));
  save_file(path, "test", 1, [&](Hdf5OArchive& ar) { ar << make_nvp("states", states); });
  load_file(path, "test", 1, [&](Hdf5IArchive& ar) { ar >> make_nvp("states", read); });
  for (const char* name : {"layers/0/hidden", "layers/0/cell"}) {
    REQUIRE(read.at(name).shape() == states.at(name).shape());
    CHECK(std::equal(read.at(name).span().begin(), read.at(name).span().end(), states.at(name).data()));
  }
  std::vector<std::string> names = {"gone"};
  struct Damaged {
    std::vector<std::string>& names;
    void serialize(Hdf5OArchive& ar, unsigned) { ar& make_nvp("names", names); }
  } damaged{names};
  save_file(path, "test", 1, [&](Hdf5OArchive& ar) { ar << make_nvp("states", damaged); });
  RowStates other;
  CHECK_THROWS_WITH(load_file(path, "test", 1, [&](Hdf5IArchive& ar) { ar >> make_nvp("states", other); }),
                    Catch::Contains("states: gone is missing"));
}

}  // namespace heddle
