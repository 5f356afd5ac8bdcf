#include "train/commands/inspect/heads_listener.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <sstream>

#include "data/io/file.h"
#include "train/commands/inspect/head_survey.h"
#include "train/commands/inspect/inspect_command.h"

namespace heddle {
namespace {

std::string header() {
  std::string text = "step,attention,head";
  for (const HeadRoleText& role : kHeadRoles) text += ',' + std::string(role.name);
  return text + '\n';
}

class HeadsListener final : public RunListener {
 public:
  HeadsListener(const SessionParts& parts, std::filesystem::path path, std::int64_t step, std::vector<Batch> batches)
      : parts_(parts), path_(std::move(path)), step_(step), batches_(std::move(batches)), text_(header()) {}

  void on_begin() override {
    if (step_ == 0) return write(0);
    if (!std::filesystem::exists(path_)) return;
    std::istringstream in(read_file(path_, Contents::text));
    for (std::string line; std::getline(in, line);) {
      std::int64_t step = 0;
      const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), step);
      if (error == std::errc() && *end == ',' && step <= step_) text_ += line + '\n';
    }
    write_file(path_, text_);
  }
  void on_step(const RunRow& row) override {
    if (row.step % parts_.experiment.train.inspect_interval == 0 || row.step == row.steps) write(row.step);
  }

 private:
  void write(std::int64_t step) {
    const AveragedWeights averaged(parts_.learner);
    for (const SurveyedHead& head : survey_heads(parts_.model, parts_.dataset.state(), batches_)) {
      text_ += fmt::format("{},{},{}", step, head.attention, head.head);
      for (const HeadRoleText& role : kHeadRoles) {
        const double score = head.scores.mean(role.role);
        text_ += std::isnan(score) ? "," : fmt::format(",{:.6g}", score);
      }
      text_ += '\n';
    }
    write_file(path_, text_);
  }

  SessionParts parts_;
  std::filesystem::path path_;
  std::int64_t step_;
  std::vector<Batch> batches_;
  std::string text_;  ///< of the file
};

}  // namespace

std::unique_ptr<RunListener> heads_listener(const SessionParts& parts, const std::filesystem::path& folder,
                                            std::int64_t step, std::string& notice) {
  if (parts.experiment.train.inspect_interval == 0) return nullptr;
  std::vector<Batch> batches = validating_batches(parts.dataset, kLoggedTokens);
  if (!has_attention(parts.model, parts.dataset.state(), batches[0])) {
    notice = concat_text("train.inspect_interval: model.kind = ", parts.experiment.model_kind,
                         " has no attention, and heads.csv is not written");
    return nullptr;
  }
  return std::make_unique<HeadsListener>(parts, folder / "heads.csv", step, std::move(batches));
}

}  // namespace heddle
