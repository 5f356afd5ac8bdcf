#include "train/export/tensorboard/event_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

namespace heddle {
namespace {

// What protocol buffers call the forms of a field.
constexpr std::uint64_t kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;

// Numbers of fields, of the messages in event.proto, summary.proto and tensor.proto.
namespace event_field {
constexpr std::uint64_t kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;
}
namespace value_field {  // of Summary.Value
constexpr std::uint64_t kTag = 1, kSimpleValue = 2, kTensor = 8, kMetadata = 9;
}
namespace tensor_field {
constexpr std::uint64_t kType = 1, kShape = 2, kStrings = 8;
}
constexpr std::uint64_t kTypeString = 7, kStart = 1;  // DT_STRING, SessionLog.START

constexpr const char* kSampleTag = "sample";
constexpr std::string_view kBegin = "events.out.tfevents.", kEnd = ".heddle";

template <class Number>
std::string raw(Number value) {
  static_assert(std::endian::native == std::endian::little);  // as the files are
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

std::string key(std::uint64_t field, std::uint64_t form) { return varint(field << 3 | form); }
std::string number_field(std::uint64_t field, std::uint64_t value) { return key(field, kVarint) + varint(value); }
std::string bytes_field(std::uint64_t field, const std::string& bytes) {
  return key(field, kBytes) + varint(bytes.size()) + bytes;
}

/// A checksum as records hold it: turned, since records may lie within records.
std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8U; }

std::string record(const std::string& message) {
  const std::string length = raw<std::uint64_t>(message.size());
  return length + raw(masked(crc32c(length))) + message + raw(masked(crc32c(message)));
}

std::string moment(double wall_time, std::int64_t step) {
  return key(event_field::kWallTime, kFixed64) + raw(wall_time) +
         (step == 0 ? "" : number_field(event_field::kStep, static_cast<std::uint64_t>(step)));  // as 0 is the default
}

/// A field of a message: a number, or bytes.
struct Field {
  std::uint64_t number = 0, value = 0;
  std::string_view bytes;
};

/// Takes the next field off the front of a message; none: it is over, or is none.
std::optional<Field> next_field(std::string_view& message) {
  const auto take_varint = [&]() -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !message.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(message.front());
      message.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    return {};
  };
  const auto head = take_varint();
  if (!head) return {};
  Field field{*head >> 3, 0, {}};
  const std::uint64_t form = *head & 7;
  std::optional<std::uint64_t> count = form == kFixed64 ? 8 : 4;
  if (form == kVarint || form == kBytes) count = take_varint();
  if (!count || (form != kVarint && form != kFixed64 && form != kBytes && form != kFixed32)) return {};
  if (form == kVarint) {
    field.value = *count;
    return field;
  }
  if (*count > message.size()) return {};
  field.bytes = message.substr(0, *count);
  message.remove_prefix(*count);
  return field;
}

void read_value(std::string_view value, Event& event) {
  std::string tag;
  while (auto field = next_field(value)) {
    if (field->number == value_field::kTag) {
      tag = field->bytes;
    } else if (field->number == value_field::kSimpleValue && field->bytes.size() == sizeof(float)) {
      event.scalars.push_back({tag, static_cast<double>(number_at<float>(field->bytes, 0))});
    } else if (field->number == value_field::kTensor) {
      while (const auto part = next_field(field->bytes)) {
        if (part->number == tensor_field::kStrings) event.text = part->bytes;
      }
    }
  }
}

Event read_event(std::string_view message) {
  Event event;
  while (auto field = next_field(message)) {
    if (field->number == event_field::kWallTime && field->bytes.size() == sizeof(double)) {
      event.wall_time = number_at<double>(field->bytes, 0);
    } else if (field->number == event_field::kStep) {
      event.step = static_cast<std::int64_t>(field->value);
    } else if (field->number == event_field::kSummary) {
      while (const auto value = next_field(field->bytes)) read_value(value->bytes, event);
    }
  }
  return event;
}

/// The seconds that the name of one of our files holds; none: it is none.
std::optional<std::int64_t> seconds_in(const std::string& name) {
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd) || name.size() <= kBegin.size() + kEnd.size()) return {};
  const std::string digits = name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size());
  if (digits.size() > 18 || digits.find_first_not_of("0123456789") != digits.npos) return {};
  return std::stoll(digits);
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      table[i] = i;
      for (int bit = 0; bit < 8; ++bit) table[i] = table[i] >> 1 ^ (table[i] & 1U) * 0x82f63b78U;
    }
    return table;
  }();
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xffU];
  return ~crc;
}

std::string event_heading(double wall_time, std::int64_t step) {
  return record(moment(wall_time, 0) + bytes_field(event_field::kFileVersion, "brain.Event:2")) +
         record(moment(wall_time, step) + bytes_field(event_field::kSessionLog, number_field(1, kStart)));
}

std::string event_record(const Event& event) {
  std::string values;
  for (const Metric& scalar : event.scalars)
    values += bytes_field(1, bytes_field(value_field::kTag, scalar.name) + key(value_field::kSimpleValue, kFixed32) +
                                 raw(static_cast<float>(scalar.value)));
  if (!event.text.empty()) {
    const std::string tensor = number_field(tensor_field::kType, kTypeString) + bytes_field(tensor_field::kShape, "") +
                               bytes_field(tensor_field::kStrings, event.text);
    const std::string plugin = bytes_field(1, bytes_field(1, "text"));  // SummaryMetadata.plugin_data.plugin_name
    values += bytes_field(1, bytes_field(value_field::kTag, kSampleTag) + bytes_field(value_field::kTensor, tensor) +
                                 bytes_field(value_field::kMetadata, plugin));
  }
  return record(moment(event.wall_time, event.step) + bytes_field(event_field::kSummary, values));
}

EventsRead read_events(std::string_view bytes, std::int64_t until) {
  constexpr std::size_t kLength = 8, kCrc = 4;
  EventsRead read;
  for (std::string_view rest = bytes; rest.size() >= kLength + 2 * kCrc; rest = bytes.substr(read.bytes)) {
    const auto length = number_at<std::uint64_t>(rest, 0);
    if (number_at<std::uint32_t>(rest, kLength) != masked(crc32c(rest.substr(0, kLength)))) break;
    if (length > rest.size() - kLength - 2 * kCrc) break;
    const std::string_view message = rest.substr(kLength + kCrc, length);
    if (number_at<std::uint32_t>(rest, kLength + kCrc + length) != masked(crc32c(message))) break;
    Event event = read_event(message);
    const bool ours = !event.scalars.empty() || !event.text.empty();
    if (ours && event.step > until) break;
    if (ours) read.events.push_back(std::move(event));
    read.bytes += kLength + kCrc + length + kCrc;
  }
  return read;
}

std::filesystem::path new_event_file(const std::filesystem::path& folder, double wall_time) {
  auto seconds = static_cast<std::int64_t>(wall_time);
  for (const std::filesystem::path& there : event_files(folder))
    seconds = std::max(seconds, *seconds_in(there.filename().string()) + 1);
  return folder / fmt::format("{}{:010}{}", kBegin, seconds, kEnd);
}

bool is_event_file(const std::string& name) { return seconds_in(name).has_value(); }

std::vector<std::filesystem::path> event_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (is_event_file(entry.path().filename().string())) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace heddle
