#include <fmt/format.h>

#include <algorithm>

#include "data/tokenizer/tokenizer.h"
#include "framework/format.h"
#include "train/commands/doctor/doctor.h"
#include "train/commands/doctor/examples.h"

namespace heddle {
namespace {

/// How often each id comes in examples spread over a split, and how many are no token.
struct IdCounts {
  std::vector<double> of;
  double all = 0, outside = 0;
  index_t read = 0;
};

IdCounts count_ids(const Dataset& dataset, Split split, std::size_t vocabulary) {
  constexpr index_t kTokens = 20000000, kChunk = 256;
  const index_t examples = dataset.size(split);
  const index_t length = std::max<index_t>(1, examples > 0 ? dataset.length(split, dataset.place(0)) : 1);
  const index_t step = std::max<index_t>(1, examples * length / kTokens);
  IdCounts counts;
  counts.of.resize(vocabulary);
  for (index_t first = 0; first < examples; first += kChunk * step) {
    const index_t count = std::min(kChunk, examples - first);
    for (const Example& example : read_examples(dataset, split, first, count)) {
      for (const std::int32_t id : example.tokens) {
        const bool known = id >= 0 && static_cast<std::size_t>(id) < vocabulary;
        known ? ++counts.of[static_cast<std::size_t>(id)] : ++counts.outside;
        ++counts.all;
      }
    }
    counts.read += count;
  }
  return counts;
}

/// What makes more of a text known to training, by how it is cut into tokens.
std::string remedy_of(const std::string& tokenizer) {
  if (tokenizer == "byte") return "give more text to train on";
  if (tokenizer == "bpe")
    return "give more text to train on, or let a smaller vocabulary be learned from it (data.vocab_size, and no "
           "data.tokenizer_file)";
  return std::string(tokenizer == "char" ? "" : "raise data.vocab_size, lower data.min_count, or ") +
         "take data.tokenizer = bpe";
}

}  // namespace

Check check_token_ids;

Finding check_token_ids(const Patient& patient) {
  const DataState& state = patient.dataset.state();
  if (state.tokenizer.kind.empty()) return {Verdict::unfit, "the data has no tokens"};
  const DataSpec spec = state.spec();
  const IdCounts training = count_ids(patient.dataset, Split::train, spec.tokens.size());
  const IdCounts validating = count_ids(patient.dataset, Split::val, spec.tokens.size());
  const auto unknown_id = make_tokenizer(state.tokenizer)->unknown();
  double never = 0, unseen = 0, bytes = 0;
  for (std::size_t id = 0; id < spec.tokens.size(); ++id) {
    never += training.of[id] == 0 ? 1 : 0;
    unseen += training.of[id] == 0 ? validating.of[id] : 0;
    bytes += training.of[id] * static_cast<double>(spec.tokens[id].size());
  }
  const auto share = [](double part, double all) { return all > 0 ? part / all : 0; };
  const auto unknown_share = [&](const IdCounts& counts) {
    return unknown_id ? share(counts.of[static_cast<std::size_t>(*unknown_id)], counts.all) : 0;
  };
  const double unknown = unknown_share(validating), before = unknown_share(training);
  unseen = share(unseen, validating.all);
  Finding finding;
  finding.figures = {{"outside", training.outside + validating.outside},
                     {"never_seen", never},
                     {"validation_unseen", unseen},
                     {"validation_unknown", unknown},
                     {"training_unknown", before},
                     {"bytes_a_token", share(bytes, training.all)}};
  finding.found = fmt::format("{} of {} tokens never come in training; of what validates {:.2f} % are such",
                              human_count(never), human_count(static_cast<double>(spec.tokens.size())), 100 * unseen);
  if (unknown_id)
    finding.found += fmt::format(", and {:.2f} % unknown words (training {:.2f} %)", 100 * unknown, 100 * before);
  finding.found += fmt::format("; {:.2f} bytes a token", share(bytes, training.all));
  finding.found += of_all(training.read, patient.dataset.size(Split::train), "training examples");
  if (finding.figures[0].value > 0) {
    finding.verdict = Verdict::wrong;
    finding.advice =
        "ids are no tokens of the vocabulary: encode the text with the tokenizer that the data is given with";
  } else if (unseen > 0.05 || unknown > before + 0.1) {
    finding.verdict = Verdict::wrong;
    finding.advice = "what validates is written in tokens that the model never learns: look at both parts, or " +
                     remedy_of(state.tokenizer.kind);
  } else if (unknown > 0.2 || unseen > 0.02) {
    finding.verdict = Verdict::look;
    finding.advice = "training never shows much of what validates: " + remedy_of(state.tokenizer.kind);
  }
  return finding;
}

}  // namespace heddle
