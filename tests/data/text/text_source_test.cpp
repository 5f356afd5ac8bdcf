#include "data/text/text_source.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/packed.h"
#include "tests/temporary_folder.h"

namespace heddle {

TEST_CASE("a folder is read file by file in the order of their paths, hidden ones left out") {
  const TemporaryFolder folder;
  folder.write("b.txt", "second\n");
  folder.write("a/z.txt", "first\n");
  folder.write("c.txt", "third");
  folder.write(".hidden", "no");
  folder.write(".git/x", "no");
  REQUIRE(TextSource({folder.path()}).read_all() == "first\nsecond\nthird");
  REQUIRE(TextSource({folder.path("c.txt"), folder.path("a")}).read_all() == "thirdfirst\n");
}

TEST_CASE("blocks of any size, joined, are the text, again and again") {
  const TemporaryFolder folder;
  folder.write("1", "abc");
  folder.write("2", "");
  folder.write("3", "defgh");
  TextSource source({folder.path(), "builtin:kingdom"}, 1000, 3);
  REQUIRE(source.size() == 8 + TextSource({"builtin:kingdom"}, 1000, 3).size());
  const std::string whole = source.read_all();
  REQUIRE(whole.starts_with("abcdefgh"));
  for (const std::size_t size : {1, 3, 7, 2000}) {
    source.rewind();
    std::string text;
    std::size_t before = 0;
    for (bool more = true; more; before = text.size()) {
      more = source.read(text, size);
      REQUIRE((text.size() - before == size || !more));
    }
    REQUIRE(text == whole);
  }
  REQUIRE(source.place(2) == folder.path("1") + ": byte 2");
  REQUIRE(source.place(3) == folder.path("3") + ": byte 0");
}

TEST_CASE("packed files of a folder are their texts, without byte order marks, and places are those of the texts") {
  const TemporaryFolder folder;
  folder.write("1.gz", gzip("abc") + gzip("de"));
  folder.write("2",
               "\xEF\xBB\xBF"
               "fg");
  folder.write("3.zst", zstd("\xEF\xBB\xBFh"));
  folder.write("4.gz", gzip(""));
  folder.write("5", "i");
  TextSource source({folder.path()});
  REQUIRE(source.size() == 9);
  for (const std::size_t size : {1, 2, 9, 2000}) {
    std::string text;
    while (source.read(text, size)) REQUIRE(text.size() % size == 0);
    REQUIRE(text == "abcdefghi");
    source.rewind();
  }
  REQUIRE(source.place(4) == folder.path("1.gz") + ": byte 4");
  REQUIRE(source.place(6) == folder.path("2") + ": byte 4");
  REQUIRE(source.place(7) == folder.path("3.zst") + ": byte 3");
  REQUIRE(source.place(8) == folder.path("5") + ": byte 0");
}

TEST_CASE("a packed text that is cut off is refused before any of it is used") {
  const TemporaryFolder folder;
  folder.write("a.txt", "text");
  folder.write("b.gz", gzip(std::string(100000, 'x')).substr(0, 80));
  REQUIRE_THROWS_WITH(TextSource({folder.path()}), Catch::Contains("text: " + folder.path("b.gz") + " is cut off"));
}

TEST_CASE("the first NUL byte is told with its place, or refused") {
  const TemporaryFolder folder;
  folder.write("a.txt", "text");
  folder.write("b.txt", std::string("\xEF\xBB\xBF"
                                    "a\0b\0",
                                    7));
  for (const std::size_t size : {1, 3, 100}) {
    TextSource source({folder.path()});
    std::string text;
    REQUIRE(source.nul_notice().empty());
    while (source.read(text, size)) {
    }
    REQUIRE(text == std::string("texta\0b\0", 8));
    REQUIRE_THAT(source.nul_notice(), Catch::StartsWith("text: " + folder.path("b.txt") + ": byte 4 is NUL"));
    TextSource strict({folder.path()});
    strict.refuse_nul();
    REQUIRE_THROWS_WITH(strict.read_all(), Catch::StartsWith(source.nul_notice()) &&
                                               Catch::EndsWith(", or use data.tokenizer = byte or bpe"));
  }
  TextSource none({folder.path("a.txt")});
  none.refuse_nul();
  REQUIRE(none.read_all() == "text");
  REQUIRE(none.nul_notice().empty());
}

TEST_CASE("links that lead nowhere are no files of a folder") {
  const TemporaryFolder folder;
  folder.write("a.txt", "text");
  std::filesystem::create_symlink("circle", folder.path("circle"));
  std::filesystem::create_symlink("gone", folder.path("missing"));
  REQUIRE(TextSource({folder.path()}).read_all() == "text");
  REQUIRE_THROWS_WITH(TextSource({folder.path("circle")}), Catch::Contains("circle cannot be reached"));
}

TEST_CASE("a file that shrinks while it is read is an error") {
  const TemporaryFolder folder;
  TextSource source({folder.write("a.txt", "a long text")});
  folder.write("a.txt", "short");
  REQUIRE_THROWS_WITH(source.read_all(), Catch::Contains("a.txt ended after 5 of 11 bytes"));
}

TEST_CASE("a folder within that cannot be listed is an error, not a shorter text") {
  if (geteuid() == 0) {
    WARN("skipped: root may list every folder");
    return;
  }
  const TemporaryFolder folder;
  folder.write("a.txt", "text");
  folder.write("closed/b.txt", "text");
  std::filesystem::permissions(folder.path("closed"), std::filesystem::perms::none);
  REQUIRE_THROWS_WITH(TextSource({folder.path()}), Catch::Contains("closed cannot be listed"));
  std::filesystem::permissions(folder.path("closed"), std::filesystem::perms::owner_all);
}

}  // namespace heddle
