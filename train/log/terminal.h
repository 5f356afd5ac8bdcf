#pragma once

#include <string>
#include <string_view>

namespace heddle {

/// Takes away the line that the cursor is on, of a terminal that is drawn on.
constexpr std::string_view kClearLine = "\r\033[K";

/// Whether `fd` is a terminal that moves its cursor when it is told to: TERM is neither empty nor dumb. Of several
/// ranks none has one: what mpirun gives them looks like it wherever their output goes.
bool is_drawn_on(int fd);
/// Whether `fd` is such a terminal and colours are wanted: NO_COLOR is not set, or empty (no-color.org).
bool shows_colours(int fd);

/// Standard output for text that a model writes piece by piece. What leads into a pipe or a file gets every byte as it
/// is; on a terminal, where control characters could do harm and bytes that are no UTF-8 show nothing, they are shown
/// as `readable` writes them.
class TextOutput {
 public:
  TextOutput();
  explicit TextOutput(bool terminal) : terminal_(terminal) {}
  /// What of `text`, and of what was held back before, is to be written: a character whose end is still to come waits.
  std::string shown(std::string_view text);
  /// The rest, where no more comes.
  std::string rest();

 private:
  bool terminal_;
  std::string held_;
};

}  // namespace heddle
