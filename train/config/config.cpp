#include "train/config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <utility>

#include "data/io/file.h"
#include "data/io/utf8.h"
#include "framework/format.h"
#include "train/config/config_text.h"
#include "train/config/suggest.h"

namespace heddle {
namespace {

namespace po = boost::program_options;

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

/// The lines of a config, as what it includes and where it says what.
struct ConfigLines {
  std::string text;                           ///< without the includes
  std::vector<std::string> includes;          ///< in their order
  std::map<std::string, std::size_t> number;  ///< of the line of each key ("train.steps")
};

/// Errors: a line that is none of a config, by its number; a key given twice.
ConfigLines scan_lines(const std::string& text, const std::string& source) {
  constexpr const char* kBlanks = " \t\r";
  const auto trimmed = [](const std::string& part) {
    const std::size_t begin = part.find_first_not_of(kBlanks);
    return begin == part.npos ? "" : part.substr(begin, part.find_last_not_of(kBlanks) + 1 - begin);
  };
  ConfigLines lines;
  std::istringstream in(text);
  std::string line, section;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    const std::string said = trimmed(line), where = concat_text(source, ": line ", number);
    const std::size_t equals = said.find('=');
    const bool heading = said.starts_with('[') && said.ends_with(']') && said.find(']') + 1 == said.size();
    ensure(said.empty() || heading || equals != said.npos, where, " is '", one_line(said.substr(0, 60)),
           "'; lines are [section], key = value, or # comment");
    if (heading) {
      section = trimmed(said.substr(1, said.size() - 2));
      ensure(!section.empty() && !section.ends_with('.'), where, " is '", one_line(said.substr(0, 60)),
             "', which names no section; write [section]");
      line = '[' + section + ']';  // program_options takes what stands between for the name, with its blanks
    }
    if (!said.empty() && !heading) {
      const std::string key = trimmed(said.substr(0, equals)), value = trimmed(said.substr(equals + 1));
      ensure(!section.empty() || key == "include", where, ": ", key,
             " stands before the first [section]; only include = FILE may");
      if (section.empty()) {
        for (std::string& file : items_of_written(value, where)) lines.includes.push_back(path_of(file, where));
        line.clear();
      } else {
        const auto [at, added] = lines.number.try_emplace(section + '.' + key, number);
        ensure(added, where, ": ", section, '.', key, " is given twice, in line ", at->second, " too; keep one");
      }
    }
    lines.text += line + '\n';
  }
  return lines;
}

}  // namespace

std::string Settings::Value::where() const { return line == 0 ? source : concat_text(source, ": line ", line); }

Settings Settings::from_file(const std::string& path) {
  Settings settings;
  settings.read_file(path, {});
  return settings;
}

Settings Settings::from_text(const std::string& text, const std::string& source) {
  Settings settings;
  settings.read(text, source, {});
  return settings;
}

void Settings::read_file(const std::string& path, std::vector<std::filesystem::path> within) {
  const std::string by = within.empty() ? "" : concat_text(" (included by ", within.back().string(), ")");
  std::error_code error;  // as of a name that no file can have
  ensure(std::filesystem::exists(path, error), "config ", path, by, " does not exist");
  ensure(!std::filesystem::is_directory(path, error), "config ", path, by, " is a folder; give a .cfg file");
  const auto before = std::find_if(within.begin(), within.end(), [&](const std::filesystem::path& other) {
    return std::filesystem::equivalent(other, path, error);
  });
  if (before != within.end()) {
    std::string chain;
    for (auto at = before; at != within.end(); ++at) chain += at->string() + " includes ";
    throw Error(concat_text("config ", chain, path, "; take one of these includes out"));
  }
  within.emplace_back(path);
  read(heddle::read_file(path, Contents::text, "config " + path), path, std::move(within));
}

void Settings::read(const std::string& text, const std::string& source, std::vector<std::filesystem::path> within) {
  // program_options would end each line at its first #: within names and values another byte goes in its place.
  constexpr char kHash = '\x01';
  ensure(text.find(kHash) == text.npos, source, " holds a control byte; is it a config file?");
  ConfigLines lines = scan_lines(without_comments(text), source);
  for (const std::string& file : lines.includes)
    read_file((std::filesystem::path(source).parent_path() / file).lexically_normal().string(), within);
  std::replace(lines.text.begin(), lines.text.end(), '#', kHash);
  ++sources_;
  std::istringstream in(lines.text);
  try {
    const auto parsed = po::parse_config_file(in, po::options_description(), true);
    for (const auto& option : parsed.options) {
      std::string name = option.string_key, value = option.value.empty() ? "" : option.value[0];
      for (std::string* said : {&name, &value}) std::replace(said->begin(), said->end(), kHash, '#');
      values_[name] = {std::move(value), source, lines.number.at(name), sources_};
    }
  } catch (const po::error& e) {
    throw Error(concat_text(source, ": ", e.what(), "; lines are [section], key = value, or # comment"));
  }
}

