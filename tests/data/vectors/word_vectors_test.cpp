#include "data/vectors/word_vectors.h"

#include <bit>
#include <catch2/catch.hpp>
#include <limits>
#include <sstream>

#include "framework/rng.h"
#include "tests/data/vectors/vectors_fixture.h"
#include "tests/packed.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

using namespace std::string_literals;
using Catch::Contains;

/// The first words of `all`.
WordVectors head(const WordVectors& all, index_t count) {
  const index_t width = all.vectors.size(1);
  const auto rows = all.vectors.span().first(static_cast<std::size_t>(count * width));
  return {{all.words.begin(), all.words.begin() + count}, Tensor::from(rows, {count, width})};
}

/// Words and numbers of all kinds.
WordVectors sample(index_t count, index_t width) {
  WordVectors all{{}, Tensor::normal({count, width}, Rng(5), 0.3)};
  const std::vector<std::string> kinds = {"the",   "3",      "2",    "-1",       "0.5",
                                          "nan",   "straße", "中文", "a\u00A0b", "\xFF\xC3",
                                          "a\0b"s, "\u2028", "\x1C", "<unk>",    std::string(300, 'x')};
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
    all.words.push_back(i < kinds.size() ? kinds[i] : "word" + std::to_string(i));
  using Limits = std::numeric_limits<real>;
  const std::vector<real> numbers = {
      0,    -0.0F, 1,     -1,         Limits::denorm_min(), -Limits::min(), Limits::max(),
      0.7F, 1e-5F, 1e10F, 16777216.F, 123456.79F,           1.F / 3};
  for (std::size_t i = 0; i < numbers.size() && static_cast<index_t>(i) < all.vectors.numel(); ++i)
    all.vectors.mutable_data()[i] = numbers[i];
  return all;
}

std::string golden(const std::string& name) {
  return std::string(HEDDLE_SOURCE_DIR "/tests/golden/word_vectors/") + name;
}

}  // namespace

TEST_CASE("others' files are read as gensim reads them, to the bit") {
  const std::string name =
      GENERATE("gensim.txt", "gensim.bin", "gensim_no_header.txt", "word2vec.txt", "word2vec.bin", "fasttext.vec");
  INFO(name);
  std::vector<std::string> words;
  std::vector<std::uint32_t> bits;
  std::ifstream expected(golden(name + ".expected"));
  for (std::string line; std::getline(expected, line);) {
    std::istringstream fields(line);
    fields >> words.emplace_back();
    for (std::string hex; fields >> hex;) bits.push_back(static_cast<std::uint32_t>(std::stoul(hex, nullptr, 16)));
  }
  REQUIRE(words.size() >= 12);
  const WordVectors read = read_word_vectors(golden(name));
  CHECK(read.words == words);
  CHECK(bits_of(read.vectors) == bits);
}

TEST_CASE("every form is read as it was written, to the bit, and looks as its own program writes it") {
  const TemporaryFolder folder;
  const WordVectors all = sample(300, 77), two = of({"the", "über"}, {0.5F, -1, 1e-5F, 0.1F, 2, 30});
  for (const std::string& format : word_vector_formats()) {
    INFO(format);
    write_word_vectors(folder / "vectors", all, format);
    CHECK(equal(read_word_vectors(folder / "vectors"), all));
    for (const index_t width : {1, 2, 3}) {
      if (width == 1 && format == "glove") continue;
      const WordVectors few = sample(1, width);
      CHECK(equal(parse_word_vectors(bytes_of(few, format)), few));
    }
  }
  CHECK(folder.count() == 1);  // no temporary file is left
  const std::string lines = "the 0.5 -1 1e-05\nüber 0.1 2 30\n";
  CHECK(bytes_of(two, "word2vec") == "2 3\n" + lines);
  CHECK(bytes_of(two, "glove") == lines);
  CHECK(bytes_of(two, "fasttext") == "2 3\nthe 0.5 -1 1e-05 \nüber 0.1 2 30 \n");
  CHECK(bytes_of(two, "word2vec-binary") ==
        "2 3\n" + record("the", {0.5F, -1, 1e-5F}) + "\n" + record("über", {0.1F, 2, 30}) + "\n");
}

