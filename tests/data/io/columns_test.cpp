#include "data/io/columns.h"

#include <catch2/catch.hpp>

#include "tests/packed.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

using Row = std::vector<std::string>;

/// Each row's cells with | behind each, and the line at which it begins.
std::vector<std::pair<std::string, std::string>> rows_of(const std::string& path) {
  std::vector<std::pair<std::string, std::string>> all;
  for_rows(path, "labelled text", [&](const Row& cells, const std::string& place) {
    std::string row;
    for (const std::string& cell : cells) row += cell + '|';
    all.emplace_back(row, place.substr(path.size() + 1));
  });
  return all;
}

}  // namespace

TEST_CASE("between columns stand tabs, and quotes and commas are text") {
  const TemporaryFolder folder;
  const std::string text = "one, \"two\"\t1\r\n\n\"three\t\t\n \t2";
  for (const std::string& path : {folder.write("a.tsv", text), folder.write("b.tsv.gz", gzip(text))}) {
    CHECK(rows_of(path) == std::vector<std::pair<std::string, std::string>>{
                               {"one, \"two\"|1|", "1"}, {"\"three|||", "3"}, {" |2|", "4"}});
  }
}

TEST_CASE("in files named csv between columns stand commas, and quoted cells hold commas, quotes and ends of lines") {
  const TemporaryFolder folder;
  const std::string text = "one,\"two, \"\"2\"\"\",3\r\n\"\",\"a\n\nb\",\n\n it \"is\" said,\tx,\"\"\"\"\n";
  for (const std::string& path :
       {folder.write("a.csv", text), folder.write("b.csv.gz", gzip(text)), folder.write("c.csv.zst", zstd(text))}) {
    CHECK(rows_of(path) == std::vector<std::pair<std::string, std::string>>{
                               {"one|two, \"2\"|3|", "1"}, {"|a\n\nb||", "2"}, {" it \"is\" said|\tx|\"|", "6"}});
  }
}

TEST_CASE("quotes that do not close, and text behind those that did, are refused by their place") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& text, const std::string& why) {
    CHECK_THROWS_WITH(rows_of(folder.write("a.csv", text)), Catch::StartsWith(folder.path("a.csv") + why));
  };
  refused("a,b\nc,\"d\ne,f\n", ":2: quotes that begin in this row do not close");
  refused("a,\"b\"\"\n", ":1: quotes that begin");
  refused("a,\"b\"c\n", ":1: text behind the quotes of a cell");
  refused("a,\"\"b\"\n", ":1: text behind the quotes of a cell");
  refused("a,\"x\ny\" \"z\"\n", ":2: text behind the quotes of a cell");
}

TEST_CASE("a column is found by its name in the header, else by its number from 1") {
  const Row header = {"text", "2", "class"};
  const auto found = [&](const std::string& column) { return find_column(column, header, 3, "a.tsv", "data.label"); };
  CHECK(found("class") == 2);
  CHECK(found("1") == 0);
  CHECK(found("2") == 1);
  CHECK(find_column("2", {}, 2, "a.tsv", "data.label") == 1);
  for (const char* none : {"0", "4", "-1", "1.", "Class", ""})
    CHECK_THROWS_WITH(found(none), std::string("a.tsv has no column ") + none + " (data.label); it has 3 columns");
  CHECK_THROWS_WITH(find_column("class", {}, 1, "a.tsv", "data.text"),
                    "a.tsv has no column class (data.text); it has 1 column; set data.header = true where the first "
                    "line names them");
}

}  // namespace heddle
