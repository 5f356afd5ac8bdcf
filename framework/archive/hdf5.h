#pragma once

#define H5_USE_110_API  // of later versions: the functions as 1.10 has them
#include <hdf5.h>

#include <string>
#include <vector>

#include "framework/system/disk.h"
#include "framework/archive/item.h"
#include "framework/check.h"

/// HDF5's C interface as the archives use it: handles that close themselves, failures that throw, files on a Disk. The
/// only place that includes <hdf5.h>.
namespace heddle::detail {

/// RAII guard: within its scope HDF5 prints nothing, nor when the program ends.
class Quiet {
 public:
  Quiet() {
    // what HDF5 lost over a damaged file would else be told on stderr at the end; all of ours is closed by then
    H5dont_atexit();
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
std::string hdf5_reason();

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

hid_t number_id(int type);

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

/// Properties for making groups and datasets (and files, whose root is a group), without their times: equal values make
/// equal files. All names lie in the object's header, where scan.cpp checks them before HDF5 does.
struct Creation : Id {
  explicit Creation(hid_t properties) : Id(H5Pcreate(properties), "make properties") {
    constexpr unsigned kMost = 65535;
    checked(H5Pset_obj_track_times(*this, false), "leave times out");
    checked(H5Pset_attr_phase_change(*this, kMost, 0), "keep attributes together");
    if (properties != H5P_DATASET_CREATE) checked(H5Pset_link_phase_change(*this, kMost, 0), "keep names together");
  }
};

/// How to open a file on a Disk.
struct Access : Id {
  explicit Access(Disk& disk);
};

}  // namespace heddle::detail
