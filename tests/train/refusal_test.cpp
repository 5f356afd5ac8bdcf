// What the program refuses, and how: one line, a status, and nothing lost.

#include <catch2/catch.hpp>

#include "framework/archive/archive.h"
#include "tests/train/run_program.h"
#include "train/run/checkpoint.h"

namespace heddle {

TEST_CASE("a program that was built for another processor says so in one line, and how to build it for any") {
  const TemporaryFolder folder;
  const std::string out = folder.path("err"), command = std::string(HEDDLE_ELSEWHERE) + " 2> " + out;
  CHECK(WEXITSTATUS(std::system(command.c_str())) == 1);
  const std::string said = read_bytes(out);
  CHECK_THAT(said, Catch::StartsWith("heddle: built for a processor that has xop, fma4, which this one lacks") &&
                       Catch::Contains("-DHEDDLE_NATIVE=OFF"));
  CHECK(std::count(said.begin(), said.end(), '\n') == 1);
}
TEST_CASE("standard input may be named twice as a prompt") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=2", "--data.tokenizer=word"}).status == 0);
  const Outcome twice =
      run_program(folder, {"generate", folder.path("run"), "--prompt", "-", "-", "--tokens=0"}, "king");
  REQUIRE(twice.status == 0);
  REQUIRE(twice.out == "--- 1 ---\nking\n--- 2 ---\nking\n");
}

TEST_CASE("training that would not fit into train.memory_limit is refused before anything is written") {
  const TemporaryFolder folder;
  check_one_line(train(folder, "run", {"--train.batch_size=64", "--train.memory_limit=0.002"}), 1,
                 "train.memory_limit = 0.002 GB, but steps with train.batch_size = 64 are expected to take");
  const Outcome outcome = train(folder, "run", {"--train.batch_size=64", "--train.memory_limit=0.002"});
  const auto at = outcome.err.find("train.batch_size = ", outcome.err.find("take"));
  REQUIRE(at != std::string::npos);
  const std::string fits = std::to_string(std::stoi(outcome.err.substr(at + 19)));
  CHECK_FALSE(std::filesystem::exists(folder.path("run")));
  const std::string more = std::to_string(std::stoi(fits) + 1), twice = std::to_string(std::stoi(fits) * 2);
  const auto with = [&](const std::string& name, const std::string& batch, const std::string& limit) {
    return train(folder, name, {"--train.batch_size=" + batch, "--train.memory_limit=" + limit, "--train.steps=2"});
  };
  check_one_line(with("run", more, "0.002"), 1, "train.batch_size = " + fits + " would fit");
  check_one_line(with("run", twice, "0.002"), 1, "batch_size = " + fits + " would fit, with train.accumulate = 2");
  REQUIRE(with("run", fits, "0.002").status == 0);
  check_one_line(run_program(folder, {"resume", folder.path("run"), "--train.memory_limit=0.0001", "--train.steps=3"}),
                 1, "parameters, gradients and optimizer alone take");
  check_one_line(with("other", "8", "0.0006"), 1,
                 "not even train.batch_size = 1 would fit: try train.recompute = true");
}

TEST_CASE("a wrong command line gets one line and status 2, help gets status 0") {
  const TemporaryFolder folder;
  check_one_line(run_program(folder, {"trian"}), 2, "no command 'trian'");
  check_one_line(run_program(folder, {"train"}), 2, "usage: heddle train CONFIG");
  check_one_line(run_program(folder, {"train", "a", "b"}), 2, "unexpected 'b'");
  check_one_line(run_program(folder, {"generate", "x", "--temprature=1"}), 2, "did you mean --temperature?");
  check_one_line(run_program(folder, {"generate", "x", "--tokens"}), 2, "--tokens needs a value");
  check_one_line(run_program(folder, {"generate", "x", "--tokens=many"}), 2, "--tokens many: needs a whole number");
  check_one_line(run_program(folder, {"generate", "x", "--top-p=2"}), 2, "must be");
  check_one_line(run_program(folder, {"bench", "swim", "x"}), 2,
                 "bench: no part 'swim'; there are: train, generate, capture, gemm, tokenizer, embed");
  REQUIRE(run_program(folder, {}).status == 2);
  for (const char* command : {"train", "resume", "eval", "generate", "config", "bench"}) {
    const Outcome help = run_program(folder, {command, "--help"});
    CHECK(help.status == 0);
    CHECK_THAT(help.out, Catch::Contains(std::string("usage: heddle ") + command));
  }
  CHECK_THAT(run_program(folder, {"config", "--help"}).out,
             Catch::Contains("n_embd = 128") && Catch::Contains("weight_decay"));
}

