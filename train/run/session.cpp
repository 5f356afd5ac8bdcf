#include "train/run/session.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

#include "framework/profile.h"
#include "train/analysis/words/model_vectors.h"
#include "train/analysis/words/word_space.h"
#include "train/decode/generate.h"
#include "train/run/profile_table.h"
#include "train/run/stop.h"

namespace heddle {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// The nearest words of some frequent ones, a line each.
std::string sample_neighbors(const WordSpace& space) {
  constexpr index_t kLines = 8, kNear = 5, kFrequent = 1000;
  std::string text;
  for (index_t i = 1; i <= kLines && i < space.size(); ++i) {
    const index_t row = i * std::min(kFrequent, space.size()) / (kLines + 1);
    text += fmt::format("{}{}:", i > 1 ? "\n" : "", space.word(row));
    for (const ScoredWord& near : space.neighbors({space.direction(row), static_cast<std::size_t>(space.dimensions())},
                                                  kNear, std::span(&row, 1)))
      text += fmt::format(" {} {:.2f}", space.word(near.row), near.score);
  }
  return text;
}

}  // namespace

Session::Session(Experiment& experiment, const Corpus& corpus, Model& model, RunState state)
    : experiment_(experiment),
      corpus_(corpus),
      model_(model),
      state_(std::move(state)),
      trainer_(experiment, corpus, model),
      folder_(experiment.folder()) {}

void Session::run() {
  reporter_.log_to(folder_ / "log.txt");
  const StopOnSignal signals;
  introduce();
  const TrainConfig& plan = trainer_.plan();
  started_ = seconds_now();
  bool early = false;
  pool_reset_peak();
  std::optional<Profile> profile;
  if (profiled_) profile.emplace();
  while (state_.step < plan.steps && !early && !StopOnSignal::requested()) {
    const double begun = seconds_now();
    last_ = trainer_.step(state_.step);
    row_seconds_ += seconds_now() - begun;
    row_loss_ += last_.loss;
    ++row_steps_;
    ++session_steps_;
    ++state_.step;
    if (reporter_.terminal()) reporter_.progress(status());
    const bool end = state_.step == plan.steps;
    if (end || state_.step % plan.eval_interval == 0) {
      evaluate();
      early = plan.early_stop > 0 && state_.evaluations_since_best >= plan.early_stop;
    } else if (state_.step % plan.log_interval == 0) {
      end_row(kNone);
    }
    if (plan.sample_interval > 0 && state_.step % plan.sample_interval == 0 && !end) write_sample();
    if (end || early || state_.step % plan.checkpoint_interval == 0) {
      if (row_steps_ > 0) end_row(kNone);  // a checkpoint holds whole rows, so a resumed history goes on as this one
      save("last.h5");
    }
  }
  if (profile && session_steps_ > 0)
    reporter_.line("where the time of steps went:\n" + profile_table(*profile, static_cast<double>(session_steps_)));
  profile.reset();
  if (early || state_.step == plan.steps) return conclude(early);
  if (row_steps_ > 0) end_row(kNone);
  save("last.h5");
  reporter_.line(fmt::format("stopped after step {} of {}; go on with: heddle resume {}", state_.step, plan.steps,
                             folder_.string()));
}

void Session::introduce() {
  reporter_.line(fmt::format("run {} in {}, {} threads, seed {}", experiment_.run.name, folder_.string(), threads(),
                             experiment_.run.seed));
  reporter_.line(fmt::format(
      "data: {}, {} tokenizer, {} tokens in the vocabulary; {} train, {} validate", experiment_.data.path,
      corpus_.tokenizer->state().kind, human_count(static_cast<double>(corpus_.tokenizer->vocab_size())),
      human_count(static_cast<double>(corpus_.train.size())), human_count(static_cast<double>(corpus_.val.size()))));
  const MemoryEstimate memory = trainer_.estimate_memory();
  reporter_.line(
      fmt::format("model: {}, {} parameters; memory: {} = parameters {} + gradients {} + optimizer {} + activations {}",
                  experiment_.model_kind, human_count(memory.parameters / sizeof(real)), human_bytes(memory.total()),
                  human_bytes(memory.parameters), human_bytes(memory.gradients), human_bytes(memory.optimizer),
                  human_bytes(memory.activations)));
  reporter_.line(count());
  if (state_.step > 0) reporter_.line(fmt::format("going on after step {} of {}", state_.step, trainer_.plan().steps));
}

std::string Session::count() {
  if (!model_.predicts_next_token()) {
    yardsticks_ = model_.yardsticks();
    std::string all;
    for (const auto& [name, loss] : yardsticks_) all += fmt::format("{}{} {:.3f}", all.empty() ? "" : ", ", name, loss);
    return "known without training, in nats a pair: " + all;
  }
  const Baselines counted = count_baselines(corpus_.train, corpus_.val, corpus_.tokenizer->vocab_size());
  yardsticks_ = {{"uniform", counted.uniform},
                 {"unigram", counted.unigram},
                 {"bigram", counted.bigram},
                 {"5-gram", counted.five_gram}};
  const bool bits = corpus_.tokenizer->lossless();
  std::string all;
  for (const auto& [name, nats] : yardsticks_) {
    all += fmt::format("{}{} {:.3f}", all.empty() ? "" : ", ", name, nats);
    if (bits) all += fmt::format(" ({:.3f})", corpus_.bits_per_byte(nats));
  }
  const bool whole = counted.counted == static_cast<index_t>(corpus_.train.size()) &&
                     counted.judged == static_cast<index_t>(corpus_.val.size());
  const std::string part = whole ? ""
                                 : fmt::format(" the last {} training tokens, on the last {} for validation,",
                                               human_count(static_cast<double>(counted.counted)),
                                               human_count(static_cast<double>(counted.judged)));
  return fmt::format("counting{} reaches, in nats a token{}: {}", part, bits ? " (bits a byte)" : "", all);
}

