#include "data/io/lines.h"

#include <catch2/catch.hpp>

#include "tests/packed.h"
#include "tests/temporary_folder.h"

namespace heddle {

TEST_CASE("lines are those of the text in a packed file, wherever its blocks end, and what is no text is refused") {
  const TemporaryFolder folder;
  std::string text;
  std::vector<std::string> wanted;
  for (int i = 0; i < 30000; ++i) {
    wanted.push_back(std::to_string(i * i));
    text += wanted.back() + (i % 3 == 0 ? "\r\n" : "\n");
  }
  text.pop_back();  // the last line has no end
  for (const std::string& bytes : {text, gzip(text), zstd("\xEF\xBB\xBF" + text)}) {
    const std::string path = folder.write("lines", bytes);
    std::vector<std::string> lines;
    for_lines(path, "questions file", [&](const std::string& line, const std::string& place) {
      lines.push_back(line);
      REQUIRE(place == path + ':' + std::to_string(lines.size()));
    });
    CHECK(lines == wanted);
  }
  const auto refusal = [&](const std::string& bytes, const std::string& why) {
    CHECK_THROWS_WITH(for_lines(folder.write("a", bytes), "questions file", [](const auto&, const auto&) {}),
                      Catch::Contains(why));
  };
  refusal("BZh91AY&SY",
          "questions file " + folder.path("a") + " is compressed with bzip2; unpack it first: bunzip2 -k");
  refusal("one\n" + std::string(3 << 20, 'x'), folder.path("a") + ":2: a line of more than 1 MiB");
  refusal(gzip(text).substr(0, 1000), "questions file " + folder.path("a") + " is cut off");
}

}  // namespace heddle
