#include "train/decode/beam.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "framework/autograd.h"
#include "framework/nn/decode_state.h"
#include "framework/ops.h"

namespace heddle {

std::vector<Key> BeamConfig::keys() {
  return {
      {"beam", beam, "translations: how many beginnings go on at a time; 1: the likeliest token each time", 1, 1000},
      {"length_penalty", length_penalty, "translations: above 0 longer ones are preferred", 0.0, 10.0}};
}

namespace {

constexpr index_t kMostBeyondSource = 50;

/// A beginning that goes on, or what it may go on to.
struct Beginning {
  std::vector<std::int32_t> tokens;
  double log_probability = 0;
};

/// A token that may come next, and the log-probability of the text with it.
struct Candidate {
  std::size_t beginning;
  std::int32_t token;
  double log_probability;
};

struct Search {
  std::size_t source;  ///< its number
  index_t limit;       ///< of tokens
  std::vector<Beginning> alive{1};
  std::vector<Hypothesis> ended{};
};

/// The `count` likeliest tokens of a row of log-probabilities, the likeliest first; of equals the smaller.
std::vector<Candidate> likeliest(const real* row, index_t vocabulary, std::size_t count, std::size_t beginning,
                                 double before) {
  std::vector<Candidate> best;
  for (index_t token = 0; token < vocabulary; ++token) {
    const double total = before + static_cast<double>(row[token]);
    ensure(!std::isnan(total), "beam search: a score is not a number");
    if (best.size() == count && total <= best.back().log_probability) continue;
    if (best.size() == count) best.pop_back();
    const auto at =
        std::find_if(best.begin(), best.end(), [&](const Candidate& other) { return other.log_probability < total; });
    best.insert(at, {beginning, static_cast<std::int32_t>(token), total});
  }
  return best;
}

/// Rows of x [N, ...], in another order or several times.
Tensor rows_of(const Tensor& x, const std::vector<index_t>& rows) {
  if (!x.defined()) return x;
  const index_t size = x.shape().product(1, x.ndim());
  Tensor y(x.shape().with(0, std::ssize(rows)));
  real* to = y.mutable_data();
  for (const index_t row : rows) to = std::copy_n(x.data() + row * size, size, to);
  return y;
}

/// Sources that are searched together.
class Together {
 public:
  Together(Translator& model, const std::vector<std::vector<std::int32_t>>& sources, std::span<const std::size_t> which,
           WritingEnds ends, const BeamConfig& config, Precision precision, bool cached)
      : model_(model),
        ends_(ends),
        config_(config),
        cached_(cached),
        state_(std::ssize(which), capacity(model, sources, which)) {
    context_.precision = precision;
    const auto longest = *std::max_element(which.begin(), which.end(), [&](std::size_t a, std::size_t b) {
      return sources[a].size() < sources[b].size();
    });
    const Shape shape{std::ssize(which), std::ssize(sources[longest])};
    IdTensor ids(shape);
    Tensor mask = Tensor::zeros(shape);
    for (std::size_t i = 0; i < which.size(); ++i) {
      const std::vector<std::int32_t>& source = sources[which[i]];
      std::copy(source.begin(), source.end(), ids.data() + static_cast<index_t>(i) * shape[1]);
      std::fill_n(mask.mutable_data() + static_cast<index_t>(i) * shape[1], source.size(), real{1});
      searches_.push_back({which[i], limit(model, source)});
      parents_.push_back(static_cast<index_t>(i));
    }
    memory_ = model.encode(ids, mask, context_);
    origins_ = parents_;
    context_.last_only = true;
    if (cached) context_.state = &state_;
  }

  /// Writes the answers, each to the place of its source.
  void run(std::vector<Hypothesis>& answers) {
    for (index_t length = 0; !searches_.empty(); ++length) {
      const Tensor scores = log_softmax(next_scores(length));
      go_on(scores, length + 1);
      for (Search& search : searches_) {
        if (search.alive.empty()) answers[search.source] = best_of(search);
      }
      std::erase_if(searches_, [](const Search& search) { return search.alive.empty(); });
      if (cached_ && !searches_.empty()) state_.reorder(parents_);
    }
  }

 private:
  static index_t limit(const Translator& model, const std::vector<std::int32_t>& source) {
    return std::min(model.context_size(), std::ssize(source) + kMostBeyondSource);
  }
  static index_t capacity(const Translator& model, const std::vector<std::vector<std::int32_t>>& sources,
                          std::span<const std::size_t> which) {
    index_t most = 0;
    for (const std::size_t i : which) most = std::max(most, limit(model, sources[i]));
    return most;
  }

  /// Scores of what may follow each beginning [rows, 1, V]; they have `length` tokens.
  Tensor next_scores(index_t length) {
    std::vector<std::int32_t> inputs;
    for (const Search& search : searches_) {
      for (const Beginning& beginning : search.alive) {
        if (!cached_) {
          inputs.push_back(ends_.begin);
          inputs.insert(inputs.end(), beginning.tokens.begin(), beginning.tokens.end());
        } else {
          inputs.push_back(length == 0 ? ends_.begin : beginning.tokens.back());
        }
      }
    }
    const index_t positions = cached_ ? 1 : length + 1, rows = std::ssize(inputs) / positions;
    const bool remembered = cached_ && length > 0;  // keys and values of the memory are in the state
    const Memory memory =
        remembered ? Memory() : Memory{rows_of(memory_.states, origins_), rows_of(memory_.mask, origins_)};
    return model_.logits(IdTensor(std::move(inputs), {rows, positions}), memory, context_);
  }

