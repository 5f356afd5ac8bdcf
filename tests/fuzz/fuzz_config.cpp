#include <algorithm>

#include "tests/fuzz/fuzz.h"
#include "train/config/config.h"
#include "train/config/config_text.h"
#include "train/config/suggest.h"

/// What must hold of the readers of configs and command lines.
namespace heddle {
namespace {

using fuzz::check;
using fuzz::next_part;
using fuzz::unless_error;
using fuzz::write_input;

enum class Colour { red, green };
constexpr auto names_of(Colour) { return std::array{Named{Colour::red, "red"}, Named{Colour::green, "green"}}; }

/// A key of each kind.
struct Everything {
  std::int64_t whole = 3, bounded = 4;
  double number = 0.5, share = 0.25;
  bool flag = false;
  std::string text = "a text", one_of = "left", place;
  Colour colour = Colour::red;
  std::vector<std::string> list = {"a", "b"}, places;

  std::vector<Section> sections() {
    return {
        {"a",
         {{"whole", whole, "any whole number"}, {"bounded", bounded, "one of few", 0, 1000}, {"text", text, "any"}}},
        {"b",
         {{"number", number, "any number"},
          {"share", share, "from 0 to 1", 0.0, 1.0},
          {"flag", flag, "yes or no"},
          {"one_of", one_of, "left or right", {"left", "right"}},
          {"colour", colour, "an enumeration"},
          Key("place", place, "a path").path(),
          Key("list", list, "texts").separated(),
          Key("places", places, "paths").separated().path()}}};
  }
};

std::string dumped(const Settings& settings) {
  Everything all;
  settings.apply_to(all.sections());
  return dump_config(all.sections());
}

/// What was understood is written, and read as it was.
void check_settings(const Settings& settings) {
  Settings again;
  again.override_with(settings.assignments());
  const auto names = settings.names();
  const bool apart =  // a name with an = is that of no key
      std::all_of(names.begin(), names.end(), [](const std::string& name) { return name.find('=') == name.npos; });
  check(!apart || again.assignments() == settings.assignments(), "assignments say all that settings say");
  for (const std::string& name : settings.names())
    check(!settings.where(name).empty(), "each setting stands somewhere");
  const auto text = unless_error([&] { return dumped(settings); });
  if (!text) return;
  const auto read = unless_error([&] { return dumped(Settings::from_text(*text, "dump")); });
  check(read == text, "a config that was written is read as it was:", *text);
}

// --- one law each ---

void test_config(std::string_view text) {
  const auto settings = unless_error([&] { return Settings::from_text(std::string(text), "fuzz.cfg"); });
  if (settings) check_settings(*settings);
}

/// The input is two configs with a 0 byte between; the second's name is b.cfg.
void test_includes(std::string_view input) {
  const std::string path = write_input("a.cfg", next_part(input));
  write_input("b.cfg", input);
  const auto settings = unless_error([&] { return Settings::from_file(path); });
  if (settings) check_settings(*settings);
}

/// The input is values of the three members of text, and items, with 0 bytes between.
void test_values(std::string_view input) {
  Everything all, again;
  all.text = next_part(input);
  all.place = next_part(input);
  all.list.clear();
  while (!input.empty()) all.list.emplace_back(next_part(input));
  all.places = all.list;
  if (all.place.starts_with("~/")) all.place.erase(0, 1);
  for (std::string& item : all.places) item.insert(0, "./");
  const std::string text = dump_config(all.sections());
  Settings::from_text(text, "dump").apply_to(again.sections());
  check(again.text == all.text && again.place == all.place, "any value comes back from a config:", text);
  check(again.list == all.list && again.places == all.places, "any items come back from a config:", text);
}

/// A value as a config writes it, and as a list.
void test_written(std::string_view input) {
  const std::string text(input);
  const auto value = unless_error([&] { return value_of_written(text, "where"); });
  if (value && text.starts_with('"'))
    check(value_of_written(written(*value), "where") == *value, "a quotation comes back");
  const auto items = unless_error([&] { return items_of_written(text, "where"); });
  if (items) check(items_of_written(written_list(*items), "where") == *items, "a list's items come back");
}

/// The input is arguments with 0 bytes between.
void test_command_line(std::string_view input) {
  if (input.find('\n') != input.npos) return;  // a person's own words are told as they are
  Everything all;
  CommandLine line;
  line.usage = "test WORD [options]";
  line.more_words = 1;
  for (Section& section : all.sections())
    line.options.insert(line.options.end(), section.keys.begin(), section.keys.end());
  line.settings = [] { return std::vector<std::string>{"a.whole", "b.number"}; };
  std::vector<std::string> arguments;
  while (!input.empty()) {
    arguments.emplace_back(next_part(input));
    if (arguments.back() == "--help" || arguments.back() == "-h") return;  // prints
  }
  const auto parsed = unless_error([&] { return line.parse(arguments); });
  if (!parsed) return;
  check(line.positional.size() >= line.words && line.positional.size() <= line.words + line.more_words,
        "words are counted");
  check(all.bounded >= 0 && all.bounded <= 1000 && all.share >= 0 && all.share <= 1, "bounds hold");
}

void test_suggestion(std::string_view name) {
  const std::vector<std::string> known = {"optim.lr", "train.batch_size", "model.n_embd", "--top-k"};
  const std::string meant = meant_by(std::string(name), known);
  check(meant.empty() || std::find(known.begin(), known.end(), meant) != known.end(), "what is meant is known");
}

// clang-format off
constexpr std::array<void (*)(std::string_view), 6> kTests = {
    test_config,        // a
    test_includes,      // b
    test_values,        // c
    test_written,       // d
    test_command_line,  // e
    test_suggestion,    // f
};
// clang-format on

}  // namespace
}  // namespace heddle

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return heddle::fuzz::try_law(heddle::kTests, data, size);
}
