#include <boost/serialization/split_member.hpp>

#include "tests/framework/archive/archive_fixture.h"

namespace heddle {
namespace {

struct Versioned {
  template <class Archive>
  void serialize(Archive& ar, unsigned version) {
    seen = version;
    ar& BOOST_SERIALIZATION_NVP(x);
  }
  int x = 0;
  unsigned seen = 99;
};
struct Unversioned : Versioned {};

/// Saves and loads apart, in private, as Boost lets it.
class Split {
 public:
  int doubled = 0;

 private:
  friend class boost::serialization::access;
  template <class Archive>
  void save(Archive& ar, unsigned) const {
    const int half = doubled / 2;
    ar << BOOST_SERIALIZATION_NVP(half);
  }
  template <class Archive>
  void load(Archive& ar, unsigned) {
    int half = 0;
    ar >> BOOST_SERIALIZATION_NVP(half);
    doubled = 2 * half;
  }
  BOOST_SERIALIZATION_SPLIT_MEMBER()
};

}  // namespace
}  // namespace heddle

BOOST_CLASS_VERSION(heddle::Versioned, 3)

namespace heddle {
namespace {

// --- what goes in comes out ---

TEST_CASE("every kind of value comes back from a file as it was", "[archive]") {
  const Everything e = make_everything();
  CHECK(equal(round_trip(e), e));
  Split split;
  split.doubled = 14;
  CHECK(round_trip(split).doubled == 14);
}

TEST_CASE("equal values make equal files", "[archive]") {
  const TemporaryFolder folder;
  save_one(folder / "a.h5", make_everything());
  save_one(folder / "b.h5", make_everything());
  CHECK(read_bytes(folder / "a.h5") == read_bytes(folder / "b.h5"));
  CHECK(folder.count() == 2);
}

TEST_CASE("a tensor keeps every bit, those of a NaN among them", "[archive]") {
  Tensor x({4, 2});
  auto* bytes = reinterpret_cast<unsigned char*>(x.mutable_data());
  for (std::size_t i = 0; i < x.span().size_bytes(); ++i)
    bytes[i] = static_cast<unsigned char>(i % 8 >= 6 ? 0x7f : 0xf1 * i);
  CHECK(same_bytes(round_trip(x), x));
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{0}, Shape{3, 0, 2}, Shape{1, 2, 1, 2, 1, 2, 1, 2}}) {
    const Tensor y = Tensor::normal(shape, Rng(3));
    CHECK(same_bytes(round_trip(y), y));
  }
  CHECK_FALSE(round_trip(Tensor()).defined());
}

TEST_CASE("numbers keep their bits at the ends of their ranges", "[archive]") {
  const auto check = [](auto number) {
    using T = decltype(number);
    for (const T x : {std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max(), std::numeric_limits<T>::min()}) {
      CHECK(round_trip(x) == x);
      CHECK(round_trip(std::vector<T>{x, T{1}, x}) == std::vector<T>{x, T{1}, x});
    }
    CHECK(round_trip(std::vector<T>{}).empty());
  };
  check(std::int8_t{});
  check(std::uint8_t{});
  check(std::int16_t{});
  check(std::uint16_t{});
  check(std::int32_t{});
  check(std::uint32_t{});
  check(std::int64_t{});
  check(std::uint64_t{});
  check(0.0F);
  check(0.0);
  CHECK(round_trip(true));
  CHECK_FALSE(round_trip(false));
}

TEST_CASE("strings keep any bytes, alone and in vectors", "[archive]") {
  std::vector<std::string> all;
  for (int c = 0; c < 256; ++c) all.emplace_back(1, static_cast<char>(c));
  CHECK(round_trip(all) == all);
  for (const std::string& text : all) CHECK(round_trip(text) == text);
  const std::string zeros("a\0b\0\0", 5);
  for (const std::string& text :
       {std::string(), zeros, std::string(60000, 'x'), std::string(60001, 'y'), std::string(300000, '\0')}) {
    CHECK(round_trip(text) == text);
    CHECK(round_trip(std::vector<std::string>{"", text, "z", ""}) == std::vector<std::string>{"", text, "z", ""});
  }
  std::vector<std::string> uneven(5000, "short");
  uneven[17] = std::string(100000, 'l');
  CHECK(round_trip(uneven) == uneven);
  CHECK(round_trip(std::vector<std::string>{}).empty());
  CHECK(round_trip(std::vector<std::string>{"", ""}) == std::vector<std::string>{"", ""});
}

