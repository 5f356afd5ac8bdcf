#include "data/table/table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

#include "data/classes.h"
#include "data/io/columns.h"
#include "data/io/file.h"
#include "framework/hash.h"

namespace heddle {
namespace {

constexpr const char* kBuiltin = "builtin:xor";

/// Rows of numbers, one after another, and the name of each row's class.
struct Rows {
  std::size_t columns = 0;  ///< of numbers
  std::vector<double> numbers;
  std::vector<std::string> classes;  ///< or, of rows without one, where they stand

  std::int64_t count() const { return std::ssize(classes); }
};

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  const char separator = line.find(',') != line.npos ? ',' : line.find('\t') != line.npos ? '\t' : ' ';
  std::istringstream in(line);
  for (std::string cell;
       separator == ' ' ? static_cast<bool>(in >> cell) : static_cast<bool>(std::getline(in, cell, separator));) {
    const std::size_t begin = cell.find_first_not_of(" \r");
    cells.push_back(begin == cell.npos ? "" : cell.substr(begin, cell.find_last_not_of(" \r") + 1 - begin));
  }
  return cells;
}

/// Adds the rows of a file. Where rows are to have `numbers_alone` numbers and nothing is asked of their class (0: it
/// is), the column of the class may be there, to be passed over, or not. Returns whether it was passed over.
bool read_table(const TableConfig& config, const std::string& path, std::size_t numbers_alone, Rows& rows) {
  std::istringstream in(read_file(path, Contents::text, "table: " + path));
  std::vector<std::string> header;
  std::size_t number = 0, columns = 0;
  std::optional<std::size_t> label;  // its column
  for (std::string line; std::getline(in, line);) {
    ++number;
    const std::vector<std::string> cells = cells_of(line);
    if (cells.empty() || (cells.size() == 1 && cells[0].empty())) continue;
    if (columns == 0) {
      columns = cells.size();
      const bool with_class = numbers_alone == 0 || columns == numbers_alone + 1;
      ensure(columns >= 2 || !with_class, "table: ", path, ": line ", number,
             " has one column, wanted numbers and a class");
      if (config.header) header = cells;
      if (with_class)
        label = config.label == "last" ? columns - 1
                                       : find_column(config.label, header, columns, "table: " + path, "data.label");
      const std::size_t numbers = columns - (with_class ? 1 : 0), before = columns - numbers;
      ensure(rows.columns == 0 || rows.columns == numbers, "table: ", path, " has ", columns,
             " columns, the files before it ", rows.columns + before);
      rows.columns = numbers;
      if (config.header) continue;
    }
    ensure(cells.size() == columns, "table: ", path, ": line ", number, " has ", cells.size(), " columns, the first ",
           columns);
    for (std::size_t i = 0; i < columns; ++i) {
      if (i == label) continue;
      double value = 0;
      const auto [end, error] = std::from_chars(cells[i].data(), cells[i].data() + cells[i].size(), value);
      ensure(error == std::errc() && end == cells[i].data() + cells[i].size() && std::isfinite(value), "table: ", path,
             ": line ", number, ": '", cells[i], "' is no number",
             number == 1 ? "; set data.header = true if it is a heading" : "");
      rows.numbers.push_back(value);
    }
    if (numbers_alone == 0)
      ensure(!cells[*label].empty(), "table: ", path, ": line ", number, " has no class in column ", *label + 1);
    rows.classes.push_back(numbers_alone == 0 ? cells[*label] : concat_text(path, ':', number));
  }
  return numbers_alone > 0 && label.has_value();
}

/// Writes a row's numbers from `to` on, by the mean and deviation of the training rows; returns where they end.
real* standardize(const Rows& rows, std::size_t row, const DataState& state, real* to) {
  for (std::size_t c = 0; c < rows.columns; ++c)
    *to++ = static_cast<real>((rows.numbers[row * rows.columns + c] - state.mean[c]) / state.deviation[c]);
  return to;
}

/// Mean and deviation of each column of the first `count` rows; a deviation of 1 where all are alike.
void measure(const Rows& rows, std::size_t count, DataState& state) {
  for (std::size_t c = 0; c < rows.columns; ++c) {
    double sum = 0, squares = 0;
    for (std::size_t row = 0; row < count; ++row) sum += rows.numbers[row * rows.columns + c];
    const double mean = sum / static_cast<double>(count);
    for (std::size_t row = 0; row < count; ++row) squares += std::pow(rows.numbers[row * rows.columns + c] - mean, 2);
    const double deviation = std::sqrt(squares / static_cast<double>(count));
    state.mean.push_back(mean);
    state.deviation.push_back(deviation > 0 ? deviation : 1);
  }
}

/// Errors: rows that are not as the model's were.
void check_known(const Rows& rows, const DataState& known, const std::string& name) {
  ensure(known.features == std::vector<std::int64_t>{static_cast<std::int64_t>(rows.columns)}, "table: ", name,
         " has rows of ", rows.columns, " numbers, and the model was trained on rows of ", known.spec().features);
  ensure(known.mean.size() == rows.columns && known.deviation.size() == rows.columns, "table: the model keeps ",
         known.mean.size(), " means and ", known.deviation.size(), " deviations for ", rows.columns,
         " columns; the checkpoint is damaged, or its data is of another kind");
}

/// Errors: a number, or a mean or deviation, that is too large to be shown to a model.
void check_standardized(const Rows& rows, const DataState& state, const std::string& name) {
  std::vector<real> numbers(rows.columns);
  for (std::size_t row = 0; row < rows.classes.size(); ++row) {
    standardize(rows, row, state, numbers.data());
    for (std::size_t c = 0; c < rows.columns; ++c)
      ensure(std::isfinite(numbers[c]), "table: ", name, ": ", rows.numbers[row * rows.columns + c],
             " is too large to be standardized by the mean, ", state.mean[c], ", and deviation, ", state.deviation[c],
             ", of the training rows; scale such numbers");
  }
}

class TableDataset final : public Dataset {
 public:
  TableDataset(Rows rows, std::vector<std::int32_t> targets, const Ranges& ranges, DataState state, std::string name,
               std::vector<std::string> notices)
      : rows_(std::move(rows)),
        targets_(std::move(targets)),
        ranges_(ranges),
        state_(std::move(state)),
        name_(std::move(name)),
        notices_(std::move(notices)) {}

