#include "framework/archive/archive.h"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <type_traits>
#include <utility>

#include "framework/archive/file.h"

namespace heddle {

using detail::Digest;
using detail::Disk;
using detail::Item;
using detail::kChecksum;
using detail::kTextType;
using detail::NumberType;

namespace {

// --- HDF5 in C++ ---

/// HDF5 prints nothing for as long as this lives.
class Quiet {
 public:
  Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

/// The innermost reason that HDF5 gives for its last failure.
std::string hdf5_reason() {
  std::string reason;
  const H5E_walk2_t take_first = [](unsigned, const H5E_error2_t* e, void* to) -> herr_t {
    if (e->desc != nullptr) *static_cast<std::string*>(to) = e->desc;
    return 1;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &reason);
  return reason.empty() ? "no reason given" : reason;
}

struct Hdf5Error : Error {
  using Error::Error;
};

template <class Result>
Result checked(Result result, const char* what) {
  if (result < 0) throw Hdf5Error(concat_text("HDF5 cannot ", what, " (", hdf5_reason(), ')'));
  return result;
}

/// An HDF5 handle, closed at the end. Errors: HDF5 gave none.
class Id {
 public:
  Id(hid_t id, const char* what) : id_(checked(id, what)) {}
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  ~Id() { H5Idec_ref(id_); }
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
};

hid_t number_id(int type) {
  const std::array<hid_t, kTextType> ids = {H5T_STD_U8LE,   H5T_STD_I8LE,  H5T_STD_U16LE, H5T_STD_I16LE,
                                            H5T_STD_U32LE,  H5T_STD_I32LE, H5T_STD_U64LE, H5T_STD_I64LE,
                                            H5T_IEEE_F32LE, H5T_IEEE_F64LE};
  return ids[static_cast<std::size_t>(type)];
}

/// The type of an item's elements. A single string ends with a zero byte; those of a vector are filled up with zero
/// bytes.
struct ElementType : Id {
  explicit ElementType(const Item& item)
      : Id(H5Tcopy(item.type == kTextType ? H5T_C_S1 : number_id(item.type)), "make a type") {
    if (item.type != kTextType) return;
    checked(H5Tset_size(*this, item.element_size), "size a text type");
    checked(H5Tset_cset(*this, H5T_CSET_UTF8), "mark text as UTF-8");
    checked(H5Tset_strpad(*this, item.sizes.empty() ? H5T_STR_NULLTERM : H5T_STR_NULLPAD), "set how text ends");
  }
};

struct Space : Id {
  explicit Space(const std::vector<hsize_t>& sizes)
      : Id(sizes.empty() ? H5Screate(H5S_SCALAR)
                         : H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
           "make a shape") {}
};

/// Properties for making files, groups and datasets, without their times: equal values make equal files.
struct Timeless : Id {
  explicit Timeless(hid_t properties) : Id(H5Pcreate(properties), "make properties") {
    checked(H5Pset_obj_track_times(*this, false), "leave times out");
  }
};

// --- HDF5 on a Disk ---

struct DriverFile {
  H5FD_t base;
  Disk* disk;
  haddr_t end;  ///< of what HDF5 has given out
};

DriverFile& driver_file(H5FD_t* file) { return *reinterpret_cast<DriverFile*>(file); }
const DriverFile& driver_file(const H5FD_t* file) { return *reinterpret_cast<const DriverFile*>(file); }

/// HDF5's functions for a file, on a Disk.
hid_t disk_driver() {
  static const hid_t driver = [] {
    H5FD_class_t c{};
    c.name = "heddle";
    c.maxaddr = HADDR_MAX / 2;
    c.fc_degree = H5F_CLOSE_WEAK;
    c.fapl_size = sizeof(Disk*);
    c.open = [](const char*, unsigned, hid_t access, haddr_t) -> H5FD_t* {
      const void* disk = H5Pget_driver_info(access);
      return disk == nullptr ? nullptr : &(new DriverFile{{}, *static_cast<Disk* const*>(disk), 0})->base;
    };
    c.close = [](H5FD_t* f) -> herr_t {
      delete &driver_file(f);
      return 0;
    };
    c.query = [](const H5FD_t*, unsigned long* flags) -> herr_t {
      *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE;
      return 0;
    };
    c.get_eoa = [](const H5FD_t* f, H5FD_mem_t) -> haddr_t { return driver_file(f).end; };
    c.set_eoa = [](H5FD_t* f, H5FD_mem_t, haddr_t end) -> herr_t {
      driver_file(f).end = end;
      return 0;
    };
    c.get_eof = [](const H5FD_t* f, H5FD_mem_t) -> haddr_t { return driver_file(f).disk->size(); };
    c.read = [](H5FD_t* f, H5FD_mem_t, hid_t, haddr_t at, std::size_t count, void* to) -> herr_t {
      return driver_file(f).disk->read(at, to, count) ? 0 : -1;
    };
    c.write = [](H5FD_t* f, H5FD_mem_t, hid_t, haddr_t at, std::size_t count, const void* from) -> herr_t {
      driver_file(f).disk->write(at, from, count);
      return 0;
    };
    c.truncate = [](H5FD_t* f, hid_t, hbool_t) -> herr_t {
      if (driver_file(f).end != driver_file(f).disk->size()) driver_file(f).disk->resize(driver_file(f).end);
      return 0;
    };
    std::fill(std::begin(c.fl_map), std::end(c.fl_map), H5FD_MEM_DEFAULT);
    return H5FDregister(&c);
  }();
  return driver;
}

struct Access : Id {
  explicit Access(Disk& disk) : Id(H5Pcreate(H5P_FILE_ACCESS), "describe a file") {
    Disk* info = &disk;
    checked(H5Pset_driver(*this, disk_driver(), &info), "use its driver");
    // since 1.8 HDF5 can keep a checksum beside each structure of its own: damage is then found before it is believed
    checked(H5Pset_libver_bounds(*this, H5F_LIBVER_V18, H5F_LIBVER_V18), "choose a file format");
  }
};

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string last_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::uint64_t digest_of(const void* data, std::size_t count) {
  Digest digest;
  digest.add(data, count);
  return digest.value();
}

}  // namespace

// --- writing ---

namespace detail {

static_assert(std::is_same_v<hid_t, std::int64_t>);

ArchiveWriter::ArchiveWriter(std::string name_, Disk& disk_) : name(std::move(name_)), disk(disk_) {
  const Access access(disk);
  const Timeless creation(H5P_FILE_CREATE);
  file = checked(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, creation, access), "start a file");
}

ArchiveWriter::~ArchiveWriter() {
  if (file >= 0) H5Fclose(file);
}

void ArchiveWriter::check_disk() const {
  if (disk.error() != 0) throw save_error(name, disk.error());
}

void ArchiveWriter::claim(const std::string& path) {
  make_group(parent_of(path));
  ensure(names.insert(path).second, "archive: '", path.substr(1), "' is written twice");
}

void ArchiveWriter::make_group(const std::string& path) {
  if (path.empty() || groups.contains(path)) return;
  claim(path);
  const Timeless creation(H5P_GROUP_CREATE);
  const Id group(H5Gcreate2(file, path.c_str(), H5P_DEFAULT, creation, H5P_DEFAULT), "make a group");
  groups.insert(path);
  sum += Item{}.digest(path, 0);
}

void ArchiveWriter::put(const std::string& path, const Item& item, const void* data) {
  claim(path);
  const ElementType type(item);
  const Space space(std::vector<hsize_t>(item.sizes.begin(), item.sizes.end()));
  if (item.kind == Item::Kind::attribute) {
    const Id group(H5Gopen2(file, (parent_of(path) + '/').c_str(), H5P_DEFAULT), "open a group");
    const Id attribute(H5Acreate2(group, last_of(path).c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                       "make an attribute");
    checked(H5Awrite(attribute, type, data), "write an attribute");
  } else {
    const Timeless creation(H5P_DATASET_CREATE);
    const Id set(H5Dcreate2(file, path.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT), "make a dataset");
    if (item.bytes > 0) checked(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), "write a dataset");
  }
  sum += item.digest(path, digest_of(data, item.bytes));
  check_disk();
}

void ArchiveWriter::link(const std::string& path, const std::string& first, const Item& item, const void* data) {
  claim(path);
  checked(H5Lcreate_hard(file, first.c_str(), file, path.c_str(), H5P_DEFAULT, H5P_DEFAULT), "link a dataset");
  sum += item.digest(path, digest_of(data, item.bytes));
  check_disk();
}

std::uint64_t ArchiveWriter::finish() {
  const std::uint64_t total = sum;
  put(std::string(kChecksum), Item::of(Item::Kind::dataset, NumberType::u64, {}), &total);
  const herr_t closed = H5Fclose(std::exchange(file, -1));
  check_disk();
  checked(closed, "close a file");
  return total;
}

}  // namespace detail

// --- reading ---

namespace {

/// Lists what an HDF5 file holds and takes its checksum. Everything is doubted: only what an archive writes passes.
class Scan {
 public:
  Scan(detail::ArchiveReader& file, Disk& disk)
      : file_(file), access_(disk), size_(disk.size()), id_(open(), "open it") {}

