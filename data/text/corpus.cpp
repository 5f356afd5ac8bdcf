#include "data/text/corpus.h"

#include <cmath>
#include <limits>
#include <optional>

#include "data/text/text_source.h"
#include "data/text/token_file.h"
#include "data/tokenizer/file.h"
#include "data/tokenizer/pretokenizer.h"
#include "data/utf8.h"
#include "framework/hash.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// A text that can be read from its beginning as often as needed; it tells `progress` how far that is.
class Text {
 public:
  Text(const DataConfig& config, std::uint64_t seed, const Progress& progress)
      : source_({config.path}, config.size, seed), progress_(progress) {
    ensure(source_.size() > 0, "text: ", config.path, " is empty; give a file with text");
  }
  std::uint64_t size() const { return source_.size(); }
  std::string place(std::uint64_t at) const { return source_.place(at); }
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

std::shared_ptr<const Tokenizer> tokenizer_for(const DataConfig& config, Text& text) {
  if (!config.tokenizer_file.empty()) {
    ensure(config.tokenizer == "bpe", "data.tokenizer_file: it holds byte-pair encoding; set data.tokenizer = bpe");
    return make_tokenizer(read_tokenizer(config.tokenizer_file, config.pattern));
  }
  const double share = needs_whole_text(config.tokenizer) ? 1 : 1 - config.val_fraction;
  TokenizerOptions options;
  options.kind = config.tokenizer;
  options.vocab_size = config.vocab_size;
  options.pattern = config.pattern;
  options.min_count = config.min_count;
  const auto bytes = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(text.size()) * share));
  return train_tokenizer(options, text.reader("learning tokens", bytes));
}

constexpr const char* kCache = "tokens.h5";

/// The tokens that were kept in `cache`, if they are of this text and tokenizer.
std::optional<TokenText> kept_tokens(Text& text, const Tokenizer& tokenizer, const fs::path& cache) {
  std::error_code error;
  if (cache.empty() || !fs::exists(cache / kCache, error)) return {};
  try {
    TokenText known = load_tokens(cache / kCache);
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

}  // namespace

std::vector<Key> DataConfig::keys() {
  return {
      {"kind", kind, "what the data is", {"text"}},
      {"path", path, "a text file, a folder of them, a token file, or builtin:kingdom"},
      {"size", size, "characters of a built-in corpus", 1000, std::int64_t{1} << 32},
      {"tokenizer", tokenizer, "how text becomes tokens", tokenizer_kinds()},
      {"tokenizer_file", tokenizer_file, "bpe: the vocabulary to use; none: one is trained on the text"},
      {"vocab_size", vocab_size, "bpe, word, letters: most tokens of a trained vocabulary", 1,
       static_cast<std::int64_t>(kMaxVocabulary)},
      {"pattern", pattern, "bpe: how text is cut before merging", pattern_names()},
      {"min_count", min_count, "bpe: rarer pairs are not merged; word, letters: rarer words are <unk>", 1},
      {"val_fraction", val_fraction, "share of the tokens, the last ones, that validates", 0.0001, 0.9},
  };
}

double Corpus::bits_per_character(double nats_per_token) const {
  return nats_per_token / std::log(2.0) * static_cast<double>(val.size()) / val_characters;
}
double Corpus::bits_per_byte(double nats_per_token) const {
  return nats_per_token / std::log(2.0) * static_cast<double>(val.size()) / val_bytes;
}

void Corpus::keep_in(const fs::path& folder) {
  if (!kept) save_tokens(folder / kCache, text);
  kept = true;
}

Corpus load_corpus(const DataConfig& config, std::uint64_t seed, std::int64_t block_size,
                   std::shared_ptr<const Tokenizer> tokenizer, const fs::path& cache, const Progress& progress) {
  Corpus corpus;
  TokenText& text = corpus.text;
  if (is_hdf5(config.path)) {
    text = load_tokens(config.path);
    ensure(!tokenizer || tokenizer->state() == text.tokenizer, "data.path: ", config.path,
           " was encoded with another tokenizer than the model's; encode the text with heddle tokenizer encode RUN");
    corpus.tokenizer = tokenizer ? std::move(tokenizer) : make_tokenizer(text.tokenizer);
  } else {
    ensure(!tokenizer || tokenizer->state().kind == config.tokenizer, "data.tokenizer = ", config.tokenizer,
           ": the model was trained with ", tokenizer ? tokenizer->state().kind : "", "; leave it so");
    Text source(config, seed, progress);
    if (config.tokenizer == "char") check_utf8(source);
    corpus.tokenizer = tokenizer ? std::move(tokenizer) : tokenizer_for(config, source);
    std::optional<TokenText> known = kept_tokens(source, *corpus.tokenizer, cache);
    corpus.kept = known.has_value();
    try {
      text = known
                 ? std::move(*known)
                 : encode_text(*corpus.tokenizer, source.reader("encoding"), Specials::allowed, scratch_folder(cache));
    } catch (const Error& e) {
      throw Error("text: " + config.path + ": " + e.what());
    }
  }
  corpus.text_hash = text.text_hash;
  const Tokens all(text.tokens);
  const auto cut = static_cast<std::size_t>(static_cast<double>(all.size()) * (1 - config.val_fraction));
  corpus.train = all.part(0, cut);
  corpus.val = all.part(cut, all.size());
  const auto check = [&](const char* part, const Tokens& tokens) {
    ensure(static_cast<std::int64_t>(tokens.size()) > block_size, "data.path: ", config.path, ": the ", part,
           " part has ", tokens.size(), " tokens, needs at least ", block_size + 1,
           " (model.block_size + 1); give more text or a smaller model.block_size");
  };
  check("training", corpus.train);
  check("validation", corpus.val);

  if (!corpus.tokenizer->lossless()) {
    corpus.val_bytes = corpus.val_characters = std::numeric_limits<double>::quiet_NaN();
    return corpus;
  }
  std::vector<std::pair<double, double>> sizes;  // characters and bytes of each token
  for (const std::string& piece : text.tokenizer.pieces) {
    const auto begins = std::count_if(piece.begin(), piece.end(),
                                      [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    sizes.emplace_back(begins, piece.size());
  }
  for (std::size_t i = 0; i < corpus.val.size(); ++i) {
    corpus.val_characters += sizes[static_cast<std::size_t>(corpus.val[i])].first;
    corpus.val_bytes += sizes[static_cast<std::size_t>(corpus.val[i])].second;
  }
  return corpus;
}

}  // namespace heddle