  index_t size(Split split) const override { return ranges_[static_cast<std::size_t>(split)].size(); }

  Batch get(Split split, std::span<const index_t> places) const override {
    const std::size_t columns = rows_.columns;
    Batch batch;
    batch.features = Tensor({std::ssize(places), static_cast<index_t>(columns)});
    batch.targets = IdTensor({std::ssize(places)});
    real* to = batch.features.mutable_data();
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto row = static_cast<std::size_t>(ranges_[static_cast<std::size_t>(split)].begin + places[i]);
      to = standardize(rows_, row, state_, to);
      batch.targets[static_cast<index_t>(i)] = targets_[row];
    }
    return batch;
  }

  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override {
    std::uint64_t hash =
        fnv1a({reinterpret_cast<const char*>(rows_.numbers.data()), rows_.numbers.size() * sizeof(double)});
    for (const std::string& name : rows_.classes) hash = fnv1a(name + '\n', hash);
    return hash;
  }
  std::string describe() const override {
    return concat_text(name_, ", rows of ", rows_.columns, " numbers, ", state_.labels.size(), " classes; ",
                       describe_splits(size(Split::train), size(Split::val), size(Split::test)));
  }
  std::vector<std::string> notices() const override { return notices_; }

 private:
  Rows rows_;
  std::vector<std::int32_t> targets_;  ///< the class of each row, a place in the state's labels
  Ranges ranges_;
  DataState state_;
  std::string name_;
  std::vector<std::string> notices_;
};

}  // namespace

std::vector<Key> TableConfig::keys() {
  return {
      {"label", label, "column of the class: its name, its number from 1, or last"},
      {"header", header, "the first line of each file names the columns"},
      {"size", size, "rows of built-in data", 4, 1 << 20},
  };
}

std::unique_ptr<Dataset> TableConfig::load(const LoadOptions& options) const {
  Rows rows;
  std::array<std::int64_t, 3> counts{};
  std::vector<std::string> notices;
  const auto files = split.files("table", notices);
  for (std::size_t part = 0; part < files.size(); ++part) {
    const std::int64_t before = rows.count();
    for (const std::string& path : files[part]) {
      if (!path.starts_with("builtin:")) {
        read_table(*this, path, 0, rows);
        continue;
      }
      ensure(path == kBuiltin, "table: ", path, " is not known; the built-in table is ", kBuiltin);
      ensure(rows.columns == 0 || rows.columns == 2, "table: ", path, " has 3 columns, the files before it ",
             rows.columns + 1);
      rows.columns = 2;
      for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t a = i % 2, b = i / 2 % 2;
        rows.numbers.insert(rows.numbers.end(), {static_cast<double>(a), static_cast<double>(b)});
        rows.classes.emplace_back(a != b ? "1" : "0");
      }
    }
    counts[part] = rows.count() - before;
  }
  const Ranges ranges = split.ranges(counts);
  const std::string name = split.name();
  split.ensure_examples(ranges, "rows");

  Classes classes = number_classes(rows.classes, ranges, options.known, "table", name);
  DataState state;
  if (options.known != nullptr) {
    state = *options.known;
    check_known(rows, state, name);
  } else {
    state.features = {static_cast<std::int64_t>(rows.columns)};
    state.labels = std::move(classes.names);
    if (!take_standardization(options, state)) measure(rows, static_cast<std::size_t>(ranges[0].size()), state);
  }
  check_standardized(rows, state, name);
  return std::make_unique<TableDataset>(std::move(rows), std::move(classes.of_example), ranges, std::move(state), name,
                                        std::move(notices));
}

Examples TableConfig::examples(const std::vector<std::string>& files, const std::vector<std::string>& texts,
                               const LoadOptions& options) const {
  ensure(texts.empty(), "table: a text is no row of numbers; give files");
  Rows rows;
  const std::size_t numbers = options.known->mean.size();
  std::vector<std::string> notices;
  for (const std::string& path : list_files(files, "table", notices)) {
    const std::int64_t before = rows.count();
    if (read_table(*this, path, std::max<std::size_t>(1, numbers), rows))
      notices.push_back(concat_text("table: ", path,
                                    " has a column more than numbers; that of the class (data.label = ", label,
                                    ") is passed over"));
    ensure(rows.count() > before, "table: ", path, " holds no row");
  }
  check_known(rows, *options.known, files[0]);
  check_standardized(rows, *options.known, files[0]);
  std::vector<std::string> names = rows.classes;
  const Ranges ranges = all_for_test(rows.count());
  std::vector<std::int32_t> classes(names.size());
  return {std::move(names), std::make_unique<TableDataset>(std::move(rows), std::move(classes), ranges, *options.known,
                                                           files[0], std::move(notices))};
}

}  // namespace heddle
