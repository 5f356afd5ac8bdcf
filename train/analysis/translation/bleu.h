#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/names.h"
#include "framework/parallel.h"

namespace heddle {

/// What BLEU's words are.
enum class BleuTokens {
  mteval_13a,  ///< see tokenize_13a
  none,        ///< what stands between white space, of texts that are in tokens already
};
constexpr auto names_of(BleuTokens) {
  return std::array{Named{BleuTokens::mteval_13a, "13a"}, Named{BleuTokens::none, "none"}};
}

struct BleuOptions {
  BleuTokens tokens = BleuTokens::mteval_13a;
  bool lower_case = false;  ///< compare without case
};

struct Bleu {
  double score = 0;                    ///< 0 .. 100
  std::array<double, 4> precisions{};  ///< of n-grams of 1 .. 4 words, 0 .. 100, smoothed
  double brevity_penalty = 0;
  index_t hypothesis_length = 0, reference_length = 0;  ///< words
  std::string signature;  ///< how it was computed: nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:heddle
};

/// BLEU (Papineni et al., "BLEU: a method for automatic evaluation of machine translation", 2002) of a corpus, a
/// reference a sentence, as sacreBLEU computes it (Post, "A call for clarity in reporting BLEU scores", 2018):
///
///   score = BP exp(sum_n log p_n / 4),  n = 1 .. 4
///   p_n   = n-grams of the hypotheses that their references have, each at most as often as there, of all, in percent;
///           the k-th order without such a one counts 1 / 2^k instead (smoothing exp)
///   BP    = exp(1 - reference_length / hypothesis_length) where the hypotheses are the shorter, else 1
///
/// The score is 0 where no word is right, and where no hypothesis has four words. White space at a sentence's end does
/// not count. Lower case is that of lower_case; it differs from Python's, which sacreBLEU uses, in two characters: the
/// capital sigma at a word's end is σ (there ς), and İ is i (there i and a combining dot). Errors: not as many
/// hypotheses as references, or none.
Bleu corpus_bleu(std::span<const std::string> hypotheses, std::span<const std::string> references,
                 const BleuOptions& options = {});

/// The words that mteval-v13a.pl, WMT's script, makes of a text: the entities &quot; &amp; &lt; &gt; are what they
/// stand for, "<skipped>" and hyphens at a line's end are left out, ASCII's punctuation is cut off but for ' and for .
/// , between digits, and - behind digits.
std::vector<std::string> tokenize_13a(std::string_view text);

}  // namespace heddle
