#include "train/run/trainer.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "data/text/dataset.h"
#include "models/gpt.h"
#include "models/word2vec/word2vec.h"
#include "tests/temporary_folder.h"
#include "tests/train/trainer_setup.h"
#include "train/learners/gradient.h"

namespace heddle {
namespace {

Experiment tiny(const std::string& more = "") {
  return Experiment(Settings::from_text(std::string("[run]\nprecision = f32\n[data]\nsize = 20000\n[model]\nn_layer = "
                                                    "1\nn_head = 2\nn_embd = 16\nblock_size = 8\n[train]\n") +
                                            (more.find("batch_size") == std::string::npos ? "batch_size = 8\n" : "") +
                                            more,
                                        "test"));
}

/// word2vec on a text of letters, with more keys of [data], [model] and [train].
Experiment words(const std::string& data, const std::string& model, const std::string& train = "") {
  return Experiment(Settings::from_text(
      "[data]\ntokenizer = letters\n" + data + "[model]\nkind = word2vec\n" + model + "[train]\n" + train, "test"));
}

/// The tiny GPT, or another experiment.
struct Setup : TrainerSetup {
  explicit Setup(const std::string& more = "") : Setup(tiny(more)) {}
  explicit Setup(Experiment whole) : TrainerSetup(std::move(whole)) {}
};

double norm_of(const StepResult& result) { return result.more.at(0).value; }

}  // namespace

TEST_CASE("a step is the same, to rounding, however its rows are cut into micro-batches, with dropout too") {
  const std::string dropout = "[model]\ndropout = 0.2\n";
  Setup whole("batch_size = 8\n" + dropout);
  const StepResult a = whole.trainer.step(5);
  CHECK(a.inputs == 64);
  for (const char* cut :
       {"batch_size = 4\naccumulate = 2\n", "batch_size = 2\naccumulate = 4\n", "batch_size = 1\naccumulate = 8\n"}) {
    INFO(cut);
    Setup parts(cut + dropout);
    const StepResult b = parts.trainer.step(5);
    CHECK(b.loss == Approx(a.loss).epsilon(1e-6));
    CHECK(norm_of(b) == Approx(norm_of(a)).epsilon(1e-5));
    CHECK(b.inputs == 64);
    CHECK(b.flops == a.flops);
  }
}

TEST_CASE("a step counts every target alike, also where the text's last window is short") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 136; ++i) text += static_cast<char>('a' + i * i % 23);
  const auto step = [&](const std::string& cut) {
    Setup setup(Experiment(Settings::from_text(
        "[run]\nprecision = f32\n[data]\npath = " + folder.write("text", text) +
            "\ntokenizer = byte\nval_fraction = 0.5\n[model]\nn_layer = 1\nn_head = 2\nn_embd = 16\nblock_size = 64\n"
            "[train]\nsteps = 0\nepochs = 1\n" +
            cut,
        "test")));
    REQUIRE(setup.dataset->size(Split::train) == 2);  // of 64 targets and of 3
    return setup.trainer.step(0);
  };
  const StepResult two = step("batch_size = 2\n"), apart = step("batch_size = 1\naccumulate = 2\n");
  CHECK(apart.loss == Approx(two.loss).epsilon(1e-6));
  CHECK(norm_of(apart) == Approx(norm_of(two)).epsilon(1e-5));
}

namespace {

/// How far the weights move in one step.
double moved(Setup& setup, index_t step, StepResult& result) {
  const auto parameters = setup.model->named_parameters();
  std::vector<Tensor> before;
  for (const NamedParameter& p : parameters) before.push_back(p.tensor.detach().clone());
  result = setup.trainer.step(step);
  double squares = 0;
  for (std::size_t n = 0; n < parameters.size(); ++n) {
    for (index_t i = 0; i < before[n].numel(); ++i)
      squares += std::pow(static_cast<double>(parameters[n].tensor.data()[i] - before[n].data()[i]), 2);
  }
  return std::sqrt(squares);
}

}  // namespace

