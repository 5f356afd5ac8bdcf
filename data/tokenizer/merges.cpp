#include "data/tokenizer/merges.h"

#include <algorithm>
#include <bit>

#include "data/io/utf8.h"

namespace heddle {
namespace {

using Id = std::int32_t;
constexpr std::uint32_t kNone = HashTable::kNone;

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

void merge_joined(const Merges& merges, std::string_view bytes, std::vector<Id>& ids) {
  if (bytes.size() == 1) {
    ids.push_back(merges.byte(bytes[0]));
  } else if (bytes.size() <= kShort) {
    std::array<Id, kShort> merged;
    const std::size_t count = merge_short(merges, bytes, merged);
    ids.insert(ids.end(), merged.begin(), merged.begin() + static_cast<std::ptrdiff_t>(count));
  } else {
    thread_local LongMerger merger;
    merger.run(merges, bytes, ids);
  }
}

}  // namespace

Merges::Merges(const TokenizerState& state) : pairs_(state.merges), table_(state.merges.size() / 2) {
  PieceTable known(state.pieces);
  std::array<bool, 256> has_byte{};
  const std::vector<bool> special = find_special(state);
  for (const bool added : {false, true}) {  // one that was added may be a piece, too, under another id
    for (std::size_t i = 0; i < state.pieces.size(); ++i) {
      const std::string& piece = state.pieces[i];
      if (piece.empty() || special[i] != added) continue;
      const Id same = known.find(piece);
      ensure(same < 0 || added, "bpe tokenizer: tokens ", same, " and ", i, " are the same bytes");
      if (same >= 0) continue;
      known.insert(static_cast<Id>(i));
      if (piece.size() == 1) {
        bytes_[static_cast<unsigned char>(piece[0])] = static_cast<Id>(i);
        has_byte[static_cast<unsigned char>(piece[0])] = true;
      }
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

void merge_piece(const Merges& merges, std::string_view piece, std::vector<Id>& ids) {
  std::size_t begin = 0;
  for (std::size_t end = 1; end <= piece.size(); ++end) {
    if (end < piece.size() && merges.joined(piece[end - 1], piece[end])) continue;
    merge_joined(merges, piece.substr(begin, end - begin), ids);
    begin = end;
  }
}

}  // namespace heddle
