#include "train/run/checkpoint.h"

#include <fmt/format.h>

#include "data/text/token_file.h"
#include "data/tokenizer/file.h"
#include "train/run/memory.h"

namespace heddle {
namespace {

constexpr const char* kKind = "checkpoint";
constexpr int kFormat = 5;

/// A model's parameters under their names, as an archive sees them.
struct Weights {
  std::vector<NamedParameter> parameters;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    for (NamedParameter& p : parameters) ar& boost::serialization::make_nvp(p.name.c_str(), p.tensor);
  }
};

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Experiment& experiment, const DataState& data,
                     Model& model, Learner& learner, RunState& state) {
  using boost::serialization::make_nvp;
  const AveragedWeights averaged(learner);
  save_file(path, kKind, kFormat, [&](Hdf5OArchive& ar) {
    std::string config = experiment.text();
    Origin origin = Origin::here(experiment);
    Weights weights{model.named_parameters()};
    ar& BOOST_SERIALIZATION_NVP(config) & BOOST_SERIALIZATION_NVP(origin);
    ar << make_nvp("data", const_cast<DataState&>(data));  // one `serialize` reads and writes
    ar& make_nvp("model", weights);
    learner.save(ar);
    ar& BOOST_SERIALIZATION_NVP(state);
  });
}

std::string CheckpointName::text() const { return fmt::format("{}, after step {}", path.string(), step); }

std::shared_ptr<const Tokenizer> LoadedRun::tokenizer() const {
  ensure(!data.tokenizer.kind.empty(), "the model was trained on data.kind = ", experiment->data_kind,
         ", which has no tokenizer");
  return make_tokenizer(data.tokenizer);
}

LoadedRun load_checkpoint(const std::filesystem::path& path, Purpose purpose,
                          const std::vector<std::string>& assignments) {
  using boost::serialization::make_nvp;
  LoadedRun run;
  run.path = path;
  load_file(path, kKind, kFormat, [&](Hdf5IArchive& ar) {
    std::string config;
    ar& BOOST_SERIALIZATION_NVP(config) & make_nvp("origin", run.origin) & make_nvp("data", run.data);
    ar& make_nvp("state", run.state);
    Settings settings = Settings::from_text(config, path.string());
    run.experiment = std::make_unique<Experiment>(settings);
    if (!assignments.empty()) {
      run.before = std::move(run.experiment);
      settings.override_with(assignments);
      run.experiment = std::make_unique<Experiment>(settings);
      (purpose == Purpose::resume ? check_resumable : check_settled)(run.before->sections(),
                                                                     run.experiment->sections());
    }
    run.notices = run.experiment->find_data();
    if (purpose != Purpose::use) run.experiment->apply_to_process();
    if (purpose == Purpose::resume) check_sizes(*run.experiment, run.data.spec());
    run.model = run.experiment->shape_model(run.data.spec());
    Weights weights{run.model->named_parameters()};
    ar& make_nvp("model", weights);
    if (purpose != Purpose::resume) return;
    run.learner = run.experiment->make_learner(*run.model);
    run.learner->load(ar);
  });
  if (run.learner) run.learner->swap_average();  // the file holds them exchanged
  return run;
}

LoadedTokenizer load_tokenizer(const std::string& source, const std::string& pattern) {
  namespace fs = std::filesystem;
  fs::path path = find_run(source);
  ensure(fs::exists(path), "tokenizer ", source,
         " does not exist; give a run (its folder, or its name in runs/), a token file, a tokenizer.json, a .tiktoken "
         "file or a folder that holds one of these");
  if (fs::is_directory(path) && !is_tokenizer_folder(path)) path = find_checkpoint(source, {"best.h5", "last.h5"});
  if (!is_hdf5(path)) {
    LoadedTokenizer loaded;
    loaded.tokenizer = make_tokenizer(read_tokenizer(path, pattern, &loaded.notices));
    return loaded;
  }
  ensure(pattern == kAutoPattern, "tokenizer ", source, ": it says its pattern itself; leave --pattern out");
  if (file_kind(path) != kKind) return {make_tokenizer(load_tokens(path).tokenizer), {}};
  DataState data;
  RunState state;
  load_file(path, kKind, kFormat,
            [&](Hdf5IArchive& ar) { ar& BOOST_SERIALIZATION_NVP(data) & BOOST_SERIALIZATION_NVP(state); });
  ensure(!data.tokenizer.kind.empty(), "tokenizer ", source, ": the run's data has none; give a run on text");
  return {make_tokenizer(data.tokenizer), CheckpointName{path, state.step}};
}

std::filesystem::path find_checkpoint(const std::string& run, const std::vector<std::string>& names) {
  const std::filesystem::path path = find_run(run);
  ensure(std::filesystem::exists(path), "run ", run,
         " does not exist; give a run's folder, its name in runs/, or a checkpoint (.h5)");
  if (!std::filesystem::is_directory(path)) return path;
  for (const std::string& name : names) {
    if (std::filesystem::exists(path / name)) return path / name;
  }
  ensure(!std::filesystem::exists(path / "config.cfg"), "run ", run,
         ": there is no checkpoint yet; if it has ended, begin it again with heddle train ",
         (path / "config.cfg").string());
  throw Error(fmt::format("run {}: the folder holds no checkpoint ({})", run, fmt::join(names, ", ")));
}

std::filesystem::path find_run(const std::string& run) {
  std::error_code ignored;  // as of a name that no file can have
  const std::filesystem::path named = std::filesystem::path("runs") / run;
  const bool is_name = run.find('/') == std::string::npos && run != "." && run != "..";
  const bool there = std::filesystem::exists(run, ignored);
  return !there && is_name && std::filesystem::exists(named, ignored) ? named : std::filesystem::path(run);
}

std::string step_name(std::int64_t step) { return fmt::format("step_{}.h5", step); }

std::map<std::int64_t, std::filesystem::path> step_checkpoints(const std::filesystem::path& folder) {
  std::map<std::int64_t, std::filesystem::path> all;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    std::int64_t step = 0;
    if (std::sscanf(name.c_str(), "step_%ld.h5", &step) == 1 && name == step_name(step)) all[step] = entry.path();
  }
  return all;
}

}  // namespace heddle
