#include "framework/archive/item.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

#include "framework/check.h"

namespace heddle::detail {

std::string_view type_name(int type) {
  constexpr std::array<std::string_view, kTextType + 1> kNames = {
      "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64", "text"};
  return kNames[static_cast<std::size_t>(type)];
}

NumberType unsigned_type(std::size_t size) {
  return size == 1 ? NumberType::u8 : size == 2 ? NumberType::u16 : NumberType::u32;
}

Item Item::of(Kind kind, NumberType type, std::vector<index_t> sizes) {
  constexpr std::array<std::size_t, kTextType> kSizes = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8};
  const std::size_t size = kSizes[static_cast<std::size_t>(type)];
  std::uint64_t bytes = size;
  for (const index_t n : sizes) bytes *= static_cast<std::uint64_t>(n);
  return {kind, static_cast<int>(type), size, std::move(sizes), bytes};
}

std::string Item::describe() const {
  if (kind == Kind::group) return "a group";
  std::string text(type_name(type));
  for (std::size_t i = 0; i < sizes.size(); ++i) text += (i > 0 ? ", " : " [") + std::to_string(sizes[i]);
  return text + (sizes.empty() ? "" : "]");
}

std::string Item::form() const {
  if (kind == Kind::group) return "group";
  const std::string length = type == kTextType ? concat_text(" of ", element_size, " bytes") : "";
  return (kind == Kind::dataset ? "dataset " : "attribute ") + describe() + length;
}

std::string to_text(const std::vector<Checksum>& list) {
  std::string text;
  for (const Checksum& line : list) {
    std::array<char, 17> digest{};
    std::snprintf(digest.data(), digest.size(), "%016llx", static_cast<unsigned long long>(line.digest));
    text.append(digest.data()).append(1, '\t').append(line.form).append(1, '\t').append(line.path).append(1, '\n');
  }
  return text;
}

std::vector<Checksum> parse_checksums(std::string_view text) {
  std::vector<Checksum> list;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::size_t form = line.find('\t'), path = line.find('\t', form + 1);
    ensure(form == 16 && path != std::string_view::npos && line.size() < text.size(), "line ", list.size() + 1,
           " of its checksums is none");
    Checksum& next = list.emplace_back();
    next.form = line.substr(form + 1, path - form - 1);
    next.path = line.substr(path + 1);
    const auto [end, error] = std::from_chars(line.data(), line.data() + form, next.digest, 16);
    ensure(error == std::errc() && end == line.data() + form, "line ", list.size(), " of its checksums is none");
    text.remove_prefix(line.size() + 1);
  }
  return list;
}

}  // namespace heddle::detail
