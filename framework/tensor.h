#pragma once

#include <algorithm>
#include <array>
#include <atomic>
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

/// RAII guard: while it lives, live tensors hold no more than `bytes` together; one that would is refused with
/// std::bad_alloc. There is one at a time.
class PoolLimit {
 public:
  explicit PoolLimit(double bytes);
  ~PoolLimit();
  PoolLimit(const PoolLimit&) = delete;
  PoolLimit& operator=(const PoolLimit&) = delete;
};

class Tensor;

/// Numbers rounded to bf16, as products read them; handles share the elements, which lie in the pool.
class Bf16Tensor {
 public:
  Bf16Tensor() = default;
  /// Uninitialized elements.
  explicit Bf16Tensor(index_t numel);
  /// The elements of x, rounded.
  explicit Bf16Tensor(const Tensor& x);

  bool defined() const { return block_ != nullptr; }
  bf16_t* data() { return static_cast<bf16_t*>(block_.get()); }
  const bf16_t* data() const { return static_cast<const bf16_t*>(block_.get()); }
  /// Rounds the elements of x, as many as there are here, into these.
  void assign(const Tensor& x);

 private:
  std::shared_ptr<void> block_;
};

namespace detail {

/// The elements of tensors that share them, how often they were written, and the bf16 copy that is kept beside them.
struct Storage {
  explicit Storage(std::size_t size);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::size_t bytes;
  void* block;
  std::atomic<std::uint64_t> version{0};  ///< counts the writers
  Bf16Tensor half;
  std::uint64_t half_version = 0;  ///< the one that `half` was made of
  bool half_is_exact = false;      ///< rounding it changed no element
};

/// The elements of x in another shape, outside the graph; ops.h's `reshape` is the differentiable one.
Tensor same_elements(const Tensor& x, const Shape& shape);

}  // namespace detail

/// An array of `real`, row-major and contiguous, with an optional place in the autograd graph.
///
/// A Tensor is a handle: copies share elements, gradient and graph. Only reshape, detach and copies share elements;
/// every other op makes a new tensor. Elements of a tensor that has been given to an op must not be changed before
/// backward has run; optimizers and initializers are the only code that writes in place.
///
/// Who writes elements asks for them by mutable_data or mutable_span, which count as one change each: take the pointer
/// once, before the loop that writes, and let it go after. By the count a bf16 copy of a parameter knows when it is
/// old.
class Tensor {
 public:
  /// An undefined tensor: no shape, no elements.
  Tensor() = default;
  /// Uninitialized elements.
  explicit Tensor(const Shape& shape);

  /// One that is counted and never computed with: it has a shape, and no memory for elements; data() is null.
  static Tensor without_elements(const Shape& shape);
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

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  int ndim() const { return shape_.ndim(); }
  index_t size(int axis) const { return shape_[axis]; }
  index_t numel() const { return numel_; }
  const real* data() const { return elements_; }
  std::span<const real> span() const { return {elements_, static_cast<std::size_t>(numel_)}; }
  /// The elements, to be written. Null and empty where undefined.
  real* mutable_data() {
    if (storage_)
      storage_->version.store(storage_->version.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return elements_;
  }
  std::span<real> mutable_span() { return {mutable_data(), static_cast<std::size_t>(numel_)}; }
  /// The only element. Errors: not exactly one.
  real item() const;

  /// A new tensor with the same elements, outside the graph.
  Tensor clone() const;
  /// The same elements, outside the graph.
  Tensor detach() const;
  bool shares_storage(const Tensor& other) const { return storage_ == other.storage_; }
  /// How many tensors share these elements.
  long use_count() const { return storage_.use_count(); }

  // --- the elements as bf16, kept beside them so that products need not round a parameter each time. One thread at a
  // time may ask for them: ops do, before their loops. ---

  /// The elements rounded: what is kept, made anew if elements have been written since.
  const Bf16Tensor& kept_bf16() const;
  /// What is kept, if it is of the elements as they are now; else undefined.
  Bf16Tensor current_bf16() const;
  /// The same, but only if the elements are bf16 numbers themselves.
  Bf16Tensor exact_bf16() const;
  /// Rounds the elements themselves, and keeps them.
  void round_to_bf16();
  /// For a writer of elements who writes what is kept too, in the same loop: where to, null if nothing is kept. It
  /// counts as current from here on.
  bf16_t* mutable_kept_bf16();

  // --- autograd (defined in autograd.cpp) ---

  bool requires_grad() const;
  /// Makes this tensor a leaf whose gradient is kept; with `wanted` false a leaf, and every handle of it, gets none any
  /// more, and loses the one that it has. Errors: it is the result of an op already in the graph.
  Tensor& set_requires_grad(bool wanted = true);
  /// The gradient that backward has summed so far; undefined before the first.
  const Tensor& grad() const;
  Tensor& mutable_grad();
  void zero_grad();
  /// Keeps the gradient of an intermediate result, as leaves do. Errors: not in the graph.
  void retain_grad();
  const std::shared_ptr<Node>& node() const { return node_; }
  void set_node(std::shared_ptr<Node> node) { node_ = std::move(node); }

 private:
  friend Tensor detail::same_elements(const Tensor& x, const Shape& shape);

  Shape shape_;
  index_t numel_ = 0;
  std::shared_ptr<detail::Storage> storage_;
  real* elements_ = nullptr;  ///< the storage's
  std::shared_ptr<Node> node_;
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