TEST_CASE("floats are read as doubles and doubles as floats", "[archive]") {
  const TemporaryFolder folder;
  save_one(folder / "f.h5", std::vector<float>{0.1F, -2.5F});
  save_one(folder / "d.h5", std::vector<double>(100000, 0.1));
  CHECK(load_one<std::vector<double>>(folder / "f.h5") == std::vector<double>{static_cast<double>(0.1F), -2.5});
  CHECK(load_one<std::vector<float>>(folder / "d.h5") == std::vector<float>(100000, 0.1F));
  const Tensor x = load_one<Tensor>(folder / "f.h5"), y = load_one(folder / "d.h5", Tensor::zeros({100000}));
  CHECK(same_bytes(x, Tensor::from({static_cast<real>(0.1F), static_cast<real>(-2.5)}, {2})));
  CHECK(same_bytes(y, Tensor::full({100000}, static_cast<real>(0.1))));
}

TEST_CASE("shared storage is written once, and shared again", "[archive]") {
  const TemporaryFolder folder;
  const Tensor big = Tensor::normal({100, 100}, Rng(1));
  save_one(folder / "one.h5", std::vector<Tensor>{big});
  save_one(folder / "two.h5", std::vector<Tensor>{big, big, detail::same_elements(big, {50, 200})});
  CHECK(fs::file_size(folder / "two.h5") < 2 * fs::file_size(folder / "one.h5") + big.span().size_bytes() / 2);
  const auto loaded = load_one<std::vector<Tensor>>(folder / "two.h5");
  CHECK(same_bytes(loaded[1], big));
  CHECK(same_bytes(loaded[2], detail::same_elements(big, {50, 200})));
  CHECK(loaded[0].shares_storage(loaded[1]));
  const std::vector<Tensor> apart = {Tensor::zeros({100, 100}), Tensor::zeros({100, 100}), Tensor::zeros({50, 200})};
  const auto filled = load_one(folder / "two.h5", apart);
  for (std::size_t i = 0; i < 3; ++i) CHECK(filled[i].shares_storage(apart[i]));
  CHECK(same_bytes(filled[1], big));
}

TEST_CASE("a tensor written and dropped does not lend its address to the next", "[archive]") {
  const TemporaryFolder folder;
  save_file(folder / "a.h5", "test", 1, [](Hdf5OArchive& ar) {
    for (int i = 0; i < 4; ++i) {
      const Tensor x = Tensor::full({64}, static_cast<real>(i));
      ar << make_nvp(std::to_string(i).c_str(), x);
    }
  });
  load_file(folder / "a.h5", "test", 1, [](Hdf5IArchive& ar) {
    for (int i = 0; i < 4; ++i) {
      Tensor x;
      ar >> make_nvp(std::to_string(i).c_str(), x);
      CHECK(same_bytes(x, Tensor::full({64}, static_cast<real>(i))));
    }
  });
}

TEST_CASE("a parameter stays the leaf it is while it is loaded", "[archive]") {
  const TemporaryFolder folder;
  const Tensor x = Tensor::normal({3, 2}, Rng(2));
  save_one(folder / "a.h5", x);
  Tensor parameter = Tensor::zeros({3, 2}).set_requires_grad();
  const Tensor same = parameter;
  parameter = load_one(folder / "a.h5", parameter);
  CHECK(parameter.requires_grad());
  CHECK(parameter.node() == same.node());
  CHECK(same_bytes(same, x));
}

TEST_CASE("names with slashes lie in groups, and contains finds them", "[archive]") {
  const TemporaryFolder folder;
  Tensor x = Tensor::scalar(3), y = Tensor::scalar(4), none;
  std::int64_t steps = 5;
  save_file(folder / "a.h5", "test", 1, [&](Hdf5OArchive& ar) {
    ar& make_nvp("blocks/0/weight/first", x) & make_nvp("blocks/1/weight/first", y) &
        make_nvp("blocks/0/weight/steps", steps);
    ar& make_nvp("none", none);
  });
  load_file(folder / "a.h5", "test", 1, [&](Hdf5IArchive& ar) {
    CHECK(ar.contains("blocks"));
    CHECK(ar.contains("blocks/0/weight/first"));
    CHECK_FALSE(ar.contains("blocks/2"));
    CHECK_FALSE(ar.contains("none"));
    Tensor a, b;
    std::int64_t read = 0;
    ar& make_nvp("blocks/0/weight/first", a) & make_nvp("blocks/1/weight/first", b) &
        make_nvp("blocks/0/weight/steps", read);
    CHECK((a.item() == 3 && b.item() == 4 && read == 5));
  });
}

TEST_CASE("a class gets the version it was written with, and none newer than its own", "[archive]") {
  const TemporaryFolder folder;
  Versioned v;
  v.x = 4;
  save_one(folder / "new.h5", v);
  CHECK(load_one<Versioned>(folder / "new.h5").seen == 3);
  CHECK(load_one<Versioned>(folder / "new.h5").x == 4);
  CHECK_THAT(error_of([&] { load_one<Unversioned>(folder / "new.h5"); }),
             Contains("'value' was written by a newer heddle (version 3, this program reads up to 0): update heddle"));
  Unversioned old;
  old.x = 5;
  save_one(folder / "old.h5", old);
  CHECK(load_one<Versioned>(folder / "old.h5").seen == 0);
  CHECK(load_one<Versioned>(folder / "old.h5").x == 5);
}

