#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "data/text/text_source.h"
#include "data/tokenizer/bpe_trainer.h"
#include "framework/parallel.h"
#include "framework/rng.h"
#include "train/bench/bench.h"
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

}  // namespace

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
  line.options = {{"input", inputs, "texts: files or folders"},
                  {"tokenizer", name, "encode with this one"},
                  {"vocab_size", vocab_size, "tokens of the trained vocabulary", 256},
                  {"json", json, "print JSON"}};
  line.words = 0;
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  if (inputs.empty()) throw UsageError("bench tokenizer: no text; name one or several with --input PATH ...");
  TextSource source(inputs);
  BpeOptions bpe;
  bpe.vocab_size = vocab_size;
  const double begun = seconds_now();
  const TokenizerState state =
      train_bpe([&](std::string& text, std::size_t count) { return source.read(text, count); }, bpe);
  const double trained = seconds_now() - begun, peak = peak_memory();

  source.rewind();
  std::string text;
  source.read(text, std::size_t{1} << 28U);
  const auto tokenizer = name.empty() ? std::shared_ptr<const Tokenizer>(make_tokenizer(state)) : load_tokenizer(name);
  const int all = threads();
  std::vector<std::int32_t> ids;
  const auto encode_text = [&] { ids = tokenizer->encode(text); };
  const double parallel = best_of(3, encode_text);
  set_threads(1);
  const double serial = best_of(3, encode_text);
  const double decoding = best_of(3, [&] { tokenizer->decode(ids); });

  constexpr std::size_t kSize = 1000000;
  const std::string usual = text.substr(text.size() / 2, kSize);
  std::vector<std::pair<const char*, double>> ratios;
  for (const auto& [what, hard] : hard_texts(usual.size())) {
    double usual_seconds = 1e300, hard_seconds = 1e300;
    for (int i = 0; i < 7; ++i) {  // in turns, as the machine may become busy with other things
      usual_seconds = std::min(usual_seconds, best_of(1, [&] { tokenizer->encode(usual); }));
      hard_seconds = std::min(hard_seconds, best_of(1, [&] { tokenizer->encode(hard); }));
    }
    ratios.emplace_back(what, hard_seconds / usual_seconds);
  }
  set_threads(all);

  const auto bytes = static_cast<double>(source.size()), read = static_cast<double>(text.size());
  if (json) {
    nlohmann::json out = {{"threads", all},
                          {"text_bytes", bytes},
                          {"train_seconds", trained},
                          {"train_peak_bytes", peak},
                          {"tokens", state.pieces.size()},
                          {"encode_mb_per_second", read / parallel / 1e6},
                          {"encode_mb_per_second_one_thread", read / serial / 1e6},
                          {"decode_mb_per_second", read / decoding / 1e6},
                          {"bytes_per_token", read / static_cast<double>(ids.size())}};
    for (const auto& [what, ratio] : ratios) out["time_beside_usual_text"][what] = ratio;
    print_json(out);
    return 0;
  }
  std::cout << fmt::format(
      "trained {} tokens on {} in {:.2f} s with {} threads; {} of memory at most, {:.2f} times the text\n"
      "encodes {:.1f} MB/s on {} threads, {:.1f} MB/s on one, {:.2f} bytes a token; decodes {:.0f} MB/s\n",
      human_count(static_cast<double>(state.pieces.size())), human_bytes(bytes), trained, all, human_bytes(peak),
      peak / bytes, read / parallel / 1e6, all, read / serial / 1e6, read / static_cast<double>(ids.size()),
      read / decoding / 1e6);
  for (const auto& [what, ratio] : ratios)
    std::cout << fmt::format("{} of {}: {:.2f} times the time of as much of the text\n",
                             human_bytes(static_cast<double>(usual.size())), what, ratio);
  return 0;
}

}  // namespace heddle
