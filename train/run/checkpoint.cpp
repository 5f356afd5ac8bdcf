#include "train/run/checkpoint.h"

#include <fmt/format.h>

#include "data/tokenizer/file.h"

namespace heddle {
namespace {

constexpr const char* kKind = "checkpoint";
constexpr int kFormat = 2;

/// A model's parameters under their names, as an archive sees them.
struct Weights {
  std::vector<NamedTensor> parameters;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    for (NamedTensor& p : parameters) ar& boost::serialization::make_nvp(p.name.c_str(), p.tensor);
  }
};

}  // namespace

void save_checkpoint(const std::filesystem::path& path, Experiment& experiment, const Tokenizer& tokenizer,
                     Model& model, Optimizer& optimizer, RunState& state) {
  using boost::serialization::make_nvp;
  save_file(path, kKind, kFormat, [&](Hdf5OArchive& ar) {
    std::string config = dump_config(experiment.sections());
    TokenizerState vocabulary = tokenizer.state();
    Weights weights{model.named_parameters()};
    ar& BOOST_SERIALIZATION_NVP(config) & make_nvp("tokenizer", vocabulary) & make_nvp("model", weights);
    ar& BOOST_SERIALIZATION_NVP(optimizer) & BOOST_SERIALIZATION_NVP(state);
  });
}

LoadedRun load_checkpoint(const std::filesystem::path& path, const std::vector<std::string>& assignments) {
  using boost::serialization::make_nvp;
  LoadedRun run;
  load_file(path, kKind, kFormat, [&](Hdf5IArchive& ar) {
    std::string config;
    TokenizerState vocabulary;
    ar& BOOST_SERIALIZATION_NVP(config) & make_nvp("tokenizer", vocabulary) & make_nvp("state", run.state);
    Settings settings = Settings::from_text(config, path.string());
    run.experiment = std::make_unique<Experiment>(settings);
    if (!assignments.empty()) {
      const auto before = std::move(run.experiment);
      settings.override_with(assignments);
      run.experiment = std::make_unique<Experiment>(settings);
      check_resumable(before->sections(), run.experiment->sections());
    }
    run.tokenizer = make_tokenizer(vocabulary);
    run.model = run.experiment->build_model(*run.tokenizer);
    Weights weights{run.model->named_parameters()};
    ar& make_nvp("model", weights);
  });
  return run;
}

void load_optimizer(const std::filesystem::path& path, Optimizer& optimizer) {
  load_file(path, kKind, kFormat, [&](Hdf5IArchive& ar) { ar& BOOST_SERIALIZATION_NVP(optimizer); });
  optimizer.swap_average();  // the file holds them exchanged
}

std::shared_ptr<const Tokenizer> load_tokenizer(const std::string& source, const std::string& pattern) {
  namespace fs = std::filesystem;
  fs::path path(source);
  ensure(
      fs::exists(path), "tokenizer ", source,
      " does not exist; give a run, a token file, a tokenizer.json, a .tiktoken file or a folder of GPT-2's two files");
  if (fs::is_directory(path) && !fs::exists(path / "encoder.json"))
    path = find_checkpoint(source, {"best.h5", "last.h5"});
  if (!is_hdf5(path)) return make_tokenizer(read_tokenizer(path, pattern));
  if (file_kind(path) != kKind) return make_tokenizer(load_tokens(path).tokenizer);
  TokenizerState vocabulary;
  load_file(path, kKind, kFormat,
            [&](Hdf5IArchive& ar) { ar& boost::serialization::make_nvp("tokenizer", vocabulary); });
  return make_tokenizer(vocabulary);
}

std::filesystem::path find_checkpoint(const std::string& run, const std::vector<std::string>& names) {
  const std::filesystem::path path(run);
  ensure(std::filesystem::exists(path), "run ", run, " does not exist; give a run's folder or a checkpoint (.h5)");
  if (!std::filesystem::is_directory(path)) return path;
  for (const std::string& name : names) {
    if (std::filesystem::exists(path / name)) return path / name;
  }
  throw Error(fmt::format("run {}: the folder holds no checkpoint ({})", run, fmt::join(names, ", ")));
}

}  // namespace heddle
