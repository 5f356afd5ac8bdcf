#include "framework/archive.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/serialization/split_member.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>

#include "framework/archive_file.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;
using boost::serialization::make_nvp;
using Catch::Contains;

/// A folder of its own for a test, removed at the end.
struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "heddle-archive-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path operator/(const char* name) const { return path / name; }
  /// Number of files in it.
  std::ptrdiff_t count() const { return std::distance(fs::directory_iterator(path), {}); }
  fs::path path;
};

std::string read_bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

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

bool same_bytes(const Tensor& a, const Tensor& b) {
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
  const Folder folder;
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

Everything make_everything() {
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

bool equal(const Everything& a, const Everything& b) {
  bool same = a.layers.size() == b.layers.size() && a.empty.size() == b.empty.size() && a.ids.shape() == b.ids.shape();
  for (std::size_t i = 0; same && i < a.layers.size(); ++i) {
    same = same_bytes(a.layers[i].weight, b.layers[i].weight) && same_bytes(a.layers[i].bias, b.layers[i].bias);
  }
  for (index_t i = 0; same && i < a.ids.numel(); ++i) same = a.ids[i] == b.ids[i];
  return same && a.name == b.name && a.steps == b.steps && a.rate == b.rate && a.on == b.on && a.color == b.color &&
         a.losses == b.losses && std::signbit(a.losses.back()) == std::signbit(b.losses.back()) && a.words == b.words &&
         a.nested == b.nested && a.colors == b.colors && a.deep == b.deep;
}

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
  const Folder folder;
  save_one(folder / "a.h5", make_everything());
  save_one(folder / "b.h5", make_everything());
  CHECK(read_bytes(folder / "a.h5") == read_bytes(folder / "b.h5"));
  CHECK(folder.count() == 2);
}

TEST_CASE("a tensor keeps every bit, those of a NaN among them", "[archive]") {
  Tensor x({4, 2});
  auto* bytes = reinterpret_cast<unsigned char*>(x.data());
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
  const Folder folder;
  save_one(folder / "f.h5", std::vector<float>{0.1F, -2.5F});
  save_one(folder / "d.h5", std::vector<double>(100000, 0.1));
  CHECK(load_one<std::vector<double>>(folder / "f.h5") == std::vector<double>{static_cast<double>(0.1F), -2.5});
  CHECK(load_one<std::vector<float>>(folder / "d.h5") == std::vector<float>(100000, 0.1F));
  const Tensor x = load_one<Tensor>(folder / "f.h5"), y = load_one(folder / "d.h5", Tensor::zeros({100000}));
  CHECK(same_bytes(x, Tensor::from({static_cast<real>(0.1F), static_cast<real>(-2.5)}, {2})));
  CHECK(same_bytes(y, Tensor::full({100000}, static_cast<real>(0.1))));
}

TEST_CASE("shared storage is written once, and shared again", "[archive]") {
  const Folder folder;
  const Tensor big = Tensor::normal({100, 100}, Rng(1));
  save_one(folder / "one.h5", std::vector<Tensor>{big});
  save_one(folder / "two.h5", std::vector<Tensor>{big, big, big.view({50, 200})});
  CHECK(fs::file_size(folder / "two.h5") < 2 * fs::file_size(folder / "one.h5") + big.span().size_bytes() / 2);
  const auto loaded = load_one<std::vector<Tensor>>(folder / "two.h5");
  CHECK(same_bytes(loaded[1], big));
  CHECK(same_bytes(loaded[2], big.view({50, 200})));
  CHECK(loaded[0].shares_storage(loaded[1]));
  const std::vector<Tensor> apart = {Tensor::zeros({100, 100}), Tensor::zeros({100, 100}), Tensor::zeros({50, 200})};
  const auto filled = load_one(folder / "two.h5", apart);
  for (std::size_t i = 0; i < 3; ++i) CHECK(filled[i].shares_storage(apart[i]));
  CHECK(same_bytes(filled[1], big));
}

TEST_CASE("a tensor written and dropped does not lend its address to the next", "[archive]") {
  const Folder folder;
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
  const Folder folder;
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
  const Folder folder;
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
  const Folder folder;
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
  const Folder folder;
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
  const Folder folder;
  for (const std::vector<std::uint64_t>& ends :
       {std::vector<std::uint64_t>{2, 1, 3}, {1, 2}, {9}, {}, {1, std::uint64_t(-1)}}) {
    save_file(folder / "a.h5", "test", 1, [&](Hdf5OArchive& ar) {
      ar << named("value/bytes", std::vector<std::uint8_t>{65, 66, 67}) << named("value/ends", ends);
    });
    CHECK_THAT(error_of([&] { load_one<std::vector<std::string>>(folder / "a.h5"); }), Contains("do not cut"));
  }
}

TEST_CASE("a writer refuses names that are taken or mean something else", "[archive]") {
  const Folder folder;
  const auto error = [&](const auto& write) { return error_of([&] { save_file(folder / "a.h5", "test", 1, write); }); };
  const int x = 1;
  CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << make_nvp("a", x) << make_nvp("a", x); }),
             Contains("'a' is written twice"));
  CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << make_nvp("a", x) << make_nvp("a/b", x); }),
             Contains("'a' is written twice"));
  CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << make_nvp("a/b", x) << make_nvp("a", x); }),
             Contains("'a' is written twice"));
  CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << make_nvp("heddle_kind", x); }), Contains("written twice"));
  CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << named("checksum", Tensor::scalar(1)); }), Contains("written twice"));
  for (const char* name : {"", "/", "/a", "a/", "a//b", ".", "a/./b", "version", "a/version"}) {
    CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << make_nvp(name, x); }), Contains("cannot name a value"));
  }
  CHECK_THAT(error([&](Hdf5OArchive& ar) { ar << named("a", std::vector<Tensor>(2)); }), Contains("a/0' is undefined"));
  CHECK_THAT(error([](Hdf5OArchive&) { throw Error("mine"); }), Contains("mine"));
  CHECK(folder.count() == 0);
}

