#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "data/io/utf8.h"
#include "data/tokenizer/file.h"
#include "framework/hash.h"
#include "tests/real_data.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

using nlohmann::json;
const std::string kGolden = HEDDLE_SOURCE_DIR "/tests/golden/hf_tokenizers";

std::size_t next_character(const std::string& text, std::size_t at) {
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
  return at;
}

/// The texts that hf_tokenizers.py tried, by name; the novels where they are there.
std::map<std::string, std::string> golden_texts() {
  const json file = json::parse(read_bytes(kGolden + "/texts.json"));
  auto texts = file["texts"].get<std::map<std::string, std::string>>();
  std::vector<std::string> points;
  for (const json& range : file["points"]) {
    for (auto c = range[0].get<char32_t>(); c < range[1].get<char32_t>(); ++c) points.push_back(encode_utf8(c));
  }
  for (std::size_t i = 0; i < points.size(); i += 256) {
    for (std::size_t j = 0; j < file["separators"].size(); ++j) {
      std::string& text = texts["points-" + std::to_string(i) + '-' + std::to_string(j)];
      for (std::size_t k = i; k < std::min(i + 256, points.size()); ++k)
        text += points[k] + file["separators"][j].get<std::string>();
    }
  }
  if (const std::string folder = real_data("novels"); !folder.empty()) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".txt") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    for (std::size_t i = 0; i < std::min<std::size_t>(36, paths.size()); ++i) {
      const std::string novel = read_bytes(paths[i]);
      const std::size_t begin = next_character(novel, 5000);
      texts["novel-" + std::to_string(i)] = novel.substr(begin, next_character(novel, 7000) - begin);
    }
  }
  return texts;
}

std::string hash_of(const Tokenizer::Ids& ids) {
  std::ostringstream text;
  text << std::hex << std::setw(16) << std::setfill('0')
       << fnv1a({reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(ids[0])});
  return text.str();
}

}  // namespace

TEST_CASE("ids equal Hugging Face's, for each family's normalizer, pre-tokenizer and added tokens") {
  const std::map<std::string, std::string> texts = golden_texts();
  std::map<std::string, std::unique_ptr<Tokenizer>> tokenizers;
  std::ifstream golden(kGolden + "/ids.txt");
  std::map<std::string, int> compared;
  for (std::string line; std::getline(golden, line);) {
    std::istringstream words(line);
    std::string name, text, hash;
    std::size_t count = 0;
    words >> name >> text >> count >> hash;
    if (!texts.contains(text)) continue;  // a novel that is not there
    auto& tokenizer = tokenizers[name];
    if (tokenizer == nullptr) tokenizer = make_tokenizer(read_tokenizer(kGolden + "/" + name + ".json.gz"));
    const Tokenizer::Ids ids = tokenizer->encode(texts.at(text), Specials::allowed);
    INFO(name << ", " << text << ": " << visible(texts.at(text)));
    CHECK(ids.size() == count);
    CHECK(hash_of(ids) == hash);
    ++compared[name];
  }
  CHECK(compared.size() == 12);
  for (const auto& [name, count] : compared) CHECK(count >= 100);
}

TEST_CASE("texts of each family may be cut where a cut is found, and are found at their places") {
  const std::map<std::string, std::string> texts = golden_texts();
  for (const auto& entry : std::filesystem::directory_iterator(kGolden)) {
    if (entry.path().extension() != ".gz") continue;
    const auto tokenizer = make_tokenizer(read_tokenizer(entry.path()));
    std::size_t cuts = 0, number = 0;
    for (const auto& [name, text] : texts) {
      INFO(entry.path() << ", " << name);
      if (name.starts_with("novel-") && ++number > 3) continue;
      const Tokenizer::Ids whole = tokenizer->encode(text, Specials::allowed);
      const auto starts = tokenizer->starts(text, whole);
      REQUIRE(starts.size() == whole.size());
      REQUIRE((tokenizer->lossless() || std::is_sorted(starts.begin(), starts.end()) || name.starts_with("added")));
      REQUIRE((starts.empty() || starts.back() < text.size()));
      if (tokenizer->lossless()) REQUIRE((tokenizer->decode(whole) == text));
      for (std::size_t at = 0;
           (at = tokenizer->find_cut(text, at + 1, text.size(), Specials::allowed)) < text.size();) {
        if (++cuts % 41 != 0) continue;
        Tokenizer::Ids ids = tokenizer->encode(text.substr(0, at), Specials::allowed);
        const Tokenizer::Ids rest = tokenizer->encode(text.substr(at), Specials::allowed);
        ids.insert(ids.end(), rest.begin(), rest.end());
        INFO("cut at " << at);
        REQUIRE((ids == whole));
      }
    }
    INFO(entry.path());
    CHECK((cuts > 1000) ==
          (entry.path().filename() != "behaviors.json.gz" && entry.path().filename() != "neox.json.gz"));
  }
}

TEST_CASE("a tokenizer.json is written as it was read, whatever it asks for") {
  for (const auto& entry : std::filesystem::directory_iterator(kGolden)) {
    if (entry.path().extension() != ".gz") continue;
    INFO(entry.path());
    const TokenizerState state = read_tokenizer(entry.path());
    CHECK((parse_tokenizer_json(tokenizer_json(state)) == state));
  }
}

TEST_CASE("added tokens of GPT-2 are found as Hugging Face finds them") {
  const std::string folder = real_data("gpt2-bpe");
  if (folder.empty()) return;
  const TokenizerState gpt2 = read_tokenizer(folder);
  const auto encode = [&](const std::string& token, std::vector<std::int32_t> TokenizerState::*option,
                          const std::string& text) {
    TokenizerState state = gpt2;
    state.pieces.push_back(token);
    state.added = {50257};
    if (option != nullptr) (state.*option) = {50257};
    return make_tokenizer(state)->encode(text, Specials::allowed);
  };
  using Ids = Tokenizer::Ids;
  CHECK(encode("x<", &TokenizerState::normalized, "x<|endoftext|>") == Ids{87, 50256});
  CHECK(encode("x<", nullptr, "x<|endoftext|>").front() == 50257);
  CHECK(encode("<mask>", &TokenizerState::lstrip, "I saw a <mask> there") == Ids{40, 2497, 257, 50257, 612});
  CHECK(encode("<mask>", &TokenizerState::rstrip, "I saw a <mask> there") == Ids{40, 2497, 257, 220, 50257, 8117});
  CHECK(encode("saw", &TokenizerState::single_word, "I saw sawn") == Ids{40, 220, 50257, 473, 675});
  CHECK(encode("\n\n", nullptr, "a\n\nb") == Ids{64, 50257, 65});
  CHECK(encode(" Hello", nullptr, "a Hello") == Ids{64, 50257});
}

}  // namespace heddle
