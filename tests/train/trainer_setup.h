#pragma once

#include <memory>
#include <utility>

#include "train/run/trainer.h"

namespace heddle {

/// An experiment, and all that its trainer needs.
struct TrainerSetup {
  explicit TrainerSetup(Experiment whole)
      : experiment(std::move(whole)),
        dataset(experiment.load_data()),
        model(experiment.build_model(dataset->state().spec())),
        learner(experiment.make_learner(*model)),
        trainer(experiment, *dataset, *model, *learner) {}
  double evaluate(index_t rows, index_t batches, bool contiguous = false) {
    EvaluationOptions options{rows, batches, experiment.precision()};
    options.contiguous = contiguous;
    return heddle::evaluate(trainer.task(), *dataset, Split::val, options)[0].value;
  }
  Experiment experiment;
  std::unique_ptr<Dataset> dataset;
  std::unique_ptr<Model> model;
  std::unique_ptr<Learner> learner;
  Trainer trainer;
};

}  // namespace heddle
