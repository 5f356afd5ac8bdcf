#include "train/run/origin.h"

#include <cstdlib>

#include "framework/gemm.h"
#include "tests/train/run_program.h"
#include "train/run/session.h"

namespace heddle {
namespace {

const Origin kHere{"0.1", "1a2b3c4", "a processor", "AVX2", "f32"};

std::ptrdiff_t lines_with(const std::string& text, const std::string& part) {
  std::ptrdiff_t lines = 0;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines += line.find(part) != line.npos ? 1 : 0;
  return lines;
}

/// Keeps what a run says.
class Messages final : public RunListener {
 public:
  explicit Messages(std::string& all) : all_(all) {}
  void on_message(const std::string& text) override { all_ += text + '\n'; }

 private:
  std::string& all_;
};

}  // namespace

TEST_CASE(
    "origins differ by precision, instruction set, version and commit, each in a line, and a processor's name is "
    "none") {
  CHECK(kHere.differences(kHere).empty());
  const auto differs = [](const Origin& now, const std::string& text) {
    const std::vector<std::string> lines = kHere.differences(now);
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines[0], Catch::StartsWith(text));
  };
  Origin now = kHere;
  now.precision = "bf16";
  differs(now, "precision was f32 and is bf16 now: the run goes on with other bits");
  now = kHere;
  now.instruction_set = "SSE";
  differs(now, "the instruction set was AVX2 and is SSE now: the run goes on with other bits");
  now = kHere;
  now.program = "0.2";
  differs(now, "heddle was 0.1 (1a2b3c4) and is 0.2 (1a2b3c4) now: the run may go on with other bits");
  now = kHere;
  now.commit = "5d6e7f8";
  differs(now, "heddle was 0.1 (1a2b3c4) and is 0.1 (5d6e7f8) now");
  now = kHere;
  now.processor = "another";
  CHECK(kHere.differences(now).empty());
  CHECK(kHere.differences({"0.2", "5d6e7f8", "another", "SSE", "bf16"}).size() == 3);
}

TEST_CASE("a session that goes on from another precision says so once, one that begins or goes on alike says nothing") {
  const TemporaryFolder folder;
  Experiment experiment(Settings::from_file(tiny_config(folder)));
  experiment.train.steps = 1;
  experiment.train.sample_tokens = 0;
  experiment.run.precision = RunPrecision::f32;
  const auto dataset = experiment.load_data();
  const auto model = experiment.build_model(dataset->state().spec());
  const auto learner = experiment.make_learner(*model);
  const auto said = [&](const Origin* before) {
    std::string all;
    Session session({experiment, *dataset, *model, *learner}, {}, folder.path());
    if (before != nullptr) session.on_resume(*before);
    std::vector<std::unique_ptr<RunListener>> listeners;
    listeners.push_back(std::make_unique<Messages>(all));
    session.run(std::move(listeners));
    return lines_with(all, " was ");
  };
  Origin before = Origin::here(experiment);
  CHECK(before.precision == "f32");
  CHECK(said(nullptr) == 0);
  CHECK(said(&before) == 0);
  before.precision = "bf16";
  CHECK(said(&before) == 1);
  CHECK(lines_with(read_bytes(folder.path("log.txt")),
                   "precision was bf16 and is f32 now: the run goes on with other bits; run.precision says which") ==
        1);
}

TEST_CASE("a run that is resumed where products use other instructions says so, in a line each") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run");
  REQUIRE(setenv("DNNL_MAX_CPU_ISA", "SSE41", 1) == 0);  // as on a processor without bf16
  const Outcome begun = run_program(folder, {"train", tiny_config(folder), "--run.dir=" + run, "--train.steps=2"});
  REQUIRE(unsetenv("DNNL_MAX_CPU_ISA") == 0);
  REQUIRE(begun.status == 0);
  const LoadedRun loaded = load_checkpoint(run + "/last.h5");
  CHECK(loaded.origin.precision == "f32");
  CHECK_THAT(loaded.origin.instruction_set, Catch::StartsWith("SSE"));
  const Outcome resumed = run_program(folder, {"resume", run, "--train.steps=4"});
  INFO(resumed.out);
  REQUIRE(resumed.status == 0);
  CHECK(lines_with(resumed.out, "precision was f32 and is bf16 now") == (bf16_supported() ? 1 : 0));
  CHECK(lines_with(resumed.out, "the instruction set was " + loaded.origin.instruction_set + " and is " +
                                    instruction_set() + " now") ==
        (instruction_set() == loaded.origin.instruction_set ? 0 : 1));
  CHECK(lines_with(resumed.out, "heddle was ") == 0);
  // the checkpoint tells of those who computed it last
  CHECK(load_checkpoint(run + "/last.h5").origin.instruction_set == instruction_set());
}

}  // namespace heddle
