#include "train/analysis/circuits/token_pairs.h"

#include <algorithm>
#include <tuple>

#include "framework/ops.h"

namespace heddle {

std::vector<TokenPair> top_pairs(const HeadWeights& head, const Tensor& tokens, index_t count) {
  constexpr index_t kQueries = 256;
  const auto better = [](const TokenPair& a, const TokenPair& b) {
    return std::tuple(-a.score, a.query, a.key) < std::tuple(-b.score, b.query, b.key);
  };
  std::vector<TokenPair> best;  // a heap with the worst of them in front
  if (count == 0) return best;
  const index_t all = tokens.size(0);
  const Tensor queries = matmul(tokens, head.query, false, true) * static_cast<real>(head.scale);
  const Tensor keys = matmul(tokens, head.key, false, true);
  for (index_t first = 0; first < all; first += kQueries) {
    const index_t rows = std::min(kQueries, all - first);
    const Tensor scores = matmul(slice(queries, 0, first, first + rows), keys, false, true);
    const real* const score = scores.data();
    for (index_t i = 0; i < rows * all; ++i) {
      if (std::ssize(best) == count && static_cast<double>(score[i]) <= best[0].score) continue;
      best.push_back({first + i / all, i % all, static_cast<double>(score[i])});
      std::push_heap(best.begin(), best.end(), better);
      if (std::ssize(best) <= count) continue;
      std::pop_heap(best.begin(), best.end(), better);
      best.pop_back();
    }
  }
  std::sort_heap(best.begin(), best.end(), better);
  return best;
}

}  // namespace heddle
