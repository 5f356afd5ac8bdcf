#include "data/sound/sound_file.h"

#include <algorithm>
#include <limits>

#include "framework/check.h"
#include "tests/data/sound/sounds.h"
#include "tests/packed.h"

namespace heddle {
namespace {

constexpr double kAll = 3600;  // seconds

/// A file's bytes with another file's name, changed by `change`.
template <class Change>
std::string changed(const TemporaryFolder& folder, const std::string& path, const Change& change) {
  std::string bytes = read_bytes(path);
  change(bytes);
  return folder.write("changed", bytes);
}

void put(std::string& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

void refused(const std::string& path, const std::string& why) {
  INFO(why);
  CHECK_THROWS_WITH(read_sound(path, kAll),
                    Catch::StartsWith("sound: " + path + " ") && Catch::Contains(why) && !Catch::Contains("\n"));
}

}  // namespace

TEST_CASE("a sound is read as it was written: WAV of whole numbers and of others, FLAC, plain or packed") {
  const TemporaryFolder folder;
  const std::vector<float> x = tone(440, 5000, 22050);
  const auto [name, format, error] =
      GENERATE(table<std::string, int, double>({{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1.0 / 32768},
                                                {"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 1.0 / 128},
                                                {"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 1e-6},
                                                {"a.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 0},
                                                {"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 1.0 / 32768},
                                                {"a.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 1.0 / 32768}}));
  INFO(name << ' ' << format);
  const std::string path = write_sound(folder, name, x, {22050, 1, format});
  for (const std::string& file : {path, folder.write("a.gz", gzip(read_bytes(path)))}) {
    const Sound sound = read_sound(file, kAll);
    CHECK(sound.rate == 22050);
    CHECK(sound.channels == 1);
    CHECK_FALSE(sound.more);
    REQUIRE(sound.samples.size() == x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      CHECK(std::abs(static_cast<double>(sound.samples[i]) - static_cast<double>(x[i])) <= error);
  }
}

TEST_CASE("an OGG file sounds like what was written") {
  const TemporaryFolder folder;
  const std::vector<float> x = tone(440, 8000);
  const Sound sound = read_sound(write_sound(folder, "a.ogg", x, {8000, 1, SF_FORMAT_OGG | SF_FORMAT_VORBIS}), kAll);
  REQUIRE(sound.samples.size() == x.size());
  double product = 0, own = 0, other = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    product += static_cast<double>(x[i]) * static_cast<double>(sound.samples[i]);
    own += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    other += static_cast<double>(sound.samples[i]) * static_cast<double>(sound.samples[i]);
  }
  CHECK(product / std::sqrt(own * other) > 0.99);
}

TEST_CASE("several channels become one, their mean") {
  const TemporaryFolder folder;
  const int channels = GENERATE(2, 5);
  const std::vector<float> x = tone(440, 1000);
  std::vector<float> all;
  for (const float sample : x) {
    for (int c = 0; c < channels; ++c) all.push_back(sample * static_cast<float>(c + 1) / 5);
  }
  const Sound sound =
      read_sound(write_sound(folder, "a.wav", all, {8000, channels, SF_FORMAT_WAV | SF_FORMAT_FLOAT}), kAll);
  CHECK(sound.channels == channels);
  REQUIRE(sound.samples.size() == x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    CHECK(static_cast<double>(sound.samples[i]) ==
          Approx(static_cast<double>(x[i]) * (channels + 1) / 10).margin(1e-6));
}

TEST_CASE("of a long sound only the beginning is read, and it is said that there is more") {
  const TemporaryFolder folder;
  const std::vector<float> x = tone(440, 20000);
  const std::string path = write_sound(folder, "a.wav", x, {8000, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT});
  for (const std::size_t count : {std::size_t{1}, std::size_t{4096}, std::size_t{4100}, std::size_t{19999}}) {
    const Sound sound = read_sound(path, static_cast<double>(count) / 8000);
    CHECK(sound.samples == std::vector<float>(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(count)));
    CHECK(sound.more);
  }
  CHECK_FALSE(read_sound(path, 20000.0 / 8000).more);
  CHECK(read_sound(path, std::numeric_limits<double>::infinity()).samples == x);
}

TEST_CASE("what is no sound, or holds none, is refused in a line with the file's name") {
  const TemporaryFolder folder;
  refused(folder.write("a.wav", ""), "is no sound that can be read");
  refused(folder.write("a.wav", "to be or not to be, that is the question"), "is no sound that can be read");
  refused(folder.write("a.wav", "RIFF"), "is no sound that can be read");
  refused(folder.write("a.flac", "fLaC"), "is no sound that can be read");
  refused(folder.write("a.ogg", "OggS"), "is no sound that can be read");
  refused(write_sound(folder, "a.wav", {}), "holds no samples");
  CHECK_THROWS_WITH(read_sound(folder.path("none.wav"), kAll), Catch::Contains("none.wav cannot be opened"));
  std::vector<float> x = tone(440, 9000);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    x[8765] = bad;
    const std::string path = write_sound(folder, "a.wav", x, {8000, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT});
    CHECK_THROWS_WITH(read_sound(path, kAll), "sound: " + path + ": sample 8765 is no number; mend the file");
  }
}

TEST_CASE("a sound that is cut off is refused, wherever it is cut") {
  const TemporaryFolder folder;
  std::vector<float> x = tone(440, 30000, 8000, 0.3);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += 0.1F * static_cast<float>(i * 7919 % 101) / 101;
  for (const auto& [name, format] :
       {std::pair("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16), std::pair("a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16),
        std::pair("a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS)}) {
    const std::string path = write_sound(folder, name, x, {8000, 1, format});
    const std::size_t size = std::filesystem::file_size(path);
    for (std::size_t kept = 1; kept < size; kept += 1 + size / 40) {
      INFO(name << ": " << kept << " of " << size << " bytes");
      CHECK_THROWS_AS(read_sound(changed(folder, path, [&](std::string& bytes) { bytes.resize(kept); }), kAll), Error);
    }
    refused(changed(folder, path, [&](std::string& bytes) { bytes.pop_back(); }), "is cut off");
  }
}

TEST_CASE("a damaged FLAC or OGG file is refused, not read in part") {
  const TemporaryFolder folder;
  std::vector<float> x = tone(440, 30000, 8000, 0.3);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += 0.1F * static_cast<float>(i * 7919 % 101) / 101;
  for (const auto& [name, format] :
       {std::pair("a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16), std::pair("a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS)}) {
    const std::string path = write_sound(folder, name, x, {8000, 1, format});
    for (const std::size_t part : {std::size_t{4}, std::size_t{5}, std::size_t{6}, std::size_t{7}}) {
      INFO(name << ' ' << part);
      refused(changed(folder, path, [&](std::string& bytes) { bytes[bytes.size() * part / 8] ^= 0x55; }), "damaged");
    }
  }
}

TEST_CASE("a header that promises much makes nothing be sized by it") {
  const TemporaryFolder folder;
  const std::string wav = write_sound(folder, "a.wav", tone(440, 1000));
  const auto with = [&](std::size_t at, std::uint32_t value) {
    return changed(folder, wav, [&](std::string& bytes) { put(bytes, at, value); });
  };
  refused(with(4, 0x70000000), "is cut off");                           // the whole file's size
  CHECK(read_sound(with(4, 0xFFFFFFFF), kAll).samples.size() == 1000);  // as programs in a pipe write it
  CHECK(read_sound(with(40, 0xFFFFFFFF), kAll).samples.size() == 1000);
  refused(with(24, 0), "");  // samples a second
  refused(with(24, 2000000), "has 2000000 samples a second");
  CHECK_THROWS_AS(read_sound(with(22, 0x00100000), kAll), Error);  // no channel
  CHECK_THROWS_AS(read_sound(with(22, 0x0010FFFF), kAll), Error);  // 65,535 of them
  // a FLAC's number of samples stands in the last 36 bits before its checksum
  const std::string flac = write_sound(folder, "a.flac", tone(440, 1000), {8000, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16});
  refused(changed(folder, flac, [](std::string& bytes) { put(bytes, 22, 0xFFFFFFFF); }), "is cut off or damaged");
}

}  // namespace heddle
