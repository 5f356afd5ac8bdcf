#include <unistd.h>

#include <iostream>
#include <iterator>

#include "train/checkpoint.h"
#include "train/commands.h"
#include "train/generate.h"

namespace heddle {
namespace {

struct GenerateOptions {
  std::int64_t tokens = 500, threads = 0;
  std::string prompt;
  bool no_cache = false;
  SamplingConfig sampling;

  std::vector<Key> keys() {
    std::vector<Key> all = {
        {"tokens", tokens, "how many to write", 0},
        {"prompt", prompt, "text to continue; -: read from standard input"},
        {"threads", threads, "threads to use; 0: one a core", 0, 1024},
        {"no_cache", no_cache, "compute every token from the whole window: the same text, slowly"},
    };
    for (Key& key : sampling.keys()) all.push_back(std::move(key));
    return all;
  }
};

}  // namespace

int generate_command(const std::vector<std::string>& arguments) {
  GenerateOptions options;
  CommandLine line;
  line.usage = "generate RUN [options]";
  line.summary =
      "Writes text with a trained model (a run's folder: its best.h5; or a checkpoint), token by token as it comes.";
  line.options = options.keys();
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  const LoadedRun run = load_checkpoint(find_checkpoint(line.positional[0], {"best.h5", "last.h5"}));
  run.experiment->run.threads = options.threads;
  run.experiment->run.precision = "f32";  // one row at a time, rounding the weights again costs more than it saves
  run.experiment->apply_to_process();
  std::string prompt = options.prompt;
  if (prompt == "-") prompt.assign(std::istreambuf_iterator<char>(std::cin), {});
  const auto tokens = encode_prompt(*run.tokenizer, prompt);
  std::cout << prompt << std::flush;
  generate(
      *run.model, tokens, options.tokens, options.sampling,
      [&, before = tokens.back()](std::int32_t id) mutable {
        std::string text;
        run.tokenizer->decode_next(text, before, id);
        before = id;
        std::cout << text << std::flush;
        return std::cout.good();
      },
      !options.no_cache);
  std::cout << '\n';
  return 0;
}

}  // namespace heddle
