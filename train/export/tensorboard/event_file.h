#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "train/metric.h"

/// TensorBoard's files: records of TensorFlow's (its length, its checksum and those of its bytes), each the protocol
/// buffer message `Event` (tensorflow/core/util/event.proto).
namespace heddle {

/// A moment of a run: figures, or a text.
struct Event {
  double wall_time = 0;  ///< seconds since 1970
  std::int64_t step = 0;
  Metrics scalars;   ///< by TensorBoard's tags; files hold them in single precision
  std::string text;  ///< UTF-8; empty: none
};

/// CRC-32C, Castagnoli's polynomial (RFC 3720, appendix B.4).
std::uint32_t crc32c(std::string_view bytes);

/// The records that begin a file: its version, and that what a reader knows from earlier files of steps from `step` on
/// is over.
std::string event_heading(double wall_time, std::int64_t step);
/// The record of an event.
std::string event_record(const Event& event);
/// Events as they lie in a file, and how many of its bytes hold them.
struct EventsRead {
  std::vector<Event> events;
  std::size_t bytes = 0;
};
/// Reads a file's bytes until the first event of a step behind `until`, or the first record that is not whole, as a
/// process leaves it that dies; records that are none of event_record's are passed over.
EventsRead read_events(std::string_view bytes, std::int64_t until = std::numeric_limits<std::int64_t>::max());

/// The file that a run's session writes which begins at `wall_time`. TensorBoard reads files in the order of their
/// names, so it is a later one than those that are there.
std::filesystem::path new_event_file(const std::filesystem::path& folder, double wall_time);
/// Whether such a file has this name; other programs' are none of them.
bool is_event_file(const std::string& name);
/// Those of a run's folder, in their order.
std::vector<std::filesystem::path> event_files(const std::filesystem::path& folder);

}  // namespace heddle
