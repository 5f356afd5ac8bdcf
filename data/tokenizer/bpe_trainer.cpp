#include "data/tokenizer/bpe_trainer.h"

#include <algorithm>
#include <bit>
#include <queue>

#include "data/tokenizer/hash_table.h"
#include "data/tokenizer/special_tokens.h"
#include "framework/parallel.h"

namespace heddle {
namespace {

using Token = std::uint32_t;

/// Different pieces of text and how often each was seen.
class PieceCounts {
 public:
  void add(std::string_view piece, std::int64_t count = 1) {
    const std::uint64_t hash = hash_bytes(piece);
    std::uint32_t number = table_.find(hash, [&](std::uint32_t n) { return (*this)[n] == piece; });
    if (number == HashTable::kNone) {
      number = static_cast<std::uint32_t>(counts_.size());
      ensure(counts_.size() + 1 < HashTable::kNone, "bpe: more than 2^32 different pieces of text");
      bytes_ += piece;
      ends_.push_back(bytes_.size());
      counts_.push_back(0);
      table_.insert(hash, number, [&](std::uint32_t n) { return hash_bytes((*this)[n]); });
    }
    counts_[number] += count;
  }
  void add(const PieceCounts& other) {
    for (std::uint32_t n = 0; n < other.size(); ++n) add(other[n], other.count(n));
  }

  std::size_t size() const { return counts_.size(); }
  std::size_t bytes() const { return bytes_.size(); }
  std::int64_t count(std::uint32_t n) const { return counts_[n]; }
  std::string_view operator[](std::uint32_t n) const {
    const std::size_t begin = n == 0 ? 0 : ends_[n - 1];
    return std::string_view(bytes_).substr(begin, ends_[n] - begin);
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
  std::vector<std::int64_t> counts_;
  HashTable table_;
};

/// The text's pieces; the parts of each block are counted side by side.
PieceCounts count_text(const ReadBlock& read, const BpeOptions& options, const SpecialTokens& specials,
                       const std::function<void(const BpeProgress&)>& watch) {
  std::vector<PieceCounts> counts(static_cast<std::size_t>(threads()));
  const auto find_cut_here = [&](std::string_view text, std::size_t from, std::size_t to) {
    return find_cut(options.pattern, specials, text, from, to);
  };
  for_blocks(read, specials.longest() + 4, find_cut_here,
             [&](std::string_view text, const std::vector<std::size_t>& ends, std::uint64_t begin) {
               parallel_for(static_cast<index_t>(ends.size()), 1, [&](index_t first, index_t last) {
                 for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
                   const std::size_t at = i == 0 ? 0 : ends[i - 1];
                   split(
                       options.pattern, specials, text.substr(at, ends[i] - at),
                       [&](std::string_view piece) { counts[static_cast<std::size_t>(thread_index())].add(piece); },
                       [](std::int32_t) {});
                 }
               });
               watch({begin + text.size(), 0, 0});
             });
  for (std::size_t i = 1; i < counts.size(); ++i) {
    counts[0].add(counts[i]);
    counts[i] = {};
  }
  return std::move(counts[0]);
}

/// The merging: all different pieces stand in one array, a token's number at the place of its first byte and of its
/// last, so neighbours are found without links. For each pair of tokens the places where it begins are kept, so that a
/// merge touches what it changes and nothing else; places that became stale are seen as such when they are visited.
class Merger {
 public:
  /// `watch` is called after every so much work, of which one merge may be more or less.
  Merger(PieceCounts counts, const BpeOptions& options, const std::function<void(std::size_t tokens)>& watch)
      : options_(options), watch_(watch) {
    for (int byte = 0; byte < 256; ++byte) add_token(std::string(1, static_cast<char>(byte)));
    lay_out(counts);
    counts = {};
    for (std::size_t place = 1; place + 1 < slots_.size(); ++place) {
      note_work(1);
      if (slots_[place] == kBreak || slots_[place + 1] == kBreak) continue;
      add(slots_[place], slots_[place + 1], place, count_at(place));
    }
    for (std::uint32_t pair = 0; pair < pairs_.size(); ++pair) offer(pair);
  }

  std::size_t tokens() const { return pieces_.size(); }

  /// Merges the best pair. False if none is left that is frequent enough.
  bool step() {
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      const std::int64_t count = pairs_[best.pair].count;
      if (count == best.count) {
        note_work((std::size_t{1} << 14U) + pairs_[best.pair].places.size());
        merge(best.pair);
        return true;
      }
      if (count < best.count) offer(best.pair);  // a larger count was offered when it arose
    }
    return false;
  }

