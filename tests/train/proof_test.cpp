// Damaged files and killed processes by the hundred: HEDDLE_DAMAGED and HEDDLE_KILLS say how many.

#include <chrono>
#include <cstdlib>
#include <map>

#include "data/text/token_file.h"
#include "data/tokenizer/file.h"
#include "data/vectors/word_vectors.h"
#include "framework/archive/file.h"
#include "tests/train/run_program.h"
#include "train/commands/inspect/heads_listener.h"
#include "train/run/folder/difference.h"
#include "train/run/folder/result.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

std::uint64_t count_of(const char* name, std::uint64_t otherwise) {
  const char* const given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

/// Random numbers one after the other.
class Draws {
 public:
  explicit Draws(const Rng& rng) : rng_(rng) {}
  std::size_t below(std::size_t n) {
    return static_cast<std::size_t>(rng_.below(std::max<std::size_t>(n, 1), drawn_++));
  }

 private:
  Rng rng_;
  std::uint64_t drawn_ = 0;
};

/// Bits flipped, an end cut off, a run of zeros, two blocks exchanged, or bytes behind the end.
std::string damaged(std::string bytes, Draws& draws) {
  const std::size_t size = bytes.size(), at = draws.below(size);
  switch (draws.below(5)) {
    case 0:
      for (std::size_t flips = 1 + draws.below(4); flips > 0; --flips) {
        char& byte = bytes[draws.below(size)];
        byte = static_cast<char>(byte ^ (1 << draws.below(8)));
      }
      break;
    case 1: bytes.resize(at); break;
    case 2:
      bytes.replace(at, std::min(size - at, 1 + draws.below(size / 4)), std::min(size - at, 1 + draws.below(600)),
                    '\0');
      break;
    case 3: {
      const std::size_t length = 1 + draws.below(size / 4), other = draws.below(size - length),
                        first = draws.below(size - length);
      for (std::size_t i = 0; i < length; ++i) std::swap(bytes[first + i], bytes[other + i]);
      break;
    }
    default:
      for (std::size_t more = 1 + draws.below(1000); more > 0; --more) bytes += static_cast<char>(draws.below(256));
  }
  return bytes;
}

/// Reads the file `path`, a damaged copy of `whole`; throws an Error where it is refused. What is taken must be in
/// order.
using Read = std::function<void(const std::string& path, const std::string& whole)>;

void read_checkpoint_file(const std::string& path, const std::string& whole) {
  LoadedRun run = load_checkpoint(path, Purpose::resume);
  CHECK(run.state.step == load_checkpoint(whole).state.step);
  CHECK(weights_of(path) == weights_of(whole));
  CHECK(differing_values(path, whole).empty());
}
void read_token_file(const std::string& path, const std::string& whole) {
  load_tokens(path);
  CHECK(differing_values(path, whole).empty());
}
void read_config_file(const std::string& path, const std::string&) {
  const Experiment read(Settings::from_file(path));
  CHECK(Experiment(Settings::from_text(read.text(), "again")).text() == read.text());
}
void read_tokenizer_file(const std::string& path, const std::string&) {
  const TokenizerState state = read_tokenizer(path, path.ends_with(".json") ? "auto" : "gpt2");
  std::vector<std::int32_t> ids;
  make_tokenizer(state)->decode(ids);
}
void read_vectors_file(const std::string& path, const std::string&) {
  const WordVectors read = read_word_vectors(path);
  CHECK(read.vectors.size(0) == static_cast<index_t>(read.words.size()));
}
void read_result_file(const std::string& path, const std::string&) { RunResult::read(path); }
void read_heads_file(const std::string& path, const std::string&) {
  for (const LoggedHead& head : read_heads_log(fs::path(path).parent_path(), 1000)) CHECK(head.step <= 1000);
}

}  // namespace

