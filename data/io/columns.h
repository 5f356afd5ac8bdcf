#pragma once

#include <functional>
#include <string>
#include <vector>

namespace heddle {

/// Calls on_row(cells, place) for every row of a text file of columns; place is "PATH:LINE", for messages. Between
/// columns stand tabs; of a file whose name ends in .csv (or .csv.gz, .csv.zst) commas, and a cell in double quotes may
/// hold commas, ends of lines, and quotes, each written twice (RFC 4180). Lines that hold nothing are passed over.
/// `what` the file is begins messages. Errors: those of for_lines; quotes that do not close; text behind quotes that
/// did.
void for_rows(const std::string& path, const char* what,
              const std::function<void(const std::vector<std::string>& cells, const std::string& place)>& on_row);

/// The place, from 0, of one of `count` columns: by its name, if the file has a header, or by its number from 1.
/// Errors: there is none; `place` begins the message, and `key` is the setting that names the column.
std::size_t find_column(const std::string& column, const std::vector<std::string>& header, std::size_t count,
                        const std::string& place, const char* key);

}  // namespace heddle