  std::vector<std::string> take_pieces() { return std::move(pieces_); }
  std::vector<std::int32_t> take_merges() { return std::move(merges_); }

 private:
  static constexpr Token kBreak = 0xffffffffU, kInside = 0xfffffffeU;

  struct Pair {
    Token left, right;
    std::int64_t count = 0;
    std::vector<std::uint32_t> places;  ///< where it begins or once began
  };
  struct Candidate {
    std::int64_t count;
    std::uint32_t pair;
  };
  struct Worse {
    const Merger* merger;
    bool operator()(const Candidate& a, const Candidate& b) const {
      if (a.count != b.count) return a.count < b.count;
      const Pair &p = merger->pairs_[a.pair], &q = merger->pairs_[b.pair];
      if (p.left != q.left) return merger->comes_before(q.left, p.left);
      return merger->comes_before(q.right, p.right);
    }
  };

  void note_work(std::size_t places) {
    work_ += places;
    if (work_ < std::size_t{1} << 20U) return;
    work_ = 0;
    watch_(pieces_.size());
  }

  bool comes_before(Token a, Token b) const {
    return heads_[a] != heads_[b] ? heads_[a] < heads_[b] : pieces_[a] < pieces_[b];
  }

  void add_token(const std::string& bytes) {
    std::uint64_t head = 0;
    for (std::size_t i = 0; i < 8; ++i)
      head = head << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
    heads_.push_back(head);
    const auto token = static_cast<std::uint32_t>(pieces_.size());
    pieces_.push_back(bytes);
    token_of_.insert(hash_bytes(bytes), token, [&](std::uint32_t t) { return hash_bytes(pieces_[t]); });
  }

  /// The pieces of at least two bytes, the most frequent first, so that those of one count stand together.
  void lay_out(const PieceCounts& counts) {
    std::vector<std::uint32_t> order;
    for (std::uint32_t n = 0; n < counts.size(); ++n) {
      if (counts[n].size() > 1) order.push_back(n);
    }
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
      return counts.count(a) != counts.count(b) ? counts.count(a) > counts.count(b) : a < b;
    });
    ensure(counts.bytes() + order.size() + 1 < kInside, "bpe: more than 4 GiB of different pieces of text (",
           counts.bytes(), " bytes); train on a part of the text, or with a pattern that cuts it smaller");
    slots_.reserve(counts.bytes() + order.size() + 1);
    slots_.push_back(kBreak);
    for (const std::uint32_t n : order) {
      if (group_counts_.empty() || group_counts_.back() != counts.count(n)) {
        group_begins_.push_back(static_cast<std::uint32_t>(slots_.size()));
        group_counts_.push_back(counts.count(n));
      }
      for (const char byte : counts[n]) slots_.push_back(static_cast<unsigned char>(byte));
      slots_.push_back(kBreak);
    }
  }

  /// How often the piece at `place` was seen.
  std::int64_t count_at(std::size_t place) const {
    const auto after = std::upper_bound(group_begins_.begin(), group_begins_.end(), place);
    return group_counts_[static_cast<std::size_t>(after - group_begins_.begin()) - 1];
  }

  static std::uint64_t hash_of(Token left, Token right) {
    return mix_bits((std::uint64_t{left} << 32U | right) * 0x9e3779b97f4a7c15U);
  }
  std::uint32_t find(Token left, Token right) const {
    return pair_of_.find(hash_of(left, right),
                         [&](std::uint32_t n) { return pairs_[n].left == left && pairs_[n].right == right; });
  }
  /// `count` more of a pair, which begins at `place`. Returns its number.
  std::uint32_t add(Token left, Token right, std::size_t place, std::int64_t count) {
    std::uint32_t number = find(left, right);
    if (number == HashTable::kNone) {
      number = static_cast<std::uint32_t>(pairs_.size());
      pairs_.push_back({left, right, 0, {}});
      pair_of_.insert(hash_of(left, right), number,
                      [&](std::uint32_t n) { return hash_of(pairs_[n].left, pairs_[n].right); });
    }
    pairs_[number].count += count;
    pairs_[number].places.push_back(static_cast<std::uint32_t>(place));
    return number;
  }
  void remove(Token left, Token right, std::int64_t count) {
    Pair& pair = pairs_[find(left, right)];
    pair.count -= count;
    if (pair.count == 0) pair.places = {};
  }

  void offer(std::uint32_t number) {
    const Pair& pair = pairs_[number];
    const auto length = static_cast<std::int64_t>(pieces_[pair.left].size() + pieces_[pair.right].size());
    if (pair.count < std::max<std::int64_t>(1, options_.min_count)) return;
    if (options_.max_token_length > 0 && length > options_.max_token_length) return;
    queue_.push({pair.count, number});
  }

  void merge(std::uint32_t number) {
    const Token left = pairs_[number].left, right = pairs_[number].right;
    const std::string bytes = pieces_[left] + pieces_[right];
    merges_.push_back(static_cast<std::int32_t>(left));
    merges_.push_back(static_cast<std::int32_t>(right));
    // Two merges may give the same bytes (ab + c, a + bc): that is one token.
    Token merged = token_of_.find(hash_bytes(bytes), [&](std::uint32_t t) { return pieces_[t] == bytes; });
    if (merged == HashTable::kNone) {
      merged = static_cast<Token>(pieces_.size());
      add_token(bytes);
    }
    std::vector<std::uint32_t> places = std::move(pairs_[number].places);
    if (!std::is_sorted(places.begin(), places.end())) std::sort(places.begin(), places.end());
    std::vector<std::uint32_t> grown;
    const std::size_t left_size = pieces_[left].size(), right_size = pieces_[right].size();
    for (const std::size_t place : places) {
      const std::size_t middle = place + left_size, end = middle + right_size;
      if (slots_[place] != left || slots_[middle] != right) continue;
      const std::int64_t count = count_at(place);
      if (const Token before = slots_[place - 1]; before != kBreak) {
        remove(before, left, count);
        grown.push_back(add(before, merged, place - pieces_[before].size(), count));
      }
      if (const Token after = slots_[end]; after != kBreak) {
        remove(right, after, count);
        grown.push_back(add(merged, after, place, count));
      }
      pairs_[number].count -= count;
      slots_[middle - 1] = slots_[middle] = kInside;
      slots_[place] = slots_[end - 1] = merged;
    }
    std::sort(grown.begin(), grown.end());
    grown.erase(std::unique(grown.begin(), grown.end()), grown.end());
    for (const std::uint32_t pair : grown) offer(pair);
  }

  const BpeOptions& options_;
  const std::function<void(std::size_t)>& watch_;
  std::size_t work_ = 0;              ///< since watch_ was called
  std::vector<std::string> pieces_;   ///< bytes of each token
  std::vector<std::uint64_t> heads_;  ///< their first 8 bytes as a number that compares as they do
  std::vector<std::int32_t> merges_;
  HashTable token_of_;

  std::vector<Token> slots_;
  std::vector<std::uint32_t> group_begins_;  ///< where the pieces of each count begin
  std::vector<std::int64_t> group_counts_;

  std::vector<Pair> pairs_;
  HashTable pair_of_;
  std::priority_queue<Candidate, std::vector<Candidate>, Worse> queue_{Worse{this}};
};

}  // namespace

