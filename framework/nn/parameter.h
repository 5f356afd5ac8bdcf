#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// What a parameter is in its layer, said where it is made:
///   matrix  maps vectors to vectors; its directions weigh alike
///   table   a row for each symbol, place or class: an embedding, or a head's scores
///   vector  a bias, or the weight of a norm
enum class Role { matrix, table, vector };

/// A tensor that training moves, as a member of a module. It begins as a leaf that requires a gradient.
struct Parameter : Tensor {
  Parameter() = default;
  Parameter(Tensor tensor, Role role_) : Tensor(std::move(tensor)), role(role_) { set_requires_grad(); }

  Role role = Role::matrix;
  bool multiplied = false;  ///< this module reads it as an operand of products, [out, in]
};

/// A parameter and its path in the model, such as "blocks/0/attention/qkv/weight". One that several modules share has
/// the role that the first of them gives it, and is multiplied if one of them does so.
struct NamedParameter {
  std::string name;
  Tensor tensor;
  Role role = Role::matrix;
  bool multiplied = false;

  /// A frozen parameter gets no gradient, and no optimizer moves it.
  bool frozen() const { return !tensor.requires_grad(); }
};

/// Number of elements of all parameters, and of those that are frozen.
index_t count_elements(const std::vector<NamedParameter>& parameters);
index_t count_frozen(const std::vector<NamedParameter>& parameters);

/// Freezes the parameters whose names, or what they begin with before a '/', fit a pattern (see pattern.h): a name, or
/// a path for all that is below it, "blocks/0"; "blocks/0..3" stands for blocks/0, blocks/1, blocks/2 and blocks/3. To
/// be called before an optimizer is made, which has no moments for them then. Errors: a pattern, or a number of a
/// range, that no name fits, naming the nearest path.
void freeze(const std::vector<NamedParameter>& parameters, const std::string& pattern);

/// Makes the parameters of a model. Each that is drawn has a random stream of its own, in the order of the calls.
class Initializer {
 public:
  Initializer(const Rng& rng) : rng_(rng) {}  // NOLINT: where weights are made, a seed says how
  /// One that draws and fills nothing: parameters have their shapes, and elements to be read from a checkpoint.
  static Initializer shapes_only();
  /// One whose parameters have no elements, so that a model larger than memory can be counted.
  static Initializer counting();

  /// Normal with mean 0.
  Parameter normal(const Shape& shape, double stddev, Role role);
  /// Uniform in [-bound, bound).
  Parameter uniform(const Shape& shape, double bound, Role role);
  Parameter full(const Shape& shape, real value, Role role);
  /// A vector of blocks of `size` elements, each of one value.
  Parameter blocks(const std::vector<real>& values, index_t size);

 private:
  enum class Elements { filled, as_they_come, none };
  Initializer(const Rng& rng, Elements elements) : rng_(rng), elements_(elements) {}
  /// What `fill` makes, or the shape alone.
  template <class Fill>
  Parameter make(const Shape& shape, Role role, const Fill& fill) const {
    if (elements_ == Elements::filled) return {fill(), role};
    return {elements_ == Elements::none ? Tensor::without_elements(shape) : Tensor(shape), role};
  }

  Rng rng_;
  std::uint64_t next_ = 0;
  Elements elements_ = Elements::filled;
};

}  // namespace heddle
