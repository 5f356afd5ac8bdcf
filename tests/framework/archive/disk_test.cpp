#include "framework/system/disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <set>

#include "framework/system/beside.h"
#include "tests/framework/archive/archive_fixture.h"
#include "tests/system_calls.h"

namespace heddle {
namespace {

using Kind = SystemCall::Kind;

/// What makes a save durable, in order.
std::string order_of(const SystemCalls& calls) {
  std::string order;
  for (const SystemCall& call : calls.made) {
    if (call.kind == Kind::flush) order += "flush, ";
    if (call.kind == Kind::rename) order += "rename, ";
    if (call.kind == Kind::flush_folder) order += "flush folder";
  }
  return order;
}

// --- in which order, and how often ---

TEST_CASE("a saved file is on the disk before it gets its name, and then the name is", "[archive]") {
  const TemporaryFolder folder;
  std::string order;  // of those that decide whether it is the disk that gives back what was written
  const SystemCalls calls(folder.path(), [&](const SystemCall& call) {
    const char* const name = call.kind == Kind::flush ? "flush" : call.kind == Kind::forget ? "forget" : "read";
    if ((call.kind == Kind::read || *name != 'r') && !order.ends_with(name)) order += name;
    return Answer{};
  });
  save_one(folder / "a.h5", 1);
  CHECK(order == "flushforgetread");
  CHECK(order_of(calls) == "flush, rename, flush folder");
}

TEST_CASE("a disk that cannot write or flush a file leaves the last one as it was", "[archive]") {
  const TemporaryFolder folder;
  const Kind fails = GENERATE(Kind::create, Kind::write, Kind::flush, Kind::rename);
  save_one(folder / "a.h5", 1);
  std::string error;
  {
    const SystemCalls calls(folder.path(),
                            [&](const SystemCall& call) { return Answer{call.kind == fails ? EIO : 0}; });
    error = error_of([&] { save_one(folder / "a.h5", 2); });
    CHECK(order_of(calls) == (fails == Kind::rename ? "flush, " : ""));
  }
  CHECK_THAT(error, Contains("Input/output error; check its folder and disk"));
  CHECK(load_one<int>(folder / "a.h5") == 1);
  CHECK(folder.count() == 1);
}

TEST_CASE("every call of a save and a load that a signal interrupts is made again", "[archive]") {
  const TemporaryFolder folder;
  std::set<Kind> interrupted;
  const SystemCalls calls(folder.path(), [&](const SystemCall& call) {
    const bool can = call.kind != Kind::rename && call.kind != Kind::remove && call.kind != Kind::forget;
    return Answer{can && interrupted.insert(call.kind).second ? EINTR : 0};
  });
  save_one(folder / "a.h5", 1);
  interrupted.erase(Kind::open);  // as the folder was
  CHECK(load_one<int>(folder / "a.h5") == 1);
  Temporary temporary(folder / "b");
  temporary.disk().resize(100);
  CHECK(temporary.disk().error() == 0);
  CHECK(temporary.disk().size() == 100);
  CHECK(interrupted ==
        std::set{Kind::create, Kind::open, Kind::read, Kind::write, Kind::truncate, Kind::flush, Kind::flush_folder});
}

TEST_CASE("a file that cannot be resized is told, however its flushing ends", "[archive]") {
  const TemporaryFolder folder;
  const SystemCalls calls(folder.path(),
                          [](const SystemCall& call) { return Answer{call.kind == Kind::truncate ? EIO : 0}; });
  Temporary temporary(folder / "a");
  temporary.disk().resize(100);
  temporary.disk().flush();
  CHECK(temporary.disk().error() == EIO);
}

TEST_CASE("a folder that cannot be flushed is told where the disk fails, and not where its kind has no flushing",
          "[archive]") {
  const TemporaryFolder folder;
  for (const int error : {EIO, EINVAL, ENOTSUP, EACCES}) {
    const Kind fails = error == EACCES ? Kind::open : Kind::flush_folder;
    const SystemCalls calls(folder.path(), [&](const SystemCall& call) {
      return Answer{call.path == "." && call.kind == fails ? error : 0};
    });
    const std::string told = error_of([&] { save_one(folder / "a.h5", error); });
    if (error == EIO)
      CHECK_THAT(told, Contains("the names in folder ") && Contains("Input/output error; check the disk"));
    else
      CHECK(told == "no error");
    CHECK(load_one<int>(folder / "a.h5") == error);  // it has its name in any case
  }
}

TEST_CASE("bytes that the disk took otherwise than they were written are found before the rename", "[archive]") {
  const TemporaryFolder folder;
  save_one(folder / "a.h5", 1);
  const fs::path temporary = folder / ("a.h5.tmp-" + std::to_string(::getpid())).c_str();
  const auto spoil = [&](Hdf5OArchive& ar) {
    ar << named("value", Tensor::full({1 << 18}, 1)) << named("more", Tensor::full({1 << 18}, 1));
    const int fd = ::open(temporary.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(::pwrite(fd, "x", 1, 1 << 19) == 1);
    ::close(fd);
  };
  CHECK_THAT(error_of([&] { save_file(folder / "a.h5", "test", 1, spoil); }),
             Contains("reads back otherwise") && Contains("'/value' was changed"));
  const std::string other = read_bytes(folder / "a.h5");  // whole, and another file
  const SystemCalls calls(folder.path(), [&](const SystemCall& call) {
    if (call.kind == Kind::flush) write_bytes(temporary, other);
    return Answer{};
  });
  CHECK_THAT(error_of([&] { save_one(folder / "a.h5", 2); }), Contains("the list of checksums differs"));
  CHECK(load_one<int>(folder / "a.h5") == 1);
  CHECK(folder.count() == 1);
}

TEST_CASE("saving removes what a process left beside the file that died while it saved", "[archive]") {
  const TemporaryFolder folder;
  folder.write("a.h5.tmp-99999999", "half");
  save_one(folder / "a.h5", 1);
  CHECK(folder.count() == 1);
}

TEST_CASE("a link that lies where the temporary belongs is not written through", "[archive]") {
  const TemporaryFolder folder;
  folder.write("other", "precious");
  fs::create_symlink(folder / "other", folder / ("a.h5.tmp-" + std::to_string(::getpid())).c_str());
  save_one(folder / "a.h5", 1);
  CHECK(read_bytes(folder / "other") == "precious");
  CHECK(load_one<int>(folder / "a.h5") == 1);
  fs::create_symlink(folder / "other", beside(folder / "a.h5"));  // and where it cannot be taken away
  const SystemCalls calls(folder.path(),
                          [](const SystemCall& call) { return Answer{call.kind == Kind::remove ? EIO : 0}; });
  CHECK_THAT(error_of([&] { save_one(folder / "a.h5", 2); }), Contains("File exists"));
  CHECK(read_bytes(folder / "other") == "precious");
}

TEST_CASE("a file that lies under the temporary's name keeps its bytes under its other name", "[archive]") {
  const TemporaryFolder folder;
  save_one(folder / "kept.h5", 1);
  const std::string whole = read_bytes(folder / "kept.h5");
  fs::create_hard_link(folder / "kept.h5", beside(folder / "a.h5"));  // as who died left it that gave it a second name
  save_one(folder / "a.h5", 2);
  CHECK(read_bytes(folder / "kept.h5") == whole);
  CHECK(folder.count() == 2);
}

TEST_CASE("a file gets a second name in the place of what had it, also where it has it already", "[archive]") {
  const TemporaryFolder folder;
  folder.write("new", "new");
  folder.write("old", "old");
  for (int again = 0; again < 2; ++again) {
    const SystemCalls calls(folder.path());
    folder.write("old.tmp-" + std::to_string(::getpid()), "of one who died");
    CHECK(name_too(folder / "new", folder / "old"));
    CHECK(order_of(calls) == "rename, flush folder");
    CHECK(std::none_of(calls.made.begin(), calls.made.end(),
                       [](const SystemCall& call) { return call.kind == Kind::remove && call.path == "old"; }));
    CHECK(read_bytes(folder / "old") == "new");
    CHECK(folder.count() == 2);
  }
  CHECK_FALSE(name_too(folder / "none", folder / "old"));
  CHECK(read_bytes(folder / "old") == "new");
}

TEST_CASE("saving and loading read every byte once", "[archive]") {
  const TemporaryFolder folder;
  const std::vector<Tensor> x = {Tensor::full({1 << 20}, 1), Tensor::full({1 << 20}, 2)};
  const auto read_by = [&](const auto& body) {
    const SystemCalls calls(folder.path());
    body();
    return static_cast<double>(calls.bytes_read) / static_cast<double>(fs::file_size(folder / "a.h5"));
  };
  const auto part = [&](Hdf5IArchive& ar) {
    Tensor y;
    ar >> make_nvp("value/0", y);
  };
  CHECK(read_by([&] { save_one(folder / "a.h5", x); }) == Approx(1).margin(0.01));
  CHECK(read_by([&] { load_one<std::vector<Tensor>>(folder / "a.h5"); }) == Approx(1).margin(0.01));
  CHECK(read_by([&] { load_file(folder / "a.h5", "test", 1, part); }) == Approx(1).margin(0.01));
  CHECK(read_by([&] { file_kind(folder / "a.h5"); }) < 0.01);
}

// --- a disk that fails ---

TEST_CASE("a full disk at any point leaves the last file as it was and nothing beside it", "[archive]") {
  const TemporaryFolder folder;
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
  const TemporaryFolder folder;
  constexpr int kNoMount = 77;
  const int result = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=128k") != 0) {
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
  const TemporaryFolder folder;
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
  const TemporaryFolder folder;
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
  fs::permissions(folder.path(), fs::perms::all);
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
  const TemporaryFolder folder;
  CHECK_THROWS_AS(save_file(folder / "a.h5", "test", 1,
                            [](Hdf5OArchive& ar) {
                              ar << named("x", make_everything());
                              throw std::logic_error("mine");
                            }),
                  std::logic_error);
  CHECK(folder.count() == 0);
}

}  // namespace
}  // namespace heddle
