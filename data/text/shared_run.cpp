#include "data/text/shared_run.h"

#include <unordered_map>
#include <vector>

namespace heddle {
namespace {

/// Every run of a sample is a way through it from the first state.
class SuffixAutomaton {
 public:
  explicit SuffixAutomaton(std::span<const std::int32_t> sample) {
    states_.emplace_back();
    int last = 0;
    for (std::size_t at = 0; at < sample.size(); ++at) last = extend(last, sample[at], at + 1);
  }

  struct State {
    std::unordered_map<std::int32_t, int> next;
    int link = -1;
    std::size_t length = 0;  ///< of the longest run that ends here
    std::size_t end = 0;     ///< where a run that ends here ends first in the sample
  };
  const State& operator[](int state) const { return states_[static_cast<std::size_t>(state)]; }
  /// The state behind a token; -1: there is none.
  int next(int state, std::int32_t token) const {
    const auto& ways = (*this)[state].next;
    const auto found = ways.find(token);
    return found == ways.end() ? -1 : found->second;
  }

 private:
  State& state(int number) { return states_[static_cast<std::size_t>(number)]; }

  int extend(int last, std::int32_t token, std::size_t length) {
    const int added = static_cast<int>(states_.size());
    states_.push_back({{}, 0, length, length});
    int from = last;
    for (; from >= 0 && state(from).next.count(token) == 0; from = state(from).link) state(from).next[token] = added;
    if (from < 0) return added;
    const int to = state(from).next[token];
    if (state(from).length + 1 == state(to).length) {
      state(added).link = to;
      return added;
    }
    const int copy = static_cast<int>(states_.size());
    states_.push_back(state(to));
    state(copy).length = state(from).length + 1;
    for (; from >= 0; from = state(from).link) {
      const auto found = state(from).next.find(token);
      if (found == state(from).next.end() || found->second != to) break;
      found->second = copy;
    }
    state(to).link = state(added).link = copy;
    return added;
  }

  std::vector<State> states_;
};

}  // namespace

SharedRun longest_shared_run(std::span<const std::int32_t> sample, const Tokens& text) {
  const SuffixAutomaton automaton(sample);
  SharedRun best;
  int state = 0;
  std::size_t length = 0;  // of the run that ends here
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::int32_t token = text[at];
    int next = automaton.next(state, token);
    while (next < 0 && state > 0) {
      state = automaton[state].link;
      length = automaton[state].length;
      next = automaton.next(state, token);
    }
    if (next < 0) continue;
    state = next;
    ++length;
    if (length > best.length) best = {automaton[state].end - length, length};
  }
  return best;
}

}  // namespace heddle
