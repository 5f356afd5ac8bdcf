#pragma once

#include <string>
#include <vector>

namespace heddle {

/// The benchmarks of `heddle bench`; each takes what follows its name.
int bench_train(const std::vector<std::string>& arguments);
int bench_gemm(const std::vector<std::string>& arguments);
int bench_tokenizer(const std::vector<std::string>& arguments);

double seconds_now();
double median(std::vector<double> values);
/// GFLOP/s of a large matrix product, the best of several: what this machine can do at most in this moment.
double measure_limit();

}  // namespace heddle
