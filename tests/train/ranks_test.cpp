// What holds for runs of several processes, as mpirun starts them.

#include "tests/train/ranks.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "framework/system/process.h"
#include "tests/train/kinds.h"
#include "train/bench/bench.h"
#include "train/learners/exchange.h"
#include "train/learners/spread.h"
#include "train/run/folder/difference.h"
#include "train/run/stop.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

void check_same(const fs::path& one, const fs::path& other) {
  const RunDifference difference = compare_runs(one, other);
  CHECK(difference.compared.size() >= 3);
  CHECK(difference.found == std::vector<std::string>{});
}

/// Runs in one place, one after the other: its name is part of what checkpoints hold.
class Place {
 public:
  explicit Place(const TemporaryFolder& folder) : folder_(folder) {}
  std::string dir() const { return folder_.path("run"); }
  std::string keep(const std::string& name) const {
    fs::rename(dir(), folder_.path(name));
    return folder_.path(name);
  }

 private:
  const TemporaryFolder& folder_;
};

/// A config whose steps are of six micro-batches.
std::string six_config(const TemporaryFolder& folder, const std::string& more = "") {
  return folder.write(
      "six.cfg",
      "[model]\nn_layer = 2\nn_head = 2\nn_embd = 32\nblock_size = 16\ndropout = 0.1\n[data]\nsize = 20000\n"
      "[optim]\nwarmup_steps = 2\n[train]\nbatch_size = 2\naccumulate = 6\nsteps = 50\neval_interval = 20\n"
      "eval_batches = 3\nsample_tokens = 20\ncheckpoint_interval = 10\ncheckpoint_minutes = 0\n" +
          more);
}

}  // namespace

TEST_CASE("every kind of model trained by two and three processes is the run of one, to the byte", "[slow]") {
  if (!has_ranks()) return;
  const std::vector<std::string> optimizers = {"adamw", "muon", "adam", "sgd"};
  std::size_t number = 0;
  for (const Kinds& kinds : all_kinds()) {
    const bool shards = number % 2 == 1;
    const std::string optimizer = optimizers[number++ % optimizers.size()];
    INFO(kinds.model << " of " << kinds.data << ", " << optimizer << (shards ? ", sharded" : ""));
    const TemporaryFolder folder;
    const Place place(folder);
    const std::string config = folder.write(
        "small.cfg", "[model]\nkind = " + kinds.model +
                         "\n[optim]\nlr = 0.01\nwarmup_steps = 2\n[train]\nbatch_size = 3\nsteps = 7\neval_interval = "
                         "3\neval_batches = 2\nsample_tokens = 0\ncheckpoint_minutes = 0\n");
    Arguments arguments =
        with({"train", config, "--run.dir=" + place.dir()}, with(some_data(folder, kinds.data), kinds.sizes));
    if (kinds.model != "word2vec")
      arguments = with(arguments, {"--train.accumulate=6", "--optim.kind=" + optimizer, "--optim.ema_decay=0.9",
                                   std::string("--train.shard_optimizer=") + (shards ? "true" : "false")});
    REQUIRE(run_program(folder, arguments).status == 0);
    const std::string alone = place.keep("alone");
    for (const int ranks : {2, 3}) {
      INFO(ranks << " processes");
      const Outcome outcome = run_ranks(folder, ranks, arguments);
      INFO(outcome.err);
      REQUIRE(outcome.status == 0);
      CHECK(outcome.err.empty());
      CHECK_THAT(outcome.out, Catch::Contains(std::to_string(ranks) + " processes on ") &&
                                  Catch::Contains("of a host"));  // how they share its cores
      check_same(alone, place.keep("by " + std::to_string(ranks)));
    }
  }
}

TEST_CASE("a run whose process is killed ends within seconds, and goes on with fewer as if nothing had been",
          "[slow]") {
  if (!has_ranks()) return;
  const TemporaryFolder folder;
  const Place place(folder);
  const Arguments train = {"train", six_config(folder, "shard_optimizer = true\nkeep_last = 3\n"),
                           "--run.dir=" + place.dir(), "--resume=auto", "--train.steps=200"};
  REQUIRE(run_program(folder, train).status == 0);
  const std::string alone = place.keep("alone");
  const int victim = GENERATE(0, 2);
  {
    const Process process(folder, train, "", {}, mpirun(3));
    REQUIRE(appears(place.dir() + "/step_10.h5"));
    const pid_t pid = process_of_rank(victim, place.dir());
    REQUIRE(pid > 0);
    kill(pid, SIGKILL);
    const auto killed = std::chrono::steady_clock::now();
    CHECK(process.wait() != 0);
    CHECK(std::chrono::steady_clock::now() - killed < std::chrono::seconds(20));
    CHECK(process_of_rank(1, place.dir()) == 0);
  }
  CHECK_FALSE(fs::exists(place.dir() + "/result.json"));
  const Outcome outcome = victim == 0 ? run_ranks(folder, 2, train) : run_program(folder, train);
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  // each of several has moments of its own, but all of them while it reads or writes a checkpoint
  CHECK((outcome.out.find(", or all moments ") != std::string::npos) == (victim == 0));
  check_same(alone, place.keep("gone on with"));
}