TEST_CASE("files of several blocks give the same on any number of threads, and the same first unreadable line") {
  const WordVectors all = sample(300000, 4);
  const std::string bytes = bytes_of(all, "glove");
  std::string damaged = bytes;
  damaged.replace(damaged.find("word123456 ") + 11, 1, "x");
  damaged.replace(damaged.find("word234567 ") + 11, 1, "y");
  const int before = threads();
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    CHECK(bytes_of(all, "glove") == bytes);
    CHECK(equal(parse_word_vectors(bytes), all));
    const WordVectors most = parse_word_vectors(damaged);
    CHECK(most.unreadable == 2);
    CHECK_THAT(most.first_unreadable, Catch::StartsWith("line 123457: 'x"));
    CHECK(std::ssize(most.words) == 299998);
    CHECK(most.words[123456] == "word123457");
    CHECK(most.vectors.data()[4 * 123456] == all.vectors.data()[4 * 123457]);
  }
  set_threads(before);
}

TEST_CASE("a limit reads the first words and does not look at what follows") {
  const WordVectors all = sample(20, 5);
  for (const std::string& format : word_vector_formats()) {
    INFO(format);
    std::string bytes = bytes_of(all, format);
    CHECK(equal(parse_word_vectors(bytes, 7), head(all, 7)));
    CHECK(equal(parse_word_vectors(bytes, 20), all));
    CHECK(equal(parse_word_vectors(bytes, 1000), all));
    CHECK(equal(parse_word_vectors(bytes, std::numeric_limits<index_t>::max()), all));
    CHECK_THROWS_WITH(parse_word_vectors(bytes, -1), Contains("a limit of -1 words"));
    bytes.resize(bytes.size() - 8);
    bytes += "\nx y z\n\n\nx";
    CHECK(equal(parse_word_vectors(bytes, 19), head(all, 19)));
    if (format == "glove") {  // nothing says how many lines there were
      CHECK(parse_word_vectors(bytes).unreadable == 4);
    } else {
      CHECK_THROWS_AS(parse_word_vectors(bytes), Error);
    }
  }
}

