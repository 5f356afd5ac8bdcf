#include "data/io/input_file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "data/io/file.h"
#include "framework/check.h"
#include "tests/packed.h"
#include "tests/real_data.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

using Catch::Contains;
using namespace std::string_literals;

/// Words and numbers that do not pack to nothing.
std::string some_text(std::size_t size) {
  std::string text;
  for (std::uint64_t i = 0, x = 1; text.size() < size; ++i) {
    x = x * 6364136223846793005U + 1442695040888963407U;
    text += "line " + std::to_string(i) + " holds " + std::to_string(x >> 40U) + "\n";
  }
  return text.substr(0, size);
}

std::string read_in_blocks(InputFile& in, std::size_t block) {
  std::string all;
  while (true) {
    const std::size_t before = all.size(), count = in.read(all, block);
    REQUIRE(all.size() == before + count);
    if (count < block) return all;
  }
}

}  // namespace

TEST_CASE("a packed file is read as what was packed, in blocks of any size and again") {
  const TemporaryFolder folder;
  // sizes on both sides of the borders of what is read and looked at together
  for (const std::size_t size : {0, 1, 4095, 4096, 4097, 131071, 131072, 131073, 700000}) {
    const std::string text = some_text(size);
    for (const std::string& bytes : {text, gzip(text), zstd(text)}) {
      for (const Contents wanted : {Contents::bytes, Contents::text}) {
        InputFile in(folder.write("file", bytes), wanted);
        for (const std::size_t block : {1 << 16, 4096, 999999}) {
          INFO("size " << size << ", packed " << bytes.size() << ", block " << block);
          REQUIRE(read_in_blocks(in, block) == text);
          in.rewind();
        }
        CHECK(in.size().has_value() == (bytes == text));
        CHECK(in.size().value_or(size) == size);
      }
      CHECK(read_file(folder.path("file")) == text);
      const FileBytes mapped = map_contents(folder.path("file"));
      CHECK(mapped.view() == text);
    }
  }
}

TEST_CASE("what begins nearly as packed files do is read as it is") {
  const TemporaryFolder folder;
  for (const std::string& bytes :
       std::vector<std::string>{"\x1F", "\x1F\x8C\x08\0 x"s, "\x1F\x8B\x07\0 x"s, "\x1F\x8B\x08\x20 x"s, "\x28\xB5\x2F",
                                "\x28\xB5\x2F\xFC x", "\x60\x2A\x4D\x18 x", "\x50\x2A\x4D\x19 x"})
    CHECK(read_file(folder.write("file", bytes)) == bytes);
}

TEST_CASE("members of gzip and frames of zstd one after another are read as one") {
  const TemporaryFolder folder;
  const std::string a = some_text(200000), b = "b\n", empty;
  const auto read = [&](const std::string& bytes) { return read_file(folder.write("file", bytes)); };
  CHECK(read(gzip(a) + gzip(b)) == a + b);
  CHECK(read(gzip(empty) + gzip(b) + gzip(empty) + gzip(a)) == b + a);
  CHECK(read(zstd(a) + zstd(b)) == a + b);
  CHECK(read(zstd(empty) + zstd(b) + zstd(empty) + zstd(a)) == b + a);
  CHECK(read(gzip(a) + std::string(1000, '\0')) == a);                        // as tapes are filled up
  CHECK(read("\x5E\x2A\x4D\x18\x04\0\0\0abcd"s + zstd(a)) == a);              // a frame to skip, as pzstd writes
  CHECK(read(gzip(std::string(1 << 18, 'x')) + gzip(b)).ends_with("xxb\n"));  // the second lies in the same block
  std::string many, whole;
  for (int i = 0; i < 20000; ++i) many += gzip(std::to_string(i)), whole += std::to_string(i);  // borders fall anywhere
  CHECK(read(many) == whole);
}

TEST_CASE("a packed file that is cut off anywhere is an error that says so") {
  const TemporaryFolder folder;
  const std::string text = some_text(300);
  for (const std::string& bytes : {gzip(text), zstd(text)}) {
    for (std::size_t size = 4; size < bytes.size(); ++size) {
      const std::string path = folder.write("a.packed", bytes.substr(0, size));
      CHECK_THROWS_WITH(read_file(path), Contains("a.packed' is cut off"));
    }
  }
  CHECK_THROWS_WITH(read_file(folder.write("a.gz", gzip(text).substr(0, 2))), Contains("a.gz' is cut off"));
  CHECK_THROWS_WITH(read_file(folder.write("b.gz", gzip(text) + gzip(text).substr(0, 30))), Contains("is cut off"));
  CHECK_THROWS_WITH(read_file(folder.write("b.zst", zstd(text) + zstd(text).substr(0, 30))), Contains("is cut off"));
}

