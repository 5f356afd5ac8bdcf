#include "framework/profile.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "framework/ops.h"

namespace heddle {
namespace {

const Profile::Row& row_of(const std::vector<Profile::Row>& rows, const std::string& name, bool backward) {
  for (const Profile::Row& row : rows) {
    if (row.name == name && row.backward == backward) return row;
  }
  FAIL("no row " << name);
  return rows[0];
}

}  // namespace

TEST_CASE("a profile counts each op's calls, products and bytes, forward and backward apart") {
  Tensor x = Tensor::full({4, 3}, 1), w = Tensor::full({5, 3}, 2);
  x.set_requires_grad();
  w.set_requires_grad();
  REQUIRE(Profile::current() == nullptr);
  {
    const Profile profile;
    for (int step = 0; step < 2; ++step) backward(sum(tanh(linear(x, w))));
    const auto rows = profile.rows();
    const auto& forward = row_of(rows, "linear", false);
    const auto& back = row_of(rows, "linear", true);
    CHECK(forward.calls == 2);
    CHECK(forward.flops == 2 * 2 * 4 * 3 * 5);
    CHECK(back.flops == 2 * forward.flops);
    CHECK(forward.bytes == 2 * sizeof(real) * (12 + 15 + 20));
    CHECK(back.calls == 2);
    CHECK(row_of(rows, "tanh", false).flops == 0);
    CHECK(row_of(rows, "tanh", true).calls == 2);
    CHECK(row_of(rows, "sum of gradients", true).calls == 6);
    for (std::size_t i = 1; i < rows.size(); ++i) CHECK(rows[i - 1].seconds >= rows[i].seconds);
    const NoGradGuard no_grad;
    tanh(x);
    CHECK(row_of(profile.rows(), "tanh", false).calls == 2);  // what is not trained is not counted
  }
  REQUIRE(Profile::current() == nullptr);
}

TEST_CASE(
    "a profile's forecast deals each loop's pieces to the thread that is free first, and leaves the rest to one") {
  const auto loops = [](int threads, const std::vector<std::vector<double>>& all) {
    Profile profile(threads);
    for (const std::vector<double>& seconds : all) profile.add_loop(seconds);
    profile.lap("a");
    return profile.rows()[0];
  };
  const auto of_loops = [&](int threads, const std::vector<std::vector<double>>& all) {
    const Profile::Row row = loops(threads, all);
    return row.forecast - row.alone;
  };
  // twenty-four equal pieces on sixteen threads: half of them have two
  CHECK(of_loops(16, {std::vector<double>(24, 1.0)}) == Approx(2));
  CHECK(of_loops(16, {std::vector<double>(32, 1.0)}) == Approx(2));
  CHECK(of_loops(4, {{5, 1, 1, 1, 1, 1, 1}}) == Approx(5));
  CHECK(of_loops(2, {{1, 1, 3}}) == Approx(4));
  CHECK(of_loops(2, {{1, 1}, {1, 1}, {3}}) == Approx(5));  // one loop after another
  CHECK(of_loops(1, {{1, 2}, {3}}) == Approx(6));
  CHECK(loops(3, {{1, 2}, {3}}).loops == 2);
  CHECK(loops(3, {{1, 2}, {3}}).chunks == 3);
}

TEST_CASE("a profile with a forecast times the pieces of loops, nested ones as part of theirs, and changes no bits") {
  const Tensor x = Tensor::normal({1000, 700}, Rng(1));
  const auto work = [&] { return sum(tanh(x)).item(); };
  const real expected = work();
  const int before = threads();
  const auto rows = [&](int threads, int forecast) {
    set_threads(threads);
    Profile profile(forecast);
    CHECK(work() == expected);
    parallel_for(40, 10, [](index_t begin, index_t) { parallel_for(100, 1, [&](index_t, index_t) { (void)begin; }); });
    profile.lap("loops");
    set_threads(before);
    return profile.rows();
  };
  const auto one = row_of(rows(1, 16), "loops", false);
  CHECK(one.loops == 1);
  CHECK(one.chunks == 4);
  CHECK(one.alone > 0);
  CHECK(one.alone < one.seconds);
  CHECK(one.forecast <= one.seconds);
  CHECK(row_of(rows(1, 16), "tanh", false).chunks == 43);  // of 16,384 elements
  CHECK(row_of(rows(1, 0), "loops", false).loops == 0);
  CHECK(row_of(rows(2, 16), "loops", false).loops == 0);  // which watches one thread alone
}

}  // namespace heddle
