#include "framework/tensor.h"

#include <bit>
#include <mutex>
#include <new>

namespace heddle {

// --- Shape ---

Shape::Shape(std::span<const index_t> sizes) {
  ensure(sizes.size() <= kMaxAxes, "shape: ", sizes.size(), " axes; at most ", kMaxAxes, " are possible");
  constexpr index_t kMaxElements = index_t{1} << 40;
  index_t total = 1;
  for (const index_t size : sizes) {
    ensure(size >= 0, "shape: axis ", ndim_, " has negative size ", size);
    ensure(size == 0 || total <= kMaxElements / size, "shape: more than 2^40 elements");
    total *= size;
    sizes_[static_cast<std::size_t>(ndim_++)] = size;
  }
}

int Shape::normalize(int axis, const char* op) const {
  ensure(axis >= -ndim_ && axis < ndim_, op, ": axis ", axis, " is not in shape ", *this);
  return axis < 0 ? axis + ndim_ : axis;
}

index_t Shape::numel() const { return product(0, ndim_); }

index_t Shape::product(int begin, int end) const {
  index_t total = 1;
  for (int i = begin; i < end; ++i) total *= sizes_[static_cast<std::size_t>(i)];
  return total;
}

Shape Shape::with(int axis, index_t size) const {
  Shape result = *this;
  result.sizes_[static_cast<std::size_t>(normalize(axis))] = size;
  return result;
}

Shape Shape::without(int axis) const {
  std::vector<index_t> sizes(begin(), end());
  sizes.erase(sizes.begin() + normalize(axis));
  return Shape(sizes);
}

Shape Shape::inserted(int axis, index_t size) const {
  ensure(axis >= 0 && axis <= ndim_, "shape: axis ", axis, " cannot be put into shape ", *this);
  std::vector<index_t> sizes(begin(), end());
  sizes.insert(sizes.begin() + axis, size);
  return Shape(sizes);
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '[';
  for (int i = 0; i < shape.ndim(); ++i) out << (i ? ", " : "") << shape[i];
  return out << ']';
}

// --- memory pool ---

namespace {

constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector register

/// Blocks come in sizes that are multiples of 64 bytes up to 1 KiB, above it in eighths of powers of two, so at most an
/// eighth of a block is unused and a freed one fits the next request of about its size.
std::size_t block_size(std::size_t bytes) {
  const std::size_t step = bytes <= 1024 ? kAlignment : std::bit_floor(bytes - 1) / 8;
  return (bytes + step - 1) / step * step;
}

class MemoryPool {
 public:
  void* take(std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    auto& blocks = blocks_of(bytes);
    void* block = nullptr;
    if (blocks.empty()) {
      block = ::operator new (bytes, std::align_val_t{kAlignment});
      blocks.reserve(blocks.size() + 1);
      stats_.bytes_reserved += bytes;
      ++stats_.system_requests;
    } else {
      block = blocks.back();
      blocks.pop_back();
    }
    stats_.bytes_in_use += bytes;
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.bytes_in_use);
    return block;
  }

  void give_back(void* block, std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    blocks_of(bytes).push_back(block);
    stats_.bytes_in_use -= bytes;
  }

  void trim() {
    const std::scoped_lock lock(mutex_);
    for (auto& [bytes, blocks] : free_) {
      for (void* block : blocks) ::operator delete (block, std::align_val_t{kAlignment});
      stats_.bytes_reserved -= bytes * blocks.size();
      blocks.clear();
    }
  }

  PoolStats stats() {
    const std::scoped_lock lock(mutex_);
    return stats_;
  }

  void reset_peak() {
    const std::scoped_lock lock(mutex_);
    stats_.peak_bytes = stats_.bytes_in_use;
  }

 private:
  /// Free blocks of one size. There are few sizes in a program, and they are kept in order.
  std::vector<void*>& blocks_of(std::size_t bytes) {
    auto at =
        std::lower_bound(free_.begin(), free_.end(), bytes, [](const auto& e, std::size_t b) { return e.first < b; });
    if (at == free_.end() || at->first != bytes) at = free_.insert(at, {bytes, {}});
    return at->second;
  }

  std::mutex mutex_;
  std::vector<std::pair<std::size_t, std::vector<void*>>> free_;
  PoolStats stats_;
};

/// Never destroyed: tensors that outlive main (in static objects) still give their blocks back.
MemoryPool& pool() {
  static auto* p = new MemoryPool;
  return *p;
}

template <class T>
std::shared_ptr<T[]> allocate(index_t numel) {
  const std::size_t bytes = block_size(std::max<std::size_t>(static_cast<std::size_t>(numel) * sizeof(T), 1));
  auto* elements = static_cast<T*>(pool().take(bytes));
  return {elements, [bytes](T* p) { pool().give_back(p, bytes); }};
}

}  // namespace

PoolStats pool_stats() { return pool().stats(); }
void pool_reset_peak() { pool().reset_peak(); }
void pool_trim() { pool().trim(); }

// --- Tensor ---

Tensor::Tensor(const Shape& shape) : shape_(shape), numel_(shape.numel()), data_(allocate<real>(numel_)) {}

Tensor Tensor::full(const Shape& shape, real value) {
  Tensor t(shape);
  std::fill_n(t.data(), t.numel(), value);
  return t;
}

Tensor Tensor::from(std::span<const real> values, const Shape& shape) {
  ensure(static_cast<index_t>(values.size()) == shape.numel(), "tensor: ", values.size(), " values do not fill shape ",
         shape);
  Tensor t(shape);
  std::copy(values.begin(), values.end(), t.data());
  return t;
}

Tensor Tensor::normal(const Shape& shape, const Rng& rng, double stddev, double mean) {
  Tensor t(shape);
  parallel_for(t.numel(), 4096, [&](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) {
      t.data()[i] = static_cast<real>(mean + stddev * rng.normal(static_cast<std::uint64_t>(i)));
    }
  });
  return t;
}

Tensor Tensor::uniform(const Shape& shape, const Rng& rng, double low, double high) {
  Tensor t(shape);
  parallel_for(t.numel(), 4096, [&](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) {
      t.data()[i] = static_cast<real>(low + (high - low) * rng.uniform(static_cast<std::uint64_t>(i)));
    }
  });
  return t;
}

real Tensor::item() const {
  ensure(defined() && numel_ == 1, "item: a tensor of shape ", shape_, " has ", numel_, " elements, not one");
  return data_[0];
}

Tensor Tensor::clone() const {
  Tensor copy(shape_);
  std::copy_n(data(), numel_, copy.data());
  return copy;
}

Tensor Tensor::detach() const {
  Tensor t = *this;
  t.node_.reset();
  return t;
}

Tensor Tensor::view(const Shape& shape) const {
  ensure(shape.numel() == numel_, "view: shape ", shape_, " cannot become ", shape);
  Tensor t = detach();
  t.shape_ = shape;
  return t;
}

Bf16Tensor::Bf16Tensor(index_t numel) : data_(allocate<bf16_t>(numel)) {}

Bf16Tensor::Bf16Tensor(const Tensor& x) : Bf16Tensor(x.numel()) { assign(x); }

void Bf16Tensor::assign(const Tensor& x) {
  parallel_for(x.numel(), row_grain(1), [to = data_.get(), from = x.data()](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) to[i] = to_bf16(from[i]);
  });
}

IdTensor::IdTensor(std::vector<value_type> values, const Shape& shape) : shape_(shape), values_(std::move(values)) {
  ensure(numel() == shape.numel(), "ids: ", numel(), " values do not fill shape ", shape);
}

}  // namespace heddle
