#pragma once

#include <span>
#include <string>

namespace heddle {

struct Chrf {
  double score = 0;       ///< 0 .. 100
  std::string signature;  ///< how it was computed: nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:heddle
};

/// chrF2 (Popović, "chrF: character n-gram F-score for automatic MT evaluation", 2015) of a corpus, a reference a
/// sentence, as sacreBLEU computes it: F = 5 P R / (4 P + R) of precision and recall of n-grams of 1 .. 6 code points,
/// counted over all sentences and averaged over the orders that both sides have. White space is left out, case counts;
/// a byte that is not UTF-8 is a character of its own. Errors: not as many hypotheses as references, or none.
Chrf corpus_chrf(std::span<const std::string> hypotheses, std::span<const std::string> references);

}  // namespace heddle
