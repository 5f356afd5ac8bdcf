#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/log/events.h"

namespace heddle {

/// `heddle resume --verify RUN`: trains `steps` steps from the run's checkpoint, or from its config where there is none
/// yet, in a folder of its own, once without a stop and once killed on the way and resumed, each in processes of their
/// own, and prints what differs. Returns the exit status: 0, or 1 where something does. Errors: one of the processes
/// fails, saying why.
int verify_resume(const std::string& run, std::int64_t steps, const std::vector<std::string>& assignments);

/// Ends the process after a step as `kill -9` does.
class KillAfter final : public RunListener {
 public:
  explicit KillAfter(std::int64_t step) : step_(step) {}
  void on_step(const RunRow& row) override;

 private:
  std::int64_t step_;
};

}  // namespace heddle
