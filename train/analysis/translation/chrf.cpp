#include "train/analysis/translation/chrf.h"

#include <array>

#include "data/io/utf8.h"
#include "train/analysis/translation/ngrams.h"

namespace heddle {
namespace {

std::u32string characters_of(std::string_view sentence) {
  std::u32string characters;
  for (std::string_view word : split_words(sentence)) {
    while (!word.empty()) {
      const CodePoint c = decode_utf8(word);
      // behind the last code point there is room for bytes that are none
      characters += c.length > 0 ? c.value : 0x110000U + static_cast<unsigned char>(word[0]);
      word.remove_prefix(c.length > 0 ? c.length : 1);
    }
  }
  return characters;
}

}  // namespace

Chrf corpus_chrf(std::span<const std::string> hypotheses, std::span<const std::string> references) {
  check_sentences("chrF", hypotheses.size(), references.size());
  std::array<NgramMatches, 6> counts{};
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    const std::u32string hypothesis = characters_of(hypotheses[i]), reference = characters_of(references[i]);
    for (std::size_t n = 0; n < counts.size(); ++n) {
      const NgramMatches found = match_ngrams(hypothesis, reference, n + 1);
      if (found.reference == 0) continue;  // sacreBLEU counts no n-grams of a sentence whose reference has none so long
      counts[n].hypothesis += found.hypothesis;
      counts[n].reference += found.reference;
      counts[n].both += found.both;
    }
  }
  double precision = 0, recall = 0, orders = 0;
  for (const NgramMatches& count : counts) {
    if (count.hypothesis == 0 || count.reference == 0) continue;
    precision += static_cast<double>(count.both) / static_cast<double>(count.hypothesis);
    recall += static_cast<double>(count.both) / static_cast<double>(count.reference);
    ++orders;
  }
  Chrf chrf{0, "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:heddle"};
  if (precision > 0) {  // else recall is 0 as well
    precision /= orders;
    recall /= orders;
    chrf.score = 100 * (5 * precision * recall / (4 * precision + recall));
  }
  return chrf;
}

}  // namespace heddle
