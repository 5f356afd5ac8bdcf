#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/images/augment.h"
#include "data/images/picture.h"

namespace heddle {

/// Images of one size, a byte a pixel, channel by channel, and what class each is of.
struct ImageSet {
  index_t channels = 0, height = 0, width = 0;
  std::string pixels;
  std::vector<std::int32_t> classes;
  std::map<index_t, std::string> files;  ///< by the number of the first image of each

  index_t area() const { return height * width; }
  index_t count() const { return std::ssize(classes); }
};

/// Images as rows of numbers: (pixel - mean) / deviation of each channel, which the state holds.
class ImageDataset final : public Dataset, public Pictures {
 public:
  ImageDataset(ImageSet images, const Ranges& ranges, DataState state, const Augmentation& augmentation,
               std::string name, std::vector<std::string> notices);

  index_t size(Split split) const override { return ranges_[static_cast<std::size_t>(split)].size(); }
  Batch get(Split split, std::span<const index_t> places) const override;
  void augment(Batch& batch, const Rng& rng) const override;
  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override;
  std::string describe() const override;
  std::vector<std::string> notices() const override { return notices_; }
  Picture picture(Split split, index_t example) const override;
  std::string source(Split split, index_t example) const override;

 private:
  index_t image(Split split, index_t example) const { return ranges_[static_cast<std::size_t>(split)].begin + example; }

  ImageSet images_;
  Ranges ranges_;
  DataState state_;
  Augmentation augmentation_;
  std::vector<real> black_;  ///< in each channel, standardized
  std::string name_;
  std::vector<std::string> notices_;
};

}  // namespace heddle