/// A file with something of everything, small enough to be damaged in many places.
fs::path make_victim(const Folder& folder) {
  Everything e = make_everything();
  e.words.emplace_back("\0", 1);
  save_one(folder / "victim.h5", e);
  return folder / "victim.h5";
}

// --- a disk that fails ---

TEST_CASE("a full disk at any point leaves the last file as it was and nothing beside it", "[archive]") {
  const Folder folder;
  const fs::path path = folder / "a.h5";
  save_one(path, 1);
  const std::string before = read_bytes(path);
  Everything e = make_everything();
  e.layers.push_back({Tensor::normal({50, 60}, Rng(5)), Tensor::normal({60}, Rng(6))});
  save_one(folder / "whole.h5", e);
  const auto whole = static_cast<rlim_t>(fs::file_size(folder / "whole.h5"));
  fs::remove(folder / "whole.h5");

  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  int failures = 0, tries = 0;
  for (rlim_t limit = whole - 1; limit < whole; limit -= 509) {
    rlimit tight = old;
    tight.rlim_cur = limit;
    ::setrlimit(RLIMIT_FSIZE, &tight);
    const std::string error = error_of([&] { save_one(path, e); });
    ::setrlimit(RLIMIT_FSIZE, &old);
    ++tries;
    failures += error.find("cannot save '" + path.string() + "': File too large; free some space") == 0 ? 1 : 0;
    if (folder.count() != 1 || read_bytes(path) != before) FAIL("not as it was after a limit of " << limit);
  }
  std::signal(SIGXFSZ, handler);
  CHECK(failures == tries);
  save_one(path, e);
  CHECK(equal(load_one<Everything>(path), e));
}

/// Runs `body` in a process of its own; what it returns, or -1 if it dies.
template <class Body>
int in_child(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("a file system without space is named as such", "[archive]") {
  const Folder folder;
  constexpr int kNoMount = 77;
  const int result = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", folder.path.c_str(), "tmpfs", 0, "size=128k") != 0) {
      return kNoMount;
    }
    const fs::path path = folder / "a.h5";
    save_one(path, 1);
    const std::string before = read_bytes(path);
    for (const index_t n : {1000, 5000, 10000, 15000, 20000, 24000, 26000, 28000, 30000, 50000, 1000000}) {
      const std::vector<Tensor> big = {Tensor::zeros({n}), Tensor::zeros({n / 2 + 1})};
      const std::string error = error_of([&] { save_one(path, big); });
      const bool fits = error == "no error";
      if (!fits && error.find("No space left on device; free some space") == std::string::npos) return 1;
      if (!fits && (folder.count() != 1 || read_bytes(path) != before)) return 2;
      if (fits != (static_cast<std::size_t>(n) * sizeof(real) * 3 / 2 < 100000) && n < 10000) return 3;
      if (fits && n == 1000000) return 4;
      save_one(path, 1);
    }
    return 0;
  });
  if (result == kNoMount) {
    WARN("skipped: mounting a small file system is not permitted here");
    return;
  }
  CHECK(result == 0);
}

