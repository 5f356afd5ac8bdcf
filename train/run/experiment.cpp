#include "train/run/experiment.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "framework/gemm.h"
#include "framework/parallel.h"
#include "train/tasks/task.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

// Uses of a run's random numbers; each has a stream of its own.
constexpr std::uint64_t kWeightStream = 0, kDataStream = 1, kLearnerStream = 2, kBatchStream = 3;

template <class Kinds>
std::vector<std::string> names_of(const Kinds& kinds) {
  std::vector<std::string> names;
  for (const auto& kind : kinds) names.emplace_back(kind.name);
  return names;
}

void append(std::vector<Key>& keys, std::vector<Key> more) {
  for (Key& key : more) keys.push_back(std::move(key));
}

/// The keys that a part of another kind would bring to a section, for messages.
void add_foreign(std::vector<ForeignKeys>& all, std::string owner, std::string instead, const char* section,
                 const std::vector<Key>& keys) {
  ForeignKeys foreign{std::move(owner), std::move(instead), {}};
  for (const Key& key : keys) foreign.names.push_back(std::string(section) + '.' + key.name);
  all.push_back(std::move(foreign));
}

std::vector<ForeignKeys> foreign_keys(const Experiment& experiment) {
  std::vector<ForeignKeys> all;
  const std::string model = "model.kind = " + experiment.model_kind, data = "data.kind = " + experiment.data_kind;
  for (const ModelKind& kind : model_kinds()) {
    add_foreign(all, std::string("model.kind = ") + kind.name, model, "model", kind.make()->keys());
    for (const DataKind& fits : data_kinds()) {
      if (!learns_from(kind, fits)) continue;
      const auto learner = task_kind(kind.name, fits.name).make_learner();
      const std::string owner = std::string("the learner of model.kind = ") + kind.name;
      add_foreign(all, owner, model, "optim", learner->optim_keys());
      add_foreign(all, owner, model, "train", learner->train_keys());
    }
  }
  for (const DataKind& kind : data_kinds())
    add_foreign(all, std::string("data.kind = ") + kind.name, data, "data", kind.make()->keys());
  return all;
}

}  // namespace

std::vector<Key> RunConfig::keys() {
  return {
      {"name", name, "name of the run; its folder is runs/NAME"},
      Key("dir", dir, "another folder for the run").path(),
      Key("init", init,
          "another run (its folder, or a checkpoint): the new one reads its data as that did, and begins with its "
          "weights where names and shapes are the same")
          .path(),
      Key("started_in", started_in,
          "folder in which the run began: relative paths of data that lead nowhere are looked for from there")
          .path()
          .resumable(),
      {"seed", seed, "decides weights, order of data, dropout and built-in data", 0},
      Key("threads", threads, "threads to use; 0: one a core, or what a quota allows. Results do not depend on it", 0,
          1024)
          .resumable(),
      Key("pin", pin, "keep each thread on a core of its own, if there are as many cores as threads").resumable(),
      {"precision", precision, "operands of matrix products; auto: bf16 where the processor has it"},
      Key("overwrite", overwrite, "delete an earlier run in the same folder").transient(),
  };
}

