#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "framework/parallel.h"

namespace heddle::detail {

enum class NumberType : std::uint8_t { u8, i8, u16, i16, u32, i32, u64, i64, f32, f64 };

template <class T>
constexpr NumberType number_type() {
  static_assert(std::is_arithmetic_v<T> && sizeof(T) <= 8, "an archive holds numbers of at most 8 bytes");
  if constexpr (std::is_floating_point_v<T>) return sizeof(T) == 4 ? NumberType::f32 : NumberType::f64;
  constexpr int log2_size = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
  return static_cast<NumberType>(2 * log2_size + (std::is_signed_v<T> ? 1 : 0));
}

/// Stands after the numbers' types.
constexpr int kTextType = 10;
std::string_view type_name(int type);
/// The unsigned integer of `size` bytes: 1, 2 or 4.
NumberType unsigned_type(std::size_t size);

/// What a file holds under one path: a group; an array of numbers or of text of fixed length; a single one of either.
struct Item {
  enum class Kind : std::uint8_t { group, dataset, attribute };
  Kind kind = Kind::group;
  int type = 0;                  ///< NumberType or kTextType
  std::size_t element_size = 0;  ///< bytes
  std::vector<index_t> sizes{};  ///< of a dataset's axes; none: a single element
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;  ///< where a dataset's bytes begin in the file
  std::string value{};       ///< an attribute's bytes
  std::uint64_t digest = 0;  ///< digest_of the elements when they were written

  static Item of(Kind kind, NumberType type, std::vector<index_t> sizes);
  /// "float32 [3, 4]".
  std::string describe() const;
  /// All that makes two items' bytes mean the same: "dataset float32 [3, 4]", "attribute text of 8 bytes", "group".
  std::string form() const;
};

/// A line of the list of checksums.
struct Checksum {
  std::uint64_t digest = 0;
  std::string form, path;
};

/// The list of checksums that a file holds of its own items: a line each, "DIGEST<tab>FORM<tab>PATH".
std::string to_text(const std::vector<Checksum>& list);
/// Errors: a line of another form.
std::vector<Checksum> parse_checksums(std::string_view text);

/// Where a file keeps the list, and the digest of its text.
constexpr const char *kChecksums = "/checksums", *kChecksumList = "/checksums/items",
                     *kChecksumOfAll = "/checksums/all";

}  // namespace heddle::detail
