#include "data/tokenizer/bpe.h"

#include <algorithm>
#include <array>
#include <bit>
#include <bitset>

#include "data/io/utf8.h"
#include "data/tokenizer/bpe_trainer.h"
#include "data/tokenizer/hash_table.h"
#include "data/tokenizer/pretokenizer.h"

namespace heddle {
namespace {

using Id = std::int32_t;
constexpr std::uint32_t kNone = HashTable::kNone;

/// Pieces by their bytes.
class PieceTable {
 public:
  explicit PieceTable(const std::vector<std::string>& pieces) : pieces_(pieces), table_(pieces.size()) {}

  /// Its id; -1 if it is not there.
  Id find(std::string_view piece) const {
    return static_cast<Id>(table_.find(hash_bytes(piece), [&](std::uint32_t id) { return pieces_[id] == piece; }));
  }
  void insert(Id id) {
    const auto hash_of = [&](std::uint32_t i) { return hash_bytes(pieces_[i]); };
    table_.insert(hash_of(static_cast<std::uint32_t>(id)), static_cast<std::uint32_t>(id), hash_of);
  }

 private:
  const std::vector<std::string>& pieces_;
  HashTable table_;
};

/// The merges, by the pair that they merge.
class Merges {
 public:
  /// Errors: as make_bpe_tokenizer.
  explicit Merges(const TokenizerState& state) : pairs_(state.merges), table_(state.merges.size() / 2) {
    PieceTable known(state.pieces);
    std::array<bool, 256> has_byte{};
    for (std::size_t i = 0; i < state.pieces.size(); ++i) {
      const std::string& piece = state.pieces[i];
      if (piece.empty()) continue;
      const Id same = known.find(piece);
      ensure(same < 0, "bpe tokenizer: tokens ", same, " and ", i, " are the same bytes");
      known.insert(static_cast<Id>(i));
      if (piece.size() == 1) {
        bytes_[static_cast<unsigned char>(piece[0])] = static_cast<Id>(i);
        has_byte[static_cast<unsigned char>(piece[0])] = true;
      }
    }
    const auto missing = std::find(has_byte.begin(), has_byte.end(), false) - has_byte.begin();
    ensure(missing == 256, "bpe tokenizer: byte ", missing, " has no token; a byte-level vocabulary has all 256");

    ensure(pairs_.size() % 2 == 0, "bpe tokenizer: a merge lacks its right token");
    for (std::size_t rank = 0; rank < pairs_.size() / 2; ++rank) {
      std::string bytes;
      for (const Id id : {left(rank), right(rank)}) {
        const bool there = id >= 0 && id < static_cast<Id>(state.pieces.size());
        ensure(there && !state.pieces[static_cast<std::size_t>(id)].empty(), "bpe tokenizer: merge ", rank,
               " is of token ", id, ", which is not in the vocabulary");
        bytes += state.pieces[static_cast<std::size_t>(id)];
      }
      const Id made = known.find(bytes);
      ensure(made >= 0, "bpe tokenizer: merge ", rank, " makes '", visible(bytes), "', which is not in the vocabulary");
      ensure(this->rank(left(rank), right(rank)) == kNone, "bpe tokenizer: merge ", rank, " is given twice");
      made_.push_back(made);
      table_.insert(hash_of(left(rank), right(rank)), static_cast<std::uint32_t>(rank),
                    [&](std::uint32_t r) { return hash_of(left(r), right(r)); });
      if (bytes.size() == 2) byte_pairs_[pair_index(bytes[0], bytes[1])] = static_cast<std::uint32_t>(rank);
    }
    for (const Id id : made_) {
      const std::string& bytes = state.pieces[static_cast<std::size_t>(id)];
      for (std::size_t i = 1; i < bytes.size(); ++i) joined_[pair_index(bytes[i - 1], bytes[i])] = true;
    }
  }

  std::size_t size() const { return made_.size(); }
  Id left(std::size_t rank) const { return pairs_[2 * rank]; }
  Id right(std::size_t rank) const { return pairs_[2 * rank + 1]; }
  Id made(std::size_t rank) const { return made_[rank]; }
  Id byte(char c) const { return bytes_[static_cast<unsigned char>(c)]; }
  std::uint32_t rank(Id left_id, Id right_id) const {
    return table_.find(hash_of(left_id, right_id),
                       [&](std::uint32_t r) { return left(r) == left_id && right(r) == right_id; });
  }
  /// The rank of two bytes, from a table of all of them.
  std::uint32_t rank_of_bytes(char a, char b) const { return byte_pairs_[pair_index(a, b)]; }
  /// Whether some merge makes a token in which b follows a. Where not, no token reaches over the two, and what stands
  /// before and behind is merged apart.
  bool joined(char a, char b) const { return joined_[pair_index(a, b)]; }