TEST_CASE("a step goes along the clipped gradient by the schedule's rate, and tells the norm before clipping") {
  const std::string sgd =
      "[optim]\nkind = sgd\nmomentum = 0\nweight_decay = 0\nschedule = linear\nlr = 0.8\nmin_lr = 0\n"
      "warmup_steps = 9\n";
  for (const auto& [step, rate] : {std::pair<index_t, double>{0, 0.08}, {9, 0.8}, {209, 0.4}}) {
    Setup free("steps = 409\n" + sgd + "grad_clip = 0\n"), clipped("steps = 409\n" + sgd + "grad_clip = 0.01\n");
    StepResult all, part;
    const double far = moved(free, step, all), near = moved(clipped, step, part);
    INFO("step " << step);
    CHECK(free.trainer.learning_rate(step) == Approx(rate));
    CHECK(norm_of(all) > 0.1);
    CHECK(norm_of(part) == norm_of(all));
    CHECK(far == Approx(rate * norm_of(all)).epsilon(1e-3));
    CHECK(near == Approx(rate * 0.01).epsilon(0.01));
  }
  // where epochs decide the number of steps, the rate falls to its lowest over those
  Setup passes("steps = 0\nepochs = 2\n" + sgd);
  const auto steps = static_cast<double>(passes.trainer.plan().steps);
  CHECK(passes.trainer.learning_rate(passes.trainer.plan().steps - 1) == Approx(0.8 / (steps - 9)));
  StepResult last;
  CHECK(moved(passes, passes.trainer.plan().steps - 1, last) < 0.8 / (steps - 9) * 1.01);
}

TEST_CASE("each step begins with gradients of zero and draws windows of its own") {
  const std::string still = "[optim]\nkind = sgd\nmomentum = 0\nweight_decay = 0\nlr = 0\nmin_lr = 0\n";
  Setup setup(still), halves("accumulate = 2\nbatch_size = 4\n" + still);
  const StepResult first = setup.trainer.step(0), second = setup.trainer.step(1), again = setup.trainer.step(0);
  CHECK(again.loss == first.loss);
  CHECK(norm_of(again) == norm_of(first));
  CHECK(second.loss != first.loss);
  CHECK(halves.trainer.step(1).loss == Approx(second.loss).epsilon(1e-6));
}

TEST_CASE("the batches of an evaluation are spread evenly over the split") {
  Setup setup("eval_batches = 2\n");
  const index_t windows = setup.dataset->size(Split::val);
  const auto mean_of = [&](const std::vector<std::pair<index_t, index_t>>& batches) {  // first window, number
    const NoGradGuard no_grad;
    double nats = 0, count = 0;
    for (const auto& [first, rows] : batches) {
      Context context;
      const Batch batch = get_examples(*setup.dataset, Split::val, first, rows);
      const auto counted = static_cast<double>(batch.count());
      nats += setup.model->loss(batch, batch.count(), context).value.item() * counted;
      count += counted;
    }
    return nats / count;
  };
  REQUIRE(windows % 3 != 0);
  CHECK(setup.evaluate(1, 1) == Approx(mean_of({{0, 1}})).epsilon(1e-9));
  CHECK(setup.evaluate(1, 2) == Approx(mean_of({{0, 1}, {windows / 2, 1}})).epsilon(1e-9));
  const index_t batches = (windows + 2) / 3;  // the last one is not full
  CHECK(setup.evaluate(3, 3) ==
        Approx(mean_of({{0, 3}, {batches / 3 * 3, 3}, {2 * batches / 3 * 3, 3}})).epsilon(1e-9));
  CHECK(setup.evaluate(3, windows) == setup.evaluate(3, 0));
  CHECK(setup.trainer.evaluate()[0].value == setup.evaluate(8, 2));
  CHECK(setup.trainer.evaluate(true)[0].value == setup.evaluate(8, 0));
}

TEST_CASE("a steady step asks the system for no memory") {
  Setup setup("eval_batches = 2\n");
  for (index_t i = 0; i < 3; ++i) setup.trainer.step(i);
  const std::size_t before = pool_stats().system_requests;
  for (index_t i = 3; i < 10; ++i) setup.trainer.step(i);
  REQUIRE(pool_stats().system_requests == before);
}

TEST_CASE("the whole split's loss counts every token once, whatever the batch") {
  Setup setup;
  const double whole = setup.trainer.evaluate(true)[0].value;
  CHECK(setup.evaluate(1, 0) == Approx(whole).epsilon(1e-6));
  CHECK(setup.evaluate(100000, 0) == Approx(whole).epsilon(1e-6));
  CHECK(whole == Approx(std::log(30)).epsilon(0.1));  // first weights predict little
  const double part = setup.evaluate(8, 3);
  CHECK(part != whole);
  CHECK(part == Approx(whole).epsilon(0.05));
}

