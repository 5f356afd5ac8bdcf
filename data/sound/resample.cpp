#include "data/sound/resample.h"

#include <samplerate.h>

#include "framework/check.h"

namespace heddle {

std::vector<float> resample(const std::vector<float>& samples, std::int64_t from, std::int64_t to,
                            const std::string& name) {
  if (from == to || samples.empty()) return samples;
  const double ratio = static_cast<double>(to) / static_cast<double>(from);
  ensure(src_is_valid_ratio(ratio) != 0, name, " has ", from, " samples a second, too far from data.sample_rate = ", to,
         " to be resampled; is it damaged?");
  const auto count = (std::ssize(samples) * to + from - 1) / from;
  std::vector<float> made(static_cast<std::size_t>(count));  // zeros behind what comes
  SRC_DATA data{};
  data.data_in = samples.data();
  data.data_out = made.data();
  data.input_frames = std::ssize(samples);
  data.output_frames = count;
  data.src_ratio = ratio;
  const int error = src_simple(&data, SRC_SINC_MEDIUM_QUALITY, 1);
  ensure(error == 0, name, " cannot be resampled (", src_strerror(error), ")");
  return made;
}

}  // namespace heddle
