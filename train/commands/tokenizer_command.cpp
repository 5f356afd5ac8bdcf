#include "train/commands/tokenizer_command.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <iostream>

#include "data/text/text_source.h"
#include "data/text/token_file.h"
#include "data/tokenizer/bpe_trainer.h"
#include "data/tokenizer/file.h"
#include "data/tokenizer/split/splitter.h"
#include "framework/parallel.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/log/progress.h"
#include "train/run/checkpoint.h"
#include "train/run/stop.h"

namespace heddle {
namespace {

ReadBlock reader(TextSource& source) {
  return [&source](std::string& text, std::size_t count) { return source.read(text, count); };
}

constexpr const char* kStopping = "stopping\n";

/// Errors (Stopped): a signal came.
void check_stop() {
  if (StopOnSignal::requested() != 0) throw Stopped("stopped; nothing was written");
}

/// Errors (usage): no text was named.
void check_input(const std::vector<std::string>& paths) {
  if (paths.empty()) throw UsageError("tokenizer: no text; name one or several with --input PATH ...");
}

}  // namespace

void tell_source(const LoadedTokenizer& loaded) {
  if (loaded.checkpoint) tell_checkpoint(*loaded.checkpoint);
  for (const std::string& notice : loaded.notices) std::cerr << "tokenizer: " + notice + '\n';
}

CommandFunction tokenizer_train, tokenizer_encode, tokenizer_decode, tokenizer_show, tokenizer_stats;

int tokenizer_command(const std::vector<std::string>& arguments) {
  return run_part("tokenizer",
                  {{"train", "learn a byte-pair vocabulary from text", tokenizer_train},
                   {"encode", "text to token ids", tokenizer_encode},
                   {"decode", "token ids to text", tokenizer_decode},
                   {"show", "how a text is cut into tokens, merge by merge", tokenizer_show},
                   {"stats", "how well a vocabulary fits a text", tokenizer_stats}},
                  arguments);
}

int tokenizer_train(const std::vector<std::string>& arguments) {
  BpeOptions bpe;
  std::vector<std::string> inputs;
  std::string output, pattern = "gpt2";
  std::int64_t thread_count = 0;
  CommandLine line;
  line.usage = "tokenizer train --input PATH... --vocab-size N --output FILE [options]";
  line.summary =
      "Learns a byte-pair vocabulary from text: files, folders, or builtin:kingdom. FILE.json is written as Hugging\n"
      "Face's tokenizer.json, FILE.tiktoken as tiktoken's ranks, with FILE.tiktoken.json for what those do not say;\n"
      "anything else is a folder for GPT-2's two files.";
  line.options = {
      Key("input", inputs, "texts: files or folders").path(),
      {"vocab_size", bpe.vocab_size, "most tokens: 256 bytes, merges and special tokens", 1},
      {"pattern", pattern, "how text is cut before merging", pattern_names()},
      {"special", bpe.specials, "special tokens, such as '<|endoftext|>'"},
      {"min_frequency", bpe.min_count, "rarer pairs are not merged", 1},
      {"max_token_length", bpe.max_token_length, "longest token in bytes; 0: any length", 0},
      {"threads", thread_count, "threads; 0: one a core", 0, 1024},
      Key("output", output, "where the vocabulary is written").path(),
  };
  line.words = 0;
  if (!line.parse(arguments)) return 0;
  check_input(inputs);
  check_output("tokenizer", output);
  check_tokenizer_path(output, pattern);
  if (thread_count > 0) set_threads(static_cast<int>(thread_count));
  bpe.pattern = pattern_of(pattern);
  const StopOnSignal signals(kStopping);
  TextSource source(inputs);
  Reporter reporter;
  const auto total = static_cast<double>(source.size());
  const TokenizerState learned = train_bpe(reader(source), bpe, [&](const BpeProgress& progress) {
    check_stop();
    reporter.progress(
        progress.pieces == 0
            ? fmt::format("read {} of {}", human_bytes(static_cast<double>(progress.bytes)), human_bytes(total))
            : fmt::format("{} of {} tokens from {} different pieces", human_count(static_cast<double>(progress.tokens)),
                          human_count(static_cast<double>(bpe.vocab_size)),
                          human_count(static_cast<double>(progress.pieces))));
  });
  tell(source.notices());
  const TokenizerState state = with_gpt2_bytes(learned);  // whatever the form, so that all have the same ids
  write_tokenizer(state, output);
  const auto count = static_cast<std::int64_t>(state.pieces.size());
  reporter.line(fmt::format("{}: {} tokens learned from {}", output, human_count(static_cast<double>(count)),
                            human_bytes(total)) +
                (count < bpe.vocab_size ? "; no more pairs are frequent enough (--min-frequency)" : ""));
  return 0;
}

int tokenizer_encode(const std::vector<std::string>& arguments) {
  std::vector<std::string> inputs;
  std::string name, output, pattern = kAutoPattern;
  bool plain = false, json = false;
  CommandLine line;
  line.usage = "tokenizer encode TOKENIZER [--input PATH...] [--output FILE.h5] [options]";
  line.summary =
      "Text to token ids. TOKENIZER is a run, a checkpoint, a token file, a tokenizer.json, a .tiktoken file, or a\n"
      "folder with a tokenizer.json or with GPT-2's two files. Without --input the text is standard input. With "
      "--output the ids go into a\n"
      "token file that data.path can name; else they are printed.";
  line.options = {
      {"tokenizer", name, "the tokenizer, if not the first word"},
      Key("input", inputs, "texts: files or folders").path(),
      Key("output", output, "token file to write").path(),
      {"pattern", pattern, "the pattern of a .tiktoken file that says none", pattern_choices()},
      {"plain", plain, "special tokens in the text are text like any other"},
      {"json", json, "print JSON: ids and the byte at which each begins"},
  };
  line.words = 0;
  line.more_words = 1;
  if (!line.parse(arguments)) return 0;
  if (name.empty() && !line.positional.empty()) name = line.positional[0];
  if (name.empty()) throw UsageError("tokenizer encode: name a tokenizer; usage: heddle " + line.usage);
  if (!output.empty()) {
    check_output("tokenizer", output);
    ensure(!std::filesystem::is_directory(output), "'", output, "' is a folder; name a file");
    check_input(inputs);
  }
  const LoadedTokenizer loaded = load_tokenizer(name, pattern);
  const Tokenizer& tokenizer = *loaded.tokenizer;
  const Specials specials = plain ? Specials::plain : Specials::allowed;
  if (output.empty()) {
    std::string text;
    if (inputs.empty()) {
      text.assign(std::istreambuf_iterator<char>(std::cin), {});
    } else {
      TextSource source(inputs);
      text = source.read_all();
      tell(source.notices());
    }
    const std::vector<std::int32_t> ids = tokenizer.encode(text, specials);
    tell_source(loaded);
    print_answer(json, {{"ids", ids}, {"starts", tokenizer.starts(text, ids)}},
                 fmt::format("{}\n", fmt::join(ids, " ")));
    return 0;
  }
  const StopOnSignal signals(kStopping);
  TextSource source(inputs);
  ensure(source.size() > 0, "text: ", inputs[0], " is empty; there is nothing to encode");
  Reporter reporter;
  const auto total = static_cast<double>(source.size());
  const std::filesystem::path folder = std::filesystem::path(output).parent_path();
  const TokenText text =
      encode_text(tokenizer, reader(source), specials, folder.empty() ? "." : folder, [&](std::uint64_t bytes) {
        check_stop();
        reporter.progress(fmt::format("{} of {}", human_bytes(static_cast<double>(bytes)), human_bytes(total)));
      });
  tell(source.notices());
  save_tokens(output, text);
  tell_source(loaded);
  const auto count = static_cast<double>(text.tokens.count);
  const TokenizerState& state = tokenizer.state();
  reporter.line(fmt::format("{}: {} tokens of {} ({:.2f} bytes a token), {} bytes each{}", output, human_count(count),
                            human_bytes(total), total / count, text.tokens.element_size,
                            state.kind == "bpe" ? "; pattern " + pattern_summary(state) : ""));
  return 0;
}

int tokenizer_decode(const std::vector<std::string>& arguments) {
  std::string name, input, pattern = kAutoPattern;
  CommandLine line;
  line.usage = "tokenizer decode TOKENIZER [--input FILE.h5] [options]";
  line.summary =
      "Token ids to text: those of a token file, or numbers from standard input with anything but digits between\n"
      "them. TOKENIZER is as with encode.";
  line.options = {
      {"tokenizer", name, "the tokenizer, if not the first word"},
      Key("input", input, "token file to read").path(),
      {"pattern", pattern, "the pattern of a .tiktoken file that says none", pattern_choices()},
  };
  line.words = 0;
  line.more_words = 1;
  if (!line.parse(arguments)) return 0;
  if (name.empty() && !line.positional.empty()) name = line.positional[0];
  if (name.empty()) throw UsageError("tokenizer decode: name a tokenizer; usage: heddle " + line.usage);
  const LoadedTokenizer loaded = load_tokenizer(name, pattern);
  const Tokenizer& tokenizer = *loaded.tokenizer;
  std::int32_t before = -1;
  std::string text;
  bool told = false;
  const auto print = [&] {
    if (!told) tell_source(loaded);
    told = true;
    std::cout << text;
    text.clear();
  };
  const auto write = [&](std::int32_t id) {
    tokenizer.decode_next(text, before, id);
    before = id;
    if (text.size() >= (1U << 16U)) print();
  };
  if (!input.empty()) {
    const TokenText file = load_tokens(input);
    ensure(file.tokenizer == tokenizer.state(), "'", input, "' was encoded with another tokenizer than ", name,
           "; name the one that made it, or the token file itself");
    const Tokens tokens(file.tokens);
    for (std::size_t i = 0; i < tokens.size(); ++i) write(tokens[i]);
  } else {
    const std::string numbers(std::istreambuf_iterator<char>(std::cin), {});
    for (const char *at = numbers.data(), *end = at + numbers.size(); at < end;) {
      if ((*at < '0' || *at > '9') && *at != '-') {
        ++at;
        continue;
      }
      std::int32_t id = 0;
      const auto [next, error] = std::from_chars(at, end, id);
      ensure(error == std::errc(), "decode: '",
             std::string_view(at, std::min<std::size_t>(12, static_cast<std::size_t>(end - at))), "' is no token id");
      write(id);
      at = next;
    }
  }
  print();
  return 0;
}

}  // namespace heddle
