#include "framework/nn/parameter.h"

#include <charconv>

#include "framework/format.h"
#include "framework/nn/pattern.h"

namespace heddle {

index_t count_elements(const std::vector<NamedParameter>& parameters) {
  index_t total = 0;
  for (const NamedParameter& p : parameters) total += p.tensor.numel();
  return total;
}

index_t count_frozen(const std::vector<NamedParameter>& parameters) {
  index_t total = 0;
  for (const NamedParameter& p : parameters) total += p.frozen() ? p.tensor.numel() : 0;
  return total;
}

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

index_t number_of(const std::string& pattern, std::size_t begin, std::size_t end) {
  index_t number = 0;
  const auto [stop, error] = std::from_chars(pattern.data() + begin, pattern.data() + end, number);
  ensure(error == std::errc() && stop == pattern.data() + end, "freeze: ", pattern,
         ": '..' stands between two whole numbers, as in blocks/0..3");
  return number;
}

/// "; the nearest is PATH": of the names and what they begin with, the one most like `pattern`.
std::string nearest_path(const std::vector<NamedParameter>& parameters, const std::string& pattern) {
  std::vector<std::string> paths;
  for (const NamedParameter& p : parameters) {
    for (std::size_t end = 0; end != p.name.npos;) {
      end = p.name.find('/', end + 1);
      paths.push_back(p.name.substr(0, end));
    }
  }
  const auto best = nearest_spellings(pattern, paths, 1);
  return best.empty() ? "" : "; the nearest is " + best[0];
}

}  // namespace

void freeze(const std::vector<NamedParameter>& parameters, const std::string& pattern) {
  if (pattern.size() > 1 && pattern.back() == '/') return freeze(parameters, pattern.substr(0, pattern.size() - 1));
  if (const std::size_t dots = pattern.find(".."); dots != pattern.npos) {
    std::size_t begin = dots, end = dots + 2;
    while (begin > 0 && digit(pattern[begin - 1])) --begin;
    while (end < pattern.size() && digit(pattern[end])) ++end;
    const index_t first = number_of(pattern, begin, dots), last = number_of(pattern, dots + 2, end);
    ensure(first <= last, "freeze: ", pattern, ": the range holds no number; its first comes first");
    // the first number that nothing fits ends it, however far the range goes
    for (index_t i = first; i <= last; ++i)
      freeze(parameters, pattern.substr(0, begin) + std::to_string(i) + pattern.substr(end));
    return;
  }
  bool found = false;
  for (const NamedParameter& p : parameters) {
    if (!fits(pattern, p.name) && !fits(pattern + "/*", p.name)) continue;
    found = true;
    Tensor handle = p.tensor;  // of the same leaf
    handle.set_requires_grad(false);
  }
  ensure(found, "freeze: no parameter fits ", pattern, nearest_path(parameters, pattern));
}

Initializer Initializer::shapes_only() { return {Rng(), Elements::as_they_come}; }
Initializer Initializer::counting() { return {Rng(), Elements::none}; }

Parameter Initializer::normal(const Shape& shape, double stddev, Role role) {
  return make(shape, role, [&] { return Tensor::normal(shape, rng_.fork(next_++), stddev); });
}

Parameter Initializer::uniform(const Shape& shape, double bound, Role role) {
  return make(shape, role, [&] { return Tensor::uniform(shape, rng_.fork(next_++), -bound, bound); });
}

Parameter Initializer::full(const Shape& shape, real value, Role role) {
  return make(shape, role, [&] { return Tensor::full(shape, value); });
}

Parameter Initializer::blocks(const std::vector<real>& values, index_t size) {
  const Shape shape{std::ssize(values) * size};
  return make(shape, Role::vector, [&] {
    Tensor all(shape);
    real* to = all.mutable_data();
    for (const real value : values) to = std::fill_n(to, size, value);
    return all;
  });
}

}  // namespace heddle
