#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "framework/check.h"
#include "framework/system/ranks.h"
#include "framework/system/resources.h"
#include "train/commands/commands.h"
#include "train/config/config.h"
#include "train/run/origin.h"
#include "train/run/stop.h"

namespace heddle {

CommandFunction train_command, resume_command, eval_command, generate_command, predict_command, tokenizer_command,
    embed_command, inspect_command, report_command, doctor_command, sweep_command, runs_command, config_command,
    bench_command;

}  // namespace heddle

namespace {

constexpr heddle::Command kCommands[] = {
    {"train", "train a model as a config says", heddle::train_command, true},
    {"resume", "go on with a run that was stopped", heddle::resume_command, true},
    {"eval", "loss, accuracy and other figures of a trained model", heddle::eval_command},
    {"generate", "write or translate text with a trained model", heddle::generate_command},
    {"predict", "classes of files or texts, probabilities of a text's tokens", heddle::predict_command},
    {"tokenizer", "train a byte-pair vocabulary, encode and decode, see how text is cut", heddle::tokenizer_command},
    {"embed", "ask word vectors: neighbours, analogies, axes, projections", heddle::embed_command},
    {"inspect", "see inside a trained model: attention, heads, circuits, spaces, a prediction layer by layer",
     heddle::inspect_command},
    {"report", "one page for a browser about a run, or two side by side", heddle::report_command},
    {"sweep", "train every combination of some values of settings, and compare them", heddle::sweep_command},
    {"runs", "list and compare runs, find where two part, delete what they left", heddle::runs_command},
    {"config", "show a config with every key, its value and meaning", heddle::config_command},
    {"doctor", "look for what is wrong with a config, its data and model before they are trained",
     heddle::doctor_command},
    {"bench", "measure speed and memory", heddle::bench_command, true},
};

std::string usage() {
  std::string text =
      "usage: heddle COMMAND ...\n\nTrains small language models, word vectors and classifiers on CPUs, and uses "
      "them.\n\ncommands:\n";
  for (const auto& command : kCommands)
    text += std::string("  ") + command.name + std::string(11 - std::string(command.name).size(), ' ') +
            command.summary + '\n';
  return text + "\nheddle COMMAND --help tells more; heddle --version says which heddle this is.\n";
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    std::fputs(usage().c_str(), arguments.empty() ? stderr : stdout);
    return arguments.empty() ? 2 : 0;
  }
  if (arguments[0] == "--version") {
    std::printf("%s\n%s\n", heddle::Origin::version_text().c_str(), heddle::Origin::libraries_text().c_str());
    return 0;
  }
  for (const auto& command : kCommands) {
    if (arguments[0] != command.name) continue;
    heddle::check_shared_out(command, command.name);
    const heddle::JoinedRanks joined;
    return command.run({arguments.begin() + 1, arguments.end()});
  }
  throw heddle::UsageError("no command '" + arguments[0] + "'; heddle --help lists them");
}

/// The line of an error, and its exit status.
int fail(const std::string& why, int status) {
  if (heddle::ranks() > 1) heddle::abort_ranks(why, status);
  std::fprintf(stderr, "heddle: %s\n", why.c_str());
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit on file sizes fails then, as on a full disk
  if (heddle::rank() != 0 && std::freopen("/dev/null", "w", stdout) == nullptr) return 1;  // rank 0 speaks for all
  try {
    const int status = run({argv + 1, argv + argc});
    std::cout.flush();
    heddle::ensure(std::cout.good() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0,
                   "standard output cannot be written; is the disk full?");
    return status;
  } catch (const heddle::UsageError& e) {
    return fail(e.what(), 2);
  } catch (const heddle::Stopped& e) {
    return fail(e.what(), heddle::kStoppedStatus);
  } catch (const std::bad_alloc&) {
    const std::string space = heddle::address_space_limit();
    return fail("out of memory" + (space.empty() ? "" : ", with " + space) +
                    "; try a smaller train.batch_size, model.block_size or model.n_embd",
                1);
  } catch (const std::exception& e) {
    return fail(e.what(), 1);
  }
}
