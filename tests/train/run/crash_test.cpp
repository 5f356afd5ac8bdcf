// What is left of a run when the disk fails, the process dies or the power is cut, and what becomes of it.

#include <algorithm>
#include <set>

#include "framework/archive/file.h"
#include "tests/system_calls.h"
#include "tests/train/kinds.h"
#include "tests/train/run_here.h"
#include "train/run/folder/difference.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

using Kind = SystemCall::Kind;

const Arguments kTiny = {"--model.n_layer=1",
                         "--model.n_head=1",
                         "--model.n_embd=8",
                         "--model.block_size=8",
                         "--model.dropout=0.1",
                         "--data.size=3000",
                         "--train.steps=7",
                         "--train.batch_size=2",
                         "--train.eval_interval=3",
                         "--train.eval_batches=1",
                         "--train.checkpoint_interval=2",
                         "--train.keep_last=2",
                         "--train.keep_best=2",
                         "--train.log_interval=2",
                         "--train.sample_interval=4",
                         "--train.sample_tokens=2",
                         "--train.log_seconds=0",
                         "--optim.warmup_steps=2"};

/// A tiny run of its own, in a folder within a folder that is made for it.
struct TinyRun {
  TemporaryFolder place;
  std::string folder = place.path("runs/tiny"), config = place.write("tiny.cfg", "");
  Outcome train(const Arguments& more = {}) const {
    return run_here(with(with({"train", config, "--run.dir=" + folder}, kTiny), more));
  }
  /// Begins it, or goes on, to its end; what it comes to.
  Outcome finish(const Arguments& more = {}) const { return train(with({"--resume=auto"}, more)); }
};

/// What is amiss with the files of a run: half a file under a final name, or something left beside one.
std::string amiss_in(const fs::path& run) {
  for (const auto& entry : fs::directory_iterator(run)) {
    const std::string name = entry.path().filename().string();
    if (name.find(".tmp-") != name.npos) return name + " was left";
    try {
      if (name.ends_with(".h5")) differing_values(entry.path(), entry.path());
    } catch (const Error& e) {
      return e.what();
    }
  }
  return "";
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

/// What differs between a run and the one that nothing happened to. The config holds the run's folder.
std::string differing(const std::string& run, const std::string& undisturbed) {
  std::vector<std::string> found;
  for (const std::string& one : compare_runs(run, undisturbed).found) {
    if (!one.ends_with(": /config")) found.push_back(one);
  }
  return joined(found);
}

/// The config that a run's folder should hold, by one of the same command line.
bool same_config(std::string one, std::string other) {
  const auto bare = [](std::string& text) {  // without the lines that name folders and times
    std::string kept;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
      const std::string line = text.substr(at, end - at);
      if (line.find("/heddle-test-") == line.npos) kept += line;
      at = end;
    }
    text = kept;
  };
  bare(one);
  bare(other);
  return one == other;
}

}  // namespace

TEST_CASE("signals at every call and short writes change nothing") {
  const TinyRun straight, disturbed;
  REQUIRE(straight.train().status == 0);
  std::set<std::string> seen;
  int calls = 0;
  {
    const SystemCalls listening(disturbed.place.path(), [&](const SystemCall& call) {
      ++calls;
      const bool interrupts = call.kind != Kind::rename && call.kind != Kind::remove && call.kind != Kind::link &&
                              call.kind != Kind::make_folder;  // which no signal interrupts
      return Answer{interrupts && calls % 2 == 1 ? EINTR : 0, 1 + call.count / 2};
    });
    const Outcome outcome = disturbed.train();
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    for (const SystemCall& call : listening.made) {
      for (const std::string& path : {call.path, call.to}) seen.insert(fs::path(path).filename().string());
    }
  }
  CHECK(differing(disturbed.folder, straight.folder).empty());
  for (const char* name : {"log.txt", "samples.txt"}) CHECK(read_bytes(fs::path(disturbed.folder) / name).size() > 0);
  for (const char* name : {"log.txt", "samples.txt", "metrics.csv", "last.h5"}) CHECK(seen.contains(name));
  CHECK(read_bytes(disturbed.folder + "/samples.txt") == read_bytes(straight.folder + "/samples.txt"));
}

