#pragma once

#include <boost/serialization/nvp.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "framework/nn/parameter.h"

/// A module is a plain struct of parameters and modules with one list of its members in Boost.Serialization's form:
///
///   template <class Archive> void serialize(Archive& ar, unsigned) { ar & BOOST_SERIALIZATION_NVP(weight); }
///
/// Whatever walks over a model (parameters, counting, weight decay, tying, checkpoints) is an archive that reads it.
namespace heddle {

/// The archive behind named_parameters: collects every defined parameter once, so tied ones (shared storage) appear
/// under the first of their names. Members that are neither parameters, modules nor vectors of modules are passed over.
class ParameterCollector {
 public:
  template <class T>
  ParameterCollector& operator&(const boost::serialization::nvp<T>& member) {
    visit(member.name(), member.value());
    return *this;
  }

  std::vector<NamedParameter> parameters;

 private:
  void visit(const std::string& name, Parameter& parameter) {
    if (!parameter.defined()) return;
    for (NamedParameter& known : parameters) {
      if (!known.tensor.shares_storage(parameter)) continue;
      known.multiplied = known.multiplied || parameter.multiplied;
      return;
    }
    parameters.push_back({path_ + name, parameter, parameter.role, parameter.multiplied});
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
std::vector<NamedParameter> named_parameters(Module& module) {
  ParameterCollector collector;
  module.serialize(collector, 0U);
  return std::move(collector.parameters);
}

}  // namespace heddle
