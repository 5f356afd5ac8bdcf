#include "framework/archive/scan.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "framework/archive/digest.h"
#include "framework/archive/hdf5.h"

namespace heddle::detail {

namespace {

/// Finds items of a file of which everything is doubted. HDF5 1.10 does not outlive all damage to its structures, and
/// loses memory over checksums that do not fit. So it gets to see no header that was not checked before; objects of
/// other programs, whose headers may have no checksums, are never opened.
class Scan {
 public:
  Scan(const std::string& name, Disk& disk)
      : disk_(disk), access_(disk), size_(disk.size()), id_(open(name), "open it") {}

  /// Errors: it is missing, or not such as heddle writes.
  Item find(const std::string& path, Item::Kind kind) {
    if (kind == Item::Kind::attribute) return attribute(path);
    H5L_info_t link;
    const htri_t exists = checked(H5Lexists(id_, path.c_str(), H5P_DEFAULT), "look it up");
    ensure(exists > 0, "it is missing");
    checked(H5Lget_info(id_, path.c_str(), &link, H5P_DEFAULT), "look it up");
    ensure(link.type == H5L_TYPE_HARD, "it is a link that leads elsewhere");
    check_header(link.u.address);
    const Id object(H5Oopen(id_, path.c_str(), H5P_DEFAULT), "open it");
    const H5I_type_t type = H5Iget_type(object);
    ensure(type == H5I_GROUP || type == H5I_DATASET, "it is neither group nor dataset");
    return type == H5I_GROUP ? Item{} : dataset(object);
  }

  bool has_attribute(const std::string& path) const {
    return checked(H5Aexists(root(), path.c_str() + 1), "look up an attribute") > 0;
  }

 private:
  std::string bytes(std::uint64_t at, std::uint64_t count) const {
    ensure(at <= size_ && count <= size_ - at, "it does not lie within the file");
    std::string block(count, '\0');
    ensure(disk_.read(at, block.data(), count), std::strerror(errno));
    return block;
  }

  /// Checks all pieces of an object's header against HDF5's checksums, without which it never gets there.
  void check_header(std::uint64_t address) const {
    struct Piece {
      std::uint64_t at, count, first_message;
    };
    const std::string start = bytes(address, std::min<std::uint64_t>(40, size_ - std::min(size_, address)));
    ensure(start.size() == 40 && start.starts_with("OHDR\2"), "another program wrote it anew");
    const auto flags = static_cast<unsigned char>(start[5]);  // 32: with times; 16: with limits; 4: with order
    const std::size_t width = std::size_t{1} << (flags & 3), begin = 6 + (flags & 32 ? 16 : 0) + (flags & 16 ? 4 : 0);
    std::uint64_t size = 0;
    std::memcpy(&size, start.data() + begin, width);
    ensure(size < size_, "it does not lie within the file");
    std::vector<Piece> pieces = {{address, begin + width + size + 4, begin + width}};
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const Piece piece = pieces[i];
      ensure(piece.count >= 8 && (total += piece.count) <= size_, "its header is damaged");
      const std::string block = bytes(piece.at, piece.count);
      const std::size_t end = block.size() - 4, head = flags & 4 ? 6 : 4;
      std::uint32_t sum = 0;
      std::memcpy(&sum, block.data() + end, 4);
      ensure(metadata_checksum(block.data(), end) == sum, "its header is damaged");
      for (std::size_t at = piece.first_message; at + head <= end;) {
        std::uint16_t length = 0;
        std::memcpy(&length, block.data() + at + 1, 2);
        constexpr char kContinuation = 16;
        if (block[at] == kContinuation && length >= 16 && at + head + 16 <= end) {
          Piece& next = pieces.emplace_back(Piece{0, 0, 4});
          std::memcpy(&next.at, block.data() + at + head, 8);
          std::memcpy(&next.count, block.data() + at + head + 8, 8);
        }
        at += head + length;
      }
    }
  }

  hid_t open(const std::string& name) const {
    // the superblock: signature, version, size of offsets, of lengths, flags; addresses of base, extension, end, root
    std::array<unsigned char, 12> start{};
    std::array<std::uint64_t, 4> addresses{};
    ensure(size_ >= 48, "it is shorter than its header");
    ensure(disk_.read(0, start.data(), start.size()) && disk_.read(12, addresses.data(), sizeof(addresses)),
           std::strerror(errno));
    ensure(start[8] >= 2 && start[9] == 8 && start[10] == 8 && addresses[0] == 0, "its first block is damaged");
    ensure(addresses[2] <= size_, "its end is missing");
    std::array<char, 48> block{};
    std::uint32_t sum = 0;
    ensure(disk_.read(0, block.data(), block.size()), std::strerror(errno));
    std::memcpy(&sum, block.data() + 44, 4);
    ensure(metadata_checksum(block.data(), 44) == sum, "its first block is damaged");
    check_header(addresses[3]);
    return H5Fopen(name.c_str(), H5F_ACC_RDONLY, access_);
  }

  Id root() const { return {H5Gopen2(id_, "/", H5P_DEFAULT), "open its root"}; }

