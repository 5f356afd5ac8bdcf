#include "models/classifier.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "framework/nn/layers.h"

namespace heddle {

Loss class_loss(const Tensor& scores, const Batch& batch, index_t divisor) {
  return {cross_entropy(scores, batch.targets, {kIgnore, 0, divisor}), batch.count()};
}

Tensor mean_of_tokens(const Tensor& x, const Tensor& mask) {
  const index_t rows = x.size(0), count = x.size(1);
  Tensor shares({rows, 1, count});  // 1 / n for each of a row's n tokens, else 0
  real* const to = shares.mutable_data();
  for (index_t row = 0; row < rows; ++row) {
    const real* const from = mask.defined() ? mask.data() + row * count : nullptr;
    const real all = from != nullptr ? std::accumulate(from, from + count, real{0}) : static_cast<real>(count);
    for (index_t t = 0; t < count; ++t)
      to[row * count + t] = (from != nullptr ? from[t] : real{1}) / std::max(real{1}, all);
  }
  return reshape(matmul(shares, x), Shape{rows, x.size(2)});
}

std::vector<index_t> parse_widths(const std::vector<std::string>& list, const char* key) {
  std::vector<index_t> widths;
  for (const std::string& text : list) {
    index_t width = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), width);
    ensure(error == std::errc() && end == text.data() + text.size() && width >= 1 && width <= 100000, key, ": '", text,
           "' is no width; give whole numbers from 1 to 100000 with commas between, as 128, 64");
    widths.push_back(width);
  }
  return widths;
}

double relu_stddev(index_t inputs) { return std::sqrt(2 / static_cast<double>(inputs)); }

}  // namespace heddle
