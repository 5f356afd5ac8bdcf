#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "framework/archive/archive.h"
#include "framework/archive/reader.h"

namespace heddle {

using detail::ArchiveReader;
using detail::Item;
using detail::NumberType;

namespace {

bool is_float(int type) {
  return type == static_cast<int>(NumberType::f32) || type == static_cast<int>(NumberType::f64);
}

template <class From, class To>
void read_converted(ArchiveReader& file, const std::string& path, To* to) {
  file.read(path, [to](std::uint64_t at, const char* block, std::size_t count) {
    for (std::size_t i = 0; i < count; i += sizeof(From)) {
      From x;
      std::memcpy(&x, block + i, sizeof(x));
      to[(at + i) / sizeof(From)] = static_cast<To>(x);
    }
  });
}

/// All numbers of an item, as `type`, which is the item's own or the other one of the two floating-point types.
void read_numbers(ArchiveReader& file, const std::string& path, NumberType type, void* to) {
  if (file.find(path, "a number").type == static_cast<int>(type)) {
    file.read(path, to);
  } else if (type == NumberType::f32) {
    read_converted<double>(file, path, static_cast<float*>(to));
  } else {
    read_converted<float>(file, path, static_cast<double*>(to));
  }
}

/// The item at `path` if it is of this kind, and holds numbers that can be read as `type`.
const Item& find_numbers(const ArchiveReader& file, const std::string& path, Item::Kind kind, NumberType type,
                         const std::string& wanted) {
  const Item& item = file.find(path, wanted);
  const int t = static_cast<int>(type);
  if (item.kind != kind || (item.type != t && !(is_float(t) && is_float(item.type)))) file.refuse(path, wanted);
  return item;
}

std::string type_of(NumberType type) { return std::string(detail::type_name(static_cast<int>(type))); }

/// The dataset at `path`; a tensor with elements needs its own shape there.
const Item& find_tensor(const ArchiveReader& file, const std::string& path, NumberType type, bool defined,
                        const Shape& shape) {
  const std::string wanted = defined ? concat_text(type_of(type), ' ', shape) : "a tensor of " + type_of(type);
  const Item& item = find_numbers(file, path, Item::Kind::dataset, type, wanted);
  if (defined && !std::equal(shape.begin(), shape.end(), item.sizes.begin(), item.sizes.end()))
    file.refuse(path, wanted);
  return item;
}

std::string bytes_of(ArchiveReader& file, const std::string& path) {
  std::string bytes(file.find(path, "text").bytes, '\0');
  file.read(path, bytes.data());
  return bytes;
}

}  // namespace

void Hdf5IArchive::get(const std::string& path, Tensor& value) {
  if (!value.defined() && !holds(path)) return;
  const Item& item = find_tensor(file_, path, detail::number_type<real>(), value.defined(), value.shape());
  if (!value.defined()) {
    const Shape shape(item.sizes);
    const auto known = file_.tensors.find(item.offset);
    if (item.bytes > 0 && known != file_.tensors.end() && known->second.shape() == shape) {
      file_.check(path);
      value = known->second;
      return;
    }
    value = Tensor(shape);
    if (item.bytes > 0) file_.tensors.insert_or_assign(item.offset, value);
  }
  read_numbers(file_, path, detail::number_type<real>(), value.mutable_data());
}

void Hdf5IArchive::get(const std::string& path, IdTensor& value) {
  const bool defined = value.numel() == value.shape().numel();
  if (!defined && !holds(path)) return;
  const Item& item = find_tensor(file_, path, NumberType::i32, defined, value.shape());
  if (!defined) value = IdTensor(Shape(item.sizes));
  read_numbers(file_, path, NumberType::i32, value.data());
}

void Hdf5IArchive::get(const std::string& path, std::string& value) {
  const Item& item = file_.find(path, "text");
  if (item.kind == Item::Kind::group || item.type != detail::kTextType || !item.sizes.empty())
    file_.refuse(path, "text");
  value = bytes_of(file_, path);
  value.pop_back();
}

void Hdf5IArchive::get(const std::string& path, std::vector<std::string>& value) {
  const char* wanted = "a vector of text";
  const Item& item = file_.find(path, wanted);
  if (item.kind == Item::Kind::group) {
    std::vector<std::uint64_t> ends(array_size(path + "/ends", NumberType::u64));
    get_array(path + "/ends", NumberType::u64, ends.data());
    std::string bytes(array_size(path + "/bytes", NumberType::u8), '\0');
    get_array(path + "/bytes", NumberType::u8, bytes.data());
    const bool ordered = std::is_sorted(ends.begin(), ends.end()) && (ends.empty() ? 0 : ends.back()) == bytes.size();
    ensure(ordered, "'", file_.name, "': the ends of '", path.substr(1), "' do not cut its ", bytes.size(),
           " bytes into strings; use another copy of the file");
    value.resize(ends.size());
    std::uint64_t begin = 0;
    for (std::size_t i = 0; i < ends.size(); begin = ends[i], ++i) value[i] = bytes.substr(begin, ends[i] - begin);
    return;
  }
  if (item.kind != Item::Kind::dataset || item.type != detail::kTextType || item.sizes.size() != 1)
    file_.refuse(path, wanted);
  const std::string bytes = bytes_of(file_, path);
  value.resize(bytes.size() / item.element_size);
  for (std::size_t i = 0; i < value.size(); ++i) {
    value[i] = bytes.substr(i * item.element_size, item.element_size);
    value[i].erase(std::min(value[i].find('\0'), value[i].size()));
  }
}

void Hdf5IArchive::get(const std::string& path, MappedNumbers& value) {
  const char* wanted = "a vector of uint8, uint16 or uint32";
  const Item& item = file_.find(path, wanted);
  const bool fits = item.kind == Item::Kind::dataset && item.sizes.size() == 1 &&
                    (item.type == static_cast<int>(NumberType::u8) || item.type == static_cast<int>(NumberType::u16) ||
                     item.type == static_cast<int>(NumberType::u32));
  if (!fits) file_.refuse(path, wanted);
  file_.check(path);
  value = {item.element_size, static_cast<std::size_t>(item.sizes[0]), file_.disk.map(item.offset, item.bytes)};
  ensure(value.data != nullptr || value.count == 0, "'", file_.name, "': '", path.substr(1), "' cannot be mapped (",
         std::strerror(errno), ")");
}

bool Hdf5IArchive::get_bool(const std::string& path) {
  std::uint8_t value = 0;
  get_number(path, NumberType::u8, &value);
  if (value > 1) file_.refuse(path, "0 or 1");
  return value == 1;
}

void Hdf5IArchive::get_number(const std::string& path, NumberType type, void* value) {
  find_numbers(file_, path, Item::Kind::attribute, type, type_of(type));
  read_numbers(file_, path, type, value);
}

std::size_t Hdf5IArchive::array_size(const std::string& path, NumberType type) {
  const std::string wanted = "a vector of " + type_of(type);
  const Item& item = find_numbers(file_, path, Item::Kind::dataset, type, wanted);
  if (item.sizes.size() != 1) file_.refuse(path, wanted);
  return static_cast<std::size_t>(item.sizes[0]);
}

void Hdf5IArchive::get_array(const std::string& path, NumberType type, void* values) {
  read_numbers(file_, path, type, values);
}

unsigned Hdf5IArchive::enter_group(const std::string& path, unsigned newest) {
  if (file_.find(path, "a group").kind != Item::Kind::group) file_.refuse(path, "a group");
  std::uint32_t version = 0;
  if (holds(path + "/version")) get_number(path + "/version", NumberType::u32, &version);
  ensure(version <= newest, "'", file_.name, "': '", path.substr(1), "' was written by a newer heddle (version ",
         version, ", this program reads up to ", newest, "): update heddle");
  return version;
}

std::size_t Hdf5IArchive::count_elements(const std::string& path) const {
  std::size_t count = 0;
  while (holds(path + '/' + std::to_string(count))) ++count;
  return count;
}

void Hdf5IArchive::check_count(const std::string& path, std::size_t wanted, std::size_t in_file) const {
  ensure(wanted == in_file, "'", file_.name, "': '", path.substr(1), "' has ", in_file, " elements, wanted ", wanted,
         "; read it with the settings that wrote it");
}

bool Hdf5IArchive::holds(const std::string& path) const { return file_.items.contains(path); }

}  // namespace heddle
