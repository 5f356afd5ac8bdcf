#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "train/run/experiment.h"
#include "train/run/progress.h"
#include "train/run/trainer.h"

namespace heddle {

/// The benchmarks of `heddle bench`; each takes what follows its name.
int bench_train(const std::vector<std::string>& arguments);
int bench_generate(const std::vector<std::string>& arguments);
int bench_gemm(const std::vector<std::string>& arguments);
int bench_tokenizer(const std::vector<std::string>& arguments);
int bench_embed(const std::vector<std::string>& arguments);

/// The most memory that this process ever held, in bytes.
double peak_memory();
double median(std::vector<double> values);
/// GFLOP/s of a large matrix product, the best of several: what this machine can do at most in this moment.
double measure_limit();
/// Bytes a second that all threads together read from memory, the best of several: the limit of what reads more than it
/// computes.
double measure_bandwidth();
/// What a benchmark of a config works on.
struct Workload {
  /// Reads the config at `path`, sets threads and precision, and builds corpus and model.
  Workload(const std::string& path, const std::vector<std::string>& assignments);
  std::unique_ptr<Experiment> experiment;
  Corpus corpus;
  std::unique_ptr<Model> model;
};

/// Numbers of threads to compare, from "1,2,4"; those of the config if it is empty. Errors (UsageError): anything else.
std::vector<int> thread_counts(const std::string& command, const std::string& text);
/// Training steps that were measured with one number of threads.
struct StepTimes {
  int threads;
  std::vector<double> seconds{};  ///< of each step
  std::vector<double> limits{};   ///< GFLOP/s of a large product, around the steps
  std::size_t requests = 0;       ///< for memory, to the system

  double step() const { return median(seconds); }
  double limit() const { return median(limits); }
};
/// `steps` steps with each number of threads, in turns, after some to warm up, at whose end `warm` is called.
std::vector<StepTimes> measure_steps(Trainer& trainer, const std::vector<int>& threads, bool pinned, index_t steps,
                                     const std::function<void()>& warm);

}  // namespace heddle
