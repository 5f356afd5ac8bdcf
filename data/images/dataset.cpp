#include "data/images/dataset.h"

#include "framework/hash.h"

namespace heddle {

ImageDataset::ImageDataset(ImageSet images, const Ranges& ranges, DataState state, const Augmentation& augmentation,
                           std::string name, std::vector<std::string> notices)
    : images_(std::move(images)),
      ranges_(ranges),
      state_(std::move(state)),
      augmentation_(augmentation),
      name_(std::move(name)),
      notices_(std::move(notices)) {
  for (std::size_t c = 0; c < state_.mean.size(); ++c)
    black_.push_back(static_cast<real>((0 - state_.mean[c]) / state_.deviation[c]));
}

Batch ImageDataset::get(Split split, std::span<const index_t> places) const {
  const index_t rows = std::ssize(places), area = images_.area(), size = images_.channels * area;
  Batch batch;
  batch.features = Tensor({rows, images_.channels, images_.height, images_.width});
  batch.targets = IdTensor({rows});
  real* const pixels = batch.features.mutable_data();
  for (index_t row = 0; row < rows; ++row) {
    const index_t at = image(split, places[static_cast<std::size_t>(row)]);
    batch.targets[row] = images_.classes[static_cast<std::size_t>(at)];
    const char* from = images_.pixels.data() + at * size;
    real* to = pixels + row * size;
    for (std::size_t channel = 0; channel < state_.mean.size(); ++channel) {
      const double mean = state_.mean[channel], deviation = state_.deviation[channel];
      for (index_t i = 0; i < area; ++i)
        *to++ = static_cast<real>((static_cast<unsigned char>(*from++) - mean) / deviation);
    }
  }
  return batch;
}

void ImageDataset::augment(Batch& batch, const Rng& rng) const {
  if (!augmentation_.none()) batch.features = augmented(batch.features, augmentation_, black_, rng, batch.first_row);
}

std::uint64_t ImageDataset::fingerprint() const {
  const std::string_view classes(reinterpret_cast<const char*>(images_.classes.data()),
                                 images_.classes.size() * sizeof(images_.classes[0]));
  return fnv1a(classes, fnv1a(images_.pixels));
}

std::string ImageDataset::describe() const {
  return concat_text(name_, ", ", images_.width, " x ", images_.height,
                     images_.channels == 1   ? " grey"
                     : images_.channels == 3 ? " colour"
                                             : "",
                     " images, ", state_.labels.size(), " classes; ",
                     describe_splits(size(Split::train), size(Split::val), size(Split::test)));
}

Picture ImageDataset::picture(Split split, index_t example) const {
  const index_t size = images_.channels * images_.area();
  const std::string_view pixels(images_.pixels);
  return picture_of_planes(
      pixels.substr(static_cast<std::size_t>(image(split, example) * size), static_cast<std::size_t>(size)),
      images_.channels, images_.height, images_.width);
}

std::string ImageDataset::source(Split split, index_t example) const {
  const index_t at = image(split, example);
  const auto next = images_.files.upper_bound(at), file = std::prev(next);
  const bool alone = (next != images_.files.end() ? next->first : images_.count()) - file->first == 1;
  return alone ? file->second : concat_text(file->second, " #", at - file->first);
}

}  // namespace heddle