  /// Each search goes on from the scores of its beginnings, to texts of `length` tokens.
  void go_on(const Tensor& scores, index_t length) {
    const index_t rows = scores.size(0), vocabulary = scores.size(-1);
    const auto beam = static_cast<std::size_t>(config_.beam);
    std::vector<double> before;
    std::vector<std::size_t> number;  // of a row's beginning in its search
    for (const Search& search : searches_) {
      for (std::size_t i = 0; i < search.alive.size(); ++i) {
        before.push_back(search.alive[i].log_probability);
        number.push_back(i);
      }
    }
    std::vector<std::vector<Candidate>> of_row(static_cast<std::size_t>(rows));
    parallel_for(rows, 1, [&](index_t begin, index_t end) {
      for (index_t row = begin; row < end; ++row) {
        const auto r = static_cast<std::size_t>(row);
        of_row[r] = likeliest(scores.data() + row * vocabulary, vocabulary, 2 * beam, number[r], before[r]);
      }
    });
    std::vector<index_t> parents, origins;
    std::size_t first = 0;  // row of the search's first beginning
    for (Search& search : searches_) {
      std::vector<Candidate> all;
      for (std::size_t i = 0; i < search.alive.size(); ++i)
        all.insert(all.end(), of_row[first + i].begin(), of_row[first + i].end());
      std::stable_sort(all.begin(), all.end(),
                       [](const Candidate& a, const Candidate& b) { return a.log_probability > b.log_probability; });
      std::vector<Beginning> next;
      for (std::size_t rank = 0; rank < all.size() && next.size() < beam; ++rank) {
        const Candidate& candidate = all[rank];
        const std::vector<std::int32_t>& tokens = search.alive[candidate.beginning].tokens;
        if (candidate.token == ends_.end) {
          if (rank < beam) search.ended.push_back(hypothesis(tokens, candidate.log_probability, length));
          continue;
        }
        next.push_back({tokens, candidate.log_probability});
        next.back().tokens.push_back(candidate.token);
        parents.push_back(static_cast<index_t>(first + candidate.beginning));
        origins.push_back(origins_[first]);
      }
      first += search.alive.size();
      search.alive = std::move(next);
      if (search.ended.size() < beam && length < search.limit) continue;
      if (search.ended.empty()) {
        for (const Beginning& cut_off : search.alive)
          search.ended.push_back(hypothesis(cut_off.tokens, cut_off.log_probability, length));
      }
      parents.resize(parents.size() - search.alive.size());
      origins.resize(parents.size());
      search.alive.clear();
    }
    parents_ = std::move(parents);
    origins_ = std::move(origins);
  }

  Hypothesis hypothesis(const std::vector<std::int32_t>& tokens, double log_probability, index_t length) const {
    const double penalty = std::pow((5 + static_cast<double>(length)) / 6, config_.length_penalty);
    return {tokens, log_probability, log_probability / penalty};
  }

  static Hypothesis best_of(const Search& search) {
    return *std::max_element(search.ended.begin(), search.ended.end(),
                             [](const Hypothesis& a, const Hypothesis& b) { return a.score < b.score; });
  }

  Translator& model_;
  WritingEnds ends_;
  BeamConfig config_;
  bool cached_;
  DecodeState state_;
  Context context_;
  Memory memory_;
  std::vector<Search> searches_;  ///< those that go on
  std::vector<index_t> origins_;  ///< of each beginning, in the searches' order: its row of the memory
  std::vector<index_t> parents_;  ///< and the row that it came from
};

}  // namespace

std::vector<Hypothesis> beam_search(Translator& model, const std::vector<std::vector<std::int32_t>>& sources,
                                    WritingEnds ends, const BeamConfig& config, Precision precision, index_t rows,
                                    bool cached) {
  const NoGradGuard no_grad;
  for (const auto& source : sources) {
    ensure(!source.empty() && std::ssize(source) <= model.context_size(), "translate: a source has ", source.size(),
           " tokens, wanted 1 to ", model.context_size(), " (model.block_size); cut it");
  }
  std::vector<std::size_t> order(sources.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),  // those of like length share a batch
                   [&](std::size_t a, std::size_t b) { return sources[a].size() < sources[b].size(); });
  const auto together = static_cast<std::size_t>(std::max<index_t>(1, rows / config.beam));
  std::vector<Hypothesis> answers(sources.size());
  for (std::size_t first = 0; first < order.size(); first += together) {
    const auto which = std::span(order).subspan(first, std::min(together, order.size() - first));
    Together(model, sources, which, ends, config, precision, cached).run(answers);
  }
  return answers;
}

}  // namespace heddle
