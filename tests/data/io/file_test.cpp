#include "data/io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "framework/check.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

using Catch::Contains;

std::string beside(const std::string& path) { return path + ".tmp-" + std::to_string(::getpid()); }

}  // namespace

TEST_CASE("writing a file removes what a process left beside it that died while it wrote") {
  const TemporaryFolder folder;
  folder.write("a.txt.tmp-99999999", "half");
  write_file(folder.path("a.txt"), "whole");
  CHECK(folder.count() == 1);
}

TEST_CASE("a file is written whole, and read as it was written") {
  const TemporaryFolder folder;
  const std::string bytes("a\r\n\0\xFF", 5), path = folder.write("file", "something longer than that");
  write_file(path, bytes);
  CHECK(read_file(path) == bytes);
  write_file(path, "");
  CHECK(read_file(path).empty());
  CHECK(folder.count() == 1);
  CHECK_THROWS_WITH(read_file(folder.path("none")), Contains("none' cannot be opened (No such file"));
  CHECK_THROWS_WITH(read_file(folder.path()), Contains("cannot be read (Is a directory)"));
}

TEST_CASE("a full disk leaves the file that was there and nothing half-written") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "as it was");
  for (const std::size_t size : {10, 10000000}) {  // noticed at the end, and on the way
    std::filesystem::create_symlink("/dev/full", beside(path));
    CHECK_THROWS_WITH(write_file(path, std::string(size, 'x')), Contains("file': No space left on device"));
    CHECK(read_bytes(path) == "as it was");
    CHECK(folder.count() == 1);
  }
}

TEST_CASE("a link leads to the file that is written, and a pipe is written to") {
  const TemporaryFolder folder;
  const std::string target = folder.write("target", "as it was"), link = folder.path("link"),
                    pipe = folder.path("pipe");
  std::filesystem::create_symlink("target", link);
  write_file(link, "new");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(read_bytes(target) == "new");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  write_file(pipe, "through it");
  std::string got(100, ' ');
  got.resize(static_cast<std::size_t>(::read(reader, got.data(), got.size())));
  ::close(reader);
  CHECK(got == "through it");
  CHECK(std::filesystem::is_fifo(pipe));
  CHECK(folder.count() == 3);
}

TEST_CASE("of several files all are written, or none") {
  const TemporaryFolder folder;
  const std::string first = folder.write("first", "as it was");
  std::filesystem::create_directory(folder.path("taken"));
  const auto write = [](std::ostream& out) { out << "new"; };
  const auto refuse = [](std::ostream&) { throw Error("not this"); };
  CHECK_THROWS_WITH(write_files({{first, write}, {folder.path("taken"), write}}), Contains("taken': Is a directory"));
  CHECK_THROWS_WITH(write_files({{first, write}, {folder.path("none/second"), write}}),
                    Contains("cannot save '" + folder.path("none/second") + "': No such file"));
  CHECK_THROWS_WITH(write_files({{first, write}, {folder.path("second"), refuse}}), "not this");
  CHECK(read_bytes(first) == "as it was");
  CHECK(folder.count() == 2);
  write_files({{first, write}, {folder.path("second"), write}});
  CHECK(read_bytes(first) == "new");
  CHECK(read_bytes(folder.path("second")) == "new");
}

}  // namespace heddle
