#include "train/log/course.h"

#include <catch2/catch.hpp>

namespace heddle {
namespace {

/// After each of 8 evaluations.
std::string told(const std::vector<double>& training, const std::vector<double>& validation) {
  History history;
  for (std::size_t i = 0; i < validation.size(); ++i) {
    history.add(static_cast<std::int64_t>(100 * i + 50), {{"train_loss", training[i]}});  // a row without an evaluation
    history.add(static_cast<std::int64_t>(100 * i + 100), {{"train_loss", training[i]}, {"val_loss", validation[i]}});
  }
  return course_text(history);
}

}  // namespace

TEST_CASE("the course of losses is told with what would help") {
  using Catch::Contains;
  const std::vector<double> falling = {4, 3.5, 3, 2.6, 2.4, 2.2, 2.1, 2.0},
                            flat = {4, 3, 2.5, 2.2, 2.1, 2.01, 2.005, 2};
  CHECK_THAT(told(falling, falling),
             Contains("training loss 2.0000 in the mean since the evaluation before, validation loss 2.0000") &&
                 Contains("still falls; more steps") && !Contains("dropout"));
  CHECK_THAT(told(flat, flat), Contains("hardly falls") && !Contains("dropout"));
  const std::vector<double> heart = {4, 3, 2, 1.5, 1.2, 1, 0.8, 0.5}, rising = {4, 3.2, 2.6, 2.5, 2.4, 2.45, 2.5, 2.6};
  CHECK_THAT(told(heart, rising), Contains("lowest after step 500 (2.4000) and rose since"));
  CHECK_THAT(told(heart, falling), Contains("known better than new ones") && Contains("still falls"));
  CHECK_THAT(told(heart, flat), Contains("known better than new ones") && !Contains("still falls"));
  // evaluations that are close together, of a run that was given a few more steps, do not tell
  History more;
  for (const auto& [step, loss] : {std::pair(60, 5.34), {62, 5.33}, {64, 5.318}})
    more.add(step, {{"train_loss", 5.3}, {"val_loss", loss}});
  CHECK_THAT(course_text(more), Contains("hardly falls"));
  History steep;
  for (const auto& [step, loss] : {std::pair(20, 6.0), {40, 5.6}, {60, 5.34}, {62, 5.33}, {64, 5.318}})
    steep.add(step, {{"train_loss", 5.3}, {"val_loss", loss}});
  CHECK_THAT(course_text(steep), Contains("still falls"));
  // what seeds change is no rise
  CHECK_THAT(told(flat, {4, 3, 2.5, 2.2, 2.1, 2.0, 1.995, 2.0}), Contains("hardly falls"));
  CHECK(told({2}, {2}).empty());
  CHECK(told({}, {}).empty());
  History none;
  none.add(1, {{"train_loss", 2.0}});
  none.add(2, {{"train_loss", 1.0}});
  CHECK(course_text(none).empty());
  History judged;  // by nothing that was trained on
  judged.add(1, {{"val_loss", 2.0}});
  judged.add(2, {{"val_loss", 1.0}});
  CHECK(course_text(judged).empty());
}

}  // namespace heddle
