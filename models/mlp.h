#pragma once

#include "framework/nn/layers.h"
#include "models/capabilities.h"

namespace heddle {

/// Sizes of a multi-layer perceptron.
struct PerceptronConfig final : ModelConfig {
  std::vector<std::string> hidden = {"128"};
  Activation activation = Activation::relu;
  double dropout = 0;

  std::vector<Key> keys() override;
  std::unique_ptr<Model> build(const DataSpec& data, Initializer init) const override;
};

/// A multi-layer perceptron that tells the classes of rows of numbers: linear layers with an activation between.
/// Without hidden layers it is a perceptron, which parts classes by planes alone and so cannot learn whether two bits
/// differ (Minsky and Papert, "Perceptrons", 1969). First weights are normal with a variance of 2 / inputs (He et al.,
/// "Delving Deep into Rectifiers", 2015).
class Perceptron final : public Model, public Classifier {
 public:
  /// Errors: widths that are none; data without rows of numbers or without two classes.
  Perceptron(const PerceptronConfig& config, const DataSpec& data, Initializer init);
  Tensor class_scores(const Batch& batch, Context& context) override;
  Loss loss(const Batch& batch, index_t divisor, Context& context) override;
  std::vector<NamedParameter> named_parameters() override { return heddle::named_parameters(*this); }
  double flops(const Batch& batch) override;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(layers) & BOOST_SERIALIZATION_NVP(classifier);
  }
  std::vector<Linear> layers;
  Linear classifier;

 private:
  Activation activation_;
  Dropout dropout_;
  double row_flops_ = 0;
};

}  // namespace heddle
