#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>

#include "framework/archive/archive.h"
#include "tests/temporary_folder.h"

/// What the tests of archives share: files of one value, and a value with something of everything.
namespace heddle {

namespace fs = std::filesystem;
using boost::serialization::make_nvp;
using Catch::Contains;

template <class Body>
std::string error_of(const Body& body) {
  try {
    body();
  } catch (const Error& e) {
    CHECK(std::string(e.what()).find('\n') == std::string::npos);
    return e.what();
  }
  return "no error";
}

inline bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.defined() == b.defined() && a.shape() == b.shape() &&
         (!a.defined() || std::memcmp(a.data(), b.data(), a.span().size_bytes()) == 0);
}

/// make_nvp takes no temporaries.
template <class T>
boost::serialization::nvp<const T> named(const char* name, const T& value) {
  return make_nvp(name, value);
}

template <class T>
void save_one(const fs::path& path, const T& value) {
  save_file(path, "test", 1, [&](Hdf5OArchive& ar) { ar << make_nvp("value", value); });
}

template <class T>
T load_one(const fs::path& path, T value = {}) {
  load_file(path, "test", 1, [&](Hdf5IArchive& ar) { ar >> make_nvp("value", value); });
  return value;
}

template <class T>
T round_trip(const T& value) {
  const TemporaryFolder folder;
  save_one(folder / "a.h5", value);
  return load_one<T>(folder / "a.h5");
}

enum class Color : std::uint8_t { red = 1, blue = 200 };

struct Layer {
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(weight) & BOOST_SERIALIZATION_NVP(bias);
  }
  Tensor weight, bias;
};

struct Everything {
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(layers) & BOOST_SERIALIZATION_NVP(ids) & BOOST_SERIALIZATION_NVP(name);
    ar& BOOST_SERIALIZATION_NVP(steps) & BOOST_SERIALIZATION_NVP(rate) & BOOST_SERIALIZATION_NVP(on);
    ar& BOOST_SERIALIZATION_NVP(color) & BOOST_SERIALIZATION_NVP(losses) & BOOST_SERIALIZATION_NVP(words);
    ar& BOOST_SERIALIZATION_NVP(nested) & BOOST_SERIALIZATION_NVP(empty) & BOOST_SERIALIZATION_NVP(colors);
    ar& make_nvp("deep/in/folders", deep);
  }
  std::vector<Layer> layers;
  IdTensor ids;
  std::string name;
  std::int64_t steps = 0;
  double rate = 0;
  bool on = false;
  Color color = Color::red;
  std::vector<double> losses;
  std::vector<std::string> words;
  std::vector<std::vector<std::int32_t>> nested;
  std::vector<Layer> empty;
  std::vector<Color> colors;
  float deep = 0;
};

inline Everything make_everything() {
  Everything e;
  const Rng rng(7);
  for (std::uint64_t i = 0; i < 3; ++i) {
    const auto rows = static_cast<index_t>(i) + 2;
    e.layers.push_back(
        {Tensor::normal({rows, 3}, rng.fork(i)), i == 1 ? Tensor() : Tensor::normal({rows}, rng.fork(9 + i))});
  }
  e.ids = IdTensor({5, -1, 7, 8, std::numeric_limits<std::int32_t>::min(), 0}, {2, 3});
  e.name = "a name\nwith lines, \xc3\xa9";
  e.steps = std::numeric_limits<std::int64_t>::min();
  e.rate = 0.1;
  e.on = true;
  e.color = Color::blue;
  e.losses = {4.5, 3.25, -0.0};
  e.words = {"king", "", "queen",
             "Br\xc3\xbc"
             "cke"};
  e.nested = {{1, 2}, {}, {-3}};
  e.colors = {Color::blue, Color::red};
  e.deep = 0.3F;
  return e;
}

inline bool equal(const Everything& a, const Everything& b) {
  bool same = a.layers.size() == b.layers.size() && a.empty.size() == b.empty.size() && a.ids.shape() == b.ids.shape();
  for (std::size_t i = 0; same && i < a.layers.size(); ++i) {
    same = same_bytes(a.layers[i].weight, b.layers[i].weight) && same_bytes(a.layers[i].bias, b.layers[i].bias);
  }
  for (index_t i = 0; same && i < a.ids.numel(); ++i) same = a.ids[i] == b.ids[i];
  return same && a.name == b.name && a.steps == b.steps && a.rate == b.rate && a.on == b.on && a.color == b.color &&
         a.losses == b.losses && std::signbit(a.losses.back()) == std::signbit(b.losses.back()) && a.words == b.words &&
         a.nested == b.nested && a.colors == b.colors && a.deep == b.deep;
}

/// A file with something of everything, small enough to be damaged in many places.
inline fs::path make_victim(const TemporaryFolder& folder) {
  Everything e = make_everything();
  e.words.emplace_back("\0", 1);
  save_one(folder / "victim.h5", e);
  return folder / "victim.h5";
}

}  // namespace heddle