  void root_attributes() { attributes(id_, ""); }

  /// Returns the checksum of what is there.
  std::uint64_t contents() {
    const Id root(H5Gopen2(id_, "/", H5P_DEFAULT), "open its root");
    seen_.insert(address_of(root));
    members(root, "", 0);
    return sum_;
  }

 private:
  hid_t open() const { return H5Fopen(file_.name.c_str(), H5F_ACC_RDONLY, access_); }

  static haddr_t address_of(hid_t object) {
    H5O_info_t info;
    checked(H5Oget_info(object, &info), "inspect an object");
    return info.addr;
  }

  /// For HDF5's loops over names: an exception may not pass through C.
  static herr_t collect(const char* name, void* names) {
    try {
      static_cast<std::vector<std::string>*>(names)->emplace_back(name);
      return 0;
    } catch (...) {
      return -1;
    }
  }

  void add(const std::string& path, Item item, std::uint64_t content) {
    if (path != kChecksum) sum_ += item.digest(path, content);
    ensure(file_.items.emplace(path, std::move(item)).second, "'", path, "' is there twice");
  }

  /// Type, shape and number of bytes of a dataset or attribute.
  Item described(const std::string& path, Item::Kind kind, const Id& type, const Id& space) const {
    Item item{kind, 0, H5Tget_size(type), {}, 0};
    if (H5Tget_class(type) == H5T_STRING) {
      ensure(H5Tis_variable_str(type) == 0 && item.element_size > 0, "'", path, "' is text of no fixed length");
      item.type = kTextType;
    } else {
      while (item.type < kTextType && H5Tequal(type, number_id(item.type)) <= 0) ++item.type;
      ensure(item.type < kTextType, "'", path, "' has a type that heddle does not write");
    }
    const H5S_class_t form = H5Sget_simple_extent_type(space);
    const int axes = form == H5S_SCALAR ? 0 : form == H5S_SIMPLE ? H5Sget_simple_extent_ndims(space) : -1;
    ensure(axes >= 0 && axes <= Shape::kMaxAxes, "'", path, "' has no shape, or one of too many axes");
    std::array<hsize_t, Shape::kMaxAxes> sizes{};
    if (axes > 0) checked(H5Sget_simple_extent_dims(space, sizes.data(), nullptr), "read a shape");
    item.bytes = item.element_size;
    for (std::size_t i = 0; i < static_cast<std::size_t>(axes); ++i) {
      constexpr hsize_t kMost = hsize_t{1} << 40;
      ensure(sizes[i] <= kMost && (sizes[i] == 0 || item.bytes <= size_ / sizes[i]), "'", path,
             "' claims more elements than the file can hold");
      item.sizes.push_back(static_cast<index_t>(sizes[i]));
      item.bytes *= sizes[i];
    }
    ensure(item.bytes <= size_, "'", path, "' claims to be larger than the file");
    return item;
  }

