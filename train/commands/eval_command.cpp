#include <fmt/format.h>

#include <cmath>
#include <iostream>

#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/run/checkpoint.h"
#include "train/run/trainer.h"

namespace heddle {
namespace {

struct EvalOptions {
  std::string split = "val";
  std::int64_t batches = 0;
  bool json = false;

  std::vector<Key> keys() {
    return {
        {"split", split, "which part of the text", {"val", "train"}},
        {"batches", batches, "batches of windows, spread over the part; 0: every token once", 0},
        {"json", json, "print JSON"},
    };
  }
};

}  // namespace

int eval_command(const std::vector<std::string>& arguments) {
  EvalOptions options;
  CommandLine line;
  line.usage = "eval RUN [options]";
  line.summary =
      "Loss of a trained model (a run's folder: its best.h5; or a checkpoint) on the text of its config, or on "
      "another\n"
      "given by --data.path=PATH.";
  line.options = options.keys();
  line.overrides = true;
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  const auto path = find_checkpoint(line.positional[0], {"best.h5", "last.h5"});
  const LoadedRun run = load_checkpoint(path);
  Settings settings;
  settings.override_with(line.assignments);
  std::vector<Section> sections = run.experiment->sections();
  std::erase_if(sections, [](const Section& s) { return s.name == "model" || s.name == "optim"; });  // they are settled
  settings.apply_to(sections);
  run.experiment->apply_to_process();
  keep_rounded_weights(*run.model);
  const Corpus corpus = load_corpus(run.experiment->data, static_cast<std::uint64_t>(run.experiment->run.seed),
                                    run.model->block_size(), run.tokenizer);
  const auto& tokens = options.split == "val" ? corpus.val : corpus.train;
  const double loss = evaluate_loss(*run.model, tokens, run.experiment->train.batch_size, options.batches);
  const double perplexity = std::exp(loss);
  const bool predicts = run.model->predicts_next_token();
  const bool bits = options.split == "val" && predicts && corpus.tokenizer->lossless();
  if (options.json) {
    nlohmann::json out = {
        {"checkpoint", path.string()}, {"step", run.state.step}, {"split", options.split}, {"loss", loss}};
    if (predicts) out["perplexity"] = perplexity;
    if (bits) {
      out["bits_per_character"] = corpus.bits_per_character(loss);
      out["bits_per_byte"] = corpus.bits_per_byte(loss);
    }
    print_json(out);
  } else {
    std::cout << fmt::format("{} after step {}, {} split: {:.4f} nats a {}{}\n", path.string(), run.state.step,
                             options.split, loss,
                             predicts ? fmt::format("token, perplexity {:.2f}", perplexity) : "pair",
                             bits ? fmt::format(", {:.4f} bits a character, {:.4f} bits a byte",
                                                corpus.bits_per_character(loss), corpus.bits_per_byte(loss))
                                  : "");
  }
  return 0;
}

}  // namespace heddle