TEST_CASE("a program that could not save still ends in order", "[archive]") {
  const Folder folder;
  save_one(folder / "whole.h5", make_everything());
  const auto whole = static_cast<rlim_t>(fs::file_size(folder / "whole.h5"));
  for (rlim_t limit = whole - 1; limit < whole; limit -= whole / 9) {
    const int status = in_child([&] {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit tight{limit, limit};
      ::setrlimit(RLIMIT_FSIZE, &tight);
      const bool refused =
          error_of([&] { save_one(folder / "a.h5", make_everything()); }).find("File too large") < 1000;
      std::exit(refused ? 3 : 4);  // with HDF5's own ending, which _exit would pass over
      return 0;
    });
    CHECK(status == 3);
  }
}

TEST_CASE("a folder that is missing, read-only, vanishing or in the way is one error", "[archive]") {
  const Folder folder;
  CHECK_THAT(error_of([&] { save_one(folder / "no/a.h5", 1); }),
             Contains("cannot save '") && Contains("no/a.h5': No such file or directory; check its folder"));
  fs::create_directory(folder / "dir.h5");
  CHECK_THAT(error_of([&] { save_one(folder / "dir.h5", 1); }), Contains("Is a directory"));
  CHECK(folder.count() == 1);
  fs::create_directory(folder / "gone");
  const auto vanish = [&](Hdf5OArchive& ar) {
    ar << named("x", Tensor::zeros({1000}));
    fs::remove_all(folder / "gone");
  };
  CHECK_THAT(error_of([&] { save_file(folder / "gone/a.h5", "test", 1, vanish); }),
             Contains("No such file or directory"));

  fs::create_directory(folder / "locked");
  save_one(folder / "locked/a.h5", 1);
  fs::permissions(folder.path, fs::perms::all);
  fs::permissions(folder / "locked",
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  const bool root = ::geteuid() == 0;  // whom permissions do not bind
  if (root) REQUIRE(::seteuid(65534) == 0);
  const std::string error = error_of([&] { save_one(folder / "locked/a.h5", 2); });
  if (root) REQUIRE(::seteuid(0) == 0);
  CHECK_THAT(error, Contains("Permission denied; make its folder writable"));
  fs::permissions(folder / "locked", fs::perms::all);
  CHECK(load_one<int>(folder / "locked/a.h5") == 1);
}

TEST_CASE("what the callback throws comes through and leaves nothing behind", "[archive]") {
  const Folder folder;
  CHECK_THROWS_AS(save_file(folder / "a.h5", "test", 1,
                            [](Hdf5OArchive& ar) {
                              ar << named("x", make_everything());
                              throw std::logic_error("mine");
                            }),
                  std::logic_error);
  CHECK(folder.count() == 0);
}

// --- files that are not what they should be ---

TEST_CASE("a file that is missing, foreign, of another kind or newer is told apart", "[archive]") {
  const Folder folder;
  const fs::path path = folder / "a.h5";
  const auto error = [&] { return error_of([&] { load_one<int>(path); }); };
  CHECK_THAT(error(), Contains("cannot read '" + path.string() + "': No such file or directory; check the path"));
  for (const std::string& bytes : {std::string(), std::string("\x89HDF"), std::string(5000, 'x')}) {
    write_bytes(path, bytes);
    CHECK_THAT(error(), Contains("a.h5' is not an HDF5 file; choose a test"));
  }
  write_bytes(path, "\x89HDF\r\n\x1a\n");
  CHECK_THAT(error(), Contains("a.h5' is cut off or damaged"));
  save_file(path, "corpus", 1, [](Hdf5OArchive&) {});
  CHECK_THAT(error(), Contains("a.h5' is a corpus, wanted a test"));
  save_file(path, "test", 3, [](Hdf5OArchive&) {});
  CHECK_THAT(error(),
             Contains("a.h5' was written by a newer heddle (format 3, this program reads up to 1): update heddle"));
  fs::remove(path);
  fs::create_directory(path);
  CHECK_THAT(error(), Contains("it is not a file"));
}

TEST_CASE("a file cut off anywhere is an error", "[archive]") {
  const Folder folder;
  const std::string whole = read_bytes(make_victim(folder));
  for (std::size_t i = 0; i < 60; ++i) {
    write_bytes(folder / "cut.h5", whole.substr(0, i < 10 ? whole.size() - 1 - i : whole.size() * (i - 10) / 50));
    CHECK(error_of([&] { load_one<Everything>(folder / "cut.h5"); }) != "no error");
  }
}

TEST_CASE("a changed byte anywhere is an error", "[archive]") {
  const Folder folder;
  const std::string whole = read_bytes(make_victim(folder));
  const Rng rng(11);
  for (std::uint64_t i = 0; i < 400; ++i) {
    std::string bytes = whole;
    const std::uint64_t flips = 1 + rng.below(3, 3000 + i);
    for (std::uint64_t k = 0; k < flips; ++k) {
      const std::size_t at = rng.below(bytes.size(), 4 * i + k);
      bytes[at] = static_cast<char>(bytes[at] ^ (1 + rng.below(255, 5000 + 4 * i + k)));
    }
    write_bytes(folder / "flip.h5", bytes);
    if (bytes == whole) continue;
    CHECK(error_of([&] { load_one<Everything>(folder / "flip.h5"); }) != "no error");
  }
}

/// Makes the seal of a changed file fit again, as somebody might on purpose.
void reseal(const fs::path& path) {
  fs::resize_file(path, fs::file_size(path) - 16);
  detail::Disk disk(::open(path.c_str(), O_RDWR));
  detail::write_seal(disk);
}

TEST_CASE("any flipped bit of a tensor is found", "[archive]") {
  const Folder folder;
  const Tensor x = Tensor::normal({16}, Rng(4));
  save_one(folder / "a.h5", x);
  const std::string whole = read_bytes(folder / "a.h5");
  const std::size_t at = whole.find(std::string(reinterpret_cast<const char*>(x.data()), x.span().size_bytes()));
  REQUIRE(at != std::string::npos);
  for (std::size_t bit = 0; bit < 8 * x.span().size_bytes(); bit += 3) {
    std::string bytes = whole;
    bytes[at + bit / 8] = static_cast<char>(bytes[at + bit / 8] ^ (1 << bit % 8));
    write_bytes(folder / "a.h5", bytes);
    CHECK_THAT(error_of([&] { load_one<Tensor>(folder / "a.h5"); }),
               Contains("damaged (its checksum does not fit its bytes"));
    reseal(folder / "a.h5");
    CHECK_THAT(error_of([&] { load_one<Tensor>(folder / "a.h5"); }),
               Contains("damaged (its checksum does not fit its contents"));
  }
  write_bytes(folder / "a.h5", whole);
  CHECK(same_bytes(load_one<Tensor>(folder / "a.h5"), x));
}

TEST_CASE("two tensors exchanged in the file are found", "[archive]") {
  const Folder folder;
  const Tensor a = Tensor::full({32}, 1), b = Tensor::full({32}, 2);
  save_one(folder / "a.h5", std::vector<Tensor>{a, b});
  std::string bytes = read_bytes(folder / "a.h5");
  const auto text = [](const Tensor& x) {
    return std::string(reinterpret_cast<const char*>(x.data()), x.span().size_bytes());
  };
  const std::size_t at_a = bytes.find(text(a)), at_b = bytes.find(text(b));
  REQUIRE((at_a != std::string::npos && at_b != std::string::npos));
  bytes.replace(at_a, text(b).size(), text(b)).replace(at_b, text(a).size(), text(a));
  write_bytes(folder / "a.h5", bytes);
  reseal(folder / "a.h5");
  CHECK_THAT(error_of([&] { load_one<std::vector<Tensor>>(folder / "a.h5"); }), Contains("does not fit its contents"));
}

TEST_CASE("failures print nothing", "[archive]") {
  const Folder folder;
  const std::string whole = read_bytes(make_victim(folder));
  write_bytes(folder / "cut.h5", whole.substr(0, whole.size() / 2));
  const int kept = ::dup(2), log = ::open((folder / "log").c_str(), O_CREAT | O_WRONLY, 0600);
  ::dup2(log, 2);
  const std::string read = error_of([&] { load_one<Everything>(folder / "cut.h5"); });
  const std::string write = error_of([&] { save_one(folder / "no/a.h5", 1); });
  ::dup2(kept, 2);
  ::close(kept);
  ::close(log);
  CHECK((read != "no error" && write != "no error"));
  CHECK(read_bytes(folder / "log").empty());
}

}  // namespace
}  // namespace heddle
