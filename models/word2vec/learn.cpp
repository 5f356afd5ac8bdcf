#include <algorithm>
#include <cmath>
#include <utility>

#include "framework/clock.h"
#include "framework/ops/vector_math.h"
#include "framework/rows.h"
#include "framework/system/ranks.h"
#include "models/word2vec/word2vec.h"

namespace heddle {
namespace {

index_t padded(index_t width) { return (width + kLanes - 1) / kLanes * kLanes; }

/// Prefetches a row: the tables are far larger than caches.
void prefetch(const real* vector, index_t width) {
  for (index_t d = 0; d < width; d += 64 / static_cast<index_t>(sizeof(real))) __builtin_prefetch(vector + d);
}
constexpr std::size_t kAhead = 4;  // rows that are prefetched before their turn

}  // namespace

/// Works through one row of a batch.
class Word2Vec::Worker {
 public:
  Worker(Word2Vec& model, Replica& replica, std::vector<std::int32_t>& places, real lr)
      : model_(model),
        replica_(replica),
        places_(places),
        width_(model.config_.n_embd),
        stride_(padded(width_)),
        lr_(lr) {
    places_.resize(static_cast<std::size_t>(model.table_rows()), -1);
    replica_.rows.clear();
    replica_.curvature.clear();
    replica_.losses = {};
  }

  void run(const Batch& batch, index_t row, const Rng& rng) {
    const bool cbow = model_.config_.method == Word2VecMethod::cbow;
    model_.for_windows(batch, row, rng, [&](std::span<const std::int32_t> near, std::span<const std::int32_t> outputs) {
      input_rows_.clear();
      input_ends_.clear();
      outputs_.clear();
      for (const std::int32_t word : outputs) prefetch(model_.table_row(model_.words_ + model_.ngrams_ + word), width_);
      for (const std::int32_t word : near) {
        input_rows_.push_back(place_of(word));
        for (const std::int32_t ngram : model_.ngrams_of(word)) input_rows_.push_back(place_of(ngram));
        if (!cbow) input_ends_.push_back(input_rows_.size());
      }
      if (cbow) input_ends_.push_back(input_rows_.size());
      for (const std::int32_t word : outputs) outputs_.push_back(place_of(model_.words_ + model_.ngrams_ + word));
      learn();
    });
    if (lr_ != 0) {
      keep_changes();
      replica_.sort_into_parts();
    }
    for (const std::int32_t met : replica_.rows) places_[static_cast<std::size_t>(met)] = -1;
  }

 private:
  /// Where in the replica a row of the tables lies; brings it there at first.
  std::int32_t place_of(index_t row) {
    std::int32_t& place = places_[static_cast<std::size_t>(row)];
    if (place >= 0) return place;
    place = static_cast<std::int32_t>(replica_.rows.size());
    replica_.rows.push_back(static_cast<std::int32_t>(row));
    replica_.curvature.push_back(0);
    const std::size_t end = replica_.rows.size() * static_cast<std::size_t>(stride_);
    if (replica_.values.size() < end) replica_.values.resize(end + end / 4, 0);
    std::copy_n(model_.table_row(row), width_, vector_at(place));
    return place;
  }
  real* vector_at(std::int32_t place) { return replica_.values.data() + place * stride_; }

