#include "data/pairs/pair_files.h"

#include <catch2/catch.hpp>

#include "tests/data/pairs/pairs_fixture.h"
#include "tests/packed.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

using Texts = std::vector<std::string>;

const std::string kGerman = "ein Hund\nzwei Hunde\n\u00e4lter\nvier\n", kEnglish = "a dog\ntwo dogs\nolder\nfour\n";
const Texts kTrain = {"ein Hund|a dog", "zwei Hunde|two dogs", "\u00e4lter|older"}, kVal = {"vier|four"};

}  // namespace

TEST_CASE("pairs are the lines of two files, plain or packed, with any line's end and a byte order mark") {
  const TemporaryFolder folder;
  const auto check = [&](const std::string& german, const std::string& german_end, const std::string& english,
                         const std::string& english_end) {
    const TemporaryFolder files;
    files.write("train.de" + german_end, german);
    files.write("train.en" + english_end, english);
    const auto pairs = load_pairs(pairs_at(files.path("train"), "de", "en"));
    CHECK(texts_of(*pairs, Split::train) == kTrain);
    CHECK(texts_of(*pairs, Split::val) == kVal);
    CHECK(pairs->size(Split::test) == 0);
    const auto turned = load_pairs(pairs_at(files.path("train"), "en", "de"));
    CHECK(turned->source_text(Split::val, 0) == "four");
    CHECK(turned->target_text(Split::val, 0) == "vier");
  };
  std::string windows;
  for (const char c : kEnglish) windows += c == '\n' ? "\r\n" : std::string(1, c);
  check(kGerman, "", kEnglish, "");
  check(gzip(kGerman), ".gz", kEnglish, "");
  check("\xEF\xBB\xBF" + kGerman, "", zstd(windows), ".zst");
  check(gzip(kGerman), "", windows.substr(0, windows.size() - 2), "");
}

TEST_CASE("pairs are two columns of a table, in either order, whatever stands in the others") {
  const TemporaryFolder folder;
  const std::string plain = folder.write("pairs.tsv",
                                         "ein Hund\t1\ta dog\tx\r\nzwei Hunde\t\ttwo dogs\r\n\u00e4lter\t3\tolder\n"
                                         "vier\t4\tfour\tx\tx"),
                    packed = folder.write("packed", gzip(read_bytes(plain)));
  for (const std::string& path : {plain, packed}) {
    const auto pairs = load_pairs(pairs_at(path, "1", "3"));
    CHECK(texts_of(*pairs, Split::train) == kTrain);
    CHECK(texts_of(*pairs, Split::val) == kVal);
  }
  CHECK(texts_of(*load_pairs(pairs_at(plain, "3", "1")), Split::val) == Texts{"four|vier"});
  CHECK(load_pairs(pairs_at(folder.write("two", "a\tb\nc\td\n"), "1", "2"))->size(Split::train) == 1);
}

TEST_CASE("splits of pairs have paths of their own, or patterns on the names that files of a folder have alike") {
  const TemporaryFolder folder;
  for (const char* name : {"train", "more", "val", "deep/test"}) {
    folder.write(name + std::string(".de"), name + std::string(" de\n"));
    folder.write(name + std::string(".en.gz"), gzip(name + std::string(" en\n")));
  }
  folder.write("train.de.gz", gzip("what is packed beside itself\nis read once\n"));
  folder.write("train.fr", "une ligne\net une autre\n");
  PairsConfig config = pairs_at(folder.path("train"), "de", "en");
  config.split.path.push_back(folder.path("more"));
  config.split.val_path = {folder.path("val")};
  config.split.test_path = {folder.path("deep/test")};
  const auto by_path = load_pairs(config);
  CHECK(texts_of(*by_path, Split::train) == Texts{"train de|train en", "more de|more en"});
  CHECK(texts_of(*by_path, Split::val) == Texts{"val de|val en"});
  CHECK(texts_of(*by_path, Split::test) == Texts{"deep/test de|deep/test en"});
  CHECK(by_path->describe().ends_with("2 train, 1 validate, 1 test"));
  config = pairs_at(folder.path(), "de", "en");
  config.split.val_files = {"v*"};
  config.split.test_files = {"test"};
  const auto by_name = load_pairs(config);
  CHECK(texts_of(*by_name, Split::train) == Texts{"more de|more en", "train de|train en"});
  CHECK(texts_of(*by_name, Split::val) == Texts{"val de|val en"});
  CHECK(texts_of(*by_name, Split::test) == Texts{"deep/test de|deep/test en"});
}

TEST_CASE("sides that are no two languages and no two columns are refused") {
  const auto refuse = [](const std::string& source, const std::string& target, const std::string& why) {
    INFO(source << ' ' << target);
    CHECK_THROWS_WITH(PairFiles(source, target), Catch::StartsWith("pairs: data.source") && Catch::Contains(why) &&
                                                     Catch::Contains("two languages"));
  };
  for (const auto& [source, target] :
       {std::pair("1", "en"), {"de", "2"}, {"", "en"}, {"de", ""}, {"0", "1"}, {"1", "0"}})
    refuse(source, target, concat_text("data.source = ", source, " and data.target = ", target));
  refuse("de", "de", "both de");
  refuse("3", "3", "both 3");
}

TEST_CASE("pairs that are not there, or not in pairs, are refused by their file and line") {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& path, const std::string& source, const std::string& target,
                          const std::string& why) {
    INFO(path);
    CHECK_THROWS_WITH(load_pairs(pairs_at(folder.path(path), source, target)), Catch::Contains(why));
  };
  folder.write("train.de", kGerman);
  folder.write("table/a.tsv", "a\tb\nc\td\ne\n");
  refuse("train", "de", "en",
         "there is no " + folder.path("train.en") + " (or .gz, .zst) beside " + folder.path("train.de"));
  refuse("train", "en", "de", "there is no " + folder.path("train.en") + " (or .gz, .zst); data.path is without");
  refuse("train.de", "de", "en", "there is no " + folder.path("train.de.de"));
  refuse("table", "de", "en", "there is no " + folder.path("table.de"));
  refuse("none", "1", "2", "there is no table " + folder.path("none") + "; where it names files of two languages");
  refuse("table", "1", "2", folder.path("table/a.tsv") + ":3 has 1 column with");
  refuse("table", "2", "1", ":3 has 1 column with tabs between, and data.source = 2, data.target = 1 want column 2");
  refuse("table", "1", "4", ":1 has 2 columns with tabs between");
  refuse("train.de", "1", "2", folder.path("train.de") + ":1 has 1 column with");
  folder.write("train.en", "a dog\ntwo dogs\nolder\n");
  refuse("train", "de", "en", folder.path("train.de") + " has 4 lines and " + folder.path("train.en") + " has 3 lines");
  refuse("train", "en", "de", folder.path("train.en") + " has 3 lines and " + folder.path("train.de") + " has 4 lines");
  folder.write("train.en",
               "a dog\ntwo dogs\nol\xE4"
               "er\nfour\n");
  refuse("train", "de", "en", folder.path("train.en") + ":3 is not UTF-8");
  folder.write("train.en", "a dog\ntwo" + std::string(1, '\0') + "dogs\nolder\nfour\n");
  refuse("train", "de", "en", folder.path("train.en") + ":2 is not UTF-8, or holds NUL");
  folder.write("train.en", "BZh91AY&SY");
  refuse("train", "de", "en", folder.path("train.en") + " is compressed with bzip2");
  folder.write("train.en", gzip(kEnglish).substr(0, 30));
  refuse("train", "de", "en", folder.path("train.en") + " is cut off");
}

}  // namespace heddle