TEST_CASE("a signal to one process stops all after the step, and the run goes on with more", "[slow]") {
  if (!has_ranks()) return;
  const TemporaryFolder folder;
  const Place place(folder);
  const Arguments train = {"train", six_config(folder), "--run.dir=" + place.dir(), "--resume=auto",
                           "--train.steps=200"};
  REQUIRE(run_program(folder, train).status == 0);
  const std::string alone = place.keep("alone");
  {
    const Process process(folder, train, "", {}, mpirun(2));
    REQUIRE(appears(place.dir() + "/last.h5"));
    kill(process_of_rank(1, place.dir()), SIGUSR1);
    CHECK(process.wait() == kStoppedStatus);
    CHECK_THAT(process.output(), Catch::Contains("stopped by SIGUSR1 after step"));
  }
  const Outcome outcome = run_ranks(folder, 3, train);
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  check_same(alone, place.keep("gone on with"));
}

TEST_CASE("processes that cannot train together say so in one line", "[slow]") {
  if (!has_ranks()) return;
  const TemporaryFolder folder;
  const std::string config = six_config(folder), dir = "--run.dir=" + folder.path("run"),
                    text = folder.path("a/text.txt");
  folder.write("a/text.txt", std::string(3000, 'a') + std::string(3000, 'b'));
  folder.write("b/text.txt", std::string(3000, 'a') + std::string(2999, 'b') + "c");
  check_one_line(run_ranks(folder, 4, {"train", config, dir}), 1,
                 "train.accumulate = 6: 4 processes cannot take as many of a step's micro-batches each; steps of the "
                 "same 12 rows are train.batch_size = 1 with train.accumulate = 12");
  check_one_line(run_ranks(folder, 5, {"train", config, dir}), 1,
                 "make train.batch_size x train.accumulate a multiple of 5");
  const std::string words = folder.write(
      "words.cfg",
      "[model]\nkind = word2vec\n[data]\ntokenizer = word\nsize = 20000\n[train]\nbatch_size = 2\nsteps = 3\n");
  check_one_line(run_ranks(folder, 3, {"train", words, dir}), 1, "3 processes share out the rows of a batch");
  check_one_line(run_ranks(folder, 2, {"runs", "list"}), 2, "runs: one process does that; leave mpirun or srun out");
  check_one_line(run_ranks(folder, 2, {"train", folder.path("none.cfg")}), 1, "none.cfg");
  // what each is told for itself: mpirun's other processes come behind a colon
  const auto different = [&](const Arguments& one, const Arguments& other) {
    const Arguments arguments = with(with(one, {":", "-n", "1", HEDDLE_PROGRAM}), other);
    const Process process(folder, arguments, "", {}, mpirun(1));
    const int status = process.wait();
    return Outcome{status, process.output(), process.errors()};
  };
  check_one_line(different({"train", config, dir, "--optim.lr=0.01"}, {"train", config, dir, "--optim.lr=0.02"}), 1,
                 "optim.lr differs: rank 0");
  const auto on = [&](const std::string& path) {
    return Arguments{"train", config, dir, "--data.path=" + path, "--data.tokenizer=byte"};
  };
  check_one_line(different(on(text), on(folder.path("b/text.txt"))), 1, "the data differs: rank 0");
  check_one_line(different(on(text), on(folder.path("c/text.txt"))), 1, "rank 1 (on ");
  CHECK_FALSE(fs::exists(folder.path("run")));
}

