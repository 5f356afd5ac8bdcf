// TensorBoard's files: their checksums and bytes are what others publish, and damage ends them.

#include "train/export/tensorboard/event_file.h"

#include <catch2/catch.hpp>

#include "tests/temporary_folder.h"

namespace heddle {
namespace {

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    for (const int half : {(c >> 4) & 15, c & 15}) text += "0123456789abcdef"[half];
  }
  return text;
}

}  // namespace

TEST_CASE("crc32c gives the values that RFC 3720 publishes, and the check value of its catalogue") {
  CHECK(crc32c("123456789") == 0xe3069283U);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aaU);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43U);
  std::string rising, falling;
  for (char c = 0; c < 32; ++c) {
    rising += c;
    falling += static_cast<char>(31 - c);
  }
  CHECK(crc32c(rising) == 0x46dd794eU);
  CHECK(crc32c(falling) == 0x113fdb5cU);
  CHECK(crc32c("") == 0);
}

// tests/golden/tensorboard_events.py prints these, by TensorBoard's own messages and its writer of records.
TEST_CASE("records have the bytes that TensorFlow's writer gives the same messages") {
  CHECK(
      hex(event_heading(1.5, 0)) ==
      "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c0d000000000000003c37b83409000000"
      "000000f83f3a020801b718825c");
  CHECK(
      hex(event_record({2.5, 300, {{"loss/train", 0.75}, {"run/lr", 1e-3}}, ""})) ==
      "300000000000000095f5d05f09000000000000044010ac022a220a110a0a6c6f73732f747261696e150000403f0a0d0a0672756e2f6c7215"
      "6f12833a3f847403");
  CHECK(
      hex(event_record({2.5, 7, {}, "    a\n"})) ==
      "2f000000000000006d5d1d5009000000000000044010072a220a200a0673616d706c65420c08071200420620202020610a4a080a060a0474"
      "657874b52b828f");
}

TEST_CASE("what is written of events is read back, in single precision, and a heading is none") {
  const std::int64_t large = std::int64_t{1} << 40;
  const std::string bytes = event_heading(1, 5) +
                            event_record({10.25, large, {{"loss/val", 0.1}, {"loss/train", -3}}, ""}) +
                            event_record({11, 0, {}, std::string(70000, 'x')});
  const std::vector<Event> events = read_events(bytes).events;
  REQUIRE(events.size() == 2);
  CHECK(events[0].wall_time == 10.25);
  CHECK(events[0].step == large);
  REQUIRE(events[0].scalars.size() == 2);
  CHECK(events[0].scalars[0].name == "loss/val");
  CHECK(events[0].scalars[0].value == static_cast<double>(0.1F));
  CHECK(events[0].scalars[1].value == -3);
  CHECK(events[0].text.empty());
  CHECK(events[1].text == std::string(70000, 'x'));
}

TEST_CASE("reading ends at the first record that is not whole, wherever it is cut or changed") {
  const std::string first = event_record({1, 1, {{"a", 1}}, ""}), second = event_record({2, 2, {}, "text"});
  const std::string bytes = first + second;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    INFO(size);
    const EventsRead read = read_events(bytes.substr(0, size));
    CHECK(read.events.size() == (size >= first.size() ? 1 : 0));
    CHECK(read.bytes == (size >= first.size() ? first.size() : 0));
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    INFO(at);
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    CHECK(read_events(damaged).events.size() == (at >= first.size() ? 1 : 0));
  }
}

TEST_CASE("reading until a step ends before the first event behind it, but not at what begins a file") {
  const std::string heading = event_heading(1, 100), first = event_record({1, 10, {{"a", 1}}, ""}),
                    second = event_record({1, 10, {}, "text"}), third = event_record({1, 11, {}, "text"});
  const std::string bytes = heading + first + second + third + first;
  CHECK(read_events(bytes, 9).bytes == heading.size());
  CHECK(read_events(bytes, 10).bytes == (heading + first + second).size());
  CHECK(read_events(bytes, 10).events.size() == 2);
  CHECK(read_events(bytes, 11).bytes == bytes.size());
}

TEST_CASE("a session's file comes behind those that are there, and others' files are none of ours") {
  const TemporaryFolder folder;
  CHECK(event_files(folder.path()).empty());
  CHECK(new_event_file(folder.path(), 1700000000.9).filename() == "events.out.tfevents.1700000000.heddle");
  for (const char* name :
       {"events.out.tfevents.1700000005.heddle", "events.out.tfevents.0000000007.heddle",
        "events.out.tfevents.1700000009.host", "events.out.tfevents..heddle", "events.out.tfevents.12x.heddle",
        "1700000009.heddle", "events.out.tfevents.9999999999999999999999.heddle"})
    folder.write(name, "");
  const auto files = event_files(folder.path());
  REQUIRE(files.size() == 2);
  CHECK(files[0].filename() == "events.out.tfevents.0000000007.heddle");
  CHECK(new_event_file(folder.path(), 1700000000).filename() == "events.out.tfevents.1700000006.heddle");
  CHECK(new_event_file(folder.path(), 1700000008).filename() == "events.out.tfevents.1700000008.heddle");
}

}  // namespace heddle
