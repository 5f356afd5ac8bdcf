#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "data/io/utf8.h"
#include "framework/rng.h"
#include "tests/temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace heddle {
namespace {

constexpr std::size_t kLongest = 4096;

/// Fails by aborting, which Catch reports with the input.
void replay(const std::string& name, const std::string& input) {
  INFO(name << ": " << visible(input));
  REQUIRE(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()) == 0);
}

/// Inputs by their file's name.
std::map<std::string, std::string> corpus() {
  std::map<std::string, std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(HEDDLE_SOURCE_DIR "/tests/fuzz/corpus"))
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

TEST_CASE("every input that was found hard for tokenizers and readers") {
  const auto inputs = corpus();
  REQUIRE(inputs.size() >= 20);
  for (const auto& [name, input] : inputs) {
    REQUIRE(!input.empty());
    REQUIRE(input.size() < kLongest);
    replay(name, input);
  }
}

TEST_CASE("changes of hard inputs leave the properties as they are") {
  const auto inputs = corpus();
  std::uint64_t number = 0;
  for (int round = 0; round < 170; ++round) {
    for (const auto& [name, input] : inputs) {
      const Rng rng = Rng(1).fork(++number);
      const auto other = std::next(inputs.begin(), static_cast<std::ptrdiff_t>(rng.fork(0).below(inputs.size(), 0)));
      replay(name, mutated(input, other->second, rng));
    }
  }
}

}  // namespace heddle
