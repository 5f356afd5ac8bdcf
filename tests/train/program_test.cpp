// The program as its users meet it: runs, stops, resumed runs, and what bad input gets.

#include <catch2/catch.hpp>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "framework/archive/archive.h"
#include "tests/real_data.h"
#include "tests/train/run_program.h"
#include "train/run/checkpoint.h"
#include "train/run/origin.h"

namespace heddle {
TEST_CASE("200 steps on one thread and on two give identical weights", "[slow]") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "one", {"--run.threads=1"}).status == 0);
  REQUIRE(train(folder, "two", {"--run.threads=2"}).status == 0);
  REQUIRE(train(folder, "three", {"--run.threads=3"}).status == 0);
  const std::string one = weights_of(folder.path("one/last.h5"));
  REQUIRE(one == weights_of(folder.path("two/last.h5")));
  REQUIRE(one == weights_of(folder.path("three/last.h5")));
  REQUIRE(train(folder, "other", {"--run.seed=2"}).status == 0);
  REQUIRE(one != weights_of(folder.path("other/last.h5")));
}

TEST_CASE("a run killed after 120 steps and resumed gives the bytes of one that never stopped", "[slow]") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "straight").status == 0);
  // Checkpoints come every 20 steps; the kill falls on some step after the sixth.
  const Process process(folder, {"train", tiny_config(folder), "--run.dir=" + folder.path("killed"),
                                 "--train.log_interval=1", "--train.log_seconds=0"});
  REQUIRE(appears(folder.path("killed/log.txt"), "\nstep 121/"));
  process.send(SIGKILL);
  REQUIRE(process.wait() == 128 + SIGKILL);
  REQUIRE(load_checkpoint(folder.path("killed/last.h5")).state.step >= 120);
  REQUIRE(load_checkpoint(folder.path("killed/last.h5")).state.step < 200);
  const Outcome resumed = run_program(folder, {"resume", folder.path("killed")});
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  REQUIRE(weights_of(folder.path("killed/last.h5")) == weights_of(folder.path("straight/last.h5")));
  REQUIRE(weights_of(folder.path("killed/best.h5")) == weights_of(folder.path("straight/best.h5")));
}

namespace {

/// Validation losses of a run's metrics.csv, in the order of the steps.
std::vector<double> validation_losses(const std::string& csv) {
  std::vector<double> losses;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);  // the header: step,train_loss,val_loss,...
  while (std::getline(lines, line)) {
    const auto begin = line.find(',', line.find(',') + 1) + 1;
    if (line[begin] != ',') losses.push_back(std::stod(line.substr(begin)));
  }
  return losses;
}

}  // namespace

TEST_CASE("nanoGPT's recipe for a CPU reaches a loss of 1.88, and bf16 keeps to the course of f32", "[slow]") {
  const std::string text = real_data("tinyshakespeare/input.txt");
  if (text.empty()) return;
  const TemporaryFolder folder;
  std::vector<std::vector<double>> courses;
  for (const std::string precision : {"f32", "bf16"}) {
    const std::string run = folder.path(precision);
    const Outcome outcome =
        run_program(folder, {"train", HEDDLE_SOURCE_DIR "/configs/shakespeare_char_cpu.cfg", "--data.path=" + text,
                             "--run.dir=" + run, "--run.precision=" + precision, "--train.eval_batches=0"});
    INFO(outcome.out << outcome.err);
    REQUIRE(outcome.status == 0);
    courses.push_back(validation_losses(read_bytes(run + "/metrics.csv")));
    REQUIRE(courses.back().size() == 8);
    CHECK(courses.back().back() <= 1.88);
  }
  for (std::size_t i = 0; i < courses[0].size(); ++i) {
    INFO("evaluation " << i);
    CHECK(courses[1][i] == Approx(courses[0][i]).margin(0.01).epsilon(0));
  }
}

