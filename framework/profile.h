#pragma once

#include <cstdint>
#include <functional>
#include <span>
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
    double flops = 0;                ///< of matrix products
    double bytes = 0;                ///< of the tensors that went in and came out
    double loops = 0, chunks = 0;    ///< parallel loops, and what they were cut into; where there is a forecast
    double alone = 0, forecast = 0;  ///< seconds outside of chunks; and in all, on the threads of the forecast
  };

  /// `forecast_threads`: reckons from what one thread does (set_threads(1)) what so many would take; 0: does not.
  explicit Profile(int forecast_threads = 0);
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

  int forecast_threads() const { return forecast_threads_; }
  /// Runs the chunks of a parallel loop, run(0) .. run(count - 1), one after another, and takes the time of each.
  void time_loop(std::int64_t count, const std::function<void(std::int64_t)>& run);
  /// A loop whose chunks took so long: in order, each goes to the thread that is free first. What it costs to hand them
  /// out, that the threads share memory and caches and that clocks sink when all are busy is left out.
  void add_loop(std::span<const double> seconds);

 private:
  int forecast_threads_;
  std::vector<double> loop_;  ///< seconds of each chunk of the loop that runs
  bool in_loop_ = false;      ///< what a chunk runs within is part of it
  Row open_;                  ///< of the stretch that is measured: its loops
  std::vector<Row> rows_;
  double last_;
  Profile* outer_;
};

/// Ends a stretch of time, if somebody watches.
inline void profile_lap(const char* name, bool backward = false, double bytes = 0) {
  if (Profile* profile = Profile::current()) profile->lap(name, backward, bytes);
}

/// Adds to the products of the stretch that is measured, from any thread.
void count_flops(double flops);

}  // namespace heddle
