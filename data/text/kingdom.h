#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// Simple English stories about a small world of kings and queens, men and women, countries, capitals and currencies:
/// lower-case words, commas, full stops, a line a story. Words of one relation (king and queen, walk and walked, big
/// and bigger, france and paris) stand in the same places of the same sentences, so what a model learns of them can be
/// tested. Whole stories, as many as make at least `characters`; a shorter text is the beginning of a longer one of the
/// same seed.
std::string kingdom_text(std::uint64_t seed, index_t characters);

/// A relation and the pairs of words that stand in it: "gender": (king, queen), (man, woman), ...
struct AnalogyCategory {
  std::string name;
  std::vector<std::pair<std::string, std::string>> pairs;
};
/// The relations that kingdom_text's words carry.
std::vector<AnalogyCategory> kingdom_analogies();

/// Words and the class that each is of, as regards one property.
struct WordProperty {
  std::string name;
  std::vector<std::pair<std::string, std::string>> words;  ///< word, class
};
/// Part of speech, number, tense and gender of the words of builtin:kingdom.
std::vector<WordProperty> kingdom_properties();

}  // namespace heddle
