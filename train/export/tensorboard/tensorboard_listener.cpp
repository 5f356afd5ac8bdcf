#include "train/export/tensorboard/tensorboard_listener.h"

#include <chrono>
#include <cmath>
#include <set>
#include <sstream>

#include "data/io/file.h"
#include "data/io/utf8.h"
#include "framework/check.h"
#include "train/export/tensorboard/event_file.h"

namespace heddle {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

/// The figures of all rows of a history.
std::vector<Metrics> scalars_of(const History& history) {
  std::vector<Metrics> rows(history.size());
  for (const std::string& name : history.names()) {
    const std::vector<double> column = history.column(name);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (!std::isnan(column[row])) rows[row].push_back({tag_of(name), column[row]});
    }
  }
  return rows;
}

}  // namespace

std::string tag_of(const std::string& column) {
  for (const char* split : {"train", "val"}) {
    const std::string begin = std::string(split) + '_';
    if (column.starts_with(begin)) return column.substr(begin.size()) + '/' + split;
  }
  return "run/" + column;
}

void TensorboardListener::on_begin() {
  std::set<std::int64_t> written;  // steps whose figures earlier files hold
  for (const std::filesystem::path& path : event_files(folder_)) {
    const EventsRead earlier = read_events(read_file(path), step_);
    for (const Event& event : earlier.events) {
      if (!event.scalars.empty()) written.insert(event.step);
    }
    std::filesystem::resize_file(path, earlier.bytes);
  }
  const double begun = now();
  std::string bytes = event_heading(begun, step_ == 0 ? 0 : step_ + 1);
  const std::vector<double> seconds = history_.column("seconds");  // of training so far
  const std::vector<Metrics> rows = scalars_of(history_);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!written.contains(history_.step(row)))
      bytes += event_record({begun - (seconds.back() - seconds[row]), history_.step(row), rows[row], ""});
  }
  path_ = new_event_file(folder_, begun);
  out_.open(path_, std::ios::binary);
  write(bytes);
}

void TensorboardListener::on_row(const RunRow& row) {
  Event event{now(), row.step, {}, ""};
  for (const std::string& name : history_.names()) {
    const double value = history_.last(name, std::nan(""));
    if (!std::isnan(value)) event.scalars.push_back({tag_of(name), value});
  }
  write(event_record(event));
}

void TensorboardListener::on_sample(std::int64_t step, const std::string& text) {
  std::string code, line;
  for (std::istringstream in(readable(text)); std::getline(in, line);) code += "    " + line + '\n';
  write(event_record({now(), step, {}, code}));
}

void TensorboardListener::write(const std::string& bytes) {
  out_ << bytes;
  ensure(out_.flush().good(), path_.string(), " cannot be written; is the disk full?");
}

}  // namespace heddle
