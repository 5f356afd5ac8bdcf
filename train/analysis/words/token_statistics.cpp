#include "train/analysis/words/token_statistics.h"

#include <algorithm>
#include <numeric>

#include "data/io/utf8.h"

namespace heddle {

std::vector<std::int32_t> TokenStatistics::most_used(std::size_t count) const {
  const auto frequency = [&](std::int32_t id) { return frequencies[static_cast<std::size_t>(id)]; };
  std::vector<std::int32_t> order(frequencies.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return frequency(a) > frequency(b); });
  order.resize(std::min(order.size(), count));
  while (!order.empty() && frequency(order.back()) == 0) order.pop_back();
  return order;
}

TokenStatistics token_statistics(const Tokenizer& tokenizer, const ReadBlock& read) {
  TokenStatistics found;
  found.frequencies.resize(static_cast<std::size_t>(tokenizer.vocab_size()));
  bool in_word = false;
  for_tokens(tokenizer, read, Specials::allowed, [&](const std::vector<std::int32_t>& ids, std::string_view text) {
    found.bytes += text.size();
    found.characters += count_code_points(text);
    found.tokens += ids.size();
    for (const std::int32_t id : ids) ++found.frequencies[static_cast<std::size_t>(id)];
    for (const char c : text) {
      const bool space = c == ' ' || (c >= '\t' && c <= '\r');
      found.words += !space && !in_word ? 1 : 0;
      in_word = !space;
    }
  });
  for (const std::uint64_t n : found.frequencies) {
    found.unused += n == 0 ? 1 : 0;
    found.rare += n > 0 && n < TokenStatistics::kRare ? 1 : 0;
  }
  return found;
}

}  // namespace heddle