void Settings::override_with(const std::vector<std::string>& assignments) {
  ++sources_;
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    set(assignment.substr(0, equals), assignment.substr(equals + 1), "command line");
  }
}

void Settings::set(const std::string& name, const std::string& value, const std::string& where) {
  values_[name] = {value, where, 0, sources_};
}

Settings Settings::take_section(const std::string& section) {
  Settings taken;
  const std::string begin = section + '.';
  for (auto at = values_.lower_bound(begin); at != values_.end() && at->first.starts_with(begin);) {
    taken.values_[at->first.substr(begin.size())] = at->second;
    at = values_.erase(at);
  }
  return taken;
}

std::vector<std::string> Settings::names() const {
  std::vector<std::string> all;
  for (const auto& [name, value] : values_) all.push_back(name);
  std::stable_sort(all.begin(), all.end(), [&](const std::string& a, const std::string& b) {
    const Value &one = values_.at(a), &other = values_.at(b);
    return std::pair(one.rank, one.line) < std::pair(other.rank, other.line);
  });
  return all;
}

std::string Settings::where(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? "" : found->second.where();
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

std::size_t Settings::rank_of(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? 0 : found->second.rank;
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
      throw Error(concat_text(value.where(), ": unknown key ", name,
                              meant.empty() ? "; heddle config --help lists all" : "; did you mean " + meant + "?"));
    }
    const std::string where = concat_text(value.where(), ": ", name, " = ", value.text);
    const bool list = std::holds_alternative<std::vector<std::string>*>(found->second->member);  // quotes its items
    assign(*found->second, value.line > 0 && !list ? value_of_written(value.text, where) : value.text, where);
  }
}

std::string dump_config(const std::vector<Section>& sections) {
  std::set<std::string> all;
  for (const Section& section : sections) {
    for (const Key& key : section.keys) all.insert(section.name + '.' + key.name);
  }
  return dump_config(sections, all);
}

std::string dump_config(const std::vector<Section>& sections, const std::set<std::string>& names) {
  std::string text;
  for (const Section& section : sections) {
    std::string lines;
    for (const Key& key : section.keys) {
      if (!key.kept || !names.contains(section.name + '.' + key.name)) continue;
      const std::string value = value_text(key), line = key.name + " = " + (key.commas ? value : written(value));
      lines += fmt::format("{:<32} # {}\n", line, key.help);
    }
    if (!lines.empty()) text += (text.empty() ? "[" : "\n[") + section.name + "]\n" + lines;
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

std::vector<KeyDifference> differences(const std::vector<Section>& before, const std::vector<Section>& now) {
  std::map<std::string, std::string> old;
  for (const Section& section : before) {
    for (const Key& key : section.keys) old[section.name + '.' + key.name] = value_text(key);
  }
  std::vector<KeyDifference> found;
  for (const Section& section : now) {
    for (const Key& key : section.keys) {
      const auto was = old.extract(section.name + '.' + key.name);
      const std::string is = value_text(key);
      if (was.empty() || was.mapped() != is)
        found.push_back({section.name + '.' + key.name, was.empty() ? "" : was.mapped(), is});
    }
  }
  for (const auto& [name, value] : old) found.push_back({name, value, ""});
  return found;
}

namespace {

const char* shown(const std::string& text) { return text.empty() ? "empty" : text.c_str(); }

}  // namespace

const Key* find_key(const std::vector<Section>& sections, const std::string& name) {
  for (const Section& section : sections) {
    for (const Key& key : section.keys) {
      if (section.name + '.' + key.name == name) return &key;
    }
  }
  return nullptr;
}

void check_resumable(const std::vector<Section>& before, const std::vector<Section>& now) {
  for (const KeyDifference& key : differences(before, now)) {
    const Key* const found = find_key(now, key.name);
    ensure(found != nullptr, "config: there is no key ", key.name);
    ensure(found->may_change, "resume: ", key.name, " was ", shown(key.before), " and may not become ", shown(key.now),
           "; start a new run with heddle train for that");
  }
}

void check_settled(const std::vector<Section>& before, const std::vector<Section>& now) {
  for (const KeyDifference& key : differences(before, now))
    ensure(!key.name.starts_with("model.") && !key.name.starts_with("optim."), key.name, " is ", shown(key.before),
           " in the trained model, and cannot become ", shown(key.now));
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
