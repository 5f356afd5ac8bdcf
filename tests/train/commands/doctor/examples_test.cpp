#include "train/commands/doctor/examples.h"

#include <catch2/catch.hpp>
#include <functional>

#include "tests/train/commands/doctor/made_dataset.h"
#include "train/commands/doctor/duplicates.h"

namespace heddle {
namespace {

using Ids = std::vector<std::int32_t>;

std::vector<Example> examples_of(const Batch& batch) {
  const MadeDataset dataset(batch.rows(), 0, [&](Split, std::span<const index_t>) { return batch; });
  return read_examples(dataset, Split::train, 0, batch.rows());
}

Tensor tensor_of(const std::vector<real>& numbers, const Shape& shape) {
  Tensor tensor(shape);
  std::copy(numbers.begin(), numbers.end(), tensor.mutable_data());
  return tensor;
}

std::vector<real> vector_of(const Batch& batch, index_t width) {
  const MadeDataset dataset(1, 0, [&](Split, std::span<const index_t>) { return batch; });
  const Tensor vectors = vectors_of(dataset, Split::train, {0}, width).vectors;
  return {vectors.data(), vectors.data() + vectors.numel()};
}

}  // namespace

TEST_CASE("an example is its tokens without padding, its numbers without frames behind its end, and its class") {
  PaddedRows padded = side_by_side(std::vector<Ids>{{1, 2, 3}, {4}});
  Batch texts;
  texts.inputs = padded.tokens;
  texts.mask = padded.mask;
  texts.targets = IdTensor({1, 0}, {2});
  const std::vector<Example> of_class = examples_of(texts);
  CHECK(of_class[0].tokens == Ids{1, 2, 3});
  CHECK(of_class[1].tokens == Ids{4});
  CHECK(of_class[0].label == 1);
  CHECK(of_class[1].label == 0);
  CHECK(of_class[0].features == 0);
  Batch windows;
  windows.inputs = IdTensor({1, 2, 3, 4, 0, 0}, {2, 3});
  windows.targets = IdTensor({2, kIgnore, 4, 5, kIgnore, kIgnore}, {2, 3});
  CHECK(examples_of(windows)[0].tokens == Ids{1, 2, 3});
  CHECK(examples_of(windows)[1].tokens == Ids{4});
  CHECK(examples_of(windows)[1].label == -1);
  windows.source = padded.tokens;
  windows.source_mask = padded.mask;
  CHECK(examples_of(windows)[1].tokens == Ids{4, 4});
  const auto sound = [](std::vector<real> numbers, std::vector<real> mask) {
    Batch batch;
    batch.features = tensor_of(numbers, {2, 3, 2});
    batch.mask = tensor_of(mask, {2, 3});
    return examples_of(batch)[0].features;
  };
  const std::uint64_t whole = sound({1, 2, 3, 4, 0, 0, 1, 2, 3, 4, 5, 6}, {1, 1, 0, 1, 1, 1});
  CHECK(whole == sound({1, 2, 3, 4, 7, 7, 9, 9, 9, 9, 9, 9}, {1, 1, 0, 1, 1, 1}));
  CHECK(whole != sound({1, 2, 3, 5, 0, 0, 1, 2, 3, 4, 5, 6}, {1, 1, 0, 1, 1, 1}));
}

TEST_CASE("the vector of an example has means of neighbouring numbers, of frames, or counts of tokens") {
  CHECK(vector_of(rows_of(1, {1, 3, 5, 9}), 2) == std::vector<real>{2, 7});
  CHECK(vector_of(rows_of(1, {1, 3, 5, 9}), 9) == std::vector<real>{1, 3, 5, 9});
  Batch sound;
  sound.features = tensor_of({1, 2, 3, 4, 9, 9}, {1, 3, 2});
  sound.mask = tensor_of({1, 1, 0}, {1, 3});
  CHECK(vector_of(sound, 9) == std::vector<real>{2, 3});
  Batch text;
  text.inputs = IdTensor({7, 8, 7, 7}, {1, 4});
  std::vector<real> counts = vector_of(text, 64);
  std::sort(counts.begin(), counts.end());
  CHECK(counts[63] == 3);
  CHECK(counts[62] == 1);
  CHECK(counts[61] == 0);
  CHECK(spread_over(10, 20, 5) == std::vector<index_t>{10, 12, 14, 16, 18});
  CHECK(spread_over(10, 12, 5) == std::vector<index_t>{10, 11});
}

TEST_CASE("of what is repeated the first that validates is named, and of much training a part is read") {
  // rows of twenty tokens of their own, but for twenty that validate and train
  const auto made = [](index_t different, Split split, std::span<const index_t> numbers) {
    Batch batch;
    batch.inputs = IdTensor({std::ssize(numbers), 20});
    index_t at = 0;
    for (const index_t n : numbers) {
      const bool both = split == Split::val && n >= 1500 && n < 1520;
      const index_t row = split == Split::train ? n % different : both ? n - 1500 : n + 100000;
      for (index_t t = 0; t < 20; ++t) batch.inputs.data()[at++] = static_cast<std::int32_t>(20 * row + t);
    }
    return batch;
  };
  const auto rows = std::bind_front(made, 1024);
  const Repeated found = find_repeated(MadeDataset(1024, 2000, rows));
  CHECK(found.looked_at == 1000);
  CHECK(found.validation == Approx(0.01));
  CHECK(found.training == 0);
  CHECK(found.first == 1500);
  CHECK(found.read == 1024);
  CHECK(find_repeated(MadeDataset(1024, 2000, rows, {}, 100000)).read == 512);
  const Repeated twice = find_repeated(MadeDataset(1024, 2000, std::bind_front(made, 512)));
  CHECK(twice.training == 1);
  CHECK(twice.validation == Approx(0.01));
}

}  // namespace heddle
