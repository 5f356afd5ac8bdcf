#include "train/log/progress.h"

#include <catch2/catch.hpp>

#include "tests/temporary_folder.h"

namespace heddle {

TEST_CASE("counts are grouped by thousands") {
  CHECK(human_count(0) == "0");
  CHECK(human_count(999) == "999");
  CHECK(human_count(1000) == "1,000");
  CHECK(human_count(999999.7) == "1,000,000");
  CHECK(human_count(124439808) == "124,439,808");
  CHECK(human_count(-123) == "-123");
  CHECK(human_count(-1234567) == "-1,234,567");
}

TEST_CASE("bytes have three digits and the unit that keeps them below a thousand") {
  CHECK(human_bytes(0) == "0 B");
  CHECK(human_bytes(999) == "999 B");
  CHECK(human_bytes(999.6) == "1.00 KB");
  CHECK(human_bytes(1250) == "1.25 KB");
  CHECK(human_bytes(9996) == "10.0 KB");
  CHECK(human_bytes(99960) == "100 KB");
  CHECK(human_bytes(999600) == "1.00 MB");
  CHECK(human_bytes(1.2e9) == "1.20 GB");
  CHECK(human_bytes(5e15) == "5000 TB");
}

TEST_CASE("times have two units at most, and rounding carries") {
  CHECK(human_time(-1) == "0s");
  CHECK(human_time(0.4) == "0s");
  CHECK(human_time(59.4) == "59s");
  CHECK(human_time(59.6) == "1m 00s");
  CHECK(human_time(83) == "1m 23s");
  CHECK(human_time(3599.7) == "1h 00m");
  CHECK(human_time(100 * 3600 + 125) == "100h 02m");
}

TEST_CASE("a work through bytes says what it is, how many are done and of how many") {
  CHECK(progress_text("encoding", 1250, 62000000) == "encoding: 1.25 KB of 62.0 MB");
}

TEST_CASE("a log is added to, and one that cannot be opened is named") {
  const TemporaryFolder folder;
  const std::string path = folder.write("log.txt", "earlier\n");
  {
    Reporter reporter;
    reporter.log_to(path);
    reporter.line("now");
    reporter.progress("not for the log");
    reporter.line("then");
  }
  CHECK(read_bytes(path) == "earlier\nnow\nthen\n");
  Reporter reporter;
  CHECK_THROWS_WITH(reporter.log_to(folder.path("none/log.txt")), Catch::Contains("cannot save") && Catch::Contains("none/log.txt': No such file"));
}

}  // namespace heddle
