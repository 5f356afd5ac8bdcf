#include "data/labels/labelled_text.h"

#include <algorithm>

#include "data/classes.h"
#include "data/io/columns.h"
#include "data/io/utf8.h"
#include "framework/format.h"
#include "framework/hash.h"
#include "framework/parallel.h"

namespace heddle {
namespace {

constexpr const char* kKind = "labelled_text";
bool is_blank(const std::string& text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

std::int32_t special_id(const TokenizerState& tokenizer, const char* token) {
  const auto id = special_token(tokenizer, token);
  ensure(id.has_value(), kKind, ": the vocabulary has no special token ", token,
         "; set data.special_tokens = [CLS], [SEP], [MASK] where it is trained");
  return *id;
}

/// Cuts texts so that together they have at most `most` tokens; true if it had to.
bool cut(std::vector<Tokenizer::Ids>& texts, index_t most) {
  index_t all = 0;
  for (const auto& ids : texts) all += std::ssize(ids);
  if (all <= most) return false;
  for (; all > most; --all) {
    const auto shorter = [](const auto& a, const auto& b) { return a.size() < b.size(); };
    std::max_element(texts.rbegin(), texts.rend(), shorter)->pop_back();  // of equally long ones the second
  }
  return true;
}

/// Errors: a number of columns that texts do not stand in.
void check_columns(const LabelledTextConfig& config) {
  ensure(config.text.size() == 1 || config.text.size() == 2, "data.text: names ", config.text.size(),
         " columns; give one, or two for pairs of texts, as 1, 2");
}

/// Errors: a text that is none; `place` says where it stands.
void check_text(const std::string& text, const std::string& place) {
  ensure(find_invalid_utf8(text) == text.npos && text.find('\0') == text.npos, kKind, ": ", place,
         " is not UTF-8, or holds NUL; convert the file, as with iconv -f latin1 -t utf-8");
}

/// Adds the rows of a file, those without a class as of class "".
void read_texts(const LabelledTextConfig& config, const std::string& path, bool with_class, LabelledTexts& all) {
  std::vector<std::string> header;
  std::vector<std::size_t> texts;
  std::size_t columns = 0, label = 0;
  for_rows(path, kKind, [&](const std::vector<std::string>& cells, const std::string& place) {
    if (columns == 0) {
      columns = cells.size();
      if (config.header) header = cells;
      for (const std::string& column : config.text)
        texts.push_back(find_column(column, header, columns, concat_text(kKind, ": ", place), "data.text"));
      if (with_class) label = find_column(config.label, header, columns, concat_text(kKind, ": ", place), "data.label");
      if (config.header) return;
    }
    ensure(cells.size() == columns, kKind, ": ", place, " has ", cells.size(), " columns, the first row ", columns);
    std::vector<std::string>& row = all.texts.emplace_back();
    for (const std::size_t column : texts) {
      const std::string& text = cells[column];
      ensure(!is_blank(text), kKind, ": ", place, " has no text in column ", column + 1, "; fill it in, or remove the ",
             "row");
      check_text(text, place);
      row.push_back(text);
    }
    ensure(!with_class || !is_blank(cells[label]), kKind, ": ", place, " has no class in column ", label + 1);
    all.classes.push_back(with_class ? cells[label] : "");
  });
}

/// One that learns from the texts of a range of examples; no token reaches over a text's end.
std::shared_ptr<const Tokenizer> tokenizer_for(const TokenizerConfig& config, const LabelledTexts& texts,
                                               const Range& range) {
  std::string all;
  for (std::int64_t i = range.begin; i < range.end; ++i) {
    for (const std::string& text : texts.texts[static_cast<std::size_t>(i)]) all += text + kSeparatorToken;
  }
  return train_tokenizer(config, read_from(all));
}

}  // namespace

LabelledTextDataset::LabelledTextDataset(std::string name, LabelledTexts texts, std::vector<std::int32_t> classes,
                                         const Ranges& ranges, std::vector<std::string> labels,
                                         std::shared_ptr<const Tokenizer> tokenizer, index_t block_size)
    : name_(std::move(name)), texts_(std::move(texts)), classes_(std::move(classes)), ranges_(ranges) {
  state_.tokenizer = tokenizer->state();
  state_.labels = std::move(labels);
  encode(*tokenizer, block_size);
}

void LabelledTextDataset::encode(const Tokenizer& tokenizer, index_t block_size) {
  const std::int32_t first = special_id(state_.tokenizer, kClassToken),
                     end = special_id(state_.tokenizer, kSeparatorToken);
  examples_.resize(classes_.size());
  std::vector<char> was_cut(classes_.size());
  parallel_for(std::ssize(examples_), 64, [&](index_t from, index_t to) {
    for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i) {
      std::vector<Tokenizer::Ids> texts;
      for (const std::string& text : texts_.texts[i]) texts.push_back(tokenizer.encode(text));
      const index_t room = block_size - 1 - std::ssize(texts);
      ensure(block_size == 0 || room > 0, kKind, ": model.block_size = ", block_size, " has no room for text between ",
             kClassToken, " and ", kSeparatorToken, "; raise it");
      if (block_size > 0) was_cut[i] = cut(texts, room) ? 1 : 0;
      Tokenizer::Ids& ids = examples_[i].tokens;
      ids.push_back(first);
      for (const auto& text : texts) {
        ids.insert(ids.end(), text.begin(), text.end());
        ids.push_back(end);
        if (examples_[i].second == 0) examples_[i].second = ids.size();
      }
    }
  });
  double unknown = 0, all = 0;
  for (const Example& example : examples_) {
    all += static_cast<double>(example.tokens.size());
    if (const auto id = tokenizer.unknown())
      unknown += static_cast<double>(std::count(example.tokens.begin(), example.tokens.end(), *id));
  }
  if (std::string notice = unknown_notice(kKind, unknown, all,
                                          "the model sees one and the same token there; take more words into the "
                                          "vocabulary (data.vocab_size, data.min_count), or data.tokenizer = bpe");
      !notice.empty())
    notices_.push_back(std::move(notice));
  for (const Split split : {Split::train, Split::val, Split::test}) {
    const auto begin = was_cut.begin() + range(split).begin;
    const auto count = std::count(begin, begin + range(split).size(), 1);
    if (count > 0)
      notices_.push_back(concat_text(kKind, ": ", count, " of ", size(split), " texts",
                                     size(split) == std::ssize(classes_) ? "" : concat_text(" to ", name_of(split)),
                                     " are longer than model.block_size = ", block_size, " tokens and were cut"));
  }
}

std::size_t LabelledTextDataset::at(Split split, index_t place) const {
  ensure(place >= 0 && place < size(split), kKind, ": there is no example ", place, " of ", size(split));
  return static_cast<std::size_t>(range(split).begin + place);
}

Batch LabelledTextDataset::get(Split split, std::span<const index_t> places) const {
  std::vector<Tokenizer::Ids> tokens, segments;
  Batch batch;
  batch.targets = IdTensor({std::ssize(places)});
  for (const index_t place : places) {
    const Example& example = examples_[at(split, place)];
    batch.targets[std::ssize(tokens)] = class_of(split, place);
    tokens.push_back(example.tokens);
    Tokenizer::Ids& parts = segments.emplace_back(example.tokens.size());
    std::fill(parts.begin() + static_cast<std::ptrdiff_t>(example.second), parts.end(), 1);
  }
  PaddedRows rows = side_by_side(tokens);
  batch.inputs = std::move(rows.tokens);
  batch.mask = std::move(rows.mask);
  batch.segments = side_by_side(segments).tokens;
  return batch;
}

std::uint64_t LabelledTextDataset::fingerprint() const {
  std::uint64_t hash = fnv1a("");
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    for (const std::string& text : texts_.texts[i]) hash = fnv1a(text + '\n', hash);
    hash = fnv1a(texts_.classes[i] + '\n', hash);
  }
  return hash;
}

