#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer/pretokenizer.h"
#include "data/tokenizer/split/expression.h"

namespace heddle {

/// A part of a text on its way through the steps.
struct TextPart {
  std::string_view text;
  std::size_t begin = 0;   ///< in the text that is cut
  bool prefixed = false;   ///< its first byte is a space that was put before it
  bool printable = false;  ///< its bytes are written as GPT-2's characters for them
};
using OnPart = std::function<void(const TextPart&)>;

/// One step of a tokenizer.json's pre-tokenizer, which cuts each part that the step before left.
struct SplitStep {
  /// What becomes of what the expression matches: each a part of its own; dropped; one with its neighbours that match
  /// too; joined to what is before, or to what is behind.
  enum class Behavior { isolated, removed, contiguous, with_previous, with_next };

  void cut(const TextPart& part, const OnPart& on_part) const;
  /// Whether a text may be cut between characters `a` and `b` without a change of its cuts elsewhere.
  bool may_part(char32_t a, char32_t b) const;
  /// Whether a part ends with `a` wherever may_part allows it.
  bool always_ends(char32_t a) const;

  std::shared_ptr<const Expression> expression{};  ///< none: it cuts nothing
  std::optional<Pattern> scanner{};                ///< that cuts as the expression does, faster
  Behavior behavior = Behavior::isolated;
  bool invert = false;        ///< what lies between matches counts as matches
  bool prefix_space = false;  ///< a part that begins with no space gets one
  bool byte_level = false;    ///< the steps behind it see GPT-2's characters for bytes
};

/// The steps that a tokenizer.json's pre-tokenizer names (JSON), in the form that TokenizerState::pattern has: the name
/// of the pattern of ours that does the same, or a JSON list of Split, Digits, Punctuation and ByteLevel. What is not
/// read here goes to `obstacles`, a line each.
std::string pattern_of_pre_tokenizer(const std::string& json, std::vector<std::string>& obstacles);
/// The same in the other direction.
std::string pre_tokenizer_of_pattern(const std::string& pattern);
/// The steps of such a list. Errors: what is none.
std::vector<SplitStep> read_steps(const std::string& json);

}  // namespace heddle
