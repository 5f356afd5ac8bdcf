#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/io/utf8.h"
#include "framework/rng.h"
#include "tests/temporary_folder.h"

#define TARGET(name) extern "C" int name(const std::uint8_t* data, std::size_t size);
HEDDLE_FUZZ_TARGETS
#undef TARGET

namespace heddle {
namespace {

constexpr std::size_t kLongest = 8192;
constexpr std::uint64_t kChanges = 6000;  // of the inputs of each target, in turn

struct Target {
  std::string name;  ///< of its file: fuzz_config
  int (*try_input)(const std::uint8_t* data, std::size_t size);
};
const std::vector<Target>& targets() {
#define TARGET(name) {#name, name},
  static const std::vector<Target> all = {HEDDLE_FUZZ_TARGETS};
#undef TARGET
  return all;
}

/// Fails by aborting, which Catch reports with the input.
void replay(const Target& target, const std::string& name, const std::string& input) {
  INFO(target.name << ", " << name << ": " << visible(input));
  REQUIRE(target.try_input(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()) == 0);
}

/// A target's inputs by their file's name.
std::map<std::string, std::string> corpus(const Target& target) {
  std::map<std::string, std::string> inputs;
  const std::string folder = target.name.substr(std::string("fuzz_").size());
  for (const auto& entry : std::filesystem::directory_iterator(HEDDLE_SOURCE_DIR "/tests/fuzz/corpus/" + folder))
    inputs[entry.path().filename().string()] = read_bytes(entry.path());
  return inputs;
}

/// `text` with one to four changes, of which `other` is spliced in. The first byte, which picks the property, stays.
std::string mutated(std::string text, const std::string& other, const Rng& rng) {
  std::uint64_t drawn = 0;
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(rng.below(n, drawn++)); };
  const auto place = [&](const std::string& in) { return 1 + below(in.size()); };
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    const std::size_t at = place(text), length = below(below(2) == 0 ? 8 : text.size());
    switch (below(5)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 2: text.erase(at, length); break;
      case 3: text.insert(place(text), text.substr(at, length)); break;
      default: text.insert(at, other, place(other), length);
    }
  }
  text.resize(std::min(text.size(), kLongest));
  return text;
}

}  // namespace

TEST_CASE("every input that was found hard for readers") {
  REQUIRE(targets().size() >= 4);
  for (const Target& target : targets()) {
    const auto inputs = corpus(target);
    REQUIRE(inputs.size() >= 10);
    for (const auto& [name, input] : inputs) {
      REQUIRE(!input.empty());
      REQUIRE(input.size() < kLongest);
      replay(target, name, input);
    }
  }
}

TEST_CASE("changes of hard inputs leave the laws as they are") {
  for (const Target& target : targets()) {
    const auto inputs = corpus(target);
    for (std::uint64_t number = 0; number < kChanges; ++number) {
      const auto at = [&](std::uint64_t i) { return std::next(inputs.begin(), static_cast<std::ptrdiff_t>(i)); };
      const Rng rng = Rng(1).fork(number);
      const auto one = at(number % inputs.size()), other = at(rng.fork(0).below(inputs.size(), 0));
      replay(target, one->first, mutated(one->second, other->second, rng));
    }
  }
}

}  // namespace heddle
