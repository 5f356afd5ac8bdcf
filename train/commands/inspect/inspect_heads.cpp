#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "train/analysis/attention/head_survey.h"
#include "train/commands/commands.h"
#include "train/commands/inspect/answers.h"
#include "train/commands/inspect/heads_listener.h"
#include "train/commands/inspect/inspect_command.h"
#include "train/commands/json.h"
#include "train/log/progress.h"

namespace heddle {
namespace {

/// All that is known of a model's heads.
struct HeadsAnswer {
  CheckpointName checkpoint;
  index_t examples, tokens;  ///< that were looked at; no tokens: the model is shown numbers
  std::vector<SurveyedHead> heads, uniform, untrained;
  std::optional<AblationStudy> ablated;
  std::vector<LoggedHead> logged;  ///< while the run was trained
  std::string notice;              ///< why nothing was; none: it was, or was not asked for
};

/// The first step at which a head was seen halfway from its first score to what it has now; none, if that was not
/// logged, or it had half of it from the beginning.
std::optional<std::int64_t> formed(const HeadsAnswer& answer, const SurveyedHead& head, std::size_t role) {
  const double score = head.scores.mean(kHeadRoles[role].role);
  std::optional<double> first;
  for (const LoggedHead& row : answer.logged) {
    if (row.attention != head.attention || row.head != head.head) continue;
    if (!first) first = row.scores[role];
    if (score < 2 * *first) return {};
    if (row.scores[role] >= (*first + score) / 2) return row.step;
  }
  return {};
}

HeadsAnswer look_at_heads(const LoadedRun& run, const Dataset& dataset, index_t tokens, bool ablate) {
  std::vector<Batch> batches = validating_batches(dataset, tokens);
  ensure_attention(run, has_attention(*run.model, run.data, batches[0]));
  HeadsAnswer answer{run.name(), std::ssize(batches), 0, {}, {}, {}, {}, {}, {}};
  for (const Batch& batch : batches) answer.tokens += batch.features.defined() ? 0 : batch.inputs_shown();
  answer.heads = survey_heads(*run.model, run.data, batches);
  try {
    answer.logged = read_heads_log(run.path.parent_path(), run.state.step);
  } catch (const Error& e) {
    answer.notice = concat_text("since when heads have their roles is left out: ", e.what());
  }
  const auto untrained = run.experiment->build_model(run.data.spec());
  answer.untrained = survey_heads(*untrained, run.data, batches);
  answer.uniform = survey_heads(*untrained, run.data, batches, SurveyedWeights::uniform);
  if (!ablate) return answer;
  const auto task = run.experiment->make_task(*run.model, dataset);
  for (Batch& batch : batches) task->prepare(batch, Rng());  // as an evaluation does
  Reporter reporter;
  answer.ablated = ablate_heads(*run.model, batches, [&](index_t done, index_t of) {
    reporter.progress(fmt::format("without each head: {} of {} examples", done, of));
  });
  return answer;
}

nlohmann::json scores_json(const HeadScores& scores) {
  nlohmann::json out = nlohmann::json::object();
  for (const HeadRoleText& role : kHeadRoles) {
    if (const double score = scores.mean(role.role); !std::isnan(score)) out[role.name] = score;
  }
  return out;
}

/// A head that stands out in a role that is a share of weight: it gives a tenth at least, and twice what heads give
/// that weigh all alike.
struct Strong {
  double score;
  std::string name;
  std::optional<std::int64_t> since;  ///< see formed
};
/// By role, in the order of kHeadRoles, the strongest first.
std::array<std::vector<Strong>, kHeadRoles.size()> strong_heads(const HeadsAnswer& answer) {
  constexpr double kLeast = 0.1, kTimes = 2;
  std::array<std::vector<Strong>, kHeadRoles.size()> all;
  for (std::size_t r = 0; r < kHeadRoles.size(); ++r) {
    const HeadRole role = kHeadRoles[r].role;
    if (role == HeadRole::entropy || role == HeadRole::distance) continue;
    for (std::size_t i = 0; i < answer.heads.size(); ++i) {
      const SurveyedHead& head = answer.heads[i];
      const double score = head.scores.mean(role);
      if (score >= kLeast && score >= kTimes * answer.uniform[i].scores.mean(role))
        all[r].push_back({score, head_name(head.attention, head.head), formed(answer, head, r)});
    }
    std::stable_sort(all[r].begin(), all[r].end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  }
  return all;
}

/// The mean of a role over heads for which it is known; NaN: none.
double mean_of(const std::vector<SurveyedHead>& heads, HeadRole role) {
  double total = 0, count = 0;
  for (const SurveyedHead& head : heads) {
    const double score = head.scores.mean(role);
    if (std::isnan(score)) continue;
    total += score;
    ++count;
  }
  return total / count;
}

nlohmann::json means_json(const std::vector<SurveyedHead>& heads) {
  nlohmann::json out = nlohmann::json::object();
  for (const HeadRoleText& role : kHeadRoles) {
    if (const double mean = mean_of(heads, role.role); !std::isnan(mean)) out[role.name] = mean;
  }
  return out;
}

nlohmann::json to_json(const HeadsAnswer& answer) {
  nlohmann::json heads = nlohmann::json::array(), roles = nlohmann::json::object();
  for (const HeadRoleText& role : kHeadRoles) roles[role.name] = role.meaning;
  for (std::size_t i = 0; i < answer.heads.size(); ++i) {
    const SurveyedHead& head = answer.heads[i];
    nlohmann::json& out = heads.emplace_back();
    out = {{"name", head_name(head.attention, head.head)},
           {"attention", head.attention},
           {"head", head.head},
           {"scores", scores_json(head.scores)},
           {"untrained", scores_json(answer.untrained[i].scores)},
           {"uniform", scores_json(answer.uniform[i].scores)}};
    if (answer.ablated)
      out["ablated"] = {{"zero", answer.ablated->heads[i].zero - answer.ablated->loss},
                        {"mean", answer.ablated->heads[i].mean - answer.ablated->loss}};
  }
  nlohmann::json strong = nlohmann::json::object();
  const auto all = strong_heads(answer);
  for (std::size_t r = 0; r < all.size(); ++r) {
    for (const Strong& head : all[r]) {
      nlohmann::json& one = strong[kHeadRoles[r].name].emplace_back();
      one = {{"name", head.name}, {"score", head.score}};
      if (head.since) one["halfway_by_step"] = *head.since;
    }
  }
  nlohmann::json out = {
      {"checkpoint", answer.checkpoint.path.string()},
      {"step", answer.checkpoint.step},
      {"examples", answer.examples},
      {"tokens", answer.tokens},
      {"roles", std::move(roles)},
      {"heads", std::move(heads)},
      {"controls", {{"all weighed alike", means_json(answer.uniform)}, {"untrained", means_json(answer.untrained)}}},
      {"strong", std::move(strong)}};
  if (answer.ablated) out["loss"] = answer.ablated->loss;
  return out;
}

std::string strongest(const HeadsAnswer& answer) {
  constexpr std::size_t kShown = 4;
  std::string text;
  const auto all = strong_heads(answer);
  for (std::size_t r = 0; r < all.size(); ++r) {
    for (std::size_t i = 0; i < std::min(kShown, all[r].size()); ++i) {
      const Strong& head = all[r][i];
      text += fmt::format("{} {} {:.2f}{}", i == 0 ? kHeadRoles[r].name + std::string(":") : ",", head.name, head.score,
                          head.since ? fmt::format(" (halfway by step {})", *head.since) : "");
    }
    if (all[r].size() > kShown) text += fmt::format(" and {} more", all[r].size() - kShown);
    if (!all[r].empty()) text += '\n';
  }
  return text;
}

std::string to_text(const HeadsAnswer& answer) {
  std::size_t width = 16;
  for (const SurveyedHead& head : answer.heads) width = std::max(width, head_name(head.attention, head.head).size());
  std::string text = fmt::format(
      "on {} of the examples that validate{}; entropy in nats, distance in places, the rest shares of weight\n{:<{}}",
      answer.examples, answer.tokens > 0 ? fmt::format(", {} tokens", answer.tokens) : "", "", width);
  for (const HeadRoleText& role : kHeadRoles) text += fmt::format(" {:>9}", role.name);
  if (answer.ablated) text += fmt::format(" {:>9} {:>9}", "no head", "its mean");
  text += '\n';
  const auto row = [&](const std::string& name, const auto& score) {
    text += fmt::format("{:<{}}", name, width);
    for (const HeadRoleText& role : kHeadRoles) {
      const double value = score(role.role);
      text += std::isnan(value) ? fmt::format(" {:>9}", "-") : fmt::format(" {:9.3f}", value);
    }
  };
  for (std::size_t i = 0; i < answer.heads.size(); ++i) {
    const SurveyedHead& head = answer.heads[i];
    row(head_name(head.attention, head.head), [&](HeadRole role) { return head.scores.mean(role); });
    if (answer.ablated)
      text += fmt::format(" {:+9.4f} {:+9.4f}", answer.ablated->heads[i].zero - answer.ablated->loss,
                          answer.ablated->heads[i].mean - answer.ablated->loss);
    text += '\n';
  }
  row("all weighed alike", [&](HeadRole role) { return mean_of(answer.uniform, role); });
  text += '\n';
  row("untrained", [&](HeadRole role) { return mean_of(answer.untrained, role); });
  text += '\n';
  text += strongest(answer);
  if (answer.ablated)
    text += fmt::format(
        "loss {:.4f} nats a target; no head, its mean: how much more it is where a head gives zeros, or everywhere its "
        "mean result\n",
        answer.ablated->loss);
  return text;
}

std::string roles_help() {
  std::string text =
      "\nroles, each a mean over the places that tell (- where none does); in brackets what heads have that weigh all "
      "alike\nthat they see, and heads of the quickstart's model before it is trained:\n";
  for (const HeadRoleText& role : kHeadRoles)
    text += fmt::format("  {:<10} ({}, {}) {}\n", role.name, role.alike, role.untrained, role.meaning);
  return text;
}

}  // namespace

nlohmann::json heads_answer(const LoadedRun& run, const Dataset& dataset, std::int64_t tokens, bool ablate) {
  return to_json(look_at_heads(run, dataset, tokens, ablate));
}

int inspect_heads(const std::vector<std::string>& arguments) {
  std::int64_t tokens = kInspectedTokens;
  bool no_ablation = false, json = false;
  CommandLine line;
  line.usage = "inspect heads RUN [options] [--section.key=value ...]";
  line.summary =
      "What each head of a trained model looks at, on examples that validate: how much of its weight it gives to\n"
      "places of known roles, beside heads that weigh all alike that they see, and the untrained model; and how much\n"
      "the loss rises without the head.";
  line.options = {{"tokens", tokens, "how many are looked at; a picture or sound counts as 64", 1, 1 << 30},
                  {"no_ablation", no_ablation, "leave out the loss without each head, which takes longest"},
                  {"json", json, "print JSON"}};
  line.notes = roles_help;
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  const LoadedRun run =
      load_checkpoint(find_checkpoint(line.positional[0], kUsable), Purpose::evaluate, line.assignments);
  const HeadsAnswer answer = look_at_heads(run, *run.experiment->load_data(&run.data), tokens, !no_ablation);
  tell(run.notices);
  tell({answer.notice});
  tell_checkpoint(run.name());
  print_answer(json, to_json(answer), to_text(answer));
  return 0;
}

}  // namespace heddle