TEST_CASE("a run leaves its config, metrics, log, samples and two checkpoints, and prints the baselines") {
  const TemporaryFolder folder;
  const Outcome outcome = train(folder, "run", {"--train.steps=100"});
  REQUIRE(outcome.status == 0);
  REQUIRE(outcome.err.empty());
  for (const char* word : {"parameters", "optimizer", "activations", "uniform", "unigram", "bigram", "5-gram",
                           "whole validation split", "against the baselines"}) {
    CHECK_THAT(outcome.out, Catch::Contains(word));
  }
  for (const char* file : {"config.cfg", "metrics.csv", "log.txt", "samples.txt", "last.h5", "best.h5"})
    CHECK(std::filesystem::exists(folder.path("run/") + file));
  const std::string csv = read_bytes(folder.path("run/metrics.csv"));
  CHECK(csv.starts_with("step,train_loss,val_loss,"));
  CHECK_THAT(csv, Catch::Contains("\n50,") && Catch::Contains("\n100,"));
  // the resolved config says what was called, by which program and on which data, and makes the same run again
  const std::string config = read_bytes(folder.path("run/config.cfg"));
  CHECK(config.starts_with("# " + std::string(HEDDLE_PROGRAM) + " train "));
  CHECK_THAT(config, Catch::Contains(" --train.steps=100\n# " + Origin::version_text() + "\n# " +
                                     Origin::libraries_text() + "\n# builtin:kingdom"));
  const LoadedRun loaded = load_checkpoint(folder.path("run/last.h5"));
  std::ostringstream hash;
  hash << "; hash " << std::hex << std::setw(16) << std::setfill('0') << loaded.state.fingerprint << "\n\n[run]\n";
  CHECK_THAT(config, Catch::Contains(hash.str()));
  const Outcome again =
      run_program(folder, {"train", folder.path("run/config.cfg"), "--run.dir=" + folder.path("again")});
  REQUIRE(again.status == 0);
  REQUIRE(weights_of(folder.path("run/last.h5")) == weights_of(folder.path("again/last.h5")));
}

TEST_CASE("h5ls shows a checkpoint's parts by names that a person knows") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=2"}).status == 0);
  REQUIRE(std::system(("h5ls -r " + folder.path("run/last.h5") + " > " + folder.path("listing")).c_str()) == 0);
  const std::string listing = read_bytes(folder.path("listing"));
  for (const char* name :
       {"/model/token_embedding/weight", "/model/blocks/1/attention/qkv/weight", "/model/blocks/0/mlp/fc/bias",
        "/model/norm/weight", "/optimizer/blocks/0/norm1/weight/second", "/data/tokenizer/pieces",
        "/state/history/train_loss", "/state/history/val_loss", "/origin"}) {
    CHECK_THAT(listing, Catch::Contains(name));
  }
}

TEST_CASE("the trained model is evaluated and writes the same text by seed, with a cache or without") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=60"}).status == 0);
  const std::string run = folder.path("run");
  const Outcome eval = run_program(folder, {"eval", run, "--json"});
  REQUIRE(eval.status == 0);
  CHECK_THAT(eval.out, Catch::Contains("\"loss\":") && Catch::Contains("\"bits_per_character\":"));
  CHECK(eval.err.empty());  // its answer says which checkpoint it is of
  const std::string step = nlohmann::json::parse(eval.out)["step"].dump();
  const auto generate = [&](std::vector<std::string> more, const std::string& input = "") {
    more.insert(more.begin(), {"generate", run, "--tokens", "60"});
    const Outcome outcome = run_program(folder, more, input);
    CHECK(outcome.err == folder.path("run/best.h5") + ", after step " + step + '\n');
    REQUIRE(outcome.status == 0);
    return outcome.out;
  };
  const std::string text = generate({"--prompt", "the king", "--seed=5"});
  CHECK(text.starts_with("the king"));
  CHECK(text.size() == 8 + 60 + 1);  // well past the context of 16
  CHECK(generate({"--prompt", "the king", "--seed=5"}) == text);
  CHECK(generate({"--prompt", "-", "--seed=5"}, "the king") == text);
  CHECK(generate({"--prompt", "-", "--seed=5"}, "the king\n") == text);  // as echo writes it
  CHECK(generate({"--prompt", "-", "--seed=5"}, "the king\r\n") == text);
  CHECK(generate({"--prompt", "-", "--seed=5"}, "the king\n\n").starts_with("the king\n"));
  CHECK(generate({"--prompt", "the king", "--seed=5", "--no-cache"}) == text);
  CHECK(generate({"--prompt", "the king", "--seed=6"}) != text);
  CHECK(generate({"--temperature=0", "--seed=1"}) == generate({"--top-k=1", "--seed=2"}));
  check_one_line(run_program(folder, {"generate", run, "--prompt", "THE"}), 1, "'T' (U+0054) at byte 0");
}