  void attributes(hid_t group, const std::string& path) {
    std::vector<std::string> names;
    const H5A_operator2_t visit = [](hid_t, const char* name, const H5A_info_t*, void* to) {
      return collect(name, to);
    };
    checked(H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, visit, &names), "list attributes");
    for (const std::string& name : names) {
      const std::string full = path + '/' + name;
      const Id attribute(H5Aopen(group, name.c_str(), H5P_DEFAULT), "open an attribute");
      const Id type(H5Aget_type(attribute), "read a type");
      Item item = described(full, Item::Kind::attribute, type, Id(H5Aget_space(attribute), "read a shape"));
      ensure(item.sizes.empty(), "'", full, "' is an attribute of more than one element");
      item.value.resize(item.bytes);
      checked(H5Aread(attribute, type, item.value.data()), "read an attribute");
      const std::uint64_t content = digest_of(item.value.data(), item.bytes);
      add(full, std::move(item), content);
    }
  }

  void members(hid_t group, const std::string& path, int depth) {
    constexpr int kDeepest = 64;
    ensure(depth < kDeepest, "'", path, "' lies in more than ", kDeepest, " groups");
    std::vector<std::string> names;
    const H5L_iterate_t visit = [](hid_t, const char* name, const H5L_info_t* info, void* to) {
      return info->type == H5L_TYPE_HARD ? collect(name, to) : -1;
    };
    checked(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, visit, &names),
            "list a group (or it has links that lead elsewhere)");
    for (const std::string& name : names) {
      const std::string full = path + '/' + name;
      const Id object(H5Oopen(group, name.c_str(), H5P_DEFAULT), "open an object");
      if (H5Iget_type(object) == H5I_DATASET) {
        dataset(object, full);
        continue;
      }
      ensure(H5Iget_type(object) == H5I_GROUP, "'", full, "' is neither group nor dataset");
      ensure(seen_.insert(address_of(object)).second, "'", full, "' is a group inside itself");
      add(full, Item{}, 0);
      attributes(object, full);
      members(object, full, depth + 1);
    }
  }

