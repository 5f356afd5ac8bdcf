#include "train/learners/exchange.h"

#include <algorithm>
#include <chrono>

#include "framework/clock.h"

namespace heddle {
namespace {

std::span<std::byte> elements_of(Tensor& t) { return bytes_of(t.mutable_data(), static_cast<std::size_t>(t.numel())); }

}  // namespace

GradientExchange::GradientExchange(const std::vector<NamedParameter>& parameters, const Shares& shares,
                                   index_t micro_batches, bool everywhere)
    : parameters_(parameters),
      shares_(shares),
      micro_batches_(micro_batches),
      own_(micro_batches / ranks()),
      everywhere_(everywhere),
      buckets_(shares.buckets()) {
  ensure(2 * buckets_.size() <= Transfers::kGradients, "gradients: ", buckets_.size(), " buckets are too many");
  for (int r = 0; r < ranks(); ++r) subtrees_.push_back(subtrees(micro_batches, own_ * r, own_ * (r + 1)));
  thread_ = std::thread([this] {
    try {
      run();
    } catch (...) {
      const std::scoped_lock lock(mutex_);
      failure_ = std::current_exception();
      changed_.notify_all();
    }
  });
}

GradientExchange::~GradientExchange() {
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

index_t GradientExchange::message_size(std::size_t bucket, int owner) const {
  index_t size = 0;
  for (const Part& part : shares_.parts(bucket, owner)) size += 1 + part.size();
  return size;
}

void GradientExchange::begin() {
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    Bucket& bucket = buckets_[b];
    bucket.waits_for = shares_.parameters(b).size();
    bucket.summed = false;
    bucket.roots_to.clear();
    bucket.roots_from.clear();
    bucket.sums.clear();
  }
  const std::scoped_lock lock(mutex_);
  through_ = 0;
}

void GradientExchange::send(std::size_t parameter, GradientSum::Roots& roots) {
  const std::size_t b = shares_.bucket_of(parameter);
  Bucket& bucket = buckets_[b];
  const auto of_all = static_cast<std::size_t>(ranks());
  if (bucket.roots_to.empty()) {
    for (int r = 0; r < ranks(); ++r)
      bucket.roots_to.emplace_back(Shape{static_cast<index_t>(roots.size()), message_size(b, r)});
  }
  parallel_for(static_cast<index_t>(of_all * roots.size()), 1, [&](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) {
      const auto owner = static_cast<std::size_t>(i) % of_all, root = static_cast<std::size_t>(i) / of_all;
      Tensor& message = bucket.roots_to[owner];
      index_t at = static_cast<index_t>(root) * message.size(1);
      for (const Part& part : shares_.parts(b, static_cast<int>(owner))) {
        if (part.parameter == parameter) {
          const Tensor& gradient = roots[root].value;
          real* const to = message.mutable_data() + at;
          *to = gradient.defined() ? 1 : 0;
          if (gradient.defined()) std::copy_n(gradient.data() + part.begin, part.size(), to + 1);
        }
        at += 1 + part.size();
      }
    }
  });
  roots.clear();
  if (--bucket.waits_for > 0) return;
  const std::scoped_lock lock(mutex_);
  ready_.push_back(b);
  changed_.notify_all();
}

void GradientExchange::run() {
  std::vector<std::size_t> active;
  double begun = 0;
  for (;;) {
    std::vector<std::size_t> fresh;
    {
      std::unique_lock lock(mutex_);
      if (active.empty()) changed_.wait(lock, [&] { return over_ || !ready_.empty(); });
      if (over_) return;
      if (active.empty()) begun = seconds_now();
      fresh.assign(ready_.begin(), ready_.end());
      ready_.clear();
    }
    for (const std::size_t b : fresh) start(b);
    active.insert(active.end(), fresh.begin(), fresh.end());
    const std::size_t before = active.size();
    std::erase_if(active, [&](std::size_t b) { return advance(b); });
    if (active.size() < before) {
      const std::scoped_lock lock(mutex_);
      through_ += before - active.size();
      if (active.empty()) work_.seconds += seconds_now() - begun;
      changed_.notify_all();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));  // the core is for backward
    }
  }
}

void GradientExchange::start(std::size_t b) {
  Bucket& bucket = buckets_[b];
  double bytes = 0;
  for (int r = 0; r < ranks(); ++r) {
    const auto at = static_cast<std::size_t>(r);
    bucket.roots_from.emplace_back(Shape{static_cast<index_t>(subtrees_[at].size()), message_size(b, rank())});
    if (r == rank()) {
      bucket.roots_from.back() = std::exchange(bucket.roots_to[at], Tensor());
      continue;
    }
    bucket.transfers.receive(r, static_cast<int>(2 * b), elements_of(bucket.roots_from[at]));
    bucket.transfers.send(r, static_cast<int>(2 * b), elements_of(bucket.roots_to[at]));
    bytes += static_cast<double>(bucket.roots_to[at].numel()) * sizeof(real);
  }
  const std::scoped_lock lock(mutex_);
  work_.bytes += bytes;
}

