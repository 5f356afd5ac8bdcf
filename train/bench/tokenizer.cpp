#include <fmt/format.h>

#include <algorithm>

#include "data/text/text_source.h"
#include "data/tokenizer/bpe_trainer.h"
#include "framework/clock.h"
#include "framework/parallel.h"
#include "framework/rng.h"
#include "train/bench/bench.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/run/checkpoint.h"

namespace heddle {
namespace {

/// Seconds of the fastest of several runs.
template <class Work>
double best_of(int runs, const Work& work) {
  double best = 1e300;
  for (int i = 0; i < runs; ++i) {
    const double begun = seconds_now();
    work();
    best = std::min(best, seconds_now() - begun);
  }
  return best;
}

/// Texts of `size` bytes that known tokenizers take very long for.
std::vector<std::pair<const char*, std::string>> hard_texts(std::size_t size) {
  const Rng rng(1);
  std::string chinese, random;
  for (std::uint64_t i = 0; chinese.size() + 3 <= size;
       ++i) {  // of the 2,000 first ideographs, one line without spaces
    const std::uint64_t c = 0x4E00 + rng.below(2000, i);
    chinese += static_cast<char>(0xE0 | c >> 12U);
    chinese += static_cast<char>(0x80 | (c >> 6U & 0x3FU));
    chinese += static_cast<char>(0x80 | (c & 0x3FU));
  }
  for (std::uint64_t i = 0; i < size; ++i) {
    const auto byte = static_cast<char>(rng.bits(i));
    random += byte == '\n' ? ' ' : byte;
  }
  return {{"one letter", std::string(size, 'a')},
          {"spaces", std::string(size, ' ')},
          {"Chinese, one line", chinese},
          {"random bytes, one line", random}};
}

nlohmann::json to_json(const TokenizerSpeed& found) {
  nlohmann::json out = {{"threads", found.threads},
                        {"text_bytes", found.text_bytes},
                        {"train_seconds", found.train_seconds},
                        {"train_peak_bytes", found.train_peak_bytes},
                        {"tokens", found.trained},
                        {"encode_mb_per_second", found.read_bytes / found.parallel / 1e6},
                        {"encode_mb_per_second_one_thread", found.read_bytes / found.serial / 1e6},
                        {"decode_mb_per_second", found.read_bytes / found.decoding / 1e6},
                        {"bytes_per_token", found.read_bytes / static_cast<double>(found.tokens)}};
  for (const auto& [what, ratio] : found.hard) out["time_beside_usual_text"][what] = ratio;
  return out;
}

std::string to_text(const TokenizerSpeed& found) {
  const double megabytes = found.read_bytes / 1e6;
  std::string text = fmt::format(
      "trained {} tokens on {} in {:.2f} s with {} threads; {} of memory at most, {:.2f} times the text\n"
      "encodes {:.1f} MB/s on {} threads, {:.1f} MB/s on one, {:.2f} bytes a token; decodes {:.0f} MB/s\n",
      human_count(static_cast<double>(found.trained)), human_bytes(found.text_bytes), found.train_seconds,
      found.threads, human_bytes(found.train_peak_bytes), found.train_peak_bytes / found.text_bytes,
      megabytes / found.parallel, found.threads, megabytes / found.serial,
      found.read_bytes / static_cast<double>(found.tokens), megabytes / found.decoding);
  for (const auto& [what, ratio] : found.hard)
    text += fmt::format("{} of {}: {:.2f} times the time of as much of the text\n",
                        human_bytes(static_cast<double>(found.hard_bytes)), what, ratio);
  return text;
}

}  // namespace

TokenizerSpeed measure_tokenizer(TextSource& source, std::int64_t vocab_size,
                                 std::shared_ptr<const Tokenizer> tokenizer) {
  TokenizerSpeed found{};
  found.threads = threads();
  found.text_bytes = static_cast<double>(source.size());
  BpeOptions bpe;
  bpe.vocab_size = vocab_size;
  const double begun = seconds_now();
  const TokenizerState state =
      train_bpe([&](std::string& text, std::size_t count) { return source.read(text, count); }, bpe);
  found.train_seconds = seconds_now() - begun;
  found.train_peak_bytes = peak_memory();
  found.trained = state.pieces.size();

  source.rewind();
  std::string text;
  source.read(text, std::size_t{1} << 28U);
  found.read_bytes = static_cast<double>(text.size());
  if (!tokenizer) tokenizer = make_tokenizer(state);
  std::vector<std::int32_t> ids;
  const auto encode_text = [&] { ids = tokenizer->encode(text); };
  found.parallel = best_of(3, encode_text);
  set_threads(1);
  found.serial = best_of(3, encode_text);
  found.decoding = best_of(3, [&] { tokenizer->decode(ids); });
  found.tokens = ids.size();

  constexpr std::size_t kSize = 1000000;
  const std::string usual = text.substr(text.size() / 2, kSize);
  found.hard_bytes = usual.size();
  for (const auto& [what, hard] : hard_texts(usual.size())) {
    double usual_seconds = 1e300, hard_seconds = 1e300;
    for (int i = 0; i < 7; ++i) {  // in turns, as the machine may become busy with other things
      usual_seconds = std::min(usual_seconds, best_of(1, [&] { tokenizer->encode(usual); }));
      hard_seconds = std::min(hard_seconds, best_of(1, [&] { tokenizer->encode(hard); }));
    }
    found.hard.emplace_back(what, hard_seconds / usual_seconds);
  }
  set_threads(found.threads);
  return found;
}

int bench_tokenizer(const std::vector<std::string>& arguments) {
  std::vector<std::string> inputs;
  std::string name;
  std::int64_t vocab_size = 16384;
  bool json = false;
  CommandLine line;
  line.usage = "bench tokenizer --input PATH... [options]";
  line.summary =
      "Trains a byte-pair vocabulary on the texts and encodes them with it, or with the one that --tokenizer names: "
      "seconds,\nmemory, MB/s on one thread and on all; then texts that are hard to encode, and how their time "
      "compares "
      "with\nas much of the texts.";
  line.options = {Key("input", inputs, "texts: files or folders").path(),
                  {"tokenizer", name, "encode with this one"},
                  {"vocab_size", vocab_size, "tokens of the trained vocabulary", 256},
                  {"json", json, "print JSON"}};
  line.words = 0;
  if (!line.parse(arguments)) return 0;
  if (inputs.empty()) throw UsageError("bench tokenizer: no text; name one or several with --input PATH ...");
  TextSource source(inputs);
  LoadedTokenizer loaded;
  if (!name.empty()) loaded = load_tokenizer(name);
  const TokenizerSpeed found = measure_tokenizer(source, vocab_size, loaded.tokenizer);
  if (loaded.checkpoint) tell_checkpoint(*loaded.checkpoint);
  print_answer(json, to_json(found), to_text(found));
  return 0;
}

}  // namespace heddle
