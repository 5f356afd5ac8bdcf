// Sounds that are not as a config has them.

#include <set>

#include "data/sound/log_mel.h"
#include "tests/data/sound/sound_data.h"

namespace heddle {

TEST_CASE("frames that would leave samples out between them are refused, and changes of bands where there are none") {
  const TemporaryFolder folder;
  for (const char* name : {"a_1.wav", "a_val_1.wav"}) write_sound(folder, name, noise(40, 1), kExact);
  SoundConfig config = raw_at(folder.path());
  config.hop_ms = 11;
  CHECK_THROWS_WITH(load(config), Contains("data.hop_ms = 11 is more than data.frame_ms = 10"));
  config.hop_ms = 0;
  config.augment.crop = 1;
  CHECK_THROWS_WITH(load(config), Contains("data.features = raw: data.speed, warp, gain, crop"));
}

TEST_CASE("a resampled tone lies in the band that it lay in") {
  const TemporaryFolder folder;
  for (const int rate : {8000, 44100, 16000}) {
    write_sound(folder, "t_" + std::to_string(rate) + ".wav", tone(900, static_cast<std::size_t>(rate), rate), {rate});
  }
  write_sound(folder, "t_val_1.wav", tone(900, 8000));
  SoundConfig config = tones_at(folder.path());
  config.split.val_files = {"*_val_*"};
  const auto dataset = load(config);
  const Batch batch = all_of(*dataset, Split::train);
  REQUIRE(batch.features.size(1) == 50);  // each takes a second
  std::set<index_t> bands;
  for (index_t row = 0; row < 3; ++row) {
    index_t best = 0;
    for (index_t f = 0; f < 20; ++f) {
      if (feature(*dataset, batch, row, 25, f) > feature(*dataset, batch, row, 25, best)) best = f;
    }
    bands.insert(best);
  }
  CHECK(bands.size() == 1);
}

TEST_CASE("a sound that cannot be read stops the loading with the line of the first in order") {
  const TemporaryFolder folder;
  const std::string tones = write_tones(folder, 24);
  for (const char* name : {"tones/low_bad.wav", "tones/high_bad.wav", "tones/middle_bad.wav"}) folder.write(name, "no");
  SoundConfig config = tones_at(tones);
  std::string first;
  for (int i = 0; i < 3; ++i) {
    try {
      load(config);
      FAIL("it was loaded");
    } catch (const Error& error) {
      CHECK_THAT(error.what(), Contains("_bad.wav is no sound that can be read") && !Contains("\n"));
      if (first.empty()) first = error.what();
      CHECK(first == error.what());
    }
  }
  config.split.path = {folder.path("none")};
  CHECK_THROWS_WITH(load(config), Contains("sound: " + folder.path("none") + " does not exist"));
  config.split.path = {"builtin:xor"};
  CHECK_THROWS_WITH(load(config), Contains("builtin:xor"));
  config.split.path = {write_sound(folder, "low_1.wav", tone(300, 500))};
  CHECK_THROWS_WITH(load(config), Contains("the training part has 0 sounds, needs at least 1"));
}

TEST_CASE("other sounds are shown to a model as its own were, and refused if they are of another form or class") {
  const TemporaryFolder folder;
  SoundConfig config = tones_at(write_tones(folder, 24));
  const auto own = load(config);
  for (const int number : {1, 2})
    write_sound(folder, "more/high_" + std::to_string(number) + ".wav", tone(1400, 800, 8000, 0.9));
  config.split.path = {folder.path("more")};
  config.split.val_fraction = 0.5;
  const auto other = load(config, 0, &own->state());
  CHECK(other->state().labels == own->state().labels);
  CHECK(other->state().mean == own->state().mean);
  CHECK(all_of(*other, Split::val).targets[0] == 0);  // high, low, middle
  const std::vector<float> wanted = LogMel(8000, 160, 20)(tone(1400, 800, 8000, 0.9));
  CHECK(feature(*other, all_of(*other, Split::val), 0, 2, 9) ==
        Approx(static_cast<double>(wanted[2 * 20 + 9])).epsilon(1e-3));
  SoundConfig wide = config;
  wide.mels = 21;
  CHECK_THROWS_WITH(load(wide, 0, &own->state()),
                    Contains("has frames of 21 numbers, and the model was trained on [0, 20]"));
  DataState damaged = own->state();
  damaged.mean.pop_back();
  CHECK_THROWS_WITH(load(config, 0, &damaged), Contains("the model keeps 19 means and 20 deviations for frames of 20"));
  write_sound(folder, "more/shrill_1.wav", tone(3000, 800));
  CHECK_THROWS_WITH(load(config, 0, &own->state()), Contains("class 'shrill', which the model was not trained on"));
}

TEST_CASE("the fingerprint of sounds changes with a sample and with a class, and not with the form of the file") {
  const TemporaryFolder folder;
  std::vector<float> x = noise(500, 3);
  for (float& sample : x) sample = std::round(sample * 20000) / 32768;
  const auto print = [&](const std::vector<float>& samples, const std::string& name, int format) {
    std::filesystem::remove_all(folder.path("set"));
    for (const char* other : {"set/a_0", "set/b_0"}) write_sound(folder, other, noise(50, 4), kExact);
    write_sound(folder, "set/" + name, samples, {1000, 1, format});
    SoundConfig config = raw_at(folder.path("set"));
    config.label = "{}_*";
    config.split.val_files = {"*_val_*"};
    return load(config)->fingerprint();
  };
  const std::uint64_t plain = print(x, "a_val_1", SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  CHECK(print(x, "a_val_1", SF_FORMAT_FLAC | SF_FORMAT_PCM_16) == plain);
  CHECK(print(x, "b_val_1", SF_FORMAT_WAV | SF_FORMAT_PCM_16) != plain);
  x[77] += 1.0F / 32768;
  CHECK(print(x, "a_val_1", SF_FORMAT_WAV | SF_FORMAT_PCM_16) != plain);
}

}  // namespace heddle
