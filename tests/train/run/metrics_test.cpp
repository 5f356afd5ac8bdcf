#include "train/run/metrics.h"

#include <catch2/catch.hpp>
#include <limits>

#include "framework/archive/archive.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

History two_rows() {
  History history;
  history.add({50, 2.5, kNone, kNone, 1e-3, 0.75, 12345, 20, 1.5});
  history.add({100, 2.25, 2.375, 3.42647, 5e-4, 0.5, 12500, 20.5, 3});
  return history;
}

/// A history as a damaged checkpoint may hold it: the names of the columns, one of them short.
struct Uneven {
  std::vector<std::int64_t> step = {1, 2};
  std::vector<double> full = {1, 2}, short_one = {1};

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    using boost::serialization::make_nvp;
    ar& make_nvp("step", step) & make_nvp("seconds", short_one);
    for (const char* name :
         {"train_loss", "val_loss", "val_bits_per_character", "lr", "grad_norm", "tokens_per_second", "gflops"}) {
      ar& make_nvp(name, full);
    }
  }
};

constexpr const char* kRows =
    "step,train_loss,val_loss,val_bits_per_character,lr,grad_norm,tokens_per_second,gflops,seconds\n"
    "50,2.5,,,0.001,0.75,12345,20,1.5\n"
    "100,2.25,2.375,3.42647,0.0005,0.5,12500,20.5,3\n";

}  // namespace

TEST_CASE("metrics.csv has a header, a row a measurement, and nothing where nothing was measured") {
  const TemporaryFolder folder;
  const std::string path = folder.write("metrics.csv", "rows of an earlier, longer sitting\n1\n2\n3\n4\n");
  two_rows().write_csv(path);
  CHECK(read_bytes(path) == kRows);
  History().write_csv(path);
  CHECK(read_bytes(path) == std::string(kRows).substr(0, std::string(kRows).find('\n') + 1));
}

TEST_CASE("a history comes back from a checkpoint as it was, and a damaged one is refused") {
  const TemporaryFolder folder;
  const std::string path = folder.path("history.h5");
  History history = two_rows();
  save_file(path, "test", 1, [&](Hdf5OArchive& ar) { ar& BOOST_SERIALIZATION_NVP(history); });
  History again;
  load_file(path, "test", 1, [&](Hdf5IArchive& ar) { ar& boost::serialization::make_nvp("history", again); });
  again.write_csv(folder.path("metrics.csv"));
  CHECK(read_bytes(folder.path("metrics.csv")) == kRows);
  CHECK(again.seconds() == 3);

  Uneven uneven;
  save_file(path, "test", 1, [&](Hdf5OArchive& ar) { ar& boost::serialization::make_nvp("history", uneven); });
  CHECK_THROWS_WITH(
      load_file(path, "test", 1, [&](Hdf5IArchive& ar) { ar& boost::serialization::make_nvp("history", again); }),
      Catch::Contains("a column has 1 rows"));
}

}  // namespace heddle
