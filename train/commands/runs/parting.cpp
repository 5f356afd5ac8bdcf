#include "train/commands/runs/parting.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "framework/check.h"
#include "train/commands/runs/facts.h"

namespace heddle {
namespace {

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}

std::string shape_text(const Tensor& tensor) { return concat_text(tensor.shape()); }

}  // namespace

CourseParting parting_of(const History& one, const History& other) {
  std::vector<std::string> names = one.names();
  for (const std::string& name : other.names()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  std::erase_if(names, is_of_time);
  std::map<std::int64_t, std::size_t> rows;
  for (std::size_t row = 0; row < other.size(); ++row) rows[other.step(row)] = row;
  std::vector<std::vector<double>> left, right;
  for (const std::string& name : names) {
    left.push_back(one.column(name));
    right.push_back(other.column(name));
  }
  CourseParting parting;
  for (std::size_t row = 0; row < one.size(); ++row) {
    const auto there = rows.find(one.step(row));
    if (there == rows.end()) continue;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const double a = left[i][row], b = right[i][there->second];
      if (!same_bits(a, b)) parting.there.push_back({names[i], a, b});
    }
    if (!parting.there.empty()) {
      parting.step = one.step(row);
      break;
    }
    ++parting.same;
  }
  return parting;
}

std::vector<WeightDifference> weight_differences(const std::vector<NamedParameter>& one,
                                                 const std::vector<NamedParameter>& other) {
  std::map<std::string, Tensor> theirs;
  for (const NamedParameter& p : other) theirs.emplace(p.name, p.tensor);
  std::vector<WeightDifference> all;
  for (const NamedParameter& p : one) {
    const auto found = theirs.extract(p.name);
    WeightDifference difference{p.name, shape_text(p.tensor), found.empty() ? "" : shape_text(found.mapped())};
    if (difference.one == difference.other) {
      const real *a = p.tensor.data(), *b = found.mapped().data();
      for (index_t i = 0; i < p.tensor.numel(); ++i) {
        if (std::memcmp(a + i, b + i, sizeof(real)) == 0) continue;
        ++difference.differing;
        const double apart = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
        difference.largest = std::max(difference.largest, std::isnan(apart) ? HUGE_VAL : apart);
      }
      if (difference.differing == 0) continue;
    }
    all.push_back(std::move(difference));
  }
  for (const NamedParameter& p : other) {
    if (theirs.contains(p.name)) all.push_back({p.name, "", shape_text(p.tensor)});
  }
  return all;
}

}  // namespace heddle
