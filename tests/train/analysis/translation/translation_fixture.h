#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace heddle {

using Sentences = std::vector<std::string>;

/// What sacreBLEU computed (see tests/golden/translation.py).
inline nlohmann::json golden_translation() {
  std::ifstream in(HEDDLE_SOURCE_DIR "/tests/golden/translation.json");
  return nlohmann::json::parse(in);
}

/// Its signature with heddle for its version.
inline std::string with_our_version(const std::string& signature) {
  return signature.substr(0, signature.rfind(':')) + ":heddle";
}

/// Lines with words lost, doubled, exchanged and in capitals, as translation.py disturbs them.
inline Sentences disturbed(const Sentences& lines) {
  Sentences all;
  for (std::size_t number = 0; number < lines.size(); ++number) {
    Sentences words;
    std::size_t begin = 0;
    for (std::size_t i = 0; begin <= lines[number].size(); ++i) {
      const std::size_t end = std::min(lines[number].find(' ', begin), lines[number].size());
      std::string word = lines[number].substr(begin, end - begin);
      begin = end + 1;
      const std::size_t choice = (7 * number + 3 * i) % 11;
      if (choice == 0) continue;
      if (choice == 1) {
        for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      }
      words.push_back(word);
      if (choice == 2) words.push_back(word);
      if (choice == 3 && words.size() > 1) std::swap(words.back(), words[words.size() - 2]);
    }
    std::string line;
    for (const std::string& word : words) line += (&word == words.data() ? "" : " ") + word;
    all.push_back(line);
  }
  return all;
}

}  // namespace heddle
