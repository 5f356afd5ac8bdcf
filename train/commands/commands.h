#pragma once

#include <string>
#include <vector>

namespace heddle {

struct CheckpointName;
struct KeyDifference;

/// What a command does, or a part of one, each in a file of its own: takes its arguments, returns the exit status, and
/// throws Error for what goes wrong. The table that lists it declares it.
using CommandFunction = int(const std::vector<std::string>& arguments);
/// One row of such a table.
struct Command {
  const char* name;
  const char* summary;
  CommandFunction* run;
  bool shared_out = false;  ///< whether mpirun and srun may start several processes for it, that work together
};

/// Errors (UsageError): several processes were started for a command that one does, `name` as it was given.
void check_shared_out(const Command& command, const std::string& name);

/// Runs the part of `command` that the first argument names; --help lists them. Errors (UsageError): there is none.
int run_part(const std::string& command, const std::vector<Command>& parts, const std::vector<std::string>& arguments);

/// Errors: `path`, where `command` is to write, cannot be made, or its name ends with none of `ends`, if there are
/// such: said before the work and not after it.
void check_output(const std::string& command, const std::string& path, const std::vector<std::string>& ends = {});

/// The names that pictures may have.
inline const std::vector<std::string> kPictures = {".svg", ".png", ".pdf"};
/// Where write_picture writes: NAME.svg.
std::string picture_path(const std::string& path);
/// Writes a picture under a name that check_output let through, and returns what is to be told of it: of NAME.png and
/// NAME.pdf, NAME.svg is written, and the command told that makes the other of it.
std::string write_picture(const std::string& path, const std::string& svg);

/// Rows of cells, the first their names, as CSV or with blanks between, in columns.
std::string rows_text(const std::vector<std::vector<std::string>>& rows, bool csv);
/// The keys that two configs differ in, with both values, a line each; - stands for none.
std::string difference_text(const std::vector<KeyDifference>& keys);

/// Says on standard error what a person should know of the answer, a line each; empty lines say nothing.
void tell(const std::vector<std::string>& notices);
/// Says on standard error which checkpoint an answer comes from, and the steps done until then. To be called just
/// before the answer: of a command that fails, its error is the only line there.
void tell_checkpoint(const CheckpointName& checkpoint);

}  // namespace heddle
