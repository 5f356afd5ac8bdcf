#include "train/run/init.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "framework/format.h"

namespace heddle {
namespace {

std::string layer_of(const std::string& parameter) { return parameter.substr(0, parameter.rfind('/')); }

/// The layers whose rows stand for tokens or classes that the new data numbers otherwise, and which of the two.
std::map<std::string, std::string> renumbered_layers(const std::vector<NamedParameter>& parameters,
                                                     const DataSpec& there, const DataSpec& here) {
  std::map<std::string, std::string> layers;
  for (const NamedParameter& p : parameters) {
    const index_t rows = p.role == Role::table ? p.tensor.size(0) : -1;
    if (rows == std::ssize(there.tokens) && there.tokens != here.tokens) layers[layer_of(p.name)] = "tokens";
    if (rows == std::ssize(there.labels) && there.labels != here.labels) layers[layer_of(p.name)] = "classes";
  }
  return layers;
}

/// A name with a star for each number, so that what holds for every block is told once.
std::string starred(const std::string& name) {
  std::string text;
  for (std::size_t begin = 0, end = 0; end != name.npos; begin = end + 1) {
    end = name.find('/', begin);
    const std::string part = name.substr(begin, end - begin);
    text += (begin > 0 ? "/" : "") + (part.find_first_not_of("0123456789") == part.npos ? "*" : part);
  }
  return text;
}

/// The largest part of the model around a parameter of which nothing is among the `taken` ones, as "pooler/*"; where
/// there is none, the parameter, starred.
std::string group_of(const std::string& parameter, const std::vector<std::string>& taken) {
  for (std::size_t end = parameter.find('/'); end != parameter.npos; end = parameter.find('/', end + 1)) {
    const std::string path = parameter.substr(0, end + 1);
    const auto within = [&](const std::string& name) { return name.starts_with(path); };
    if (std::none_of(taken.begin(), taken.end(), within)) return path + '*';
  }
  return starred(parameter);
}

}  // namespace

Taken take_weights(const LoadedRun& from, Model& model, const DataState& data) {
  const auto parameters = model.named_parameters();
  Taken taken{from.name(), 0, std::ssize(parameters), 0, count_elements(parameters)};
  std::map<std::string, Tensor> there;
  for (const NamedParameter& p : from.model->named_parameters()) there[p.name] = p.tensor;
  const auto renumbered = renumbered_layers(parameters, from.data.spec(), data.spec());
  std::vector<std::string> fitting, strange;
  const auto tell = [&taken](const std::string& group) {
    if (std::find(taken.anew.begin(), taken.anew.end(), group) == taken.anew.end()) taken.anew.push_back(group);
  };
  for (const NamedParameter& p : parameters) {
    const auto found = there.find(p.name);
    const auto other = renumbered.find(layer_of(p.name));
    if (found == there.end()) {
      strange.push_back(p.name);
    } else if (found->second.shape() != p.tensor.shape()) {
      tell(concat_text(starred(p.name), " (", found->second.shape(), " there, ", p.tensor.shape(), " here)"));
    } else if (other != renumbered.end()) {
      tell(other->first + "/* (of other " + other->second + ')');
    } else {
      Tensor handle = p.tensor;
      std::copy_n(found->second.data(), handle.numel(), handle.mutable_data());
      fitting.push_back(p.name);
      taken.numbers += handle.numel();
    }
  }
  for (const std::string& name : strange) tell(group_of(name, fitting));
  const TokenizerState &before = from.data.tokenizer, &now = data.tokenizer;
  if (!now.kind.empty() && before == now) {
    taken.tokenizer =
        fmt::format("its {} tokenizer ({} tokens)", now.kind, human_count(static_cast<double>(now.pieces.size())));
  } else if (!now.kind.empty() && !before.kind.empty()) {
    tell("tokenizer (the data is encoded already, with another)");
  }
  taken.parameters = std::ssize(fitting);
  ensure(taken.parameters > 0, "run.init: nothing of ", from.path.string(), ", a model of the kind ",
         from.experiment->model_kind, ", fits this model: anew would be ", taken.anew.front(),
         "; begin with a run of the same model.kind and sizes, or leave run.init out");
  return taken;
}

std::string Taken::text() const {
  return fmt::format("from {}: {}{} of {} parameters ({} of {} numbers){}", from.text(),
                     tokenizer.empty() ? "" : tokenizer + ", ", parameters, all_parameters,
                     human_count(static_cast<double>(numbers)), human_count(static_cast<double>(all_numbers)),
                     anew.empty() ? "" : fmt::format("; anew: {}", fmt::join(anew, ", ")));
}

}  // namespace heddle
