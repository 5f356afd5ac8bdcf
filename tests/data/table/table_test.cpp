#include "data/table/table.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "data/sampler.h"
#include "tests/packed.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

TableConfig table_at(const std::string& path, double val = 0.25) {
  TableConfig config;
  config.split.path = {path};
  config.split.val_fraction = val;
  return config;
}

std::unique_ptr<Dataset> load(const TableConfig& config, const DataState* known = nullptr) {
  LoadOptions options;
  options.known = known;
  return config.load(options);
}

Batch all_of(const Dataset& dataset, Split split) { return get_examples(dataset, split, 0, dataset.size(split)); }

/// The numbers of a split as they were before they were standardized.
std::vector<double> numbers_of(const Dataset& dataset, Split split) {
  const Batch batch = all_of(dataset, split);
  const DataState& state = dataset.state();
  std::vector<double> numbers;
  for (index_t i = 0; i < batch.features.numel(); ++i) {
    const std::size_t column = static_cast<std::size_t>(i) % state.mean.size();
    const double x = static_cast<double>(batch.features.data()[i]);
    numbers.push_back(std::round((x * state.deviation[column] + state.mean[column]) * 1e4) / 1e4);
  }
  return numbers;
}

std::vector<std::string> classes_of(const Dataset& dataset, Split split) {
  const Batch batch = all_of(dataset, split);
  std::vector<std::string> classes;
  for (index_t i = 0; i < batch.rows(); ++i)
    classes.push_back(dataset.state().labels[static_cast<std::size_t>(batch.targets[i])]);
  return classes;
}

}  // namespace

TEST_CASE("rows are read with commas, tabs or blanks between, packed or not, empty lines left out") {
  const TemporaryFolder folder;
  const char* text = GENERATE(
      "1,2.5,red\n-3,4e1,blue\n5,6,red\n7,8,blue\n", "1\t2.5\tred\r\n-3\t4e1\tblue\r\n\r\n5\t6\tred\r\n7\t8\tblue",
      "  1   2.5 red\n-3 4e1 blue \n\n5 6 red\n7 8 blue\n", "1, 2.5, red\n-3, 4e1 ,blue\n5,6, red\n7,8,blue\n");
  INFO(text);
  const auto dataset = load(table_at(folder.write("rows", GENERATE(true, false) ? gzip(text) : text)));
  CHECK(dataset->state().features == std::vector<std::int64_t>{2});
  CHECK(numbers_of(*dataset, Split::train) == std::vector<double>{1, 2.5, -3, 40, 5, 6});
  CHECK(numbers_of(*dataset, Split::val) == std::vector<double>{7, 8});
  CHECK(dataset->state().labels == std::vector<std::string>{"blue", "red"});
  CHECK(classes_of(*dataset, Split::train) == std::vector<std::string>{"red", "blue", "red"});
  CHECK(classes_of(*dataset, Split::val) == std::vector<std::string>{"blue"});
  CHECK_THAT(dataset->describe(), Catch::Contains("rows of 2 numbers, 2 classes; 3 train, 1 validate"));
}

TEST_CASE("a table with a byte order mark is read as one without, and what is no text is refused by name") {
  const TemporaryFolder folder;
  const std::string rows = "1,2,yes\n3,4,no\n5,6,no\n7,8,yes\n";
  CHECK(numbers_of(*load(table_at(folder.write("t.csv", "\xEF\xBB\xBF" + rows))), Split::train)[0] == 1);
  CHECK_THROWS_WITH(load(table_at(folder.write("t.xlsx", "PK\x03\x04" + rows))),
                    Catch::Contains("table: ") && Catch::Contains("zip"));
}

TEST_CASE("columns are standardized by the mean and deviation of the training rows, one that is constant becomes 0") {
  const TemporaryFolder folder;
  const auto dataset = load(table_at(folder.write("rows", "1,9,a\n2,9,b\n6,9,a\n100,10,b\n")));
  const Batch train = all_of(*dataset, Split::train), val = all_of(*dataset, Split::val);
  const double deviation = std::sqrt((4.0 + 1 + 9) / 3);
  for (const auto& [got, wanted] :
       {std::pair(train.features.data()[0], -2 / deviation), std::pair(train.features.data()[2], -1 / deviation),
        std::pair(train.features.data()[4], 3 / deviation), std::pair(train.features.data()[1], 0.0),
        std::pair(train.features.data()[5], 0.0), std::pair(val.features.data()[0], 97 / deviation),
        std::pair(val.features.data()[1], 1.0)})
    CHECK(static_cast<double>(got) == Approx(wanted).margin(1e-6));
}