  /// One SGD step of a window: scores, loss, gradient, update of the local copies.
  void learn() {
    const std::size_t inputs = input_ends_.size(), outputs = outputs_.size();
    const auto width = static_cast<std::size_t>(stride_);
    gather_inputs();
    scores_.resize(inputs * outputs);
    for (std::size_t o = 0; o < outputs; ++o) {
      const real* const y = vector_at(outputs_[o]);
      for (std::size_t i = 0; i < inputs; ++i) {
        const real* const x = inputs_[i];
        scores_[o * inputs + i] = row_sum(stride_, [&](index_t d) { return x[d] * y[d]; });
      }
    }
    for (real& score : scores_) score = sigmoid_of(score);
    add_loss(inputs, outputs);
    if (lr_ == 0) return;
    add_curvature(inputs, outputs);

    // a step of descent on the loss: (label - sigmoid) times the other side's vector
    for (std::size_t i = 0; i < inputs * outputs; ++i) scores_[i] = lr_ * ((i < inputs ? 1 : 0) - scores_[i]);
    moves_.assign(inputs * width, 0);
    for (std::size_t o = 0; o < outputs; ++o) {
      const real* const y = vector_at(outputs_[o]);
      for (std::size_t i = 0; i < inputs; ++i) {
        const real g = scores_[o * inputs + i];
        real* const move = moves_.data() + i * width;
        for (std::size_t d = 0; d < width; ++d) move[d] += g * y[d];
      }
    }
    for (std::size_t o = 0; o < outputs; ++o) {
      real* const y = vector_at(outputs_[o]);
      for (std::size_t i = 0; i < inputs; ++i) {
        const real g = scores_[o * inputs + i];
        const real* const x = inputs_[i];
        for (std::size_t d = 0; d < width; ++d) y[d] += g * x[d];
      }
    }
    std::size_t at = 0;
    for (std::size_t i = 0; i < inputs; ++i) {
      const real scale = scale_of(input_ends_[i] - at);
      const real* const move = moves_.data() + i * width;
      for (; at < input_ends_[i]; ++at) {
        real* const row = vector_at(input_rows_[at]);
        for (std::size_t d = 0; d < width; ++d) row[d] += scale * move[d];
      }
    }
  }

  /// Points inputs_ to the sum of each input's rows: to the row itself where it is one.
  void gather_inputs() {
    const auto width = static_cast<std::size_t>(stride_);
    inputs_.resize(input_ends_.size());
    sums_.resize(input_ends_.size() * width);
    std::size_t at = 0;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const std::size_t rows = input_ends_[i] - at;
      if (rows == 1) {
        inputs_[i] = vector_at(input_rows_[at++]);
        continue;
      }
      real* const sum = sums_.data() + i * width;
      std::fill_n(sum, width, real{0});
      for (; at < input_ends_[i]; ++at) {
        const real* const row = vector_at(input_rows_[at]);
        for (std::size_t d = 0; d < width; ++d) sum[d] += row[d];
      }
      const real scale = scale_of(rows);
      for (std::size_t d = 0; d < width; ++d) sum[d] *= scale;
      inputs_[i] = sum;
    }
  }

  void add_loss(std::size_t inputs, std::size_t outputs) {
    double product = 1, loss = 0;
    for (std::size_t i = 0; i < inputs * outputs; ++i) {
      const double likely = i < inputs ? scores_[i] : 1 - scores_[i];
      product *= likely < 1e-30 ? 1e-30 : likely;  // NaN stays
      if (product > 1e-200) continue;              // one logarithm for many factors
      loss -= std::log(product);
      product = 1;
    }
    replica_.losses.nats += loss - std::log(product);
    replica_.losses.count += static_cast<index_t>(inputs);
  }

  /// lr times an upper bound on the curvature of the loss along each row of the replica. With the score s = x . y of a
  /// pair, the second derivative of log(1 + e^s) along x is p (1 - p) y y^T, p = sigmoid(s), whose largest eigenvalue
  /// is p (1 - p) |y|^2; along y it is p (1 - p) |x|^2. The bounds of all pairs of a row add up. Rows that make up one
  /// input move together, which adds up to as much for each of them.
  void add_curvature(std::size_t inputs, std::size_t outputs) {
    squares_.assign(inputs + outputs, 0);
    pulls_.assign(inputs + outputs, 0);
    for (std::size_t i = 0; i < inputs; ++i) squares_[i] = square(inputs_[i]);
    for (std::size_t o = 0; o < outputs; ++o) squares_[inputs + o] = square(vector_at(outputs_[o]));
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t i = 0; i < inputs; ++i) {
        const real p = scores_[o * inputs + i], curvature = lr_ * p * (1 - p);
        pulls_[i] += curvature * squares_[inputs + o];
        pulls_[inputs + o] += curvature * squares_[i];
      }
    }
    std::size_t at = 0;
    for (std::size_t i = 0; i < inputs; ++i) {
      for (; at < input_ends_[i]; ++at) replica_.curvature[static_cast<std::size_t>(input_rows_[at])] += pulls_[i];
    }
    for (std::size_t o = 0; o < outputs; ++o)
      replica_.curvature[static_cast<std::size_t>(outputs_[o])] += pulls_[inputs + o];
  }
  real square(const real* x) const {
    return row_sum(stride_, [x](index_t d) { return x[d] * x[d]; });
  }

  /// Turns the replica's vectors into how they differ from the tables'.
  void keep_changes() {
    for (std::size_t i = 0; i < replica_.rows.size(); ++i) {
      if (i + kAhead < replica_.rows.size()) prefetch(model_.table_row(replica_.rows[i + kAhead]), width_);
      const real* const from = model_.table_row(replica_.rows[i]);
      real* const to = vector_at(static_cast<std::int32_t>(i));
      for (index_t d = 0; d < width_; ++d) to[d] -= from[d];
    }
  }

  Word2Vec& model_;
  Replica& replica_;
  std::vector<std::int32_t>& places_;
  index_t width_, stride_;
  real lr_;
  std::vector<std::int32_t> input_rows_, outputs_;  ///< places in the replica
  std::vector<std::size_t> input_ends_;             ///< of each input, in input_rows_
  std::vector<const real*> inputs_;
  std::vector<real> sums_, scores_, moves_, squares_, pulls_;
};

