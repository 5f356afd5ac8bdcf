#include "train/analysis/words/similarity.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/temporary_folder.h"

namespace heddle {
namespace {

std::string text_of(const SimilarityFile& file) {
  std::string text;
  for (const SimilarityPair& p : file.pairs) text += concat_text('[', p.first, '|', p.second, '|', p.score, ']');
  return text;
}

}  // namespace

TEST_CASE("similarity files are read with any of four separators, comments and a header") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& text) { return text_of(read_similarities(folder.write("s.txt", text))); };
  const std::string wanted = "[tiger|cat|7.35][king|cabbage|0.23]";
  CHECK(read("tiger cat 7.35\nking  cabbage   0.23 \n") == wanted);
  CHECK(read("Word 1\tWord 2\tHuman (mean)\r\ntiger\tcat\t7.35\r\nking\tcabbage\t0.23\tn\r\n") == wanted);
  CHECK(read("# a\nWord 1,Word 2,Human (mean)\n\ntiger,cat,7.35\n#b\nking, cabbage, 0.23, 4") == wanted);
  CHECK(read("\xEF\xBB\xBFtiger;cat;7.35\n \nking;cabbage;.23") == wanted);
  CHECK(read("ice cream\ta, b; c\t-1e1\n") == "[ice cream|a, b; c|-10]");
  CHECK(read("hot dog,b c,1\n") == "[hot dog|b c|1]");
  CHECK(read("7 2 0.5\n") == "[7|2|0.5]");  // numbers are words, too
}

TEST_CASE("the score is the column that the header names so, and without one the first number behind the words") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& text) { return read_similarities(folder.write("s.txt", text)); };
  const std::string wanted = "[old|new|1.58][smart|clever|9.2]";
  const SimilarityFile simlex = read(
      "word1\tword2\tPOS\tSimLex999\tconc(w1)\tconc(w2)\tconcQ\tAssoc(USF)\tSimAssoc333\tSD(SimLex)\n"
      "old\tnew\tA\t1.58\t2.72\t2.81\t2\t7.25\t1\t0.41\nsmart\tclever\tA\t9.2\t1.75\t2.46\t1\t7.11\t1\t0.67\n");
  CHECK(text_of(simlex) == wanted);
  CHECK(simlex.column == "SimLex999");
  const SimilarityFile simverb = read("old\tnew\tV\t1.58\tANTONYMS\nsmart\tclever\tV\t9.2\tNONE\n");
  CHECK(text_of(simverb) == wanted);
  CHECK(simverb.column == "column 4");
  const SimilarityFile behind = read("word1,word2,id,Human (mean)\nold,new,1,1.58\nsmart,clever,2,9.2\n");
  CHECK(text_of(behind) == wanted);
  CHECK(behind.column == "Human (mean)");
  const SimilarityFile unnamed = read("a;b;c;d\nold;new;x;1.58\nsmart;clever;y;9.2\n");
  CHECK(text_of(unnamed) == wanted);
  CHECK(unnamed.column == "column 4");
  CHECK(read("score rating x\nold new 1.58\n").column == "column 3");  // words may be called so
  CHECK_THROWS_WITH(read("a\tb\tid\tscore\nold\tnew\t1\n"), Catch::Contains(":2: this line has 3 fields"));
}

TEST_CASE("a comma that is meant as a point is told, wherever it cuts the line") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& text) { return read_similarities(folder.write("s.txt", text)); };
  for (const char* text : {"a;b;3,94\nc;d;3,9\n", "a\tb\t3,94\n", "a b 3,94\nc d 3,9\n", "x;y;score\na;b;3,94\n"})
    CHECK_THROWS_WITH(read(text), Catch::Contains("3,94") && Catch::Contains("has a comma for a point"));
  CHECK_THROWS_WITH(read("a,b,3,94\nc,d,10,5\n"), Catch::Contains("if they are one number"));
  CHECK(read("a,b,3,94\nc,d,1.5,5\n").pairs.size() == 2);  // no number has two points
  CHECK(read("a,b,3,94,1\nc,d,1,5,2\n").pairs.size() == 2);
  CHECK(read("a\tb\t3\t94\nc\td\t1\t5\n").pairs.size() == 2);
}

