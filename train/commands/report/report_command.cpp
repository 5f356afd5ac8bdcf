#include "train/commands/report/report_command.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <iostream>

#include "data/io/file.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/export/report/report.h"
#include "train/run/origin.h"

namespace heddle {

double with_digits(double x, int digits) {
  return std::isfinite(x) ? std::strtod(fmt::format("{:.{}g}", x, digits).c_str(), nullptr) : x;
}

nlohmann::json numbers(std::span<const real> values, int digits) {
  nlohmann::json list = nlohmann::json::array();
  for (const real value : values) list.push_back(with_digits(static_cast<double>(value), digits));
  return list;
}

nlohmann::json numbers(const std::vector<double>& values, int digits) {
  nlohmann::json list = nlohmann::json::array();
  for (const double value : values) list.push_back(with_digits(value, digits));
  return list;
}

nlohmann::json to_json(const KeyDifference& key) { return {{"key", key.name}, {"values", {key.before, key.now}}}; }

namespace {

/// The parts of a page by the names that its scripts know. Those of a second run are the first `kCompared`.
struct NamedPart {
  const char* name;
  ReportPart* collect;
};
constexpr NamedPart kParts[] = {
    {"course", report_course},   {"samples", report_samples},   {"tokens", report_tokens},
    {"passage", report_passage}, {"words", report_words},       {"heads_course", report_heads_course},
    {"heads", report_heads},     {"geometry", report_geometry}, {"circuits", report_circuits},
    {"lens", report_lens},       {"classes", report_classes},
};
constexpr std::size_t kCompared = 1;

/// Errors: no such run; one that nothing was measured of.
ReportedRun load_reported(const std::string& name) {
  const std::filesystem::path path = find_checkpoint(name, kUsable);
  ReportedRun reported{load_checkpoint(path, Purpose::evaluate, {}), {}, path.parent_path()};
  const bool whole = std::filesystem::is_directory(find_run(name));
  const std::filesystem::path last = whole ? find_checkpoint(name, kResumable) : path;
  reported.course = last == path ? reported.run.state : load_checkpoint(last).state;
  ensure(reported.course.history.size() > 0, "report: ", path.string(), " was measured at no step yet; train it on (",
         "heddle resume ", name, "), at least to train.log_interval = ", reported.run.experiment->train.log_interval);
  return reported;
}

/// What of a run's own data the page needs. Where it cannot be read the parts that need it are left out, and say why.
void load_dataset(ReportedRun& reported, nlohmann::json& left_out) {
  try {
    reported.dataset = reported.run.experiment->load_data(&reported.run.data, reported.folder);
  } catch (const Error& e) {
    left_out["data"] = e.what();
    tell({concat_text("report: without the run's data: ", e.what())});
  }
}

nlohmann::json collect(const ReportedRun& reported, std::span<const NamedPart> parts, nlohmann::json left_out) {
  nlohmann::json found = nlohmann::json::object();
  for (const NamedPart& part : parts) {
    const bool asked = part.collect == report_passage &&
                       !(reported.shown.text.empty() && reported.shown.files.empty() && reported.shown.target.empty());
    try {
      nlohmann::json one = part.collect(reported);
      if (!one.is_null()) found[part.name] = std::move(one);
    } catch (const Error& e) {
      if (asked) throw;
      left_out[part.name] = e.what();
      tell({concat_text("report: without ", part.name, ": ", e.what())});
    }
  }
  found["left_out"] = std::move(left_out);
  return found;
}

}  // namespace

int report_command(const std::vector<std::string>& arguments) {
  std::string output;
  InspectOptions shown;
  CommandLine line;
  line.usage = "report RUN [RUN2] [options]";
  line.more_words = 1;
  line.summary =
      "One page for a browser about a run, whole in one file that asks for nothing: loss curves beside the baselines,\n"
      "samples, tokens, one prediction step by step, attention of every layer and head, word vectors in the plane.\n"
      "With RUN2 the two runs' curves, figures and configs stand side by side.";
  line.options = shown.keys();
  line.options.push_back(Key("file", shown.files, "of a model that tells classes of files: which one is shown").path());
  line.options.push_back(Key("output", output, "where the page is written; none: RUN/report.html").path());
  if (!line.parse(arguments)) return 0;
  const std::string& name = line.positional[0];
  const std::filesystem::path checkpoint = find_checkpoint(name, kUsable);
  if (output.empty()) output = (checkpoint.parent_path() / "report.html").string();
  check_output("report", output, {".html"});
  ensure(!std::filesystem::is_directory(output), "'", output, "' is a folder; name a file");
  ReportedRun reported = load_reported(name);
  std::optional<ReportedRun> second;
  if (line.positional.size() > 1) second = load_reported(line.positional[1]);
  reported.shown = shown;
  nlohmann::json left_out = nlohmann::json::object();
  load_dataset(reported, left_out);
  nlohmann::json runs = {collect(reported, kParts, std::move(left_out))};
  nlohmann::json data = {{"heddle", Origin::version_text()}};
  if (second) {
    runs.push_back(collect(*second, std::span(kParts).first(kCompared), nlohmann::json::object()));
    data["differing"] = json_list(differences(reported.run.experiment->sections(), second->run.experiment->sections()));
  }
  data["runs"] = std::move(runs);
  const std::string page = report_page(data);
  write_file(output, page);
  tell(reported.run.notices);
  tell_checkpoint(reported.run.name());
  std::cout << fmt::format("{}: {}\n", output, human_bytes(static_cast<double>(page.size())));
  return 0;
}

}  // namespace heddle