TEST_CASE("a run that dies when a checkpoint gets or loses its name goes on to the same files, with links or without") {
  const bool links = GENERATE(true, false);
  const std::string rate = links ? "0.01" : "0";  // each evaluation is the best so far, or the first is
  const Arguments plan = {
      "--model.n_layer=1",       "--model.n_head=1",
      "--model.n_embd=8",        "--model.block_size=8",
      "--data.size=3000",        "--train.steps=5",
      "--train.batch_size=2",    "--train.eval_batches=1",
      "--train.eval_interval=1", "--train.keep_last=2",
      "--train.keep_best=2",     links ? "--train.checkpoint_interval=3" : "--train.checkpoint_interval=2",
      "--train.log_seconds=0",   "--train.sample_tokens=0",
      "--optim.warmup_steps=0",  "--optim.lr=" + rate,
      "--optim.min_lr=" + rate};
  const auto begin = [&](const TinyRun& run, const Arguments& more = {}) {
    return run_here(with(with({"train", run.config, "--run.dir=" + run.folder}, plan), more));
  };
  std::vector<std::size_t> kept;                         // how many of its kind were there when one was removed
  const auto die_at = [&](const TinyRun& run, int at) {  // -1: never
    int calls = 0;
    bool dead = false;
    const SystemCalls listening(run.place.path(), [&](const SystemCall& call) {
      const std::string name = fs::path(call.kind == Kind::rename ? call.to : call.path).filename();
      const bool names = call.kind == Kind::rename || call.kind == Kind::link || call.kind == Kind::remove;
      if (call.kind == Kind::link && !links) return Answer{EPERM};
      if (names && name.ends_with(".h5")) dead = calls++ == at || dead;
      if (call.kind == Kind::remove && is_kept_name(name))
        kept.push_back(kept_checkpoints(run.folder, name.starts_with("best") ? Kept::best : Kept::last).size());
      return Answer{dead && call.writes() ? EIO : 0};
    });
    CHECK(begin(run).status == (at < 0 ? 0 : 1));
    return calls;
  };
  const TinyRun straight;
  const int most = die_at(straight, -1);
  CHECK(most >= (links ? 20 : 10));
  CHECK(kept == (links ? std::vector<std::size_t>{3, 3, 3}
                       : std::vector<std::size_t>{2, 2, 2, 3}));  // not before the next is there
  CHECK(fs::exists(straight.folder + (links ? "/best_5.h5" : "/best_2.h5")));
  for (int at = 0; at < most; ++at) {
    const TinyRun run;
    INFO("naming " << at << " of " << most << (links ? ", links" : ""));
    die_at(run, at);
    const SystemCalls listening(run.place.path(), [&](const SystemCall& call) {
      return Answer{call.kind == Kind::link && !links ? EPERM : 0};
    });
    const Outcome end = begin(run, {"--resume=auto"});
    INFO(end.err);
    REQUIRE(end.status == 0);
    REQUIRE(differing(run.folder, straight.folder) == "");
  }
}