TokenizerState train_bpe(const ReadBlock& read, const BpeOptions& options,
                         const std::function<void(const BpeProgress&)>& watch) {
  const auto wanted = static_cast<std::size_t>(options.vocab_size);
  const std::size_t least = 256 + options.specials.size();
  ensure(options.vocab_size >= static_cast<std::int64_t>(least), "bpe: a vocabulary of ", options.vocab_size,
         " does not hold the 256 bytes and ", options.specials.size(), " special tokens; it needs at least ", least);
  ensure(wanted <= kMaxVocabulary, "bpe: a vocabulary of ", wanted, " is more than the ", kMaxVocabulary,
         " that are possible");
  SpecialTokens specials;
  for (const std::string& special : options.specials) {
    ensure(special.size() != 1, "special token: '", special, "' is a single byte, which is a token already");
    specials.add(special, 0);
  }
  std::uint64_t bytes = 0;
  const auto watch_reading = [&](const BpeProgress& progress) {
    bytes = progress.bytes;
    if (watch) watch(progress);
  };
  PieceCounts counts = count_text(read, options, specials, watch_reading);
  ensure(bytes > 0, "bpe: the text is empty; there is nothing to learn from");
  const auto pieces = static_cast<std::int64_t>(counts.size());
  const std::function<void(std::size_t)> watch_merging = [&](std::size_t tokens) {
    if (watch) watch({bytes, pieces, static_cast<std::int64_t>(tokens)});
  };
  Merger merger(std::move(counts), options, watch_merging);
  const std::size_t learned = wanted - options.specials.size();
  while (merger.tokens() < learned && merger.step()) {
  }
  TokenizerState state;
  state.kind = "bpe";
  state.pattern = pattern_name(options.pattern);
  state.merges = merger.take_merges();
  state.pieces = merger.take_pieces();
  append_specials(state, options.specials);
  return state;
}

}  // namespace heddle
