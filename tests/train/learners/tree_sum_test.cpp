#include "train/learners/tree_sum.h"

#include <catch2/catch.hpp>
#include <string>

namespace heddle {
namespace {

/// What is added to what, in words.
void join(std::string& left, std::string&& right) { left = '(' + left + '+' + right + ')'; }

std::string tree(index_t first, index_t n) {
  if (n == 1) return std::to_string(first);
  index_t k = 1;
  while (2 * k < n) k *= 2;
  std::string sum = tree(first, k);
  join(sum, tree(first + k, n - k));
  return sum;
}

}  // namespace

TEST_CASE("whoever sums a run of the leaves, the roots of all runs make the tree of one") {
  for (index_t n = 1; n <= 33; ++n) {
    for (index_t runs = 1; runs <= n; ++runs) {
      TreeSum<std::string> all(n);
      for (index_t run = 0; run < runs; ++run) {
        const index_t begin = n * run / runs, end = n * (run + 1) / runs;
        TreeSum<std::string> part(n);
        for (index_t leaf = begin; leaf < end; ++leaf) part.add({leaf, leaf + 1, std::to_string(leaf)}, join);
        const auto roots = subtrees(n, begin, end);
        REQUIRE(roots.size() == part.roots().size());
        for (std::size_t i = 0; i < roots.size(); ++i) {
          CHECK(roots[i].begin == part.roots()[i].begin);
          CHECK(roots[i].end == part.roots()[i].end);
          all.add(part.roots()[i], join);
        }
      }
      INFO(n << " leaves in " << runs << " runs");
      REQUIRE(all.roots().size() == 1);
      REQUIRE(all.roots()[0].value == tree(0, n));
    }
  }
}

TEST_CASE("a run that is a whole subtree has one root, and no run more than twice the tree's height") {
  CHECK(subtrees(8, 0, 8).size() == 1);
  CHECK(subtrees(8, 4, 8).size() == 1);
  CHECK(subtrees(6, 4, 6).size() == 1);
  CHECK(subtrees(6, 0, 3).size() == 2);
  CHECK(subtrees(64, 1, 63).size() == 10);
}

}  // namespace heddle
