#include "train/tasks/word_vectors.h"

#include <catch2/catch.hpp>
#include <set>
#include <sstream>

#include "train/run/experiment.h"

namespace heddle {

TEST_CASE("a sample of word vectors names the five nearest words of eight others, none its own neighbour") {
  const Experiment experiment(Settings::from_text(
      "[data]\nsize = 50000\ntokenizer = letters\n[model]\nkind = word2vec\nn_embd = 8\nblock_size = 50\n", "test"));
  const auto dataset = experiment.load_data();
  const auto model = experiment.build_model(dataset->state().spec());
  std::istringstream sample(make_word_vectors(*model, *dataset)->sample(0));
  std::set<std::string> shown;
  for (std::string line; std::getline(sample, line);) {
    INFO(line);
    std::istringstream words(line);
    std::string word;
    std::getline(words, word, ':');
    shown.insert(word);
    std::set<std::string> near;
    double last = 1;
    std::string other;
    for (double score = 0; words >> other >> score; last = score) {
      CHECK(score <= last);
      near.insert(other);
    }
    CHECK(near.size() == 5);
    CHECK_FALSE(near.contains(word));
  }
  CHECK(shown.size() == 8);
}

}  // namespace heddle
