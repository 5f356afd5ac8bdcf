#include "train/log/terminal.h"

#include <pty.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>

namespace heddle {
namespace {

/// A terminal, and its end that a program writes to.
struct Terminal {
  Terminal() { REQUIRE(openpty(&master, &fd, nullptr, nullptr, nullptr) == 0); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    close(master);
    close(fd);
  }
  int master = -1, fd = -1;
};

/// An environment variable, while this lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    value != nullptr ? setenv(name, value, 1) : unsetenv(name);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { before_ ? setenv(name_, before_->c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("lines are drawn and coloured on terminals alone that can, and colours where they are wanted") {
  const Terminal terminal;
  const Variable colours("NO_COLOR", nullptr);
  for (const auto& [term, can] : {std::pair("xterm", true), {"dumb", false}, {"", false}}) {
    const Variable kind("TERM", term);
    CHECK(is_drawn_on(terminal.fd) == can);
    CHECK(shows_colours(terminal.fd) == can);
    const Variable none("NO_COLOR", "1");
    CHECK(is_drawn_on(terminal.fd) == can);
    CHECK_FALSE(shows_colours(terminal.fd));
    const Variable empty("NO_COLOR", "");
    CHECK(shows_colours(terminal.fd) == can);
  }
  const Variable unset("TERM", nullptr);
  CHECK_FALSE(is_drawn_on(terminal.fd));
  const Variable kind("TERM", "xterm");
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);
  CHECK_FALSE(is_drawn_on(pipe_ends[1]));
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST_CASE("a terminal is shown no control characters and no broken UTF-8, whole characters as they come, a pipe all") {
  const std::string text =
      "a\x1B[2J\tb\n\xE2\x82\xAC\xF0\x9F\x98\x80\xFF"
      "c\r\xE2\x82";
  const std::string shown = "a\\u{1B}[2J\tb\n\xE2\x82\xAC\xF0\x9F\x98\x80\\xFFc\\r\\xE2\\x82";
  for (const std::size_t size : {1, 2, 3, 5, 100}) {
    TextOutput terminal(true), pipe(false);
    std::string on_terminal, in_pipe;
    for (std::size_t at = 0; at < text.size(); at += size) {
      on_terminal += terminal.shown(std::string_view(text).substr(at, size));
      in_pipe += pipe.shown(std::string_view(text).substr(at, size));
    }
    CHECK(on_terminal + terminal.rest() == shown);
    CHECK(in_pipe + pipe.rest() == text);
    CHECK(terminal.rest().empty());
  }
  TextOutput terminal(true);
  CHECK(terminal.shown("x\xE2\x82") == "x");
  CHECK(terminal.shown("\xAC") == "\xE2\x82\xAC");
  CHECK(terminal.shown("\xFF") == "\\xFF");  // begins no character: nothing to wait for
}

}  // namespace heddle