std::vector<Key> TrainConfig::keys() {
  return {
      Key("steps", steps, "optimizer steps; 0: as many as epochs are", 0).resumable(),
      Key("epochs", epochs,
          "passes over the training examples, each once an epoch in an order of its own, as many where steps = 0, else "
          "until the steps are done; 0: examples at random",
          0.0, 1e6)
          .resumable(),
      Key("minutes", minutes,
          "minutes that the whole run may take: ten steps are measured first, and train.steps, which the run's config "
          "then says, is set so that it ends in time; 0: as many as steps or epochs say",
          0.0, 1e6)
          .transient(),
      {"batch_size", batch_size, "rows of a micro-batch: windows of text, images", 1, 1 << 20},
      {"order", order,
       "of the training examples; auto: epochs where train.epochs is given, else random; contiguous: each row goes on "
       "where it ended, for recurrent models; lengths: like lengths share a batch"},
      Key("eval_interval", eval_interval, "steps between evaluations; 0: as many as an epoch has", 0).resumable(),
      Key("eval_batches", eval_batches, "batches of an evaluation; 0: the whole validation split", 0).resumable(),
      Key("checkpoint_interval", checkpoint_interval, "steps between writes of last.h5", 1).resumable(),
      Key("checkpoint_minutes", checkpoint_minutes,
          "minutes after which last.h5 is written in between, too; 0: steps alone decide", 0.0, 1e6)
          .resumable(),
      Key("keep_last", keep_last,
          "checkpoints that are kept of the last ones by steps: last.h5, and the earlier as step_N.h5", 1, 1000)
          .resumable(),
      Key("keep_best", keep_best,
          "checkpoints that are kept of those with the lowest validation loss: best.h5, and all of them as best_N.h5",
          1, 1000)
          .resumable(),
      Key("average_last", average_last,
          "at the end the mean weights of so many of the last checkpoints are taken where they judge better, and kept "
          "as "
          "best.h5 if none was better; needs keep_last to be as many; 1: none",
          1, 1000)
          .resumable(),
      Key("early_stop", early_stop,
          "early-stopping patience: evaluations without a better loss that end the run; "
          "0: none do",
          0)
          .resumable(),
      Key("log_interval", log_interval, "steps between rows of metrics.csv", 1).resumable(),
      Key("log_seconds", log_seconds,
          "seconds between lines of the log, beside one for each evaluation; 0: a line for each row of metrics.csv",
          0.0, 1e6)
          .resumable(),
      Key("sample_interval", sample_interval, "steps between samples in samples.txt; 0: only at the end", 0)
          .resumable(),
      Key("inspect_interval", inspect_interval,
          "steps between rows of heads.csv: the roles of each attention head, as heddle inspect heads scores them; 0: "
          "none",
          0)
          .resumable(),
      Key("tensorboard", tensorboard,
          "write metrics.csv and the samples for TensorBoard, too, into events.out.tfevents.* of the run's folder")
          .resumable(),
      Key("memory_limit", memory_limit,
          "most memory that training may take in a process, in GB; what is expected to take more is refused before the "
          "first step; "
          "0: what the machine, its control group and ulimit leave",
          0.0)
          .resumable(),
      Key("sample_tokens", sample_tokens, "length of a sample; 0: none at the end. Of word vectors it shows neighbours",
          0, 1 << 20)
          .resumable(),
  };
}

Experiment::Experiment(const Settings& settings) {
  for (const std::string& name : settings.names())
    ensure(!name.starts_with("sweep."), settings.where(name),
           ": [sweep] holds values that heddle sweep tries one by one; ",
           "call that (--check trains nothing), or leave the section out");
  model_kind = settings.value_of("model.kind", model_kind);
  data_kind = settings.value_of("data.kind", data_kind);
  model = heddle::model_kind(model_kind).make();
  data = heddle::data_kind(data_kind).make();
  learner = task_kind(model_kind, data_kind).make_learner();
  settings.apply_to(sections(), [&] { return foreign_keys(*this); });
  ensure(!run.name.empty() && run.name.find('/') == std::string::npos && !run.name.starts_with('.'),
         "run.name = ", run.name, ": wants the name of a folder in runs/; for another place give run.dir");
  ensure(schedule.schedule == Schedule::constant || schedule.min_lr <= schedule.lr, "optim.min_lr = ", schedule.min_lr,
         " is above optim.lr = ", schedule.lr, "; the rate falls from lr to min_lr");
  ensure(train.average_last <= train.keep_last, "train.average_last = ", train.average_last,
         " wants more checkpoints than train.keep_last = ", train.keep_last, " keeps; raise that");
  ensure(train.average_last == 1 || !learner->averages_weights(), "train.average_last = ", train.average_last,
         " and optim.ema_decay average weights each in its own way; set one of them");
  ensure(train.steps > 0 || train.epochs > 0 || train.minutes > 0,
         "train.steps = 0 and train.epochs = 0: nothing would be trained");
}

std::vector<Section> Experiment::sections() {
  std::vector<Key> data_keys{Key("kind", data_kind, "what the data is", names_of(data_kinds()))};
  append(data_keys, data->split.keys());
  append(data_keys, data->keys());
  std::vector<Key> model_keys{Key("kind", model_kind, "architecture", names_of(model_kinds()))};
  append(model_keys, model->keys());
  std::vector<Key> optim_keys = schedule.keys(), train_keys = train.keys();
  append(optim_keys, learner->optim_keys());
  append(train_keys, learner->train_keys());
  return {{"run", run.keys()},
          {"data", std::move(data_keys)},
          {"model", std::move(model_keys)},
          {"optim", std::move(optim_keys)},
          {"train", std::move(train_keys)}};
}

std::string Experiment::text() const {
  return dump_config(const_cast<Experiment*>(this)->sections());  // keys point to members; writing text changes none
}

