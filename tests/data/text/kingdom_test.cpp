#include "data/text/kingdom.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

namespace heddle {
namespace {

std::vector<std::string> words_of(std::string text) {
  for (char& c : text) {
    if (c == '.' || c == ',' || c == '\n') c = ' ';
  }
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

/// How much more often than by chance each pair of words stands within five words of each other: log, cut at 0. Rows
/// are made unit vectors.
struct Meanings {
  explicit Meanings(const std::vector<std::string>& words) {
    for (const std::string& w : words) id.try_emplace(w, id.size());
    const std::size_t n = id.size();
    rows.assign(n, std::vector<double>(n, 0.0));
    std::vector<double> total(n, 0.0);
    double all = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
      for (std::size_t j = i + 1; j < std::min(words.size(), i + 6); ++j) {
        const std::size_t a = id[words[i]], b = id[words[j]];
        ++rows[a][b];
        ++rows[b][a];
        ++total[a];
        ++total[b];
        all += 2;
      }
    }
    for (std::size_t a = 0; a < n; ++a) {
      double length = 0;
      for (std::size_t b = 0; b < n; ++b) {
        double& v = rows[a][b];
        v = v > 0 ? std::max(0.0, std::log(v * all / (total[a] * total[b]))) : 0;
        length += v * v;
      }
      for (double& v : rows[a]) v /= std::sqrt(length);
    }
  }

  /// The word nearest to b - a + c, those three left out.
  std::string answer(const std::string& a, const std::string& b, const std::string& c) const {
    std::string best;
    double best_score = -1e300;
    for (const auto& [word, i] : id) {
      if (word == a || word == b || word == c) continue;
      double score = 0;
      for (std::size_t k = 0; k < rows.size(); ++k)
        score += rows[i][k] * (rows[id.at(b)][k] - rows[id.at(a)][k] + rows[id.at(c)][k]);
      if (score > best_score) best = word, best_score = score;
    }
    return best;
  }

  std::map<std::string, std::size_t> id;
  std::vector<std::vector<double>> rows;
};

}  // namespace

TEST_CASE("stories repeat by seed, and a shorter text begins a longer one") {
  const std::string text = kingdom_text(1, 20000);
  REQUIRE(text.size() >= 20000);
  REQUIRE(text.size() < 22000);
  REQUIRE(text.back() == '\n');
  REQUIRE(kingdom_text(1, 50000).starts_with(text));
  REQUIRE(kingdom_text(2, 20000) != text);
  REQUIRE(kingdom_text(1, 0).empty());
}

TEST_CASE("stories are lower-case words, commas, stops and lines, with every slot filled") {
  const std::string text = kingdom_text(3, 300000);
  const std::set<char> characters(text.begin(), text.end());
  for (const char c : characters) REQUIRE(((c >= 'a' && c <= 'z') || c == ' ' || c == '.' || c == ',' || c == '\n'));
  REQUIRE(text.find("  ") == std::string::npos);
  for (const char* wrong : {" a uncle", " a aunt", " a apple", " a english", " an king"}) {
    REQUIRE(text.find(wrong) == std::string::npos);
  }
}

TEST_CASE("hardly any story of a long text stands in it twice") {
  std::istringstream in(kingdom_text(1, 1000000));
  std::set<std::string> seen;
  std::size_t stories = 0;
  for (std::string story; std::getline(in, story); ++stories) seen.insert(story);
  REQUIRE(seen.size() == stories);
}

TEST_CASE("every word of the relations is told of often") {
  std::map<std::string, int> count;
  for (const std::string& word : words_of(kingdom_text(1, 2000000))) ++count[word];
  for (const AnalogyCategory& category : kingdom_analogies()) {
    REQUIRE(category.pairs.size() >= 10);
    for (const auto& [a, b] : category.pairs) {
      INFO(category.name << ": " << a << ", " << b);
      REQUIRE(count[a] >= 50);
      REQUIRE(count[b] >= 50);
    }
  }
}

TEST_CASE("counting which words stand near each other is enough to answer the analogies") {
  const Meanings meanings(words_of(kingdom_text(1, 1000000)));
  CHECK(meanings.answer("man", "king", "woman") == "queen");
  CHECK(meanings.answer("france", "paris", "germany") == "berlin");
  CHECK(meanings.answer("walk", "walking", "play") == "playing");
  int asked = 0, right = 0;
  for (const AnalogyCategory& category : kingdom_analogies()) {
    int here = 0;
    for (std::size_t i = 0; i + 1 < category.pairs.size(); ++i, ++asked) {
      const auto& [a, b] = category.pairs[i];
      const auto& [c, d] = category.pairs[i + 1];
      here += meanings.answer(a, b, c) == d;
    }
    UNSCOPED_INFO(category.name << ": " << here << " of " << category.pairs.size() - 1);
    right += here;
  }
  CHECK(right >= asked * 8 / 10);
}

}  // namespace heddle