TEST_CASE("of a word that stands there twice the first counts, and the others are counted") {
  const WordVectors twice = of({"a", "b", "a", "c", "a"}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  for (const std::string& format : word_vector_formats()) {
    const WordVectors once = parse_word_vectors(bytes_of(twice, format));
    CHECK(equal(once, of({"a", "b", "c"}, {1, 2, 3, 4, 7, 8})));
    CHECK(once.repeated == 2);
    CHECK(once.unreadable == 0);
    CHECK(parse_word_vectors(bytes_of(of({"a", "b"}, {1, 2, 3, 4}), format)).repeated == 0);
  }
}

TEST_CASE("words beyond the limit are there where they are asked for, and say so") {
  const WordVectors all = of({"a", "b", "c", "c d", "ce", "f"}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const std::string text =
      bytes_of(of({"a", "b", "c", "cXd", "ce", "f"}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), "glove");
  std::string spaced = text;
  spaced.replace(spaced.find("cXd"), 3, "c d");
  for (const std::string& lines : {spaced, "6 2\n" + spaced}) {
    const WordVectors asked = parse_word_vectors(lines, 2, {"c", "f", "a", "none"});
    CHECK(equal(asked, of({"a", "b", "c", "f"}, {1, 2, 3, 4, 5, 6, 11, 12})));
    CHECK(asked.asked == 2);
    const WordVectors blanks = parse_word_vectors(lines, 2, {"c d"});
    CHECK(equal(blanks, of({"a", "b", "c d"}, {1, 2, 3, 4, 7, 8})));
    CHECK(parse_word_vectors(lines, 2).asked == 0);
    CHECK(parse_word_vectors(lines, 0, {"c"}).asked == 0);
    CHECK(parse_word_vectors(lines, 2, {"a"}).asked == 0);
  }
  const WordVectors binary =
      parse_word_vectors(bytes_of(of({"a", "b", "c"}, {1, 2, 3, 4, 5, 6}), "word2vec-binary"), 1, {"c", "x"});
  CHECK(equal(binary, of({"a", "c"}, {1, 2, 5, 6})));
  CHECK(binary.asked == 1);
  // what is not asked for is not looked at, and of a word that stands before the limit the first counts
  const WordVectors careless = parse_word_vectors("a 1 2\nb 3 4\nx y\na 5 6\nc 7 8\n", 2, {"a", "c"});
  CHECK(equal(careless, of({"a", "b", "c"}, {1, 2, 3, 4, 7, 8})));
  CHECK(careless.asked == 1);
  CHECK(careless.unreadable == 0);
}

TEST_CASE("a word may begin as compressed files do") {
  const TemporaryFolder folder;
  for (const char* word : {"\x1F\x8B", "PK\x03\x04", "BZh91AY&SY", "\xFF\xFE"}) {
    const WordVectors vectors = of({word, "b"}, {1, 2, 3, 4});
    for (const std::string& format : word_vector_formats())
      CHECK(equal(read_word_vectors(folder.write("vectors", bytes_of(vectors, format))), vectors));
  }
}

TEST_CASE("packed vectors are read as those that were packed") {
  const TemporaryFolder folder;
  const WordVectors vectors = of({"a", "b", "c"}, {1, 2, 3, 4, 5, 6});
  for (const std::string& format : word_vector_formats()) {
    const std::string bytes = bytes_of(vectors, format);
    CHECK(equal(read_word_vectors(folder.write("a.gz", gzip(bytes))), vectors));
    CHECK(equal(read_word_vectors(folder.write("a.zst", zstd(bytes))), vectors));
  }
  CHECK(folder.count() == 2);
}

TEST_CASE("binary words may end with a line's end or without") {
  const WordVectors wanted = of({"a", "b", "c"}, {1, 2, 3, 4, 5, 6});
  for (const std::string& end : {"\n"s, ""s}) {
    for (const std::string& last : {"\n"s, ""s}) {
      const std::string bytes =
          "3 2\n" + record("a", {1, 2}) + end + record("b", {3, 4}) + end + record("c", {5, 6}) + last;
      CHECK(equal(parse_word_vectors(bytes), wanted));
    }
  }
}

TEST_CASE("text whose words are not UTF-8, and binary whose bytes look like text, are what they are") {
  CHECK(equal(parse_word_vectors("2 2\n\xFF\xFE 1 2\n\x01 3 4\n"), of({"\xFF\xFE", "\x01"}, {1, 2, 3, 4})));
  const std::string digits = "2 2\n" + record("a", {1, 2}).replace(2, 8, "33 0.25 ") + '\n' + record("b", {1, 2});
  CHECK(parse_word_vectors(digits).words == std::vector<std::string>{"a", "b"});
  const std::string ends_in_digit = "2 1\na %\0 0\nb %\0 0\n"s;
  CHECK(parse_word_vectors(ends_in_digit).words == std::vector<std::string>{"a", "b"});
  // each number fills the bytes of a float
  CHECK(equal(parse_word_vectors("2 2\n\xFF 0.5 1.5 \nb 2.5 3.5 \n"), of({"\xFF", "b"}, {0.5F, 1.5F, 2.5F, 3.5F})));
  CHECK(equal(parse_word_vectors("2 2\na 0.5 1.5 \nb 2.5 3.5 \n"), of({"a", "b"}, {0.5F, 1.5F, 2.5F, 3.5F})));

  const float line_end = std::bit_cast<float>(0x3F0A0A0AU), printable = 0.7F;  // "333?"
  for (const float number : {line_end, printable}) {
    const WordVectors wanted = of({"a", "b"}, {number, number, number, number});
    CHECK(equal(parse_word_vectors(bytes_of(wanted, "word2vec-binary")), wanted));
    const std::string without = "2 2\n" + record("a", {number, number}) + record("b", {number, number});
    CHECK(equal(parse_word_vectors(without), wanted));
  }
}

TEST_CASE("words that are numbers are words, and only two whole numbers alone on the first line are a header") {
  CHECK(equal(parse_word_vectors("1 0.5 0.25\n2 0.75 1\n"), of({"1", "2"}, {0.5F, 0.25F, 0.75F, 1})));
  CHECK(equal(parse_word_vectors("3 2 1\n4 5 6\n"), of({"3", "4"}, {2, 1, 5, 6})));
  CHECK(equal(parse_word_vectors("2 2\n3 2 1\n4 5 6\n"), of({"3", "4"}, {2, 1, 5, 6})));
  CHECK(equal(parse_word_vectors("2 1\n3 2\n4 5\n"), of({"3", "4"}, {2, 5})));
  CHECK(equal(parse_word_vectors("3 2.0\n4 5\n"), of({"3", "4"}, {2, 5})));
  CHECK(equal(parse_word_vectors("a 2\nb 5\n"), of({"a", "b"}, {2, 5})));
  CHECK(equal(parse_word_vectors("nan 1 2\ninf 3 4"), of({"nan", "inf"}, {1, 2, 3, 4})));
}

TEST_CASE("lines may end as on Windows, with blanks, or not at all, and tabs or several blanks stand for one") {
  const WordVectors wanted = of({"a", "b"}, {1, 2, 3, 4});
  for (const char* text :
       {"2 2\r\na 1 2\r\nb 3 4\r\n", "a 1 2\r\nb 3 4\r\n", "2 2 \na 1 2 \nb 3 4 \n", "2 2 \r\na 1 2 \r\nb 3 4 \r\n",
        "2 2\na 1 2\nb 3 4", "2\t2\na\t1\t2\nb\t3\t4\n", "a   1 \t 2\nb  3  4\n", "a 1 2\nb 3 4\n\n \n"})
    CHECK(equal(parse_word_vectors(text), wanted));
}

TEST_CASE("words may hold spaces, as some of GloVe's do, where no number ends them") {
  const WordVectors wanted = of({"at name@domain.com", ". . .", "b"}, {1, 2, 3, 4, 5, 6});
  const std::string lines = "at name@domain.com 1 2\n. . . 3 4\nb 5 6\n";
  CHECK(equal(parse_word_vectors(lines), wanted));
  CHECK(equal(parse_word_vectors("3 2\n" + lines), wanted));
  CHECK(parse_word_vectors("a 1 2\nb 3 4 5\n").first_unreadable == "line 2: wanted 2 numbers, found 3");
}

TEST_CASE("a number that is too small for 32 bits is the nearest one") {
  CHECK(equal(parse_word_vectors("a 1e-60 -1e-60 7e-46 1.17549434e-38\n"),
              of({"a"}, {0, -0.0F, 0, std::numeric_limits<real>::min()})));
}

TEST_CASE("words may be as long as is said, and no longer") {
  const std::string longest(kLongestWord, 'x'), longer = longest + 'x';
  for (const std::string& format : word_vector_formats()) {
    const WordVectors vectors = of({longest, "b"}, {1, 2, 3, 4});
    CHECK(equal(parse_word_vectors(bytes_of(vectors, format)), vectors));
    CHECK_THROWS_WITH(bytes_of(of({longer, "b"}, {1, 2, 3, 4}), format), Contains("has 65537 bytes"));
  }
  CHECK_THROWS_WITH(parse_word_vectors(longer + " 1 2\n"), Contains("line 1: a word of 65537 bytes, wanted at most"));
  CHECK_THROWS_WITH(parse_word_vectors("1 2\n" + record(longer, {1, 2})), Contains("word 1: no space ends it"));
}

}  // namespace heddle
