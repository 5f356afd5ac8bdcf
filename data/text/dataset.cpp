#include "data/text/dataset.h"

#include <cmath>
#include <limits>
#include <optional>

#include "data/io/utf8.h"
#include "data/text/text_source.h"
#include "data/text/token_file.h"
#include "data/tokenizer/split/splitter.h"
#include "framework/format.h"
#include "framework/hash.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// A text that can be read from its beginning as often as needed; it tells `progress` how far that is.
class Text {
 public:
  Text(const std::vector<std::string>& files, const TextConfig& config, const LoadOptions& options,
       const std::string& tokenizer)
      : source_(files, config.size, options.seed, config.between()), progress_(options.progress) {
    ensure(source_.size() > 0, "text: ", files[0], " is empty; give a file with text");
    if (tokenizer != "byte" && tokenizer != "bpe") source_.refuse_nul();
  }
  std::uint64_t size() const { return source_.size(); }
  std::string place(std::uint64_t at) const { return source_.place(at); }
  std::vector<std::string> notices() const { return source_.notices(); }
  /// Its first `limit` bytes, read for the `purpose` that is shown.
  ReadBlock reader(const char* purpose, std::uint64_t limit) {
    source_.rewind();
    return [this, purpose, limit, left = limit](std::string& text, std::size_t count) mutable {
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(count, left));
      left -= part;
      if (progress_) progress_(purpose, limit - left, limit);
      return source_.read(text, part) && left > 0;
    };
  }
  ReadBlock reader(const char* purpose) { return reader(purpose, size()); }

 private:
  TextSource source_;
  const Progress& progress_;
};

std::uint64_t hash_of(Text& text) {
  std::uint64_t hash = fnv1a("");
  std::string block;
  const ReadBlock read = text.reader("comparing the text");
  for (bool more = true; more; block.clear()) {
    more = read(block, std::size_t{8} << 20U);
    hash = fnv1a(block, hash);
  }
  return hash;
}

/// Errors: a byte that is not UTF-8, as the user finds it.
void check_utf8(Text& text) {
  std::string block;
  std::uint64_t begin = 0;
  const ReadBlock read = text.reader("checking the text");
  for (bool more = true; more;) {
    more = read(block, std::size_t{8} << 20U);
    const std::size_t invalid = find_invalid_utf8(block);
    const bool cut_off = more && invalid != block.npos && invalid + 4 > block.size();  // the block ends in a character
    ensure(invalid == block.npos || cut_off, "text: ", invalid == block.npos ? "" : text.place(begin + invalid),
           " is not UTF-8; convert the text, or use data.tokenizer = byte or bpe");
    const std::size_t done = std::min(invalid, block.size());
    block.erase(0, done);
    begin += done;
  }
}

/// The names of the files that keep tokens: of path, and of a split that has files of its own.

/// The tokens that were kept in `file`, if they are of this text and tokenizer.
std::optional<TokenText> kept_tokens(Text& text, const Tokenizer& tokenizer, const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error)) return {};
  try {
    TokenText known = load_tokens(file);
    if (known.text_hash == hash_of(text) && known.tokenizer == tokenizer.state()) return known;
  } catch (const Error&) {  // damaged: it is only a copy of what can be made again
  }
  return {};
}

