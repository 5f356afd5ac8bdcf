#include "train/analysis/space/space_figures.h"

#include "tests/train/analysis/geometry/points.h"
#include "train/analysis/geometry/neighbours.h"
#include "train/analysis/space/cloud.h"
#include "train/analysis/space/neighbourhoods.h"

namespace heddle {
namespace {

std::vector<double> values_of(const SpaceFigures& figures) {
  std::vector<double> values;
  for (const SpaceFigureText& figure : kSpaceFigures) values.push_back(figures.*figure.value);
  return values;
}

}  // namespace

TEST_CASE("the figures of a space are those of its vectors, each in its place") {
  Tensor x = Tensor::normal({300, 24}, Rng(1));
  for (index_t i = 0; i < 300; ++i) x.mutable_data()[i * 24] += 8;
  const SpaceFigures found = space_figures("a", x, {}, Rng(2));
  CHECK(found.cosine == mean_cosine(x));
  CHECK(found.cosine_without == mean_cosine(without_dimensions(x, dominant_dimensions(x, 3))));
  CHECK(found.participation == participation_ratio(x));
  CHECK(found.norm == norms(x).mean);
  CHECK(found.norm_deviation == norms(x).deviation);
  CHECK(found.dimension == two_nn(nearest_neighbours(x, 2)));
  CHECK(found.hubness == hubness(nearest_neighbours(x, 10)));
  CHECK(found.equal == 0);
  CHECK(std::isnan(found.static_share));
  CHECK(std::isnan(found.static_chance));
  const SpaceFigures of_tokens = space_figures("a", x, std::vector<std::int32_t>(300, 5), Rng(2));
  CHECK(of_tokens.static_share > 0.7);  // one token, whose vectors share a direction
  CHECK(of_tokens.static_chance > 0.7);
}

TEST_CASE("equal vectors are counted and left out of neighbours, and too few others tell no neighbours") {
  Tensor x = Tensor::normal({60, 6}, Rng(1));
  for (index_t i = 0; i < 18; ++i) std::copy_n(x.data(), 6, x.mutable_data() + (i + 1) * 6);
  const SpaceFigures some = space_figures("a", x, {}, Rng(2));
  CHECK(some.equal == 18);
  CHECK(some.dimension == two_nn(nearest_neighbours(distinct_rows(x), 2)));
  CHECK(std::isfinite(some.dimension));
  for (index_t i = 0; i < 41; ++i) std::copy_n(x.data(), 6, x.mutable_data() + (i + 1) * 6);
  const SpaceFigures few = space_figures("a", x, {}, Rng(2));
  CHECK(few.equal == 41);  // 19 are left
  CHECK(std::isnan(few.dimension));
  CHECK(std::isnan(few.hubness));
  CHECK(std::isfinite(few.cosine));
}

TEST_CASE("of many vectors neighbours are those of a sample, which goes by the seed alone, on any number of threads") {
  const Tensor x = Tensor::normal({3000, 12}, Rng(1));
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 3000; ++i) ids.push_back(i % 100);
  const auto of_seed = [&](std::uint64_t seed) { return space_figures("a", x, ids, Rng(seed)); };
  CHECK(of_seed(1).dimension != of_seed(2).dimension);
  CHECK(of_seed(1).dimension == Approx(of_seed(2).dimension).epsilon(0.1));
  CHECK(of_seed(1).cosine == of_seed(2).cosine);
  CHECK(of_seed(1).dimension != two_nn(nearest_neighbours(x, 2)));
  require_same_on_any_threads([&] { return values_of(of_seed(1)); });
}

TEST_CASE("narrow spaces leave out one dimension less than they have, and what is not finite is refused by name") {
  const Tensor narrow = Tensor::normal({50, 2}, Rng(3));
  CHECK(std::isfinite(space_figures("a", narrow, {}, Rng(1)).cosine_without));
  Tensor broken = narrow.clone();
  broken.mutable_data()[7] = NAN;
  CHECK_THROWS_WITH(space_figures("hidden_states/2", broken, {}, Rng(1)),
                    Catch::Contains("hidden_states/2: row 3 holds a value that is not finite"));
}

TEST_CASE("figures over heads are means, and each has a name of its own") {
  SpaceFigures a, b;
  double next = 1;
  for (const SpaceFigureText& figure : kSpaceFigures) {
    a.*figure.value = next;
    b.*figure.value = 3 * next++;
  }
  next = 1;
  for (const double mean : values_of(mean_figures({a, b}))) CHECK(mean == 2 * next++);
  for (const SpaceFigureText& figure : kSpaceFigures) {
    for (const SpaceFigureText& other : kSpaceFigures)
      CHECK((figure.name == std::string(other.name)) == (figure.value == other.value));
  }
}

}  // namespace heddle
