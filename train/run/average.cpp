#include "train/run/average.h"

#include "train/run/checkpoint.h"

namespace heddle {

void load_mean_weights(Model& model, const std::vector<std::filesystem::path>& checkpoints) {
  ensure(!checkpoints.empty(), "average: there is no checkpoint to take weights from");
  const auto parameters = model.named_parameters();
  std::vector<std::vector<double>> sums;
  for (const NamedParameter& p : parameters) sums.emplace_back(static_cast<std::size_t>(p.tensor.numel()));
  for (const auto& path : checkpoints) {
    const LoadedRun run = load_checkpoint(path);
    const auto others = run.model->named_parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      ensure(i < others.size() && others[i].name == parameters[i].name &&
                 others[i].tensor.shape() == parameters[i].tensor.shape(),
             "average: ", path.string(), " holds another model: it has no ", parameters[i].name, ' ',
             parameters[i].tensor.shape());
      for (std::size_t e = 0; e < sums[i].size(); ++e) sums[i][e] += static_cast<double>(others[i].tensor.data()[e]);
    }
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Tensor tensor = parameters[i].tensor;
    real* const to = tensor.mutable_data();
    for (std::size_t e = 0; e < sums[i].size(); ++e)
      to[e] = static_cast<real>(sums[i][e] / static_cast<double>(checkpoints.size()));
  }
}

}  // namespace heddle
