#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "framework/system/ranks.h"
#include "train/learners/gradient_sum.h"
#include "train/learners/learner.h"
#include "train/learners/shares.h"

namespace heddle {

/// Sums the gradients of all ranks, while backward still finds others. Of each parameter every rank sends the roots of
/// the subtrees that it holds (TreeSum) to the rank that owns the elements, which joins them in the order of the tree;
/// so the sums have the bits of one process that has all micro-batches. A thread of its own sends and receives.
class GradientExchange {
 public:
  /// Of each step's micro-batches every rank has as many, in the order of the ranks. `everywhere`: all ranks get all
  /// sums, and not only those that they own.
  GradientExchange(const std::vector<NamedParameter>& parameters, const Shares& shares, index_t micro_batches,
                   bool everywhere);
  ~GradientExchange();
  GradientExchange(const GradientExchange&) = delete;
  GradientExchange& operator=(const GradientExchange&) = delete;

  /// A step begins.
  void begin();
  /// What this rank has of a parameter's gradient: the sums of all its micro-batches in the step.
  void send(std::size_t parameter, GradientSum::Roots& roots);
  /// Waits, when all parameters are sent, and gives each its sum: of the elements alone that this rank owns, if not
  /// `everywhere`. Errors: another rank failed.
  void finish();
  /// The sum over all ranks' losses.
  double sum(const std::vector<TreeSum<double>::Root>& losses) const;

  ExchangeWork work() const;

 private:
  /// A bucket of a step on its way. Messages hold, for each root and each part, whether there is a gradient, and the
  /// elements.
  struct Bucket {
    std::size_t waits_for = 0;       ///< parameters that are not sent yet
    std::vector<Tensor> roots_to;    ///< each rank
    std::vector<Tensor> roots_from;  ///< each rank
    std::vector<Tensor> sums;        ///< of what each rank owns
    bool summed = false;
    Transfers transfers;
  };
  index_t message_size(std::size_t bucket, int owner) const;
  void run();
  void start(std::size_t bucket);
  /// Brings a bucket on; true when it is through.
  bool advance(std::size_t bucket);
  void sum_roots(std::size_t bucket);

  const std::vector<NamedParameter>& parameters_;
  const Shares& shares_;
  index_t micro_batches_, own_;
  bool everywhere_;
  std::vector<std::vector<TreeSum<int>::Root>> subtrees_;  ///< that each rank has, a step

  std::vector<Bucket> buckets_;
  mutable std::mutex mutex_;  ///< of all below
  std::condition_variable changed_;
  std::deque<std::size_t> ready_;
  std::size_t through_ = 0;
  bool over_ = false;
  std::exception_ptr failure_;
  ExchangeWork work_;
  std::thread thread_;
};

}  // namespace heddle
