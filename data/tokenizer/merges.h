#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer/hash_table.h"
#include "data/tokenizer/tokenizer.h"

namespace heddle {

/// Pieces by their bytes.
class PieceTable {
 public:
  explicit PieceTable(const std::vector<std::string>& pieces) : pieces_(pieces), table_(pieces.size()) {}

  /// Its id; -1 if it is not there.
  std::int32_t find(std::string_view piece) const {
    return static_cast<std::int32_t>(
        table_.find(hash_bytes(piece), [&](std::uint32_t id) { return pieces_[id] == piece; }));
  }
  void insert(std::int32_t id) {
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
  explicit Merges(const TokenizerState& state);

  std::size_t size() const { return made_.size(); }
  std::int32_t left(std::size_t rank) const { return pairs_[2 * rank]; }
  std::int32_t right(std::size_t rank) const { return pairs_[2 * rank + 1]; }
  std::int32_t made(std::size_t rank) const { return made_[rank]; }
  std::int32_t byte(char c) const { return bytes_[static_cast<unsigned char>(c)]; }
  std::uint32_t rank(std::int32_t left_id, std::int32_t right_id) const {
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
  static std::uint64_t hash_of(std::int32_t left_id, std::int32_t right_id) {
    const std::uint64_t key =
        std::uint64_t{static_cast<std::uint32_t>(left_id)} << 32U | static_cast<std::uint32_t>(right_id);
    return mix_bits(key * 0x9e3779b97f4a7c15U);
  }

  std::vector<std::int32_t> pairs_, made_;
  std::array<std::int32_t, 256> bytes_{};
  HashTable table_;
  std::vector<std::uint32_t> byte_pairs_ = std::vector<std::uint32_t>(65536, HashTable::kNone);
  std::bitset<65536> joined_;
};

/// Appends the tokens that merging makes of a piece.
void merge_piece(const Merges& merges, std::string_view piece, std::vector<std::int32_t>& ids);

}  // namespace heddle
