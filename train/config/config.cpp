#include "train/config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "data/io/file.h"
#include "data/io/utf8.h"
#include "framework/format.h"
#include "train/config/config_text.h"
#include "train/config/suggest.h"

namespace heddle {
namespace {

namespace po = boost::program_options;

/// A number as people and programs write it, with a plus or not. Errors: none, or one that is beyond what can be held.
template <class Number>
Number number_of(const std::string& text, const std::string& where, const char* wanted) {
  const char *begin = text.data(), *const end = begin + text.size();
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') ++begin;
  Number number{};
  const auto [behind, error] = std::from_chars(begin, end, number);
  ensure(error != std::errc::result_out_of_range || behind != end, where, ": is beyond what a number can be");
  ensure(error == std::errc() && behind == end, where, ": needs ", wanted);
  return number;
}

/// The same of a whole one, which may be written as 1e3.
std::int64_t whole_number_of(const std::string& text, const std::string& where) {
  constexpr const char* kWanted = "a whole number";
  if (text.find_first_of(".eE") == text.npos) return number_of<std::int64_t>(text, where, kWanted);
  const auto number = number_of<double>(text, where, kWanted);
  constexpr double kExact = 1LL << 53;
  ensure(std::abs(number) <= kExact, where, ": write out whole numbers beyond 2^53");
  ensure(number == std::floor(number), where, ": needs ", kWanted);
  return static_cast<std::int64_t>(number);
}

/// What a number may be; nothing where it may be anything.
std::string bounds_text(const Key& key) {
  const bool whole = std::holds_alternative<std::int64_t*>(key.member);
  const auto number = [&](double v) {
    return whole ? fmt::format("{}", static_cast<std::int64_t>(v)) : fmt::format("{}", v);
  };
  constexpr double kHuge = 9e18;
  const bool low = key.min > -kHuge, high = key.max < kHuge;
  if (low && high) return number(key.min) + " .. " + number(key.max);
  if (low) return "at least " + number(key.min);
  return high ? "at most " + number(key.max) : "";
}

/// A path as it is meant: a leading ~/ is the user's home, also where no shell has seen it. Errors: no home is known.
std::string path_of(const std::string& text, const std::string& where) {
  if (!text.starts_with("~/")) return text;
  const char* const home = std::getenv("HOME");
  ensure(home != nullptr && *home != '\0', where, ": ~ is not known, for HOME is not set; write the whole path");
  return home + text.substr(1);
}

/// Puts `text` into the key's member. `where` is what messages begin with: "FILE: optim.lr = abc".
void assign(const Key& key, const std::string& text, const std::string& where) {
  const auto check_bounds = [&](double value) {
    ensure(value >= key.min && value <= key.max, where, ": must be ", bounds_text(key));
  };
  if (auto* const* whole = std::get_if<std::int64_t*>(&key.member)) {
    const std::int64_t value = whole_number_of(text, where);
    check_bounds(static_cast<double>(value));
    **whole = value;
  } else if (auto* const* number = std::get_if<double*>(&key.member)) {
    const auto value = number_of<double>(text, where, "a number");
    ensure(std::isfinite(value), where, ": needs a number");
    check_bounds(value);
    **number = value;
  } else if (auto* const* flag = std::get_if<bool*>(&key.member)) {
    std::string word = text;
    std::transform(word.begin(), word.end(), word.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    const bool yes = word == "true" || word == "yes" || word == "on" || word == "1";
    const bool no = word == "false" || word == "no" || word == "off" || word == "0";
    ensure(yes || no, where, ": needs true or false");
    **flag = yes;
  } else if (auto* const* list = std::get_if<std::vector<std::string>*>(&key.member)) {
    if (key.commas) {
      **list = items_of_written(text, where);
      if (key.is_path) {
        for (std::string& item : **list) item = path_of(item, where);
      }
    } else {
      (*list)->push_back(key.is_path ? path_of(text, where) : text);
    }
  } else {
    const auto choice = std::find(key.choices.begin(), key.choices.end(), text);
    ensure(key.choices.empty() || choice != key.choices.end(), where, ": choose one of ",
           fmt::format("{}", fmt::join(key.choices, ", ")));
    if (const auto* named = std::get_if<Key::EnumMember>(&key.member)) {
      named->set(static_cast<std::size_t>(choice - key.choices.begin()));
    } else {
      *std::get<std::string*>(key.member) = key.is_path ? path_of(text, where) : text;
    }
  }
}

std::string dashed(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

/// Settings as they are written, with what they mean and what they may be.
std::string table_of(const std::vector<std::pair<std::string, const Key*>>& rows) {
  std::size_t width = 0;
  for (const auto& [setting, key] : rows) width = std::max(width, setting.size());
  std::string text;
  for (const auto& [setting, key] : rows) {
    const std::string bounds =
        key->choices.empty() ? bounds_text(*key) : fmt::format("{}", fmt::join(key->choices, " | "));
    text += fmt::format("  {:<{}}  {}{}\n", setting, width, key->help, bounds.empty() ? "" : " (" + bounds + ")");
  }
  return text;
}

/// Errors: a line that is none of a config, by its number.
void check_lines(const std::string& lines, const std::string& source) {
  std::istringstream in(lines);
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == line.npos) continue;
    const bool section = line[begin] == '[' && line.find_last_not_of(" \t\r") == line.rfind(']');
    ensure(section || line.find('=') != line.npos, source, ": line ", number, " is '", one_line(line.substr(begin, 60)),
           "'; lines are [section], key = value, or # comment");
  }
}

}  // namespace

Settings Settings::from_file(const std::string& path) {
  ensure(std::filesystem::exists(path), "config ", path, " does not exist");
  ensure(!std::filesystem::is_directory(path), "config ", path, " is a folder; give a .cfg file");
  return from_text(read_file(path, Contents::text, "config " + path), path);
}

Settings Settings::from_text(const std::string& text, const std::string& source) {
  // program_options would end each line at its first #: within values another byte goes in its place.
  constexpr char kHash = '\x01';
  ensure(text.find(kHash) == text.npos, source, " holds a control byte; is it a config file?");
  Settings settings;
  std::string lines = without_comments(text);
  check_lines(lines, source);
  std::replace(lines.begin(), lines.end(), '#', kHash);
  std::istringstream in(lines);
  try {
    const auto parsed = po::parse_config_file(in, po::options_description(), true);
    for (const auto& option : parsed.options) {
      ensure(option.string_key.find('.') != std::string::npos, source, ": ", option.string_key,
             " stands before the first [section]");
      std::string value = option.value.empty() ? "" : option.value[0];
      std::replace(value.begin(), value.end(), kHash, '#');
      const bool added = settings.values_.try_emplace(option.string_key, Value{std::move(value), source, true}).second;
      ensure(added, source, ": ", option.string_key, " is given twice; keep one");
    }
  } catch (const po::error& e) {
    throw Error(concat_text(source, ": ", e.what(), "; lines are [section], key = value, or # comment"));
  }
  return settings;
}

void Settings::override_with(const std::vector<std::string>& assignments) {
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    values_[assignment.substr(0, equals)] = {assignment.substr(equals + 1), "command line", false};
  }
}

