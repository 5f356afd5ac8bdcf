#include "data/tokenizer/split/steps.h"

#include <algorithm>

#include "data/io/utf8.h"
#include "framework/check.h"

namespace heddle {
namespace {

struct Range {
  std::size_t begin, end;
  bool match;
};

/// What the behaviour makes of matches and of what lies between them; ranges that are dropped are left out.
std::vector<Range> joined(const std::vector<Range>& ranges, SplitStep::Behavior behavior) {
  using Behavior = SplitStep::Behavior;
  std::vector<Range> parts;
  const bool backwards = behavior == Behavior::with_next;
  bool before = false;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const Range& range = ranges[backwards ? ranges.size() - 1 - i : i];
    const bool joins = behavior == Behavior::contiguous ? range.match == before : range.match && !before;
    before = range.match;
    if (behavior == Behavior::removed) {
      if (!range.match) parts.push_back(range);
    } else if (behavior != Behavior::isolated && joins && !parts.empty()) {
      (backwards ? parts.back().begin : parts.back().end) = backwards ? range.begin : range.end;
    } else {
      parts.push_back(range);
    }
  }
  if (backwards) std::reverse(parts.begin(), parts.end());
  return parts;
}

}  // namespace

void SplitStep::cut(const TextPart& part, const OnPart& on_part) const {
  TextPart whole = part;
  std::string with_space;
  if (prefix_space && !part.text.starts_with(' ')) {
    with_space.append(1, ' ').append(part.text);
    whole = {with_space, part.begin, true, false};
  }
  if (expression == nullptr) return on_part(whole);
  std::size_t seen = 0, begin = whole.begin;  // parts come in order: `begin` is where text[seen] lies
  const auto give = [&](std::size_t from, std::size_t to) {
    const std::string_view skipped = whole.text.substr(seen, from - seen);
    begin += whole.printable ? count_code_points(skipped) : skipped.size();
    if (seen == 0 && from > 0 && whole.prefixed) --begin;
    seen = from;
    if (from < to) on_part({whole.text.substr(from, to - from), begin, whole.prefixed && from == 0, whole.printable});
  };
  if (scanner) {
    for (std::size_t at = 0; at < whole.text.size();) {
      const std::size_t length = first_piece(*scanner, whole.text.substr(at));
      give(at, at + length);
      at += length;
    }
    return;
  }
  std::vector<Range> ranges;
  std::size_t end = 0;
  expression->for_matches(whole.text, [&](std::size_t from, std::size_t to) {
    if (end < from) ranges.push_back({end, from, invert});
    ranges.push_back({from, to, !invert});
    end = to;
  });
  if (end < whole.text.size()) ranges.push_back({end, whole.text.size(), invert});
  for (const Range& range : joined(ranges, behavior)) give(range.begin, range.end);
}

bool SplitStep::may_part(char32_t a, char32_t b) const {
  if (expression == nullptr) return !prefix_space || b == U' ';
  if (behavior == Behavior::with_previous || behavior == Behavior::with_next) return false;
  return (!prefix_space || b == U' ') && expression->may_part(a, b, behavior == Behavior::contiguous);
}

bool SplitStep::always_ends(char32_t a) const { return expression != nullptr && expression->always_takes(a); }

}  // namespace heddle
