#include <iostream>
#include <iterator>
#include <optional>
#include <utility>

#include "data/io/lines.h"
#include "data/pairs/pairs.h"
#include "framework/gemm.h"
#include "models/capabilities.h"
#include "train/commands/commands.h"
#include "train/decode/beam.h"
#include "train/decode/generate.h"
#include "train/log/terminal.h"
#include "train/run/checkpoint.h"

namespace heddle {
namespace {

struct GenerateOptions {
  std::int64_t tokens = 500, samples = 1, threads = 0;
  std::vector<std::string> prompts;
  Precision precision = Precision::bf16;
  bool no_cache = false;
  SamplingConfig sampling;
  std::string source;
  BeamConfig beam;

  std::vector<Key> keys() {
    std::vector<Key> all = {
        {"tokens", tokens, "how many to write", 0},
        {"prompt", prompts,
         "text to continue, or several; -: read from standard input, less the line end that ends it"},
        {"samples", samples, "texts to write for each prompt, with seeds one after another", 1, 1024},
        {"threads", threads, "threads to use; 0: one a core", 0, 1024},
        {"precision", precision, "of the weights; bf16: half the memory to read for each token"},
        {"no_cache", no_cache, "compute every token from the whole window: the same text, slowly"},
    };
    for (Key& key : sampling.keys()) all.push_back(std::move(key));
    all.push_back(
        Key("source", source, "translate the sentences of this file, line by line; -: of standard input").path());
    for (Key& key : beam.keys()) all.push_back(std::move(key));
    return all;
  }
};

/// Prints the translation of each line of a file; of one without a word an empty line.
void print_translations(Translator& model, const Tokenizer& tokenizer, const GenerateOptions& options) {
  const SentenceEnds ends = sentence_ends(tokenizer.state());
  std::vector<std::string> lines;
  if (options.source == "-") {
    for (std::string line; std::getline(std::cin, line);) lines.push_back(line);
  } else {
    for_lines(options.source, "text", [&](const std::string& line, const std::string&) { lines.push_back(line); });
  }
  index_t cut = 0;
  auto sentences = encode_sentences(tokenizer, lines, model.context_size(), cut);
  if (cut > 0)
    std::cerr << cut << " sentences are cut to " << model.context_size() << " tokens, the model's block_size\n";
  std::vector<std::vector<std::int32_t>> sources;
  for (auto& sentence : sentences) {
    if (sentence.empty()) continue;
    sentence.push_back(ends.end);
    sources.push_back(sentence);
  }
  const auto found =
      beam_search(model, sources, {ends.begin, ends.end}, options.beam, Precision::f32, 256, !options.no_cache);
  std::size_t next = 0;
  for (const auto& sentence : sentences)
    std::cout << (sentence.empty() ? "" : tokenizer.decode(found[next++].tokens)) << '\n';
}

}  // namespace

int generate_command(const std::vector<std::string>& arguments) {
  GenerateOptions options;
  CommandLine line;
  line.usage = "generate RUN [options]";
  line.summary =
      "Writes text with a trained model (a run's folder: its best.h5; or a checkpoint), token by token as it "
      "comes;\nseveral prompts or samples are written together. With --source it translates.";
  line.options = options.keys();
  if (!line.parse(arguments)) return 0;
  const LoadedRun run = load_checkpoint(find_checkpoint(line.positional[0], kUsable));
  Translator* const translator =
      options.source.empty()
          ? nullptr
          : &capability<Translator>(*run.model, "generate --source", "leave --source out to continue a text");
  NextToken* const writer =
      translator != nullptr
          ? nullptr
          : &capability<NextToken>(
                *run.model, "generate",
                "ask word vectors with heddle embed, classes with heddle eval, translate with --source");
  const auto tokenizer = run.tokenizer();
  if (options.threads > 0) set_threads(static_cast<int>(options.threads));
  if (options.precision == Precision::bf16) round_weights(*run.model);
  if (translator != nullptr) {
    tell_checkpoint(run.name());
    print_translations(*translator, *tokenizer, options);
    return 0;
  }
  if (options.prompts.empty()) options.prompts.emplace_back();
  std::vector<std::string> texts;
  std::vector<std::vector<std::int32_t>> tokens;
  std::optional<std::string> input;
  for (std::string& prompt : options.prompts) {
    if (prompt == "-") {
      if (!input) input.emplace(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
      prompt = *input;
      if (prompt.ends_with('\n')) prompt.pop_back();  // echo and editors add one; a second is the prompt's own
      if (prompt.ends_with('\r')) prompt.pop_back();
    }
    const Prompt begin = encode_prompt(*tokenizer, prompt);
    tell({unknown_notice("the prompt", *tokenizer, begin.ids)});
    for (std::int64_t i = 0; i < options.samples; ++i) {
      texts.push_back(begin.text);
      tokens.push_back(begin.ids);
    }
  }
  tell_checkpoint(run.name());
  // One text appears as it is written, several when all are.
  const bool alone = texts.size() == 1;
  TextOutput shown;
  if (alone) std::cout << shown.shown(texts[0]) << std::flush;
  std::vector<std::int32_t> before;
  for (const auto& prompt : tokens) before.push_back(prompt.back());
  generate(
      *writer, tokens, options.tokens, options.sampling,
      [&](std::size_t which, std::int32_t id) {
        std::string text;
        tokenizer->decode_next(text, std::exchange(before[which], id), id);
        if (!alone) {
          texts[which] += text;
          return true;
        }
        std::cout << shown.shown(text) << std::flush;
        return std::cout.good();
      },
      !options.no_cache);
  for (std::size_t i = 0; !alone && i < texts.size(); ++i)
    std::cout << (i > 0 ? "\n" : "") << "--- " << i + 1 << " ---\n" << shown.shown(texts[i]) << shown.rest();
  std::cout << shown.rest() << '\n';
  return 0;
}

}  // namespace heddle
