#include "train/learners/shares.h"

#include <algorithm>

namespace heddle {

Shares::Shares(const std::vector<index_t>& elements, const std::vector<index_t>& units, int ranks)
    : bucket_of_(elements.size()) {
  constexpr index_t kBucket = 1 << 20;  // a message is worth its latency, and the first leaves early
  index_t filled = kBucket;
  for (std::size_t i = elements.size(); i-- > 0;) {
    if (filled >= kBucket) {
      buckets_.emplace_back();
      filled = 0;
    }
    buckets_.back().parameters.push_back(i);
    filled += elements[i];
    bucket_of_[i] = buckets_.size() - 1;
  }
  const auto count = static_cast<std::size_t>(ranks);
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    Bucket& bucket = buckets_[b];
    bucket.parts.resize(count);
    index_t total = 0, before = 0;
    for (const std::size_t i : bucket.parameters) total += elements[i];
    for (const std::size_t i : bucket.parameters) {
      // The cut behind share s lies at its even place, moved back to where a unit begins.
      const auto cut = [&](index_t s) {
        if (s == ranks) return elements[i];
        const index_t place = std::clamp<index_t>(total * s / ranks - before, 0, elements[i]);
        return place == elements[i] ? place : place / units[i] * units[i];
      };
      for (int s = 0; s < ranks; ++s) {
        const Part part{{cut(s), cut(s + 1)}, i};
        // Where a unit is as large as a bucket one rank has it all: not always the same.
        const std::size_t owner = (static_cast<std::size_t>(s) + b) % count;
        if (part.size() > 0) bucket.parts[owner].push_back(part);
      }
      before += elements[i];
    }
  }
}

ElementRange Shares::part(std::size_t parameter, int rank) const {
  for (const Part& part : parts(bucket_of_[parameter], rank)) {
    if (part.parameter == parameter) return part;
  }
  return {};
}

std::vector<ElementRange> Shares::parts(int rank) const {
  std::vector<ElementRange> owned;
  for (std::size_t i = 0; i < bucket_of_.size(); ++i) owned.push_back(part(i, rank));
  return owned;
}

}  // namespace heddle
