#include "train/config/config.h"

#include <catch2/catch.hpp>
#include <iostream>
#include <sstream>

#include "framework/ops.h"
#include "tests/temporary_folder.h"
#include "train/run/experiment.h"

namespace heddle {
namespace {

enum class Colour { red, green };
constexpr auto names_of(Colour) { return std::array{Named{Colour::green, "green"}, Named{Colour::red, "dark red"}}; }

struct Part {
  std::int64_t count = 3;
  double rate = 0.1;
  bool flag = false;
  std::string kind = "a";
  Colour colour = Colour::red;

  std::vector<Section> sections() {
    return {{"part",
             {Key("count", count, "how many", 1, 10).resumable(),
              {"rate", rate, "how fast", 0.0, 1.0},
              {"flag", flag, "whether"},
              {"kind", kind, "which", {"a", "b c"}},
              {"colour", colour, "of what"}}}};
  }
};

Part read(const std::string& text, const std::vector<std::string>& overrides = {}) {
  Part part;
  Settings settings = Settings::from_text(text, "x.cfg");
  settings.override_with(overrides);
  settings.apply_to(part.sections());
  return part;
}

}  // namespace

TEST_CASE("a config file sets what it names, the command line wins, comments do not count") {
  const Part part = read("# first\n[part]\ncount = 7   # seven\nkind = b c\nflag=yes\n", {"part.count=9"});
  REQUIRE(part.count == 9);
  REQUIRE(part.kind == "b c");
  REQUIRE(part.flag);
  REQUIRE(part.rate == 0.1);
}

TEST_CASE("a number may be its least and its most") {
  CHECK(read("[part]\ncount = 1\nrate = 0\n").count == 1);
  CHECK(read("[part]\ncount = 10\n").count == 10);
  CHECK(read("[part]\nrate = 0\n").rate == 0);
  CHECK(read("[part]\nrate = 1\n").rate == 1);
}

TEST_CASE("what a config gets wrong is named with its source and what to do") {
  const auto refuse = [](const std::string& text, const std::string& message) {
    INFO(text);
    CHECK_THROWS_WITH(read(text), Catch::Contains("x.cfg") && Catch::Contains(message));
  };
  refuse("[part]\ncuont = 3\n", "unknown key part.cuont; did you mean part.count?");
  refuse("[prat]\ncount = 3\n", "did you mean part.count?");
  refuse("[part]\ncount = 3.5\n", "part.count = 3.5: needs a whole number");
  refuse("[part]\ncount = \n", "needs a whole number");
  refuse("[part]\ncount = 3 4\n", "needs a whole number");
  refuse("[part]\ncount = 99999999999999999999\n", "is beyond what a number can be");
  refuse("[part]\ncount = 11\n", "must be 1 .. 10");
  refuse("[part]\nrate = fast\n", "needs a number");
  refuse("[part]\nrate = nan\n", "needs a number");
  refuse("[part]\nrate = inf\n", "needs a number");
  refuse("[part]\nrate = -0.1\n", "must be 0 .. 1");
  refuse("[part]\nflag = maybe\n", "needs true or false");
  refuse("[part]\nkind = c\n", "choose one of a, b c");
  refuse("[part]\ncolour = blue\n", "part.colour = blue: choose one of green, dark red");
  refuse("[part]\ncount = 3\ncount = 4\n", "part.count is given twice");
  refuse("[part]\n\n  count 3 # x\n", "line 3 is 'count 3'; lines are [section], key = value, or # comment");
  refuse("[part\ncount = 3\n", "line 1 is '[part'");
  refuse("count = 3\n", "stands before the first [section]");
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(Settings::from_file(folder.path()), Catch::Contains("is a folder"));
  CHECK_THROWS_WITH(Settings::from_file(folder.path("none.cfg")), Catch::Contains("none.cfg does not exist"));
  CHECK_THROWS_WITH(read("", {"part.count=x"}), Catch::Contains("command line: part.count = x"));
}

TEST_CASE("what a config gets wrong is named with its line") {
  const auto refuse = [](const std::string& text, const std::string& message) {
    INFO(text);
    CHECK_THROWS_WITH(read(text), Catch::StartsWith(message));
  };
  refuse("# a\n[part]\n\ncount = x # b\n", "x.cfg: line 4: part.count = x: needs a whole number");
  refuse("[part]\nrate = 0.5\ncuont = 1\n", "x.cfg: line 3: unknown key part.cuont");
  refuse("[part]\ncount = 3\n\n[part]\ncount = 4\n",
         "x.cfg: line 5: part.count is given twice, in line 2 too; keep one");
  refuse("\ncount = 3\n", "x.cfg: line 2: count stands before the first [section]");
}

TEST_CASE("a config takes what it includes, and what stands in it wins, as the command line does over all") {
  const TemporaryFolder folder;
  const auto file = [&](const std::string& name, const std::string& text) { return folder.write(name, text); };
  file("base/first.cfg", "include = ../leaf.cfg\n[part]\ncount = 2\nrate = 0.2\n");
  file("base/second.cfg", "[part]\nrate = 0.3\n");
  file("leaf.cfg", "[part]\ncount = 9\nkind = b c\nflag = true\n");
  const std::string path = file("a.cfg",
                                "# what it begins with\ninclude = base/first.cfg, base/second.cfg # two\n\n"
                                "[part]\nflag = false\n");
  Part part;
  Settings settings = Settings::from_file(path);
  settings.apply_to(part.sections());
  CHECK(part.count == 2);
  CHECK(part.rate == 0.3);
  CHECK(part.kind == "b c");
  CHECK_FALSE(part.flag);
  settings.override_with({"part.kind=a"});
  settings.apply_to(part.sections());
  CHECK(part.kind == "a");
  // what is wrong is named where it stands
  const auto refuse = [&](const std::string& text, const std::string& message) {
    INFO(text);
    Part other;
    CHECK_THROWS_WITH(Settings::from_file(file("b.cfg", text)).apply_to(other.sections()), Catch::Contains(message));
  };
  file("wrong.cfg", "[part]\n\ncount = 11\n");
  refuse("include = wrong.cfg\n", folder.path("wrong.cfg") + ": line 3: part.count = 11: must be 1 .. 10");
  refuse("include = none.cfg\n", "none.cfg (included by " + folder.path("b.cfg") + ") does not exist");
  refuse("include = base\n", "is a folder");
  refuse("include = b.cfg\n", "b.cfg includes " + folder.path("b.cfg") + "; take one of these includes out");
  file("base/round.cfg", "include = ../b.cfg\n");
  refuse("include = base/round.cfg\n", "b.cfg includes " + folder.path("base/round.cfg") + " includes ");
  refuse("[part]\ninclude = leaf.cfg\n", "unknown key part.include");
  // a file that two others include is no loop
  file("twice.cfg", "include = leaf.cfg, base/first.cfg\n[part]\nrate = 0\n");
  CHECK_NOTHROW(Settings::from_file(folder.path("twice.cfg")));
}

TEST_CASE("keys that differ between two configs are told with both values, also those that one has alone") {
  Part one, other;
  other.count = 4;
  std::string more = "x";
  std::vector<Section> longer = other.sections();
  longer.push_back({"more", {{"thing", more, "what"}}});
  const auto text = [](const std::vector<KeyDifference>& all) {
    std::string lines;
    for (const KeyDifference& key : all) lines += key.name + ' ' + key.before + '>' + key.now + '\n';
    return lines;
  };
  CHECK(text(differences(one.sections(), longer)) == "part.count 3>4\nmore.thing >x\n");
  CHECK(text(differences(longer, one.sections())) == "part.count 4>3\nmore.thing x>\n");
  CHECK(differences(one.sections(), one.sections()).empty());
}

TEST_CASE("any value of the command line is dumped so that it reads back, and a file may quote its own") {
  std::string name;
  std::vector<std::string> paths;
  const std::vector<Section> sections = {
      {"run", {{"name", name, "what # it is called"}, Key("paths", paths, "where \"it\" lies").separated()}}};
  const auto set = [&](const std::string& value) {
    Settings settings = Settings::from_text("", "x.cfg");
    settings.override_with({"run.name=" + value, "run.paths=" + value + ", b"});
    settings.apply_to(sections);
    const std::string was_name = name, dumped = dump_config(sections);
    const std::vector<std::string> was_paths = paths;
    name = "";
    paths = {};
    Settings::from_text(dumped, "x.cfg").apply_to(sections);
    INFO(dumped);
    CHECK(name == was_name);
    CHECK(paths == was_paths);
    return name;
  };
  for (const char* value : {"a # b", "a\nb", " a", "a ", " ", "my#notes.txt", "# a", "", "a\x01", "a\\", "a \"b\""})
    CHECK(set(value) == value);
  CHECK(paths.size() == 2);
  // quotation marks of the command line are the value's own
  Settings quoted = Settings::from_text("", "x.cfg");
  quoted.override_with({"run.name=\"What"});
  quoted.apply_to(sections);
  CHECK(name == "\"What");
  Settings::from_text("[run]\nname = \" a # b\" # c\npaths = my#notes.txt, \"x, y\" # z", "x.cfg").apply_to(sections);
  CHECK(name == " a # b");
  CHECK(paths == std::vector<std::string>{"my#notes.txt", "x, y"});
  CHECK_THROWS_WITH(Settings::from_text("[run]\nname = \"a", "x.cfg").apply_to(sections),
                    Catch::Contains("x.cfg: line 2: run.name") && Catch::Contains("is not closed"));
  CHECK_THROWS_WITH(Settings::from_text("[run]\nname = a\x01", "x.cfg"), Catch::Contains("control byte"));
}

TEST_CASE("numbers may be written with a plus and as 1e3, and truth in capitals") {
  CHECK(read("[part]\ncount = 1e1\n").count == 10);
  CHECK(read("[part]\ncount = +7\n").count == 7);
  CHECK(read("[part]\ncount = 7.0\n").count == 7);
  CHECK(read("[part]\nrate = +1e-3\n").rate == 1e-3);
  CHECK(read("[part]\nflag = True\n").flag);
  CHECK_FALSE(read("[part]\nflag = NO\n").flag);
  const auto refuse = [](const std::string& text, const std::string& message) {
    INFO(text);
    CHECK_THROWS_WITH(read("[part]\n" + text + "\n"), Catch::Contains(message));
  };
  refuse("count = +-7", "needs a whole number");
  refuse("rate = +-1", "needs a number");
  refuse("count = 1.5e0", "needs a whole number");
  refuse("count = 1e17", "beyond 2^53");
  refuse("rate = 1e999", "rate = 1e999: is beyond what a number can be");
}

TEST_CASE("a leading ~/ of a path is the user's home, in a config and on the command line") {
  const std::string home = std::getenv("HOME");
  std::string file, text;
  std::vector<std::string> files;
  const std::vector<Section> sections = {{"run",
                                          {Key("file", file, "a file").path(), Key("text", text, "a text"),
                                           Key("files", files, "files").separated().path()}}};
  Settings settings = Settings::from_text("[run]\nfile = ~/a\ntext = ~/a\n", "x.cfg");
  settings.override_with({"run.files=~/b, c/~/d, ~e"});
  settings.apply_to(sections);
  CHECK(file == home + "/a");
  CHECK(text == "~/a");
  CHECK(files == std::vector<std::string>{home + "/b", "c/~/d", "~e"});
}

TEST_CASE("line ends of Windows and a byte order mark do not matter") {
  const TemporaryFolder folder;
  Part part;
  Settings::from_file(folder.write("x.cfg", "\xEF\xBB\xBF[part]\r\ncount = 7\r\nkind = b c\r\n"))
      .apply_to(part.sections());
  CHECK(part.count == 7);
  CHECK(part.kind == "b c");
}

TEST_CASE("a run's name is the name of a folder") {
  for (const char* name : {"", "..", "../x", "a/b", ".hidden"}) {
    CHECK_THROWS_WITH(Experiment(Settings::from_text(std::string("[run]\nname = ") + name + '\n', "x.cfg")),
                      Catch::Contains("run.name = "));
  }
}

TEST_CASE("a dumped config reads back to the same values, to the last bit") {
  Part part;
  part.rate = 0.1 + 0.2;
  part.flag = true;
  part.kind = "b c";
  part.colour = Colour::green;
  const Part again = read(dump_config(part.sections()));
  REQUIRE(again.rate == part.rate);
  REQUIRE(again.flag);
  REQUIRE(again.kind == "b c");
  REQUIRE(again.colour == Colour::green);
  Experiment all(Settings::from_text("", "nothing"));
  REQUIRE(dump_config(Experiment(Settings::from_text(dump_config(all.sections()), "dump")).sections()) ==
          dump_config(all.sections()));
}

TEST_CASE("each name of an enumeration sets its value, and a value without a name is told") {
  for (const auto& [value, name] : names_of(Colour{})) {
    const Part part = read(std::string("[part]\ncolour = ") + name + '\n');
    CHECK(part.colour == value);
    CHECK(name_of(part.colour) == name);
  }
  CHECK_THROWS_WITH(name_of(Activation::none), Catch::Contains("has no name"));
}

TEST_CASE("every key has a meaning, and the help shows it with default and bounds") {
  Experiment all(Settings::from_text("", "nothing"));
  const std::string help = describe_keys(all.sections());
  for (const Section& section : all.sections()) {
    for (const Key& key : section.keys) {
      CHECK(key.help.size() > 5);
      CHECK_THAT(help, Catch::Contains(key.name + " = " + value_text(key)));
    }
  }
  Part part;
  CHECK_THAT(describe_keys(part.sections()),
             Catch::Contains("how many (1 .. 10)") && Catch::Contains("which (a | b c)") &&
                 Catch::Contains("colour = dark red") && Catch::Contains("of what (green | dark red)"));
  CHECK_THAT(describe_keys(part.sections()), Catch::Contains("whether\n"));  // yes or no has no bounds
}

TEST_CASE("on resume a key may change only if its part says so") {
  Part before, now;
  now.count = 5;
  REQUIRE_NOTHROW(check_resumable(before.sections(), now.sections()));
  now.rate = 0.2;
  REQUIRE_THROWS_WITH(check_resumable(before.sections(), now.sections()),
                      Catch::Contains("part.rate was 0.1 and may not become 0.2"));
  now = before;
  before.kind = "";  // what was left empty may not be filled, nor what was given be emptied
  REQUIRE_THROWS_WITH(check_resumable(before.sections(), now.sections()),
                      Catch::Contains("part.kind was empty and may not become a"));
  REQUIRE_THROWS_WITH(check_resumable(now.sections(), before.sections()), Catch::Contains("part.kind was a and"));
}

TEST_CASE("a command line takes words, options in both spellings, flags and overrides") {
  Part part;
  CommandLine line;
  line.usage = "try WORD";
  line.options = part.sections()[0].keys;
  line.settings = setting_names;
  REQUIRE(line.parse({"word", "--count", "4", "--rate=0.5", "--flag", "--other.key", "v"}));
  REQUIRE(line.positional == std::vector<std::string>{"word"});
  REQUIRE(part.count == 4);
  REQUIRE(part.rate == 0.5);
  REQUIRE(part.flag);
  REQUIRE(line.assignments == std::vector<std::string>{"other.key=v"});
  CommandLine dashes = line;
  dashes.positional.clear();
  REQUIRE(dashes.parse({"--", "--count"}));
  REQUIRE(dashes.positional == std::vector<std::string>{"--count"});
}

TEST_CASE("help is printed with its notes behind the options, and ends the command") {
  Part part;
  CommandLine line;
  line.usage = "try WORD";
  line.options = part.sections()[0].keys;
  line.notes = [] { return "\nand more\n"; };
  std::ostringstream printed;
  std::streambuf* const before = std::cout.rdbuf(printed.rdbuf());
  const bool goes_on = line.parse({"word", "--help", "--unknown"});
  std::cout.rdbuf(before);
  CHECK_FALSE(goes_on);
  CHECK(printed.str() == line.help());
  CHECK_THAT(printed.str(), Catch::StartsWith("usage: heddle try WORD\n") && Catch::Contains("--count") &&
                                Catch::EndsWith("\nand more\n"));
}

TEST_CASE("an option's text may hold what a config file's may not") {
  std::string prompt;
  CommandLine line;
  line.words = 0;
  line.options = {{"prompt", prompt, "text to continue"}};
  REQUIRE(line.parse({"--prompt", " KING:\n# 1 "}));
  REQUIRE(prompt == " KING:\n# 1 ");
}

TEST_CASE("what a command line gets wrong is a usage error that says what to do") {
  Part part;
  const auto refuse = [&](const std::vector<std::string>& arguments, const std::string& message) {
    CommandLine line;
    line.usage = "try WORD";
    line.options = part.sections()[0].keys;
    line.settings = setting_names;
    CHECK_THROWS_AS(line.parse(arguments), UsageError);
    CHECK_THROWS_WITH(line.parse(arguments), Catch::Contains(message));
  };
  refuse({"a", "--cuont=3"},
         "unknown option --cuont; did you mean --count? (settings are written --section.key=value)");
  refuse({"a", "--count"}, "--count needs a value");
  refuse({"a", "--count", "--count=3"}, "--count needs a value; write --count=... for one that begins with --");
  refuse({"a", "--part.count"}, "--part.count needs a value");
  refuse({"a", "--count=11"}, "must be 1 .. 10");
  refuse({}, "usage: heddle try WORD");
}

TEST_CASE("what follows the first = of an override is its value") {
  std::string path;
  Settings settings = Settings::from_text("", "x.cfg");
  settings.override_with({"data.path=a=b=c.txt"});
  settings.apply_to({{"data", {{"path", path, "where it lies"}}}});
  CHECK(path == "a=b=c.txt");
}

}  // namespace heddle
