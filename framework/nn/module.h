#pragma once

#include <boost/serialization/nvp.hpp>
#include <cstdint>
#include <sstream>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "framework/ops.h"
#include "framework/tensor.h"

/// A module is a plain struct of tensors and modules with one list of its members in Boost.Serialization's form:
///
///   template <class Archive> void serialize(Archive& ar, unsigned) { ar & BOOST_SERIALIZATION_NVP(weight); }
///
/// Whatever walks over a model (parameters, counting, weight decay, tying, checkpoints) is an archive that reads it.
namespace heddle {

/// A parameter and its path in the model, such as "blocks/0/attention/qkv/weight".
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Whether a parameter has a row for each symbol, as its path says: part of a module called head or ..._embedding.
inline bool is_table(const NamedTensor& p) {
  std::istringstream path(p.name);
  for (std::string part; std::getline(path, part, '/');) {
    if (part == "head" || part.ends_with("embedding")) return true;
  }
  return false;
}

/// The archive behind named_parameters: collects every defined tensor once, so tied parameters (shared storage) appear
/// under the first of their names. Members that are neither tensors, modules nor vectors of modules are passed over.
class ParameterCollector {
 public:
  template <class T>
  ParameterCollector& operator&(const boost::serialization::nvp<T>& member) {
    visit(member.name(), member.value());
    return *this;
  }

  std::vector<NamedTensor> parameters;

 private:
  void visit(const std::string& name, Tensor& tensor) {
    if (!tensor.defined()) return;
    for (const NamedTensor& known : parameters) {
      if (known.tensor.shares_storage(tensor)) return;
    }
    parameters.push_back({path_ + name, tensor});
  }
  template <class M>
  void visit(const std::string& name, std::vector<M>& modules) {
    for (std::size_t i = 0; i < modules.size(); ++i) visit(name + '/' + std::to_string(i), modules[i]);
  }
  template <class M>
  void visit(const std::string& name, M& module) {
    if constexpr (std::is_class_v<M>) {
      const std::string outer = path_;
      path_ += name + '/';
      module.serialize(*this, 0U);
      path_ = outer;
    }
  }

  std::string path_;
};

template <class Module>
std::vector<NamedTensor> named_parameters(Module& module) {
  ParameterCollector collector;
  module.serialize(collector, 0U);
  return std::move(collector.parameters);
}

/// Number of elements of all parameters.
inline index_t count_elements(const std::vector<NamedTensor>& parameters) {
  index_t total = 0;
  for (const NamedTensor& p : parameters) total += p.tensor.numel();
  return total;
}

/// Makes the parameters of a model, each from a random stream of its own, in the order of the calls.
class Initializer {
 public:
  explicit Initializer(const Rng& rng) : rng_(rng) {}
  Tensor normal(const Shape& shape, double stddev) {
    return Tensor::normal(shape, rng_.fork(next_++), stddev).set_requires_grad();
  }
  Tensor full(const Shape& shape, real value) { return Tensor::full(shape, value).set_requires_grad(); }

 private:
  Rng rng_;
  std::uint64_t next_ = 0;
};

/// Keys and values of the positions that a model has seen, [B, capacity, G, D] for each attention module.
struct KeyValueCache {
  explicit KeyValueCache(index_t positions) : capacity(positions) {}
  struct Entry {
    Tensor keys, values;
  };
  std::unordered_map<const void*, Entry> entries;
  index_t capacity;    ///< positions that there is room for
  index_t length = 0;  ///< positions held
};

/// What a forward pass needs beside its input. A module has no hidden mode: whether it trains, which random numbers it
/// draws and what it remembers all come in here.
struct Context {
  bool training = false;                  ///< dropout acts
  Rng rng{};                              ///< of this pass; each use takes a stream of its own
  KeyValueCache* cache = nullptr;         ///< set: inputs continue the cached positions, and are added to them
  bool last_only = false;                 ///< scores are wanted for the last position alone
  std::vector<Tensor>* stream = nullptr;  ///< set: what goes into the first block and comes out of each is added to it
  bool recompute = false;                 ///< blocks keep their inputs alone, and are computed again in backward

  /// The random stream of the next use in this pass.
  Rng next_rng() { return rng.fork(uses_++); }
  /// The context of a part of the model, whose random streams are its own: running the part again draws the same.
  Context of_part() {
    Context part = *this;
    part.rng = next_rng();
    part.uses_ = 0;
    return part;
  }

 private:
  std::uint64_t uses_ = 0;
};

}  // namespace heddle