TEST_CASE("lines of a similarity file that cannot be understood are named") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& text) { return read_similarities(folder.write("s.txt", text)); };
  const std::string path = folder.path("s.txt");
  REQUIRE_THROWS_WITH(read("a b 1\nc 2\n"), path + ":2: a line needs two words and a score, this one has 2 fields");
  REQUIRE_THROWS_WITH(read("a,,1\n"), Catch::Contains(":1: ") && Catch::Contains("2 fields"));
  REQUIRE_THROWS_WITH(read("a b 1\n#\nc d x\n"), path + ":3: score 'x' is no finite number");
  REQUIRE_THROWS_WITH(read("h h h\na b c\n"), Catch::Contains(":2: score 'c'"));  // one header only
  REQUIRE_THROWS_WITH(read("a b c 1\n\nc d e\n"), Catch::Contains(":3: this line has 3 fields"));
  REQUIRE_THROWS_WITH(read("a b nan\n"), Catch::Contains(":1: score 'nan'"));
  REQUIRE_THROWS_WITH(read("a b -inf\n"), Catch::Contains(":1: score '-inf'"));
  REQUIRE_THROWS_WITH(read("a b 1e999\n"), Catch::Contains(":1: score '1e999'"));
  REQUIRE_THROWS_WITH(read("a b 1\na b 1x\n"), Catch::Contains(":2: score '1x'"));
  REQUIRE_THROWS_WITH(read("# none\nword word score\n"), Catch::Contains("holds no pairs"));
  REQUIRE_THROWS_WITH(read_similarities(folder.path("absent")), Catch::Contains("does not exist"));
}

TEST_CASE("cosines are held against scores for the pairs that are covered") {
  // angles of 0, 30, 60, 90 and 180 degrees from "a"
  const WordSpace space({{"a", "b", "c", "d", "e", "none", "A"},
                         Tensor::from({1, 0, 3, 1.7320508F, 0.5F, 0.8660254F, 0, 2, -1, 0, 0, 0, 0, 1}, {7, 2})});
  const std::vector<SimilarityPair> falling = {{"a", "b", 9}, {"a", "c", 8}, {"a", "D", 2.5}, {"a", "e", 0.5}};
  SimilarityReport report = evaluate_similarity(space, falling);
  CHECK(report.pairs == 4);
  CHECK(report.covered == 4);
  CHECK(report.correlation == 1);
  CHECK(report.interval.low == 1);

  std::vector<SimilarityPair> pairs = falling;
  pairs[2].score = 10;
  pairs.push_back({"a", "missing", 3});
  pairs.push_back({"missing", "a", 3});
  pairs.push_back({"none", "A", 2.5});  // cosine 0, as that of a and d
  report = evaluate_similarity(space, pairs);
  CHECK(report.pairs == 7);
  CHECK(report.covered == 5);
  // ranks of the scores 4 3 5 1 2, of the cosines 5 4 2.5 1 2.5
  CHECK(report.correlation == Approx(5.5 / std::sqrt(10.0 * 9.5)));
  CHECK(report.interval.low == Approx(spearman_interval(report.correlation, 5).low));
  CHECK(report.interval.high == Approx(spearman_interval(report.correlation, 5).high));

  report = evaluate_similarity(space, pairs, false);  // D is not d
  CHECK(report.covered == 4);
}

TEST_CASE("a correlation of fewer than three pairs, or of values that are all equal, is refused") {
  const WordSpace space({{"a", "b", "c"}, Tensor::from({1, 0, 1, 1, 0, 1}, {3, 2})});
  REQUIRE_THROWS_WITH(evaluate_similarity(space, {{"a", "b", 1}, {"a", "c", 2}, {"a", "x", 3}}),
                      Catch::Contains("2 of 3 pairs") && Catch::Contains("at least 3"));
  REQUIRE_THROWS_WITH(evaluate_similarity(space, {{"a", "b", 1}, {"a", "c", 1}, {"b", "c", 1}}),
                      Catch::Contains("values of one side are equal"));
}

}  // namespace heddle
