#pragma once

#include <array>
#include <memory>
#include <vector>

#include "data/dataset.h"
#include "framework/rng.h"

namespace heddle {

/// In which order the examples of a split are trained on.
enum class Order {
  automatic,   ///< epochs where the run counts in epochs, else random
  random,      ///< places drawn at random, each independently
  epochs,      ///< every example once an epoch, each epoch in an order of its own
  contiguous,  ///< row r of a step goes on where row r of the step before ended, as recurrent models want it
  lengths,     ///< every example once an epoch, those of like length in one batch of about as many tokens
};
constexpr auto names_of(Order) {
  return std::array{Named{Order::automatic, "auto"}, Named{Order::random, "random"}, Named{Order::epochs, "epochs"},
                    Named{Order::contiguous, "contiguous"}, Named{Order::lengths, "lengths"}};
}

/// The places that the rows of a micro-batch begin at.
struct Draw {
  std::vector<index_t> places;
  index_t first_row = 0;   ///< number of the first row among all rows of the run
  bool continues = false;  ///< see Batch
};

/// An order of a split's examples: a pure function of the seed and the number of the step, so that a resumed run goes
/// on where it stopped, and any process can take any micro-batch.
class Sampler {
 public:
  virtual ~Sampler() = default;
  /// Micro-batch `micro` of step number `step`, both from 0.
  virtual Draw draw(index_t step, index_t micro) const = 0;
  /// Whether the rows of a step go on where those of the step before ended (see Batch).
  virtual bool continues(index_t /*step*/) const { return false; }
  /// Steps in which every example comes once, not a whole number; where they are drawn at random, as many rows.
  virtual double steps_per_epoch() const = 0;
};

/// What a step is made of: `micro_batches` batches of `rows` rows.
struct StepRows {
  index_t rows = 1, micro_batches = 1;
  index_t all() const { return rows * micro_batches; }
};

/// Errors: a split without examples; contiguous rows of which a step needs more than there are examples.
std::unique_ptr<Sampler> make_sampler(Order order, const Dataset& dataset, Split split, StepRows step, const Rng& rng);

/// The rows of a draw. Errors: those of Dataset::get.
Batch get_batch(const Dataset& dataset, Split split, const Draw& draw);
/// `rows` examples of a split from number `first` on, in their order.
Batch get_examples(const Dataset& dataset, Split split, index_t first, index_t rows);
/// Batch number `batch` of a walk through all examples of a split, each once, in at most `rows` rows that each go on
/// where they ended: of N examples row r sees n = ceil(N / rows), from number r n on, in as many batches. The last rows
/// may end early; then a batch has the first rows alone. Errors: no row, a batch that is not there.
Batch walk_split(const Dataset& dataset, Split split, index_t rows, index_t batch);

}  // namespace heddle