TEST_CASE("with every tokenizer a run shows samples and goes on, and no prompt, blanks and empty input write alike") {
  const TemporaryFolder folder;
  const std::string kind = GENERATE("char", "byte", "word", "letters", "bpe"), run = folder.path("run");
  const Outcome trained = train(folder, "run",
                                {"--data.tokenizer=" + kind, "--data.vocab_size=300", "--train.steps=4",
                                 "--train.sample_interval=2", "--train.eval_interval=4"});
  INFO(kind << trained.err);
  REQUIRE(trained.status == 0);
  CHECK_THAT(read_bytes(run + "/samples.txt"),
             Catch::Contains("--- after step 2 ---\n") && Catch::Contains("--- after step 4 ---\n"));
  CHECK(trained.out.find("no sample") == std::string::npos);
  const auto write = [&](std::vector<std::string> more, const std::string& input = "") {
    more.insert(more.begin(), {"generate", run, "--tokens=9"});
    const Outcome outcome = run_program(folder, more, input);
    CHECK(outcome.status == 0);
    return outcome.out;
  };
  CHECK(write({"--prompt", ""}) == write({}));
  CHECK(write({"--prompt", "-"}) == write({}));
  CHECK((write({"--prompt", "  "}) == write({})) == (kind == "word" || kind == "letters"));  // else they are tokens
}

TEST_CASE("a sample that cannot be written is told, and the run goes on") {
  const TemporaryFolder folder;
  folder.write("run/samples.txt/full", "");  // no file
  const Outcome outcome =
      train(folder, "run", {"--train.steps=4", "--run.overwrite=true", "--train.sample_interval=3"});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  CHECK_THAT(outcome.out,
             Catch::Contains("no sample after step 3: ") && Catch::Contains("samples.txt': "));
  CHECK(load_checkpoint(folder.path("run/last.h5")).state.step == 4);
}

TEST_CASE("a run's name in runs/ stands for its folder, where nothing else has that name") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "runs/mine", {"--train.steps=2", "--data.tokenizer=word"}).status == 0);
  const auto here = [&](const std::vector<std::string>& arguments) {
    const Outcome outcome = run_program(folder, arguments, "", [&] {
      if (chdir(folder.path().c_str()) != 0) _exit(126);
    });
    INFO(outcome.err);
    CHECK(outcome.status == 0);
    return outcome.out + outcome.err;
  };
  for (std::vector<std::string> arguments :
       std::vector<std::vector<std::string>>{{"eval", "mine"},
                                             {"generate", "mine", "--tokens=3"},
                                             {"predict", "mine", "--text=the king"},
                                             {"embed", "neighbors", "mine", "king"},
                                             {"tokenizer", "stats", "mine", "--input", "tiny.cfg"}}) {
    const std::string by_name = here(arguments);
    std::replace(arguments.begin(), arguments.end(), std::string("mine"), std::string("runs/mine"));
    CHECK(by_name == here(arguments));
  }
  here({"train", "tiny.cfg", "--run.name=other", "--init=mine", "--train.steps=2", "--data.tokenizer=word"});
  here({"resume", "mine", "--train.steps=3"});
  CHECK(load_checkpoint(folder.path("runs/mine/last.h5")).state.step == 3);
  std::filesystem::copy(folder.path("runs/other"), folder.path("mine"));
  CHECK_THAT(here({"eval", "mine"}), Catch::Contains("after step 2"));
  check_one_line(run_program(folder, {"eval", "nobody"}), 1, "its name in runs/");
}

