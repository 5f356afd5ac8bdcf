#pragma once

#include <array>
#include <boost/serialization/nvp.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "framework/check.h"
#include "framework/names.h"

namespace heddle {

/// What becomes of a step whose loss or gradient jumps.
enum class OnSpike { none, stop, skip };
constexpr auto names_of(OnSpike) {
  return std::array{Named{OnSpike::none, "none"}, Named{OnSpike::stop, "stop"}, Named{OnSpike::skip, "skip"}};
}

/// The last steps that were made, by which a spike is told, as OLMo-core's optimizers that skip steps do. With m and s
/// the mean and standard deviation (over n - 1) of their losses, z = (x - m) / s, s being taken as 1 % of m at least,
/// so that what hardly varies has no spikes; the same of the logarithm of the gradients' norm, s being 0.25 at least.
class SpikeWindow {
 public:
  static constexpr std::size_t kSteps = 128;
  static constexpr std::size_t kLeast = kSteps / 2;  ///< fewer steps tell no spike
  static constexpr std::int64_t kMostInARow = 20;    ///< steps that may be skipped one after another

  struct Scores {
    double loss = 0, norm = 0;  ///< z of each; 0 where too few steps were made
    double mean = 0;            ///< of the losses
  };
  Scores scores(double loss, double norm) const;

  void accept(double loss, double norm);
  void skip() {
    ++skipped_;
    ++in_a_row_;
  }
  std::size_t size() const { return losses_.size(); }
  std::int64_t skipped() const { return skipped_; }    ///< steps of the whole run
  std::int64_t in_a_row() const { return in_a_row_; }  ///< since the last that was made

  /// Errors: losses and norms of other numbers of steps than there can be, as only a damaged file holds them.
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    using boost::serialization::make_nvp;
    ar& make_nvp("loss", losses_) & make_nvp("norm", norms_) & make_nvp("skipped", skipped_);
    ar& make_nvp("in_a_row", in_a_row_);
    ensure(losses_.size() == norms_.size() && losses_.size() <= kSteps, "spikes: ", losses_.size(), " losses and ",
           norms_.size(), " norms are no window of ", kSteps, " steps; the checkpoint is damaged, use another");
  }

 private:
  std::vector<double> losses_, norms_;  ///< the newest last; of norms the logarithms
  std::int64_t skipped_ = 0, in_a_row_ = 0;
};

}  // namespace heddle
