#include "train/run/init.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "framework/format.h"

namespace heddle {
namespace {

std::string layer_of(const std::string& parameter) { return parameter.substr(0, parameter.rfind('/')); }

using Shapes = std::map<std::string, Shape>;

Shapes shapes_of(Model& model) {
  Shapes shapes;
  for (const NamedParameter& p : model.named_parameters()) shapes.emplace(p.name, p.tensor.shape());
  return shapes;
}

/// The layers of a run's model whose sizes follow the number of tokens, or of classes: those that other shapes would
/// have, were there one more.
std::set<std::string> layers_that_follow(const LoadedRun& run, bool classes) {
  DataSpec spec = run.data.spec();
  const auto shapes = [&] { return shapes_of(*run.experiment->model->build(spec, Initializer::counting())); };
  const Shapes before = shapes();
  if (classes) {
    spec.labels.emplace_back();
  } else {
    spec.tokens.emplace_back();
    if (!spec.token_counts.empty()) spec.token_counts.push_back(1);
  }
  std::set<std::string> layers;
  for (const auto& [name, shape] : shapes()) {
    if (before.at(name) != shape) layers.insert(layer_of(name));
  }
  return layers;
}

/// Why layers begin anew, by their names: of other shapes, or for other tokens or classes.
std::map<std::string, std::string> misfits(const LoadedRun& from, const Shapes& there, const Shapes& here,
                                           const DataSpec& data) {
  std::map<std::string, std::string> layers;
  const DataSpec before = from.data.spec();
  for (const bool classes : {false, true}) {
    const auto &old_names = classes ? before.labels : before.tokens, &names = classes ? data.labels : data.tokens;
    if (old_names.empty() || old_names == names) continue;
    for (const std::string& layer : layers_that_follow(from, classes))
      layers.emplace(layer, classes ? "of other classes" : "of other tokens");
  }
  for (const auto& [name, shape] : here) {
    const auto found = there.find(name);
    if (found != there.end() && found->second != shape)
      layers[layer_of(name)] = concat_text(found->second, " there, ", shape, " here");
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

std::unique_ptr<LoadedRun> run_to_begin_with(const Experiment& experiment) {
  if (experiment.run.init.empty()) return nullptr;
  return std::make_unique<LoadedRun>(load_checkpoint(find_checkpoint(experiment.run.init, kUsable)));
}

Taken take_weights(const LoadedRun& from, Model& model, const DataState& data) {
  const auto parameters = model.named_parameters();
  Taken taken{from.name(), 0, std::ssize(parameters), 0, count_elements(parameters)};
  std::map<std::string, Tensor> there;
  for (const NamedParameter& p : from.model->named_parameters()) there[p.name] = p.tensor;
  const auto unfit = misfits(from, shapes_of(*from.model), shapes_of(model), data.spec());
  std::vector<std::string> fitting, strange;
  const auto tell = [&taken](const std::string& group) {
    if (std::find(taken.anew.begin(), taken.anew.end(), group) == taken.anew.end()) taken.anew.push_back(group);
  };
  for (const NamedParameter& p : parameters) {
    const auto found = there.find(p.name);
    const auto misfit = unfit.find(layer_of(p.name));
    if (found == there.end()) {
      strange.push_back(p.name);
    } else if (misfit != unfit.end()) {
      tell(starred(misfit->first) + "/* (" + misfit->second + ')');
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
    taken.reading =
        fmt::format("its {} tokenizer ({} tokens)", now.kind, human_count(static_cast<double>(now.pieces.size())));
  } else if (!now.kind.empty() && !before.kind.empty()) {
    tell("tokenizer (the data is encoded already, with another)");
  } else if (!data.mean.empty() && from.data.mean == data.mean && from.data.deviation == data.deviation) {
    taken.reading = "its means and deviations of the data";
  }
  taken.parameters = std::ssize(fitting);
  ensure(taken.parameters > 0, "run.init: nothing of ", from.path.string(), ", a model of the kind ",
         from.experiment->model_kind, ", fits this model: anew would be ", taken.anew.empty() ? "" : taken.anew.front(),
         "; begin with a run of the same model.kind and sizes, or leave run.init out");
  return taken;
}

std::string Taken::text() const {
  return fmt::format("from {}: {}{} of {} parameters ({} of {} numbers){}", from.text(),
                     reading.empty() ? "" : reading + ", ", parameters, all_parameters,
                     human_count(static_cast<double>(numbers)), human_count(static_cast<double>(all_numbers)),
                     anew.empty() ? "" : fmt::format("; anew: {}", fmt::join(anew, ", ")));
}

}  // namespace heddle
