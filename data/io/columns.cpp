#include "data/io/columns.h"

#include <algorithm>
#include <charconv>

#include "data/io/lines.h"
#include "framework/check.h"

namespace heddle {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find('\t', begin), line.size());
    cells.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return cells;
}

/// The cells of a row with commas between, which may go on over several lines.
class QuotedRow {
 public:
  /// Takes a line; true if the row ends with it.
  bool add(const std::string& line, const std::string& place) {
    if (quoted_) {
      cells_.back() += '\n';
    } else {
      place_ = place;
      cells_.assign(1, "");
    }
    bool closed = false;  // the cell's quotes have been
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (quoted_) {
        const bool twice = c == '"' && i + 1 < line.size() && line[i + 1] == '"';
        if (c != '"' || twice) {
          cells_.back() += c;
          if (twice) ++i;
          continue;
        }
        quoted_ = false;
        closed = true;
      } else if (c == ',') {
        cells_.emplace_back();
        closed = false;
      } else if (c == '"' && cells_.back().empty() && !closed) {
        quoted_ = true;
      } else {
        ensure(!closed, place, ": text behind the quotes of a cell; a quote within quotes is written twice");
        cells_.back() += c;
      }
    }
    return !quoted_;
  }
  const std::vector<std::string>& cells() const { return cells_; }
  /// Where the row begins.
  const std::string& place() const { return place_; }
  bool open() const { return quoted_; }

 private:
  std::vector<std::string> cells_;
  std::string place_;
  bool quoted_ = false;
};

bool has_commas(std::string path) {
  for (const char* packed : {".gz", ".zst"}) {
    if (path.ends_with(packed)) path.resize(path.rfind('.'));
  }
  return path.ends_with(".csv");
}

}  // namespace

void for_rows(const std::string& path, const char* what,
              const std::function<void(const std::vector<std::string>&, const std::string&)>& on_row) {
  const bool commas = has_commas(path);
  QuotedRow row;
  for_lines(path, what, [&](const std::string& line, const std::string& place) {
    if (line.empty() && !row.open()) return;
    if (!commas) {
      on_row(cells_of(line), place);
    } else if (row.add(line, place)) {
      on_row(row.cells(), row.place());
    }
  });
  ensure(!row.open(), row.place(), ": quotes that begin in this row do not close");
}

std::size_t find_column(const std::string& column, const std::vector<std::string>& header, std::size_t count,
                        const std::string& place, const char* key) {
  const auto named = std::find(header.begin(), header.end(), column);
  if (named != header.end()) return static_cast<std::size_t>(named - header.begin());
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(column.data(), column.data() + column.size(), number);
  ensure(error == std::errc() && end == column.data() + column.size() && number >= 1 && number <= count, place,
         " has no column ", column, " (", key, "); it has ", count, count == 1 ? " column" : " columns",
         header.empty() ? "; set data.header = true where the first line names them" : "");
  return number - 1;
}

}  // namespace heddle
