#pragma once

#include <vector>

#include "framework/optim.h"

namespace heddle {

/// Elements of parameter number `parameter`.
struct Part : ElementRange {
  std::size_t parameter;
};

/// How the elements of a list of parameters are dealt out to ranks, each of which sums the gradients of its own. They
/// travel in buckets of whole parameters, from the last to the first, as backward comes to them, each bucket about
/// evenly dealt out.
class Shares {
 public:
  /// Of parameter i, elements[i] many, a rank owns units of units[i] elements.
  Shares(const std::vector<index_t>& elements, const std::vector<index_t>& units, int ranks);

  std::size_t buckets() const { return buckets_.size(); }
  std::size_t bucket_of(std::size_t parameter) const { return bucket_of_[parameter]; }
  /// The parameters of a bucket.
  const std::vector<std::size_t>& parameters(std::size_t bucket) const { return buckets_[bucket].parameters; }
  /// What a rank owns of a bucket.
  const std::vector<Part>& parts(std::size_t bucket, int rank) const {
    return buckets_[bucket].parts[static_cast<std::size_t>(rank)];
  }
  /// What a rank owns of a parameter; it may be nothing.
  ElementRange part(std::size_t parameter, int rank) const;
  /// The same of each parameter.
  std::vector<ElementRange> parts(int rank) const;

 private:
  struct Bucket {
    std::vector<std::size_t> parameters;
    std::vector<std::vector<Part>> parts;  ///< by rank
  };
  std::vector<Bucket> buckets_;
  std::vector<std::size_t> bucket_of_;
};

}  // namespace heddle