std::string LabelledTextDataset::describe() const {
  return concat_text(name_, ", texts of ", state_.labels.size(), " classes, ", state_.tokenizer.kind, " tokenizer, ",
                     human_count(static_cast<double>(state_.tokenizer.pieces.size())), " tokens in the vocabulary; ",
                     describe_splits(size(Split::train), size(Split::val), size(Split::test)));
}

std::vector<Key> LabelledTextConfig::keys() {
  std::vector<Key> all = {
      Key("text", text, "column of the text: its name, or its number from 1; or two, as 1, 2, for pairs of texts")
          .separated(),
      {"label", label, "column of the class: its name, or its number from 1"},
      {"header", header, "the first line of each file names the columns"},
  };
  for (Key& key : tokenizer.keys()) all.push_back(std::move(key));
  all.push_back(tokenizer.special_tokens_key());
  return all;
}

std::unique_ptr<Dataset> LabelledTextConfig::load(const LoadOptions& options) const {
  check_columns(*this);
  LabelledTexts all;
  std::array<std::int64_t, 3> counts{};
  std::vector<std::string> notices;
  const auto files = split.files(kKind, notices);
  for (std::size_t part = 0; part < files.size(); ++part) {
    const std::int64_t before = all.count();
    for (const std::string& path : files[part]) read_texts(*this, path, true, all);
    counts[part] = all.count() - before;
  }
  const Ranges ranges = split.ranges(counts);
  split.ensure_examples(ranges, "texts");
  Classes classes = number_classes(all.classes, ranges, options.known, kKind, split.name());
  auto used = given_tokenizer(tokenizer, options, notices);
  if (!used) used = tokenizer_for(tokenizer, all, needs_whole_text(tokenizer.kind) ? Range{0, all.count()} : ranges[0]);
  auto dataset =
      std::make_unique<LabelledTextDataset>(split.name(), std::move(all), std::move(classes.of_example), ranges,
                                            std::move(classes.names), std::move(used), options.block_size);
  dataset->notices_.insert(dataset->notices_.begin(), notices.begin(), notices.end());
  return dataset;
}

