#include "data/repeats/repeats.h"

#include <numeric>

#include "data/tokenizer/byte.h"
#include "framework/hash.h"

namespace heddle {
namespace {

constexpr const char* kBuiltin = "builtin:repeats";
constexpr std::int64_t kTokens = 256;

class RepeatsDataset final : public Dataset {
 public:
  RepeatsDataset(const RepeatsConfig& config, const Ranges& ranges, index_t length, const Rng& rng)
      : config_(config), ranges_(ranges), length_(length), rng_(rng) {
    state_.tokenizer = train_byte_tokenizer({}, {});
  }

  index_t size(Split split) const override { return ranges_[static_cast<std::size_t>(split)].size(); }

  Batch get(Split split, std::span<const index_t> places) const override {
    const Shape shape{std::ssize(places), length_};
    Batch batch;
    batch.inputs = IdTensor(shape);
    batch.targets = IdTensor(shape);
    for (std::size_t row = 0; row < places.size(); ++row) {
      const auto number = static_cast<std::uint64_t>(ranges_[static_cast<std::size_t>(split)].begin + places[row]);
      const std::vector<std::int32_t> said = period_of(rng_.fork(number));
      const index_t period = std::ssize(said), first = static_cast<index_t>(row) * length_;
      const auto token = [&](index_t i) { return said[static_cast<std::size_t>(i % period)]; };
      for (index_t i = 0; i < length_; ++i) {
        batch.inputs[first + i] = token(i);
        batch.targets[first + i] = i < period ? kIgnore : token(i + 1);
      }
    }
    return batch;
  }

  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override {
    return fnv1a(concat_text(kBuiltin, ' ', rng_.seed(), ' ', config_.size, ' ', config_.min_period, ' ',
                             config_.max_period, ' ', length_));
  }
  std::string describe() const override {
    return concat_text(kBuiltin, ", rows of ", config_.min_period, " to ", config_.max_period, " of ", kTokens,
                       " tokens, said again and again; ",
                       describe_splits(size(Split::train), size(Split::val), size(Split::test)));
  }

 private:
  /// The first tokens of a row, all different.
  std::vector<std::int32_t> period_of(const Rng& rng) const {
    const auto choices = static_cast<std::uint64_t>(config_.max_period - config_.min_period + 1);
    const std::uint64_t period = static_cast<std::uint64_t>(config_.min_period) + rng.below(choices, 0);
    std::vector<std::int32_t> tokens(kTokens);
    std::iota(tokens.begin(), tokens.end(), 0);
    for (std::uint64_t i = 0; i < period; ++i) std::swap(tokens[i], tokens[i + rng.below(kTokens - i, i + 1)]);
    tokens.resize(period);
    return tokens;
  }

  RepeatsConfig config_;
  Ranges ranges_;
  index_t length_;
  Rng rng_;
  DataState state_;
};

}  // namespace

std::vector<Key> RepeatsConfig::keys() {
  return {
      {"size", size, "rows of built-in data", 4, 1 << 30},
      {"min_period", min_period, "fewest tokens before a row repeats itself", 1, kTokens},
      {"max_period", max_period, "most tokens before a row repeats itself", 1, kTokens},
  };
}

std::unique_ptr<Dataset> RepeatsConfig::load(const LoadOptions& options) const {
  const bool builtin = split.path.empty() || split.path == std::vector<std::string>{kBuiltin};
  ensure(builtin && !split.apart(Split::val) && !split.apart(Split::test),
         "repeats: this data is made, not read; data.path is ", kBuiltin, ", and its splits are shares");
  ensure(min_period <= max_period, "repeats: data.min_period = ", min_period,
         " is above data.max_period = ", max_period);
  ensure(options.block_size > max_period, "repeats: rows of model.block_size = ", options.block_size,
         " tokens hold no repetition of data.max_period = ", max_period, "; give longer rows or shorter periods");
  const Ranges ranges = split.shares(size);
  split.ensure_examples(ranges, "row");
  return std::make_unique<RepeatsDataset>(*this, ranges, options.block_size, Rng(options.seed).fork(0x726570U));
}

}  // namespace heddle
