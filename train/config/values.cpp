#include "train/config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "framework/check.h"
#include "train/config/config_text.h"

namespace heddle {
namespace {

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

}  // namespace

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

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::string path_of(const std::string& text, const std::string& where) {
  if (!text.starts_with("~/")) return text;
  const char* const home = std::getenv("HOME");
  ensure(home != nullptr && *home != '\0', where, ": ~ is not known, for HOME is not set; write the whole path");
  return home + text.substr(1);
}

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

}  // namespace heddle