Examples LabelledTextConfig::examples(const std::vector<std::string>& files, const std::vector<std::string>& texts,
                                      const LoadOptions& options) const {
  check_columns(*this);
  LabelledTexts all;
  std::vector<std::string> names, notices;
  if (!files.empty()) {
    for (const std::string& path : list_files(files, kKind, notices)) {
      const std::int64_t before = all.count();
      read_texts(*this, path, false, all);
      ensure(all.count() > before, kKind, ": ", path, " holds no text");
    }
  }
  ensure(texts.empty() || text.size() == 1, kKind, ": the model was trained on pairs of texts (data.text); give files ",
         "with two columns");
  for (const std::string& one : texts) {
    ensure(!is_blank(one), kKind, ": the text is empty");
    check_text(one, "the text");
    all.texts.push_back({one});
    all.classes.emplace_back();
  }
  for (const auto& row : all.texts) names.push_back(row.size() == 1 ? row[0] : row[0] + '\t' + row[1]);
  const auto tokenizer_used = given_tokenizer(tokenizer, options, notices);
  const Ranges ranges = all_for_test(all.count());
  std::vector<std::int32_t> classes(names.size());
  auto dataset = std::make_unique<LabelledTextDataset>("predict", std::move(all), std::move(classes), ranges,
                                                       options.known->labels, tokenizer_used, options.block_size);
  dataset->notices_.insert(dataset->notices_.begin(), notices.begin(), notices.end());
  return {std::move(names), std::move(dataset)};
}

}  // namespace heddle
