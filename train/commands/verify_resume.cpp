#include "train/commands/verify_resume.h"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>

#include "framework/system/process.h"
#include "framework/system/scratch_folder.h"
#include "train/run/checkpoint.h"
#include "train/run/folder/difference.h"

namespace heddle {
namespace fs = std::filesystem;

void KillAfter::on_step(const RunRow& row) {
  if (row.step >= step_) ::kill(::getpid(), SIGKILL);
}

int verify_resume(const std::string& run, std::int64_t steps, const std::vector<std::string>& assignments) {
  const fs::path place = find_run(run), config = place / "config.cfg";
  const bool begins = fs::is_directory(place) && run_checkpoints(place).empty() && fs::exists(config);
  std::int64_t begin = 0;
  fs::path checkpoint;
  if (!begins) {
    const LoadedRun loaded = fs::is_directory(place)
                                 ? load_newest(place, assignments)
                                 : load_checkpoint(find_checkpoint(run, kResumable), Purpose::resume, assignments);
    checkpoint = loaded.path;
    begin = loaded.state.step;
  }
  const ScratchFolder scratch;
  // all in one place, one after the other: its name is part of the config that checkpoints hold
  const fs::path folder = scratch / "run", straight = scratch / "straight", output = scratch / "output";
  const std::int64_t killed = begin + steps - steps / 4;
  std::vector<std::string> settings = assignments;
  settings.push_back(fmt::format("train.steps={}", begin + steps));
  settings.push_back("train.early_stop=0");
  settings.push_back(fmt::format("train.checkpoint_interval={}", steps / 4));
  settings.push_back(fmt::format("train.eval_interval={}", steps / 3));
  for (std::string& setting : settings) setting.insert(0, "--");
  const auto call = [&](bool from_config, std::vector<std::string> more, int status) {
    more.insert(more.begin(), settings.begin(), settings.end());
    if (from_config) more.insert(more.begin(), "--run.dir=" + folder.string());
    const auto first = from_config ? std::vector<std::string>{"train", config.string()}
                                   : std::vector<std::string>{"resume", folder.string()};
    more.insert(more.begin(), first.begin(), first.end());
    fs::remove(output);
    ChildProcess(this_program(), more, output).finish(status);
  };
  const auto prepare = [&] {
    if (begins) return;
    fs::create_directory(folder);
    fs::copy_file(checkpoint, folder / "last.h5");
    const fs::path heads = checkpoint.parent_path() / "heads.csv";
    if (fs::exists(heads)) fs::copy_file(heads, folder / "heads.csv");
  };
  std::printf("%s: steps %ld to %ld, once without a stop, once killed after step %ld and resumed\n",
              begins ? config.c_str() : checkpoint.c_str(), static_cast<long>(begin), static_cast<long>(begin + steps),
              static_cast<long>(killed));
  std::fflush(stdout);
  prepare();
  call(begins, {}, 0);
  fs::rename(folder, straight);
  prepare();
  call(begins, {fmt::format("--kill-after={}", killed)}, 128 + SIGKILL);
  call(false, {}, 0);
  const RunDifference difference = compare_runs(straight, folder);
  std::printf("compared, but for times: %s\n", fmt::format("{}", fmt::join(difference.compared, ", ")).c_str());
  for (const std::string& found : difference.found) std::printf("differs: %s\n", found.c_str());
  std::puts(difference.found.empty() ? "PASS: every byte is the same" : "FAIL: resuming has changed the run");
  return difference.found.empty() ? 0 : 1;
}

}  // namespace heddle
