#include "train/log/listeners.h"

#include <fmt/format.h>

#include "data/io/file.h"
#include "data/io/utf8.h"
#include "framework/clock.h"
#include "framework/system/disk.h"

namespace heddle {
namespace {

/// "step 3/10  eta 10s  train 2.31 ...", the most wanted first: a narrow terminal cuts off the end.
std::string text_of(const RunRow& row) {
  std::string text = fmt::format("step {}/{}{}  eta {}  train {:.4f}  lr {:.1e}", row.step, row.steps,
                                 row.epoch >= 0 ? fmt::format("  epoch {:.2f}", row.epoch) : "",
                                 human_time(row.seconds_left), row.train_loss, row.lr);
  for (const Metric& metric : row.learner) text += "  " + metric.text;
  text += fmt::format("  {} {}/s  {:.0f} GFLOP/s", human_count(row.inputs_per_second), row.inputs,
                      row.flops_per_second / 1e9);
  for (const Metric& metric : row.evaluation) {
    if (&metric == &row.evaluation.front()) {
      text += fmt::format("  validation {:.4f}", metric.value);
    } else if (metric.column) {
      text += "  " + metric.text;
    }
  }
  return text;
}

}  // namespace

void ConsoleListener::on_step(const RunRow& row) {
  // the last step of all is evaluated, and the evaluation has its line
  if (seconds_ > 0 && seconds_now() - last_line_ >= seconds_ && row.step < row.steps) return line(row);
  if (reporter_.terminal()) reporter_.progress(text_of(row));
}
void ConsoleListener::on_row(const RunRow& row) {
  if (seconds_ == 0 || !row.evaluation.empty()) line(row);
}
void ConsoleListener::line(const RunRow& row) {
  reporter_.line(text_of(row));
  last_line_ = seconds_now();
}
void ConsoleListener::on_sample(std::int64_t, const std::string& text) {
  reporter_.line("--- a sample ---\n" + readable(text) + "\n---");
}

void CsvListener::write_all() {
  write_file(path_, history_.csv());
  columns_ = history_.columns();
}

void CsvListener::on_row(const RunRow&) {
  if (history_.columns() != columns_) return write_all();
  append_to(path_, history_.last_csv());
}

void SampleListener::on_sample(std::int64_t step, const std::string& text) {
  append_to(path_, fmt::format("--- after step {} ---\n{}\n\n", step, readable(text)));
}

}  // namespace heddle
