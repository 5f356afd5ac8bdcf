#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <span>
#include <vector>

#include "framework/bf16.h"
#include "framework/check.h"
#include "framework/parallel.h"
#include "framework/rng.h"

#ifndef HEDDLE_REAL
#define HEDDLE_REAL float
#endif

namespace heddle {

/// The number type of every tensor: float in the program; the tests build the same sources a second time with double.
using real = HEDDLE_REAL;

struct Node;  // autograd.h

/// Sizes of the axes of a tensor, at most 8. An empty shape is a scalar (one element).
class Shape {
 public:
  static constexpr int kMaxAxes = 8;

  Shape() = default;
  /// Errors: more than 8 axes, a negative size, more than 2^40 elements.
  Shape(std::initializer_list<index_t> sizes) : Shape(std::span<const index_t>(sizes.begin(), sizes.size())) {}
  explicit Shape(std::span<const index_t> sizes);

  int ndim() const { return ndim_; }
  /// Size of an axis; negative ones count from the last. Errors: no such axis.
  index_t operator[](int axis) const { return sizes_[static_cast<std::size_t>(normalize(axis))]; }
  /// The axis as a number in 0 .. ndim-1. Errors: no such axis, naming `op`.
  int normalize(int axis, const char* op = "shape") const;
  index_t numel() const;
  /// Product of the sizes of the axes in [begin, end).
  index_t product(int begin, int end) const;
  /// A copy with one axis resized, without it, or with a new one before `axis`.
  Shape with(int axis, index_t size) const;
  Shape without(int axis) const;
  Shape inserted(int axis, index_t size) const;

  const index_t* begin() const { return sizes_.data(); }
  const index_t* end() const { return sizes_.data() + ndim_; }
  friend bool operator==(const Shape& a, const Shape& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }
  friend std::ostream& operator<<(std::ostream& out, const Shape& shape);

 private:
  std::array<index_t, kMaxAxes> sizes_{};
  int ndim_ = 0;
};

/// What the memory pool has done. The pool keeps freed blocks by size class, so a steady training step, which asks for
/// the same sizes every time, takes no memory from the system.
struct PoolStats {
  std::size_t bytes_in_use = 0;     ///< held by live tensors
  std::size_t peak_bytes = 0;       ///< the most that was ever in use
  std::size_t bytes_reserved = 0;   ///< taken from the system, in use or kept for reuse
  std::size_t system_requests = 0;  ///< how often the system was asked
};
PoolStats pool_stats();
/// Starts a new peak at what is in use now.
void pool_reset_peak();
/// Gives all free blocks back to the system.
void pool_trim();

/// An array of `real`, row-major and contiguous, with an optional place in the autograd graph.
///
/// A Tensor is a handle: copies share elements, gradient and graph. Only reshape, detach and copies share elements;
/// every other op makes a new tensor. Elements of a tensor that has been given to an op must not be changed before
/// backward has run; optimizers and initializers are the only code that writes in place.
class Tensor {
 public:
  /// An undefined tensor: no shape, no elements.
  Tensor() = default;
  /// Uninitialized elements.
  explicit Tensor(const Shape& shape);

  static Tensor full(const Shape& shape, real value);
  static Tensor zeros(const Shape& shape) { return full(shape, 0); }
  static Tensor scalar(real value) { return full(Shape{}, value); }
  /// Errors: the number of values differs from the shape's.
  static Tensor from(std::span<const real> values, const Shape& shape);
  static Tensor from(std::initializer_list<real> values, const Shape& shape) {
    return from(std::span<const real>(values.begin(), values.size()), shape);
  }
  /// Normal with the given mean and standard deviation; element i is rng.normal(i).
  static Tensor normal(const Shape& shape, const Rng& rng, double stddev = 1, double mean = 0);
  /// Uniform in [low, high).
  static Tensor uniform(const Shape& shape, const Rng& rng, double low = 0, double high = 1);

  bool defined() const { return data_ != nullptr; }
  const Shape& shape() const { return shape_; }
  int ndim() const { return shape_.ndim(); }
  index_t size(int axis) const { return shape_[axis]; }
  index_t numel() const { return numel_; }
  real* data() { return data_.get(); }
  const real* data() const { return data_.get(); }
  std::span<real> span() { return {data(), static_cast<std::size_t>(numel_)}; }
  std::span<const real> span() const { return {data(), static_cast<std::size_t>(numel_)}; }
  /// The only element. Errors: not exactly one.
  real item() const;

  /// A new tensor with the same elements, outside the graph.
  Tensor clone() const;
  /// The same elements, outside the graph.
  Tensor detach() const;
  /// The same elements in another shape, outside the graph (ops.h's `reshape` is the differentiable one).
  Tensor view(const Shape& shape) const;
  bool shares_storage(const Tensor& other) const { return data_ == other.data_; }
  /// How many tensors share these elements.
  long use_count() const { return data_.use_count(); }

  // --- autograd (defined in autograd.cpp) ---

  bool requires_grad() const { return node_ != nullptr; }
  /// Makes this tensor a leaf whose gradient is kept. Errors: it is the result of an op already in the graph.
  Tensor& set_requires_grad();
  /// The gradient that backward has summed so far; undefined before the first.
  const Tensor& grad() const;
  Tensor& mutable_grad();
  void zero_grad();
  /// Keeps the gradient of an intermediate result, as leaves do. Errors: not in the graph.
  void retain_grad();
  const std::shared_ptr<Node>& node() const { return node_; }
  void set_node(std::shared_ptr<Node> node) { node_ = std::move(node); }

 private:
  Shape shape_;
  index_t numel_ = 0;
  std::shared_ptr<real[]> data_;
  std::shared_ptr<Node> node_;
};

/// Numbers rounded to bf16, as products read them; handles share the elements, which lie in the pool.
class Bf16Tensor {
 public:
  Bf16Tensor() = default;
  /// Uninitialized elements.
  explicit Bf16Tensor(index_t numel);
  /// The elements of x, rounded.
  explicit Bf16Tensor(const Tensor& x);

  bool defined() const { return data_ != nullptr; }
  bf16_t* data() { return data_.get(); }
  const bf16_t* data() const { return data_.get(); }
  /// Rounds the elements of x, as many as there are here, into these.
  void assign(const Tensor& x);

 private:
  std::shared_ptr<bf16_t[]> data_;
};

/// Whole numbers (token ids, class labels), row-major; never differentiated.
class IdTensor {
 public:
  using value_type = std::int32_t;
  IdTensor() = default;
  explicit IdTensor(const Shape& shape) : shape_(shape), values_(static_cast<std::size_t>(shape.numel())) {}
  /// Errors: the number of values differs from the shape's.
  IdTensor(std::vector<value_type> values, const Shape& shape);

  const Shape& shape() const { return shape_; }
  int ndim() const { return shape_.ndim(); }
  index_t size(int axis) const { return shape_[axis]; }
  index_t numel() const { return static_cast<index_t>(values_.size()); }
  value_type* data() { return values_.data(); }
  const value_type* data() const { return values_.data(); }
  value_type operator[](index_t i) const { return values_[static_cast<std::size_t>(i)]; }
  value_type& operator[](index_t i) { return values_[static_cast<std::size_t>(i)]; }

 private:
  Shape shape_;
  std::vector<value_type> values_;
};

}  // namespace heddle
