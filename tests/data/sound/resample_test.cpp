#include "data/sound/resample.h"

#include "framework/check.h"
#include "tests/data/sound/sounds.h"

namespace heddle {

TEST_CASE("a tone is the same tone at another rate, but for its ends") {
  const auto [from, to] = GENERATE(table<int, int>({{44100, 16000}, {8000, 16000}, {16000, 8000}, {11025, 8000}}));
  const std::vector<float> y = resample(tone(1000, 4000, from), from, to, "tone");
  REQUIRE(std::ssize(y) == (4000L * to + from - 1) / from);
  const std::vector<float> wanted = tone(1000, y.size(), to);
  for (std::size_t i = 200; i + 200 < y.size(); ++i)
    CHECK(static_cast<double>(y[i]) == Approx(static_cast<double>(wanted[i])).margin(2e-3));
}

TEST_CASE("what is too high for the new rate is not heard as something lower") {
  const std::vector<float> y = resample(tone(6000, 8000, 16000), 16000, 8000, "tone");
  for (std::size_t i = 200; i + 200 < y.size(); ++i) CHECK(std::abs(y[i]) < 1e-3F);
}

TEST_CASE("resampling gives the same bits again, nothing where nothing is to be done, and refuses absurd rates") {
  const std::vector<float> x = tone(700, 1000);
  CHECK(resample(x, 8000, 8000, "x") == x);
  CHECK(resample(x, 8000, 16000, "x") == resample(x, 8000, 16000, "x"));
  CHECK(resample({}, 8000, 16000, "x").empty());
  CHECK(resample(tone(300, 1), 44100, 8000, "x").size() == 1);
  CHECK_THROWS_WITH(resample(x, 10, 16000, "sound: a.wav"),
                    Catch::Contains("sound: a.wav has 10 samples a second, too far from data.sample_rate = 16000"));
}

}  // namespace heddle
