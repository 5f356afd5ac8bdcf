#pragma once

#include <memory>
#include <string>
#include <vector>

#include "train/experiment.h"
#include "train/progress.h"

namespace heddle {

/// The benchmarks of `heddle bench`; each takes what follows its name.
int bench_train(const std::vector<std::string>& arguments);
int bench_generate(const std::vector<std::string>& arguments);
int bench_gemm(const std::vector<std::string>& arguments);
int bench_tokenizer(const std::vector<std::string>& arguments);

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

}  // namespace heddle
