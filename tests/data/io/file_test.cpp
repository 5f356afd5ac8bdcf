#include "data/io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "framework/check.h"
#include "framework/system/disk.h"
#include "tests/system_calls.h"
#include "tests/temporary_folder.h"

namespace heddle {

using Catch::Contains;

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
    const SystemCalls calls(folder.path(), [](const SystemCall& call) {
      return Answer{call.kind == SystemCall::Kind::write ? ENOSPC : 0};
    });
    CHECK_THROWS_WITH(write_file(path, std::string(size, 'x')),
                      Contains("file': No space left on device; free some space"));
    CHECK(read_bytes(path) == "as it was");
    CHECK(folder.count() == 1);
  }
}

TEST_CASE("a file is on the disk before it gets its name, and of several all are before one does") {
  const TemporaryFolder folder;
  const SystemCalls calls(folder.path());
  write_files({{folder.path("a"), [](std::ostream& out) { out << "a"; }},
               {folder.path("b"), [](std::ostream& out) { out << std::string(100000, 'b'); }}});
  std::string order;
  for (const SystemCall& call : calls.made) {
    if (call.kind == SystemCall::Kind::flush) order += "flush " + call.path.substr(0, 1) + ", ";
    if (call.kind == SystemCall::Kind::rename) order += "rename " + call.to + ", ";
    if (call.kind == SystemCall::Kind::flush_folder) order += "flush folder, ";
  }
  CHECK(order == "flush a, flush b, rename a, flush folder, rename b, flush folder, ");
  CHECK(read_bytes(folder.path("b")) == std::string(100000, 'b'));
}

TEST_CASE("what is appended is there whole or not at all, short writes and signals or not") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "one\n");
  int calls = 0;
  {
    const SystemCalls slow(folder.path(), [&](const SystemCall&) { return Answer{++calls % 2 == 0 ? 0 : EINTR, 1}; });
    append_to(path, "two\n");
  }
  CHECK(read_bytes(path) == "one\ntwo\n");
  int writes = 0;
  const SystemCalls full(folder.path(), [&](const SystemCall& call) {
    return Answer{call.kind == SystemCall::Kind::write && ++writes > 2 ? ENOSPC : 0, 1};
  });
  CHECK_THROWS_WITH(append_to(path, "three\n"), Contains("file': No space left on device"));
  CHECK(writes == 3);
  CHECK(read_bytes(path) == "one\ntwo\n");
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
