#pragma once

#include <boost/mpl/bool.hpp>
#include <boost/serialization/nvp.hpp>
#include <boost/serialization/serialization.hpp>
#include <boost/serialization/version.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "framework/archive/file.h"
#include "framework/archive/item.h"
#include "framework/tensor.h"

// clang-format off
/// Boost.Serialization archives over HDF5: a `serialize` member lists named values, and each becomes an object of the
/// file that h5ls and h5py show under its name.
///
///   class, std::vector of classes   group (elements 0, 1, 2, ...); a class version that is not 0 is its attribute `version`
///   Tensor, IdTensor                dataset of float32 or float64 (as `real`), of int32; the same storage named twice is
///                                   written once and linked
///   std::vector of numbers          1-D dataset of the numbers' type (bool apart, which vectors do not take)
///   std::vector<std::string>        1-D dataset of fixed-length UTF-8; where a string holds a zero byte or lengths differ
///                                   too much, a group of two datasets: all `bytes` joined, and where each string `ends`
///   MappedNumbers                   1-D dataset of uint8, uint16 or uint32, which stays in the file
///   number, bool, enum              attribute of the enclosing group (bool as uint8, enum as its number)
///   std::string                     attribute of fixed length; above 60 KB a scalar dataset. Any bytes are kept
///
/// The group `checksums` proves the file whole: its text `items` has a line for each of these, "DIGEST<tab>FORM<tab>PATH"
/// (digest of the elements; "group", "dataset float32 [3, 4]", "attribute text of 8 bytes"), its attribute `all` the
/// digest of that text. Objects and attributes that it does not name are others', and are not looked at.
///
/// Names may hold slashes: "blocks/0/weight" lies in groups. Datasets are contiguous and uncompressed. Equal values make
/// equal files. A value that older files lack is read where `contains` finds it, so it needs no other format. One thread
/// at a time may use archives, as libhdf5 is not thread-safe.
// clang-format on
namespace heddle {

/// Unsigned integers that need not fit into memory: reading maps them from the file, writing takes them from wherever
/// `data` points. `data` need not be aligned to their size.
struct MappedNumbers {
  std::size_t element_size = 4;  ///< bytes of one: 1, 2 or 4
  std::size_t count = 0;
  std::shared_ptr<const std::byte> data;
};

namespace detail {

struct ArchiveWriter;
struct ArchiveReader;

template <class T>
struct VectorElement {
  using type = void;
};
template <class E>
struct VectorElement<std::vector<E>> {
  using type = E;
};

/// The number that stands for a number or enum in the file.
template <class T, bool = std::is_enum_v<T>>
struct Stored {
  using type = T;
};
template <class T>
struct Stored<T, true> {
  using type = std::underlying_type_t<T>;
};

template <class E>
constexpr bool is_number = (std::is_arithmetic_v<E> || std::is_enum_v<E>);

/// What both archives have in common: the path of the group they are in, and Boost's requirements that mean nothing
/// here.
class ArchiveBase {
 public:
  unsigned get_library_version() const { return 0; }
  template <class T>
  void register_type(const T* = nullptr) {}

 protected:
  ArchiveBase() = default;
  ArchiveBase(const ArchiveBase&) = delete;
  ArchiveBase& operator=(const ArchiveBase&) = delete;

  /// RAII guard: within its scope names stand in `group`.
  class Inside {
   public:
    Inside(ArchiveBase& archive, const std::string& group) : path_(archive.path_), outer_(archive.path_) {
      path_ = group;
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() { path_.swap(outer_); }

   private:
    std::string& path_;
    std::string outer_;
  };

  /// Full path of a value in the current group. Errors: an empty part, "." (which HDF5 reads as the group itself),
  /// "version" (which is the class version).
  std::string path_of(const std::string& name) const;

  std::string path_;  ///< "" at the root, else "/model/blocks"
};

}  // namespace detail

/// The archive that writes; `save_file` makes it. Errors: a name written twice, a name that HDF5 cannot hold, an
/// undefined tensor in a vector, whatever the disk refuses. An undefined tensor outside vectors is left out of the
/// file.
class Hdf5OArchive : public detail::ArchiveBase {
 public:
  using is_saving = boost::mpl::true_;
  using is_loading = boost::mpl::false_;

  explicit Hdf5OArchive(detail::ArchiveWriter& file) : file_(file) {}

  template <class T>
  Hdf5OArchive& operator<<(const boost::serialization::nvp<T>& member) {
    save<std::remove_const_t<T>>(path_of(member.name()), member.const_value());
    return *this;
  }
  template <class T>
  Hdf5OArchive& operator&(const boost::serialization::nvp<T>& member) {
    return *this << member;
  }

