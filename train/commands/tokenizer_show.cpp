#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "data/io/utf8.h"
#include "data/text/text_source.h"
#include "data/tokenizer/bpe.h"
#include "data/tokenizer/split/splitter.h"
#include "train/analysis/words/token_statistics.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/commands/tokenizer_command.h"
#include "train/config/config.h"
#include "train/log/progress.h"
#include "train/log/terminal.h"
#include "train/run/checkpoint.h"

namespace heddle {
namespace {

std::string summary(const Tokenizer& tokenizer) {
  const TokenizerState& state = tokenizer.state();
  std::string text =
      fmt::format("{} tokenizer, {} tokens", state.kind, human_count(static_cast<double>(tokenizer.vocab_size())));
  if (state.kind == "bpe") {
    text += fmt::format(": 256 bytes, {} merges, {} special; pattern {}",
                        human_count(static_cast<double>(state.merges.size() / 2)),
                        state.specials.size() + state.added.size(), pattern_summary(state));
  }
  return text + '\n';
}

/// The merges of one piece, a line each, as they happen; nothing if there are none.
std::string merging(const Tokenizer& tokenizer, std::string_view piece) {
  const auto steps = bpe_steps(tokenizer.state(), piece);
  if (steps.size() == 1) return "";
  std::string text = "\n" + visible(piece) + '\n';
  for (const auto& ids : steps) {
    text += ' ';
    for (const std::int32_t id : ids) text += ' ' + visible(tokenizer.piece(id));
    text += '\n';
  }
  return text;
}

/// The tokens with their ids under them, as many in a line as fit.
std::string token_lines(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids, bool colour) {
  constexpr std::size_t kWidth = 100;
  constexpr int kColours[] = {44, 42, 45, 46, 43};
  std::string text, pieces, numbers;
  std::size_t used = 0, index = 0;
  const auto flush = [&] {
    if (used > 0) text += pieces + '\n' + numbers + '\n';
    pieces = numbers = "";
    used = 0;
  };
  for (const std::int32_t id : ids) {
    const std::string piece = visible(tokenizer.piece(id)), number = fmt::format("{}", id);
    const std::size_t width = std::max(display_width(piece), number.size());
    if (used + width + 1 > kWidth) flush();
    const std::string padding(width - display_width(piece), ' ');
    pieces +=
        colour ? fmt::format("\033[{};30m{}\033[0m{} ", kColours[index++ % 5], piece, padding) : piece + padding + ' ';
    numbers += number + std::string(width - number.size() + 1, ' ');
    used += width + 1;
  }
  flush();
  return text;
}

/// The merges of the pieces that a text is cut into: of the first few, and of short ones, that a person wants to read.
std::string all_merges(const Tokenizer& tokenizer, const std::string& sentence) {
  constexpr std::size_t kMost = 12, kLongest = 200;  // pieces, and bytes of one
  std::string text;
  std::vector<std::string> shown;
  bool all = true;
  for (const std::string& piece : bpe_pieces(tokenizer.state(), sentence)) {
    if (std::find(shown.begin(), shown.end(), piece) != shown.end()) continue;
    if (shown.size() == kMost || piece.size() > kLongest) {
      all = false;
      continue;
    }
    shown.push_back(piece);
    text += merging(tokenizer, piece);
  }
  if (!all) text += fmt::format("\n(merges of the first {} pieces of at most {} bytes)\n", shown.size(), kLongest);
  return text;
}

nlohmann::json to_json(const TokenStatistics& found) {
  return {{"bytes", found.bytes},
          {"characters", found.characters},
          {"words", found.words},
          {"tokens", found.tokens},
          {"bytes_per_token", found.bytes_per_token()},
          {"vocabulary", found.frequencies.size()},
          {"unused", found.unused},
          {"rare", found.rare}};
}

std::string to_text(const TokenStatistics& found, const Tokenizer& tokenizer) {
  const auto tokens = static_cast<double>(found.tokens), characters = static_cast<double>(found.characters);
  const auto share = [&](std::int64_t n) {
    return fmt::format("{} ({:.1f} %)", human_count(static_cast<double>(n)),
                       100.0 * static_cast<double>(n) / static_cast<double>(found.frequencies.size()));
  };
  std::string text = summary(tokenizer) + fmt::format(
                                              "{} bytes, {} characters, {} words: {} tokens\n"
                                              "{:.3f} bytes a token, {:.3f} characters a token, {:.3f} tokens a word\n"
                                              "of the vocabulary {} are never used, {} less than {} times\n"
                                              "most used:",
                                              human_count(static_cast<double>(found.bytes)), human_count(characters),
                                              human_count(static_cast<double>(found.words)), human_count(tokens),
                                              found.bytes_per_token(), characters / tokens,
                                              tokens / std::max(static_cast<double>(found.words), 1.0),
                                              share(found.unused), share(found.rare), TokenStatistics::kRare);
  for (const std::int32_t id : found.most_used(15))
    text +=
        ' ' + visible(tokenizer.piece(id)) +
        fmt::format(" {:.1f}%", 100 * static_cast<double>(found.frequencies[static_cast<std::size_t>(id)]) / tokens);
  return text + '\n';
}

}  // namespace

int tokenizer_show(const std::vector<std::string>& arguments) {
  std::string sentence = "hello world", pattern = kAutoPattern;
  CommandLine line;
  line.usage = "tokenizer show TOKENIZER [--text TEXT]";
  line.summary =
      "The tokens of a text with their ids, in colour on a terminal, and for byte-pair encoding each piece's merges\n"
      "one after another. TOKENIZER is as with encode.";
  line.options = {{"text", sentence, "what to cut into tokens"},
                  {"pattern", pattern, "the pattern of a .tiktoken file that says none", pattern_choices()}};
  if (!line.parse(arguments)) return 0;
  const LoadedTokenizer loaded = load_tokenizer(line.positional[0], pattern);
  const Tokenizer& tokenizer = *loaded.tokenizer;
  const std::vector<std::int32_t> ids = tokenizer.encode(sentence, Specials::allowed);
  tell_source(loaded);
  std::cout << summary(tokenizer);
  if (tokenizer.state().kind == "bpe") std::cout << all_merges(tokenizer, sentence);
  std::cout << fmt::format("\n{} bytes, tokens: {}\n", sentence.size(), ids.size())
            << token_lines(tokenizer, ids, shows_colours(STDOUT_FILENO));
  return 0;
}

int tokenizer_stats(const std::vector<std::string>& arguments) {
  std::vector<std::string> inputs;
  std::string pattern = kAutoPattern;
  bool json = false;
  CommandLine line;
  line.usage = "tokenizer stats TOKENIZER --input PATH... [options]";
  line.summary = "How well a vocabulary fits a text: bytes a token, tokens that are never or rarely used.";
  line.options = {Key("input", inputs, "texts: files or folders").path(),
                  {"pattern", pattern, "the pattern of a .tiktoken file that says none", pattern_choices()},
                  {"json", json, "print JSON"}};
  if (!line.parse(arguments)) return 0;
  if (inputs.empty()) throw UsageError("tokenizer stats: no text; name one or several with --input PATH ...");
  const LoadedTokenizer loaded = load_tokenizer(line.positional[0], pattern);
  TextSource source(inputs);
  ensure(source.size() > 0, "text: ", inputs[0], " is empty; there is nothing to count");
  const TokenStatistics found = token_statistics(
      *loaded.tokenizer, [&](std::string& text, std::size_t count) { return source.read(text, count); });
  ensure(found.tokens > 0, "text: ", inputs[0], " holds no token of this tokenizer; there is nothing to count");
  tell(source.notices());
  tell_source(loaded);
  print_answer(json, to_json(found), to_text(found, *loaded.tokenizer));
  return 0;
}

}  // namespace heddle
