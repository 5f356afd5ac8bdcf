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
  REQUIRE(TextSource({folder.path("c.txt"), folder.path("a")}).read_all() == "third\nfirst\n");
}

TEST_CASE("blocks of any size, joined, are the text, again and again") {
  const TemporaryFolder folder;
  folder.write("1", "abc");
  folder.write("2", "");
  folder.write("3", "defgh");
  TextSource source({folder.path(), "builtin:kingdom"}, 1000, 3);
  REQUIRE(source.size() == 10 + TextSource({"builtin:kingdom"}, 1000, 3).size());
  const std::string whole = source.read_all();
  REQUIRE(whole.starts_with("abc\ndefgh\n"));
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
  REQUIRE(source.place(3) == folder.path("1") + ": byte 3");  // what separates it is its end
  REQUIRE(source.place(4) == folder.path("3") + ": byte 0");
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
  TextSource source({folder.path()}, 1000, 1, "");
  REQUIRE(source.size() == 9);
  CHECK(TextSource({folder.path()}).read_all() == "abcde\nfg\nh\ni");
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
    const std::size_t before = source.notices().size();
    while (source.read(text, size)) {
    }
    REQUIRE(text == std::string("text\na\0b\0", 9));
    REQUIRE(source.notices().size() == before + 1);
    const std::string notice = source.notices().back();
    REQUIRE_THAT(notice, Catch::StartsWith("text: " + folder.path("b.txt") + ": byte 4 is NUL"));
    TextSource strict({folder.path()});
    strict.refuse_nul();
    REQUIRE_THROWS_WITH(strict.read_all(),
                        Catch::StartsWith(notice) && Catch::EndsWith(", or use data.tokenizer = byte or bpe"));
  }
  TextSource none({folder.path("a.txt")});
  none.refuse_nul();
  REQUIRE(none.read_all() == "text");
  REQUIRE(none.notices().empty());
}

TEST_CASE("files are kept apart by a line end where one lacks it, by nothing, or by what is asked for") {
  const TemporaryFolder folder;
  folder.write("1", "alpha");
  folder.write("2", "");
  folder.write("3", "beta\n");
  folder.write("4", "gamma\r\n");
  folder.write("5.gz", gzip("delta"));
  folder.write("6", "end");
  const auto with = [&](const Separator& separator) {
    return TextSource({folder.path()}, 1000, 1, separator).read_all();
  };
  CHECK(with({}) == "alpha\nbeta\ngamma\r\ndelta\nend");
  CHECK(with("") == "alphabeta\ngamma\r\ndeltaend");
  CHECK(with("<|x|>") == "alpha<|x|>beta\n<|x|>gamma\r\n<|x|>delta<|x|>end");
  CHECK(TextSource({folder.path("6")}, 1000, 1, "<|x|>").read_all() == "end");
  // what an empty file follows has a line end still, a packed one too
  folder.write("other/1.gz", gzip("alpha\n"));
  folder.write("other/2", "");
  folder.write("other/3", "beta\n");
  folder.write("other/4", "");
  CHECK(TextSource({folder.path("other")}).read_all() == "alpha\nbeta\n");
  CHECK(TextSource({folder.path("other")}, 1000, 1, "|").read_all() == "alpha\n|beta\n");
}

TEST_CASE("what is unusual in texts is told once, with its first place, and how much of each kind there is") {
  const TemporaryFolder folder;
  folder.write("a.txt",
               "\xEF\xBB\xBF"
               "one\n");
  folder.write("b.txt",
               "\xEF\xBB\xBF"
               "two\r\nthree\r\n");
  folder.write("c.md", std::string(1000, 'x') + '\n');
  TextSource source({folder.path()});
  CHECK(source.notices().size() == 2);
  source.read_all();
  const std::vector<std::string> notices = source.notices();
  REQUIRE(notices.size() == 3);
  CHECK(notices[0] == "text: 3 files are read: 1 .md 1.00 KB, 2 .txt 16 B");
  CHECK(notices[1] ==
        "text: " + folder.path("a.txt") + " begins with a byte order mark, which is left out (2 files have one)");
  CHECK_THAT(notices[2], Catch::StartsWith("text: " + folder.path("b.txt") + ": byte 6 is CR"));
  folder.write("apart/1", "no mark, no line end");
  const std::string marked = folder.write("apart/2",
                                          "\xEF\xBB\xBF"
                                          "two");
  const TextSource apart({folder.path("apart")});
  CHECK_THAT(apart.notices().back(), Catch::StartsWith("text: " + marked + " begins with"));
  folder.write("apart/3", "");
  folder.write("apart/4", "x");
  CHECK(TextSource({folder.path("apart")}).place(24) ==
        marked + ": byte 6");  // what parts the files, behind the last byte
  const std::string joined = folder.write("joined/a",
                                          "\xEF\xBB\xBF"
                                          "one\n"
                                          "\xEF\xBB\xBF"
                                          "two\n");
  for (const std::size_t size : {1, 2, 3, 5, 6, 7, 100}) {  // wherever a block ends
    TextSource within({joined});
    for (std::string text; within.read(text, size);) {
    }
    CHECK_THAT(within.notices().back(), Catch::StartsWith("text: " + joined + ": byte 7 is a byte order mark within"));
  }
  folder.write("seam/1", "\xEF\xBB");  // no mark: its bytes are of two files
  folder.write("seam/2", "\xBFx");
  TextSource seam({folder.path("seam")}, 1000, 1, "");
  seam.read_all();
  CHECK(seam.notices().size() == 1);
  TextSource plain({folder.path("c.md")});
  plain.read_all();
  CHECK(plain.notices().empty());
}

TEST_CASE("of a folder what is no text is left out and named, of what is named it is refused") {
  const TemporaryFolder folder;
  folder.write("set/a.txt", "text\n");
  const std::string book =
      folder.write("set/b.docx", std::string("PK\x03\x04", 4) + std::string(26, 'x') + "[Content_Types].xml");
  std::vector<std::string> notices;
  CHECK(list_texts({folder.path("set")}, "text", notices) == std::vector<std::string>{folder.path("set/a.txt")});
  REQUIRE(notices.size() == 1);
  CHECK(notices[0] ==
        "text: below " + folder.path("set") + " 1 that are no text are left out: b.docx is a Word document or its kin");
  CHECK_THROWS_WITH(TextSource({folder.path("set"), book}), Catch::Contains("is a Word document"));
  folder.write("books/b.docx", std::string("PK\x03\x04", 4) + std::string(26, 'x') + "[Content_Types].xml");
  CHECK_THROWS_WITH(TextSource({folder.path("books")}), Catch::Contains("books holds no text: b.docx is a Word"));
}

TEST_CASE("links that lead nowhere are no files of a folder") {
  const TemporaryFolder folder;
  folder.write("a.txt", "text");
  std::filesystem::create_symlink("circle", folder.path("circle"));
  std::filesystem::create_symlink("gone", folder.path("missing"));
  TextSource source({folder.path()});
  REQUIRE(source.read_all() == "text");
  REQUIRE(source.notices() == std::vector<std::string>{"text: below " + folder.path() +
                                                       " 2 links that lead nowhere are left out: circle, missing"});
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
