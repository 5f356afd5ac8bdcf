#include "train/tasks/task.h"

#include <numeric>

#include "data/sampler.h"
#include "framework/autograd.h"
#include "framework/system/ranks.h"
#include "train/learners/gradient.h"
#include "train/learners/word2vec.h"
#include "train/tasks/classification.h"
#include "train/tasks/language_model.h"
#include "train/tasks/masked_language_model.h"
#include "train/tasks/recall.h"
#include "train/tasks/text_classification.h"
#include "train/tasks/translation.h"
#include "train/tasks/word_vectors.h"

namespace heddle {
namespace {

/// The one table of tasks: a new one adds its row here.
const std::vector<TaskKind>& task_kinds() {
  static const std::vector<TaskKind> rows = {
      {"language_model", Content::tokens, make_language_model, make_part<LearnerConfig, GradientConfig>},
      {"masked_language_model", Content::tokens, make_masked_language_model, make_part<LearnerConfig, GradientConfig>},
      {"text_classification", Content::labelled_text, make_text_classification,
       make_part<LearnerConfig, GradientConfig>},
      {"word_vectors", Content::tokens, make_word_vectors, make_part<LearnerConfig, Word2VecLearnerConfig>},
      {"recall", Content::recall, make_recall, make_part<LearnerConfig, GradientConfig>},
      {"translation", Content::pairs, make_translation, make_part<LearnerConfig, GradientConfig>},
      {"classification", Content::classes, make_classification, make_part<LearnerConfig, GradientConfig>},
  };
  return rows;
}

/// The task that a kind of model has for data of a kind; null if it has none.
const TaskKind* task_of(const ModelKind& model, const DataKind& data) {
  for (const char* name : model.tasks) {
    const TaskKind& task = row_named(task_kinds(), name, "task");
    if (task.content == data.content) return &task;
  }
  return nullptr;
}

/// 0 .. count - 1.
std::vector<index_t> first_rows(index_t count) {
  std::vector<index_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), index_t{0});
  return rows;
}

}  // namespace

Message measured_loss(Model& model, const Batch& batch, Context& context) {
  MeanLoss loss;
  loss.add(model, batch, context);
  Message measured;
  measured.put(loss.nats());
  measured.put(loss.count());
  return measured;
}

void add_loss(MeanLoss& loss, Message& measured) {
  const auto nats = measured.take<double>();
  loss.add(nats, measured.take<index_t>());
}

bool learns_from(const ModelKind& model, const DataKind& data) { return task_of(model, data) != nullptr; }

const TaskKind& task_kind(const std::string& model, const std::string& data) {
  const ModelKind& learner = model_kind(model);
  const DataKind& source = data_kind(data);
  if (const TaskKind* task = task_of(learner, source)) return *task;
  std::string models, kinds;
  for (const ModelKind& other : model_kinds()) {
    if (learns_from(other, source)) models += (models.empty() ? "" : ", ") + std::string(other.name);
  }
  for (const DataKind& other : data_kinds()) {
    if (learns_from(learner, other)) kinds += (kinds.empty() ? "" : ", ") + std::string(other.name);
  }
  throw Error(concat_text("model.kind = ", model, " does not learn from data.kind = ", data,
                          "; that data fits model.kind = ", models, ", that model data.kind = ", kinds));
}

void add_split(Evaluation& evaluation, const Task& task, const Dataset& dataset, Split split,
               const EvaluationOptions& options) {
  const NoGradGuard no_grad;
  const index_t examples = dataset.size(split), rows = options.rows, all = (examples + rows - 1) / rows;
  ensure(examples > 0, "the ", name_of(split), " split is empty; give it a share of the data (data.", name_of(split),
         "_fraction) or files of its own (data.", name_of(split), "_path)");
  const index_t count = options.batches > 0 ? std::min(options.batches, all) : all;
  const index_t shares = options.contiguous ? 1 : ranks(), own = options.contiguous ? 0 : rank();
  RowStates carried;
  index_t before = 0;  // rows of the batch before
  Message measured;
  for (index_t i = own; i < count; i += shares) {
    const index_t first = i * all / count * rows;
    Batch batch = options.contiguous ? walk_split(dataset, split, rows, i)
                                     : get_examples(dataset, split, first, std::min(rows, examples - first));
    task.prepare(batch, Rng());
    Context context;
    context.precision = options.precision;
    context.rng = Rng().fork(static_cast<std::uint64_t>(batch.first_row));
    if (options.contiguous) {
      if (batch.rows() < before) carried.reorder(first_rows(batch.rows()), before);
      before = batch.rows();
      context.carried = &carried;
    }
    measured.put(evaluation.measure(batch, context).bytes());
  }
  std::vector<Message> of_shares;
  for (std::string& bytes : shares > 1 ? gather(measured.bytes()) : std::vector<std::string>{measured.bytes()})
    of_shares.emplace_back(std::move(bytes));
  for (index_t i = 0; i < count; ++i)
    evaluation.add(Message(of_shares[static_cast<std::size_t>(i % shares)].take_text()));
}

Metrics evaluate(const Task& task, const Dataset& dataset, Split split, const EvaluationOptions& options) {
  const auto evaluation = task.evaluation(split, options);
  add_split(*evaluation, task, dataset, split, options);
  return evaluation->result();
}

}  // namespace heddle
