#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "framework/check.h"

/// Processes that train one model together, as `mpirun -n 4 heddle train ...` or `srun heddle train ...` starts them,
/// and messages between them, by MPI. A process that was started alone is rank 0 of 1.
///
/// Messages are for one thread at a time. Who waits for one sleeps in between, as cores are for computing.
namespace heddle {

std::string host_name();

/// This process's number, 0 .. ranks() - 1, and how many there are: as MPI says, or before JoinedRanks what started the
/// program.
int rank();
int ranks();
/// Likewise among those of this process's host; 0 and 1 before JoinedRanks.
int local_rank();
int local_ranks();
/// "rank 1 (on node7)"
std::string rank_text(int number);
/// On which hosts the ranks run, and how each came to its cores, for people: "4 processes on node1, node2"; empty where
/// there is one.
std::string ranks_text();
/// "Open MPI v4.1.4"; empty where the program was built without.
std::string ranks_library();

/// RAII guard: while it lives, ranks reach each other. Where an error ends it the others are left to abort_ranks.
class JoinedRanks {
 public:
  /// Waits for the others. Nothing, in a process that was started alone. Errors: the program was built without MPI; MPI
  /// sees other processes than were started; one gives no answer.
  JoinedRanks();
  ~JoinedRanks();
  JoinedRanks(const JoinedRanks&) = delete;
  JoinedRanks& operator=(const JoinedRanks&) = delete;
};

/// What another rank failed of.
class RankFailed : public Error {
 public:
  using Error::Error;
};

/// Ends all ranks at once with exit status `status`, for `why`, which rank 0 tells on standard error as one line.
/// Another rank lets rank 0 tell it: that one throws it as RankFailed where it waits for a message.
[[noreturn]] void abort_ranks(const std::string& why, int status);

/// What each rank has to say, by rank, once all have said it.
std::vector<std::string> gather(const std::string& mine);
std::vector<std::vector<double>> gather(std::span<const double> mine);
/// What rank 0 says.
std::string from_root(const std::string& text);
inline bool from_root(bool yes) { return !from_root(std::string(yes ? "y" : "")).empty(); }
/// Returns when all have come here.
inline void meet_ranks() { gather(std::string()); }

/// Messages on their way, which are for each other by the sender, the receiver and a tag. What they are read from and
/// written to must live until they are through.
class Transfers {
 public:
  Transfers();
  ~Transfers();
  Transfers(Transfers&&) noexcept;
  Transfers& operator=(Transfers&&) noexcept;

  /// Tags are below kTags.
  static constexpr int kTags = 30000;
  /// Those of the last few that have a use of their own; the others are the gradients'.
  enum : int { kWeights = kTags - 1, kWhole = kTags - 2, kReplicas = kTags - 3, kGradients = kTags - 3 };
  void send(int to, int tag, std::span<const std::byte> bytes);
  void receive(int from, int tag, std::span<std::byte> bytes);
  /// Whether all are through; brings them on. Errors: RankFailed.
  bool done();
  /// Until they are. Errors: likewise.
  void wait();

 private:
  struct Requests;
  std::unique_ptr<Requests> requests_;
};

/// Elements as they travel.
template <class T>
std::span<const std::byte> bytes_of(const T* from, std::size_t count) {
  return std::as_bytes(std::span(from, count));
}
template <class T>
std::span<std::byte> bytes_of(T* to, std::size_t count) {
  return std::as_writable_bytes(std::span(to, count));
}

}  // namespace heddle
