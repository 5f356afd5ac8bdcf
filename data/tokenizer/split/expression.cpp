#include "data/tokenizer/split/expression.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>

#include "data/io/utf8.h"
#include "framework/check.h"

namespace heddle {
namespace {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* owned) const {
    free(owned);
  }
};
template <class T, auto free>
using Owned = std::unique_ptr<T, Free<free>>;

using CodePointer = Owned<pcre2_code, pcre2_code_free>;
using MatchData = Owned<pcre2_match_data, pcre2_match_data_free>;
using MatchContext = Owned<pcre2_match_context, pcre2_match_context_free>;
using JitStack = Owned<pcre2_jit_stack, pcre2_jit_stack_free>;

// Of one match: the first is reached by expressions that try every way to part a text, the second by deep groups.
constexpr std::uint32_t kMostSteps = 10'000'000;
constexpr std::size_t kMostStack = std::size_t{64} << 20U;

std::string message(int code) {
  std::array<PCRE2_UCHAR, 200> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

/// A text for PCRE2, which wants UTF-8: of one that is none each byte that is not part of it becomes U+FFFF, which is
/// no character.
class Subject {
 public:
  explicit Subject(std::string_view text) : text_(text) {
    std::size_t invalid = find_invalid_utf8(text);
    if (invalid == text.npos) return;
    std::string_view rest = text;
    for (; invalid != rest.npos; invalid = find_invalid_utf8(rest)) {
      made_ += rest.substr(0, invalid);
      replaced_.push_back(made_.size());
      made_ += "\xEF\xBF\xBF";
      rest.remove_prefix(invalid + 1);
    }
    made_ += rest;
    text_ = made_;
  }
  Subject(const Subject&) = delete;
  std::string_view text() const { return text_; }
  /// Where a place of text() lies in the text; places grow from call to call.
  std::size_t original(std::size_t place) {
    while (before_ < replaced_.size() && replaced_[before_] < place) ++before_;
    return place - 2 * before_;
  }

 private:
  std::string_view text_;
  std::string made_;
  std::vector<std::size_t> replaced_;
  std::size_t before_ = 0;
};

}  // namespace

struct Expression::Code {
  /// `fast`: compiled for this processor, where PCRE2 can; else it is interpreted.
  Code(const std::string& pcre, bool fast) {
    int error = 0;
    PCRE2_SIZE place = 0;
    code.reset(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pcre.data()), pcre.size(), PCRE2_UTF, &error, &place, nullptr));
    ensure(code != nullptr, "PCRE2 does not read ", pcre, ": ", message(error), " (at byte ", place, ")");
    if (fast) pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
    context.reset(pcre2_match_context_create(nullptr));
    pcre2_set_match_limit(context.get(), kMostSteps);
  }

  /// The first match from byte `from` on, `data` gets it; whether there is one.
  bool match(std::string_view text, std::size_t from, pcre2_match_data* data, std::uint32_t options = 0) const {
    const auto run = [&](pcre2_match_context* with) {
      return pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                         options | PCRE2_NO_UTF_CHECK, data, with);
    };
    int result = run(context.get());
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) {  // rare enough to make a stack for it
      const JitStack stack(pcre2_jit_stack_create(std::size_t{1} << 20U, kMostStack, nullptr));
      const MatchContext with(pcre2_match_context_copy(context.get()));
      ensure(stack != nullptr && with != nullptr, "no memory for its stack");
      pcre2_jit_stack_assign(with.get(), nullptr, stack.get());
      result = run(with.get());
    }
    ensure(result > 0 || result == PCRE2_ERROR_NOMATCH, message(result));
    return result > 0;
  }

  CodePointer code;
  MatchContext context;
};

Expression::Expression(const std::string& expression)
    : name_(expression), syntax_(read_expression(expression)), code_(std::make_unique<const Code>(syntax_.pcre, true)) {
  for (const std::string& atom : syntax_.atoms) atoms_.emplace_back(atom, false);
  for (char32_t c = 0; c < ascii_.size(); ++c) ascii_[c] = atoms_of(c);
}
Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;

void Expression::for_matches(std::string_view text,
                             const std::function<void(std::size_t, std::size_t)>& on_match) const {
  Subject subject(text);
  const MatchData data(pcre2_match_data_create(1, nullptr));
  ensure(data != nullptr, "expression: no memory");
  const std::string_view all = subject.text();
  std::size_t from = 0, last_end = all.npos;
  while (from <= all.size()) {
    try {
      if (!code_->match(all, from, data.get())) return;
    } catch (const Error& e) {
      throw Error(concat_text("the expression ", visible(name_), " gave up on the text behind byte ",
                              subject.original(from), " (", e.what(),
                              "); it takes more steps or stack than are allowed: name another pattern"));
    }
    const PCRE2_SIZE *const found = pcre2_get_ovector_pointer(data.get()), begin = found[0], end = found[1];
    if (begin == end && end == last_end) {
      from += std::max<std::size_t>(decode_utf8(all.substr(from)).length, 1);
      continue;
    }
    from = last_end = end;
    const std::size_t first = subject.original(begin);
    on_match(first, subject.original(end));
  }
}

ExpressionSyntax::Atoms Expression::atoms_of(char32_t value) const {
  ExpressionSyntax::Atoms set;
  const MatchData data(pcre2_match_data_create(1, nullptr));
  const std::string text = encode_utf8(value);
  for (std::size_t i = 0; i < atoms_.size(); ++i) set[i] = atoms_[i].match(text, 0, data.get());
  return set;
}

bool Expression::may_part(char32_t a, char32_t b, bool joined) const {
  if (atoms_.empty()) return false;
  const auto of = [&](char32_t c) { return c < ascii_.size() ? ascii_[c] : atoms_of(c); };
  const ExpressionSyntax::Atoms before = of(a), behind = of(b);
  for (std::size_t i = 0; i < atoms_.size(); ++i) {
    if (before[i] && (syntax_.follow[i] & behind).any()) return false;
  }
  return !joined || (before & syntax_.last).none() || (behind & syntax_.first).none();
}

bool Expression::always_takes(char32_t a) const {
  const MatchData data(pcre2_match_data_create(1, nullptr));
  const std::string text = encode_utf8(a);
  return code_->match(text, 0, data.get(), PCRE2_ANCHORED) && pcre2_get_ovector_pointer(data.get())[1] > 0;
}

}  // namespace heddle