TEST_CASE("a packed file with a flipped bit is refused or read as it was") {
  const TemporaryFolder folder;
  const std::string text = some_text(600);
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    std::size_t refused = 0;
    for (std::size_t at = 4; at < whole.size(); ++at) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 16);
      try {
        const std::string read = read_file(folder.write("file", bytes));
        CHECK(read == text);  // gzip's time and system, for one, are not checked
      } catch (const Error& e) {
        CHECK_THAT(e.what(), Contains("file' is damaged") || Contains("file' is cut off") || Contains("--long"));
        ++refused;
      }
    }
    CHECK(refused + 10 > whole.size() - 4);
  }
  CHECK_THROWS_WITH(read_file(folder.write("a.gz", gzip(text) + "more")), Contains("a.gz' is damaged"));
  CHECK_THROWS_WITH(read_file(folder.write("a.zst", zstd(text) + "more")), Contains("a.zst' is damaged"));
}

TEST_CASE("what packs to next to nothing is read in the memory of a block") {
  const TemporaryFolder folder;
  const std::string zeros(1 << 20, '\0');
  const std::string member = gzip(zeros), frame = zstd(zeros);
  for (const std::string& one : {member, frame}) {
    std::string bomb;
    for (int i = 0; i < 400; ++i) bomb += one;
    const std::string path = folder.write("bomb", bomb);
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    InputFile in(path);
    std::uint64_t size = 0;
    for (std::string block; in.read(block, 1 << 16) > 0; block.clear()) size += block.size();
    getrusage(RUSAGE_SELF, &after);
    CHECK(size == std::uint64_t{400} << 20U);
    CHECK(after.ru_maxrss - before.ru_maxrss < 100 << 10);  // KiB
  }
}

TEST_CASE("a window of zstd that takes too much memory is refused with the command that unpacks it") {
  const TemporaryFolder folder;
  const std::string text = some_text(1000);
  CHECK(read_file(folder.write("a.zst", zstd(text, 27))) == text);
  CHECK_THROWS_WITH(read_file(folder.write("a.zst", zstd(text, 28))),
                    Contains("unpack it first: zstd -d --long=31 " + folder.path("a.zst")));
}

TEST_CASE("a byte order mark is left out of a text, packed or not, and of nothing else") {
  const TemporaryFolder folder;
  const std::string mark = "\xEF\xBB\xBF", text = mark + "a" + mark + "b";
  for (const std::string& bytes : {text, gzip(text), zstd(text)}) {
    const std::string path = folder.write("file", bytes);
    CHECK(read_file(path, Contents::text) == "a" + mark + "b");
    CHECK(read_file(path) == text);
    InputFile in(path, Contents::text);
    CHECK(in.skipped() == 3);
    CHECK(in.size().value_or(5) == 5);
    in.rewind();
    CHECK(read_in_blocks(in, 2) == "a" + mark + "b");
    if (in.size()) CHECK(std::memcmp(in.map().get(), text.data() + 3, 5) == 0);
  }
  CHECK(read_file(folder.write("mark", mark), Contents::text).empty());
}

TEST_CASE("a pipe is read once, packed or not") {
  const TemporaryFolder folder;
  const std::string pipe = folder.path("pipe"), text = some_text(300000);
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const std::string& bytes : {text, gzip(text)}) {
    std::thread writer([&] {
      std::ofstream out(pipe, std::ios::binary);
      out << bytes.substr(0, 1) << std::flush;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // what it is cannot be told yet
      out << bytes.substr(1);
    });
    InputFile in(pipe);
    CHECK(read_in_blocks(in, 4000) == text);
    CHECK_THROWS_WITH(in.rewind(), Contains("pipe' can be read only once"));
    CHECK(!in.size());
    writer.join();
  }
}

TEST_CASE("MNIST's images and Multi30k's sentences are read as gunzip unpacks them") {
  const std::string images = real_data("mnist10k/t10k-images-idx3-ubyte.gz");
  if (!images.empty()) {
    const std::string bytes = read_file(images);
    CHECK(bytes.size() == 16 + 10000 * 28 * 28);
    CHECK(bytes.starts_with("\0\0\x08\x03\0\0\x27\x10\0\0\0\x1C\0\0\0\x1C"s));
  }
  const std::string sentences = real_data("multi30k/train.de.gz");
  if (!sentences.empty()) {
    const std::string text = read_file(sentences, Contents::text);
    CHECK(std::count(text.begin(), text.end(), '\n') == 29000);
    CHECK(text.starts_with("Zwei junge weiße Männer sind im Freien"));
  }
}

}  // namespace heddle
