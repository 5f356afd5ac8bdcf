#include "data/sound/log_mel.h"

#include "tests/data/sound/sounds.h"
#include "tests/golden/golden.h"

namespace heddle {

TEST_CASE("log-mel energies are those that numpy computes") {
  const Golden golden("log_mel.txt");
  const std::string name = GENERATE("0/", "1/", "2/", "3/");
  INFO(name);
  const auto& sizes = golden.values(name + "sizes");
  const LogMel log_mel(static_cast<index_t>(sizes[0]), static_cast<index_t>(sizes[1]), static_cast<index_t>(sizes[2]));
  CHECK(log_mel.bands() == static_cast<index_t>(sizes[2]));
  const auto& x = golden.values(name + "x");
  const std::vector<float> y = log_mel(std::vector<float>(x.begin(), x.end()));
  const auto& wanted = golden.values(name + "y");
  REQUIRE(y.size() == wanted.size());
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(static_cast<double>(y[i]) == Approx(wanted[i]).epsilon(1e-6));
  CHECK(static_cast<double>(y.back()) == Approx(std::log(1e-6)));  // of silence
}

TEST_CASE("a tone's energy is largest in the band that its frequency lies in") {
  const LogMel log_mel(16000, 320, 40);
  const double step = 2595 * std::log10(1 + 8000.0 / 700) / 41;
  for (const int band : {3, 17, 38}) {
    const double middle = 700 * (std::pow(10, step * (band + 1) / 2595) - 1);
    const std::vector<float> y = log_mel(tone(middle, 320, 16000));
    CHECK(std::max_element(y.begin(), y.end()) - y.begin() == band);
  }
}

TEST_CASE("frames are transformed each by itself, to the same bits however often and by whomever") {
  const LogMel log_mel(8000, 160, 40), again(8000, 160, 40);
  const std::vector<float> x = tone(440, 160 * 5);
  const std::vector<float> y = log_mel(x);
  REQUIRE(y.size() == 5 * 40);
  CHECK(again(x) == y);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(log_mel(std::span(x).subspan(i * 160, 160)) ==
          std::vector<float>(y.begin() + static_cast<std::ptrdiff_t>(i * 40),
                             y.begin() + static_cast<std::ptrdiff_t>(i * 40 + 40)));
  std::vector<std::vector<float>> all(16);
  parallel_for(16, 1, [&](index_t begin, index_t) { all[static_cast<std::size_t>(begin)] = log_mel(x); });
  for (const auto& one : all) CHECK(one == y);
}

TEST_CASE("bands that are too narrow to hold a frequency of the frames are refused") {
  CHECK_THROWS_WITH(LogMel(8000, 160, 200), Catch::Contains("data.mels = 200: band 1 from 0 to") &&
                                                Catch::Contains("take fewer bands or longer frames"));
  CHECK_NOTHROW(LogMel(8000, 160, 60));
}

}  // namespace heddle
