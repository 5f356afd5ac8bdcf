#include "framework/archive/file.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/framework/archive/archive_fixture.h"

namespace heddle {
namespace {

/// Puts `to` where the file holds `from`, once.
void exchange_bytes(const fs::path& path, const Tensor& from, const Tensor& to) {
  const auto text = [](const Tensor& x) {
    return std::string(reinterpret_cast<const char*>(x.data()), x.span().size_bytes());
  };
  std::string bytes = read_bytes(path);
  const std::size_t at = bytes.find(text(from));
  REQUIRE(at != std::string::npos);
  write_bytes(path, bytes.replace(at, text(from).size(), text(to)));
}

TEST_CASE("a file that is missing, foreign, of another kind or newer is told apart", "[archive]") {
  const TemporaryFolder folder;
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
  CHECK_THAT(error(), Contains("a.h5' was written by a newer heddle (format 3, this program reads 1): update heddle"));
  save_file(path, "test", 0, [](Hdf5OArchive&) {});
  CHECK_THAT(
      error(),
      Contains("a.h5' was written by an older heddle (format 0, this program reads 1): make it again with this"));
  fs::remove(path);
  fs::create_directory(path);
  CHECK_THAT(error(), Contains("it is not a file"));
}

TEST_CASE("what a program does not ask for is checked after what it does", "[archive]") {
  const TemporaryFolder folder;
  const Tensor a = Tensor::full({300000}, 1), b = Tensor::full({32}, 2);
  const auto load = [&](const char* name) {
    bool given = false;
    const std::string error = error_of([&] {
      load_file(folder / "a.h5", "test", 1, [&](Hdf5IArchive& ar) {
        Tensor x;
        ar >> make_nvp(name, x);
        given = true;
      });
    });
    return error + (given ? " (given)" : " (not given)");
  };
  save_one(folder / "a.h5", std::vector<Tensor>{a, b});
  CHECK(load("value/0") == "no error (given)");
  exchange_bytes(folder / "a.h5", b, Tensor::full({32}, 3));
  const auto changed = Contains("a.h5' is cut off or damaged: '/value/1' was changed (its values are not");
  CHECK_THAT(load("value/0"), changed && Contains("(given)"));
  CHECK_THAT(load("value/1"), changed && Contains("(not given)"));
  CHECK(file_kind(folder / "a.h5") == "test");
}

TEST_CASE("mapped numbers are checked before they are given", "[archive]") {
  const TemporaryFolder folder;
  const std::vector<std::uint16_t> numbers(700000, 0x7878);
  save_one(folder / "a.h5", numbers);
  const auto mapped = load_one<MappedNumbers>(folder / "a.h5");
  CHECK((mapped.count == numbers.size() && std::memcmp(mapped.data.get(), numbers.data(), 2 * mapped.count) == 0));
  std::string bytes = read_bytes(folder / "a.h5");
  bytes[bytes.find("xxxx") + 1200000] = 'y';
  write_bytes(folder / "a.h5", bytes);
  bool given = false;
  CHECK_THAT(error_of([&] {
               load_file(folder / "a.h5", "test", 1, [&](Hdf5IArchive& ar) {
                 MappedNumbers x;
                 ar >> make_nvp("value", x);
                 given = true;
               });
             }),
             Contains("'/value' was changed"));
  CHECK_FALSE(given);
}

TEST_CASE("any flipped bit of a tensor is found and named", "[archive]") {
  const TemporaryFolder folder;
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
               Contains("a.h5' is cut off or damaged: '/value' was changed"));
  }
  write_bytes(folder / "a.h5", whole);
  CHECK(same_bytes(load_one<Tensor>(folder / "a.h5"), x));
}

TEST_CASE("two tensors exchanged in the file are found", "[archive]") {
  const TemporaryFolder folder;
  const Tensor a = Tensor::full({32}, 1), b = Tensor::full({32}, 2);
  save_one(folder / "a.h5", std::vector<Tensor>{a, b});
  exchange_bytes(folder / "a.h5", a, Tensor::full({32}, 3));
  exchange_bytes(folder / "a.h5", b, a);
  exchange_bytes(folder / "a.h5", Tensor::full({32}, 3), b);
  CHECK_THAT(error_of([&] { load_one<std::vector<Tensor>>(folder / "a.h5"); }), Contains("'/value/0' was changed"));
}

TEST_CASE("failures print nothing", "[archive]") {
  const TemporaryFolder folder;
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
