#include "data/io/other_kind.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "data/io/file.h"
#include "data/text/text_source.h"
#include "framework/check.h"
#include "tests/packed.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

using Catch::Contains;
using namespace std::string_literals;

/// Text in units of 2 or 4 bytes.
std::string wide(std::u32string_view text, const std::string& encoding) {
  std::string bytes;
  const auto put = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i)
      bytes += static_cast<char>(value >> 8U * static_cast<unsigned>(encoding.ends_with("BE") ? size - 1 - i : i));
  };
  for (const char32_t c : text) {
    if (encoding.starts_with("UTF-32")) {
      put(c, 4);
    } else if (c > 0xFFFF) {
      put(0xD800 + ((c - 0x10000) >> 10U), 2);
      put(0xDC00 + ((c - 0x10000) & 0x3FFU), 2);
    } else {
      put(c, 2);
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("each kind of file that is no text is refused by its name, with a command") {
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& name, const std::string& bytes, const std::string& why) {
    std::string wanted = "text: " + folder.write(name, bytes) + " " + why;
    for (std::size_t at = 0; (at = wanted.find('@')) != std::string::npos;) wanted.replace(at, 1, folder.path(name));
    CHECK_THROWS_WITH(TextSource({folder.path(name)}), wanted);
    CHECK_THROWS_WITH(read_file(folder.path(name), Contents::text),
                      Contains("' " + wanted.substr(wanted.find(" is ") + 1)));
    CHECK(read_file(folder.path(name)) == bytes);  // who wants bytes gets them
  };
  refusal("a.bz2", "BZh91AY&SY\x01", "is compressed with bzip2; unpack it first: bunzip2 -k @");
  refusal("0.bz2", "BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0"s, "is compressed with bzip2; unpack it first: bunzip2 -k @");
  refusal("a.xz", "\xFD\x37zXZ\0\0\4"s, "is compressed with xz; unpack it first: unxz -k @");
  refusal("a.lz4", "\x04\x22\x4D\x18 x", "is compressed with lz4; unpack it first: lz4 -d @");
  const std::string zip = "PK\x03\x04" + std::string(26, '\x02');
  refusal("a.zip", zip + "a.txt", "is a zip archive; unpack it first: unzip @ -d @.d");
  refusal("a.npz", zip + "x.npy", "is a zip archive; unpack it first: unzip @ -d @.d");
  refusal("a.docx", zip + "[Content_Types].xml",
          "is a Word document or its kin; convert it: pandoc -t plain @ -o @.txt");
  refusal("a.epub", zip + "mimetypeapplication/epub+zip", "is a book (EPUB); convert it: pandoc -t plain @ -o @.txt");
  refusal("a.odt", zip + "mimetypeapplication/vnd.oasis.opendocument.text",
          "is an OpenDocument file; convert it: pandoc -t plain @ -o @.txt");
  refusal("0.zip", "PK\x05\x06" + std::string(18, '\0'), "is an empty zip archive; choose another file");
  refusal("a.7z", "7z\xBC\xAF\x27\x1C x", "is a 7z archive; unpack it first: 7z x @");
  refusal("a.rar", "Rar!\x1A\x07 x", "is a RAR archive; unpack it first: unrar x @");
  refusal("a.tar", std::string(257, 'a') + "ustar", "is a tar archive; unpack it first: tar xf @");
  refusal("a.pdf", "%PDF-1.7\n", "is a PDF; convert it: pdftotext @ @.txt");
  refusal("a.doc", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 x",
          "is an old Office document; convert it: soffice --headless --convert-to txt:Text @");
  refusal("a.parquet", "PAR1\x15\x04\x15",
          "is a Parquet table; write its column of text (here: text) out: python3 -c 'import pandas, sys; "
          "print(*pandas.read_parquet(sys.argv[1])[\"text\"], sep=\"\\n\")' @ > @.txt");
  refusal("a.arrow", "ARROW1\0\0"s,
          "is an Arrow table; write its column of text (here: text) out: python3 -c 'import pandas, sys; "
          "print(*pandas.read_feather(sys.argv[1])[\"text\"], sep=\"\\n\")' @ > @.txt");
  refusal("a.h5", "\x89HDF\r\n\x1A\n x", "is an HDF5 file; see what it holds: h5ls -r @");
  refusal("a.png", "\x89PNG\r\n\x1A\n x", "is an image (PNG); read the words in it: tesseract @ @");
  refusal("a.jpg", "\xFF\xD8\xFF\xE0", "is an image (JPEG); read the words in it: tesseract @ @");
  refusal("a.gif", "GIF89a", "is an image (GIF); read the words in it: tesseract @ @");
  refusal("b.gif", "GIF87a", "is an image (GIF); read the words in it: tesseract @ @");
  refusal("a.webp", "RIFF1234WEBP", "is an image (WebP); read the words in it: tesseract @ @");
  refusal("a.tif", "II*\0x"s, "is an image (TIFF); read the words in it: tesseract @ @");
  refusal("b.tif", "MM\0*x"s, "is an image (TIFF); read the words in it: tesseract @ @");
}

TEST_CASE("UTF-16 and UTF-32 are known by their mark, and without it by their zeros") {
  const std::u32string texts[] = {U"hi", U"two lines\r\nof Latin", U"naïve Ā 一 and 𝄞\t",
                                  U"Съешь же ещё этих мягких французских булок"};
  for (const std::u32string& text : texts) {
    for (const std::string& encoding : std::vector<std::string>{"UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"}) {
      const std::string bytes = wide(text, encoding), marked = wide(U"\uFEFF" + text, encoding);
      const std::string any = encoding.substr(0, 6);
      INFO(encoding);
      CHECK(other_kind(bytes, "a.txt") ==
            "is " + encoding + "; convert it: iconv -f " + encoding + " -t UTF-8 a.txt > a.txt.utf8");
      CHECK(other_kind(marked, "a.txt") ==
            "is " + any + "; convert it: iconv -f " + any + " -t UTF-8 a.txt > a.txt.utf8");
    }
  }
  CHECK(other_kind(wide(U"一丁丂七", "UTF-32LE"), "a").starts_with("is UTF-32LE"));
  CHECK(
      other_kind(wide(std::u32string(2047, U'a') + U"𝄞", "UTF-16LE").substr(0, 4096), "a").starts_with("is UTF-16LE"));
}

TEST_CASE("text is of no other kind, whatever it begins with, and bytes that are no text in UTF-16 neither") {
  for (const std::string& text : {""s,
                                  "a"s,
                                  "ab"s,
                                  "PK and P.K."s,
                                  "BZh9 is a name"s,
                                  "PAR1 of 2"s,
                                  "GIF8"s,
                                  "RIFF12345678"s,
                                  "7z"s,
                                  "Rar!"s,
                                  "II* is a mark"s,
                                  "naïve 文字 𝄞\r\n"s,
                                  "a\0"s,
                                  "a\0b"s,
                                  "one NUL\0 among much text"s,
                                  "\0\0\0\0"s,
                                  "\1\0\2\0\3\0\4\0"s,
                                  "\1\0\0\0\2\0\0\0"s,
                                  "a\0\x00\xDC"
                                  "b\0c\0"s,
                                  "a\0\xFE\xFF"
                                  "b\0c\0"s,
                                  "\xEF\xBB\xBFmark"s})
    CHECK(other_kind(text, "a.txt") == "");
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    std::string bytes(64, ' ');
    for (char& c : bytes) c = static_cast<char>(random() % 256);
    CHECK(other_kind(bytes, "a.txt").empty());
  }
}

