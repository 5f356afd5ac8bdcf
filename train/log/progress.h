#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "framework/format.h"

namespace heddle {

/// "encoding: 12 MB of 62 MB": the state of a work that goes through bytes.
std::string progress_text(const char* what, std::uint64_t bytes, std::uint64_t of);

/// Tells the user what happens: lines go to the terminal and to the run's log.txt; between them, on a terminal, one
/// line shows the state of the work and is drawn again in place, at most ten times a second.
class Reporter {
 public:
  Reporter();
  /// Leaves no half-drawn line behind.
  ~Reporter();
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  /// Lines go to this file too, after what stands there; where it cannot take one later, that is told once, and the
  /// others go on. Errors: it cannot be written to.
  void log_to(const std::filesystem::path& path);
  void line(const std::string& text);
  /// The state of the work; nothing where the output is no terminal that can be drawn on.
  void progress(const std::string& text);
  bool terminal() const { return terminal_; }

 private:
  void clear();
  /// To standard output, as long as somebody reads it; after that the log alone goes on.
  void put(const std::string& text);

  bool terminal_, drawn_ = false, unread_ = false, unkept_ = false;
  double last_draw_ = 0;
  /// To the log, where there is one.
  void keep(const std::string& text);

  std::filesystem::path log_;
};

}  // namespace heddle