void Word2Vec::Replica::sort_into_parts() {
  begins.fill(0);
  for (const std::int32_t row : rows) ++begins[static_cast<std::size_t>(row % kParts) + 1];
  for (std::size_t p = 0; p < kParts; ++p) begins[p + 1] += begins[p];
  parts.resize(rows.size());
  auto next = begins;
  for (std::size_t i = 0; i < rows.size(); ++i)
    parts[next[static_cast<std::size_t>(rows[i] % kParts)]++] = static_cast<std::int32_t>(i);
}

namespace {

/// Of a batch's rows each rank takes those from its first to the next one's.
index_t first_row_of(index_t rows, int r) { return rows * r / ranks(); }

}  // namespace

void Word2Vec::share_replicas(index_t rows) {
  std::vector<double> mine;  // of each row its losses and how many vectors it reads
  for (index_t row = first_row_of(rows, rank()); row < first_row_of(rows, rank() + 1); ++row) {
    const Replica& replica = replicas_[static_cast<std::size_t>(row)];
    mine.insert(mine.end(), {replica.losses.nats, static_cast<double>(replica.losses.count),
                             static_cast<double>(replica.rows.size())});
  }
  const auto all = gather(mine);
  const auto stride = static_cast<std::size_t>(padded(config_.n_embd));
  const double begun = seconds_now();
  Transfers transfers;
  for (int r = 0; r < ranks(); ++r) {
    auto figure = all[static_cast<std::size_t>(r)].begin();
    for (index_t row = first_row_of(rows, r); row < first_row_of(rows, r + 1); ++row) {
      Replica& replica = replicas_[static_cast<std::size_t>(row)];
      if (r != rank()) {
        replica.losses.nats = *figure++;
        replica.losses.count = static_cast<index_t>(*figure++);
        const auto size = static_cast<std::size_t>(*figure++);
        replica.rows.resize(size);
        replica.curvature.resize(size);
        replica.values.resize(std::max(replica.values.size(), size * stride));
        transfers.receive(r, Transfers::kReplicas, bytes_of(replica.rows.data(), size));
        transfers.receive(r, Transfers::kReplicas, bytes_of(replica.curvature.data(), size));
        transfers.receive(r, Transfers::kReplicas, bytes_of(replica.values.data(), size * stride));
        continue;
      }
      for (int other = 0; other < ranks(); ++other) {
        if (other == rank()) continue;
        const std::size_t size = replica.rows.size();
        sent_bytes_ += static_cast<double>(size * (sizeof(std::int32_t) + (1 + stride) * sizeof(real)));
        transfers.send(other, Transfers::kReplicas, bytes_of(std::as_const(replica).rows.data(), size));
        transfers.send(other, Transfers::kReplicas, bytes_of(std::as_const(replica).curvature.data(), size));
        transfers.send(other, Transfers::kReplicas, bytes_of(std::as_const(replica).values.data(), size * stride));
      }
    }
  }
  transfers.wait();
  sent_seconds_ += seconds_now() - begun;
  parallel_for(rows, 1, [&](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row) {
      const bool own = row >= first_row_of(rows, rank()) && row < first_row_of(rows, rank() + 1);
      if (!own) replicas_[static_cast<std::size_t>(row)].sort_into_parts();
    }
  });
}

