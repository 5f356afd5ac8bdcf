#include "data/sound/sound_file.h"

#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
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

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size = 4) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}

/// The checksum of a page of OGG, whose own place counts as zeros (RFC 3533).
std::uint32_t page_checksum(std::string_view page, std::size_t own) {
  static const auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      table[i] = i << 24U;
      for (int bit = 0; bit < 8; ++bit) table[i] = table[i] << 1U ^ (table[i] >> 31U) * 0x04C11DB7U;
    }
    return table;
  }();
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < page.size(); ++i) {
    const std::uint32_t byte = i >= own && i < own + 4 ? 0 : static_cast<unsigned char>(page[i]);
    sum = sum << 8U ^ kTable[sum >> 24U ^ byte];
  }
  return sum;
}

/// What libsndfile passes over, as it reads what is there: a WAV file that ends too early, pages of OGG that are
/// missing or damaged. Null where nothing is known to be wrong.
const char* fault_of(std::string_view bytes) {
  constexpr const char *kCut = "is cut off", *kDamaged = "is damaged";
  if (bytes.starts_with("RIFF") && bytes.size() >= 8) {
    constexpr std::uint32_t kUnknown = 0x7FFFFF00;  // from here on: written by what does not know, as into a pipe
    const std::uint32_t size = number_at(bytes, 4);
    return size < kUnknown && size > bytes.size() - 8 ? kCut : nullptr;
  }
  if (!bytes.starts_with("OggS")) return nullptr;
  for (std::size_t at = 0; at < bytes.size();) {
    constexpr std::size_t kFlags = 5, kChecksum = 22, kSegments = 26, kHeader = 27, kLast = 4;
    std::string_view page = bytes.substr(at);
    if (page.size() < kHeader || page.size() < kHeader + number_at(page, kSegments, 1)) return kCut;
    std::size_t size = kHeader + number_at(page, kSegments, 1);
    for (std::size_t i = kHeader, end = size; i < end; ++i) size += number_at(page, i, 1);
    if (size > page.size()) return kCut;
    page = page.substr(0, size);
    if (!page.starts_with("OggS") || page_checksum(page, kChecksum) != number_at(page, kChecksum)) return kDamaged;
    if ((number_at(page, kFlags, 1) & kLast) != 0) return nullptr;
    at += size;
  }
  return kCut;
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
  const char* const fault = fault_of(bytes.all);
  ensure(fault == nullptr, name, " ", fault, "; get the whole file");
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
  ensure(sf_error(file.get()) == SF_ERR_NO_ERROR, name, " is cut off or damaged: it can be read up to sample ",
         sound.samples.size(), " (", sf_strerror(file.get()), "); get the whole file");
  sound.more = sound.samples.size() > most;
  if (sound.more) sound.samples.resize(most);
  ensure(!sound.samples.empty(), name, " holds no samples; keep it out of the folder");
  const bool known = info.frames < SF_COUNT_MAX;  // what was written into a pipe may not say
  ensure(sound.more || !known || std::ssize(sound.samples) >= info.frames, name, " is cut off or damaged: it holds ",
         sound.samples.size(), " of ", info.frames, " samples; get the whole file");
  return sound;
}

}  // namespace heddle
