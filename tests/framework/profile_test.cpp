#include "framework/profile.h"

#include <catch2/catch.hpp>
#include <string>

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

}  // namespace heddle
