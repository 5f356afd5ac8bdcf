#include "train/run/metrics.h"

#include <fmt/format.h>

#include <cmath>

#include "data/file.h"

namespace heddle {

void History::add(const Measurement& row) {
  step_.push_back(row.step);
  train_loss_.push_back(row.train_loss);
  val_loss_.push_back(row.val_loss);
  val_bits_.push_back(row.val_bits_per_character);
  lr_.push_back(row.lr);
  grad_norm_.push_back(row.grad_norm);
  tokens_per_second_.push_back(row.tokens_per_second);
  gflops_.push_back(row.gflops);
  seconds_.push_back(row.seconds);
}

void History::write_csv(const std::filesystem::path& path) const {
  std::string text = "step,train_loss,val_loss,val_bits_per_character,lr,grad_norm,tokens_per_second,gflops,seconds\n";
  const auto cell = [](double v) { return std::isnan(v) ? std::string() : fmt::format("{:.6g}", v); };
  for (std::size_t i = 0; i < step_.size(); ++i) {
    text += fmt::format("{}", step_[i]);
    for (const auto* column : columns()) text += ',' + cell((*column)[i]);
    text += '\n';
  }
  write_file(path, text);
}

}  // namespace heddle
