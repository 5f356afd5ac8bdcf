#include <cmath>
#include <numeric>
#include <vector>

#include "data/classes.h"
#include "data/images/images.h"
#include "data/images/jpeg.h"
#include "data/images/png.h"
#include "data/io/columns.h"
#include "data/io/input_file.h"
#include "data/io/other_kind.h"
#include "data/io/utf8.h"
#include "data/labels/labelled_text.h"
#include "data/pairs/pairs.h"
#include "data/sound/sound.h"
#include "data/table/table.h"
#include "data/text/dataset.h"
#include "tests/fuzz/fuzz.h"
#include "train/log/metrics.h"
#include "train/run/folder/result.h"

/// What must hold of the readers of data, and of the files of figures that runs write.
namespace heddle {
namespace {

using fuzz::check;
using fuzz::next_byte;
using fuzz::next_part;
using fuzz::unless_error;
using fuzz::write_input;

/// Numbers are finite, tokens and classes are known ones.
void check_batch(const Batch& batch, const DataState& state) {
  if (batch.features.defined()) {
    for (const real x : batch.features.span()) check(std::isfinite(x), "features are finite");
  }
  const auto tokens = static_cast<std::int32_t>(state.tokenizer.pieces.size());
  const auto below = [](const IdTensor& ids, std::int32_t end) {
    const index_t count = ids.numel();
    return std::all_of(ids.data(), ids.data() + count, [&](std::int32_t id) { return id >= kIgnore && id < end; });
  };
  const bool of_classes = !state.labels.empty();
  check(below(batch.inputs, tokens) && below(batch.source, tokens), "inputs are tokens of the vocabulary");
  check(below(batch.targets, of_classes ? static_cast<std::int32_t>(state.labels.size()) : tokens),
        "targets are known");
}

/// What `config` loads keeps what datasets promise; so does what is loaded again by its state.
void check_dataset(DataConfig& config, bool shares_last) {
  config.split.val_fraction = 0.4;
  config.split.test_fraction = shares_last ? 0.2 : 0;
  LoadOptions options;
  options.block_size = 4;
  const auto load = [&] { return unless_error([&] { return config.load(options); }); };
  const auto dataset = load();
  if (!dataset) return;
  const Dataset& data = **dataset;
  const auto one_line = [](const std::string& text) { return text.find('\n') == text.npos; };
  check(one_line(data.describe()), "a dataset is described in a line");
  for (const std::string& notice : data.notices()) check(one_line(notice), "a notice is a line");
  for (const Split split : {Split::train, Split::val, Split::test}) {
    constexpr index_t kMost = 8;
    std::vector<index_t> places(static_cast<std::size_t>(std::min(kMost, data.size(split))));
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = data.place(static_cast<index_t>(i));
    if (!places.empty()) check_batch(data.get(split, places), data.state());
  }
  options.known = &data.state();
  const auto again = load();
  check(again && (*again)->fingerprint() == data.fingerprint(), "the same files are the same data");
}

template <class Config>
Config config_of(const std::string& path) {
  Config config;
  config.split.path = {path};
  return config;
}

// --- one law each; where settings matter, a byte of the input says them ---

void test_table(std::string_view input) {
  const unsigned how = next_byte(input);
  auto config = config_of<TableConfig>(write_input("table.csv", input));
  config.header = (how & 1U) != 0;
  config.label = (how & 2U) != 0 ? "class" : (how & 4U) != 0 ? "1" : "last";
  check_dataset(config, (how & 8U) != 0);
}

void test_labelled_text(std::string_view input) {
  const unsigned how = next_byte(input);
  auto config = config_of<LabelledTextConfig>(write_input((how & 1U) != 0 ? "texts.csv" : "texts.tsv", input));
  config.header = (how & 2U) != 0;
  if ((how & 4U) != 0) config.text = {"1", "3"};
  config.tokenizer.kind = (how & 8U) != 0 ? "word" : "char";
  check_dataset(config, (how & 16U) != 0);
}

/// The input is a table, or two files with a 0 byte between.
void test_pairs(std::string_view input) {
  const unsigned how = next_byte(input);
  const std::string first = write_input("pairs.de", next_part(input));
  write_input("pairs.en", input);
  const bool languages = (how & 1U) != 0;
  auto config = config_of<PairsConfig>(languages ? first.substr(0, first.size() - 3) : first);
  if (languages) config.source = "de", config.target = "en";
  config.tokenizer.kind = "char";
  check_dataset(config, (how & 2U) != 0);
}

/// Two bytes say how long the labels are, which come first.
void test_idx(std::string_view input) {
  const unsigned how = next_byte(input);
  const std::size_t length = next_byte(input);
  write_input("x-labels", input.substr(0, length));
  auto config = config_of<ImagesConfig>(write_input("x-images", input.substr(std::min(length, input.size()))));
  config.image_size = how & 3U;
  config.channels = (how & 4U) != 0 ? Channels::grey : Channels::automatic;
  config.classes = (how & 8U) != 0 ? 3 : 0;
  check_dataset(config, (how & 16U) != 0);
}

/// What follows the names of the classes is one image's bytes, again and again.
void test_cifar(std::string_view input) {
  constexpr std::size_t kRecord = 3073, kImages = 5;
  write_input("cifar/batches.meta.txt", next_part(input));
  std::string bytes(input);
  while (!input.empty() && bytes.size() + input.size() <= kImages * kRecord) bytes += input;
  bytes.resize(bytes.size() > kRecord ? bytes.size() / kRecord * kRecord : bytes.size());
  auto config = config_of<ImagesConfig>(write_input("cifar/batch.bin", bytes));
  check_dataset(config, false);
}

void test_pictures(std::string_view bytes) {
  const auto check_picture = [&](const Picture& picture) {
    check(picture.channels == 1 || picture.channels == 3, "a picture is grey or coloured");
    const auto size = static_cast<std::size_t>(picture.channels * picture.height * picture.width);
    check(size > 0 && picture.pixels.size() == size, "a picture has all its pixels");
  };
  const std::string path = write_input("a/a.png", bytes);
  const auto png = unless_error([&] { return decode_png(bytes, path); });
  if (png) check_picture(*png);
  if (png && png->pixels.size() < 10000) {
    const Picture again = decode_png(encode_png(*png), "again");
    check(again.pixels == png->pixels && again.width == png->width, "a PNG that was written is read as it was");
  }
  if (const auto jpeg = unless_error([&] { return decode_jpeg(bytes, path); })) check_picture(*jpeg);
  auto config = config_of<ImagesConfig>(path);
  config.split.val_path = config.split.path;
  config.image_size = 3;
  check_dataset(config, false);
}

void test_sound(std::string_view input) {
  const unsigned how = next_byte(input);
  auto config = config_of<SoundConfig>(write_input("a/a.wav", input));
  config.split.val_path = config.split.path;
  config.sample_rate = (how & 1U) != 0 ? 8000 : 16000;
  config.features = (how & 2U) != 0 ? SoundFeatures::raw : SoundFeatures::log_mel;
  config.mels = 4;
  config.clip_norm = (how & 4U) != 0 ? ClipNorm::mean_deviation : ClipNorm::none;
  check_dataset(config, false);
}

/// The input is the text of two files, with a 0 byte between.
void test_text(std::string_view input) {
  const unsigned how = next_byte(input);
  TextConfig config;
  config.split.path = {write_input("one.txt", next_part(input))};
  if ((how & 1U) != 0) config.split.path.push_back(write_input("two.txt", input));
  if ((how & 2U) != 0) config.split.val_path = {config.split.path.back()};
  config.tokenizer.kind = (how & 4U) != 0 ? "word" : (how & 8U) != 0 ? "byte" : "char";
  check_dataset(config, (how & 16U) != 0);
}

/// A file in any packing is the same however it is read.
void test_input_file(std::string_view input) {
  const std::size_t block = next_byte(input) + 1;
  const std::string path = write_input("packed", input);
  constexpr std::size_t kMost = 1 << 20;
  for (const Contents wanted : {Contents::bytes, Contents::text}) {
    const auto all = [&](std::size_t count) {
      return unless_error([&] {
        InputFile in(path, wanted);
        std::string bytes;
        while (bytes.size() < kMost && in.read(bytes, count) > 0) {
        }
        return std::pair(bytes.substr(0, kMost), in.size().value_or(std::min(kMost, bytes.size())));
      });
    };
    const auto whole = all(kMost), parts = all(block);
    check(whole == parts, "a file is the same in blocks of any size");
    check(!whole || whole->first.size() == whole->second, "a file is as long as it says");
  }
  check(other_kind(input, "a b").find('\n') == std::string::npos, "a kind of file is told in a line");
}

/// Rows that are written with quotes are read as they were, if they are not taken for another kind of file; a line may
/// end with \r\n, in quotes too.
void test_rows(std::string_view input) {
  using Rows = std::vector<std::vector<std::string>>;
  const auto read = [](const std::string& path) {
    return unless_error([&] {
      Rows rows;
      for_rows(path, "rows", [&](const std::vector<std::string>& cells, const std::string&) { rows.push_back(cells); });
      return rows;
    });
  };
  auto rows = read(write_input("rows.csv", input));
  if (!rows) return;
  std::string text;
  for (const auto& cells : *rows) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      text += i > 0 ? ",\"" : "\"";
      for (const char c : cells[i]) text += c == '"' ? "\"\"" : std::string(1, c);
      text += '"';
    }
    text += '\n';
  }
  for (auto& row : *rows) {
    for (std::string& cell : row) {
      for (std::size_t at = 0; (at = cell.find("\r\n", at)) != cell.npos; ++at) cell.erase(at, 1);
    }
  }
  const auto again = read(write_input("again.csv", text));
  check(again ? *again == *rows : !other_kind(text, "again.csv").empty(), "rows in quotes are read as they were");
}

