#include "framework/archive/writer.h"

#include <type_traits>
#include <utility>

#include "framework/archive/digest.h"
#include "framework/archive/hdf5.h"

namespace heddle::detail {

static_assert(std::is_same_v<hid_t, std::int64_t>);

namespace {

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string last_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

ArchiveWriter::ArchiveWriter(std::string name_, Disk& disk_) : name(std::move(name_)), disk(disk_) {
  const Access access(disk);
  // since 1.8 HDF5 can keep a checksum beside each structure of its own: damage is then found before it is believed
  checked(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18), "choose a file format");
  const Creation creation(H5P_FILE_CREATE);
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
  const Creation creation(H5P_GROUP_CREATE);
  const Id group(H5Gcreate2(file, path.c_str(), H5P_DEFAULT, creation, H5P_DEFAULT), "make a group");
  groups.insert(path);
  checksums.push_back({0, Item{}.form(), path});
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
    const Creation creation(H5P_DATASET_CREATE);
    const Id set(H5Dcreate2(file, path.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT), "make a dataset");
    if (item.bytes > 0) checked(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), "write a dataset");
  }
  checksums.push_back({digest_of(data, item.bytes), item.form(), path});
  check_disk();
}

void ArchiveWriter::link(const std::string& path, const std::string& first, const Item& item, const void* data) {
  claim(path);
  checked(H5Lcreate_hard(file, first.c_str(), file, path.c_str(), H5P_DEFAULT, H5P_DEFAULT), "link a dataset");
  checksums.push_back({digest_of(data, item.bytes), item.form(), path});
  check_disk();
}

std::uint64_t ArchiveWriter::finish() {
  const std::string text = to_text(checksums);
  const std::uint64_t all = digest_of(text.c_str(), text.size() + 1);
  put(kChecksumList, {Item::Kind::dataset, kTextType, text.size() + 1, {}, text.size() + 1}, text.c_str());
  put(kChecksumOfAll, Item::of(Item::Kind::attribute, NumberType::u64, {}), &all);
  const herr_t closed = H5Fclose(std::exchange(file, -1));
  check_disk();
  checked(closed, "close a file");
  return all;
}

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

}  // namespace heddle::detail
