#include "framework/archive/scan.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "framework/archive/digest.h"
#include "framework/archive/hdf5.h"
#include "tests/framework/archive/archive_fixture.h"

/// Files that other programs or accidents changed.
namespace heddle {
namespace {

using detail::Id;

/// An HDF5 file as another program opens it.
class Other {
 public:
  explicit Other(const fs::path& path, bool newest = false)
      : access_(H5Pcreate(H5P_FILE_ACCESS), "describe a file"), file_(open(path, newest), "open a file") {}

  hid_t at(const std::string& path) { return objects_.emplace_back(H5Oopen(file_, path.c_str(), H5P_DEFAULT)); }
  ~Other() {
    for (const hid_t object : objects_) H5Oclose(object);
  }
  Other(const Other&) = delete;
  Other& operator=(const Other&) = delete;

  void put_attribute(const std::string& object, const std::string& name, const std::vector<double>& values) {
    const hsize_t size = values.size();
    const Id space(H5Screate_simple(1, &size, nullptr), "make a shape");
    const Id made(H5Acreate2(at(object), name.c_str(), H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT),
                  "make an attribute");
    REQUIRE(H5Awrite(made, H5T_NATIVE_DOUBLE, values.data()) >= 0);
  }
  void put_dataset(const std::string& path, const std::vector<hsize_t>& sizes, const std::vector<float>& values) {
    const Id space(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr), "make a shape");
    const Id made(H5Dcreate2(file_, path.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                  "make a dataset");
    REQUIRE(H5Dwrite(made, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
  }
  void put_group(const std::string& path) {
    const Id made(H5Gcreate2(file_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), "make a group");
  }
  void remove(const std::string& path) { REQUIRE(H5Ldelete(file_, path.c_str(), H5P_DEFAULT) >= 0); }
  void remove_attribute(const std::string& object, const std::string& name) {
    REQUIRE(H5Adelete(at(object), name.c_str()) >= 0);
  }
  operator hid_t() const { return file_; }

 private:
  hid_t open(const fs::path& path, bool newest) const {
    if (newest) H5Pset_libver_bounds(access_, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    return H5Fopen(path.c_str(), H5F_ACC_RDWR, access_);
  }

  Id access_, file_;
  std::vector<hid_t> objects_;
};

/// Something of another program's beside everything of ours: so much that HDF5 stores names in its other way.
void add_notes(Other& file) {
  for (int i = 0; i < 20; ++i) {
    const std::string n = "note" + std::to_string(i);
    for (const char* object : {"/", "/value", "/value/layers/0/weight", "/checksums"})
      file.put_attribute(object, n, {1, 2, 3});
    for (const char* group : {"/", "/value/", "/value/layers/", "/checksums/"})
      file.put_dataset(group + n, {2}, {1, 2});
  }
  file.put_attribute("/value", "note", std::vector<double>(20000, 1));
  file.put_group("/value/layers/3");  // looks like an element of ours
  file.put_dataset("/value/layers/3/weight", {2}, {1, 2});
  REQUIRE(H5Lcreate_soft("/value", file, "/value/again", H5P_DEFAULT, H5P_DEFAULT) >= 0);
}

void remove_notes(Other& file) {
  for (int i = 0; i < 20; ++i) {
    const std::string n = "note" + std::to_string(i);
    for (const char* object : {"/", "/value", "/value/layers/0/weight", "/checksums"}) file.remove_attribute(object, n);
    for (const char* group : {"/", "/value/", "/value/layers/", "/checksums/"}) file.remove(group + n);
  }
  file.remove_attribute("/value", "note");
  file.remove("/value/layers/3");
  file.remove("/value/again");
}

TEST_CASE("what another program adds to a file and takes away again leaves it as good as it was", "[archive]") {
  const TemporaryFolder folder;
  const fs::path path = make_victim(folder);
  const Everything e = load_one<Everything>(path);
  for (const bool newest : {false, true}) {
    { const Other nothing(path, newest); }
    CHECK(equal(load_one<Everything>(path), e));
    {
      Other file(path, newest);
      add_notes(file);
    }
    CHECK(equal(load_one<Everything>(path), e));
    {
      Other file(path, newest);
      remove_notes(file);
    }
    CHECK(equal(load_one<Everything>(path), e));
  }
  load_file(path, "test", 1, [](Hdf5IArchive& ar) {
    CHECK(ar.contains("value/layers/2"));
    CHECK_FALSE(ar.contains("value/layers/3"));
  });
}

TEST_CASE("what another program changed of ours is named", "[archive]") {
  const TemporaryFolder folder;
  const Tensor x = Tensor::full({2, 3}, 1);
  const auto after = [&](bool newest, const auto& change) {
    const fs::path path = folder / "a.h5";
    save_file(path, "test", 1, [&](Hdf5OArchive& ar) {
      const std::vector<float> a{1, 1, 1, 1, 1, 1}, b{2, 2, 2, 2, 2, 2};
      ar << make_nvp("value/a", a) << make_nvp("value/b", b) << named("value/steps", std::int64_t{7});
      ar << named("value/x", x);
    });
    {
      Other file(path, newest);
      change(file);
    }
    std::vector<float> a;
    return error_of([&] { load_file(path, "test", 1, [&](Hdf5IArchive& ar) { ar >> make_nvp("value/a", a); }); });
  };
  const auto changed = [](const std::string& what) { return Contains("a.h5' is cut off or damaged: '/value/" + what); };
  const auto write_again = [](Other& file, const std::vector<hsize_t>& sizes) {
    file.remove("/value/a");
    file.put_dataset("/value/a", sizes, {1, 1, 1, 1, 1, 1});
  };
  CHECK_THAT(after(false,
                   [](Other& file) {
                     const std::vector<float> other{1, 1, 1, 1, 1, 2};
                     REQUIRE(H5Dwrite(file.at("/value/a"), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                      other.data()) >= 0);
                   }),
             changed("a' was changed (its values are not those that were saved); use another copy"));
  CHECK_THAT(after(false,
                   [](Other& file) {
                     const Id steps(H5Aopen(file.at("/value"), "steps", H5P_DEFAULT), "open");
                     const std::int64_t other = 8;
                     REQUIRE(H5Awrite(steps, H5T_NATIVE_INT64, &other) >= 0);
                   }),
             changed("steps' was changed (its value is not"));
  CHECK_THAT(after(false, [](Other& file) { file.remove_attribute("/value", "steps"); }),
             changed("steps' was changed (it is missing)"));
  CHECK_THAT(after(false, [](Other& file) { file.remove("/value/x"); }), changed("x' was changed (it is missing)"));
  CHECK(after(true, [&](Other& file) { write_again(file, {6}); }) == "no error");
  CHECK_THAT(after(true,
                   [&](Other& file) {
                     write_again(file, {3, 2});
                   }),
             changed("a' was changed (it is a dataset float32 [3, 2], saved was a dataset float32 [6])"));
  CHECK_THAT(after(false,
                   [](Other& file) {
                     file.remove("/value/a");
                     file.put_group("/value/a");
                   }),
             changed("a' was changed"));
  CHECK_THAT(after(false,
                   [](Other& file) {
                     file.remove("/value/a");
                     REQUIRE(H5Lcreate_soft("/value/b", file, "/value/a", H5P_DEFAULT, H5P_DEFAULT) >= 0);
                   }),
             changed("a' was changed (it is a link"));
  CHECK_THAT(after(false,
                   [](Other& file) {
                     file.remove("/value/a");
                     REQUIRE(H5Lcreate_hard(file, "/value/b", file, "/value/a", H5P_DEFAULT, H5P_DEFAULT) >= 0);
                   }),
             changed("a' was changed (its values"));
  CHECK_THAT(after(false, [](Other& file) { file.remove("/checksums"); }), Contains("'/checksums' was changed (it is"));
}

TEST_CASE("a tensor that now shares another's storage is named", "[archive]") {
  const TemporaryFolder folder;
  save_one(folder / "a.h5", std::vector<Tensor>{Tensor::full({4}, 1), Tensor::full({4}, 2)});
  {
    Other file(folder / "a.h5");
    file.remove("/value/1");
    REQUIRE(H5Lcreate_hard(file, "/value/0", file, "/value/1", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  }
  bool given = false;
  const auto load = [&](Hdf5IArchive& ar) {
    std::vector<Tensor> x;
    ar >> make_nvp("value", x);
    given = true;
  };
  CHECK_THAT(error_of([&] { load_file(folder / "a.h5", "test", 1, load); }), Contains("'/value/1' was changed"));
  CHECK_FALSE(given);
}

TEST_CASE("a list of checksums that names nothing, something twice, or something out of place is refused",
          "[archive]") {
  const TemporaryFolder folder;
  const fs::path path = folder / "a.h5";
  const auto error = [&](const std::string& from, const std::string& to, bool fitting = true) {
    REQUIRE(from.size() == to.size());
    save_one(path, std::vector<std::vector<int>>{{1}, {1}});
    {
      Other file(path);
      const hid_t set = file.at("/checksums/items");
      const Id type(H5Dget_type(set), "type");
      std::string text(H5Tget_size(type), '\0');
      REQUIRE(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data()) >= 0);
      text.replace(text.find(from), from.size(), to);
      REQUIRE(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data()) >= 0);
      const std::uint64_t sum = detail::digest_of(text.data(), text.size()) + (fitting ? 0 : 1);
      const Id all(H5Aopen(file.at("/checksums"), "all", H5P_DEFAULT), "open");
      REQUIRE(H5Awrite(all, H5T_NATIVE_UINT64, &sum) >= 0);
    }
    return error_of([&] { load_one<std::vector<std::vector<int>>>(path); });
  };
  CHECK(error("/value/1", "/value/1") == "no error");
  CHECK_THAT(error("/value/1", "/value/1", false), Contains("its list of checksums was changed"));
  CHECK_THAT(error("/value/1", "/value/2"), Contains("'/value/2' was changed (it is missing)"));
  CHECK_THAT(error("/value/1", "/value/0"), Contains("name '/value/0' out of place"));
  CHECK_THAT(error("/value/1", "/volue/1"), Contains("name '/volue/1' out of place"));
  CHECK_THAT(error("/value/1", "xvalue/1"), Contains("out of place"));
  CHECK_THAT(error("int32 [1]", "int16 [1]"), Contains("'/value/0' was changed (it is a dataset int32 [1], saved was"));
  CHECK_THAT(error("\n", "\t"), Contains("checksums"));
}

TEST_CASE("a file cut off anywhere is an error", "[archive]") {
  const TemporaryFolder folder;
  const std::string whole = read_bytes(make_victim(folder));
  for (std::size_t size = 0; size < whole.size(); size += size + 100 < whole.size() ? 61 : 1) {
    write_bytes(folder / "cut.h5", whole.substr(0, size));
    if (error_of([&] { load_one<Everything>(folder / "cut.h5"); }) == "no error") FAIL("loads, cut to " << size);
  }
}

TEST_CASE("HDF5 gets to see no header that does not fit its checksum", "[archive]") {
  const TemporaryFolder folder;
  const std::string whole = read_bytes(make_victim(folder));
  int headers = 0, continued = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    const bool first = whole.compare(at, 4, "OHDR") == 0, next = whole.compare(at, 4, "OCHK") == 0;
    if (!first && !next) continue;
    ++(first ? headers : continued);
    for (const std::size_t within : {0, 4, 8, 13}) {
      std::string bytes = whole;
      bytes[at + within] = static_cast<char>(bytes[at + within] ^ 3);
      write_bytes(folder / "a.h5", bytes);
      CHECK_THAT(error_of([&] { load_one<Everything>(folder / "a.h5"); }),
                 Contains("another program wrote it anew") || Contains("its header is damaged") ||
                     Contains("does not lie within the file"));
    }
  }
  CHECK(continued > 0);
  CHECK(headers > 20);
}

TEST_CASE("a program that met damage in another program's additions ends without a word", "[archive]") {
  const TemporaryFolder folder;
  const fs::path path = make_victim(folder);
  Other(path).put_attribute("/value", "large", std::vector<double>(20000, 1));  // now a heap holds the attributes
  const std::string whole = read_bytes(path);
  int refused = 0;
  for (const char* mark : {"FRHP", "BTHD", "BTLF"}) {
    std::string bytes = whole;
    REQUIRE(bytes.find(mark) != std::string::npos);
    bytes[bytes.find(mark) + 6] ^= 3;
    write_bytes(path, bytes);
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(::open((folder / "log").c_str(), O_CREAT | O_WRONLY, 0600), 2);
      std::exit(error_of([&] { load_one<Everything>(path); }) == "no error" ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    refused += WEXITSTATUS(status) == 0 ? 1 : 0;
    CHECK(read_bytes(folder / "log") == "");
  }
  CHECK(refused > 0);
}

/// Loads copies of a file with `flips` changed bytes each. Either is an error, or the values are what they were.
void damage(const fs::path& path, std::uint64_t copies, std::uint64_t flips) {
  const std::string whole = read_bytes(path);
  const Everything e = load_one<Everything>(path);
  const Rng rng(11 + flips);
  std::uint64_t found = 0;
  for (std::uint64_t i = 0; i < copies; ++i) {
    std::string bytes = whole;
    for (std::uint64_t k = 0; k < flips; ++k) {
      // the first of each copy goes through the file from end to end
      const std::size_t at = k == 0 ? i * whole.size() / copies : rng.below(bytes.size(), 2 * (flips * i + k));
      bytes[at] = static_cast<char>(bytes[at] ^ (1 + rng.below(255, 2 * (flips * i + k) + 1)));
    }
    write_bytes(path, bytes);
    try {
      if (!equal(load_one<Everything>(path), e)) FAIL("other values in copy " << i);
    } catch (const Error&) {
      ++found;
    }
  }
  write_bytes(path, whole);
  CHECK(found > copies / 5);  // the rest changed what carries nothing
}

TEST_CASE("a changed byte anywhere is an error or changes no value", "[archive]") {
  const TemporaryFolder folder;
  const fs::path path = make_victim(folder);
  damage(path, 1500, 1);
  damage(path, 200, 3);
}

TEST_CASE("a changed byte in a file to which another program added changes no value", "[archive]") {
  const TemporaryFolder folder;
  const fs::path path = make_victim(folder);
  for (const bool newest : {false, true}) {
    {
      Other file(path, newest);
      for (int i = 0; i < 10; ++i) {
        const std::string n = (newest ? "n" : "o") + std::to_string(i);
        file.put_attribute("/value", n, {1});
        file.put_dataset("/value/layers/" + n, {2}, {1, 2});
      }
    }
    const std::string whole = read_bytes(path);
    damage(path, 400, 1);
  }
}

}  // namespace
}  // namespace heddle
