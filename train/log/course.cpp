#include "train/log/course.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace heddle {

std::string course_text(const History& history) {
  // Shares of a loss: what seeds and few evaluation batches change by themselves is smaller.
  constexpr double kRisen = 0.01, kApart = 0.1, kFalling = 0.01;
  std::vector<std::pair<std::int64_t, double>> course;  // steps with the validation loss
  double trained = std::nan("");
  const std::vector<double> losses = history.column("val_loss"), training = history.column("train_loss");
  for (std::size_t row = 0; row < losses.size(); ++row) {
    if (!std::isnan(losses[row])) course.emplace_back(history.step(row), losses[row]);
    if (!std::isnan(training[row])) trained = training[row];
  }
  if (course.size() < 2 || std::isnan(trained)) return {};
  const auto lowest =
      std::min_element(course.begin(), course.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  // A run that was given some more steps has its last evaluations close together.
  const auto early = [&](const auto& point) { return point.first * 4 <= course.back().first * 3; };
  const auto later = std::find_if_not(course.begin() + 1, course.end(), early);
  const double last = course.back().second, before = std::prev(later)->second;
  std::string text = fmt::format(
      "training loss {:.4f} in the mean since the evaluation before, validation loss {:.4f}: ", trained, last);
  if (last > (1 + kRisen) * lowest->second)
    return text + fmt::format(
                      "it was lowest after step {} ({:.4f}) and rose since, as the examples are learned by heart; "
                      "more data, dropout or fewer steps would help",
                      lowest->first, lowest->second);
  const bool falls = before - last > kFalling * last;
  if (last - trained > kApart * last)
    return text + "the training examples are known better than new ones; more data or dropout would help" +
           (falls ? ", and more steps: it still falls" : "");
  return text + (falls ? "it still falls; more steps would help"
                       : "it hardly falls any more; a larger model would get further");
}

}  // namespace heddle
