#include <catch2/catch.hpp>
#include <limits>

#include "data/io/utf8.h"
#include "data/tokenizer/file.h"
#include "framework/rng.h"
#include "tests/data/vectors/vectors_fixture.h"
#include "tests/packed.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

using namespace std::string_literals;
using Catch::Contains;

}  // namespace

TEST_CASE("a header that does not fit its file is refused before memory is taken") {
  const auto refusal = [](const std::string& header, const std::string& why) {
    INFO(header);
    CHECK_THROWS_WITH(parse_word_vectors(header + "\na 1 2\nb 3 4\n"), Contains("the header says " + why));
    CHECK_THROWS_AS(parse_word_vectors(header + '\n' + record("a", {1, 2}) + record("b", {3, 4})), Error);
    CHECK_THROWS_AS(parse_word_vectors(header), Error);
  };
  refusal("0 2", "0 words of 2 numbers, wanted 1 or more");
  refusal("2 0", "2 words of 0 numbers, wanted 1 or more");
  refusal("-2 2", "-2 words");
  refusal("2 -2", "2 words of -2 numbers");
  refusal("1000000000 2", "1000000000 words of 2 numbers, but only 12 bytes follow");
  refusal("1 1000000000", "1 words of 1000000000 numbers, but only 12 bytes follow");
  refusal("4611686018427387904 4", "4611686018427387904 words");
  refusal("1 9223372036854775807", "1 words of 9223372036854775807 numbers, but");
  refusal("99999999999999999999 2", "9223372036854775807 words");
  const std::string two = "\na 1 2\nb 3.25 4.25\n";
  CHECK_THROWS_WITH(parse_word_vectors("3 2" + two), Contains("the header says 3 words, but 2 follow"));
  CHECK_THROWS_WITH(parse_word_vectors("1 2" + two), Contains("the header says 1 words, but 2 or more follow"));
  CHECK_THROWS_WITH(parse_word_vectors("1 2" + two, 5), Contains("the header says 1 words, but 2 or more follow"));
}

TEST_CASE("a line that cannot be read is left out and counted, and the first is told by its number") {
  const auto left_out = [](const std::string& damaged, const std::string& why) {
    INFO(damaged);
    const WordVectors wanted = of({"a", "b", "d"}, {1, 2, 3.25F, 4.25F, 7, 8});
    for (const auto& [before, number] : {std::pair(""s, "3"s), {"5 2\n", "4"}}) {
      const WordVectors most =
          parse_word_vectors(before + "a 1 2\nb 3.25 4.25\n" + damaged + "\nd 7.0000000 8.0000000\n" + damaged + "x\n");
      CHECK(equal(most, wanted));
      CHECK(most.unreadable == 2);
      CHECK_THAT(most.first_unreadable, Catch::StartsWith("line " + number + ": " + why));
    }
    const WordVectors first = parse_word_vectors("3 2\n" + damaged + "\nb 3.25 4.25\nd 7.125 8.125\n");
    CHECK(first.words == std::vector<std::string>{"b", "d"});
    CHECK_THAT(first.first_unreadable, Catch::StartsWith("line 2: " + why));
  };
  left_out("c 500000", "wanted 2 numbers, found 1");
  left_out("c", "wanted 2 numbers, found 0");
  left_out("", "wanted 2 numbers, found 0");
  left_out("500000 6", "wanted 2 numbers, found 1");
  left_out("c 5 6 7", "wanted 2 numbers, found 3");
  left_out("c 5 6 7 8", "wanted 2 numbers, found 4");
  left_out("c 5 x", "'x' is not a finite number");
  left_out("c x 5", "'x' is not a finite number");
  left_out("c 5 6x", "'6x' is not a finite number");
  left_out("c 5 0x6", "'0x6' is not a finite number");
  left_out("c 5 nan", "'nan' is not a finite number");
  left_out("c -inf 6", "'-inf' is not a finite number");
  left_out("c 5 1e39", "'1e39' is not a finite number");
  left_out("c 5 1e999", "'1e999' is not a finite number");
  left_out("c 5 " + std::string(41, 'x'), "'" + std::string(40, 'x') + "...' is not");
  left_out(" 5 6", "it begins with a blank, wanted a word");
  left_out(" c 5 6", "it begins with a blank, wanted a word");
}

