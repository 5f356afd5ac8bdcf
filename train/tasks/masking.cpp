#include "train/tasks/masking.h"

#include <algorithm>
#include <cmath>

namespace heddle {

Masking::Masking(const TokenizerState& tokenizer)
    : first_(special_token(tokenizer, kClassToken)),
      last_(special_token(tokenizer, kSeparatorToken)),
      ordinary_(tokenizer.pieces.size(), true) {
  const auto mask = special_token(tokenizer, kMaskToken);
  ensure(mask.has_value(), "masked language model: the vocabulary has no special token [MASK]; set ",
         "data.special_tokens = [CLS], [SEP], [MASK]");
  mask_ = *mask;
  for (const auto* list : {&tokenizer.specials, &tokenizer.added}) {
    for (const std::int32_t id : *list) ordinary_[static_cast<std::size_t>(id)] = false;
  }
  for (std::size_t id = 0; id < ordinary_.size(); ++id) {
    if (tokenizer.pieces[id].empty()) ordinary_[id] = false;  // it is not used
    if (ordinary_[id]) ordinaries_.push_back(static_cast<std::int32_t>(id));
  }
}

void Masking::hide(Batch& batch, const Rng& rng) const {
  const index_t rows = batch.inputs.size(0), time = batch.inputs.size(1);
  Tensor mask = Tensor::zeros(batch.inputs.shape());
  bool padded = false;
  for (index_t row = 0; row < rows; ++row) {
    std::int32_t *const inputs = batch.inputs.data() + row * time, *const targets = batch.targets.data() + row * time;
    const index_t length = time - std::count(targets, targets + time, kIgnore);
    padded = padded || length < time;
    std::fill_n(mask.mutable_data() + row * time, length, real{1});
    hide_row(inputs, targets, length, rng.fork(static_cast<std::uint64_t>(batch.first_row + row)));
  }
  if (padded) batch.mask = mask;
}

void Masking::hide_row(std::int32_t* inputs, std::int32_t* targets, index_t length, const Rng& rng) const {
  constexpr double kHidden = 0.15, kMasked = 0.8, kRandom = 0.1;
  std::fill_n(targets, length, kIgnore);
  if (first_ && length > 0) inputs[0] = *first_;
  if (last_ && length > 1) inputs[length - 1] = *last_;
  std::vector<index_t> places;
  for (index_t t = 0; t < length; ++t) {
    if (ordinary_[static_cast<std::size_t>(inputs[t])]) places.push_back(t);
  }
  const auto all = static_cast<double>(places.size());
  const auto hidden =
      std::min(places.size(), std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(kHidden * all))));
  for (std::size_t i = 0; i < hidden; ++i) {
    const std::uint64_t number = 3 * i;  // of the random numbers of this place
    std::swap(places[i], places[i + rng.below(places.size() - i, number)]);
    std::int32_t& input = inputs[places[i]];
    targets[places[i]] = input;
    const double what = rng.uniform(number + 1);
    if (what < kMasked) {
      input = mask_;
    } else if (what < kMasked + kRandom) {
      input = ordinaries_[rng.below(ordinaries_.size(), number + 2)];
    }
  }
}

}  // namespace heddle