TEST_CASE("the class stands in the last column, in one of a number, or in one of a name") {
  const TemporaryFolder folder;
  TableConfig config = table_at(folder.write("rows", "size,colour,weight\n1,red,2\n3,blue,4\n5,red,6\n7,blue,8\n"));
  config.header = true;
  const std::string by = GENERATE("colour", "2");
  config.label = by;
  const auto dataset = load(config);
  CHECK(numbers_of(*dataset, Split::train) == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(classes_of(*dataset, Split::train) == std::vector<std::string>{"red", "blue", "red"});
  config.label = "weight";
  CHECK_THROWS_WITH(load(config), Catch::Contains("line 2: 'red' is no number"));
  for (const char* none : {"price", "0", "4", "-1", "2x", ""}) {
    config.label = none;
    CHECK_THROWS_WITH(load(config), Catch::Contains(std::string("has no column ") + none + " (data.label)") &&
                                        Catch::Contains("it has 3 columns"));
  }
  config.header = false;
  config.label = "colour";
  CHECK_THROWS_WITH(load(config), Catch::Contains("set data.header = true where the first line names them"));
  config.label = "2";
  CHECK_THROWS_WITH(load(config), Catch::Contains("line 1: 'size' is no number; set data.header = true"));
}

TEST_CASE("rows that do not fit are refused in a line that names file and line") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& text, const std::string& why) {
    INFO(text);
    CHECK_THROWS_WITH(load(table_at(folder.write("rows", text))),
                      Catch::Contains(folder.path("rows")) && Catch::Contains(why) && !Catch::Contains("\n"));
  };
  refused("1,2,a\n3,b\n", "line 2 has 2 columns, the first 3");
  refused("1,2,a\n3,4,5,b\n", "line 2 has 4 columns, the first 3");
  refused("1,a\nx,b\n", "line 2: 'x' is no number");
  refused("1,a\n2\xC3\xA4,b\n", "is no number");
  refused("1,a\n,b\n", "line 2: '' is no number");
  refused("1,a\nnan,b\n", "line 2: 'nan' is no number");
  refused("1,a\n1e999,b\n", "line 2: '1e999' is no number");
  refused("1,a\n2, \n", "line 2 has no class in column 2");
  refused("1\n2\n", "line 1 has one column");
  refused("", "the training part has 0 rows");
  refused("1,a\n", "the training part has 0 rows, needs at least 1");
  CHECK_THROWS_WITH(load(table_at("builtin:and")),
                    Catch::Contains("builtin:and is not known; the built-in table is builtin:xor"));
}

TEST_CASE("rows of several files follow each other, and must have as many columns") {
  const TemporaryFolder folder;
  TableConfig config = table_at(folder.write("a", "1,x\n2,y\n"));
  config.split.path.push_back(folder.write("b", "3 x\n4 y\n"));
  config.split.val_path = {folder.write("c", "5,y\n")};
  config.split.test_path = {folder.path("b")};
  const auto dataset = load(config);
  CHECK(numbers_of(*dataset, Split::train) == std::vector<double>{1, 2, 3, 4});
  CHECK(numbers_of(*dataset, Split::val) == std::vector<double>{5});
  CHECK(classes_of(*dataset, Split::val) == std::vector<std::string>{"y"});
  CHECK(numbers_of(*dataset, Split::test) == std::vector<double>{3, 4});
  config.split.path.push_back(folder.write("d", "1,2,x\n"));
  CHECK_THROWS_WITH(load(config), Catch::Contains("d has 3 columns, the files before it 2"));
  config.split.path.back() = "builtin:xor";
  CHECK_THROWS_WITH(load(config), Catch::Contains("builtin:xor has 3 columns, the files before it 2"));
}

TEST_CASE("other rows are shown to a model as its own were, and refused if they are of another class or width") {
  const TemporaryFolder folder;
  const auto own = load(table_at(folder.write("rows", "1,c\n3,a\n5,b\n7,a\n")));
  const auto other = load(table_at(folder.write("other", "9,b\n11,a\n"), 0.5), &own->state());
  CHECK(other->state().labels == std::vector<std::string>{"a", "b", "c"});
  CHECK(all_of(*other, Split::train).targets[0] == 1);
  CHECK(static_cast<double>(all_of(*other, Split::train).features.data()[0]) == Approx((9 - 3) / std::sqrt(8.0 / 3)));
  CHECK_THROWS_WITH(load(table_at(folder.write("other", "9,b\n11,d\n"), 0.5), &own->state()),
                    Catch::Contains("holds the class 'd', which the model was not trained on"));
  CHECK_THROWS_WITH(load(table_at(folder.write("other", "9,1,b\n11,1,a\n"), 0.5), &own->state()),
                    Catch::Contains("rows of 2 numbers, and the model was trained on rows of [1]"));
}

TEST_CASE("the built-in table holds both bits' four pairs, and whether they differ") {
  TableConfig config = table_at("builtin:xor");
  config.size = 10;
  config.split.val_path = {"builtin:xor"};
  const auto dataset = load(config);
  for (const Split split : {Split::train, Split::val}) {
    REQUIRE(dataset->size(split) == 10);
    const auto bits = numbers_of(*dataset, split);
    const auto classes = classes_of(*dataset, split);
    for (std::size_t row = 0; row < 10; ++row) {
      CHECK(bits[2 * row] == static_cast<double>(row % 2));
      CHECK(bits[2 * row + 1] == static_cast<double>(row / 2 % 2));
      CHECK(classes[row] == (bits[2 * row] != bits[2 * row + 1] ? "1" : "0"));
    }
  }
}

TEST_CASE("the fingerprint of a table changes with a number and with a class") {
  const TemporaryFolder folder;
  const auto print = [&](const std::string& text) { return load(table_at(folder.write("rows", text)))->fingerprint(); };
  const std::uint64_t plain = print("1,a\n2,b\n3,a\n");
  CHECK(print("1 a\n2 b\n3 a\n") == plain);
  CHECK(print("1,a\n2,b\n4,a\n") != plain);
  CHECK(print("1,a\n2,b\n3,b\n") != plain);
}

}  // namespace heddle
