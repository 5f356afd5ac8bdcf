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

}  // namespace heddle
