#pragma once

#include <chrono>
#include <vector>

namespace heddle {

/// Where the time of training steps goes. RAII guard: within its scope the thread that made it is watched: every
/// stretch of time belongs to the op, or to the part of the step, that ends it, so the rows add up to all of the time.
class Profile {
 public:
  struct Row {
    const char* name;
    bool backward = false;
    double calls = 0, seconds = 0;
    double flops = 0;  ///< of matrix products
    double bytes = 0;  ///< of the tensors that went in and came out
  };

  Profile();
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  /// The one that watches this thread; null if there is none.
  static Profile* current();
  /// Forgets the time since the last lap: it belongs to nothing that is measured.
  void restart();
  /// The time since the last lap, and the products in it, belong to `name` (a string literal).
  void lap(const char* name, bool backward = false, double bytes = 0);
  /// The rows, the longest first.
  std::vector<Row> rows() const;

 private:
  std::vector<Row> rows_;
  std::chrono::steady_clock::time_point last_;
  Profile* outer_;
};

/// Ends a stretch of time, if somebody watches.
inline void profile_lap(const char* name, bool backward = false, double bytes = 0) {
  if (Profile* profile = Profile::current()) profile->lap(name, backward, bytes);
}

/// Adds to the products of the stretch that is measured, from any thread.
void count_flops(double flops);

}  // namespace heddle
