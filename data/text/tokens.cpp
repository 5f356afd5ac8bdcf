#include "data/text/tokens.h"

namespace heddle {

index_t Tokens::count_outside(index_t vocab_size) const {
  return static_cast<index_t>(parallel_sum(static_cast<index_t>(size()), 1 << 20, [&](index_t begin, index_t end) {
    double count = 0;
    for (index_t i = begin; i < end; ++i) {
      const std::int32_t id = (*this)[static_cast<std::size_t>(i)];
      count += id < 0 || id >= vocab_size ? 1 : 0;
    }
    return count;
  }));
}

}  // namespace heddle
