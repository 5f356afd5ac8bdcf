#include <fmt/format.h>

#include "data/io/utf8.h"
#include "train/analysis/words/dimensions.h"
#include "train/commands/embed_command.h"
#include "train/commands/json.h"
#include "train/config/config.h"

namespace heddle {
namespace {

nlohmann::json to_json(const DimensionReport& report) {
  nlohmann::json out = {{"dimensions", nlohmann::json::array()}, {"probes", nlohmann::json::array()}};
  for (const DimensionEnds& ends : report.dimensions)
    out["dimensions"].push_back({{"dimension", ends.dimension}, {"low", ends.low}, {"high", ends.high}});
  for (const PropertyProbe& probe : report.properties) {
    if (!probe.probed) continue;
    out["probes"].push_back({{"property", probe.property},
                             {"words", probe.words},
                             {"classes", probe.classes},
                             {"majority", probe.as_is.majority},
                             {"dimension", probe.as_is.dimension},
                             {"one", probe.as_is.one},
                             {"all", probe.as_is.all},
                             {"one_rotated", probe.rotated.one},
                             {"all_rotated", probe.rotated.all}});
  }
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::vector<std::string> shown;
  for (const std::string& word : words) shown.push_back(visible(word));
  return fmt::format("{}", fmt::join(shown, " "));
}

std::string to_text(const DimensionReport& report) {
  std::string text = report.dimensions.empty() ? "" : "dimension  the words at its two ends\n";
  for (const DimensionEnds& ends : report.dimensions)
    text += fmt::format("{:>9}  {} ... {}\n", ends.dimension, joined(ends.low), joined(ends.high));
  text +=
      "\nshare of words that a linear probe, fitted to other words, tells right\n"
      "property         words  most frequent   one dimension     all   one, after a rotation\n";
  for (const PropertyProbe& probe : report.properties) {
    if (!probe.probed) {
      text += fmt::format("{:<16} too few of its words have vectors\n", probe.property);
      continue;
    }
    text += fmt::format("{:<16} {:>5} {:>12.0f} % {:>8.0f} % ({:>3}) {:>5.0f} % {:>20.0f} %\n", probe.property,
                        probe.words, 100 * probe.as_is.majority, 100 * probe.as_is.one, probe.as_is.dimension,
                        100 * probe.as_is.all, 100 * probe.rotated.one);
  }
  return text +
         "\nA rotation changes no distance and no angle, but moves what single dimensions tell. Only what all of them\n"
         "tell together belongs to the words.\n";
}

}  // namespace

int embed_dimensions(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  DimensionOptions options;
  bool json = false;
  CommandLine line;
  line.usage = "embed dimensions RUN [options]";
  line.summary =
      "What single dimensions of word vectors tell: the words at both ends of those that vary most, and how well a\n"
      "linear probe reads part of speech, number, tense and gender of common English words from one dimension, and "
      "from\n"
      "all. After a random rotation, which changes no cosine, the single ones tell something else.";
  line.options = options.keys();
  line.options.push_back({"json", json, "print JSON"});
  for (Key& key : vectors.keys()) line.options.push_back(std::move(key));
  if (!line.parse(arguments)) return 0;
  const LoadedVectors loaded = load_word_vectors(line.positional[0], vectors);
  const DimensionReport report = dimension_report(WordSpace(loaded), kingdom_properties(), options);
  tell_source(loaded);
  print_answer(json, to_json(report), to_text(report));
  return 0;
}

}  // namespace heddle