TEST_CASE("no damaged file ends the program otherwise than by an error, and what is taken of one is what was written") {
  const std::uint64_t count = count_of("HEDDLE_DAMAGED", 200);
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=4", "--train.inspect_interval=2", "--data.size=3000"}).status == 0);
  const std::string run = folder.path("run");
  std::string text;
  for (int i = 0; i < 200; ++i) text += "to be or not to be, that is the question\n";
  folder.write("text.txt", text);
  REQUIRE(run_program(folder, {"tokenizer", "train", "--input", folder.path("text.txt"), "--vocab-size=270", "--output",
                               folder.path("mine.json")})
              .status == 0);
  write_tokenizer(read_tokenizer(folder.path("mine.json")), folder.path("mine.tiktoken"));
  std::vector<std::pair<std::string, Read>> readers = {{run + "/last.h5", read_checkpoint_file},
                                                       {run + "/last.h5", read_checkpoint_file},
                                                       {run + "/best.h5", read_checkpoint_file},
                                                       {run + "/tokens.h5", read_token_file},
                                                       {run + "/config.cfg", read_config_file},
                                                       {run + "/result.json", read_result_file},
                                                       {run + "/heads.csv", read_heads_file},
                                                       {folder.path("mine.json"), read_tokenizer_file},
                                                       {folder.path("mine.tiktoken"), read_tokenizer_file}};
  WordVectors vectors{{"the", "queen", "über"}, Tensor::normal({3, 4}, Rng(1))};
  for (const std::string& format : word_vector_formats()) {
    write_word_vectors(folder.path("vectors-" + format), vectors, format);
    readers.emplace_back(folder.path("vectors-" + format), read_vectors_file);
  }
  std::uint64_t refused = 0, archives = 0, archives_taken = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    Draws draws(Rng(3).fork(i));
    const auto& [whole, read] = readers[i % readers.size()];
    const std::string path =
        folder.write("damaged/" + fs::path(whole).filename().string(), damaged(read_bytes(whole), draws));
    INFO("damage " << i << " of " << whole);
    const bool archive = whole.ends_with(".h5");
    archives += archive ? 1 : 0;
    try {
      read(path, whole);
      archives_taken += archive ? 1 : 0;  // as where bytes were added behind its end
    } catch (const Error&) {
      ++refused;
    }
  }
  std::printf(
      "damaged files: %lu, refused %lu; of %lu checkpoints and token files %lu were taken, with all that was written\n",
      count, refused, archives, archives_taken);
  CHECK(refused > count / 3);
  CHECK(archives_taken < archives / 2);
}

TEST_CASE("a training that is killed at random moments always has its last checkpoint, and ends as one that is not") {
  const std::uint64_t wanted = count_of("HEDDLE_KILLS", 20);
  const TemporaryFolder folder;
  const auto arguments = [&](const std::string& name) {
    return std::vector<std::string>{"train",
                                    tiny_config(folder),
                                    "--run.dir=" + folder.path(name),
                                    "--train.steps=120",
                                    "--train.eval_interval=15",
                                    "--train.checkpoint_interval=6",
                                    "--train.keep_last=2",
                                    "--train.keep_best=2",
                                    "--train.sample_interval=10",
                                    "--data.size=3000",
                                    "--resume=auto"};
  };
  const auto begun = std::chrono::steady_clock::now();
  REQUIRE(run_program(folder, arguments("straight")).status == 0);
  const auto whole = static_cast<std::size_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun).count());
  const std::string run = folder.path("run");
  Draws draws{Rng(11)};
  std::uint64_t kills = 0, runs = 0;
  for (std::int64_t least = 0; kills < wanted;) {
    const Process process(folder, arguments("run"));
    usleep(static_cast<useconds_t>(draws.below(whole * 4 / 5)));
    process.send(SIGKILL);
    const int status = process.wait();
    INFO("kill " << kills << ": " << process.errors());
    REQUIRE((status == 0 || status == 128 + SIGKILL));
    kills += status == 0 ? 0 : 1;
    if (fs::exists(run + "/last.h5")) {
      const std::int64_t step = load_checkpoint(run + "/last.h5", Purpose::resume).state.step;
      CHECK(step >= least);  // nothing that was saved is lost
      least = step;
    }
    if (status != 0 && kills < wanted) continue;
    if (status != 0) {
      const Outcome end = run_program(folder, arguments("run"));
      INFO(end.err);
      REQUIRE(end.status == 0);
    }
    for (const std::string& name : compare_runs(folder.path("straight"), run).found) {
      INFO(name);
      CHECK(name.ends_with(": /config"));  // which holds the folder's name
    }
    fs::remove_all(run);
    least = 0;
    ++runs;
  }
  std::printf("kills: %lu, of %lu runs\n", kills, runs);
}

}  // namespace heddle
