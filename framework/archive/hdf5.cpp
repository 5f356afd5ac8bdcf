#include "framework/archive/hdf5.h"

#include <algorithm>
#include <array>

namespace heddle::detail {

std::string hdf5_reason() {
  std::string reason;
  const H5E_walk2_t take_first = [](unsigned, const H5E_error2_t* e, void* to) -> herr_t {
    if (e->desc != nullptr) *static_cast<std::string*>(to) = e->desc;
    return 1;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &reason);
  return reason.empty() ? "no reason given" : reason;
}

hid_t number_id(int type) {
  const std::array<hid_t, kTextType> ids = {H5T_STD_U8LE,   H5T_STD_I8LE,  H5T_STD_U16LE, H5T_STD_I16LE,
                                            H5T_STD_U32LE,  H5T_STD_I32LE, H5T_STD_U64LE, H5T_STD_I64LE,
                                            H5T_IEEE_F32LE, H5T_IEEE_F64LE};
  return ids[static_cast<std::size_t>(type)];
}

// --- HDF5 on a Disk ---

namespace {

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

}  // namespace

Access::Access(Disk& disk) : Id(H5Pcreate(H5P_FILE_ACCESS), "describe a file") {
  Disk* info = &disk;
  checked(H5Pset_driver(*this, disk_driver(), &info), "use a Disk");
}

}  // namespace heddle::detail
