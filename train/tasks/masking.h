#pragma once

#include <optional>
#include <vector>

#include "data/batch.h"
#include "data/tokenizer/tokenizer.h"
#include "framework/rng.h"

namespace heddle {

/// Hides tokens of windows of text, to be filled in (Devlin et al., "BERT", 2019). The first token of a window gives
/// way to [CLS] and the last to [SEP], where the vocabulary has those, so that a window looks as a text that is to be
/// classified. Of the others, special tokens apart, 15 % are chosen, at least one: of these 80 % become [MASK], 10 % a
/// random token, and 10 % stay.
class Masking {
 public:
  /// Errors: a vocabulary without [MASK].
  explicit Masking(const TokenizerState& tokenizer);

  /// Makes of a batch of text (inputs [B, T], targets that are kIgnore behind a window's end) what is shown: inputs
  /// changed, targets the tokens that were hidden and kIgnore elsewhere, mask where a window ends early. What becomes
  /// of a row depends on its number in the run alone.
  void hide(Batch& batch, const Rng& rng) const;
  /// The token [MASK].
  std::int32_t mask() const { return mask_; }

 private:
  void hide_row(std::int32_t* inputs, std::int32_t* targets, index_t length, const Rng& rng) const;

  std::int32_t mask_;
  std::optional<std::int32_t> first_, last_;
  std::vector<bool> ordinary_;            ///< by id
  std::vector<std::int32_t> ordinaries_;  ///< tokens that may be hidden, and that others become
};

}  // namespace heddle
