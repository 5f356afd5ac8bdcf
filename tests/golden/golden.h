#pragma once

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// The records of a golden file (its form: see gpt.py), by name.
class Golden {
 public:
  explicit Golden(const std::string& file) {
    std::ifstream in(std::string(HEDDLE_SOURCE_DIR "/tests/golden/") + file);
    for (std::string header, values; std::getline(in, header) && std::getline(in, values);) {
      std::istringstream words(header);
      std::string name;
      words >> name;
      Record record;
      for (index_t size = 0; words >> size;) record.sizes.push_back(size);
      const char* at = values.c_str();
      for (char* end = nullptr;; at = end) {
        const double value = std::strtod(at, &end);
        if (end == at) break;
        record.values.push_back(value);
      }
      records_[name] = record;
    }
    ensure(!records_.empty(), "golden: ", file, " holds nothing");
  }

  const std::vector<double>& values(const std::string& name) const { return at(name).values; }
  Tensor tensor(const std::string& name) const {
    const Record& record = at(name);
    std::vector<real> values(record.values.begin(), record.values.end());
    return Tensor::from(values, Shape(record.sizes));
  }
  IdTensor ids(const std::string& name) const {
    const Record& record = at(name);
    return {std::vector<std::int32_t>(record.values.begin(), record.values.end()), Shape(record.sizes)};
  }
  bool contains(const std::string& name) const { return records_.count(name) > 0; }

 private:
  struct Record {
    std::vector<index_t> sizes;
    std::vector<double> values;
  };
  const Record& at(const std::string& name) const {
    const auto found = records_.find(name);
    ensure(found != records_.end(), "golden: no record ", name);
    return found->second;
  }
  std::map<std::string, Record> records_;
};

/// Largest difference of a tensor from a golden record, relative to the record's largest value (at least 1e-3).
inline double golden_error(const Tensor& got, const std::vector<double>& wanted) {
  if (got.numel() != static_cast<index_t>(wanted.size())) return 1e300;
  double error = 0, size = 1e-3;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double difference = std::abs(static_cast<double>(got.data()[i]) - wanted[i]);
    error = std::max(error, std::isnan(difference) ? 1e300 : difference);
    size = std::max(size, std::abs(wanted[i]));
  }
  return error / size;
}

}  // namespace heddle