TEST_CASE("whatever call fails, the run ends with one line or goes on, and is the run that nothing happened to",
          "[slow]") {
  const int error = GENERATE(ENOSPC, EIO);
  const bool stays = GENERATE(false, true);
  const TinyRun straight;
  int most = 0, failed = 0;
  {
    const SystemCalls listening(straight.place.path(), [&](const SystemCall&) {
      ++most;
      return Answer{};
    });
    REQUIRE(straight.train().status == 0);
  }
  const std::string config = read_bytes(straight.folder + "/config.cfg");
  std::set<std::string> told;
  for (int at = error == EIO ? 20 : 0; at < most; at += stays ? 67 : 37) {
    const TinyRun run;
    int calls = 0;
    std::string what;
    Outcome outcome;
    {
      const SystemCalls listening(run.place.path(), [&](const SystemCall& call) {
        const bool fails = stays ? calls >= at : calls == at;
        ++calls;
        // a full disk refuses what takes space; one that fails takes back nothing that was there
        const bool takes = call.kind == Kind::create || call.kind == Kind::write || call.kind == Kind::link ||
                           call.kind == Kind::make_folder || call.kind == Kind::flush;
        if (!fails || (error == ENOSPC && !takes) || call.kind == Kind::remove || call.kind == Kind::forget)
          return Answer{};
        if (what.empty()) what = call.path;
        return Answer{error};
      });
      outcome = run.train();
    }
    INFO("call " << at << " of " << calls << ", of " << what << ": " << outcome.err);
    REQUIRE((outcome.status == 0 || outcome.status == 1));
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 0);
    failed += outcome.status;
    if (outcome.status == 0 && !what.empty()) told.insert(fs::path(what).filename().string());
    if (fs::exists(run.folder)) {
      const std::string amiss = amiss_in(run.folder);
      CHECK(amiss == "");
      if (fs::exists(run.folder + "/config.cfg")) CHECK(same_config(read_bytes(run.folder + "/config.cfg"), config));
    }
    const Outcome end = run.finish();
    INFO(end.err);
    REQUIRE(end.status == 0);
    REQUIRE(differing(run.folder, straight.folder) == "");
  }
  CHECK(most > 100);
  CHECK(failed > 2);
  for (const std::string& name : told)  // the others are the run itself
    CHECK((name == "log.txt" || name == "samples.txt" || name == ".lock" || name.starts_with("step_") ||
           name.starts_with("best_") || name == "last.h5" || name == "best.h5"));
}

TEST_CASE("after a power cut that keeps any part of what was not flushed a run has its last checkpoint", "[slow]") {
  const TinyRun straight, run;
  REQUIRE(straight.train().status == 0);
  const std::string config = read_bytes(straight.folder + "/config.cfg");
  std::vector<SystemCall> calls;
  std::vector<std::pair<std::size_t, std::int64_t>> saved;  // how many calls were made then, and the steps
  {
    const SystemCalls listening(run.place.path());
    REQUIRE(run.train().status == 0);
    calls = listening.made;
  }
  std::int64_t step = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {  // last.h5 has its name for good after steps 2, 4, 6 and 7
    const bool last = calls[i].kind == Kind::rename && calls[i].to == "runs/tiny/last.h5";
    if (!last) continue;
    while (calls[i].kind != Kind::flush_folder) ++i;
    saved.emplace_back(i + 1, step = std::min<std::int64_t>(step + 2, 7));
  }
  REQUIRE(saved.size() == 4);
  // nothing is lost where the power stays: what was listened to is all that was done
  for (std::uint64_t seed = 0;; ++seed) {
    const auto all = after_power_cut(calls, Rng(seed));
    bool same = true;
    for (const auto& entry : fs::directory_iterator(run.folder)) {
      const auto found = all.find("runs/tiny/" + entry.path().filename().string());
      same = same && (found == all.end() ? entry.path().filename() == ".lock" : true);
      if (found != all.end() && entry.path().extension() == ".h5")
        same = same && found->second == read_bytes(entry.path());
    }
    if (same) break;
    REQUIRE(seed < 200);
  }
  int with_checkpoint = 0, resumed = 0;
  std::set<std::int64_t> steps;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Rng rng = Rng(7).fork(seed);
    const auto cut = static_cast<std::size_t>(rng.below(calls.size(), 1000000)) + 1;
    fs::remove_all(run.place / "runs");
    for (const auto& [name, bytes] :
         after_power_cut({calls.begin(), calls.begin() + static_cast<std::ptrdiff_t>(cut)}, rng))
      run.place.write(name, bytes);
    std::int64_t sure = 0;
    for (const auto& [count, steps_done] : saved) sure = count <= cut ? steps_done : sure;
    INFO("seed " << seed << ", after " << cut << " calls, " << sure << " steps");
    if (fs::exists(run.folder)) {
      for (const auto& entry : fs::directory_iterator(run.folder)) {  // final names hold whole files
        const std::string name = entry.path().filename().string();
        if (name.ends_with(".h5")) REQUIRE_NOTHROW(differing_values(entry.path(), entry.path()));
        if (name == "config.cfg") REQUIRE(same_config(read_bytes(entry.path()), config));
      }
    }
    if (sure > 0) {
      ++with_checkpoint;
      const std::int64_t found = load_newest(run.folder).state.step;
      steps.insert(found);
      REQUIRE(found >= sure);
    }
    if (seed % 30 != 0) continue;
    const Outcome end = run.finish();
    INFO(end.err);
    REQUIRE(end.status == 0);
    REQUIRE(differing(run.folder, straight.folder) == "");
    ++resumed;
  }
  CHECK(with_checkpoint > 100);
  CHECK(steps.size() >= 3);
  CHECK(resumed == 10);
}