/// The input is a rule and the name of a file in a folder.
void test_class_of_path(std::string_view input) {
  if (input.find('\n') != input.npos) return;  // a person's own words are told as they are
  const std::string rule(next_part(input)), path(input);
  const auto found = unless_error([&] { return class_from_path(path, rule); });
  check(!found || (!found->empty() && path.find(*found) != path.npos), "a class is told by its path");
}

/// The input is patterns, and a file's name behind each 0 byte.
void test_patterns(std::string_view input) {
  if (input.find('\n') != input.npos) return;  // a person's own words are told as they are
  SplitConfig split;
  split.val_files = {std::string(next_part(input))};
  split.test_files = {std::string(next_part(input))};
  while (!input.empty()) split.path.emplace_back(next_part(input));
  std::vector<std::string> notices;
  const auto as_they_are = [](const std::vector<std::string>& paths, const char*, std::vector<std::string>&) {
    return paths;
  };
  const auto files = unless_error([&] { return split.files("data", notices, as_they_are); });
  if (files)
    check((*files)[0].size() + (*files)[1].size() + (*files)[2].size() == split.path.size(), "each file is in a split");
}

void test_metrics(std::string_view text) {
  const auto history = unless_error([&] { return History::from_csv(text, "metrics.csv"); });
  if (!history) return;
  const std::string csv = history->csv();
  check(History::from_csv(csv, "again").csv() == csv, "metrics are read as they were written:", csv);
}

void test_result(std::string_view text) {
  const std::string path = write_input("result.json", text);
  const auto result = unless_error([&] { return RunResult::read(path); });
  if (!result) return;
  const std::string json = result->json();
  check(RunResult::read(write_input("again.json", json)).json() == json, "a result is read as it was written:", json);
}

// clang-format off
constexpr std::array<void (*)(std::string_view), 14> kTests = {
    test_table,          // a
    test_labelled_text,  // b
    test_pairs,          // c
    test_idx,            // d
    test_cifar,          // e
    test_pictures,       // f
    test_sound,          // g
    test_text,           // h
    test_input_file,     // i
    test_rows,           // j
    test_class_of_path,  // k
    test_patterns,       // l
    test_metrics,        // m
    test_result,         // n
};
// clang-format on

}  // namespace
}  // namespace heddle

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return heddle::fuzz::try_law(heddle::kTests, data, size);
}
