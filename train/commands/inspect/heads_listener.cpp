#include "train/commands/inspect/heads_listener.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <sstream>

#include "data/io/file.h"
#include "framework/system/ranks.h"
#include "train/analysis/attention/head_survey.h"
#include "train/commands/inspect/inspect_command.h"

namespace heddle {
namespace {

constexpr const char* kHeadsLog = "heads.csv";

std::string header() {
  std::string text = "step,attention,head";
  for (const HeadRoleText& role : kHeadRoles) text += ',' + std::string(role.name);
  return text + '\n';
}

std::string row_of(const LoggedHead& head) {
  std::string text = fmt::format("{},{},{}", head.step, head.attention, head.head);
  for (const double score : head.scores) text += std::isnan(score) ? "," : fmt::format(",{:.6g}", score);
  return text + '\n';
}

/// A number that fills a cell. Errors: it is none.
template <class Number>
Number number_of(const std::string& cell, const std::string& where) {
  Number value{};
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  ensure(error == std::errc() && end == cell.data() + cell.size() && std::isfinite(static_cast<double>(value)), where,
         ": '", cell, "' is no number; is the file whole?");
  return value;
}

class HeadsListener final : public RunListener {
 public:
  /// `before` is what was logged until `step`, where the run goes on.
  HeadsListener(const SessionParts& parts, std::filesystem::path path, std::int64_t step,
                const std::vector<LoggedHead>& before, std::vector<Batch> batches)
      : parts_(parts), path_(std::move(path)), step_(step), batches_(std::move(batches)), text_(header()) {
    for (const LoggedHead& head : before) text_ += row_of(head);
  }

  void on_begin() override {
    if (step_ == 0) return write(0);
    if (rank() == 0) write_file(path_, text_);
  }
  void on_step(const RunRow& row) override {
    if (row.step % parts_.experiment.train.inspect_interval == 0 || row.step == row.steps) write(row.step);
  }

 private:
  void write(std::int64_t step) {
    const AveragedWeights averaged(parts_.learner);
    for (const SurveyedHead& head : survey_heads(parts_.model, parts_.dataset.state(), batches_)) {
      LoggedHead row{step, head.attention, head.head, {}};
      for (std::size_t i = 0; i < kHeadRoles.size(); ++i) row.scores[i] = head.scores.mean(kHeadRoles[i].role);
      text_ += row_of(row);
    }
    if (rank() == 0) write_file(path_, text_);
  }

  SessionParts parts_;
  std::filesystem::path path_;
  std::int64_t step_;
  std::vector<Batch> batches_;
  std::string text_;  ///< of the file
};

}  // namespace

std::vector<LoggedHead> read_heads_log(const std::filesystem::path& folder, std::int64_t step) {
  const std::filesystem::path path = folder / kHeadsLog;
  std::vector<LoggedHead> rows;
  if (!std::filesystem::exists(path)) return rows;
  std::istringstream in(read_file(path, Contents::text));
  std::string line;
  std::getline(in, line);  // names
  for (std::size_t number = 2; std::getline(in, line); ++number) {
    const std::string where = concat_text(path.string(), " line ", number);
    std::vector<std::string> cells(1);
    for (const char c : line) c == ',' ? (void)cells.emplace_back() : cells.back().push_back(c);
    ensure(cells.size() == 3 + kHeadRoles.size(), where, " has ", cells.size(), " cells, not ", 3 + kHeadRoles.size(),
           "; is the file whole?");
    LoggedHead head{number_of<std::int64_t>(cells[0], where), cells[1], number_of<index_t>(cells[2], where), {}};
    for (std::size_t i = 0; i < kHeadRoles.size(); ++i)
      head.scores[i] = cells[3 + i].empty() ? std::nan("") : number_of<double>(cells[3 + i], where);
    if (head.step <= step) rows.push_back(std::move(head));
  }
  return rows;
}

void score_heads(const SessionParts& parts) {
  const std::vector<Batch> batches = validating_batches(parts.dataset, kLoggedTokens);
  if (has_attention(parts.model, parts.dataset.state(), batches[0]))
    survey_heads(parts.model, parts.dataset.state(), batches);
}

std::unique_ptr<RunListener> heads_listener(const SessionParts& parts, const std::filesystem::path& folder,
                                            std::int64_t step, std::string& notice) {
  if (parts.experiment.train.inspect_interval == 0) return nullptr;
  std::vector<Batch> batches = validating_batches(parts.dataset, kLoggedTokens);
  if (!has_attention(parts.model, parts.dataset.state(), batches[0])) {
    notice = concat_text("train.inspect_interval: model.kind = ", parts.experiment.model_kind,
                         " has no attention, and heads.csv is not written");
    return nullptr;
  }
  std::vector<LoggedHead> before;
  try {
    if (step > 0) before = read_heads_log(folder, step);
  } catch (const Error& e) {
    notice = concat_text(e.what(), " It begins anew");
  }
  return std::make_unique<HeadsListener>(parts, folder / kHeadsLog, step, before, std::move(batches));
}

}  // namespace heddle
