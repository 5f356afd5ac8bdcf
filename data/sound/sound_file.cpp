#include "data/sound/sound_file.h"

#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string_view>

#include "data/io/file.h"
#include "framework/check.h"

namespace heddle {
namespace {

using namespace std::string_view_literals;

/// Bytes in memory, read by libsndfile as a file.
struct Bytes {
  std::string_view all;
  std::size_t at = 0;
};

Bytes& bytes_of(void* user) { return *static_cast<Bytes*>(user); }

sf_count_t seek_in(sf_count_t offset, int from, void* user) {
  Bytes& bytes = bytes_of(user);
  const auto size = static_cast<sf_count_t>(bytes.all.size());
  const sf_count_t start = from == SEEK_SET ? 0 : from == SEEK_CUR ? static_cast<sf_count_t>(bytes.at) : size;
  if (offset < -start || offset > size - start) return -1;
  bytes.at = static_cast<std::size_t>(start + offset);
  return start + offset;
}

sf_count_t read_from(void* to, sf_count_t count, void* user) {
  Bytes& bytes = bytes_of(user);
  const std::size_t read = bytes.all.copy(static_cast<char*>(to), static_cast<std::size_t>(count), bytes.at);
  bytes.at += read;
  return static_cast<sf_count_t>(read);
}

SF_VIRTUAL_IO reading() {
  return {[](void* user) { return static_cast<sf_count_t>(bytes_of(user).all.size()); }, seek_in, read_from,
          [](const void*, sf_count_t, void*) { return sf_count_t{0}; },
          [](void* user) { return static_cast<sf_count_t>(bytes_of(user).at); }};
}

std::size_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

/// Whether a WAV or OGG file ends too early, which libsndfile passes over: it reads what is there.
bool is_cut_off(std::string_view bytes) {
  if (bytes.size() >= 8 && bytes.starts_with("RIFF")) {
    std::size_t size = 0;  // behind itself
    for (std::size_t i = 0; i < 4; ++i) size |= byte_at(bytes, 4 + i) << (8 * i);
    constexpr std::size_t kUnknown = 0x7FFFFF00;  // written by what does not know yet, as programs in a pipe
    return size < kUnknown && size > bytes.size() - 8;
  }
  if (!bytes.starts_with("OggS")) return false;
  const std::size_t last = bytes.rfind("OggS"), segments = last + 27;
  if (segments > bytes.size()) return true;
  std::size_t end = segments + byte_at(bytes, last + 26);
  if (end > bytes.size()) return true;
  for (std::size_t i = segments, packets = end; i < packets; ++i) end += byte_at(bytes, i);
  constexpr std::size_t kEndOfStream = 4;
  return end > bytes.size() || (byte_at(bytes, last + 5) & kEndOfStream) == 0;
}

}  // namespace

Sound read_sound(const std::string& path, double seconds) {
  const std::string name = "sound: " + path;
  const FileBytes contents = map_contents(path, name);
  Bytes bytes{contents.view()};
  SF_VIRTUAL_IO io = reading();
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> file(sf_open_virtual(&io, SFM_READ, &info, &bytes), sf_close);
  ensure(file != nullptr, name,
         " is no sound that can be read (WAV, FLAC, OGG and what else libsndfile knows), or its header is damaged; "
         "convert it, or keep it out of the folder");
  ensure(!is_cut_off(bytes.all), name, " is cut off: it ends before what its header promises; get the whole file");
  constexpr int kMostRate = 1000000;
  ensure(info.samplerate >= 1 && info.samplerate <= kMostRate && info.channels >= 1, name, " has ", info.samplerate,
         " samples a second in ", info.channels, " channels; is it damaged?");

  Sound sound{info.samplerate, info.channels, {}, false};
  constexpr std::size_t kMost = std::size_t{1} << 28U, kBlock = 4096;
  const double wanted = std::ceil(seconds * static_cast<double>(sound.rate));
  const std::size_t most = wanted < static_cast<double>(kMost) ? static_cast<std::size_t>(wanted) : kMost;
  const auto channels = static_cast<std::size_t>(info.channels);
  std::vector<float> block(kBlock * channels);
  while (sound.samples.size() <= most) {  // one more tells whether there are more
    const sf_count_t frames = sf_readf_float(file.get(), block.data(), static_cast<sf_count_t>(kBlock));
    if (frames <= 0) break;
    for (std::size_t i = 0; i < static_cast<std::size_t>(frames); ++i) {
      float sum = 0;
      for (std::size_t c = 0; c < channels; ++c) sum += block[i * channels + c];
      ensure(std::isfinite(sum), name, ": sample ", sound.samples.size(), " is no number; mend the file");
      sound.samples.push_back(sum / static_cast<float>(channels));
    }
  }
  ensure(sf_error(file.get()) == SF_ERR_NO_ERROR, name, " is damaged: it can be read up to sample ",
         sound.samples.size(), " (", sf_strerror(file.get()), "); get the file again");
  sound.more = sound.samples.size() > most;
  if (sound.more) sound.samples.resize(most);
  ensure(!sound.samples.empty(), name, " holds no samples; keep it out of the folder");
  const bool known = info.frames < SF_COUNT_MAX;  // what was written into a pipe may not say
  ensure(sound.more || !known || std::ssize(sound.samples) >= info.frames, name, " is cut off or damaged: it holds ",
         sound.samples.size(), " of ", info.frames, " samples; get the whole file");
  return sound;
}

}  // namespace heddle
