#include "train/log/metrics.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "framework/archive/archive.h"
#include "tests/temporary_folder.h"
#include "train/log/listeners.h"

namespace heddle {
namespace {

History two_rows() {
  History history;
  history.add(50, {{"train_loss", 2.5}, {"lr", 1e-3}, {"seconds", 1.5}});
  history.add(100,
              {{"train_loss", 2.25}, {"val_loss", 2.375}, {"val_detail", 7, "", false}, {"lr", 5e-4}, {"seconds", 3}});
  return history;
}

/// A history as a damaged checkpoint may hold it: a column is short, or has a name that is none.
struct Uneven {
  std::vector<std::int64_t> step = {1, 2};
  std::vector<std::string> columns = {"full", "other"};
  std::vector<double> full = {1, 2}, short_one = {1};

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    using boost::serialization::make_nvp;
    ar& BOOST_SERIALIZATION_NVP(step) & BOOST_SERIALIZATION_NVP(columns);
    ar& make_nvp("full", full) & make_nvp("other", short_one);
  }
};

constexpr const char* kRows =
    "step,train_loss,val_loss,lr,seconds\n"
    "50,2.5,,0.001,1.5\n"
    "100,2.25,2.375,0.0005,3\n";

}  // namespace

TEST_CASE("a column is known by its name, stands where its row has it, and is empty where nothing was measured") {
  CHECK(two_rows().csv() == kRows);
  CHECK(two_rows().last_csv() == "100,2.25,2.375,0.0005,3\n");
  CHECK(two_rows().columns() == 4);
  CHECK(two_rows().last("val_loss", -1) == 2.375);
  CHECK(two_rows().last("val_detail", -1) == -1);
  CHECK(History().last("val_loss", -1) == -1);
  CHECK(History().csv() == "step\n");
}

TEST_CASE("metrics.csv is appended to, and written anew where a run begins and where a column comes") {
  const TemporaryFolder folder;
  const std::string path = folder.write("metrics.csv", "rows of an earlier, longer run\n1\n2\n3\n4\n");
  History history;
  CsvListener csv(path, history);
  csv.on_begin();
  CHECK(read_bytes(path) == "step\n");
  history.add(1, {{"train_loss", 3}});
  csv.on_row({});
  CHECK(read_bytes(path) == "step,train_loss\n1,3\n");
  write_bytes(path, "what stands there\n");  // stays: a row is put behind it
  history.add(2, {{"train_loss", 2}});
  csv.on_row({});
  CHECK(read_bytes(path) == "what stands there\n2,2\n");
  history.add(3, {{"train_loss", 1}, {"val_loss", 4}});
  csv.on_row({});
  CHECK(read_bytes(path) == "step,train_loss,val_loss\n1,3,\n2,2,\n3,1,4\n");
}

TEST_CASE("a history comes back from a checkpoint as it was, and a damaged one is refused") {
  const TemporaryFolder folder;
  const std::string path = folder.path("history.h5");
  History history = two_rows();
  save_file(path, "test", 1, [&](Hdf5OArchive& ar) { ar& BOOST_SERIALIZATION_NVP(history); });
  History again;
  load_file(path, "test", 1, [&](Hdf5IArchive& ar) { ar& boost::serialization::make_nvp("history", again); });
  CHECK(again.csv() == kRows);

  Uneven uneven;
  save_file(path, "test", 1, [&](Hdf5OArchive& ar) { ar& boost::serialization::make_nvp("history", uneven); });
  CHECK_THROWS_WITH(
      load_file(path, "test", 1, [&](Hdf5IArchive& ar) { ar& boost::serialization::make_nvp("history", again); }),
      Catch::Contains("column other has 1 rows"));
  uneven.columns = {"full", "a/b"};
  save_file(path, "test", 1, [&](Hdf5OArchive& ar) { ar& boost::serialization::make_nvp("history", uneven); });
  CHECK_THROWS_WITH(
      load_file(path, "test", 1, [&](Hdf5IArchive& ar) { ar& boost::serialization::make_nvp("history", again); }),
      Catch::Contains("'a/b' cannot name a column"));
}

TEST_CASE("rows of metrics.csv are read back as they were written, without a last one that does not end") {
  const History history = History::from_csv(kRows, "metrics.csv");
  CHECK(history.csv() == kRows);
  CHECK(std::isnan(history.column("val_loss")[0]));
  CHECK(history.last("seconds", 0) == 3);
  CHECK(History::from_csv(std::string(kRows) + "150,2,2.25,0.00", "").csv() == kRows);
  CHECK(History::from_csv("step\n", "").csv() == "step\n");
  CHECK(History::from_csv("step,a\n1,\n2,inf\n", "").csv() == "step,a\n1,\n2,inf\n");
  CHECK(History::from_csv("", "").size() == 0);
  CHECK(History::from_csv("st", "").size() == 0);
  for (const char* bad : {"step,a\n1\n", "step,a\n1,2,3\n", "step,a\n,2\n", "step,a\n1,2x\n", "step,a\n1.5,2\n",
                          "time,a\n1,2\n", "\n1\n", "step,a\n\n"})
    CHECK_THROWS_WITH(History::from_csv(bad, "FILE"), Catch::StartsWith("FILE: "));
}

}  // namespace heddle
