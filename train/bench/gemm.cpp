#include "framework/gemm.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "train/bench/bench.h"
#include "train/commands/json.h"

namespace heddle {
namespace {

/// A matrix as products read it in training: rounded before, where they read rounded numbers.
class Operand {
 public:
  explicit Operand(const Tensor& x) : full_(x), half_(rounded_operand(x)) {}
  ConstMatrix matrix(bool transposed = false) const { return {full_.data(), full_.size(1), transposed, half_.data()}; }

 private:
  Tensor full_;
  Bf16Tensor half_;
};

}  // namespace

double measure_limit() {
  constexpr index_t kSize = 1024;
  const Operand a(Tensor::full({kSize, kSize}, 1)), b(Tensor::full({kSize, kSize}, 1));
  Tensor c({kSize, kSize});
  double best = 1e300;
  for (int i = 0; i < 12; ++i) {
    const double begun = seconds_now();
    gemm(kSize, kSize, kSize, a.matrix(), b.matrix(true), {c.data(), kSize});
    best = std::min(best, seconds_now() - begun);
  }
  return 2.0 * kSize * kSize * kSize / best / 1e9;
}

namespace {

/// One kind of product of a linear layer [in] -> [out] over `rows` rows.
enum class Pass { forward, input, weight };
constexpr std::pair<Pass, const char*> kPasses[] = {
    {Pass::forward, "y = x w^T"}, {Pass::input, "dx = dy w"}, {Pass::weight, "dw = dy^T x"}};

/// GFLOP/s of the median of several runs.
double measure(Pass pass, index_t rows, index_t out, index_t in) {
  const Operand x(Tensor::full({rows, in}, 1)), w(Tensor::full({out, in}, 1)), y(Tensor::full({rows, out}, 1));
  Tensor to(pass == Pass::forward ? Shape{rows, out} : pass == Pass::input ? Shape{rows, in} : Shape{out, in});
  const auto run = [&] {
    if (pass == Pass::forward) {
      gemm(rows, out, in, x.matrix(), w.matrix(true), {to.data(), out});
    } else if (pass == Pass::input) {
      gemm(rows, in, out, y.matrix(), w.matrix(), {to.data(), in});
    } else {
      gemm(out, in, rows, y.matrix(true), x.matrix(), {to.data(), in});
    }
  };
  const double flops = 2.0 * static_cast<double>(rows) * static_cast<double>(out) * static_cast<double>(in);
  run();
  std::vector<double> seconds;
  for (double sum = 0; seconds.size() < 5 || (sum < 0.2 && seconds.size() < 200); sum += seconds.back()) {
    const double begun = seconds_now();
    run();
    seconds.push_back(seconds_now() - begun);
  }
  return flops / median(seconds) / 1e9;
}

}  // namespace

int bench_gemm(const std::vector<std::string>& arguments) {
  bool json = false;
  CommandLine line;
  line.usage = "bench gemm CONFIG [options] [--section.key=value ...]";
  line.summary =
      "Speed of matrix products: of a large one, which is the limit here, and of the shapes that training the "
      "config's\n"
      "model asks for, in f32 and, where the processor has it, in bf16.";
  line.options = {{"json", json, "print JSON"}};
  line.overrides = true;
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  const Workload work(line.positional[0], line.assignments);
  std::set<std::pair<index_t, index_t>> shapes;
  for (const Tensor& weight : multiplied_weights(*work.model)) shapes.emplace(weight.size(0), weight.size(1));
  const index_t rows = work.experiment->train.batch_size * work.model->block_size();
  std::vector<Precision> precisions = {Precision::f32};
  if (bf16_supported()) precisions.push_back(Precision::bf16);
  nlohmann::json all = nlohmann::json::array();
  for (const Precision precision : precisions) {
    set_gemm_precision(precision);
    const char* name = precision == Precision::f32 ? "f32" : "bf16";
    if (!json)
      std::cout << fmt::format("{}, {} threads: a product of 1024 x 1024 x 1024 reaches {:.1f} GFLOP/s\n", name,
                               threads(), measure_limit());
    for (const auto& [out, in] : shapes) {
      for (const auto& [pass, text] : kPasses) {
        const double before = measure_limit(), gflops = measure(pass, rows, out, in);
        const double limit = (before + measure_limit()) / 2;  // of this moment, as the machine may be busy
        if (json) {
          all.push_back({{"precision", name},
                         {"product", text},
                         {"rows", rows},
                         {"out", out},
                         {"in", in},
                         {"gflops", gflops},
                         {"limit_gflops", limit}});
        } else {
          std::cout << fmt::format("  {:<12} {:>6} rows, {:>5} <- {:<5} {:>8.1f} GFLOP/s  {:>4.0f} %\n", text, rows,
                                   out, in, gflops, 100 * gflops / limit);
        }
      }
    }
  }
  if (json) print_json(all);
  return 0;
}

}  // namespace heddle