  void dataset(hid_t set, const std::string& path) {
    const Id type(H5Dget_type(set), "read a type"), space(H5Dget_space(set), "read a shape");
    const Id creation(H5Dget_create_plist(set), "read how a dataset is stored");
    Item item = described(path, Item::Kind::dataset, type, space);
    ensure(H5Pget_layout(creation) == H5D_CONTIGUOUS && H5Pget_external_count(creation) == 0, "'", path,
           "' is not stored in one piece of the file");
    if (item.bytes > 0) {
      item.offset = H5Dget_offset(set);
      ensure(H5Dget_storage_size(set) == item.bytes && item.offset <= size_ - item.bytes, "'", path,
             "' does not lie within the file");
    }
    // tied tensors are one dataset under two names, and read once
    const auto [known, is_new] = contents_.try_emplace({item.offset, item.bytes}, 0);
    if (is_new) known->second = content_of(item);
    add(path, std::move(item), known->second);
  }

  std::uint64_t content_of(const Item& item) const {
    constexpr std::size_t kBlock = std::size_t{1} << 20;
    std::string block;
    Digest digest;
    for (std::uint64_t at = 0; at < item.bytes; at += block.size()) {
      block.resize(std::min<std::uint64_t>(kBlock, item.bytes - at));
      file_.read(item, at, block.data(), block.size());
      digest.add(block.data(), block.size());
    }
    return digest.value();
  }

  detail::ArchiveReader& file_;
  Access access_;
  std::uint64_t size_;
  Id id_;
  std::set<haddr_t> seen_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> contents_;
  std::uint64_t sum_ = 0;
};

}  // namespace

namespace detail {

std::uint64_t write_contents(const std::string& name, Disk& disk, const std::function<void(Hdf5OArchive&)>& write) {
  const Quiet quiet;
  try {
    ArchiveWriter writer(name, disk);
    Hdf5OArchive archive(writer);
    write(archive);
    return writer.finish();
  } catch (const Hdf5Error& e) {
    throw Error(concat_text("cannot save '", name, "': ", e.what(),
                            "; check its folder and disk; a file that was there is untouched"));
  }
}

void scan_root(ArchiveReader& file, Disk& disk) {
  const Quiet quiet;
  Scan(file, disk).root_attributes();
}

std::uint64_t scan_contents(ArchiveReader& file, Disk& disk) {
  const Quiet quiet;
  Scan scan(file, disk);
  scan.root_attributes();
  const std::uint64_t sum = scan.contents();
  ensure(sum == file.stored_checksum(), "its checksum does not fit its contents");
  return sum;
}

}  // namespace detail

}  // namespace heddle
