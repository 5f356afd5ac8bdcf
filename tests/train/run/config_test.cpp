#include "train/run/config.h"

#include <catch2/catch.hpp>

#include "tests/temporary_folder.h"
#include "train/run/experiment.h"

namespace heddle {
namespace {

struct Part {
  std::int64_t count = 3;
  double rate = 0.1;
  bool flag = false;
  std::string kind = "a";

  std::vector<Section> sections() {
    return {{"part",
             {Key("count", count, "how many", 1, 10).resumable(),
              {"rate", rate, "how fast", 0.0, 1.0},
              {"flag", flag, "whether"},
              {"kind", kind, "which", {"a", "b c"}}}}};
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
  refuse("[part]\ncount = 99999999999999999999\n", "needs a whole number");
  refuse("[part]\ncount = 11\n", "must be 1 .. 10");
  refuse("[part]\nrate = fast\n", "needs a number");
  refuse("[part]\nrate = nan\n", "needs a number");
  refuse("[part]\nrate = inf\n", "needs a number");
  refuse("[part]\nrate = -0.1\n", "must be 0 .. 1");
  refuse("[part]\nflag = maybe\n", "needs true or false");
  refuse("[part]\nkind = c\n", "choose one of a, b c");
  refuse("[part]\ncount = 3\ncount = 4\n", "part.count is given twice");
  refuse("[part]\ncount\n", "lines are [section], key = value, or # comment");
  refuse("count = 3\n", "stands before the first [section]");
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(Settings::from_file(folder.path()), Catch::Contains("is a folder"));
  CHECK_THROWS_WITH(Settings::from_file(folder.path("none.cfg")), Catch::Contains("none.cfg does not exist"));
  CHECK_THROWS_WITH(read("", {"part.count=x"}), Catch::Contains("command line: part.count = x"));
}

TEST_CASE("a value that a config file could not hold is refused") {
  std::string name;
  const auto set = [&](const std::string& value) {
    Settings settings = Settings::from_text("", "x.cfg");
    settings.override_with({"run.name=" + value});
    settings.apply_to({{"run", {{"name", name, "what it is called"}}}});
  };
  for (const char* value : {"a # b", "a\nb"}) CHECK_THROWS_WITH(set(value), Catch::Contains("without '#'"));
  for (const char* value : {" a", "a ", " "}) CHECK_THROWS_WITH(set(value), Catch::Contains("with a space"));
  set("a b");
  CHECK(name == "a b");
  set("");
  CHECK(name.empty());
}

TEST_CASE("line ends of Windows and a byte order mark do not matter") {
  const Part part = read("\xEF\xBB\xBF[part]\r\ncount = 7\r\nkind = b c\r\n");
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
  const Part again = read(dump_config(part.sections()));
  REQUIRE(again.rate == part.rate);
  REQUIRE(again.flag);
  REQUIRE(again.kind == "b c");
  Experiment all(Settings::from_text("", "nothing"));
  REQUIRE(dump_config(Experiment(Settings::from_text(dump_config(all.sections()), "dump")).sections()) ==
          dump_config(all.sections()));
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
             Catch::Contains("how many (1 .. 10)") && Catch::Contains("which (a | b c)"));
  CHECK_THAT(describe_keys(part.sections()), Catch::Contains("whether\n"));  // yes or no has no bounds
}

TEST_CASE("on resume a key may change only if its part says so") {
  Part before, now;
  now.count = 5;
  REQUIRE_NOTHROW(check_resumable(before.sections(), now.sections()));
  now.rate = 0.2;
  REQUIRE_THROWS_WITH(check_resumable(before.sections(), now.sections()),
                      Catch::Contains("part.rate was 0.1 and may not become 0.2"));
}

TEST_CASE("a command line takes words, options in both spellings, flags and overrides") {
  Part part;
  CommandLine line;
  line.usage = "try WORD";
  line.options = part.sections()[0].keys;
  line.overrides = true;
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
  REQUIRE_FALSE(dashes.parse({"--help"}));
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
    line.overrides = true;
    CHECK_THROWS_AS(line.parse(arguments), UsageError);
    CHECK_THROWS_WITH(line.parse(arguments), Catch::Contains(message));
  };
  refuse({"a", "--cuont=3"},
         "unknown option --cuont; did you mean --count? (settings are written --section.key=value)");
  refuse({"a", "--count"}, "--count needs a value");
  refuse({"a", "--part.count"}, "--part.count needs a value");
  refuse({"a", "--count=11"}, "must be 1 .. 10");
  refuse({}, "usage: heddle try WORD");
}

}  // namespace heddle