LossSum Word2Vec::run(const Batch& batch, real lr, const Rng& rng) {
  const index_t rows = batch.inputs.size(0);
  const bool shared = lr != 0 && ranks() > 1;
  const index_t first = shared ? first_row_of(rows, rank()) : 0;
  const index_t last = shared ? first_row_of(rows, rank() + 1) : rows;
  replicas_.resize(std::max(replicas_.size(), static_cast<std::size_t>(rows)));
  places_.resize(std::max(places_.size(), static_cast<std::size_t>(threads())));
  parallel_for(last - first, 1, [&](index_t begin, index_t end) {
    for (index_t row = first + begin; row < first + end; ++row) {
      Worker worker(*this, replicas_[static_cast<std::size_t>(row)], places_[static_cast<std::size_t>(thread_index())],
                    lr);
      worker.run(batch, row, rng.fork(static_cast<std::uint64_t>(row)));
    }
  });
  if (shared) share_replicas(rows);
  LossSum sum;
  for (index_t row = 0; row < rows; ++row) {
    sum.nats += replicas_[static_cast<std::size_t>(row)].losses.nats;
    sum.count += replicas_[static_cast<std::size_t>(row)].losses.count;
  }
  if (lr == 0 || !std::isfinite(sum.nats)) return sum;
  merge(rows);
  return sum;
}

void Word2Vec::merge(index_t replicas) {
  const index_t stride = padded(config_.n_embd);
  row_stats_.resize(static_cast<std::size_t>(table_rows()));
  const Tables<real> tables{word_embedding.weight.mutable_data(),
                            ngram_embedding.weight.mutable_data(),
                            output_embedding.weight.mutable_data(),
                            words_,
                            ngrams_,
                            config_.n_embd};
  parallel_for(kParts, 1, [&](index_t begin, index_t end) {
    const auto for_replicas = [&](const auto& body) {
      for (const Replica& replica : std::span(replicas_).first(static_cast<std::size_t>(replicas)))
        body(replica, std::span(replica.parts.begin() + replica.begins[static_cast<std::size_t>(begin)],
                                replica.parts.begin() + replica.begins[static_cast<std::size_t>(end)]));
    };
    const auto stats_of = [&](const Replica& replica, std::int32_t i) -> RowStats& {
      return row_stats_[static_cast<std::size_t>(replica.rows[static_cast<std::size_t>(i)])];
    };
    for_replicas([&](const Replica& replica, std::span<const std::int32_t> part) {
      for (const std::int32_t i : part) {
        stats_of(replica, i).curvature += replica.curvature[static_cast<std::size_t>(i)];
        ++stats_of(replica, i).replicas;
      }
    });
    for_replicas([&](const Replica& replica, std::span<const std::int32_t> part) {
      const auto change_at = [&](std::int32_t i) { return replica.values.data() + i * stride; };
      const auto row_at = [&](std::int32_t i) { return tables.row(replica.rows[static_cast<std::size_t>(i)]); };
      for (std::size_t at = 0; at < part.size(); ++at) {
        if (at + kAhead < part.size()) {
          prefetch(row_at(part[at + kAhead]), config_.n_embd);
          prefetch(change_at(part[at + kAhead]), stride);
        }
        const RowStats& all = stats_of(replica, part[at]);
        const real weight = std::min<real>(1, std::max(1 / static_cast<real>(all.replicas), 1 / all.curvature));
        const real* const change = change_at(part[at]);
        real* const to = row_at(part[at]);
        for (index_t d = 0; d < config_.n_embd; ++d) to[d] += weight * change[d];
      }
    });
    for_replicas([&](const Replica& replica, std::span<const std::int32_t> part) {
      for (const std::int32_t i : part) stats_of(replica, i) = {};
    });
  });
}

LossSum Word2Vec::update(const Batch& batch, double lr, const Rng& rng) {
  return run(batch, static_cast<real>(lr), rng);
}

}  // namespace heddle
