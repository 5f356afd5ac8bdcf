#include <fmt/format.h>

#include <iostream>
#include <optional>
#include <span>

#include "data/io/utf8.h"
#include "train/analysis/words/word_axes.h"
#include "train/analysis/words/word_groups.h"
#include "train/commands/commands.h"
#include "train/commands/embed_command.h"
#include "train/commands/json.h"
#include "train/config/config.h"

namespace heddle {
namespace {

/// What `heddle embed axes` says.
struct AxesAnswer {
  WordAxis across;
  std::optional<WordAxis> up;
  double cosine = 0;  ///< of the two
};

nlohmann::json to_json(const WordAxis& found) {
  return {{"agreements", found.axis.agreements},
          {"agreement", found.axis.agreement},
          {"chance", found.axis.chance},
          {"low", json_list(found.low)},
          {"high", json_list(found.high)}};
}

nlohmann::json to_json(const AxesAnswer& axes) {
  nlohmann::json out = {{"across", to_json(axes.across)}};
  if (axes.up) {
    out["up"] = to_json(*axes.up);
    out["cosine"] = axes.cosine;
  }
  return out;
}

std::string to_text(const WordAxis& found) {
  const Axis& axis = found.axis;
  std::string text = "axis from " + found.name();
  if (!axis.agreements.empty())
    text += fmt::format(": its {} pairs agree by {:.3f} (mean cosine of a pair with the others; mixed pairs {:.3f})",
                        axis.agreements.size(), axis.agreement, axis.chance);
  text += '\n';
  for (std::size_t i = 0; i < axis.agreements.size(); ++i)
    text += fmt::format("  {:6.3f}  {} - {}\n", axis.agreements[i], visible(found.pairs[i].from),
                        visible(found.pairs[i].to));
  text += "farthest along it, either way:\n";
  for (std::size_t i = 0; i < found.low.size(); ++i)
    text += fmt::format("  {:6.3f}  {:<20}  {:6.3f}  {}\n", found.low[i].score, visible(found.low[i].word),
                        found.high[i].score, visible(found.high[i].word));
  return text;
}

std::string to_text(const AxesAnswer& axes) {
  std::string text = to_text(axes.across);
  if (axes.up) text += to_text(*axes.up) + fmt::format("cosine of the two axes: {:.3f}\n", axes.cosine);
  return text;
}

/// "man:woman", several. Errors (usage): no colon.
std::vector<WordPair> pairs_of(std::span<const std::string> texts) {
  std::vector<WordPair> pairs;
  for (const std::string& text : texts) {
    const std::size_t colon = text.find(':', 1);
    if (colon == std::string::npos || colon + 1 == text.size())
      throw UsageError("embed axes: '" + text + "': wants two words with a colon between, as man:woman");
    pairs.push_back({text.substr(0, colon), text.substr(colon + 1)});
  }
  return pairs;
}

}  // namespace

int embed_axes(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::int64_t count = 10, common = 5000;
  bool json = false;
  std::vector<std::string> up, words;
  std::string output, words_from;
  CommandLine line;
  line.usage = "embed axes RUN FROM:TO... [options]";
  line.summary =
      "The direction that pairs of words share, such as man:woman boy:girl: how well the pairs agree on it, and which\n"
      "words lie farthest along it. With --up FROM:TO... there is a second one, and a picture of both.";
  line.options = vectors.keys();
  line.options.insert(
      line.options.begin(),
      {{"count", count, "words to show at either end", 1, 1000000},
       {"common", common, "look for them among so many words, the most frequent", 1},
       {"up", up, "pairs of a second axis, which the picture shows upwards"},
       {"words", words, "words in the picture beside those of the pairs"},
       Key("output", output, "where the picture is written: .svg; of .png and .pdf the command is told that makes them")
           .path(),
       Key("words_from", words_from, "a file of more such words, one a line; unknown ones are left out").path(),
       {"json", json, "print JSON"}});
  line.words = 2;
  line.more_words = 1000;
  if (!line.parse(arguments)) return 0;
  if (up.empty() && !(output.empty() && words.empty() && words_from.empty()))
    throw UsageError("embed axes: a picture wants two axes; give pairs of the second with --up FROM:TO...");
  if (!output.empty()) check_output("embed axes", output, kPictures);
  const auto across_pairs = pairs_of(std::span(line.positional).subspan(1)), up_pairs = pairs_of(up);
  const std::vector<std::string> listed = words_from.empty() ? std::vector<std::string>() : read_words(words_from);
  std::vector<std::string> asked = words;
  asked.insert(asked.end(), listed.begin(), listed.end());
  for (const auto* pairs : {&across_pairs, &up_pairs}) {
    for (const WordPair& pair : *pairs) asked.insert(asked.end(), {pair.from, pair.to});
  }
  const LoadedVectors loaded = load_word_vectors(line.positional[0], vectors, asked);
  const WordSpace space(loaded);
  AxesAnswer axes{word_axis(space, loaded.vectors, across_pairs, count, common), {}, 0};
  std::string told;
  if (!up.empty()) {
    axes.up = word_axis(space, loaded.vectors, up_pairs, count, common);
    axes.cosine = cosine_of(axes.across.axis, axes.up->axis);
    DrawnWords drawn;
    if (!listed.empty()) drawn = listed_words(space, listed);
    for (const index_t row : drawn.rows) words.push_back(space.word(row));
    const Drawing picture = draw(axes_picture(space, axes.across, *axes.up, words));
    told = told_left_out(drawn, picture.unlabelled);
    if (!output.empty()) told += write_picture(output, picture.svg);
  }
  tell_source(loaded);
  std::cerr << told;
  print_answer(json, to_json(axes), to_text(axes));
  return 0;
}

}  // namespace heddle
