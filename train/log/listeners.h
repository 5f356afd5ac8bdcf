#pragma once

#include <filesystem>

#include "framework/clock.h"
#include "train/log/events.h"
#include "train/log/metrics.h"
#include "train/log/progress.h"

namespace heddle {

/// Lines on the console and in log.txt; on a terminal the state of the work between them. Steps get a line every
/// `seconds`, be they fast or slow, and evaluations one each.
class ConsoleListener final : public RunListener {
 public:
  /// Without `seconds` every row gets a line, and no other step does. Errors: the log cannot be written.
  ConsoleListener(const std::filesystem::path& log, double seconds) : seconds_(seconds) { reporter_.log_to(log); }
  void on_begin() override { last_line_ = seconds_now(); }
  void on_message(const std::string& text) override { reporter_.line(text); }
  void on_progress(const std::string& text) override { reporter_.progress(text); }
  void on_step(const RunRow& row) override;
  void on_row(const RunRow& row) override;
  void on_sample(std::int64_t step, const std::string& text) override;

 private:
  void line(const RunRow& row);

  Reporter reporter_;
  double seconds_, last_line_ = 0;
};

/// metrics.csv: a row is appended as it comes; the file is written anew where a run begins or goes on, and where a
/// column comes.
class CsvListener final : public RunListener {
 public:
  CsvListener(std::filesystem::path path, const History& history) : path_(std::move(path)), history_(history) {}
  void on_begin() override { write_all(); }
  void on_row(const RunRow&) override;

 private:
  void write_all();

  std::filesystem::path path_;
  const History& history_;
  std::size_t columns_ = 0;  ///< that the file has
};

/// samples.txt: each sample behind those before it.
class SampleListener final : public RunListener {
 public:
  explicit SampleListener(std::filesystem::path path) : path_(std::move(path)) {}
  void on_sample(std::int64_t step, const std::string& text) override;

 private:
  std::filesystem::path path_;
};

}  // namespace heddle