TEST_CASE("another kind of file that is packed is to be unpacked first") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(TextSource({folder.write("a.pdf.gz", gzip("%PDF-1.7\n"))}),
                    Contains("a.pdf.gz holds, packed with gzip, what is a PDF; unpack it first: gunzip -k " +
                             folder.path("a.pdf.gz")));
  CHECK_THROWS_WITH(TextSource({folder.write("a.zst", zstd(wide(U"some text", "UTF-16LE")))}),
                    Contains("a.zst holds, packed with zstd, what is UTF-16LE; unpack it first: zstd -d "));
}

TEST_CASE("a path in a command is quoted as a shell needs it") {
  for (const std::string& path : std::vector<std::string>{"a b.bz2", "it's.bz2", "$(x).bz2", "é.bz2"}) {
    const TemporaryFolder folder;
    const std::string file = folder.write(path, "here");
    REQUIRE(std::system(("cat " + shell_quoted(file) + " > " + folder.path("out")).c_str()) == 0);
    CHECK(read_bytes(folder / "out") == "here");
  }
  CHECK(shell_quoted("a/b-1.txt") == "a/b-1.txt");
}

TEST_CASE("the command that a refusal names makes the text of the file") {
  struct Way {
    std::string tool, make, name, text;  ///< a command that makes the file NAME of plain.txt, and where its text lies
  };
  const std::string bytes = "naïve text\nof two lines\n";
  for (const Way& way : {Way{"bzip2", "bzip2 -k plain.txt", "plain.txt.bz2", "plain.txt"},
                         Way{"xz", "xz -k plain.txt", "plain.txt.xz", "plain.txt"},
                         Way{"tar", "tar cf 'a b.tar' plain.txt", "a b.tar", "plain.txt"},
                         Way{"zip", "zip -q a.zip plain.txt", "a.zip", "a.zip.d/plain.txt"},
                         Way{"iconv", "iconv -f UTF-8 -t UTF-16 plain.txt > w.txt", "w.txt", "w.txt.utf8"},
                         Way{"iconv", "iconv -f UTF-8 -t UTF-16BE plain.txt > w.txt", "w.txt", "w.txt.utf8"},
                         Way{"iconv", "iconv -f UTF-8 -t UTF-32 plain.txt > w.txt", "w.txt", "w.txt.utf8"},
                         Way{"iconv", "iconv -f UTF-8 -t UTF-32LE plain.txt > w.txt", "w.txt", "w.txt.utf8"}}) {
    const TemporaryFolder folder;
    const auto run = [&](const std::string& command) {
      return std::system(("cd " + folder.path() + " && { " + command + "; } > /dev/null").c_str()) == 0;
    };
    INFO(way.make);
    if (!run("command -v " + way.tool)) {
      WARN("skipped: " << way.tool << " is not installed");
      continue;
    }
    folder.write("plain.txt", bytes);
    REQUIRE(run(way.make));
    std::filesystem::remove(folder / "plain.txt");
    std::string told;
    try {
      read_file(folder.path(way.name), Contents::text);
    } catch (const Error& e) {
      told = e.what();
    }
    const std::size_t command = told.find(": ", told.find("; "));
    REQUIRE(command != std::string::npos);
    CHECK(run(told.substr(command + 2)));
    CHECK(read_file(folder.path(way.text), Contents::text) == bytes);
  }
}

}  // namespace heddle
