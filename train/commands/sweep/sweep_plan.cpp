#include "train/commands/sweep/sweep_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "framework/format.h"
#include "framework/hash.h"
#include "framework/rng.h"
#include "train/config/config_text.h"
#include "train/config/suggest.h"
#include "train/run/experiment.h"

namespace heddle {
namespace {

constexpr const char* kSeedKey = "run.seed";
constexpr std::size_t kMostRuns = 10000;

/// What a key of [sweep] says: values, or the two ends of a range.
struct Choice {
  std::string key, where;
  std::vector<std::string> values;
  double low = 0, high = 0;
  bool range = false, whole = false;  ///< of a range: of whole numbers

  std::string text() const { return concat_text(where, ": ", key); }
};

Choice read_choice(const Settings& said, const std::string& key) {
  Choice choice{key, said.where(key), {}};
  const std::string text = said.value_of(key, "");
  choice.values = items_of_written(text, choice.text());
  ensure(!choice.values.empty(), choice.text(), " has no value to try");
  for (const std::string& value : choice.values) {
    const std::size_t dots = value.find("..");
    if (dots == value.npos) continue;
    const auto low = number_in(std::string_view(value).substr(0, dots)),
               high = number_in(std::string_view(value).substr(dots + 2));
    if (!low || !high || !std::isfinite(*low) || !std::isfinite(*high)) continue;  // a path may hold two dots
    ensure(choice.values.size() == 1, choice.text(), " = ", text, ": a range stands alone; give values or one range");
    ensure(*low < *high, choice.text(), " = ", text, ": the range's first number is not below its second");
    choice.low = *low;
    choice.high = *high;
    choice.range = true;
    choice.whole = value.find_first_of("eE") == value.npos && std::count(value.begin(), value.end(), '.') == 2;
  }
  return choice;
}

/// The values of a range of whole numbers.
void spread_out(Choice& choice) {
  if (!choice.range) return;
  ensure(choice.whole, choice.text(), " = ", choice.values[0],
         ": a range of numbers with a point has no end of values; list some, or draw them with mode = random");
  ensure(choice.high - choice.low < kMostRuns, choice.text(), " = ", choice.values[0], ": these are more than ",
         kMostRuns, " values");
  choice.values.clear();
  for (double value = choice.low; value <= choice.high; ++value) choice.values.push_back(fmt::format("{}", value));
  choice.range = false;
}

using Values = std::vector<std::string>;  // one for each choice

/// Number `index` of the values that chance draws.
Values draw(const std::vector<Choice>& choices, const Rng& rng) {
  Values values;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const Choice& choice = choices[i];
    const double at = rng.uniform(i);
    if (!choice.range) {
      values.push_back(choice.values[rng.below(choice.values.size(), i)]);
    } else if (choice.whole) {
      values.push_back(fmt::format("{}", choice.low + std::floor(at * (choice.high - choice.low + 1))));
    } else {
      const double drawn = choice.low > 0 ? choice.low * std::pow(choice.high / choice.low, at)
                                          : choice.low + at * (choice.high - choice.low);
      values.push_back(fmt::format("{:.4g}", drawn));  // digits that a person can copy
    }
  }
  return values;
}

std::vector<Values> combinations_of(const SweepConfig& config, std::vector<Choice>& choices,
                                    std::vector<std::string>& notices) {
  std::vector<Values> all;
  if (config.mode == SweepMode::random) {
    ensure(!choices.empty(), "[sweep] mode = random has nothing to draw; give a range or values of some key");
    std::set<Values> known;
    const auto wanted = static_cast<std::size_t>(config.budget);
    const Rng rng(static_cast<std::uint64_t>(config.seed));
    for (std::size_t i = 0; all.size() < wanted && i < 100 * wanted; ++i) {
      Values values = draw(choices, rng.fork(i));
      if (known.insert(values).second) all.push_back(std::move(values));
    }
    if (all.size() < wanted)
      notices.push_back(
          concat_text("mode = random finds ", all.size(), " different combinations, and not sweep.budget = ", wanted));
    return all;
  }
  for (Choice& choice : choices) spread_out(choice);
  if (config.mode == SweepMode::list) {
    std::size_t longest = 1;
    for (const Choice& choice : choices) longest = std::max(longest, choice.values.size());
    for (const Choice& choice : choices)
      ensure(choice.values.size() == 1 || choice.values.size() == longest, choice.text(), " has ", choice.values.size(),
             " values and another key has ", longest,
             "; with mode = list the first go together, then the second: give as many of each, or one for all");
    for (std::size_t i = 0; i < longest; ++i) {
      all.emplace_back();
      for (const Choice& choice : choices) all.back().push_back(choice.values[choice.values.size() == 1 ? 0 : i]);
    }
    return all;
  }
  all.emplace_back();
  for (const Choice& choice : choices) {
    std::vector<Values> longer;
    ensure(all.size() * choice.values.size() <= kMostRuns, choice.text(), ": with this the grid has ",
           all.size() * choice.values.size(), " combinations; draw fewer with mode = random");
    for (const Values& values : all) {
      for (const std::string& value : choice.values) {
        longer.push_back(values);
        longer.back().push_back(value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

/// A value as part of a folder's name: what could trouble a shell or a file system is left out, and told apart by a
/// hash.
std::string in_name(const std::string& value) {
  constexpr std::size_t kMost = 40;
  std::string name;
  for (const char c : value) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("._+-").find(c) != std::string_view::npos;
    name += plain ? c : '-';
  }
  if (name == value && name.size() <= kMost) return name;
  return fmt::format("{}-{:04x}", name.substr(name.size() > kMost ? name.size() - kMost : 0), fnv1a(value) & 0xffffU);
}

/// Keys by their last parts, where these tell them apart.
std::map<std::string, std::string> short_names(const std::vector<SweepAxis>& axes) {
  std::map<std::string, int> count;
  const auto last = [](const std::string& key) { return key.substr(key.find('.') + 1); };
  for (const SweepAxis& axis : axes) ++count[last(axis.key)];
  std::map<std::string, std::string> names;
  for (const SweepAxis& axis : axes) names[axis.key] = count[last(axis.key)] == 1 ? last(axis.key) : axis.key;
  return names;
}

/// The value that a key came to: "0.001" where 1e-3 was given.
std::string resolved(Experiment& experiment, const std::string& name) {
  const std::vector<Section> sections = experiment.sections();
  const Key* const key = find_key(sections, name);
  return key != nullptr ? value_text(*key) : "";
}

/// Errors: a key is said that is for once, and so in no run's config: train.minutes would give each run other steps.
void check_kept(Experiment& experiment, const Settings& settings) {
  for (const Section& section : experiment.sections()) {
    for (const Key& key : section.keys) {
      const std::string name = section.name + '.' + key.name, where = settings.where(name);
      ensure(key.kept || where.empty(), where, ": ", name,
             " is for a single run, not for those of a sweep; leave it out");
    }
  }
}

/// Sets a combination's values, and makes of the settings what they come to. Errors begin with where the values stand.
Experiment make_experiment(Settings settings, const std::vector<Choice>& choices, const Values& values) {
  std::string places;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    settings.set(choices[i].key, values[i], choices[i].where);
    if (!choices[i].where.empty())
      places += fmt::format("{}{}: {} = {}", places.empty() ? "" : ", ", choices[i].where, choices[i].key, values[i]);
  }
  try {
    Experiment experiment(settings);
    check_kept(experiment, settings);
    return experiment;
  } catch (const Error& e) {
    const std::vector<std::string> names = settings.names();
    const bool placed = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return std::string_view(e.what()).starts_with(settings.where(name) + ':');
    });
    if (placed || places.empty()) throw;
    throw Error(concat_text(places, ": ", e.what()));
  }
}

}  // namespace

std::vector<Key> SweepConfig::keys() {
  return {
      {"mode", mode, "grid: every combination; list: all first values, then all second ones; random: drawn"},
      {"budget", budget, "combinations that mode = random draws; each is trained with every run.seed", 1,
       static_cast<std::int64_t>(kMostRuns)},
      {"seed", seed, "decides what mode = random draws", 0},
      {"metric", metric,
       "what ranks combinations: a figure of the whole validation split by best.h5, as heddle eval has it"},
      {"goal", goal, "which end of the metric is the good one; auto: the lowest loss"},
      {"stop", stop, "median: a run ends whose best is worse than the median of those before it in the list"},
  };
}

std::vector<Section> sweep_sections(SweepConfig& config) { return {{"sweep", config.keys()}}; }

std::string SweepPlan::text_of(std::size_t combination, bool with_places) const {
  std::string text;
  for (const SweepAxis& axis : axes)
    text += fmt::format("{}{}{} = {}", text.empty() ? "" : ", ", with_places ? axis.where + ": " : "", axis.key,
                        axis.values[combination]);
  return text;
}

SweepPlan plan_sweep(Settings settings) {
  SweepPlan plan;
  const Settings said = settings.take_section("sweep");
  std::vector<Choice> choices;
  Choice seeds{kSeedKey, "", {}};
  Settings own = Settings::from_text("", "");
  for (const std::string& name : said.names()) {
    ensure(name != "run.name" && name != "run.dir", said.where(name), ": ", name,
           " says where a run lies, which the sweep does itself; leave it out of [sweep]");
    if (name.find('.') == name.npos) {
      own.set("sweep." + name, said.value_of(name, ""), said.where(name));
    } else if (name == kSeedKey) {
      seeds = read_choice(said, name);
      spread_out(seeds);
    } else {
      choices.push_back(read_choice(said, name));
    }
  }
  own.apply_to(sweep_sections(plan.config));
  ensure(plan.config.goal != SweepGoal::automatic || plan.config.metric == "loss",
         "sweep.metric = ", plan.config.metric,
         ": say with sweep.goal = lowest or highest which end of it is the good one");
  ensure(!choices.empty() || !seeds.values.empty(),
         "the config has no [sweep] that tries something; give it one, such as optim.lr = 1e-3, 3e-3");
  const std::vector<Values> combinations = combinations_of(plan.config, choices, plan.notices);
  if (seeds.values.empty()) seeds.values.push_back(settings.value_of(kSeedKey, "1"));
  ensure(combinations.size() * seeds.values.size() <= kMostRuns, "the sweep has ",
         combinations.size() * seeds.values.size(), " runs; at most ", kMostRuns, " are possible");

  for (const Choice& choice : choices) plan.axes.push_back({choice.key, choice.where, {}});
  plan.combinations = combinations.size();
  const std::map<std::string, std::string> names = short_names(plan.axes);
  choices.push_back(seeds);
  std::set<std::string> known;  // names of runs
  for (std::size_t c = 0; c < combinations.size(); ++c) {
    for (const std::string& seed : seeds.values) {
      Values values = combinations[c];
      values.push_back(seed);
      Experiment experiment = make_experiment(settings, choices, values);
      if (plan.runs.empty()) {
        plan.name = experiment.run.name;
        plan.folder = experiment.folder();
      }
      SweepRun run;
      run.combination = c;
      const bool first = plan.runs.empty() || plan.runs.back().combination != c;
      for (SweepAxis& axis : plan.axes) {
        const std::string value = resolved(experiment, axis.key);
        if (first) axis.values.push_back(value);
        run.name += fmt::format("{}={},", names.at(axis.key), in_name(value));
      }
      const std::string number = resolved(experiment, kSeedKey);
      if (c == 0) plan.seeds.push_back(number);
      run.name += "seed=" + number;
      const std::string meant = first ? plan.text_of(c, true) : seeds.text() + " = " + number;
      ensure(known.insert(run.name).second, meant, " is there twice; give each value once");
      experiment.run.name = run.name;
      experiment.run.dir = plan.folder + '/' + run.name;
      run.config = experiment.text();
      plan.runs.push_back(std::move(run));
    }
  }
  return plan;
}

}  // namespace heddle