TEST_CASE("a run of any kind that dies at any call goes on to the same bytes, on another number of threads", "[slow]") {
  // whatever the process does from then on never happens, and the call itself half
  std::uint64_t drawn = 0;
  const auto crash = [&](const std::string& folder, const Arguments& arguments, int at) {
    int calls = 0;
    const SystemCalls listening(folder, [&](const SystemCall& call) {
      if (!call.writes()) return Answer{};
      const int now = calls++;
      return now < at || at < 0                      ? Answer{}
             : now == at && call.kind == Kind::write ? Answer{0, call.count / 2}
                                                     : Answer{EIO};
    });
    const Outcome outcome = run_here(arguments);
    INFO(outcome.err);
    REQUIRE((outcome.status == 0 || at >= 0));
    return calls;
  };
  for (const Kinds& kinds : all_kinds()) {
    std::vector<std::string> optimizers = {"adamw", "muon", "adam", "sgd"};
    if (kinds.model == "word2vec") optimizers = {""};
    for (const std::string& optimizer : optimizers) {
      INFO(kinds.model << " of " << kinds.data << " by " << optimizer);
      const TemporaryFolder folder, data_folder;
      const std::string config = data_folder.write(
          "small.cfg", "[model]\nkind = " + kinds.model +
                           "\n[optim]\nlr = 0.01\nschedule = constant\nwarmup_steps = 2\n[train]\nbatch_size = 3\n"
                           "steps = 6\neval_interval = 2\neval_batches = 1\nsample_tokens = 0\ncheckpoint_interval = "
                           "2\nlog_interval = 1\nkeep_best = 2\n");
      Arguments arguments = with({"train", config}, with(some_data(data_folder, kinds.data), kinds.sizes));
      if (!optimizer.empty()) arguments = with(arguments, {"--optim.kind=" + optimizer, "--train.accumulate=2"});
      const auto in = [&](const std::string& run, const std::string& threads) {
        return with(arguments, {"--run.dir=" + folder.path(run), "--run.threads=" + threads});
      };
      const int calls = crash(folder.path(), in("straight", "2"), -1);
      for (int i = 0; i < 2; ++i) {
        const std::string run = "run" + std::to_string(i);
        const auto at = static_cast<int>(Rng(5).below(static_cast<std::uint64_t>(calls), drawn++));
        INFO("at call " << at << " of " << calls);
        crash(folder.path(), in(run, "2"), at);
        const Outcome end = run_here(with(in(run, "1"), {"--resume=auto"}));
        INFO(end.err);
        REQUIRE(end.status == 0);
        REQUIRE(differing(folder.path(run), folder.path("straight")) == "");
      }
    }
  }
}

}  // namespace heddle