namespace {

/// Whether a file or folder is there, or files that begin with its name, as of two languages.
bool leads_somewhere(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path, error)) return true;
  const std::string begin = path.filename().string() + '.';
  const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename().string().starts_with(begin)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> Experiment::find_data() {
  std::vector<std::string> notices;
  if (run.started_in.empty()) return notices;
  const auto find = [&](const std::string& name, std::string& path) {
    if (path.empty() || path.starts_with("builtin:") || fs::path(path).is_absolute()) return;
    const fs::path there = fs::path(run.started_in) / path;
    std::error_code error;
    if (!leads_somewhere(there)) return;
    if (!leads_somewhere(path)) {
      notices.push_back(concat_text(name, ": ", path, " is read where the run began: ", there.string()));
      path = there.string();
    } else if (fs::exists(there, error) && !fs::equivalent(there, path, error)) {
      notices.push_back(concat_text(name, ": ", path, " of this folder is read, and not ", there.string(),
                                    ", with which the run began"));
    }
  };
  std::vector<Key> keys = data->split.keys();
  append(keys, data->keys());
  for (const Key& key : keys) {
    if (!key.is_path) continue;
    const std::string name = "data." + key.name;
    if (auto* const* list = std::get_if<std::vector<std::string>*>(&key.member)) {
      for (std::string& path : **list) find(name, path);
    } else {
      find(name, *std::get<std::string*>(key.member));
    }
  }
  return notices;
}

void Experiment::apply_to_process() const {
  set_threads(run.threads > 0 ? static_cast<int>(run.threads) : threads(), run.pin);
}

Precision Experiment::precision() const {
  const bool bf16 =
      run.precision == RunPrecision::bf16 || (run.precision == RunPrecision::automatic && bf16_supported());
  return bf16 ? Precision::bf16 : Precision::f32;
}

std::unique_ptr<Dataset> Experiment::load_data(const DataState* known, const std::filesystem::path& cache,
                                               const Progress& progress, const DataState* start) const {
  ensure(!data->split.path.empty(), "data.path is empty; give the files or folders of the data");
  return data->load({static_cast<std::uint64_t>(run.seed), model->block_size(), known, cache, progress, start});
}

std::unique_ptr<Model> Experiment::build_model(const DataSpec& spec) const {
  return model->build(spec, rng(kWeightStream));
}

std::unique_ptr<Model> Experiment::shape_model(const DataSpec& spec) const {
  return model->build(spec, Initializer::shapes_only());
}

std::unique_ptr<Task> Experiment::make_task(Model& built, const Dataset& dataset) const {
  return task_kind(model_kind, data_kind).make(built, dataset);
}

std::unique_ptr<Learner> Experiment::make_learner(Model& trained) const {
  return learner->make(trained, rng(kLearnerStream), precision());
}

std::unique_ptr<Feed> Experiment::make_feed(const Dataset& dataset, Prepare prepare) const {
  Order order = train.order;
  if (order == Order::automatic) order = train.epochs > 0 ? Order::epochs : Order::random;
  return std::make_unique<Feed>(dataset, order, StepRows{train.batch_size, learner->micro_batches()}, rng(kDataStream),
                                rng(kBatchStream), std::move(prepare));
}

std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  Experiment defaults(Settings::from_text("", "defaults"));
  for (const Section& section : defaults.sections()) {
    for (const Key& key : section.keys) names.push_back(section.name + '.' + key.name);
  }
  for (const ForeignKeys& other : foreign_keys(defaults)) {
    for (const std::string& name : other.names) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

std::vector<std::string> describe_all_keys() {
  std::vector<std::string> all;
  std::vector<std::string> shown;  // sections as they were described
  for (const ModelKind& model : model_kinds()) {
    for (const DataKind& data : data_kinds()) {
      if (!learns_from(model, data)) continue;
      Experiment defaults(
          Settings::from_text(concat_text("[data]\nkind = ", data.name, "\n[model]\nkind = ", model.name), "defaults"));
      std::string text = concat_text("model.kind = ", model.name, ", data.kind = ", data.name, ":\n");
      for (const Section& section : defaults.sections()) {
        const std::string described = describe_keys({section});
        if (std::find(shown.begin(), shown.end(), described) != shown.end()) continue;
        shown.push_back(described);
        text += '\n' + described;
      }
      if (text.ends_with(":\n")) continue;  // nothing that was not shown
      all.push_back(text);
    }
  }
  return all;
}

TrainConfig Experiment::plan(double steps_per_epoch) const {
  TrainConfig plan = train;
  const auto steps_of = [&](double epochs) {
    return std::max<index_t>(1, static_cast<index_t>(std::ceil(epochs * steps_per_epoch)));
  };
  if (plan.steps == 0) plan.steps = steps_of(train.epochs);
  if (plan.eval_interval == 0) plan.eval_interval = steps_of(1);
  return plan;
}

}  // namespace heddle
