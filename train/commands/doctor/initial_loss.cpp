#include <fmt/format.h>

#include <cmath>

#include "data/sampler.h"
#include "framework/autograd.h"
#include "models/capabilities.h"
#include "train/commands/doctor/doctor.h"
#include "train/commands/doctor/examples.h"

namespace heddle {
namespace {

/// Of how many answers a model chooses one, and what they are called; 0: it makes no such choice.
std::pair<std::size_t, const char*> answers_of(Model& model, const DataSpec& spec) {
  if (find_capability<Classifier>(model) != nullptr) return {spec.labels.size(), "classes"};
  const bool tokens = find_capability<NextToken>(model) != nullptr || find_capability<Translator>(model) != nullptr ||
                      find_capability<TokenFiller>(model) != nullptr;
  return {tokens ? spec.tokens.size() : 0, "tokens"};
}

}  // namespace

Check check_initial_loss;

Finding check_initial_loss(const Patient& patient) {
  if (patient.take_weights) return {Verdict::unfit, "the run begins with another run's weights"};
  const FreshModel fresh = patient.fresh();
  const auto [answers, name] = answers_of(*fresh.model, patient.dataset.state().spec());
  if (answers < 2) return {Verdict::unfit, "the model's loss is not that of a choice among tokens or classes"};
  const NoGradGuard no_grad;
  MeanLoss mean;
  for (const index_t number : spread_over(0, patient.dataset.size(Split::train), 32)) {
    Batch batch = get_examples(patient.dataset, Split::train, number, 1);
    fresh.task->prepare(batch, patient.rng(4));
    Context context;
    mean.add(*fresh.model, batch, context);
  }
  const double loss = mean.value("target"), uniform = std::log(static_cast<double>(answers));
  Finding finding;
  finding.figures = {{"loss", loss}, {"uniform", uniform}};
  finding.found = fmt::format("before the first step {:.3f} nats; to know nothing of {} {} is {:.3f}", loss, answers,
                              name, uniform);
  if (!(loss < 4 * uniform + 1)) {
    finding.verdict = Verdict::wrong;
    finding.advice =
        "the first weights are sure of wrong answers: look for inputs that are not standardized, or layers that are "
        "too wide";
  } else if (loss < 0.7 * uniform) {
    finding.verdict = Verdict::wrong;
    finding.advice = "no model can know this before it learned: see whether the inputs hold the targets";
  } else if (loss > 2 * uniform + 0.2) {
    finding.verdict = Verdict::look;
    finding.advice = "the first steps go to unlearning the first weights: look whether numbers are standardized";
  }
  return finding;
}

}  // namespace heddle