TEST_CASE("a file with more lines that cannot be read than that can is refused by the first of them") {
  CHECK(parse_word_vectors("a 1 2\nb\nc 3 4\nd x y\n").unreadable == 2);
  CHECK_THROWS_WITH(parse_word_vectors("a 1 2\nb 1 x\nc\nd 1 2\ne x 1\n"), Contains("line 2: 'x' is not a finite"));
  CHECK_THROWS_WITH(parse_word_vectors("a 1 2\nb\nc 1 x\n"), Contains("line 2: wanted 2 numbers, found 0"));
  CHECK_THROWS_WITH(parse_word_vectors("c 5\na 1 2\nb 3 4\n"), Contains("line 2: wanted 1 numbers, found 2"));
  CHECK_THROWS_WITH(parse_word_vectors("a\nb 3 4\n"),
                    Contains("line 1 is neither a word and its numbers nor a header"));
  CHECK_THROWS_WITH(parse_word_vectors("some text\n"), Contains("is this a file of word vectors?"));
  CHECK(parse_word_vectors("a 1 2 3\n\nb 3 4 5\n").first_unreadable == "line 2: wanted 3 numbers, found 0");
}

TEST_CASE("many short lines after a long one do not ask for memory that the file could not fill") {
  std::string text = "a";
  for (int i = 0; i < 1000000; ++i) text += " 1";
  for (int i = 0; i < 1000000; ++i) text += "\nb";
  CHECK_THROWS_WITH(parse_word_vectors(text), Contains("line 2: wanted 1000000 numbers, found 0"));
}

TEST_CASE("a binary file that is damaged is refused by its word's number") {
  const std::string a = record("a", {1, 2}), b = record("b", {3, 4}), c = record("c", {5, 6});
  const auto refusal = [](const std::string& bytes, const std::string& why) {
    CHECK_THROWS_WITH(parse_word_vectors(bytes), Contains(why));
  };
  const std::string whole = "3 2\n" + a + "\n" + b + "\n" + c;
  for (std::size_t size = 4; size < whole.size(); ++size)
    CHECK_THROWS_AS(parse_word_vectors(whole.substr(0, size)), Error);
  refusal(whole.substr(0, whole.size() - 1), "word 3 ('c'): the file ends within its 2 numbers");
  refusal("3 2\n" + a + "\n" + b + "\nc", "word 3: no space ends it within 1 bytes");
  refusal("3 2\n" + a + b, "the header says 3 words, but 2 follow");
  refusal("1 2\n" + a + b, "the header says 1 words, but 10 bytes follow the last");
  refusal("3 2\n" + a + "\n\n" + b + c, "word 2 ('\\nb') holds white space");
  refusal("3 2\n" + a + record("", {3, 4}) + c, "word 2 is empty");
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const float number : {nan, infinity, -infinity})
    refusal("3 2\n" + a + record("b", {3, number}) + c, "word 2 ('b') has a number that is not finite");
}

TEST_CASE("what is no file of word vectors is refused by name") {
  const TemporaryFolder folder;
  const auto refusal = [](const std::string& path, const std::string& why) {
    CHECK_THROWS_WITH(read_word_vectors(path), Contains("word vectors: '" + path + "': " + why));
  };
  refusal(folder.path("none"), "it does not exist");
  refusal(folder.path(), "it is not a regular file");
  refusal(folder.write("empty", ""), "it is empty");
  refusal(folder.write("lines", "\n\r\n \n"), "it is empty");
  const std::string packed = gzip("a 1 2\nb 3 4\n");
  refusal(folder.write("a.gz", packed.substr(0, packed.size() - 1)), "it is cut off");
  refusal(folder.write("b.gz", gzip("a 1\nb x\nc x\n")), "line 2: 'x'");
  refusal(folder.write("a.bz2", "BZh91AY&SY x\n"), "it is compressed with bzip2; unpack it first: bunzip2 -k ");
  refusal(folder.write("a.zip", "PK\x03\x04\x02 x\n"), "it is a zip archive; unpack it first: unzip ");
  refusal(folder.write("a.bin", "\xBA\x16\x4F\x2F\x0C\0\0\0"s), "it is a fastText model");
  refusal(folder.write("a.txt", "a 1\nb x\nc x\n"), "line 2: 'x'");
}