 private:
  static std::size_t pair_index(char a, char b) {
    return std::size_t{256} * static_cast<unsigned char>(a) + static_cast<unsigned char>(b);
  }
  static std::uint64_t hash_of(Id left_id, Id right_id) {
    const std::uint64_t key =
        std::uint64_t{static_cast<std::uint32_t>(left_id)} << 32U | static_cast<std::uint32_t>(right_id);
    return mix_bits(key * 0x9e3779b97f4a7c15U);
  }

  std::vector<Id> pairs_, made_;
  std::array<Id, 256> bytes_{};
  HashTable table_;
  std::vector<std::uint32_t> byte_pairs_ = std::vector<std::uint32_t>(65536, kNone);
  std::bitset<65536> joined_;
};

constexpr std::size_t kShort = 64;  // bytes up to which searching all pairs for the next merge is fastest

/// Merges a short piece in place: of the ranks of all pairs the lowest is searched, and its merges done from left to
/// right. Returns the number of tokens in `ids`.
std::size_t merge_short(const Merges& merges, std::string_view piece, std::array<Id, kShort>& ids) {
  std::array<std::uint32_t, kShort> ranks;  // of the pair that begins at each token
  std::size_t n = piece.size();
  for (std::size_t i = 0; i < n; ++i) {
    ids[i] = merges.byte(piece[i]);
    ranks[i] = i + 1 < n ? merges.rank_of_bytes(piece[i], piece[i + 1]) : kNone;
  }
  for (;;) {
    std::uint32_t best = kNone;
    for (std::size_t i = 0; i < n; ++i) best = std::min(best, ranks[i]);
    if (best == kNone) return n;
    for (std::size_t i = 0; i + 1 < n; ++i) {
      if (ranks[i] != best) continue;
      --n;
      std::copy(ids.begin() + i + 2, ids.begin() + n + 1, ids.begin() + i + 1);
      std::copy(ranks.begin() + i + 2, ranks.begin() + n + 1, ranks.begin() + i + 1);
      ids[i] = merges.made(best);
      if (i > 0) ranks[i - 1] = merges.rank(ids[i - 1], ids[i]);
      ranks[i] = i + 1 < n ? merges.rank(ids[i], ids[i + 1]) : kNone;
    }
  }
}

/// Merges pieces of any length in time that grows as their length: the places of each rank's pairs wait in a list of
/// their own, and a bit for each rank says which lists are not empty.
class LongMerger {
 public:
  void run(const Merges& merges, std::string_view piece, std::vector<Id>& out) {
    ensure(piece.size() < kEnd, "bpe tokenizer: a piece of ", piece.size(), " bytes is too long");
    first_.resize(std::max(first_.size(), merges.size()), kEnd);
    waiting_.resize(std::max(waiting_.size(), merges.size() / 64 + 1), 0);
    tokens_.clear();
    entries_.clear();
    const auto n = static_cast<std::uint32_t>(piece.size());
    tokens_.reserve(n);
    for (std::uint32_t i = 0; i < n; ++i) tokens_.push_back({merges.byte(piece[i]), i + 1, i - 1});
    for (std::uint32_t i = n - 1; i-- > 0;) wait(merges.rank_of_bytes(piece[i], piece[i + 1]), i);
    while (lowest_ < waiting_.size()) {
      if (waiting_[lowest_] == 0) {
        ++lowest_;
        continue;
      }
      merge_all(merges, lowest_ * 64 + static_cast<std::size_t>(std::countr_zero(waiting_[lowest_])), n);
    }
    lowest_ = 0;
    for (std::uint32_t i = 0; i < n; i = tokens_[i].next) out.push_back(tokens_[i].id);
  }

 private:
  static constexpr std::uint32_t kEnd = 0xffffffffU;
  struct Token {
    Id id;  ///< -1: merged into one before
    std::uint32_t next, before;
  };
  struct Entry {
    std::uint32_t place, next;
  };

  void wait(std::uint32_t rank, std::uint32_t place) {
    if (rank == kNone) return;
    entries_.push_back({place, first_[rank]});
    first_[rank] = static_cast<std::uint32_t>(entries_.size() - 1);
    waiting_[rank / 64] |= std::uint64_t{1} << (rank % 64);
    lowest_ = std::min(lowest_, std::size_t{rank / 64});
  }

  void merge_all(const Merges& merges, std::size_t rank, std::uint32_t n) {
    places_.clear();
    for (std::uint32_t e = first_[rank]; e != kEnd; e = entries_[e].next) places_.push_back(entries_[e].place);
    first_[rank] = kEnd;
    waiting_[rank / 64] &= ~(std::uint64_t{1} << (rank % 64));
    if (!std::is_sorted(places_.begin(), places_.end())) {
      std::reverse(places_.begin(), places_.end());  // the usual order of a list that was filled from left to right
      if (!std::is_sorted(places_.begin(), places_.end())) std::sort(places_.begin(), places_.end());
    }
    for (const std::uint32_t place : places_) {
      Token& left = tokens_[place];
      if (left.id != merges.left(rank) || left.next >= n) continue;
      Token& right = tokens_[left.next];
      if (right.id != merges.right(rank)) continue;
      left.id = merges.made(rank);
      right.id = -1;
      left.next = right.next;
      if (left.next < n) {
        tokens_[left.next].before = place;
        wait(merges.rank(left.id, tokens_[left.next].id), place);
      }
      if (place > 0) wait(merges.rank(tokens_[left.before].id, left.id), left.before);
    }
  }