TEST_CASE("the expected memory is near what training takes, on one thread and on several") {
  const int before = threads();
  set_threads(GENERATE(1, 2, 5));
  Setup setup(GENERATE("batch_size = 4\n", "batch_size = 64\n", "batch_size = 64\nrecompute = true\n",
                       "batch_size = 16\naccumulate = 2\n", "batch_size = 1\n", "batch_size = 150\n"));
  INFO(threads() << " threads, batches of " << setup.experiment.train.batch_size);
  const MemoryEstimate expected = setup.trainer.estimate_memory();
  const std::size_t in_use = pool_stats().bytes_in_use;
  pool_reset_peak();
  setup.trainer.step(0);
  const auto taken = static_cast<double>(pool_stats().peak_bytes - in_use);
  CHECK(expected.activations + expected.gradients >= taken * 0.9);  // the pool's blocks may be an eighth too large
  CHECK(expected.activations + expected.gradients <= taken * 1.5);
  CHECK(expected.parameters == expected.optimizer / 2);
  set_threads(before);
}

TEST_CASE(
    "a step leaves no gradient, and one that recomputes its blocks holds less than one that keeps their results") {
  const auto peak = [](const std::string& recompute) {
    Experiment experiment = tiny("batch_size = 64\nrecompute = " + recompute + "\n[optim]\nkind = sgd\n");
    dynamic_cast<GPTConfig&>(*experiment.model).n_layer = 4;
    Setup setup(std::move(experiment));
    const auto parameters = setup.model->named_parameters();
    setup.trainer.step(0);  // makes what the optimizer keeps
    const auto before = static_cast<double>(pool_stats().bytes_in_use);
    pool_reset_peak();
    setup.trainer.step(1);
    for (const NamedParameter& p : parameters) CHECK_FALSE(p.tensor.grad().defined());
    return static_cast<double>(pool_stats().peak_bytes) - before;
  };
  CHECK(peak("true") < 0.6 * peak("false"));
}

TEST_CASE("the sum of n micro-batches is expected to hold 1 + log2(n) sets of gradients") {
  for (const auto& [n, sets] : {std::pair(1, 1), {2, 2}, {3, 2}, {4, 3}, {8, 4}}) {
    Setup setup("accumulate = " + std::to_string(n) + '\n');
    const MemoryEstimate memory = setup.learner->lasting_memory();
    CHECK(memory.gradients == sets * memory.parameters);
  }
}

TEST_CASE("the batch that fits a memory limit is told, with as many rows by micro-batches where it divides the batch") {
  Setup setup("accumulate = 3\n");
  setup.experiment.train.memory_limit = setup.trainer.estimate_memory(10).total() * 1.0001 / 1e9;
  const auto check_with = [&](index_t rows) {
    setup.experiment.train.batch_size = rows;
    setup.trainer.check_memory_limit();
  };
  CHECK_NOTHROW(check_with(10));
  CHECK_THROWS_WITH(check_with(11), Catch::EndsWith("; train.batch_size = 10 would fit"));
  CHECK_THROWS_WITH(check_with(40), Catch::EndsWith("; train.batch_size = 10 would fit, with train.accumulate = 12 for "
                                                    "steps of as many rows"));
}

TEST_CASE("a step that failed in a later micro-batch leaves no gradient of the earlier ones") {
  Setup setup("batch_size = 1\naccumulate = 2\n[model]\ntied = false\n");
  const IdTensor first = setup.trainer.feed().batch(0, 0).inputs, second = setup.trainer.feed().batch(0, 1).inputs;
  const auto only = std::find_if(second.data(), second.data() + second.numel(), [&](std::int32_t id) {
    return std::find(first.data(), first.data() + first.numel(), id) == first.data() + first.numel();
  });
  REQUIRE(only != second.data() + second.numel());
  auto parameters = setup.model->named_parameters();
  for (NamedParameter& p : parameters) {
    if (p.name == "token_embedding/weight")
      p.tensor.mutable_data()[*only * p.tensor.size(1)] = std::numeric_limits<real>::infinity();
  }
  CHECK_THROWS_WITH(setup.trainer.step(0), Catch::Contains("first in "));
  for (const NamedParameter& p : parameters) CHECK_FALSE(p.tensor.grad().defined());
}