 private:
  template <class T>
  void save(const std::string& path, const T& value) {
    using Element = typename detail::VectorElement<T>::type;
    if constexpr (std::is_same_v<T, Tensor> || std::is_same_v<T, IdTensor> || std::is_same_v<T, std::string> ||
                  std::is_same_v<T, MappedNumbers> || std::is_same_v<Element, std::string>) {
      put(path, value);
    } else if constexpr (detail::is_number<T>) {
      put_number(path, detail::number_type<typename detail::Stored<T>::type>(), &value);
    } else if constexpr (detail::is_number<Element>) {
      static_assert(!std::is_same_v<Element, bool>, "a vector<bool> has no elements to point to; use std::uint8_t");
      put_array(path, detail::number_type<typename detail::Stored<Element>::type>(), value.size(), value.data());
    } else if constexpr (!std::is_void_v<Element>) {
      put_group(path, 0);
      for (std::size_t i = 0; i < value.size(); ++i) {
        const std::string element = path + '/' + std::to_string(i);
        save<Element>(element, value[i]);
        ensure(holds(element), "archive: '", element, "' is undefined; a vector needs all its elements to be defined");
      }
    } else {
      static_assert(std::is_class_v<T>, "an archive holds values, not pointers or arrays");
      constexpr unsigned version = boost::serialization::version<T>::value;
      put_group(path, version);
      const Inside inside(*this, path);
      // one `serialize` reads and writes, so it takes a reference that is not const; writing changes nothing
      boost::serialization::serialize_adl(*this, const_cast<T&>(value), version);
    }
  }

  void put(const std::string& path, const Tensor& value);
  void put(const std::string& path, const IdTensor& value);
  void put(const std::string& path, const std::string& value);
  void put(const std::string& path, const MappedNumbers& value);
  void put(const std::string& path, const std::vector<std::string>& value);
  void put_number(const std::string& path, detail::NumberType type, const void* value);
  void put_array(const std::string& path, detail::NumberType type, std::size_t count, const void* values);
  void put_group(const std::string& path, unsigned version);
  bool holds(const std::string& path) const;

  detail::ArchiveWriter& file_;
};

/// The archive that reads; `load_file` makes it.
///
/// Numbers, strings, and vectors of either take what the file holds. A defined tensor keeps its storage (and whoever
/// shares it) and needs its own shape in the file; an undefined one takes the file's shape, or stays undefined where
/// the file has none. A vector of classes that is not empty needs its own number of elements in the file. float32 and
/// float64 are read as either; any other number must have the type that was written. What was linked because it shared
/// storage shares it again. Errors name the file and the value: it is missing, of another type, shape or count, or of a
/// class version newer than the program's.
class Hdf5IArchive : public detail::ArchiveBase {
 public:
  using is_saving = boost::mpl::false_;
  using is_loading = boost::mpl::true_;

  explicit Hdf5IArchive(detail::ArchiveReader& file) : file_(file) {}

  template <class T>
  Hdf5IArchive& operator>>(const boost::serialization::nvp<T>& member) {
    load<T>(path_of(member.name()), member.value());
    return *this;
  }
  template <class T>
  Hdf5IArchive& operator&(const boost::serialization::nvp<T>& member) {
    return *this >> member;
  }

  /// Whether the current group has a value of this name.
  bool contains(const std::string& name) const { return holds(path_of(name)); }

 private:
  template <class T>
  void load(const std::string& path, T& value) {
    using Element = typename detail::VectorElement<T>::type;
    if constexpr (std::is_same_v<T, Tensor> || std::is_same_v<T, IdTensor> || std::is_same_v<T, std::string> ||
                  std::is_same_v<T, MappedNumbers> || std::is_same_v<Element, std::string>) {
      get(path, value);
    } else if constexpr (std::is_same_v<T, bool>) {
      value = get_bool(path);
    } else if constexpr (detail::is_number<T>) {
      get_number(path, detail::number_type<typename detail::Stored<T>::type>(), &value);
    } else if constexpr (detail::is_number<Element>) {
      constexpr detail::NumberType type = detail::number_type<typename detail::Stored<Element>::type>();
      value.resize(array_size(path, type));
      get_array(path, type, value.data());
    } else if constexpr (!std::is_void_v<Element>) {
      enter_group(path, 0);
      const std::size_t count = count_elements(path);
      if (value.empty()) value.resize(count);
      check_count(path, value.size(), count);
      for (std::size_t i = 0; i < count; ++i) load<Element>(path + '/' + std::to_string(i), value[i]);
    } else {
      static_assert(std::is_class_v<T>, "an archive holds values, not pointers or arrays");
      const unsigned version = enter_group(path, boost::serialization::version<T>::value);
      const Inside inside(*this, path);
      boost::serialization::serialize_adl(*this, value, version);
    }
  }

  void get(const std::string& path, Tensor& value);
  void get(const std::string& path, IdTensor& value);
  void get(const std::string& path, std::string& value);
  void get(const std::string& path, MappedNumbers& value);
  void get(const std::string& path, std::vector<std::string>& value);
  bool get_bool(const std::string& path);
  void get_number(const std::string& path, detail::NumberType type, void* value);
  std::size_t array_size(const std::string& path, detail::NumberType type);
  void get_array(const std::string& path, detail::NumberType type, void* values);
  /// The group's class version. Errors: no such group, a version above `newest`.
  unsigned enter_group(const std::string& path, unsigned newest);
  std::size_t count_elements(const std::string& path) const;
  void check_count(const std::string& path, std::size_t wanted, std::size_t in_file) const;
  bool holds(const std::string& path) const;

  detail::ArchiveReader& file_;
};

}  // namespace heddle