TEST_CASE("processes that were started together and cannot reach each other say so in one line", "[slow]") {
  if (!has_ranks()) return;
  const TemporaryFolder folder;
  const auto started_as = [](const char* size, const char* rank, const char* number) {
    return [=] {
      setenv(size, "2", 1);
      setenv(rank, number, 1);
    };
  };
  const Arguments train = {"train", tiny_config(folder), "--run.dir=" + folder.path("run")};
  check_one_line(run_program(folder, train, "", started_as("SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "0")), 1,
                 "srun started 2 processes, and MPI sees 1");
  const Outcome other = run_program(folder, train, "", started_as("SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "1"));
  CHECK(other.status == 1);
  CHECK(other.err.empty());  // rank 0 says it
  CHECK_FALSE(fs::exists(folder.path("run")));
}

TEST_CASE("bench train of several processes counts what each sends", "[slow]") {
  if (!has_ranks()) return;
  const TemporaryFolder folder;
  const std::string config = six_config(folder);
  const Workload work(config, {});
  // of three of six micro-batches two roots, for the other's half of the weights, and the sums of its own
  const auto weights = static_cast<double>(count_elements(work.model->named_parameters()));
  for (const std::string shards : {"false", "true"}) {
    const Outcome outcome =
        run_ranks(folder, 2, {"bench", "train", config, "--steps=4", "--json", "--train.shard_optimizer=" + shards});
    REQUIRE(outcome.status == 0);
    const auto row = nlohmann::json::parse(outcome.out)[0];
    CHECK(row["processes"] == 2);
    CHECK(row["exchange_ms_per_step"] > 0);
    CHECK(row["sent_bytes_per_step"].get<double>() == Approx(4 * 1.5 * weights).epsilon(0.02));
  }
  check_one_line(run_ranks(folder, 2, {"bench", "gemm", config}), 2, "bench gemm: one process does that");
}

TEST_CASE("gradients of several ranks are the tree of all micro-batches, with gaps, in several buckets",
          "[.of_ranks]") {
  const JoinedRanks joined;
  constexpr index_t kOwn = 3;
  const index_t micro_batches = kOwn * ranks();
  // two that fill a bucket and more, one that has a gradient at times, one that has none
  std::vector<NamedParameter> parameters;
  std::vector<index_t> elements;
  for (const index_t size : {1'300'000, 5, 40'000, 7, 1'100'000}) {
    parameters.push_back({"p" + std::to_string(parameters.size()), Tensor::zeros({size}).set_requires_grad()});
    elements.push_back(size);
  }
  const auto gradient = [&](std::size_t parameter, index_t micro) {
    if (parameter == 3 || (parameter == 2 && micro % 3 != 1)) return Tensor();
    return Tensor::normal({elements[parameter]}, Rng(parameter).fork(static_cast<std::uint64_t>(micro)),
                          1 + 5.0 * static_cast<double>(micro));
  };
  const Shares shares(elements, std::vector<index_t>(elements.size(), 16384), ranks());
  CHECK(shares.buckets() > 1);
  for (const bool everywhere : {true, false}) {
    GradientExchange exchange(parameters, shares, micro_batches, everywhere);
    for (int step = 0; step < 2; ++step) {
      const auto add = [&](index_t first, index_t last, const std::function<void(GradientSum & sum)>& end) {
        GradientSum sum(parameters, micro_batches, first);
        for (index_t micro = first; micro < last; ++micro) {
          for (std::size_t i = 0; i < parameters.size(); ++i)
            parameters[i].tensor.mutable_grad() = gradient(i, micro + step);
          sum.add(0.1 * static_cast<double>(micro * micro + 1));
        }
        end(sum);
      };
      std::vector<Tensor> all;
      double loss = 0;
      add(0, micro_batches, [&](GradientSum& sum) {
        loss = sum.finish();
        for (NamedParameter& p : parameters) {
          all.push_back(p.tensor.grad());
          p.tensor.zero_grad();
        }
      });
      exchange.begin();
      add(kOwn * rank(), kOwn * (rank() + 1), [&](GradientSum& sum) {
        for (const std::size_t i : {4, 1, 0, 3, 2}) exchange.send(i, sum.roots(i));
        exchange.finish();
        CHECK(exchange.sum(sum.losses()) == loss);
      });
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        INFO("rank " << rank() << ", parameter " << i << ", step " << step << (everywhere ? ", everywhere" : ""));
        const ElementRange own = everywhere ? ElementRange{0, elements[i]} : shares.part(i, rank());
        const Tensor& got = parameters[i].tensor.grad();
        const bool wanted = all[i].defined() && own.size() > 0;
        REQUIRE(got.defined() == wanted);
        if (wanted) CHECK(std::equal(got.span().begin(), got.span().end(), all[i].data() + own.begin));
        parameters[i].tensor.zero_grad();
      }
    }
  }
  meet_ranks();
}

TEST_CASE("what is one rank's reaches the others: weights, moments, states, texts", "[.of_ranks]") {
  const JoinedRanks joined;
  CHECK(gather(std::string(static_cast<std::size_t>(rank()) * 100'000, 'a'))[static_cast<std::size_t>(ranks() - 1)]
            .size() == static_cast<std::size_t>(ranks() - 1) * 100'000);
  CHECK(from_root("rank " + std::to_string(rank())) == "rank 0");
  CHECK(from_root(rank() == 0));
  CHECK_FALSE(from_root(rank() != 0));
  const std::vector<index_t> elements = {50'000, 3, 1'048'576};
  const Shares shares(elements, {16384, 16384, 1'048'576}, ranks());
  std::vector<NamedParameter> parameters, whole;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    parameters.push_back({"p", Tensor::zeros({elements[i]}).set_requires_grad()});
    whole.push_back({"p", Tensor::normal({elements[i]}, Rng(i)).set_requires_grad()});
    rounded_parameter(parameters[i].tensor, Precision::bf16);
    const ElementRange own = shares.part(i, rank());
    const auto part =
        whole[i].tensor.span().subspan(static_cast<std::size_t>(own.begin), static_cast<std::size_t>(own.size()));
    std::copy(part.begin(), part.end(), parameters[i].tensor.mutable_data() + own.begin);
    const Tensor moment = Tensor::from(part, {own.size()});
    const Tensor gathered = whole_on_root(moment, {elements[i]}, i, shares);
    if (rank() == 0) {
      CHECK(std::equal(gathered.span().begin(), gathered.span().end(), whole[i].tensor.span().begin()));
    } else {
      CHECK(gathered.shares_storage(moment));
    }
    const Tensor again = owned_part(whole[i].tensor, i, shares);
    CHECK(std::equal(again.span().begin(), again.span().end(), part.begin()));
    CHECK(again.numel() == own.size());
  }
  spread_weights(parameters, shares);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Tensor& got = parameters[i].tensor;
    CHECK(std::equal(got.span().begin(), got.span().end(), whole[i].tensor.span().begin()));
    const Bf16Tensor half = got.current_bf16();
    REQUIRE(half.defined());
    for (index_t e = 0; e < got.numel(); ++e) REQUIRE(half.data()[e] == to_bf16(got.data()[e]));
  }
  std::vector<RowStates> states(static_cast<std::size_t>(2 * ranks()));
  const auto own = static_cast<std::size_t>(2 * rank());
  states[own].at("layers/0/hidden") = Tensor::full({2, 3}, static_cast<real>(rank() + 1));
  spread_states(states);
  for (int r = 0; r < ranks(); ++r) {
    RowStates& first = states[static_cast<std::size_t>(2 * r)];
    REQUIRE(first.tensors().size() == 1);
    CHECK(first.at("layers/0/hidden").shape() == Shape{2, 3});
    CHECK(first.at("layers/0/hidden").data()[5] == static_cast<real>(r + 1));
    CHECK(states[static_cast<std::size_t>(2 * r + 1)].empty());
  }
  meet_ranks();
}

TEST_CASE("what ranks give each other arrives as it was, with two and three of them", "[slow]") {
  if (!has_ranks()) return;
  const TemporaryFolder folder;
  for (const int ranks : {2, 3}) {
    for (const char* part : {"gradients of several ranks*", "what is one rank's*"}) {
      const std::string out = folder.path("out");
      const std::string command =
          fmt::format("mpirun -q --allow-run-as-root --oversubscribe -n {} '{}' \"{}\" -w NoTests >{} 2>&1", ranks,
                      this_program().string(), part, out);
      const int status = std::system(command.c_str());
      INFO(read_bytes(out));
      CHECK(status == 0);
    }
  }
}

TEST_CASE("where the program is built without MPI, several processes of it say so in one line, and one runs") {
  const TemporaryFolder folder;
  const auto run = [&](const std::string& variables) {
    const std::string out = folder.path("out");
    const int status = std::system((variables + " '" HEDDLE_ALONE "' >" + out + " 2>&1").c_str());
    return std::pair(status, read_bytes(out));
  };
  CHECK(run("") == std::pair(0, std::string("alone\n")));
  const auto [status, said] = run("OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0");
  CHECK(status != 0);
  CHECK_THAT(said, Catch::StartsWith("heddle: mpirun started 2 processes, and this heddle was built without MPI"));
  CHECK(std::count(said.begin(), said.end(), '\n') == 1);
  CHECK(run("OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=1").second.empty());
  CHECK(run("PMI_SIZE=2 PMI_RANK=1").first != 0);
}

}  // namespace heddle