/// Where tokens are collected that `cache` will hold: it, or what is there already of the way to it.
fs::path scratch_folder(const fs::path& cache) {
  if (cache.empty()) return {};
  std::error_code error;
  fs::path folder = fs::absolute(cache, error);
  while (!fs::is_directory(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

/// What the parts of a text know of each other while they are loaded.
struct Loading {
  const TextConfig& config;
  const LoadOptions& options;
  std::array<std::vector<std::string>, 3> files{};  ///< of each split
  std::shared_ptr<const Tokenizer> tokenizer{};
  std::vector<std::string> notices{};
  std::string held_out{};  ///< what validates

  /// Says which text validates. Where that is a share of a text its place is that of as large a share of the bytes.
  void note_held_out(const Text& text) {
    if (config.split.whole) return;
    if (config.split.apart(Split::val)) {
      held_out = concat_text("; what validates is ", files[1][0],
                             files[1].size() > 1 ? concat_text(" and ", files[1].size() - 1, " more") : "");
    } else if (!files[0][0].starts_with("builtin:")) {
      const double share = config.split.training_share();
      held_out = concat_text("; what validates begins at about ",
                             text.place(static_cast<std::uint64_t>(static_cast<double>(text.size()) * share)));
    }
  }

  /// One that learns from the files of text.
  std::shared_ptr<const Tokenizer> trained_tokenizer() const {
    std::vector<std::string> learned_from = files[0];
    double share = 1;
    if (needs_whole_text(config.tokenizer.kind)) {
      for (const std::size_t other : {1UL, 2UL})
        learned_from.insert(learned_from.end(), files[other].begin(), files[other].end());
    } else {
      share = config.split.training_share();
    }
    Text text(learned_from, config, options, config.tokenizer.kind);
    const auto bytes = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(text.size()) * share));
    return train_tokenizer(config.tokenizer, text.reader("learning tokens", bytes));
  }

  /// Tells how much of a text is outside the vocabulary.
  void note_unknown(const std::string& name, const TokenText& text) {
    const auto unknown = tokenizer->unknown();
    if (!unknown) return;
    const std::string advice =
        options.known != nullptr || options.start != nullptr
            ? "is it in the language that the vocabulary was learned from?"
            : concat_text(
                  "the model sees one and the same token there: raise data.vocab_size = ", config.tokenizer.vocab_size,
                  " or lower data.min_count = ", config.tokenizer.min_count, "; data.tokenizer = bpe knows every text");
    std::string notice =
        unknown_notice("text: " + name, static_cast<double>(text.frequencies[static_cast<std::size_t>(*unknown)]),
                       static_cast<double>(text.tokens.count), advice);
    if (!notice.empty()) notices.push_back(std::move(notice));
  }

  /// The tokens of a split's files; `kept` tells whether they lie in the cache.
  TokenText load(std::size_t split, bool& kept) {
    const std::vector<std::string>& of = files[split];
    if (of.size() == 1 && is_hdf5(of[0])) {
      TokenText text = load_tokens(of[0]);
      if (!tokenizer) {
        tokenizer = make_tokenizer(text.tokenizer);
        config.tokenizer.note_other_kind(*tokenizer, of[0] + " holds", notices);
      }
      ensure(tokenizer->state() == text.tokenizer, "data.path: ", of[0], " was encoded with another tokenizer than ",
             split == 0 ? "the model's" : "the training part", "; encode the text with heddle tokenizer encode RUN");
      kept = true;
      note_unknown(of[0], text);
      return text;
    }
    if (!tokenizer) tokenizer = given_tokenizer(config.tokenizer, options, notices);
    const std::string& kind = tokenizer ? tokenizer->state().kind : config.tokenizer.kind;
    Text text(of, config, options, kind);
    if (kind == "char" || kind == "word" || kind == "letters") check_utf8(text);
    if (!tokenizer) tokenizer = trained_tokenizer();
    const fs::path cache = options.cache.empty() ? fs::path() : options.cache / kTokenCache[split];
    std::optional<TokenText> known = kept_tokens(text, *tokenizer, cache);
    kept = known.has_value();
    try {
      if (!known)
        known = encode_text(*tokenizer, text.reader("encoding"), Specials::allowed, scratch_folder(options.cache));
    } catch (const Error& e) {
      if (std::string_view(e.what()).starts_with("text: ")) throw;  // of reading, which names the file
      throw Error("text: " + of[0] + ": " + e.what());
    }
    for (std::string& notice : text.notices()) notices.push_back(std::move(notice));
    if (split == 0) note_held_out(text);
    note_unknown(of[0], *known);
    return std::move(*known);
  }
};

}  // namespace

std::vector<Key> TextConfig::keys() {
  std::vector<Key> all = tokenizer.keys();
  all.emplace(all.begin(), "size", size, "characters of built-in text", 1000, std::int64_t{1} << 32);
  all.emplace(all.begin(), "separator", separator,
              "what stands between files: line: a line end, where a file lacks it; none; or a text, as <|endoftext|>, "
              "one token where data.special_tokens names it");
  all.push_back(tokenizer.special_tokens_key());
  return all;
}

Separator TextConfig::between() const {
  return separator == "line" ? Separator() : Separator(separator == "none" ? "" : separator);
}

std::unique_ptr<Dataset> TextConfig::load(const LoadOptions& options) const {
  Loading loading{*this, options};
  loading.files = split.files("text", loading.notices, list_texts);
  if (options.known != nullptr) loading.tokenizer = given_tokenizer(tokenizer, options, loading.notices);
  std::array<TokenText, 3> texts;
  std::array<bool, 3> kept{true, true, true};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!loading.files[i].empty()) texts[i] = loading.load(i, kept[i]);
  }
  auto dataset = std::make_unique<TextDataset>(split, loading.tokenizer, std::move(texts), options.block_size);
  dataset->kept_ = kept;
  dataset->notices_ = loading.notices;
  dataset->held_out_ = loading.held_out;
  return dataset;
}

