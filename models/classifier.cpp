#include "models/classifier.h"

#include <charconv>
#include <cmath>

#include "framework/nn/layers.h"

namespace heddle {

Loss class_loss(const Tensor& scores, const Batch& batch, index_t divisor) {
  return {cross_entropy(scores, batch.targets, {kIgnore, 0, divisor}), batch.count()};
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
