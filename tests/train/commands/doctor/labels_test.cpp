#include "train/commands/doctor/labels.h"

#include "tests/train/commands/doctor/examine.h"

namespace heddle {

TEST_CASE("doctor finds labels that are shuffled, in training or in what validates, and classes without examples") {
  const TemporaryFolder folder;
  const Arguments only = {"--only=labels,duplicates"};
  const std::string rows = points(1, 600, false), others = points(2, 300, false);
  const Diagnosis clean = examine(folder, table_config(folder, "clean", rows, others), only);
  CHECK(clean.status == 0);
  CHECK(clean.verdicts.at("labels") == "ok");
  CHECK(clean.figures.at("labels")["nearest"] > 0.9);
  CHECK(clean.figures.at("labels")["probe"] > 0.9);
  const Diagnosis shuffled = examine(folder, table_config(folder, "shuffled", points(1, 600, true), others), only);
  CHECK(shuffled.status == 1);
  CHECK(shuffled.verdicts.at("labels") == "wrong");
  CHECK(examine(folder, table_config(folder, "judged", rows, points(2, 300, true)), only).verdicts.at("labels") ==
        "wrong");
  CHECK(examine(folder, table_config(folder, "few", points(1, 60, true), others), only).verdicts.at("labels") ==
        "look");
  std::string lone;
  for (int i = 0; i < 300; ++i) lone += std::to_string(2 + 0.001 * i) + ",0.5,c0\n";
  CHECK(examine(folder, table_config(folder, "lone", rows, lone), only).verdicts.at("labels") == "look");
  std::string common = rows;
  for (int i = 0; i < 20000; ++i) common += std::to_string(2 + 0.00005 * i) + ",0.5,c0\n";
  CHECK(examine(folder, table_config(folder, "common", common, others), only).verdicts.at("labels") == "look");
}

TEST_CASE("labels that are shuffled in what validates are found where classes differ in their means alone") {
  const TemporaryFolder folder;
  const auto rows = [](std::uint64_t seed, int count, bool shuffled) {
    const Rng rng(seed);
    std::string all;
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::uint64_t>(100 * i);
      const std::uint64_t centre = rng.below(2, at), label = shuffled ? rng.below(2, at + 1) : centre;
      for (std::uint64_t d = 0; d < 40; ++d)
        all += std::to_string((d < 2 ? 0.2 * static_cast<double>(centre) : 0) +
                              static_cast<double>(rng.below(1000, at + 2 + d)) / 1000) +
               ",";
      all += "c" + std::to_string(label) + "\n";
    }
    return all;
  };
  const auto examined = [&](bool shuffled) {
    return examine(folder, table_config(folder, "means", rows(1, 1500, false), rows(2, 600, shuffled)),
                   {"--only=labels"});
  };
  const Diagnosis clean = examined(false), shuffled = examined(true);
  CHECK(clean.verdicts.at("labels") == "ok");
  CHECK(clean.figures.at("labels")["nearest"] < 0.58);
  CHECK(clean.figures.at("labels")["means"] > 0.6);
  CHECK(clean.figures.at("labels")["validation_means"] > 0.6);
  CHECK(shuffled.verdicts.at("labels") == "wrong");
  // labels of chance are learned by heart of one batch alone, and by means not of those that these were not made from
  const std::string config = table_config(folder, "chance", rows(1, 1500, true), rows(2, 100, false));
  const Diagnosis chance = examine(folder, config, {"--only=labels,one-batch,rate", "--optim.lr=1e-2"});
  CHECK(chance.figures.at("labels")["means"] < 0.55);
  CHECK(chance.figures.at("one-batch")["last_loss"] < 0.2);
  CHECK(chance.figures.at("rate")["loss"] > 0.5);
}

TEST_CASE("labels that are shuffled in what validates are found where classes have the same mean") {
  const TemporaryFolder folder;
  const auto rows = [](std::uint64_t seed, int count, bool shuffled) {
    const Rng rng(seed);
    std::string all;
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::uint64_t>(5 * i);
      const std::uint64_t a = rng.below(4, at), b = rng.below(4, at + 1),
                          label = shuffled ? rng.below(2, at + 2) : (a + b) % 2;
      all += std::to_string(static_cast<double>(a) + static_cast<double>(rng.below(100, at + 3)) / 1000) + "," +
             std::to_string(b) + ",c" + std::to_string(label) + "\n";
    }
    return all;
  };
  const auto examined = [&](bool shuffled) {
    const std::string config = table_config(folder, "board", rows(1, 600, false), rows(2, 300, shuffled));
    return examine(folder, config, {"--only=labels"});
  };
  const Diagnosis clean = examined(false);
  CHECK(clean.verdicts.at("labels") == "ok");
  CHECK(clean.figures.at("labels")["means"] < 0.6);
  CHECK(examined(true).verdicts.at("labels") == "wrong");
}

