#include "train/run/agreement.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "framework/system/ranks.h"
#include "train/config/values.h"
#include "train/run/origin.h"

namespace heddle {

void check_shares(const Experiment& experiment) {
  const index_t count = ranks(), micro = experiment.learner->micro_batches(), batch = experiment.train.batch_size;
  if (!experiment.learner->accumulates()) {
    ensure(batch >= count, "train.batch_size = ", batch, ": ", count,
           " processes share out the rows of a batch, and one would have none; start at most ", batch);
    return;
  }
  if (micro % count == 0) return;
  const index_t rows = batch * micro;
  index_t more = (micro + count - 1) / count * count;
  while (more <= rows && rows % more != 0) more += count;
  throw Error(concat_text(
      "train.accumulate = ", micro, ": ", count, " processes cannot take as many of a step's micro-batches each; ",
      more <= rows ? concat_text("steps of the same ", rows, " rows are train.batch_size = ", rows / more,
                                 " with train.accumulate = ", more)
                   : concat_text("steps of ", rows,
                                 " rows cannot be cut for them: make train.batch_size x "
                                 "train.accumulate a multiple of ",
                                 count)));
}

namespace {

/// What ranks must have alike, a line each: what it is, and behind a tab its value.
std::string facts(const Experiment& experiment, const Dataset& dataset) {
  const Origin origin = Origin::here(experiment);
  std::string text = fmt::format("the program\theddle {} ({})\nthe instruction set\t{}\nthe precision\t{}\n",
                                 origin.program, origin.commit, origin.instruction_set, origin.precision);
  text += fmt::format("the data\t{}; hash {:016x}\n", dataset.describe(), dataset.fingerprint());
  for (const Section& section : const_cast<Experiment&>(experiment).sections()) {
    for (const Key& key : section.keys) {
      const std::string name = section.name + '.' + key.name;
      if (name != "run.threads" && name != "run.pin" && name != "run.started_in")
        text += name + '\t' + value_text(key) + '\n';
    }
  }
  return text;
}

/// Compares facts of all ranks with those of rank 0.
void compare(const std::string& facts) {
  const auto all = gather(facts);
  for (std::size_t r = 1; r < all.size(); ++r) {
    std::istringstream ours(all[0]), theirs(all[r]);
    for (std::string mine, other; std::getline(ours, mine);) {
      std::getline(theirs, other);
      if (mine == other) continue;
      const std::size_t tab = mine.find('\t'), other_tab = other.find('\t');
      throw Error(fmt::format("{} differs: {} has {}, and {} {}; start all with the same", mine.substr(0, tab),
                              rank_text(0), mine.substr(tab + 1), rank_text(static_cast<int>(r)),
                              other.substr(std::min(other.size(), other_tab + 1))));
    }
  }
}

}  // namespace

void check_agreement(const Experiment& experiment, const Dataset& dataset) {
  if (ranks() > 1) compare(facts(experiment, dataset));
}

void check_same(const std::string& what, const std::string& value) { compare(what + '\t' + value + '\n'); }

}  // namespace heddle