std::vector<std::string> Settings::assignments() const {
  std::vector<std::string> all;
  for (const auto& [name, value] : values_) all.push_back(name + '=' + value.text);
  return all;
}

std::string Settings::value_of(const std::string& name, const std::string& fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? fallback : found->second.text;
}

void Settings::check_own(const ForeignKeys& other, const std::string& name, const std::string& source,
                         const std::map<std::string, const Key*>& known) const {
  const auto is_theirs = [&](const std::string& key) {
    return std::find(other.names.begin(), other.names.end(), key) != other.names.end();
  };
  if (!is_theirs(name)) return;
  std::vector<std::string> all;
  for (const auto& [key, value] : values_) {
    if (value.source == source && known.count(key) == 0 && is_theirs(key)) all.push_back(key);
  }
  throw Error(fmt::format("{}: {} {} of {}, not of {}; leave {} out", source, fmt::join(all, ", "),
                          all.size() > 1 ? "are keys" : "is a key", other.owner, other.instead,
                          all.size() > 1 ? "them" : "it"));
}

void Settings::apply_to(const std::vector<Section>& sections,
                        const std::function<std::vector<ForeignKeys>()>& foreign) const {
  std::map<std::string, const Key*> known;
  std::vector<std::string> names;
  for (const Section& section : sections) {
    for (const Key& key : section.keys) {
      names.push_back(section.name + '.' + key.name);
      known[names.back()] = &key;
    }
  }
  for (const auto& [name, value] : values_) {
    const auto found = known.find(name);
    if (found == known.end()) {
      for (const ForeignKeys& other : foreign ? foreign() : std::vector<ForeignKeys>{})
        check_own(other, name, value.source, known);
      const std::string meant = meant_by(name, names);
      throw Error(concat_text(value.source, ": unknown key ", name,
                              meant.empty() ? "; heddle config --help lists all" : "; did you mean " + meant + "?"));
    }
    const std::string where = concat_text(value.source, ": ", name, " = ", value.text);
    const bool list = std::holds_alternative<std::vector<std::string>*>(found->second->member);  // quotes its items
    assign(*found->second, value.written && !list ? value_of_written(value.text, where) : value.text, where);
  }
}

std::string value_text(const Key& key) {
  return std::visit(
      [&](const auto& member) -> std::string {
        using Member = std::decay_t<decltype(member)>;
        if constexpr (std::is_same_v<Member, Key::EnumMember>) {
          return member.get();
        } else if constexpr (std::is_same_v<Member, std::string*>) {
          return *member;
        } else if constexpr (std::is_same_v<Member, std::vector<std::string>*>) {
          return key.commas ? written_list(*member) : fmt::format("{}", fmt::join(*member, " "));
        } else {
          return fmt::format("{}", *member);  // the shortest digits that read back the same
        }
      },
      key.member);
}