TEST_CASE("a bad config or text is refused before anything is written") {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::vector<std::string>& more, const std::string& text) {
    check_one_line(train(folder, "run", more), 1, text);
    CHECK_FALSE(std::filesystem::exists(folder.path("run")));
  };
  refuse({"--train.stepps=3"}, "unknown key train.stepps; did you mean train.steps?");
  refuse({"--train.steps=three"}, "train.steps = three: needs a whole number");
  refuse({"--optim.beta2=1.5"}, "optim.beta2 = 1.5: must be 0 .. 0.999999");
  refuse({"--model.n_head=3"}, "model.n_head = 3 does not divide model.n_embd = 32");
  refuse({"--model.kind=bart"}, "model.kind = bart");
  refuse({"--data.path=" + folder.path("none.txt")}, "none.txt does not exist");
  refuse({"--data.path=" + folder.write("empty.txt", "")}, "empty.txt is empty");
  refuse({"--data.path=" + folder.write("short.txt", "too short")}, "needs at least 17 (model.block_size + 1)");
  refuse({"--data.path=" + folder.write("bad.txt", std::string(999, 'x') + '\xFF')}, "byte 999 is not UTF-8");
  check_one_line(run_program(folder, {"train", folder.path("none.cfg")}), 1, "none.cfg does not exist");
}

TEST_CASE("a run's folder is not overwritten unless it is said, and a folder that cannot be made is named") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=2"}).status == 0);
  const std::string before = read_bytes(folder.path("run/last.h5"));
  check_one_line(train(folder, "run", {"--train.steps=3"}), 1, "already holds a run");
  CHECK(read_bytes(folder.path("run/last.h5")) == before);
  REQUIRE(train(folder, "run", {"--train.steps=3", "--run.overwrite=true"}).status == 0);
  check_one_line(run_program(folder, {"train", folder.path("run/config.cfg")}), 1,
                 "already holds a run");  // it was said for that once
  folder.write("notes/log.txt", "mine");
  check_one_line(train(folder, "notes", {"--train.steps=2"}), 1, "already holds a run (log.txt)");
  CHECK(read_bytes(folder.path("notes/log.txt")) == "mine");
  CHECK(load_checkpoint(folder.path("run/last.h5")).state.step == 3);
  check_one_line(train(folder, "tiny.cfg/run"), 1, "cannot be made");
  check_one_line(run_program(folder, {"train", tiny_config(folder), "--run.dir=/proc/heddle-run"}), 1,
                 "run folder /proc/heddle-run cannot be made");  // read-only for everybody
}

TEST_CASE("a full disk while saving ends the run with one line and leaves the last good checkpoint") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=20"}).status == 0);
  const std::string before = read_bytes(folder.path("run/last.h5"));
  // the log and the metrics still fit, a checkpoint does not
  const Outcome outcome =
      run_program(folder, {"resume", folder.path("run"), "--train.steps=40"}, "", limited(RLIMIT_FSIZE, 64 * 1024));
  check_one_line(outcome, 1, ".h5");
  CHECK(read_bytes(folder.path("run/last.h5")) == before);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("run")))
    CHECK(entry.path().filename().string().find("tmp") == std::string::npos);
  REQUIRE(run_program(folder, {"resume", folder.path("run"), "--train.steps=40"}).status == 0);
}

TEST_CASE("output that cannot be written is an error") {
  const TemporaryFolder folder;
  check_one_line(run_program(folder, {"config", "--help"}, "", limited(RLIMIT_FSIZE, 1024)), 1,
                 "standard output cannot be written");
}