std::string Session::status() const {
  const double tokens = static_cast<double>(row_steps_ * trainer_.tokens_per_step()) / row_seconds_;
  const double left = (seconds_now() - started_) / static_cast<double>(session_steps_) *
                      static_cast<double>(trainer_.plan().steps - state_.step);
  // The most wanted first: a narrow terminal cuts off the end.
  const double passes =
      static_cast<double>(state_.step * trainer_.tokens_per_step()) / static_cast<double>(corpus_.train.size());
  return fmt::format("step {}/{}{}  eta {}  train {:.4f}  lr {:.1e}{}  {} {}/s  {:.0f} GFLOP/s", state_.step,
                     trainer_.plan().steps, experiment_.train.epochs > 0 ? fmt::format("  epoch {:.2f}", passes) : "",
                     human_time(left), row_loss_ / static_cast<double>(row_steps_), last_.lr,
                     model_.trains_itself() ? "" : fmt::format("  norm {:.2f}", last_.grad_norm), human_count(tokens),
                     model_.predicts_next_token() ? "tokens" : "words", tokens * model_.flops_per_token() / 1e9);
}

std::string Session::loss_text(double nats) const {
  const std::string text = fmt::format("{:.4f} nats a {}", nats, unit());
  if (!model_.predicts_next_token() || !corpus_.tokenizer->lossless())
    return text;  // what a token stands for is not known
  return text + fmt::format(", {:.4f} bits a character, {:.4f} bits a byte", corpus_.bits_per_character(nats),
                            corpus_.bits_per_byte(nats));
}

void Session::evaluate() {
  const double loss = trainer_.evaluate();
  end_row(loss);
  if (loss < state_.best_val_loss) {
    state_.best_val_loss = loss;
    state_.evaluations_since_best = 0;
    save("best.h5");
  } else {
    ++state_.evaluations_since_best;
  }
}

void Session::end_row(double val_loss) {
  const bool evaluated = !std::isnan(val_loss);
  const double tokens = static_cast<double>(row_steps_ * trainer_.tokens_per_step()) / row_seconds_;
  state_.history.add({.step = state_.step,
                      .train_loss = row_loss_ / static_cast<double>(row_steps_),
                      .val_loss = val_loss,
                      .val_bits_per_character =
                          evaluated && model_.predicts_next_token() ? corpus_.bits_per_character(val_loss) : kNone,
                      .lr = last_.lr,
                      .grad_norm = last_.grad_norm,
                      .tokens_per_second = tokens,
                      .gflops = tokens * model_.flops_per_token() / 1e9,
                      .seconds = state_.history.seconds() + row_seconds_});
  state_.history.write_csv(folder_ / "metrics.csv");
  reporter_.line(status() + (evaluated ? fmt::format("  validation {:.4f}", val_loss) : ""));
  row_loss_ = row_seconds_ = 0;
  row_steps_ = 0;
}

void Session::write_sample() {
  const AveragedWeights averaged(trainer_.optimizer());
  const std::string text = model_.predicts_next_token()
                               ? sample_text(model_, *corpus_.tokenizer, experiment_.train.sample_tokens)
                               : sample_neighbors(WordSpace(token_vectors(model_, *corpus_.tokenizer)));
  std::ofstream out(folder_ / "samples.txt", std::ios::app | std::ios::binary);
  out << "--- after step " << state_.step << " ---\n" << text << "\n\n";
  ensure(out.flush().good(), "samples: ", (folder_ / "samples.txt").string(), " cannot be written; is the disk full?");
  reporter_.line("--- a sample ---\n" + text + "\n---");
}

void Session::save(const char* name) {
  const AveragedWeights averaged(trainer_.optimizer());  // /model is what was evaluated
  save_checkpoint(folder_ / name, experiment_, *corpus_.tokenizer, model_, trainer_.optimizer(), state_);
}

void Session::conclude(bool early) {
  const auto most = static_cast<double>(pool_stats().peak_bytes);
  if (early) {
    reporter_.line(
        fmt::format("stopped early: {} evaluations without a better validation loss", state_.evaluations_since_best));
  }
  if (experiment_.train.sample_tokens > 0) write_sample();
  const double loss = trainer_.evaluate(true);
  reporter_.line(fmt::format("whole validation split after step {}: {}", state_.step, loss_text(loss)));
  std::string comparison;
  for (const auto& [name, nats] : yardsticks_) {
    comparison += fmt::format("{}{} than {} ({:.3f})", comparison.empty() ? "" : ", ", loss < nats ? "better" : "WORSE",
                              name, nats);
  }
  reporter_.line((model_.predicts_next_token() ? "against counting: " : "against no training: ") + comparison);
  reporter_.line(fmt::format("{} of training, {} of tensors at most; {} and {} hold the model, metrics.csv its course",
                             human_time(state_.history.seconds()), human_bytes(most), (folder_ / "last.h5").string(),
                             (folder_ / "best.h5").string()));
}

}  // namespace heddle
