#include <fmt/format.h>

#include <optional>
#include <tuple>

#include "data/sampler.h"
#include "train/analysis/space/laws.h"
#include "train/analysis/space/space_figures.h"
#include "train/commands/commands.h"
#include "train/commands/inspect/answers.h"
#include "train/commands/inspect/captured_spaces.h"
#include "train/commands/json.h"

namespace heddle {

nlohmann::json to_json(const SpaceFigures& figures) {
  nlohmann::json out;
  for (const SpaceFigureText& figure : kSpaceFigures) out[figure.name] = figures.*figure.value;
  return out;
}

nlohmann::json to_json(const LawValue& value) { return {{"exact", value.exact}, {"measured", value.measured}}; }

nlohmann::json to_json(const SpaceLaw& law) {
  return {{"dims", law.dims},
          {"mean_absolute_cosine", to_json(law.cosine)},
          {"cosine_limit", law.cosine_limit},
          {"norm", to_json(law.norm)},
          {"norm_deviation", to_json(law.deviation)},
          {"product_variance", to_json(law.product_variance)},
          {"shell_share", to_json(law.shell)}};
}

nlohmann::json to_json(const DirectionsLaw& law) {
  return {{"dims", law.dims},
          {"log10_near", law.near},
          {"log10_at_least", law.at_least},
          {"log10_at_most", law.at_most},
          {"kept", law.kept},
          {"log10_draws", to_json(law.draws)}};
}

namespace {

/// One space, with the means over its heads, and the same of the controls.
struct SpaceRow {
  std::string name;
  index_t vectors, heads, dims;
  SpaceFigures trained, untrained;
  std::optional<SpaceFigures> shuffled;  ///< where the model is shown tokens
};

nlohmann::json to_json(const SpaceRow& row) {
  nlohmann::json out = {{"space", row.name},
                        {"vectors", row.vectors},
                        {"heads", row.heads},
                        {"dims", row.dims},
                        {"trained", heddle::to_json(row.trained)},
                        {"untrained", heddle::to_json(row.untrained)}};
  if (row.shuffled) out["shuffled"] = heddle::to_json(*row.shuffled);
  return out;
}

struct GeometryAnswer {
  CheckpointName checkpoint;
  std::vector<SpaceRow> spaces;
  std::vector<std::string> notices;
};

nlohmann::json to_json(const GeometryAnswer& answer) {
  nlohmann::json spaces = nlohmann::json::array();
  for (const SpaceRow& row : answer.spaces) spaces.push_back(to_json(row));
  return {{"checkpoint", answer.checkpoint.path.string()},
          {"step", answer.checkpoint.step},
          {"caveat", kDimensionCaveat},
          {"notices", answer.notices},
          {"spaces", std::move(spaces)}};
}

/// Of each space the figures, in means over its heads; what it is goes to `rows`.
std::vector<SpaceFigures> figures_of(Model& model, const DataState& data, const std::vector<Batch>& batches,
                                     const Rng& rng, std::vector<SpaceRow>& rows) {
  std::vector<CapturedSpace> spaces = captured_spaces(model, data, batches);
  rows.resize(spaces.size());
  std::vector<SpaceFigures> all;
  for (std::size_t s = 0; s < spaces.size(); ++s) {
    const CapturedSpace space = std::move(spaces[s]);
    SpaceRow& row = rows[s];
    std::tie(row.name, row.vectors, row.heads, row.dims) =
        std::tuple(space.name, space.heads[0].size(0), std::ssize(space.heads), space.heads[0].size(1));
    ensure(row.vectors >= kLeastPoints, "geometry: ", row.vectors, " vectors of ", space.name, " tell nothing, ",
           kLeastPoints, " do; give more --tokens, or a run with more to validate on");
    std::vector<SpaceFigures> of_heads;
    for (const Tensor& head : space.heads) of_heads.push_back(space_figures(space.name, head, space.ids, rng));
    all.push_back(mean_figures(of_heads));
  }
  return all;
}

GeometryAnswer geometry(const LoadedRun& run, const Dataset& dataset, std::int64_t tokens, std::int64_t seed) {
  const Rng rng(static_cast<std::uint64_t>(seed));
  const std::vector<Batch> batches = validating_batches(dataset, tokens);
  GeometryAnswer answer{run.name(), {}, {}};
  const std::vector<SpaceFigures> trained = figures_of(*run.model, run.data, batches, rng, answer.spaces);
  ensure(!trained.empty(), "inspect: model.kind = ", run.experiment->model_kind,
         " offers no hidden states; choose a run of a transformer or a recurrent network");
  const auto fresh = run.experiment->build_model(run.data.spec());
  const std::vector<SpaceFigures> untrained = figures_of(*fresh, run.data, batches, rng, answer.spaces);
  std::vector<SpaceFigures> shuffled;
  if (batches[0].features.defined()) {
    answer.notices.emplace_back("the model is shown numbers, not tokens, so there is no control of shuffled text");
  } else {
    shuffled = figures_of(*run.model, run.data, with_shuffled_tokens(batches, rng.fork(0)), rng, answer.spaces);
  }
  double most_equal = 0;
  index_t most_vectors = 0;
  for (std::size_t s = 0; s < answer.spaces.size(); ++s) {
    SpaceRow& row = answer.spaces[s];
    row.trained = trained[s];
    row.untrained = untrained[s];
    if (!shuffled.empty()) row.shuffled = shuffled[s];
    for (const SpaceFigures& figures : {row.trained, row.untrained, row.shuffled.value_or(SpaceFigures{.equal = 0})})
      most_equal = std::max(most_equal, figures.equal);
    most_vectors = std::max(most_vectors, row.vectors);
  }
  if (most_vectors > kSample)
    answer.notices.push_back(fmt::format(
        "TwoNN and hubness are of {} of {} vectors, drawn by chance; --seed draws others", kSample, most_vectors));
  if (most_equal > 0)
    answer.notices.emplace_back(
        "vectors that equal another are left out of TwoNN and hubness; where fewer than 20 are left these are not "
        "told");
  return answer;
}

/// Three digits, and none behind the point from a hundred on.
std::string short_number(double value) {
  if (std::isnan(value)) return "-";
  return std::abs(value) < 100 ? fmt::format("{:.3g}", value) : fmt::format("{:.0f}", value);
}

std::string size_of(const SpaceRow& row) {
  return row.heads == 1 ? fmt::format("  {} dimensions", row.dims)
                        : fmt::format("  {} heads, {} dimensions each", row.heads, row.dims);
}

std::string to_text(const GeometryAnswer& answer) {
  std::size_t width = 0;
  for (const SpaceRow& row : answer.spaces) width = std::max({width, row.name.size(), size_of(row).size()});
  std::string text = std::string(width + 11, ' ');
  for (const SpaceFigureText& figure : kSpaceFigures) text += fmt::format(" {:>7}", figure.heading);
  text += '\n';
  const auto add_line = [&](const std::string& name, const char* of, const SpaceFigures& figures) {
    text += fmt::format("{:<{}}  {:<9}", name, width, of);
    for (const SpaceFigureText& figure : kSpaceFigures)
      text += fmt::format(" {:>7}", short_number(figures.*figure.value));
    text += '\n';
  };
  for (const SpaceRow& row : answer.spaces) {
    add_line(row.name, "trained", row.trained);
    add_line(size_of(row), "untrained", row.untrained);
    if (row.shuffled) add_line("", "shuffled", *row.shuffled);
  }
  return text + kDimensionCaveat + '\n';
}

struct LawsAnswer {
  double angle;
  std::vector<SpaceLaw> laws;
  std::vector<DirectionsLaw> directions;
};

LawsAnswer laws_of_space(double angle, std::int64_t seed) {
  LawsAnswer answer{angle, {}, {}};
  for (const index_t dims : {2, 8, 32, 128, 512, 2048}) {
    const Rng rng = Rng(static_cast<std::uint64_t>(seed)).fork(static_cast<std::uint64_t>(dims));
    answer.laws.push_back(space_law(dims, rng.fork(0)));
    answer.directions.push_back(directions_law(dims, angle, rng.fork(1)));
  }
  return answer;
}

nlohmann::json to_json(const LawsAnswer& answer) {
  return {{"laws", json_list(answer.laws)}, {"angle", answer.angle}, {"directions", json_list(answer.directions)}};
}

/// A count that is told by its logarithm to base 10.
std::string count_text(double log10) {
  if (std::isnan(log10)) return "-";
  return log10 < 6 ? fmt::format("{:.4g}", std::pow(10.0, log10)) : fmt::format("10^{:.1f}", log10);
}

std::string to_text(const LawsAnswer& answer) {
  std::string text =
      "random vectors of d dimensions, components of variance 1: of each figure what is exact, then what is measured\n"
      "     d        mean |cos|  sqrt(2/pi d)        mean length    its deviation   variance of x.y  volume beyond "
      "0.9\n";
  const auto pair = [](const LawValue& value, int width, int digits) {
    return fmt::format(" {0:>{2}.{3}f} {1:>{2}.{3}f}", value.exact, value.measured, width, digits);
  };
  for (const SpaceLaw& law : answer.laws)
    text += fmt::format("{:>6}", law.dims) + pair(law.cosine, 8, 4) + fmt::format(" {:>13.4f}", law.cosine_limit) +
            pair(law.norm, 8, 3) + pair(law.deviation, 7, 4) + pair(law.product_variance, 8, 1) +
            pair(law.shell, 8, 4) + '\n';
  text += fmt::format(
      "directions no two of which are nearer than {:g} degrees, and random ones drawn until two are nearer\n"
      "     d     p of nearer    at least fit     at most  kept of 2,048     draws expected   measured\n",
      answer.angle);
  for (const DirectionsLaw& law : answer.directions)
    text += fmt::format("{:>6} {:>15} {:>15} {:>11} {:>14} {:>18} {:>10}\n", law.dims, count_text(law.near),
                        count_text(law.at_least), count_text(law.at_most), law.kept, count_text(law.draws.exact),
                        count_text(law.draws.measured));
  return text;
}

std::string notes() {
  std::string text = "\nfigures:\n";
  for (const SpaceFigureText& figure : kSpaceFigures)
    text += fmt::format("  {:<8} {}\n", figure.heading, figure.meaning);
  return text + kDimensionCaveat +
         "\n\n"
         "Of the laws: with p the share of directions that are nearer than the angle to a given one, at least 1 / p "
         "fit,\n"
         "as caps of that angle around all must cover the sphere, and at most 1 / p of half the angle, as those caps "
         "do\n"
         "not overlap. Kept of 2,048 are random ones, one after another, that are near to none kept before. Until two "
         "of\n"
         "random ones are nearer, as many are drawn as if pairs were independent: sum over n of (1 - p)^(n (n - 1) / "
         "2).\n";
}

}  // namespace

nlohmann::json geometry_answer(const LoadedRun& run, const Dataset& dataset, std::int64_t tokens, std::int64_t seed) {
  return to_json(geometry(run, dataset, tokens, seed));
}

nlohmann::json geometry_laws_answer(double angle, std::int64_t seed) { return to_json(laws_of_space(angle, seed)); }

int inspect_geometry(const std::vector<std::string>& arguments) {
  std::int64_t tokens = kInspectedTokens, seed = 1;
  constexpr double kAngle = 80;
  double angle = kAngle;
  bool laws = false, json = false;
  CommandLine line;
  line.usage = "inspect geometry [RUN] [options] [--section.key=value ...]";
  line.words = 0;
  line.more_words = 1;
  line.summary =
      "How vectors lie in the spaces of a trained model: in the residual stream before the first block and behind "
      "each, "
      "and\n"
      "among the queries, keys and values of each attention, which are means over its heads, as each head compares in "
      "a\n"
      "space of its own. Always beside two controls: the same model with its first weights, and the trained one on the "
      "same\n"
      "tokens, shuffled. --laws shows how random vectors behave in 2 to 2,048 dimensions, and needs no run.";
  line.notes = notes;
  line.options = {
      {"tokens", tokens, "of validation text that the model is shown; a picture or a sound counts as 64", 1, 1 << 20},
      {"seed", seed, "of samples, shuffled text and random vectors", 0},
      {"laws", laws, "the laws of space, exact and measured on random vectors"},
      {"angle", angle, "of the laws: how near directions may be, in degrees", 1, 90},
      {"json", json, "print JSON"}};
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  if (line.positional.empty() && !laws) throw UsageError("inspect geometry: give a RUN, or --laws");
  if (!laws && angle != kAngle) throw UsageError("inspect geometry: --angle is of the laws; give --laws too");
  nlohmann::json out = nlohmann::json::object();
  std::string text;
  if (!line.positional.empty()) {
    const LoadedRun run = load_checkpoint(find_checkpoint(line.positional[0], kUsable),
                                          Purpose::evaluate, line.assignments);
    const GeometryAnswer answer = geometry(run, *run.experiment->load_data(&run.data), tokens, seed);
    tell(run.notices);
    tell(answer.notices);
    tell_checkpoint(run.name());
    out = to_json(answer);
    text = to_text(answer);
  }
  if (laws) {
    const LawsAnswer answer = laws_of_space(angle, seed);
    out.update(to_json(answer));
    text += to_text(answer);
  }
  print_answer(json, out, text);
  return 0;
}

}  // namespace heddle
