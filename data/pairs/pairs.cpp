#include "data/pairs/pairs.h"

#include <algorithm>

#include "data/io/utf8.h"
#include "framework/format.h"
#include "framework/hash.h"
#include "framework/parallel.h"

namespace heddle {
namespace {

constexpr const char *kBegin = "<s>", *kEnd = "</s>";

/// Whether a side has nothing but white space.
bool is_empty(std::string_view sentence) {
  while (!sentence.empty()) {
    const CodePoint c = decode_utf8(sentence);
    if (char_class(c.value) != CharClass::space) return false;
    sentence.remove_prefix(c.length);
  }
  return true;
}

/// The pairs of a split, which are a range of all. Those with an empty side are counted in a notice, and left out where
/// they would be trained on.
SentencePairs take(SentencePairs& all, const Range& range, Split split, std::vector<std::string>& notices) {
  SentencePairs pairs;
  std::int64_t empty = 0;
  for (auto i = static_cast<std::size_t>(range.begin); i < static_cast<std::size_t>(range.end); ++i) {
    if (is_empty(all.source[i]) || is_empty(all.target[i])) {
      ++empty;
      if (split == Split::train) continue;
    }
    pairs.source.push_back(std::move(all.source[i]));
    pairs.target.push_back(std::move(all.target[i]));
  }
  if (empty > 0)
    notices.push_back(concat_text("pairs: ", empty, " of ", range.size(), " pairs of ", name_of(split),
                                  " have an empty side", split == Split::train ? " and are left out" : ""));
  return pairs;
}

/// One that learns from both sides alike; no token reaches over a sentence's end.
std::shared_ptr<const Tokenizer> joint_tokenizer(TokenizerOptions options, const SentencePairs& pairs) {
  std::string text;
  for (const auto* side : {&pairs.source, &pairs.target}) {
    for (const std::string& sentence : *side) text += sentence + kEnd;
  }
  options.specials = {kBegin, kEnd};
  return train_tokenizer(options, read_from(text));
}

}  // namespace

SentenceEnds sentence_ends(const TokenizerState& tokenizer) {
  const auto find = [&](const char* special) {
    const auto found = special_token(tokenizer, special);
    ensure(found.has_value(), "pairs: the vocabulary has no special token ", special,
           "; one for pairs has <s> and </s>: heddle tokenizer train --special '<s>' '</s>'");
    return *found;
  };
  return {find(kBegin), find(kEnd)};
}

std::vector<Tokenizer::Ids> encode_sentences(const Tokenizer& tokenizer, std::span<const std::string> sentences,
                                             index_t block_size, index_t& cut) {
  std::vector<Tokenizer::Ids> all(sentences.size());
  parallel_for(std::ssize(sentences), 64, [&](index_t begin, index_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      all[i] = tokenizer.encode(sentences[i]);
  });
  for (Tokenizer::Ids& ids : all) {
    if (block_size == 0 || std::ssize(ids) < block_size) continue;
    ids.resize(static_cast<std::size_t>(block_size - 1));
    ++cut;
  }
  return all;
}

void set_source(Batch& batch, std::vector<Tokenizer::Ids> sentences, SentenceEnds ends) {
  for (Tokenizer::Ids& sentence : sentences) sentence.push_back(ends.end);
  PaddedRows rows = side_by_side(sentences);
  batch.source = std::move(rows.tokens);
  batch.source_mask = std::move(rows.mask);
}

PairsDataset::PairsDataset(std::string name, std::array<SentencePairs, 3> pairs,
                           std::shared_ptr<const Tokenizer> tokenizer, index_t block_size)
    : name_(std::move(name)), tokenizer_(std::move(tokenizer)), ends_(sentence_ends(tokenizer_->state())) {
  ensure(block_size != 1, "pairs: a sentence of 1 token is only its end; raise model.block_size");
  state_.tokenizer = tokenizer_->state();
  for (const Split split : {Split::train, Split::val, Split::test}) {
    Part& part = parts_[static_cast<std::size_t>(split)];
    part.text = std::move(pairs[static_cast<std::size_t>(split)]);
    index_t cut = 0;
    part.source = encode_sentences(*tokenizer_, part.text.source, block_size, cut);
    part.target = encode_sentences(*tokenizer_, part.text.target, block_size, cut);
    if (cut > 0)
      notices_.push_back(concat_text("pairs: ", cut, " sentences of ", name_of(split), " were cut to ", block_size,
                                     " tokens (model.block_size)"));
  }
}

index_t PairsDataset::length(Split split, index_t place) const {
  const auto i = static_cast<std::size_t>(place);
  return 1 + std::max(std::ssize(of(split).source[i]), std::ssize(of(split).target[i]));
}

Batch PairsDataset::get(Split split, std::span<const index_t> places) const {
  const Part& part = of(split);
  std::vector<Tokenizer::Ids> sources, inputs, targets;
  for (const index_t place : places) {
    ensure(place >= 0 && place < size(split), "pairs: there is no pair ", place, " of ", size(split));
    const auto i = static_cast<std::size_t>(place);
    sources.push_back(part.source[i]);
    inputs.push_back(part.target[i]);
    inputs.back().insert(inputs.back().begin(), ends_.begin);
    targets.push_back(part.target[i]);
    targets.back().push_back(ends_.end);
  }
  Batch batch;
  set_source(batch, std::move(sources), ends_);
  PaddedRows rows = side_by_side(inputs);
  batch.inputs = std::move(rows.tokens);
  batch.mask = std::move(rows.mask);
  batch.targets = side_by_side(targets, kIgnore).tokens;
  return batch;
}

std::uint64_t PairsDataset::fingerprint() const {
  std::uint64_t hash = fnv1a("");
  for (const Part& part : parts_) {
    for (const auto* side : {&part.text.source, &part.text.target}) {
      for (const std::string& sentence : *side) hash = fnv1a(sentence + '\n', hash);
    }
  }
  return hash;
}

std::string PairsDataset::describe() const {
  return concat_text(name_, ", sentence pairs, ", human_count(static_cast<double>(tokenizer_->vocab_size())),
                     " tokens in the vocabulary; ",
                     describe_splits(size(Split::train), size(Split::val), size(Split::test)));
}

const std::string& PairsDataset::source_text(Split split, index_t place) const {
  return of(split).text.source[static_cast<std::size_t>(place)];
}
const std::string& PairsDataset::target_text(Split split, index_t place) const {
  return of(split).text.target[static_cast<std::size_t>(place)];
}

std::vector<Key> PairsConfig::keys() {
  std::vector<Key> all = {
      {"source", source,
       "the side to be translated: a language, as de, where path names the files PATH.de (or .de.gz, .de.zst), line by "
       "line, or a folder of such; or the number of a column, from 1, where path is a table with tabs between"},
      {"target", target, "the side to translate into, in the same way: the language of other files, or another column"},
  };
  for (Key& key : tokenizer.keys({"bpe"})) all.push_back(std::move(key));
  return all;
}

std::unique_ptr<Dataset> PairsConfig::load(const LoadOptions& options) const {
  const PairFiles reader(source, target);
  std::vector<std::string> notices;
  const auto files = split.files("pairs", notices, [&](const auto& paths, const char* what, auto& left_out) {
    return reader.list(paths, what, left_out);
  });
  SentencePairs all;
  std::array<std::int64_t, 3> counts{};
  for (std::size_t part = 0; part < files.size(); ++part) {
    const std::int64_t before = std::ssize(all.source);
    for (const std::string& path : files[part]) reader.read(path, all);
    counts[part] = std::ssize(all.source) - before;
  }
  const Ranges ranges = split.ranges(counts);
  std::array<SentencePairs, 3> pairs;
  Ranges taken;
  for (const Split part : {Split::train, Split::val, Split::test}) {
    const auto number = static_cast<std::size_t>(part);
    pairs[number] = take(all, ranges[number], part, notices);
    taken[number].end = std::ssize(pairs[number].source);
  }
  split.ensure_examples(taken, "pairs");
  auto used = given_tokenizer(tokenizer, options, notices);
  if (!used) used = joint_tokenizer(tokenizer, pairs[0]);
  auto dataset = std::make_unique<PairsDataset>(split.name(), std::move(pairs), std::move(used), options.block_size);
  dataset->notices_.insert(dataset->notices_.begin(), notices.begin(), notices.end());
  return dataset;
}

}  // namespace heddle
