#pragma once

#include <string>

#include "tests/temporary_folder.h"
#include "train/run/folder/result.h"

namespace heddle {

/// What a folder of a run is made of, without a training: what `heddle runs` reads is in its small files.
struct FakeRun {
  std::string config = "[optim]\nlr = 1e-3\n[train]\nsteps = 200\n";
  std::string metrics =
      "step,train_loss,val_loss,lr,tokens_per_second,seconds\n"
      "100,2.5,2.25,0.001,100,10\n"
      "150,2.25,,0.001,500,15\n"
      "200,2,2.375,0.001,900,20\n";
  double whole = 0;  ///< loss of the whole validation split; 0: the run is not over
  std::string weights = "00000000000000aa";
  bool early = false, checkpoint = true;

  /// Writes it; returns its folder.
  std::string in(const TemporaryFolder& folder, const std::string& name) const {
    folder.write(name + "/config.cfg", config);
    folder.write(name + "/.lock", "process 1 on host");
    if (!metrics.empty()) folder.write(name + "/metrics.csv", metrics);
    if (checkpoint) folder.write(name + "/last.h5", std::string(1000, 'l'));
    RunResult result;
    result.step = 200;
    result.best_step = 100;
    result.early = early;
    result.weights = weights;
    result.whole = {{"loss", whole}, {"accuracy", 0.5}};
    result.best_whole = {{"loss", whole - 0.125}};
    if (whole > 0) folder.write(name + "/result.json", result.json());
    return folder.path(name);
  }
};

}  // namespace heddle
