#pragma once

#include <boost/serialization/nvp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "data/kinds.h"
#include "framework/system/message.h"
#include "models/kinds.h"
#include "train/decode/beam.h"
#include "train/learners/learner.h"
#include "train/metric.h"

namespace heddle {

/// What is reached without training this model, to compare with.
struct Baseline {
  std::string name;
  double value = 0;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(name) & BOOST_SERIALIZATION_NVP(value);
  }
};
/// Baselines, and the log's line about them.
struct Baselines {
  std::vector<Baseline> all;
  std::string line;
  std::string metric = "loss";  ///< what their values are to be compared with
  bool lower_is_better = true;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(all) & BOOST_SERIALIZATION_NVP(line) & BOOST_SERIALIZATION_NVP(metric);
    ar& BOOST_SERIALIZATION_NVP(lower_is_better);
  }
};

/// How a task speaks of what it counts.
struct Unit {
  const char* target;  ///< a loss is a mean of: "token"
  const char* inputs;  ///< speed is counted in: "tokens"
};

/// How a split is evaluated.
struct EvaluationOptions {
  index_t rows = 1;     ///< examples of a batch
  index_t batches = 0;  ///< spread evenly over the split; 0: all
  Precision precision = Precision::f32;
  bool thorough = false;  ///< figures that take long, such as those of translations, are made too
  /// Rows walk through the split, each from where it ended and with the states in which it did (see walk_split); of few
  /// batches those at the rows' beginnings are judged.
  bool contiguous = false;
  BeamConfig beam{};  ///< how translations are searched for
};
/// Figures of a split, collected batch by batch: any process can measure any batch, and all that are measured are added
/// up in their order.
class Evaluation {
 public:
  virtual ~Evaluation() = default;
  virtual Message measure(const Batch& batch, Context& context) = 0;
  virtual void add(Message measured) = 0;
  /// The mean loss first, called "loss". Errors: nothing was added that counts.
  virtual Metrics result() const = 0;
  /// What `heddle eval` shows beside the figures.
  virtual std::vector<CountTable> tables() const { return {}; }
};

/// The loss of a batch, as an evaluation measures it, and adds it.
Message measured_loss(Model& model, const Batch& batch, Context& context);
void add_loss(MeanLoss& loss, Message& measured);

/// Joins a dataset and a model: what the model is trained to do with it, and how well it does. A new task is two files
/// and a row; trainer, session, checkpoint and commands know none by name.
class Task {
 public:
  virtual ~Task() = default;
  virtual Unit unit() const = 0;
  /// What may take long tells `progress`.
  virtual Baselines baselines(const Progress& progress) const = 0;
  /// Of a split, not yet of any batch.
  virtual std::unique_ptr<Evaluation> evaluation(Split split, const EvaluationOptions& options) const = 0;
  /// Makes of a batch of the data what the model is shown, in training and in evaluations: hides tokens that are to be
  /// filled in. Random numbers go by the number of each row.
  virtual void prepare(Batch& /*batch*/, const Rng& /*rng*/) const {}
  /// What shows a person what the model has learned so far, `length` tokens long where it is text; empty: nothing does.
  virtual std::string sample(index_t /*length*/) const { return {}; }
  /// What a person should know of such a sample; empty: nothing.
  virtual std::string about_sample(const std::string& /*text*/) const { return {}; }
};

/// A kind of task.
struct TaskKind {
  const char* name;
  Content content;  ///< of the data that it takes
  std::unique_ptr<Task> (*make)(Model& model, const Dataset& dataset);
  std::unique_ptr<LearnerConfig> (*make_learner)();
};

/// Whether a kind of model learns from data of a kind: its task takes what that data's examples hold.
bool learns_from(const ModelKind& model, const DataKind& data);
/// The task of a kind of model. Errors: it does not take data of that kind, saying which models and data fit.
const TaskKind& task_kind(const std::string& model_kind, const std::string& data_kind);

/// Shows a task's evaluation the batches of a split, which ranks share out where none goes on from the one before it;
/// all of them call it, and have all figures. Errors: an empty split; those of the evaluation.
void add_split(Evaluation& evaluation, const Task& task, const Dataset& dataset, Split split,
               const EvaluationOptions& options);
/// Figures of a split. Errors: as add_split.
Metrics evaluate(const Task& task, const Dataset& dataset, Split split, const EvaluationOptions& options);

}  // namespace heddle
