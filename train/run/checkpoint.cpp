#include "train/run/checkpoint.h"

#include <fmt/format.h>

#include "data/text/token_file.h"
#include "data/tokenizer/file.h"
#include "framework/system/ranks.h"
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
  const GatheredState gathered(learner);
  if (rank() != 0) return;
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

namespace {

LoadedRun read_checkpoint(const std::filesystem::path& path, Purpose purpose,
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
  return run;
}

/// The steps of a checkpoint that is whole, of which all is read; none where it is not, and `why`.
std::optional<std::int64_t> whole_step(const std::filesystem::path& path, std::string& why) {
  RunState state;
  try {
    load_file(path, kKind, kFormat, [&](Hdf5IArchive& ar) { ar& BOOST_SERIALIZATION_NVP(state); });
  } catch (const Error& e) {
    why = e.what();
    return {};
  }
  return state.step;
}

}  // namespace

LoadedRun load_checkpoint(const std::filesystem::path& path, Purpose purpose,
                          const std::vector<std::string>& assignments) {
  try {
    return read_checkpoint(path, purpose, assignments);
  } catch (const Error& e) {
    std::string ignored, others;
    if (whole_step(path, ignored)) throw;
    for (const std::filesystem::path& other : run_checkpoints(path.parent_path())) {
      if (const auto step = other == path ? std::nullopt : whole_step(other, ignored))
        others += (others.empty() ? "" : "; ") + CheckpointName{other, *step}.text();
    }
    if (others.empty()) throw;
    throw Error(fmt::format("{}. These of the run are whole, and may be given in its place: {}", e.what(), others));
  }
}

LoadedRun load_newest(const std::filesystem::path& folder, const std::vector<std::string>& assignments) {
  const std::filesystem::path first = find_checkpoint(folder, kResumable);
  std::string why;
  if (first.filename() == kResumable[0]) {
    try {
      return read_checkpoint(first, Purpose::resume, assignments);
    } catch (const Error&) {
      if (whole_step(first, why)) throw;
    }
  }
  std::vector<std::string> notices;
  std::optional<CheckpointName> newest;
  for (const std::filesystem::path& path : run_checkpoints(folder)) {
    const auto step = whole_step(path, why);
    if (!step) notices.push_back("a checkpoint cannot be used: " + why);
    if (step && (!newest || *step > newest->step)) newest = {path, *step};
  }
  ensure(newest.has_value(), "run ", folder.string(),
         ": none of its checkpoints is whole: ", fmt::format("{}", fmt::join(notices, "; ")),
         "; begin it again with heddle train ", (folder / "config.cfg").string(), " --run.overwrite=true");
  LoadedRun run = read_checkpoint(newest->path, Purpose::resume, assignments);
  notices.push_back("the newest checkpoint that is whole is taken: " + newest->text());
  run.notices.insert(run.notices.begin(), notices.begin(), notices.end());
  return run;
}

LoadedTokenizer load_tokenizer(const std::string& source, const std::string& pattern) {
  namespace fs = std::filesystem;
  fs::path path = find_run(source);
  ensure(fs::exists(path), "tokenizer ", source,
         " does not exist; give a run (its folder, or its name in runs/), a token file, a tokenizer.json, a .tiktoken "
         "file or a folder that holds one of these");
  if (fs::is_directory(path) && !is_tokenizer_folder(path)) path = find_checkpoint(source, kUsable);
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
  if (const auto others = run_checkpoints(path); !others.empty()) return others[0];
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

std::string kept_name(Kept kept, std::int64_t step) {
  return fmt::format("{}_{}.h5", kept == Kept::last ? "step" : "best", step);
}

namespace {

/// The number in such a name; -1 where there is none.
std::int64_t step_in(const std::string& name) {
  std::int64_t step = -1;
  return std::sscanf(name.c_str(), "%*[a-z]_%ld.h5", &step) == 1 ? step : -1;
}

}  // namespace

std::map<std::int64_t, std::filesystem::path> kept_checkpoints(const std::filesystem::path& folder, Kept kept) {
  std::map<std::int64_t, std::filesystem::path> all;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder.empty() ? "." : folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name == kept_name(kept, step_in(name))) all[step_in(name)] = folder / name;
  }
  return all;
}

bool is_kept_name(const std::string& name) {
  return name == kept_name(Kept::last, step_in(name)) || name == kept_name(Kept::best, step_in(name));
}

std::vector<std::filesystem::path> run_checkpoints(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> all;
  std::error_code ignored;
  for (const auto& [name, kept] : {std::pair("last.h5", Kept::last), {"best.h5", Kept::best}}) {
    if (std::filesystem::exists(folder / name, ignored)) all.push_back(folder / name);
    const auto steps = kept_checkpoints(folder, kept);
    for (auto at = steps.rbegin(); at != steps.rend(); ++at) all.push_back(at->second);
  }
  return all;
}

}  // namespace heddle