// --- a program that asks for the wrong thing ---

TEST_CASE("a value that does not fit is an error that names file, value, found and wanted", "[archive]") {
  const TemporaryFolder folder;
  const fs::path path = folder / "a.h5";
  const auto error = [&](auto wanted) { return error_of([&] { load_one(path, wanted); }); };
  save_one(path, Tensor::zeros({4, 3}));
  CHECK_THAT(error(Tensor::zeros({3, 4})),
             Contains("a.h5': 'value' is ") && Contains(" [4, 3], wanted ") && Contains(" [3, 4]"));
  CHECK_THAT(error(Tensor::zeros({4, 3, 1})), Contains("wanted"));
  CHECK_THAT(error(IdTensor()), Contains("wanted a tensor of int32"));
  CHECK_THAT(error(std::vector<double>()), Contains("wanted a vector of float64"));
  CHECK_THAT(error(std::string()), Contains("wanted text"));
  CHECK_THAT(error(1.0), Contains("wanted float64"));
  CHECK_THAT(error(Layer()), Contains("wanted a group"));
  CHECK_THAT(error(std::vector<std::string>()), Contains("wanted a vector of text"));
  save_one(path, 7);
  CHECK_THAT(error(std::int64_t{}), Contains("'value' is int32, wanted int64"));
  CHECK_THAT(error(1.0F), Contains("'value' is int32, wanted float32"));
  CHECK_THAT(error(false), Contains("wanted uint8"));
  CHECK_THAT(error(std::vector<int>()), Contains("wanted a vector of int32"));
  CHECK_THAT(error(std::vector<Layer>()), Contains("wanted a group"));
  save_one(path, std::uint8_t{2});
  CHECK_THAT(error(false), Contains("wanted 0 or 1"));
  save_one(path, std::vector<std::int32_t>{1});
  CHECK_THAT(error(std::vector<std::uint32_t>()), Contains("'value' is int32 [1], wanted a vector of uint32"));
  CHECK_THAT(error(IdTensor({1, 2}, {2})), Contains("wanted int32 [2]"));
  save_one(path, std::vector<Layer>(2));
  CHECK_THAT(error(std::vector<Layer>(3)), Contains("'value' has 2 elements, wanted 3"));
  CHECK_THAT(error(Layer{Tensor::zeros({1}), {}}), Contains("has no 'value/weight'"));
  CHECK_THAT(error(std::vector<std::string>()), Contains("has no 'value/ends'"));
  CHECK_THAT(error(Everything()), Contains("has no 'value/layers' (a group)"));
}

TEST_CASE("ends that do not cut their bytes are refused", "[archive]") {
  const TemporaryFolder folder;
  for (const std::vector<std::uint64_t>& ends :
       {std::vector<std::uint64_t>{2, 1, 3}, {1, 2}, {9}, {}, {1, std::uint64_t(-1)}}) {
    save_file(folder / "a.h5", "test", 1, [&](Hdf5OArchive& ar) {
      ar << named("value/bytes", std::vector<std::uint8_t>{65, 66, 67}) << named("value/ends", ends);
    });
    CHECK_THAT(error_of([&] { load_one<std::vector<std::string>>(folder / "a.h5"); }), Contains("do not cut"));
  }
}

TEST_CASE("a writer refuses names that are taken or mean something else", "[archive]") {
  const TemporaryFolder folder;
  const auto error = [&](const auto& write) { return error_of([&] { save_file(folder / "a.h5", "test", 1, write); }); };
  const int x = 1;
  CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << make_nvp("a", x) << make_nvp("a", x); }),
             Contains("'a' is written twice"));
  CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << make_nvp("a", x) << make_nvp("a/b", x); }),
             Contains("'a' is written twice"));
  CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << make_nvp("a/b", x) << make_nvp("a", x); }),
             Contains("'a' is written twice"));
  CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << make_nvp("heddle_kind", x); }), Contains("written twice"));
  CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << named("checksums", Tensor::scalar(1)); }), Contains("written twice"));
  for (const char* name : {"", "a\nb", "/", "/a", "a/", "a//b", ".", "a/./b", "version", "a/version"}) {
    CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << make_nvp(name, x); }), Contains("cannot name a value"));
  }
  CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << named("a", std::vector<Tensor>(2)); }), Contains("a/0' is undefined"));
  CHECK_THAT(error([](Hdf5OArchive&) { throw Error("mine"); }), Contains("mine"));
  CHECK(folder.count() == 0);
}

}  // namespace
}  // namespace heddle