TextDataset::TextDataset(const SplitConfig& split, std::shared_ptr<const Tokenizer> tokenizer,
                         std::array<TokenText, 3> texts, index_t block_size)
    : name_(split.name()), tokenizer_(std::move(tokenizer)), texts_(std::move(texts)), block_size_(block_size) {
  state_.tokenizer = tokenizer_->state();
  const Tokens all(texts_[0].tokens);
  const Ranges ranges = split.shares(static_cast<std::int64_t>(all.size()));
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    parts_[i] = i > 0 && split.apart(static_cast<Split>(i))
                    ? Tokens(texts_[i].tokens)
                    : all.part(static_cast<std::size_t>(ranges[i].begin), static_cast<std::size_t>(ranges[i].end));
  }
  if (split.whole) {
    ensure_filled(Split::test, static_cast<std::int64_t>(all.size()), 2, name_, " tokens, needs at least 2; give more");
    return;
  }
  for (const Split part : {Split::train, Split::val, Split::test}) {
    if (part == Split::test && tokens(part).size() == 0) continue;
    ensure_filled(part, static_cast<std::int64_t>(tokens(part).size()), block_size + 1, name_,
                  concat_text(" tokens, needs at least ", block_size + 1,
                              " (model.block_size + 1); give more text or a smaller model.block_size"));
  }
}

index_t TextDataset::size(Split split) const {
  ensure(block_size_ > 0, "text: an example of ", block_size_, " tokens is none; give LoadOptions::block_size");
  const auto predictions = static_cast<index_t>(tokens(split).size()) - 1;
  return predictions <= 0 ? 0 : (predictions + block_size_ - 1) / block_size_;
}

index_t TextDataset::places(Split split) const {
  return std::max<index_t>(0, static_cast<index_t>(tokens(split).size()) - block_size_);
}

Batch TextDataset::get(Split split, std::span<const index_t> places) const {
  const Tokens& all = tokens(split);
  const auto rows = static_cast<index_t>(places.size()), last = static_cast<index_t>(all.size()) - 1;
  Batch batch;
  batch.inputs = batch.targets = IdTensor({rows, block_size_});
  std::fill_n(batch.targets.data(), batch.targets.numel(), kIgnore);
  for (index_t row = 0; row < rows; ++row) {
    const index_t begin = places[static_cast<std::size_t>(row)];
    ensure(begin >= 0 && begin < last, "text: no window begins at token ", begin, " of ", all.size());
    const auto from = static_cast<std::size_t>(begin),
               count = static_cast<std::size_t>(std::min(block_size_, last - begin));
    all.copy(from, count, batch.inputs.data() + row * block_size_);
    all.copy(from + 1, count, batch.targets.data() + row * block_size_);
  }
  return batch;
}

std::uint64_t TextDataset::fingerprint() const {
  std::uint64_t hash = texts_[0].text_hash;
  for (const std::size_t i : {1UL, 2UL}) {
    const std::uint64_t other = texts_[i].text_hash;
    if (texts_[i].tokens.count > 0) hash = fnv1a({reinterpret_cast<const char*>(&other), sizeof(other)}, hash);
  }
  return hash;
}

std::string TextDataset::describe() const {
  const auto count = [&](Split split) { return static_cast<std::int64_t>(tokens(split).size()); };
  const std::string pattern = state_.tokenizer.kind == "bpe" ? " (" + pattern_summary(state_.tokenizer) + ")" : "";
  return concat_text(name_, ", ", state_.tokenizer.kind, " tokenizer", pattern, ", ",
                     human_count(static_cast<double>(tokenizer_->vocab_size())), " tokens in the vocabulary; ",
                     describe_splits(count(Split::train), count(Split::val), count(Split::test)), held_out_);
}

void TextDataset::keep_in(const fs::path& folder) {
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    if (!kept_[i]) save_tokens(folder / kTokenCache[i], texts_[i]);
    kept_[i] = true;
  }
}

TextSize TextDataset::text_size(Split split) const {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  if (!tokenizer_->lossless()) return {kUnknown, kUnknown};
  std::vector<std::pair<double, double>> sizes;  // characters and bytes of each token
  for (const std::string& piece : state_.tokenizer.pieces) {
    sizes.emplace_back(count_code_points(piece), piece.size());
  }
  TextSize size;
  const Tokens& all = tokens(split);
  for (std::size_t i = 0; i < all.size(); ++i) {
    size.characters += sizes[static_cast<std::size_t>(all[i])].first;
    size.bytes += sizes[static_cast<std::size_t>(all[i])].second;
  }
  return size;
}

}  // namespace heddle