TEST_CASE("a resume may not change what the run was made of") {
  const TemporaryFolder folder;
  const std::string text = folder.write("text.txt", std::string(3000, 'a') + std::string(3000, 'b'));
  REQUIRE(train(folder, "run", {"--train.steps=20", "--data.path=" + text}).status == 0);
  const std::string run = folder.path("run");
  check_one_line(run_program(folder, {"resume", run}), 1, "already at step 20 of 20; give more with --train.steps=N");
  check_one_line(run_program(folder, {"resume", run, "--model.n_embd=64"}), 1,
                 "model.n_embd was 32 and may not become 64");
  check_one_line(run_program(folder, {"resume", run, "--optim.lr=1"}), 1, "optim.lr was 0.001 and may not become 1");
  folder.write("text.txt", std::string(3000, 'b') + std::string(3000, 'a'));
  check_one_line(run_program(folder, {"resume", run, "--train.steps=30"}), 1, "is not what the run was trained on");
}

TEST_CASE("a loss that is not finite stops the run, names op and step, and keeps the last good checkpoint") {
  const TemporaryFolder folder;
  const Outcome outcome = train(folder, "run",
                                {"--optim.lr=1e3", "--optim.kind=sgd", "--optim.grad_clip=0", "--optim.warmup_steps=0",
                                 "--train.checkpoint_interval=1", "--optim.schedule=constant", "--optim.min_lr=1e3"});
  check_one_line(outcome, 1, "step ");
  CHECK_THAT(outcome.err, Catch::Contains("loss") && Catch::Contains("first in ") && Catch::Contains("optim.lr"));
  const LoadedRun run = load_checkpoint(folder.path("run/last.h5"));
  CHECK(run.state.step > 0);
}

TEST_CASE("a checkpoint that is damaged, cut off, of another kind or newer is refused by name") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=2"}).status == 0);
  const std::string good = read_bytes(folder.path("run/last.h5"));
  const auto refuse = [&](const std::string& path, const std::string& text) {
    for (const char* command : {"generate", "eval", "resume"})
      check_one_line(run_program(folder, {command, path}), 1, text);
  };
  refuse(folder.path("none"), "none does not exist");
  refuse(folder.write("cut.h5", good.substr(0, good.size() / 2)), "cut.h5");
  refuse(folder.write("text.h5", "once upon a time"), "text.h5");
  std::string flipped = good;
  flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 1);
  refuse(folder.write("flipped.h5", flipped), "flipped.h5");
  std::filesystem::create_directory(folder.path("empty"));
  refuse(folder.path("empty"), "holds no checkpoint");
  std::string word = "x";
  const auto write = [&](Hdf5OArchive& ar) { ar& BOOST_SERIALIZATION_NVP(word); };
  save_file(folder.path("kind.h5"), "tokenizer", 1, write);
  refuse(folder.path("kind.h5"), "tokenizer");
  save_file(folder.path("new.h5"), "checkpoint", 99, write);
  refuse(folder.path("new.h5"), "99");
}

TEST_CASE("training says what a text is that it cannot use, and tells of a NUL byte once where it goes on") {
  const TemporaryFolder folder;
  const auto train_on = [&](const std::string& name, const std::string& bytes, const std::string& tokenizer) {
    std::filesystem::remove_all(folder.path("run"));
    return train(folder, "run",
                 {"--data.path=" + folder.write(name, bytes), "--data.tokenizer=" + tokenizer, "--train.steps=1"});
  };
  check_one_line(train_on("a.bz2", "BZh91AY&SY and more", "word"), 1,
                 "text: " + folder.path("a.bz2") + " is compressed with bzip2; unpack it first: bunzip2 -k " +
                     folder.path("a.bz2"));
  check_one_line(train_on("a.txt", std::string("\xFF\xFEh\0i\0", 6), "bpe"), 1,
                 "a.txt is UTF-16; convert it: iconv -f UTF-16 -t UTF-8 ");
  const std::string text = std::string(500, 'x') + std::string(1, '\0') + std::string(500, 'y');
  const std::string told = "text: " + folder.path("nul.txt") + ": byte 500 is NUL";
  check_one_line(train_on("nul.txt", text, "char"), 1, told);
  const Outcome outcome = train_on("nul.txt", text, "byte");
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  CHECK(outcome.err.empty());
  const std::string log = read_bytes(folder / "run/log.txt");
  const std::size_t first = log.find(told);
  REQUIRE(first != log.npos);
  CHECK(log.find(told, first + 1) == log.npos);
}

}  // namespace heddle
