#include "framework/gemm.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "framework/clock.h"
#include "train/bench/bench.h"
#include "train/commands/json.h"

namespace heddle {
namespace {

/// A matrix as products read it in training: rounded before, where they read rounded numbers.
class Operand {
 public:
  Operand(const Tensor& x, Precision precision) : full_(x), half_(rounded_operand(x, precision)) {}
  ConstMatrix matrix(bool transposed = false) const { return {full_.data(), full_.size(1), transposed, half_.data()}; }

 private:
  Tensor full_;
  Bf16Tensor half_;
};

}  // namespace

double measure_limit(Precision precision) {
  constexpr index_t kSize = 1024;
  const Operand a(Tensor::full({kSize, kSize}, 1), precision), b(Tensor::full({kSize, kSize}, 1), precision);
  Tensor c({kSize, kSize});
  double best = 1e300;
  for (int i = 0; i < 12; ++i) {
    const double begun = seconds_now();
    gemm(kSize, kSize, kSize, a.matrix(), b.matrix(true), {c.mutable_data(), kSize}, precision);
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
double measure(Pass pass, index_t rows, index_t out, index_t in, Precision precision) {
  const Operand x(Tensor::full({rows, in}, 1), precision), w(Tensor::full({out, in}, 1), precision),
      y(Tensor::full({rows, out}, 1), precision);
  Tensor to(pass == Pass::forward ? Shape{rows, out} : pass == Pass::input ? Shape{rows, in} : Shape{out, in});
  const auto run = [&] {
    if (pass == Pass::forward) {
      gemm(rows, out, in, x.matrix(), w.matrix(true), {to.mutable_data(), out}, precision);
    } else if (pass == Pass::input) {
      gemm(rows, in, out, y.matrix(), w.matrix(), {to.mutable_data(), in}, precision);
    } else {
      gemm(out, in, rows, y.matrix(true), x.matrix(), {to.mutable_data(), in}, precision);
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

/// What the command says of one precision.
struct GemmAnswer {
  Precision precision;
  double limit;  ///< GFLOP/s of a large product
  std::vector<ProductSpeed> products;
};

nlohmann::json to_json(const std::vector<GemmAnswer>& answers) {
  nlohmann::json all = nlohmann::json::array();
  for (const GemmAnswer& answer : answers) {
    for (const ProductSpeed& p : answer.products)
      all.push_back({{"precision", name_of(p.precision)},
                     {"product", p.product},
                     {"rows", p.rows},
                     {"out", p.out},
                     {"in", p.in},
                     {"gflops", p.gflops},
                     {"limit_gflops", p.limit}});
  }
  return all;
}

std::string to_text(const std::vector<GemmAnswer>& answers) {
  std::string text;
  for (const GemmAnswer& answer : answers) {
    text += fmt::format("{}, {} threads: a product of 1024 x 1024 x 1024 reaches {:.1f} GFLOP/s\n",
                        name_of(answer.precision), threads(), answer.limit);
    for (const ProductSpeed& p : answer.products)
      text += fmt::format("  {:<12} {:>6} rows, {:>5} <- {:<5} {:>8.1f} GFLOP/s  {:>4.0f} %\n", p.product, p.rows,
                          p.out, p.in, p.gflops, 100 * p.gflops / p.limit);
  }
  return text;
}

}  // namespace

std::vector<ProductSpeed> measure_products(index_t rows, index_t out, index_t in, Precision precision) {
  std::vector<ProductSpeed> all;
  for (const auto& [pass, text] : kPasses) {
    const double before = measure_limit(precision), gflops = measure(pass, rows, out, in, precision);
    const double limit = (before + measure_limit(precision)) / 2;  // of this moment, as the machine may be busy
    all.push_back({precision, text, rows, out, in, gflops, limit});
  }
  return all;
}

int bench_gemm(const std::vector<std::string>& arguments) {
  bool json = false;
  CommandLine line;
  line.usage = "bench gemm CONFIG [options] [--section.key=value ...]";
  line.summary =
      "Speed of matrix products: of a large one, which is the limit here, and of the shapes that training the "
      "config's\n"
      "model asks for, in f32 and, where the processor has it, in bf16.";
  line.options = {{"json", json, "print JSON"}};
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  const Workload work(line.positional[0], line.assignments);
  std::set<std::pair<index_t, index_t>> shapes;
  for (const Tensor& weight : multiplied_weights(*work.model)) shapes.emplace(weight.size(0), weight.size(1));
  const index_t rows = work.experiment->train.batch_size * std::max<index_t>(1, work.experiment->model->block_size());
  std::vector<Precision> precisions = {Precision::f32};
  if (bf16_supported()) precisions.push_back(Precision::bf16);
  std::vector<GemmAnswer> answers;
  {
    Reporter reporter;
    for (const Precision precision : precisions) {
      GemmAnswer& answer = answers.emplace_back(GemmAnswer{precision, measure_limit(precision), {}});
      for (const auto& [out, in] : shapes) {
        reporter.progress(fmt::format("{}: {} <- {}", name_of(precision), out, in));
        for (const ProductSpeed& speed : measure_products(rows, out, in, precision)) answer.products.push_back(speed);
      }
    }
  }
  print_answer(json, to_json(answers), to_text(answers));
  return 0;
}

}  // namespace heddle
