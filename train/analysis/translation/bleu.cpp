#include "train/analysis/translation/bleu.h"

#include <cmath>
#include <unordered_map>

#include "data/io/utf8.h"
#include "train/analysis/translation/ngrams.h"

namespace heddle {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_point(char c) { return c == '.' || c == ','; }
bool is_dash(char c) { return c == '-'; }
bool is_no_digit(char c) { return !is_digit(c); }
/// Punctuation that is a word wherever it stands.
bool is_cut_off(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return c > ' ' && c <= '~' && !letter && !is_digit(c) && !is_point(c) && !is_dash(c) && c != '\'';
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) text.replace(at, from.size(), to);
}

/// Two characters that fit stand apart, with a space before, between and behind as asked for; each belongs to one such
/// pair at most, from left to right. Of a longer character the last or first byte stands for it.
template <class First, class Second>
std::string set_apart(const std::string& text, First first, Second second, bool before, bool behind) {
  std::string apart;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i + 1 == text.size() || !first(text[i]) || !second(text[i + 1])) {
      apart += text[i];
      continue;
    }
    if (before) apart += ' ';
    apart += text[i];
    apart += ' ';
    apart += text[++i];
    if (behind) apart += ' ';
  }
  return apart;
}

std::vector<std::string> words_of(const std::string& sentence, const BleuOptions& options) {
  const std::string text = options.lower_case ? lower_case(sentence) : sentence;
  if (options.tokens == BleuTokens::mteval_13a) return tokenize_13a(text);
  const auto words = split_words(text);
  return {words.begin(), words.end()};
}

}  // namespace

std::vector<std::string> tokenize_13a(std::string_view sentence) {
  const auto all = split_words(sentence);
  if (all.empty()) return {};
  // white space at the end goes first: a hyphen before it is none at a line's end
  std::string text(sentence.data(), all.back().data() + all.back().size());
  replace_all(text, "<skipped>", "");
  replace_all(text, "-\n", "");
  replace_all(text, "\n", " ");
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");
  std::string apart = " ";
  for (const char c : text) is_cut_off(c) ? apart.append({' ', c, ' '}) : apart.append({c});
  apart += ' ';
  apart = set_apart(apart, is_no_digit, is_point, false, true);
  apart = set_apart(apart, is_point, is_no_digit, true, false);
  apart = set_apart(apart, is_digit, is_dash, false, true);
  const auto words = split_words(apart);
  return {words.begin(), words.end()};
}

Bleu corpus_bleu(std::span<const std::string> hypotheses, std::span<const std::string> references,
                 const BleuOptions& options) {
  check_sentences("BLEU", hypotheses.size(), references.size());
  Bleu bleu;
  std::unordered_map<std::string, char32_t> vocabulary;
  const auto numbered = [&](const std::string& sentence) {
    std::u32string numbers;
    for (const std::string& word : words_of(sentence, options))
      numbers += vocabulary.emplace(word, static_cast<char32_t>(vocabulary.size())).first->second;
    return numbers;
  };
  std::array<NgramMatches, 4> counts{};
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    const std::u32string hypothesis = numbered(hypotheses[i]), reference = numbered(references[i]);
    bleu.hypothesis_length += std::ssize(hypothesis);
    bleu.reference_length += std::ssize(reference);
    for (std::size_t n = 0; n < counts.size(); ++n) {
      const NgramMatches found = match_ngrams(hypothesis, reference, n + 1);
      counts[n].hypothesis += found.hypothesis;
      counts[n].both += found.both;
    }
  }
  bleu.signature = concat_text("nrefs:1|case:", options.lower_case ? "lc" : "mixed",
                               "|eff:no|tok:", name_of(options.tokens), "|smooth:exp|version:heddle");
  const auto hypothesis_length = static_cast<double>(bleu.hypothesis_length),
             reference_length = static_cast<double>(bleu.reference_length);
  bleu.brevity_penalty = bleu.hypothesis_length >= bleu.reference_length ? 1
                         : bleu.hypothesis_length == 0                   ? 0
                                                       : std::exp(1 - reference_length / hypothesis_length);
  if (counts[0].both == 0) return bleu;
  double logarithms = 0, smoothed = 1;
  for (std::size_t n = 0; n < counts.size(); ++n) {
    if (counts[n].hypothesis == 0) return bleu;
    const double right = counts[n].both > 0 ? static_cast<double>(counts[n].both) : 1 / (smoothed *= 2);
    bleu.precisions[n] = 100 * right / static_cast<double>(counts[n].hypothesis);
    logarithms += std::log(bleu.precisions[n]);
  }
  bleu.score = bleu.brevity_penalty * std::exp(logarithms / 4);
  return bleu;
}

}  // namespace heddle
