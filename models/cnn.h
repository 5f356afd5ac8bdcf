#pragma once

#include "framework/nn/conv.h"
#include "framework/nn/layers.h"
#include "models/capabilities.h"

namespace heddle {

/// Sizes of a convolutional network.
struct CNNConfig final : ModelConfig {
  std::vector<std::string> channels = {"16", "32"}, hidden = {"64"};
  std::int64_t kernel = 3;
  double dropout = 0;

  std::vector<Key> keys() override;
  std::unique_ptr<Model> build(const DataSpec& data, Initializer init) const override;
};

/// A convolutional network that tells the classes of images (LeCun et al., "Gradient-Based Learning Applied to Document
/// Recognition", 1998): stages of a convolution that keeps the image's size, relu, and the largest of each 2 x 2; then
/// linear layers with relu between.
class CNN final : public Model, public Classifier {
 public:
  /// Errors: lists that are none; data without images or without two classes; images too small for as many stages.
  CNN(const CNNConfig& config, const DataSpec& data, Initializer init);
  Tensor class_scores(const Batch& batch, Context& context) override;
  Loss loss(const Batch& batch, index_t divisor, Context& context) override;
  std::vector<NamedParameter> named_parameters() override { return heddle::named_parameters(*this); }
  double flops(const Batch& batch) override;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(stages) & BOOST_SERIALIZATION_NVP(layers) & BOOST_SERIALIZATION_NVP(classifier);
  }
  std::vector<Conv2d> stages;
  std::vector<Linear> layers;
  Linear classifier;

 private:
  Dropout dropout_;
  double row_flops_ = 0;
};

}  // namespace heddle
