#include "train/analysis/geometry/quadtree.h"

#include <algorithm>
#include <array>
#include <bit>

namespace heddle {
namespace {

// Chosen by measuring: smaller leaves make walks longer, larger ones the lists that a point is compared with.
constexpr index_t kLeaf = 16, kGroup = 64;

/// The bits of x, each with a zero above it.
std::uint32_t spread(std::uint32_t x) {
  x = (x | x << 8) & 0x00FF00FFU;
  x = (x | x << 4) & 0x0F0F0F0FU;
  x = (x | x << 2) & 0x33333333U;
  return (x | x << 1) & 0x55555555U;
}

Quadtree::Box united(const Quadtree::Box& a, const Quadtree::Box& b) {
  return {std::min(a.left, b.left), std::max(a.right, b.right), std::min(a.bottom, b.bottom), std::max(a.top, b.top)};
}

/// A key for every point: its Morton code over its number. 16 bits a coordinate tell apart what a leaf should; points
/// nearer than that share a leaf of any size.
std::vector<std::uint64_t> morton_keys(const Plane& points) {
  const auto [left, right] = std::minmax_element(points.x.begin(), points.x.end());
  const auto [bottom, top] = std::minmax_element(points.y.begin(), points.y.end());
  const double extent = std::max<double>(double{*right} - *left, double{*top} - *bottom);
  const double scale = extent > 0 ? 65535 / extent : 0;
  std::vector<std::uint64_t> keys(points.x.size());
  parallel_rows(points.size(), 8, [&, x0 = *left, y0 = *bottom](index_t i) {
    const auto cell = [&](const std::vector<real>& of, real from) {
      return spread(static_cast<std::uint32_t>((double{of[static_cast<std::size_t>(i)]} - from) * scale));
    };
    const std::uint32_t code = cell(points.x, x0) | cell(points.y, y0) << 1;
    keys[static_cast<std::size_t>(i)] = std::uint64_t{code} << 32 | static_cast<std::uint64_t>(i);
  });
  return keys;
}

/// Sorts by the upper halves, eleven bits at a time, and keeps the order of equals.
void radix_sort(std::vector<std::uint64_t>& keys) {
  constexpr int kBits = 11;
  constexpr std::uint64_t kMask = (1U << kBits) - 1;
  std::vector<std::uint64_t> sorted(keys.size());
  for (int shift = 32; shift < 64; shift += kBits) {
    std::array<std::size_t, kMask + 2> start{};
    for (const std::uint64_t key : keys) ++start[(key >> shift & kMask) + 1];
    for (std::size_t digit = 1; digit < start.size(); ++digit) start[digit] += start[digit - 1];
    for (const std::uint64_t key : keys) sorted[start[key >> shift & kMask]++] = key;
    keys.swap(sorted);
  }
}

}  // namespace

Quadtree::Quadtree(const Plane& points) : points_(points.size()), order_(points.x.size()) {
  if (points.size() == 0) return;
  keys_ = morton_keys(points);
  radix_sort(keys_);
  parallel_rows(points.size(), 8, [&](index_t at) {
    const auto i = static_cast<std::size_t>(at);
    order_[i] = static_cast<std::int32_t>(keys_[i] & 0xFFFFFFFFU);
    points_.x[i] = points.x[static_cast<std::size_t>(order_[i])];
    points_.y[i] = points.y[static_cast<std::size_t>(order_[i])];
  });
  add_cell(0, points.size(), false);
}

Quadtree::Sums Quadtree::add_cell(index_t begin, index_t end, bool grouped) {
  const std::size_t at = cells_.size();
  cells_.emplace_back();
  const std::uint64_t first = keys_[static_cast<std::size_t>(begin)] >> 32,
                      last = keys_[static_cast<std::size_t>(end - 1)] >> 32;
  const bool leaf = end - begin <= kLeaf || first == last;
  const bool group = !grouped && (leaf || end - begin <= kGroup);
  const auto point = [&](index_t i) {
    const real x = points_.x[static_cast<std::size_t>(i)], y = points_.y[static_cast<std::size_t>(i)];
    return Sums{x, y, {x, x, y, y}};
  };
  // The children are told apart by the highest two bits that not all of its points share.
  const int shift = leaf ? 0 : (31 - std::countl_zero(static_cast<std::uint32_t>(first ^ last))) & ~1;
  Sums sums;
  for (index_t from = begin, to; from < end; from = to) {
    Sums part;
    if (leaf) {
      to = from + 1;
      part = point(from);
    } else {
      const std::uint64_t digit = keys_[static_cast<std::size_t>(from)] >> (32 + shift);
      to = std::partition_point(keys_.begin() + from, keys_.begin() + end,
                                [&](std::uint64_t key) { return key >> (32 + shift) == digit; }) -
           keys_.begin();
      part = add_cell(from, to, grouped || group);
    }
    sums = {sums.x + part.x, sums.y + part.y, from == begin ? part.box : united(sums.box, part.box)};
  }
  const double mass = static_cast<double>(end - begin);
  const real width = sums.box.right - sums.box.left, height = sums.box.top - sums.box.bottom;
  cells_[at] = {static_cast<real>(sums.x / mass),
                static_cast<real>(sums.y / mass),
                static_cast<real>(mass),
                width * width + height * height,
                static_cast<std::int32_t>(begin),
                static_cast<std::int32_t>(end),
                static_cast<std::int32_t>(cells_.size()),
                leaf};
  if (group) groups_.push_back({sums.box, static_cast<std::int32_t>(begin), static_cast<std::int32_t>(end)});
  return sums;
}

}  // namespace heddle
