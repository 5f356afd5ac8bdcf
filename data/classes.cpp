#include "data/classes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "data/io/utf8.h"

namespace heddle {
namespace {

std::optional<long> whole_number(const std::string& name) {
  long number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? std::optional(number) : std::nullopt;
}

/// Numbers before words, and by their size.
bool comes_before(const std::string& a, const std::string& b) {
  const auto x = whole_number(a), y = whole_number(b);
  if (x && y && *x != *y) return *x < *y;
  if (x.has_value() != y.has_value()) return x.has_value();
  return a < b;
}

/// Ends of a pattern and of a name, by their sizes, that are known not to fit.
using Misfits = std::set<std::pair<std::size_t, std::size_t>>;

/// What {} stands for where `name` fits `pattern`; each takes as few characters as it can.
std::optional<std::string> match(std::string_view pattern, std::string_view name, Misfits& misfits) {
  if (pattern.empty()) return name.empty() ? std::optional<std::string>("") : std::nullopt;
  const bool is_class = pattern.starts_with("{}");
  if (!is_class && pattern[0] != '*')
    return !name.empty() && name[0] == pattern[0] ? match(pattern.substr(1), name.substr(1), misfits) : std::nullopt;
  const std::pair place{pattern.size(), name.size()};
  if (misfits.contains(place)) return {};
  for (std::size_t taken = is_class ? 1 : 0; taken <= name.size(); ++taken) {
    if (auto found = match(pattern.substr(is_class ? 2 : 1), name.substr(taken), misfits))
      return is_class ? std::string(name.substr(0, taken)) : found;
  }
  misfits.insert(place);
  return {};
}

}  // namespace

Classes number_classes(const std::vector<std::string>& class_of_example, const Ranges& ranges, const DataState* known,
                       const char* kind, const std::string& where) {
  Classes classes;
  if (known != nullptr) {
    classes.names = known->labels;
  } else {
    const auto first = class_of_example.begin() + ranges[0].begin, last = class_of_example.begin() + ranges[0].end;
    const std::set<std::string> names(first, last);
    classes.names.assign(names.begin(), names.end());
    std::sort(classes.names.begin(), classes.names.end(), comes_before);
  }
  std::map<std::string, std::int32_t> numbers;
  for (const std::string& name : classes.names) numbers.emplace(name, static_cast<std::int32_t>(numbers.size()));
  for (const std::string& name : class_of_example) {
    ensure(!name.empty(), kind, ": ", where, " has an example without a class; mend the data");
    const auto found = numbers.find(name);
    ensure(found != numbers.end(), kind, ": ", where, " holds the class '", one_line(name), "', which ",
           known != nullptr ? "the model was not trained on; it knows " : "no training example has; those have ",
           one_line(fmt::format("{}", fmt::join(classes.names, ", "))));
    classes.of_example.push_back(found->second);
  }
  return classes;
}

std::string class_from_path(const std::string& path, const std::string& rule) {
  const std::filesystem::path file(path);
  const std::string name = file.filename().string();
  if (rule == "folder") {
    const std::string folder = file.parent_path().filename().string();
    ensure(!folder.empty(), "data.label = folder: ", path, " lies in no folder that could name its class");
    return folder;
  }
  ensure(rule.find("{}") != rule.npos, "data.label = ", rule,
         ": wants folder, or a pattern on the names of files with {} for the class, as {}_*.wav");
  Misfits misfits;
  const auto found = match(rule, name, misfits);
  ensure(found.has_value(), "data.label = ", rule, " does not fit ", path,
         "; mend the pattern, or keep other files out of the folder");
  return *found;
}

}  // namespace heddle
