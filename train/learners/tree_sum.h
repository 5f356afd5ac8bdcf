#pragma once

#include <bit>
#include <utility>
#include <vector>

#include "framework/check.h"
#include "framework/parallel.h"

namespace heddle {

/// A sum of n leaves in one fixed binary tree: of n the first k, k the largest power of two below n, are summed apart
/// from the rest, and so on within both. Who has only some of the leaves sums the whole subtrees among them, and from
/// their roots anyone makes the same bits as from the leaves. At most 1 + log2(n) roots of the leaves 0 .. i are there
/// at a time.
template <class T>
class TreeSum {
 public:
  /// The sum of the leaves [begin, end).
  struct Root {
    index_t begin, end;
    T value;
  };

  explicit TreeSum(index_t leaves) : leaves_(leaves) {}

  /// Adds the root of a subtree, a leaf or more, that lies right of those before it. `join`(left, right) adds right to
  /// left.
  template <class Join>
  void add(Root root, const Join& join) {
    roots_.push_back(std::move(root));
    while (roots_.size() > 1 && is_subtree(roots_.rbegin()[1].begin, roots_.back().end)) {
      Root right = std::move(roots_.back());
      roots_.pop_back();
      join(roots_.back().value, std::move(right.value));
      roots_.back().end = right.end;
    }
  }

  /// Those of the subtrees that are summed so far, from left to right.
  std::vector<Root>& roots() { return roots_; }

 private:
  bool is_subtree(index_t begin, index_t end) const {
    index_t first = 0, last = leaves_;
    while (first < begin || end < last) {
      if (last - first == 1) return false;
      const auto middle = first + static_cast<index_t>(std::bit_floor(static_cast<std::uint64_t>(last - first - 1)));
      if (begin < middle && middle < end) return false;
      (begin < middle ? last : first) = middle;
    }
    return true;
  }

  index_t leaves_;
  std::vector<Root> roots_;
};

/// The roots that the leaves [begin, end) of `leaves` leave: how many leaves each has.
inline std::vector<TreeSum<int>::Root> subtrees(index_t leaves, index_t begin, index_t end) {
  TreeSum<int> sum(leaves);
  for (index_t leaf = begin; leaf < end; ++leaf) sum.add({leaf, leaf + 1, 0}, [](int&, int) {});
  return std::move(sum.roots());
}

}  // namespace heddle