  std::vector<Token> tokens_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> first_;    ///< the first entry of each rank's list
  std::vector<std::uint64_t> waiting_;  ///< a bit for each rank: its list is not empty
  std::size_t lowest_ = 0;              ///< no word of waiting_ before it has a bit
  std::vector<std::uint32_t> places_;
};

class BpeTokenizer final : public Tokenizer {
 public:
  explicit BpeTokenizer(const TokenizerState& from)
      : Tokenizer(from), pattern_(pattern_of(from.pattern)), merges_(state()), whole_(state().pieces) {
    const std::vector<bool> special = find_special();
    // A piece that merging makes one token is found whole; a token that merging does not reach is in this table only
    // where pieces are not merged if they need not be.
    std::vector<Id> ids;
    for (Id id = 0; id < vocab_size(); ++id) {
      const std::string& bytes = state().pieces[static_cast<std::size_t>(id)];
      if (bytes.size() < 2 || special[static_cast<std::size_t>(id)]) continue;
      if (!state().whole_pieces) {
        ids.clear();
        merge(bytes, ids);
        if (ids.size() != 1) continue;
      }
      whole_.insert(id);
      longest_ = std::max(longest_, bytes.size());
    }
  }

  std::size_t find_cut(std::string_view text, std::size_t from, std::size_t to, Specials specials) const override {
    return heddle::find_cut(pattern_, special_tokens(specials), text, from, to);
  }

 protected:
  void append(Ids& ids, std::string_view text, Specials specials, std::uint64_t) const override {
    ids.reserve(ids.size() + text.size() / 4);
    split(
        pattern_, special_tokens(specials), text,
        [&](std::string_view piece_text) {
          const Id id = piece_text.size() == 1          ? merges_.byte(piece_text[0])
                        : piece_text.size() <= longest_ ? whole_.find(piece_text)
                                                        : -1;
          if (id >= 0) {
            ids.push_back(id);
          } else {
            merge(piece_text, ids);
          }
        },
        [&](Id id) { ids.push_back(id); });
  }

 private:
  /// Appends the tokens that merging makes of a piece.
  void merge(std::string_view bytes, Ids& ids) const {
    std::size_t begin = 0;
    for (std::size_t end = 1; end <= bytes.size(); ++end) {
      if (end < bytes.size() && merges_.joined(bytes[end - 1], bytes[end])) continue;
      merge_joined(bytes.substr(begin, end - begin), ids);
      begin = end;
    }
  }

  void merge_joined(std::string_view bytes, Ids& ids) const {
    if (bytes.size() == 1) {
      ids.push_back(merges_.byte(bytes[0]));
    } else if (bytes.size() <= kShort) {
      std::array<Id, kShort> merged;
      const std::size_t count = merge_short(merges_, bytes, merged);
      ids.insert(ids.end(), merged.begin(), merged.begin() + static_cast<std::ptrdiff_t>(count));
    } else {
      thread_local LongMerger merger;
      merger.run(merges_, bytes, ids);
    }
  }

  Pattern pattern_;
  Merges merges_;
  PieceTable whole_;
  std::size_t longest_ = 0;
};

}  // namespace

TokenizerState train_bpe_tokenizer(const TokenizerOptions& options, const ReadBlock& read) {
  BpeOptions bpe;
  bpe.vocab_size = options.vocab_size;
  bpe.pattern = pattern_of(options.pattern);
  bpe.specials = options.specials;
  bpe.min_count = options.min_count;
  return train_bpe(read, bpe);
}

std::unique_ptr<Tokenizer> make_bpe_tokenizer(const TokenizerState& state) {
  return std::make_unique<BpeTokenizer>(state);
}

std::vector<std::vector<Id>> bpe_steps(const TokenizerState& state, std::string_view piece) {
  const Merges merges(state);
  std::vector<Id> ids;
  for (const char c : piece) ids.push_back(merges.byte(c));
  std::vector<std::vector<Id>> steps = {ids};
  for (;;) {
    std::uint32_t best = kNone;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) best = std::min(best, merges.rank(ids[i], ids[i + 1]));
    if (best == kNone) return steps;
    std::vector<Id> merged;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const bool pair = i + 1 < ids.size() && ids[i] == merges.left(best) && ids[i + 1] == merges.right(best);
      merged.push_back(pair ? merges.made(best) : ids[i]);
      if (pair) ++i;
    }
    steps.push_back(ids = std::move(merged));
  }
}

}  // namespace heddle
