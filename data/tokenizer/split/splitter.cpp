#include "data/tokenizer/split/splitter.h"

#include <algorithm>

#include "data/io/utf8.h"
#include "data/tokenizer/file.h"

namespace heddle {
namespace {

/// Whether a place before it is tried as a cut: blanks, line ends and punctuation, of which any text has enough.
bool begins_part(char32_t c) {
  const bool ascii = c < 0x80 && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
  return ascii || (c >= 0x3000 && c < 0x3040) || (c >= 0xFF00 && c < 0xFF20);
}

char32_t printable(char byte) { return decode_utf8(printable_bytes({&byte, 1})).value; }

}  // namespace

Splitter::Splitter(const std::string& pattern) {
  if (pattern.starts_with('[')) {
    steps_ = read_steps(pattern);
    ensure(!steps_.empty(), "pattern: its list of steps is empty");
  } else {
    pattern_ = pattern_of(pattern);
  }
}

void Splitter::run(std::size_t step, const TextPart& part, const OnPart& on_part) const {
  if (step == steps_.size()) {
    if (!part.printable) return on_part(part);
    const std::string bytes = bytes_of_printable(part.text);
    return on_part({bytes, part.begin, part.prefixed});
  }
  steps_[step].cut(part, [&](const TextPart& cut) {
    if (!steps_[step].byte_level || step + 1 == steps_.size()) return run(step + 1, cut, on_part);
    const std::string text = printable_bytes(cut.text);
    run(step + 1, {text, cut.begin, cut.prefixed, true}, on_part);
  });
}

bool Splitter::may_part(char32_t a, char32_t b) const {
  bool ends = false;
  for (const SplitStep& step : steps_) {
    if (!step.may_part(a, b)) return false;
    ends = ends || step.always_ends(a);
    if (step.byte_level) a = printable(encode_utf8(a).back()), b = printable(encode_utf8(b).front());
  }
  return ends;
}

std::size_t Splitter::find_cut(const SpecialTokens& specials, std::string_view text, std::size_t from,
                               std::size_t to) const {
  if (steps_.empty()) return heddle::find_cut(pattern_, specials, text, from, to);
  for (std::size_t at = std::max<std::size_t>(from, 1); at < to; ++at) {
    const CodePoint b = decode_utf8(text.substr(at));
    if (b.length == 0 || !begins_part(b.value)) continue;
    const CodePoint a = last_code_point(text.substr(0, at));
    if (a.length == 0 || char_class(a.value) == CharClass::space) continue;  // spaces may belong to an added token
    if (may_part(a.value, b.value) && !specials.crosses(text, at)) return at;
  }
  return to;
}

bool Splitter::keeps_text() const {
  return std::none_of(steps_.begin(), steps_.end(), [](const SplitStep& step) {
    return step.prefix_space || step.behavior == SplitStep::Behavior::removed;
  });
}

}  // namespace heddle