void GradientExchange::sum_roots(std::size_t b) {
  Bucket& bucket = buckets_[b];
  const auto own = static_cast<std::size_t>(rank());
  for (int r = 0; r < ranks(); ++r) {
    if (r == rank() || everywhere_)
      bucket.sums.emplace_back(Shape{message_size(b, r)});
    else
      bucket.sums.emplace_back();
  }
  real* const sums = bucket.sums[own].mutable_data();
  index_t at = 0;
  for (const Part& part : shares_.parts(b, rank())) {
    TreeSum<real*> sum(micro_batches_);  // of places in messages; null where there is no gradient
    for (std::size_t r = 0; r < bucket.roots_from.size(); ++r) {
      Tensor& message = bucket.roots_from[r];
      for (std::size_t k = 0; k < subtrees_[r].size(); ++k) {
        real* const from = message.mutable_data() + static_cast<index_t>(k) * message.size(1) + at;
        sum.add({subtrees_[r][k].begin, subtrees_[r][k].end, *from != 0 ? from + 1 : nullptr},
                [size = part.size()](real*& left, real* right) {
                  if (left == nullptr) {
                    left = right;
                  } else if (right != nullptr) {
                    for (index_t e = 0; e < size; ++e) left[e] += right[e];
                  }
                });
      }
    }
    const real* const all = sum.roots()[0].value;
    sums[at] = all != nullptr ? 1 : 0;
    if (all != nullptr) std::copy_n(all, part.size(), sums + at + 1);
    at += 1 + part.size();
  }
  bucket.roots_to.clear();
  bucket.roots_from.clear();
  bucket.summed = true;
}

bool GradientExchange::advance(std::size_t b) {
  Bucket& bucket = buckets_[b];
  if (!bucket.transfers.done()) return false;
  if (bucket.summed) return true;
  sum_roots(b);
  if (!everywhere_) return true;
  const auto own = static_cast<std::size_t>(rank());
  for (int r = 0; r < ranks(); ++r) {
    if (r == rank()) continue;
    bucket.transfers.receive(r, static_cast<int>(2 * b + 1), elements_of(bucket.sums[static_cast<std::size_t>(r)]));
    bucket.transfers.send(r, static_cast<int>(2 * b + 1), elements_of(bucket.sums[own]));
  }
  const std::scoped_lock lock(mutex_);
  work_.bytes += static_cast<double>(bucket.sums[own].numel() * (ranks() - 1)) * sizeof(real);
  return false;
}

void GradientExchange::finish() {
  const double begun = seconds_now();
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || through_ == buckets_.size(); });
    if (failure_) std::rethrow_exception(failure_);
    work_.waited += seconds_now() - begun;
  }
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    for (int r = 0; r < ranks(); ++r) {
      const Tensor& sums = buckets_[b].sums[static_cast<std::size_t>(r)];
      if (!sums.defined()) continue;
      index_t at = 0;
      for (const Part& part : shares_.parts(b, r)) {
        const real* const from = sums.data() + at;
        at += 1 + part.size();
        if (*from == 0) continue;
        Tensor parameter = parameters_[part.parameter].tensor;
        Tensor& gradient = parameter.mutable_grad();
        if (!gradient.defined()) gradient = everywhere_ ? Tensor(parameter.shape()) : Tensor(Shape{part.size()});
        real* const to = gradient.mutable_data() + (everywhere_ ? part.begin : 0);
        parallel_for(part.size(), 1 << 16,
                     [&](index_t begin, index_t end) { std::copy(from + 1 + begin, from + 1 + end, to + begin); });
      }
    }
    buckets_[b].sums.clear();
  }
}

double GradientExchange::sum(const std::vector<TreeSum<double>::Root>& losses) const {
  std::vector<double> mine;
  for (const auto& root : losses) mine.push_back(root.value);
  const auto all = gather(mine);
  TreeSum<double> sum(micro_batches_);
  for (std::size_t r = 0; r < all.size(); ++r) {
    for (std::size_t k = 0; k < all[r].size(); ++k)
      sum.add({subtrees_[r][k].begin, subtrees_[r][k].end, all[r][k]},
              [](double& left, double right) { left += right; });
  }
  return sum.roots()[0].value;
}

ExchangeWork GradientExchange::work() const {
  const std::scoped_lock lock(mutex_);
  return work_;
}

}  // namespace heddle
