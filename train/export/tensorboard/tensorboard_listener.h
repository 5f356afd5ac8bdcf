#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "train/log/events.h"
#include "train/log/metrics.h"

namespace heddle {

/// Writes what metrics.csv and samples.txt hold for TensorBoard, too, into a file of its own in a run's folder
/// (event_file.h). Columns are its tags: train_loss and val_loss loss/train and loss/val, side by side, those of other
/// things run/NAME; samples are texts, as Markdown's code, so that it changes nothing in them.
///
/// A run that goes on begins another file, as a TensorBoard that looks on wants it; what earlier ones hold of later
/// steps is cut off. Figures of the history that they lack, as where they were not asked for, are written first, dated
/// by the time spent training since.
class TensorboardListener final : public RunListener {
 public:
  /// `step` is the one that the run goes on after; the history must live as long as this.
  TensorboardListener(std::filesystem::path folder, const History& history, std::int64_t step)
      : folder_(std::move(folder)), history_(history), step_(step) {}
  /// Errors of these three: the file cannot be written.
  void on_begin() override;
  void on_row(const RunRow&) override;
  void on_sample(std::int64_t step, const std::string& text) override;

 private:
  void write(const std::string& bytes);

  std::filesystem::path folder_, path_;
  const History& history_;
  std::int64_t step_;
  std::ofstream out_;
};

/// The tag of a column of metrics.csv: "val_loss" is "loss/val".
std::string tag_of(const std::string& column);

}  // namespace heddle