TEST_CASE("several prompts and samples are written one after another, each as alone with its seed") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=5"}).status == 0);
  const auto write = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"generate", folder.path("run"), "--tokens=20"});
    const Outcome outcome = run_program(folder, more);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return outcome.out;
  };
  const auto alone = [&](const std::string& prompt, int seed) {
    return write({"--prompt", prompt, "--seed=" + std::to_string(seed)});
  };
  REQUIRE(write({"--prompt", "the king", "a", "--samples=2", "--seed=5"}) ==
          "--- 1 ---\n" + alone("the king", 5) + "--- 2 ---\n" + alone("the king", 6) + "--- 3 ---\n" + alone("a", 7) +
              "--- 4 ---\n" + alone("a", 8));
  check_one_line(run_program(folder, {"generate", folder.path("run"), "--precision=f16"}), 2, "bf16");
}

TEST_CASE("recomputed blocks, pinned threads and a profile give the bits of a plain run") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "plain", {"--train.steps=20"}).status == 0);
  const Outcome other = train(folder, "other", {"--train.steps=20", "--train.recompute=true", "--run.pin=true"});
  INFO(other.err);
  REQUIRE(other.status == 0);
  REQUIRE(weights_of(folder.path("plain/last.h5")) == weights_of(folder.path("other/last.h5")));
  const Outcome profiled = train(folder, "profiled", {"--train.steps=20", "--profile"});
  REQUIRE_THAT(profiled.out, Catch::Contains("self_attention") && Catch::Contains("together"));
  REQUIRE(weights_of(folder.path("plain/last.h5")) == weights_of(folder.path("profiled/last.h5")));
}

TEST_CASE("averaged weights are what is evaluated, saved and generated with, and a resumed run goes on from both") {
  const TemporaryFolder folder;
  const std::string decay = "--optim.ema_decay=0.9", kind = "--optim.kind=muon";
  REQUIRE(train(folder, "whole", {decay, kind, "--train.steps=60"}).status == 0);
  REQUIRE(train(folder, "plain", {kind, "--train.steps=60"}).status == 0);
  REQUIRE(weights_of(folder.path("whole/last.h5")) != weights_of(folder.path("plain/last.h5")));
  const Outcome eval = run_program(folder, {"eval", folder.path("whole/last.h5")});
  const std::string log = read_bytes(folder.path("whole/log.txt"));
  const std::string loss = log.substr(log.find("after step 60: ") + 15, 6);
  REQUIRE_THAT(eval.out, Catch::Contains(loss));
  // the schedule depends on the number of steps, so the longer run is begun again and stopped
  REQUIRE(train(folder, "again", {decay, kind, "--train.steps=60", "--optim.schedule=constant"}).status == 0);
  REQUIRE(train(folder, "begun", {decay, kind, "--train.steps=40", "--optim.schedule=constant"}).status == 0);
  REQUIRE(run_program(folder, {"resume", folder.path("begun"), "--train.steps=60"}).status == 0);
  REQUIRE(weights_of(folder.path("again/last.h5")) == weights_of(folder.path("begun/last.h5")));
}

TEST_CASE("heddle --version says the version, the commit and the instructions, as checkpoints do") {
  const TemporaryFolder folder;
  const Outcome version = run_program(folder, {"--version"});
  CHECK(version.status == 0);
  CHECK(version.err.empty());
  CHECK_THAT(version.out,
             Catch::Matches(R"(heddle \d+\.\d+ \(([0-9a-f]{7,}|unknown)\), \w.*\n)"
                            R"(oneDNN \d+\.\d+\.\d+, oneTBB \d+\.\d+, HDF5 \d+\.\d+\.\d+, Boost \d+\.\d+(\.\d+)?\n)"));
  CHECK(version.out == Origin::version_text() + '\n' + Origin::libraries_text() + '\n');
  CHECK_THAT(run_program(folder, {"--help"}).out, Catch::Contains("heddle --version"));
}

}  // namespace heddle