TEST_CASE("classes that a linear classifier cannot tell are told by neighbours, and chance by neither") {
  const Rng rng(3);
  Tensor x({400, 2});
  std::vector<int> parity, chance;
  for (index_t i = 0; i < 400; ++i) {
    const auto at = static_cast<std::uint64_t>(5 * i);
    const std::uint64_t a = rng.below(2, at), b = rng.below(2, at + 1);
    x.mutable_data()[2 * i] =
        static_cast<real>(a) + static_cast<real>(0.1) * static_cast<real>(rng.below(10, at + 2)) / 10;
    x.mutable_data()[2 * i + 1] = static_cast<real>(b);
    parity.push_back(static_cast<int>(a ^ b));
    chance.push_back(static_cast<int>(rng.below(2, at + 3)));
  }
  const LabelSignal told = label_signal(x, parity, rng), none = label_signal(x, chance, rng);
  CHECK(told.probe < 0.7);
  CHECK(told.nearest > 0.95);
  CHECK(told.z() > 10);
  CHECK(none.chance == Approx(0.5).margin(0.02));
  CHECK(none.z() < 4);
  // of a class with four examples none count
  Tensor more({404, 2});
  std::copy_n(x.data(), 800, more.mutable_data());
  std::fill_n(more.mutable_data() + 800, 8, real{5});
  parity.insert(parity.end(), 4, 7);
  const LabelSignal same = label_signal(more, parity, rng);
  CHECK(same.chance == told.chance);
  CHECK(same.nearest == told.nearest);
}

TEST_CASE("a few wrong labels in what validates are no fault, and most of them are") {
  const TemporaryFolder folder;
  const std::string rows = points(1, 600, false);
  const auto verdict = [&](int right, int wrong) {
    const std::string others = points(2, right, false) + points(3, wrong, true);
    return examine(folder, table_config(folder, "part", rows, others), {"--only=labels"}).verdicts.at("labels");
  };
  CHECK(verdict(210, 90) == "ok");
  CHECK(verdict(60, 240) == "wrong");
}

TEST_CASE("classes that are told apart more or less well may be more or less common in what validates") {
  const TemporaryFolder folder;
  // c0 lies apart, c1 and c2 are hardly told from each other
  const auto rows = [](std::uint64_t seed, int count, std::uint64_t apart) {
    const Rng rng(seed);
    std::string all;
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::uint64_t>(5 * i);
      const std::uint64_t label = rng.below(100, at) < apart ? 0 : 1 + rng.below(2, at + 1);
      const auto number = [&](std::uint64_t n) { return static_cast<double>(rng.below(1000, at + n)) / 1000; };
      all += std::to_string(5 * (label == 0) + number(2)) + "," + std::to_string(0.1 * (label == 2) + number(3)) +
             ",c" + std::to_string(label) + "\n";
    }
    return all;
  };
  const Diagnosis found =
      examine(folder, table_config(folder, "apart", rows(1, 1500, 90), rows(2, 600, 2)), {"--only=labels"});
  CHECK(found.figures.at("labels")["means"] > 0.9);
  CHECK(found.figures.at("labels")["validation_means"] < 0.65);
  CHECK(found.verdicts.at("labels") == "ok");
}

TEST_CASE("classes' means are compared in deviations within classes, so that noise drowns nothing") {
  const TemporaryFolder folder;
  const auto rows = [](std::uint64_t seed, int count) {
    const Rng rng(seed);
    std::string all;
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::uint64_t>(200 * i);
      const std::uint64_t label = rng.below(2, at);
      all += std::to_string(label) + ",";
      for (std::uint64_t d = 0; d < 150; ++d)
        all += std::to_string(static_cast<double>(rng.below(1000, at + 1 + d)) / 1000) + ",";
      all += "c" + std::to_string(label) + "\n";
    }
    return all;
  };
  const Diagnosis found = examine(folder, table_config(folder, "noise", rows(1, 200), rows(2, 200)), {"--only=labels"});
  CHECK(found.figures.at("labels")["means"] > 0.97);
  CHECK(found.figures.at("labels")["validation_means"] > 0.97);
}

TEST_CASE("a class that validates and is never trained is found, and one that training has late is none") {
  const TemporaryFolder folder;
  const auto row = [](int label, int i) {
    return std::to_string(label + 0.00001 * i) + ",0.5,c" + std::to_string(label) + "\n";
  };
  std::string sorted, others, rare;
  for (const int label : {0, 1, 2}) {
    for (int i = 0; i < 15000; ++i) sorted += row(label, i);
    for (int i = 0; i < 50; ++i) others += row(label, i);
  }
  const auto verdict = [&](const std::string& training, const std::string& validating) {
    return examine(folder, table_config(folder, "late", training, validating), {"--only=labels"}).verdicts.at("labels");
  };
  CHECK(verdict(sorted, others) == "ok");
  // between the chunks of 64 that are looked at
  const std::size_t between = sorted.find(row(0, 100));
  CHECK(verdict(sorted.substr(0, between) + row(3, 0) + sorted.substr(between), others + row(3, 1)) == "ok");
}

}  // namespace heddle
