#include "data/text/grams.h"

#include <algorithm>

#include "framework/check.h"

namespace heddle {
namespace {

constexpr unsigned kBits = 21;
constexpr std::uint64_t kMask = (std::uint64_t{1} << kBits) - 1;

/// Bits of `high` or `low` that stand behind code `i`.
constexpr unsigned behind(int i) { return i < 3 ? kBits * static_cast<unsigned>(2 - i) : i == 3 ? 43 : 22; }

}  // namespace

Gram Gram::of(const std::uint32_t (&codes)[kHistory + 1], bool judged) {
  Gram gram;
  for (int i = 0; i < 3; ++i) gram.high |= std::uint64_t{codes[i]} << behind(i);
  for (int i = 3; i <= kHistory; ++i) gram.low |= std::uint64_t{codes[i]} << behind(i);
  gram.low |= std::uint64_t{judged} << kBits | 1U;
  return gram;
}

std::uint32_t Gram::code(int i) const { return static_cast<std::uint32_t>((i < 3 ? high : low) >> behind(i) & kMask); }

Gram Gram::least(int codes) const {
  Gram gram = *this;
  std::uint64_t& last = codes <= 3 ? gram.high : gram.low;
  const unsigned cut = codes == 0 ? 63 : behind(codes - 1);
  last = last >> cut << cut;
  if (codes <= 3) gram.low = 0;
  return gram;
}

Gram Gram::beyond(int codes) const {
  Gram gram = least(codes);
  (codes <= 3 ? gram.high : gram.low) += std::uint64_t{1} << (codes == 0 ? 63 : behind(codes - 1));
  return gram;
}

SortedGrams::SortedGrams(Tokens train, Tokens judged, std::size_t most)
    : train_(std::move(train)), judged_(std::move(judged)), most_(most) {
  ensure(most_ >= 8 && judged_.size() > 0, "n-grams: room for ", most_, " is too little");
}

Gram SortedGrams::at(index_t place) const {
  const auto counted = static_cast<index_t>(train_.size());
  const bool judged = place >= counted;
  const Tokens& text = judged ? judged_ : train_;
  const auto i = static_cast<std::size_t>(judged ? place - counted + 1 : place);
  std::uint32_t codes[Gram::kHistory + 1] = {};
  const std::size_t known = std::min<std::size_t>(i, Gram::kHistory);
  for (std::size_t k = 0; k < known; ++k) codes[k] = static_cast<std::uint32_t>(text[i - 1 - k]) + 1;
  codes[Gram::kHistory] = static_cast<std::uint32_t>(text[i]) + 1;
  return Gram::of(codes, judged);
}

std::span<const Gram> SortedGrams::load(const Gram& from, Gram& to) {
  if (from == from_ && to == asked_) {
    to = to_;
    return held_;
  }
  from_ = from;
  asked_ = to;
  held_.clear();
  const auto places = static_cast<index_t>(size());
  held_.reserve(std::min(most_, static_cast<std::size_t>(places)));
  const index_t slice = std::min<index_t>(1 << 20, static_cast<index_t>(most_ / 4));
  for (index_t place = 0; place < places; place += slice) {
    const index_t count = std::min(places - place, slice);
    if (held_.size() + static_cast<std::size_t>(count) > most_) {
      fold();
      if (held_.size() > most_ / 2) {  // `to` only becomes less, so of those before it none was left out earlier
        to = held_[most_ / 2].least(Gram::kHistory + 1);
        held_.erase(std::lower_bound(held_.begin(), held_.end(), to), held_.end());
      }
    }
    const auto old = static_cast<std::ptrdiff_t>(held_.size());
    held_.resize(held_.size() + static_cast<std::size_t>(count));
    parallel_for(count, 1 << 14, [&](index_t begin, index_t end) {
      for (index_t i = begin; i < end; ++i) held_[static_cast<std::size_t>(old + i)] = at(place + i);
    });
    const auto outside = [&](const Gram& gram) { return gram < from || gram >= to; };
    held_.erase(std::remove_if(held_.begin() + old, held_.end(), outside), held_.end());
  }
  fold();
  to_ = to;
  return held_;
}

void SortedGrams::fold() {
  parallel_sort(std::span(held_));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < held_.size();) {
    const Gram gram = held_[i];
    std::uint64_t count = 0;
    for (; i < held_.size() && held_[i].same_but_count(gram); ++i) count += held_[i].count();
    for (; count > 0; count -= std::min(count, Gram::kMostCount)) {
      held_[kept] = gram;
      held_[kept++].low += std::min(count, Gram::kMostCount) - gram.count();
    }
  }
  held_.resize(kept);
}

}  // namespace heddle
