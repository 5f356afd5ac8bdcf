#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace heddle {

/// The one exception of the project: a single line that says what was being done, what came, what was wanted and
/// what to do next. Library code throws it; only `main` prints it.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Joins `parts` with operator<< into one string.
template <class... Parts>
std::string concat_text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Throws Error with the joined `parts` unless `ok`. The text is built only on failure, so a check costs a branch.
template <class... Parts>
void ensure(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    throw Error(concat_text(parts...));
}

}  // namespace heddle