std::string dump_config(const std::vector<Section>& sections) {
  std::string text;
  for (const Section& section : sections) {
    text += (text.empty() ? "[" : "\n[") + section.name + "]\n";
    for (const Key& key : section.keys) {
      if (!key.kept) continue;
      const std::string value = value_text(key), line = key.name + " = " + (key.commas ? value : written(value));
      text += fmt::format("{:<32} # {}\n", line, key.help);
    }
  }
  return text;
}

std::string describe_keys(const std::vector<Section>& sections) {
  std::string text;
  for (const Section& section : sections) {
    std::vector<std::pair<std::string, const Key*>> rows;
    for (const Key& key : section.keys) rows.emplace_back(key.name + " = " + value_text(key), &key);
    text += (text.empty() ? "[" : "\n[") + section.name + "]\n" + table_of(rows);
  }
  return text;
}

namespace {

/// Calls on_change(section, key, old value, value) for every key that differs.
template <class OnChange>
void for_changes(const std::vector<Section>& before, const std::vector<Section>& now, const OnChange& on_change) {
  std::map<std::string, std::string> old;
  for (const Section& section : before) {
    for (const Key& key : section.keys) old[section.name + '.' + key.name] = value_text(key);
  }
  for (const Section& section : now) {
    for (const Key& key : section.keys) {
      const std::string& was = old[section.name + '.' + key.name];
      const auto shown = [](const std::string& text) { return text.empty() ? "empty" : text; };
      const std::string is = value_text(key);
      if (was != is) on_change(section.name, key, shown(was), shown(is));
    }
  }
}

}  // namespace

void check_resumable(const std::vector<Section>& before, const std::vector<Section>& now) {
  for_changes(before, now,
              [](const std::string& section, const Key& key, const std::string& was, const std::string& is) {
                ensure(key.may_change, "resume: ", section, '.', key.name, " was ", was, " and may not become ", is,
                       "; start a new run with heddle train for that");
              });
}

void check_settled(const std::vector<Section>& before, const std::vector<Section>& now) {
  for_changes(before, now,
              [](const std::string& section, const Key& key, const std::string& was, const std::string& is) {
                ensure(section != "model" && section != "optim", section, '.', key.name, " is ", was,
                       " in the trained model, and cannot become ", is);
              });
}

bool CommandLine::parse(const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  for (const Key& key : options) names.push_back("--" + dashed(key.name));
  bool only_words = false;  // after "--"
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!only_words && (argument == "--help" || argument == "-h")) {
      std::cout << help();
      return false;
    }
    if (!only_words && argument == "--") {
      only_words = true;
      continue;
    }
    if (only_words || !argument.starts_with("--")) {
      positional.push_back(argument);
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const auto value = [&]() -> std::string {
      if (equals != std::string::npos) return argument.substr(equals + 1);
      const std::string next = i + 1 < arguments.size() ? arguments[i + 1] : "";
      const bool is_option = std::find(names.begin(), names.end(), next.substr(0, next.find('='))) != names.end();
      if (i + 1 == arguments.size() || is_option)
        throw UsageError(concat_text(name, " needs a value",
                                     is_option ? "; write " + name + "=... for one that begins with --" : ""));
      return arguments[++i];
    };
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) {
      const Key& key = options[static_cast<std::size_t>(found - names.begin())];
      const bool bare_flag = std::holds_alternative<bool*>(key.member) && equals == std::string::npos;
      const bool list = std::holds_alternative<std::vector<std::string>*>(key.member) && equals == std::string::npos;
      try {
        do {
          const std::string text = bare_flag ? "true" : value();
          assign(key, text, name + (bare_flag ? "" : " " + text));
        } while (list && i + 1 < arguments.size() && !arguments[i + 1].starts_with("--"));
      } catch (const UsageError&) {
        throw;
      } catch (const Error& e) {
        throw UsageError(e.what());
      }
    } else if (settings && name.find('.') != std::string::npos) {
      assignments.push_back(name.substr(2) + '=' + value());
    } else {
      std::vector<std::string> known = names;
      if (settings) {
        for (std::string& setting : settings()) known.push_back("--" + std::move(setting));
      }
      const std::string meant = meant_by(name, known);
      throw UsageError(concat_text("unknown option ", name, meant.empty() ? "" : "; did you mean " + meant + "?",
                                   settings ? " (settings are written --section.key=value)" : ""));
    }
  }
  if (positional.size() < words) throw UsageError(concat_text("too few words; usage: heddle ", usage));
  if (positional.size() > words + more_words)
    throw UsageError(concat_text("unexpected '", positional[words + more_words], "'; usage: heddle ", usage));
  return true;
}

std::string CommandLine::help() const {
  std::vector<std::pair<std::string, const Key*>> rows;
  for (const Key& key : options) {
    const bool flag = std::holds_alternative<bool*>(key.member);
    rows.emplace_back("--" + dashed(key.name) + (flag ? "" : "=" + (value_text(key).empty() ? "..." : value_text(key))),
                      &key);
  }
  return "usage: heddle " + usage + "\n\n" + summary + '\n' + (rows.empty() ? "" : "\noptions:\n") + table_of(rows) +
         (notes ? notes() : "");
}

}  // namespace heddle
