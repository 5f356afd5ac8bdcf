#include <algorithm>
#include <string>
#include <vector>

#include "framework/archive/archive.h"
#include "framework/archive/writer.h"

namespace heddle {

using detail::Item;
using detail::NumberType;

std::string detail::ArchiveBase::path_of(const std::string& name) const {
  const std::string padded = '/' + name + '/';
  const bool usable = padded.find("//") == std::string::npos && padded.find("/./") == std::string::npos;
  ensure(name.find('\n') == std::string::npos, "archive: a name with a line end cannot name a value");
  ensure(usable, "archive: '", name, "' cannot name a value: a part of it is empty or '.'");
  ensure(!padded.ends_with("/version/"), "archive: '", name, "' cannot name a value: 'version' is the class version");
  return path_ + '/' + name;
}

void Hdf5OArchive::put(const std::string& path, const Tensor& value) {
  if (!value.defined()) return;
  const Shape& shape = value.shape();
  const Item item = Item::of(Item::Kind::dataset, detail::number_type<real>(), {shape.begin(), shape.end()});
  auto& known = file_.tensors[value.data()];
  const auto same = std::find_if(known.begin(), known.end(), [&](const auto& k) { return k.first.shape() == shape; });
  if (same != known.end()) return file_.link(path, same->second, item, value.data());
  file_.put(path, item, value.data());
  known.emplace_back(value.detach(), path);
}

void Hdf5OArchive::put(const std::string& path, const IdTensor& value) {
  const Shape& shape = value.shape();
  if (value.numel() != shape.numel()) return;
  file_.put(path, Item::of(Item::Kind::dataset, NumberType::i32, {shape.begin(), shape.end()}), value.data());
}

void Hdf5OArchive::put(const std::string& path, const std::string& value) {
  constexpr std::size_t kLongest = 60000;  // an attribute may have 64 KiB, with its name and type
  const auto kind = value.size() <= kLongest ? Item::Kind::attribute : Item::Kind::dataset;
  file_.put(path, {kind, detail::kTextType, value.size() + 1, {}, value.size() + 1}, value.c_str());
}

void Hdf5OArchive::put(const std::string& path, const std::vector<std::string>& value) {
  std::size_t longest = 1, total = 0;
  bool has_zero = false;
  for (const std::string& text : value) {
    longest = std::max(longest, text.size());
    total += text.size();
    has_zero |= text.find('\0') != std::string::npos;
  }
  constexpr std::size_t kSmall = std::size_t{1} << 16;
  if (!has_zero && (value.empty() || longest <= (kSmall + 4 * total) / value.size())) {
    std::string filled;
    filled.reserve(longest * value.size());
    for (const std::string& text : value) filled.append(text).append(longest - text.size(), '\0');
    const auto count = static_cast<index_t>(value.size());
    return file_.put(path, {Item::Kind::dataset, detail::kTextType, longest, {count}, filled.size()}, filled.data());
  }
  std::string bytes;
  std::vector<std::uint64_t> ends;
  for (const std::string& text : value) {
    bytes += text;
    ends.push_back(bytes.size());
  }
  file_.make_group(path);
  put_array(path + "/bytes", NumberType::u8, bytes.size(), bytes.data());
  put_array(path + "/ends", NumberType::u64, ends.size(), ends.data());
}

void Hdf5OArchive::put(const std::string& path, const MappedNumbers& value) {
  put_array(path, detail::unsigned_type(value.element_size), value.count, value.data.get());
}

void Hdf5OArchive::put_number(const std::string& path, NumberType type, const void* value) {
  file_.put(path, Item::of(Item::Kind::attribute, type, {}), value);
}

void Hdf5OArchive::put_array(const std::string& path, NumberType type, std::size_t count, const void* values) {
  file_.put(path, Item::of(Item::Kind::dataset, type, {static_cast<index_t>(count)}), values);
}

void Hdf5OArchive::put_group(const std::string& path, unsigned version) {
  file_.make_group(path);
  if (version > 0) put_number(path + "/version", NumberType::u32, &version);
}

bool Hdf5OArchive::holds(const std::string& path) const { return file_.names.contains(path); }

}  // namespace heddle