TEST_CASE("words are spelt for others as they are, with white space replaced, or byte by byte, as all of them need") {
  using Words = std::vector<std::string>;
  const auto spelt = [](Words words, Spelling wanted) {
    CHECK(spell_words(words) == wanted);
    return words;
  };
  const Words plain = {"caf\u00E9", "\u4E2D\u6587", "\u0120x", "<unk>"};
  CHECK(spelt(plain, Spelling::plain) == plain);
  CHECK(spelt({"the end", "caf\u00E9", "\n", "a\tb"}, Spelling::white_space) ==
        Words{"the\u0120end", "caf\u00E9", "\u010A", "a\u0109b"});
  // a word that looks like another's spelling, and bytes that are no UTF-8
  for (const Words& words : {Words{"\u0120x", " x", "caf\u00E9"}, Words{"caf\xE9", "caf\u00E9", "the end", " x"}}) {
    Words all = spelt(words, Spelling::bytes);
    for (std::string& word : all) {
      CHECK(find_invalid_utf8(word) == word.npos);
      CHECK(word.find_first_of(kWhiteSpace) == word.npos);
      word = bytes_of_printable(word);
    }
    CHECK(all == words);
  }
  CHECK(spelt({"\u010A", "a b"}, Spelling::white_space) == Words{"\u010A", "a\u0120b"});  // no line's end is spelt so
}

TEST_CASE("what a form cannot hold is not written, and a file that was there stays") {
  const TemporaryFolder folder;
  const std::string path = folder.write("vectors", "as it was");
  const auto refusal = [&](const WordVectors& vectors, const std::string& format, const std::string& why) {
    CHECK_THROWS_WITH(write_word_vectors(path, vectors, format), Contains(why));
    CHECK(read_bytes(path) == "as it was");
    CHECK(folder.count() == 1);
  };
  const WordVectors good = of({"a", "b"}, {1, 2, 3, 4});
  for (const std::string& format : word_vector_formats()) {
    for (const char* word : {"", "a b", "b\n", "\tb", "\r", "\v", "b\f"})
      refusal(of({"a", word}, {1, 2, 3, 4}), format, "word 2 ('");
    for (const real number : {std::numeric_limits<real>::quiet_NaN(), std::numeric_limits<real>::infinity()})
      refusal(of({"a", "b"}, {1, 2, 3, number}), format, "word 2 ('b') has a number that is not finite");
    refusal({{}, Tensor({0, 2})}, format, "0 words and vectors [0, 2]");
    refusal({{"a"}, good.vectors}, format, "1 words and vectors [2, 2], wanted a row for each");
    refusal({{"a"}, Tensor({1, 0})}, format, "1 words and vectors [1, 0]");
    refusal({{"a"}, Tensor::zeros({1})}, format, "1 words and vectors [1]");
    refusal({{"a"}, Tensor()}, format, "1 words and vectors []");
  }
  refusal(of({"a", "a b"}, {1, 2, 3, 4}), "glove", "word 2 ('a·b') is empty or holds white space");
  refusal(of({"3"}, {2}), "glove", "one number a word may look like a header; choose a format that has one");
  refusal(good, "text", "format 'text' is not known; choose one of word2vec, word2vec-binary, glove, fasttext");
  CHECK_THROWS_WITH(write_word_vectors(folder / "no/such", good, "glove"), Contains("no/such': No such file"));
  CHECK_THROWS_WITH(write_word_vectors(folder.path(), good, "glove"), Contains("cannot save"));
}

}  // namespace heddle
