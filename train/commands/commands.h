#pragma once

#include <string>
#include <vector>

namespace heddle {

/// One command of the program: takes its arguments, returns the exit status, and throws Error for what goes wrong.
struct Command {
  const char* name;
  const char* summary;
  int (*run)(const std::vector<std::string>& arguments);
};

/// Runs the part of `command` that the first argument names; --help lists them. Errors (UsageError): there is none.
int run_part(const std::string& command, const std::vector<Command>& parts, const std::vector<std::string>& arguments);

/// Errors: `path`, where `command` is to write, cannot be made, or its name ends with none of `ends`, if there are
/// such: said before the work and not after it.
void check_output(const std::string& command, const std::string& path, const std::vector<std::string>& ends = {});

/// Each in a file of its own, train/NAME_command.cpp.
int train_command(const std::vector<std::string>& arguments);
int resume_command(const std::vector<std::string>& arguments);
int eval_command(const std::vector<std::string>& arguments);
int generate_command(const std::vector<std::string>& arguments);
int config_command(const std::vector<std::string>& arguments);
int tokenizer_command(const std::vector<std::string>& arguments);
int embed_command(const std::vector<std::string>& arguments);
int bench_command(const std::vector<std::string>& arguments);

}  // namespace heddle
