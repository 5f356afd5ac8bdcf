#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "train/log/progress.h"
#include "train/run/experiment.h"
#include "train/run/trainer.h"

namespace heddle {

/// What a check comes to.
enum class Verdict { ok, look, wrong, unfit };
constexpr auto names_of(Verdict) {
  return std::array{Named{Verdict::ok, "ok"}, Named{Verdict::look, "look"}, Named{Verdict::wrong, "WRONG"},
                    Named{Verdict::unfit, "-"}};
}

/// What a check found: in words, what to change, and its figures.
struct Finding {
  Verdict verdict = Verdict::ok;
  std::string found{};
  std::string advice{};  ///< empty where nothing is to be changed
  Metrics figures{};
};

/// A model with its first weights, and all that trains it.
struct FreshModel {
  std::unique_ptr<Model> model;
  std::unique_ptr<Learner> learner;
  std::unique_ptr<Task> task;
};

/// What is examined.
struct Patient {
  const Experiment& experiment;
  const Dataset& dataset;
  std::function<void(Model&)> take_weights;  ///< of the run that it begins with; none: it begins anew
  std::string picture;                       ///< where the range test's picture is written; empty: nowhere
  Reporter& reporter;

  FreshModel fresh() const;
  /// Random numbers of the doctor's own, the same each time.
  Rng rng(std::uint64_t use) const { return Rng(0xd0c).fork(use); }
  /// Rows of a micro-batch that make a step of few enough operations to be repeated: at most train.batch_size.
  index_t affordable_rows(const FreshModel& fresh) const;
};

/// A check: a file of its own and a row in doctor_command.cpp. One that does not fit data or model says so.
using Check = Finding(const Patient& patient);

/// "; 300 of 4,000 examples were looked at", or nothing where all were.
std::string of_all(index_t seen, index_t all, const char* what);

}  // namespace heddle