  /// Type, shape and number of bytes of a dataset or attribute.
  Item described(Item::Kind kind, const Id& type, const Id& space) const {
    Item item{kind, 0, H5Tget_size(type), {}, 0};
    if (H5Tget_class(type) == H5T_STRING) {
      ensure(H5Tis_variable_str(type) == 0 && item.element_size > 0, "it is text of no fixed length");
      item.type = kTextType;
    } else {
      while (item.type < kTextType && H5Tequal(type, number_id(item.type)) <= 0) ++item.type;
      ensure(item.type < kTextType, "it has a type that heddle does not write");
    }
    const H5S_class_t form = H5Sget_simple_extent_type(space);
    const int axes = form == H5S_SCALAR ? 0 : form == H5S_SIMPLE ? H5Sget_simple_extent_ndims(space) : -1;
    ensure(axes >= 0 && axes <= Shape::kMaxAxes, "it has no shape, or one of too many axes");
    std::array<hsize_t, Shape::kMaxAxes> sizes{};
    if (axes > 0) checked(H5Sget_simple_extent_dims(space, sizes.data(), nullptr), "read a shape");
    item.bytes = item.element_size;
    for (std::size_t i = 0; i < static_cast<std::size_t>(axes); ++i) {
      constexpr hsize_t kMost = hsize_t{1} << 40;
      ensure(sizes[i] <= kMost && (sizes[i] == 0 || item.bytes <= size_ / sizes[i]),
             "it claims more elements than the file can hold");
      item.sizes.push_back(static_cast<index_t>(sizes[i]));
      item.bytes *= sizes[i];
    }
    ensure(item.bytes <= size_, "it claims to be larger than the file");
    return item;
  }

  Item attribute(const std::string& path) const {
    const std::string group = path.substr(0, path.rfind('/') + 1), name = path.substr(group.size());
    const htri_t exists =
        checked(H5Aexists_by_name(id_, group.c_str(), name.c_str(), H5P_DEFAULT), "look up an attribute");
    ensure(exists > 0, "it is missing");
    const Id attribute(H5Aopen_by_name(id_, group.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), "open it");
    const Id type(H5Aget_type(attribute), "read a type");
    Item item = described(Item::Kind::attribute, type, Id(H5Aget_space(attribute), "read a shape"));
    ensure(item.sizes.empty(), "it has more than one element");
    item.value.resize(item.bytes);
    checked(H5Aread(attribute, type, item.value.data()), "read it");
    return item;
  }

  Item dataset(hid_t set) const {
    const Id type(H5Dget_type(set), "read a type"), space(H5Dget_space(set), "read a shape");
    const Id creation(H5Dget_create_plist(set), "read how it is stored");
    Item item = described(Item::Kind::dataset, type, space);
    ensure(H5Pget_layout(creation) == H5D_CONTIGUOUS && H5Pget_external_count(creation) == 0,
           "it is not stored in one piece of the file");
    if (item.bytes > 0) {
      item.offset = H5Dget_offset(set);
      ensure(H5Dget_storage_size(set) == item.bytes && item.offset <= size_ - item.bytes,
             "it does not lie within the file");
    }
    return item;
  }

  const Disk& disk_;
  Access access_;
  std::uint64_t size_;
  Id id_;
};

/// Calls find() and adds what it gives; its error names the item.
template <class Find>
const Item& add(ArchiveReader& file, const std::string& path, const Find& find) {
  try {
    return file.items.insert_or_assign(path, find()).first->second;
  } catch (const Error& e) {
    throw Error(concat_text("'", path, "' was changed (", e.what(), ')'));
  }
}

/// The list of checksums; `all` is its digest.
std::vector<Checksum> read_checksums(ArchiveReader& file, Scan& scan, std::uint64_t& all) {
  add(file, kChecksums, [&] { return scan.find(kChecksums, Item::Kind::group); });
  const Item& sum = add(file, kChecksumOfAll, [&] { return scan.find(kChecksumOfAll, Item::Kind::attribute); });
  const Item& list = add(file, kChecksumList, [&] { return scan.find(kChecksumList, Item::Kind::dataset); });
  const bool usable = sum.form() == Item::of(Item::Kind::attribute, NumberType::u64, {}).form() &&
                      list.kind == Item::Kind::dataset && list.type == kTextType && list.sizes.empty();
  ensure(usable, "its list of checksums was changed");
  sum.value.copy(reinterpret_cast<char*>(&all), sizeof(all));
  std::string text(list.bytes, '\0');
  ensure(file.disk.read(list.offset, text.data(), text.size()), std::strerror(errno));
  ensure(digest_of(text.data(), text.size()) == all, "its list of checksums was changed");
  text.pop_back();
  return parse_checksums(text);
}

}  // namespace

void scan_attributes(ArchiveReader& file, Disk& disk, const std::vector<std::string>& paths) {
  const Quiet quiet;
  Scan scan(file.name, disk);
  for (const std::string& path : paths) {
    if (scan.has_attribute(path)) add(file, path, [&] { return scan.find(path, Item::Kind::attribute); });
  }
}

std::uint64_t scan_contents(ArchiveReader& file, Disk& disk) {
  const Quiet quiet;
  Scan scan(file.name, disk);
  std::uint64_t all = 0;
  ArchiveReader lists(file.name, disk);
  for (const Checksum& line : read_checksums(lists, scan, all)) {
    const std::string parent = line.path.substr(0, line.path.rfind('/'));
    const auto group = file.items.find(parent);
    ensure(line.path.starts_with('/') && !file.items.contains(line.path) &&
               (parent.empty() || (group != file.items.end() && group->second.kind == Item::Kind::group)),
           "its checksums name '", line.path, "' out of place");
    add(file, line.path, [&] {
      const bool is_attribute = line.form.starts_with("attribute");
      Item item = scan.find(line.path, is_attribute ? Item::Kind::attribute : Item::Kind::dataset);
      ensure(item.form() == line.form, "it is a ", item.form(), ", saved was a ", line.form);
      item.digest = line.digest;
      const bool as_saved = !is_attribute || digest_of(item.value.data(), item.bytes) == line.digest;
      ensure(as_saved, "its value is not that which was saved");
      return item;
    });
  }
  return all;
}

}  // namespace heddle::detail
