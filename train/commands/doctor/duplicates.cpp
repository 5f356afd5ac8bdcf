#include "train/commands/doctor/duplicates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "train/commands/doctor/examples.h"

namespace heddle {
namespace {

using Shingles = std::vector<std::uint64_t>;

/// Of the tokens, but for the first `known` of them the runs that end behind those.
void add_shingles(Shingles& all, const std::vector<std::int32_t>& tokens, std::size_t known) {
  constexpr std::uint64_t kBase = 0x9e3779b97f4a7c15U;
  constexpr auto kLength = static_cast<std::size_t>(kShingle);
  std::uint64_t hash = 0, oldest = 1;  // a polynomial over the last tokens, and what the oldest of them weighs
  for (std::size_t i = 1; i < kLength; ++i) oldest *= kBase;
  const auto digit = [&](std::size_t i) { return static_cast<std::uint64_t>(tokens[i]) + 1; };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i >= kLength) hash -= oldest * digit(i - kLength);
    hash = hash * kBase + digit(i);
    if (i + 1 >= kLength && i >= known) all.push_back(hash);
  }
  if (!tokens.empty() && tokens.size() < kLength) all.push_back(hash);
}

/// `before` are the tokens that the example goes on from, where it does.
Shingles shingles_of(const Example& example, const std::vector<std::int32_t>& before = {}) {
  Shingles all;
  if (example.features != 0) all.push_back(example.features);
  if (before.empty()) {
    add_shingles(all, example.tokens, 0);
  } else {
    std::vector<std::int32_t> joined = before;
    joined.insert(joined.end(), example.tokens.begin(), example.tokens.end());
    add_shingles(all, joined, before.size());
  }
  return all;
}

/// Where in training a shingle stands: its first example, and whether there is another.
struct Place {
  index_t first = -1;
  bool again = false;
};

}  // namespace

Repeated find_repeated(const Dataset& dataset) {
  constexpr index_t kMost = 1000, kChunk = 256;
  constexpr double kTokens = 4e7;
  const index_t training = dataset.size(Split::train);
  std::unordered_map<std::uint64_t, Place> places;
  const auto look_for = [&](Split split) {
    std::vector<Shingles> all;
    for (const index_t number : spread_over(0, dataset.size(split), kMost)) {
      all.push_back(shingles_of(read_examples(dataset, split, number, 1)[0]));
      for (const std::uint64_t shingle : all.back()) places.try_emplace(shingle);
    }
    return all;
  };
  const std::vector<Shingles> validating = look_for(Split::val), trained = look_for(Split::train);
  // most shingles of the training part are none of these: a small table says so at once
  std::vector<bool> maybe(std::size_t{1} << 22);
  for (const auto& [shingle, place] : places) maybe[shingle % maybe.size()] = true;
  Repeated found;
  const bool goes_on = dataset.places(Split::train) > training;  // examples are cut from one text
  const auto step =
      std::max<index_t>(1, static_cast<index_t>(static_cast<double>(training) *
                                                static_cast<double>(dataset.length(Split::train, 0)) / kTokens));
  for (index_t first = 0; first < training; first += kChunk * step) {
    const index_t count = std::min(kChunk, training - first);
    index_t number = first;
    std::vector<std::int32_t> before;
    for (const Example& example : read_examples(dataset, Split::train, first, count)) {
      for (const std::uint64_t shingle : shingles_of(example, before)) {
        if (!maybe[shingle % maybe.size()]) continue;
        const auto at = places.find(shingle);
        if (at == places.end()) continue;
        if (at->second.first < 0) at->second.first = number;
        at->second.again = at->second.again || at->second.first != number;
      }
      const auto kept = std::min<std::ptrdiff_t>(kShingle - 1, std::ssize(example.tokens));
      if (goes_on) before.assign(example.tokens.end() - kept, example.tokens.end());
      ++number;
    }
    found.read += count;
  }
  const auto share = [&](const std::vector<Shingles>& examples, auto&& stands, index_t* earliest) {
    index_t repeated = 0, counted = 0, at = -1;
    for (const Shingles& shingles : examples) {
      ++at;
      if (shingles.empty()) continue;
      ++counted;
      const auto there = std::count_if(shingles.begin(), shingles.end(),
                                       [&](std::uint64_t shingle) { return stands(places.at(shingle)); });
      if (2 * there < std::ssize(shingles)) continue;
      ++repeated;
      if (earliest != nullptr && *earliest < 0) *earliest = at;
    }
    return counted > 0 ? static_cast<double>(repeated) / static_cast<double>(counted) : 0;
  };
  found.looked_at = std::ssize(validating);
  found.validation = share(
      validating, [](const Place& place) { return place.first >= 0; }, &found.first);
  if (found.first >= 0)
    found.first = spread_over(0, dataset.size(Split::val), kMost)[static_cast<std::size_t>(found.first)];
  found.training = share(
      trained, [](const Place& place) { return place.again; }, nullptr);
  return found;
}

Finding check_duplicates(const Patient& patient) {
  const Repeated found = find_repeated(patient.dataset);
  const auto count = static_cast<double>(found.looked_at);
  Finding finding;
  finding.figures = {{"validation_repeated", found.validation}, {"training_repeated", found.training}};
  finding.found = fmt::format(
      "{:.1f} % of what validates stands in the training part, too, and {:.1f} % of training stands there twice{}",
      100 * found.validation, 100 * found.training,
      of_all(found.looked_at, patient.dataset.size(Split::val), "validating examples"));
  // what repeats itself everywhere, such as the sentences of a generator, does so in both parts alike
  const double chance = std::sqrt(std::max(found.training * (1 - found.training), 1 / count) / count);
  if (found.validation > found.training + std::max(0.01, 4 * chance)) {
    finding.verdict = Verdict::wrong;
    finding.advice = fmt::format(
        "the loss on it says little of new data: take one copy out (example {} of the validation split is the first), "
        "or "
        "split by source (data.val_path)",
        found.first);
  }
  return finding;
}

}  // namespace heddle
