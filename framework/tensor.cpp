#include "framework/tensor.h"

#include <bit>
#include <limits>
#include <mutex>
#include <new>
#include <utility>

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

/// Number of a block size among all of them.
std::size_t size_class(std::size_t bytes) {
  if (bytes <= 1024) return bytes / kAlignment - 1;
  const auto power = static_cast<std::size_t>(std::bit_width(bytes - 1)) - 1;
  return 16 + (power - 10) * 8 + (bytes - (std::size_t{1} << power)) / (std::size_t{1} << (power - 3)) - 1;
}

constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

/// Free blocks of each size form a list within themselves, so that to give one back takes no memory and cannot fail.
class MemoryPool {
 public:
  void* take(std::size_t bytes) {
    if (void* const block = take_free(bytes)) return block;
    void* const block = ::operator new (bytes, std::align_val_t{kAlignment});  // others need not wait for it
    const std::scoped_lock lock(mutex_);
    stats_.bytes_reserved += bytes;
    ++stats_.system_requests;
    count_use(bytes);
    return block;
  }

  void give_back(void* block, std::size_t bytes) noexcept {
    const std::scoped_lock lock(mutex_);
    Free*& first = free_[size_class(bytes)];
    first = new (block) Free{first, bytes};
    stats_.bytes_in_use -= bytes;
  }

  void trim() {
    std::array<Free*, kSizes> unused{};
    {
      const std::scoped_lock lock(mutex_);
      unused.swap(free_);
      for (const Free* block : unused) {
        for (; block != nullptr; block = block->next) stats_.bytes_reserved -= block->bytes;
      }
    }
    for (Free* block : unused) {
      while (block != nullptr) ::operator delete (std::exchange(block, block->next), std::align_val_t{kAlignment});
    }
  }

  PoolStats stats() {
    const std::scoped_lock lock(mutex_);
    return stats_;
  }

  void limit(std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    limit_ = bytes;
  }

  void reset_peak() {
    const std::scoped_lock lock(mutex_);
    stats_.peak_bytes = stats_.bytes_in_use;
  }

 private:
  struct Free {
    Free* next;
    std::size_t bytes;
  };

  void* take_free(std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    if (stats_.bytes_in_use > limit_ || bytes > limit_ - stats_.bytes_in_use) throw std::bad_alloc();
    Free*& first = free_[size_class(bytes)];
    if (first == nullptr) return nullptr;
    count_use(bytes);
    return std::exchange(first, first->next);
  }
  void count_use(std::size_t bytes) {
    stats_.bytes_in_use += bytes;
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.bytes_in_use);
  }

  static constexpr std::size_t kSizes = 16 + (64 - 10) * 8;
  std::mutex mutex_;
  std::array<Free*, kSizes> free_{};
  PoolStats stats_;
  std::size_t limit_ = kUnlimited;
};

/// Never destroyed: tensors that outlive main (in static objects) still give their blocks back.
MemoryPool& pool() {
  static auto* p = new MemoryPool;
  return *p;
}

}  // namespace

PoolStats pool_stats() { return pool().stats(); }
void pool_reset_peak() { pool().reset_peak(); }
void pool_trim() { pool().trim(); }

PoolLimit::PoolLimit(double bytes) {
  pool().limit(bytes < static_cast<double>(kUnlimited) ? static_cast<std::size_t>(bytes) : kUnlimited);
}
PoolLimit::~PoolLimit() { pool().limit(kUnlimited); }

// --- Tensor ---

namespace detail {

Storage::Storage(std::size_t size) : bytes(block_size(std::max<std::size_t>(size, 1))), block(pool().take(bytes)) {}
Storage::~Storage() { pool().give_back(block, bytes); }

Tensor same_elements(const Tensor& x, const Shape& shape) {
  ensure(shape.numel() == x.numel(), "reshape: x ", x.shape(), " cannot become ", shape);
  Tensor y = x.detach();
  y.shape_ = shape;
  return y;
}

}  // namespace detail

Tensor::Tensor(const Shape& shape)
    : shape_(shape),
      numel_(shape.numel()),
      storage_(std::make_shared<detail::Storage>(static_cast<std::size_t>(numel_) * sizeof(real))),
      elements_(static_cast<real*>(storage_->block)) {}