TEST_CASE("what more windows take than may be tried is expected from the largest batches that were") {
  Setup setup("batch_size = 64\n");
  const double tried = setup.trainer.estimate_memory(4096).total();  // nearly 64 MB
  CHECK(setup.trainer.estimate_memory(8192).total() == Approx(2 * tried).epsilon(0.02));
  for (const index_t rows : {1, 2, 3, 63, 64, 65, 4095, 4096, 4097, 8191, 8192})
    CHECK(setup.trainer.estimate_memory(rows).total() < setup.trainer.estimate_memory(rows + 1).total());
}

TEST_CASE("what word2vec keeps beside its vectors is expected before the first step") {
  Setup setup(words("size = 200000\n", "n_embd = 20\nblock_size = 200\n", "batch_size = 20\n"));
  const double expected = setup.trainer.estimate_memory().activations;
  for (index_t i = 0; i < 5; ++i) setup.trainer.step(i);
  CHECK(expected > 20 * 200 * 20 * sizeof(real));  // of each piece's words, and of those drawn beside them
  const double taken = dynamic_cast<Word2Vec&>(*setup.model).working_bytes(20);
  CHECK(taken <= expected * 1.3);
  CHECK(taken >= expected / 1.5);
}

TEST_CASE("word vectors that would take too much memory are told the batch that fits, and no key of other learners") {
  const auto with_limit = [](const std::string& rows, const std::string& limit) {
    return Setup(words("size = 200000\n", "n_embd = 20\nblock_size = 200\n",
                       "batch_size = " + rows + "\nmemory_limit = " + limit + '\n'));
  };
  Setup setup = with_limit("40", "0");
  const double ten = setup.trainer.estimate_memory(10).total(), forty = setup.trainer.estimate_memory(40).total();
  CHECK(ten < forty);
  Setup limited = with_limit("40", std::to_string((ten + forty) / 2 / 1e9));
  CHECK_THROWS_WITH(limited.trainer.check_memory_limit(),
                    Catch::Contains("would fit") && !Catch::Contains("not even") && !Catch::Contains("accumulate"));
}

TEST_CASE("a loss of pairs is a mean over pairs: unknown words are none, and a text of them alone has no loss") {
  const TemporaryFolder folder;
  std::string text;
  for (std::uint64_t i = 0; i < 6000; ++i) {
    if (i < 3000) {
      text += Rng(1).below(2, i) == 0 ? "yes " : "no ";
      continue;
    }
    for (std::uint64_t rest = i; rest > 0; rest /= 26) text += static_cast<char>('a' + rest % 26);
    text += "x ";  // seen once
  }
  const std::string path = folder.write("text", text);
  const auto first_loss = [&](const std::string& val_fraction) {
    Setup setup(words("path = " + path + "\nmin_count = 2\nval_fraction = " + val_fraction + '\n',
                      "n_embd = 8\nblock_size = 100\nsubsample = 0\n"));
    return std::pair(setup.trainer.evaluate(true)[0].value, setup.trainer.task().baselines({}).all[0].value);
  };
  const auto [loss, nothing] = first_loss("0.6");
  CHECK(loss == Approx(nothing).epsilon(0.03));
  CHECK_THROWS_WITH(first_loss("0.4"), Catch::Contains("no pair of known words"));
}

TEST_CASE("a step that is not finite changes no weight and names the first op") {
  Setup setup;
  setup.trainer.step(0);
  auto parameters = setup.model->named_parameters();
  for (NamedParameter& p : parameters) {
    if (p.name == "blocks/0/attention/qkv/weight") p.tensor.mutable_data()[0] = std::numeric_limits<real>::infinity();
  }
  std::vector<std::vector<real>> before;
  for (const NamedParameter& p : parameters) before.emplace_back(p.tensor.span().begin(), p.tensor.span().end());
  CHECK_THROWS_WITH(setup.trainer.step(1), Catch::Contains("step 2: loss") &&
                                               Catch::Contains("first in linear: result") &&
                                               Catch::Contains("optim.lr"));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto now = parameters[i].tensor.span();
    CHECK(std::equal(now.begin(), now.end(), before[i].begin()));
  }
}

}  // namespace heddle