Tensor Tensor::without_elements(const Shape& shape) {
  Tensor t(Shape{0});
  t.shape_ = shape;
  t.numel_ = shape.numel();
  t.elements_ = nullptr;
  return t;
}

Tensor Tensor::full(const Shape& shape, real value) {
  Tensor t(shape);
  // in parallel, so that a large one's pages lie with the threads that will use them
  parallel_for(t.numel(), row_grain(t.numel()),
               [value, to = t.mutable_data()](index_t begin, index_t end) { std::fill(to + begin, to + end, value); });
  return t;
}

Tensor Tensor::from(std::span<const real> values, const Shape& shape) {
  ensure(static_cast<index_t>(values.size()) == shape.numel(), "tensor: ", values.size(), " values do not fill shape ",
         shape);
  Tensor t(shape);
  std::copy(values.begin(), values.end(), t.mutable_data());
  return t;
}

Tensor Tensor::normal(const Shape& shape, const Rng& rng, double stddev, double mean) {
  Tensor t(shape);
  parallel_for(t.numel(), 4096, [&, to = t.mutable_data()](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) {
      to[i] = static_cast<real>(mean + stddev * rng.normal(static_cast<std::uint64_t>(i)));
    }
  });
  return t;
}

Tensor Tensor::uniform(const Shape& shape, const Rng& rng, double low, double high) {
  Tensor t(shape);
  parallel_for(t.numel(), 4096, [&, to = t.mutable_data()](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) {
      to[i] = static_cast<real>(low + (high - low) * rng.uniform(static_cast<std::uint64_t>(i)));
    }
  });
  return t;
}

real Tensor::item() const {
  ensure(defined() && numel_ == 1, "item: a tensor of shape ", shape_, " has ", numel_, " elements, not one");
  return elements_[0];
}

Tensor Tensor::clone() const {
  Tensor copy(shape_);
  std::copy_n(data(), numel_, copy.mutable_data());
  return copy;
}

Tensor Tensor::detach() const {
  Tensor t = *this;
  t.node_.reset();
  return t;
}

const Bf16Tensor& Tensor::kept_bf16() const {
  detail::Storage& storage = *storage_;
  const std::uint64_t version = storage.version.load();
  if (storage.half.defined() && storage.half_version == version) return storage.half;
  if (!storage.half.defined()) storage.half = Bf16Tensor(numel_);
  storage.half.assign(*this);
  storage.half_version = version;
  storage.half_is_exact = false;
  return storage.half;
}

Bf16Tensor Tensor::current_bf16() const {
  return storage_ && storage_->half_version == storage_->version.load() ? storage_->half : Bf16Tensor();
}

Bf16Tensor Tensor::exact_bf16() const { return storage_ && storage_->half_is_exact ? current_bf16() : Bf16Tensor(); }

void Tensor::round_to_bf16() {
  parallel_for(numel_, row_grain(numel_), [to = mutable_data()](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) to[i] = static_cast<real>(from_bf16(to_bf16(to[i])));
  });
  kept_bf16();
  storage_->half_is_exact = true;
}

bf16_t* Tensor::mutable_kept_bf16() {
  if (!storage_->half.defined()) return nullptr;
  storage_->half_version = storage_->version.load();
  storage_->half_is_exact = false;
  return storage_->half.data();
}

namespace {

/// A block of the pool that knows how to go back there.
std::shared_ptr<void> shared_block(std::size_t bytes) {
  auto storage = std::make_shared<detail::Storage>(bytes);
  void* const block = storage->block;
  return {std::move(storage), block};
}

}  // namespace

Bf16Tensor::Bf16Tensor(index_t numel) : block_(shared_block(static_cast<std::size_t>(numel) * sizeof(bf16_t))) {}

Bf16Tensor::Bf16Tensor(const Tensor& x) : Bf16Tensor(x.numel()) { assign(x); }

void Bf16Tensor::assign(const Tensor& x) {
  parallel_for(x.numel(), row_grain(x.numel()), [to = data(), from = x.data()](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) to[i] = to_bf16(from[i]);
  });
}

IdTensor::IdTensor(std::vector<value_type> values, const Shape& shape) : shape_(shape), values_(std::move(values)) {
  ensure(numel() == shape.numel(), "ids: ", numel(), " values do not fill shape ", shape);
}

}  // namespace heddle
