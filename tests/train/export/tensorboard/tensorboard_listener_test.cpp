// What TensorBoard is shown of a run is what its history holds, and no more where the run goes on.

#include "train/export/tensorboard/tensorboard_listener.h"

#include <cmath>

#include "tests/train/run_program.h"
#include "train/export/tensorboard/event_file.h"

namespace heddle {
namespace {

/// The events of the files of a folder, in their order.
std::vector<Event> events_in(const TemporaryFolder& folder, const std::string& run = "") {
  std::vector<Event> all;
  for (const auto& path : event_files(folder.path(run))) {
    for (const Event& event : read_events(read_bytes(path)).events) all.push_back(event);
  }
  return all;
}

RunRow row_of(std::int64_t step) {
  RunRow row;
  row.step = step;
  return row;
}

double now() { return static_cast<double>(std::time(nullptr)); }

/// What of a file is of figures or of samples, as "step tag value" each.
std::vector<std::string> texts_of(const std::vector<Event>& events) {
  std::vector<std::string> all;
  for (const Event& event : events) {
    for (const Metric& scalar : event.scalars)
      all.push_back(concat_text(event.step, ' ', scalar.name, ' ', scalar.value));
    if (!event.text.empty()) all.push_back(concat_text(event.step, " sample ", event.text));
  }
  return all;
}

}  // namespace

TEST_CASE("columns of training and validation stand side by side, and others among those of the run") {
  CHECK(tag_of("train_loss") == "loss/train");
  CHECK(tag_of("val_loss") == "loss/val");
  CHECK(tag_of("val_bits_per_byte") == "bits_per_byte/val");
  CHECK(tag_of("lr") == "run/lr");
  CHECK(tag_of("values") == "run/values");
}

TEST_CASE(
    "rows and samples are written as they come, with the time of each, and a figure that a row lacks is left out") {
  const TemporaryFolder folder;
  History history;
  TensorboardListener listener(folder.path(), history, 0);
  const double begun = now();
  listener.on_begin();
  history.add(10, {{"train_loss", 2.5}, {"seconds", 1}});
  listener.on_row(row_of(10));
  history.add(20, {{"train_loss", 2}, {"val_loss", 2.25}, {"seconds", 2}});
  listener.on_row(row_of(20));
  listener.on_sample(20, "a *king*\n\n\tb\x07");
  history.add(30, {{"train_loss", std::nan("")}, {"seconds", 3}});
  listener.on_row(row_of(30));
  const std::vector<Event> events = events_in(folder);  // while the listener lives
  CHECK(texts_of(events) == std::vector<std::string>{"10 loss/train 2.5", "10 run/seconds 1", "20 loss/train 2",
                                                     "20 loss/val 2.25", "20 run/seconds 2",
                                                     "20 sample     a *king*\n    \n    \tb\\u{7}\n",
                                                     "30 run/seconds 3"});
  for (const Event& event : events) CHECK(std::abs(event.wall_time - begun) < 60);
}

TEST_CASE("a run that goes on shows what files hold until then with its times, and of its history what they lack") {
  const TemporaryFolder folder;
  History history;
  const double old = 1700000000;
  std::string bytes = event_heading(old, 0);
  for (const std::int64_t step : {10, 20, 30}) {
    bytes += event_record({old + static_cast<double>(step), step, {{"loss/train", static_cast<double>(step)}}, ""});
    bytes += event_record({old + static_cast<double>(step) + 1, step, {}, "    sample\n"});
  }
  const std::string torn = event_record({old, 5, {}, "    torn\n"});
  const std::string earlier =
      folder.write("events.out.tfevents.1700000000.heddle", bytes + torn.substr(0, torn.size() - 1));
  folder.write("events.out.tfevents.1700000000.host", "another program's");
  history.add(10, {{"train_loss", 10}, {"seconds", 10}});
  history.add(20, {{"train_loss", 20}, {"seconds", 40}});
  history.add(22, {{"train_loss", 22}, {"seconds", 50}});
  history.add(24, {{"train_loss", 24}, {"val_loss", 3}, {"seconds", 110}});
  const double begun = now();
  TensorboardListener(folder.path(), history, 25).on_begin();
  const std::vector<Event> events = events_in(folder);
  CHECK(texts_of(events) == std::vector<std::string>{"10 loss/train 10", "10 sample     sample\n", "20 loss/train 20",
                                                     "20 sample     sample\n", "22 loss/train 22", "22 run/seconds 50",
                                                     "24 loss/train 24", "24 loss/val 3", "24 run/seconds 110"});
  CHECK(events[0].wall_time == old + 10);
  CHECK(events[1].wall_time == old + 11);
  CHECK(std::abs(events[4].wall_time - (begun - 60)) < 30);
  CHECK(std::abs(events[5].wall_time - begun) < 30);
  const auto files = event_files(folder.path());
  REQUIRE(files.size() == 2);
  CHECK(files[0] == earlier);
  CHECK(read_bytes(files[1]).find(event_heading(events[5].wall_time, 26)) == 0);
  CHECK(read_bytes(folder / "events.out.tfevents.1700000000.host") == "another program's");
}

TEST_CASE("a run that is killed and goes on shows TensorBoard each of its rows once, and it is asked for by a key") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run");
  const Process process(folder, {"train", tiny_config(folder), "--run.dir=" + run, "--train.steps=1000000",
                                 "--train.tensorboard=true", "--train.log_interval=5", "--train.sample_interval=10"});
  REQUIRE(appears(run + "/last.h5"));
  process.send(SIGKILL);
  process.wait();
  const std::int64_t step = load_checkpoint(run + "/last.h5").state.step;
  REQUIRE(run_program(folder, {"resume", run, "--train.steps=" + std::to_string(step + 40)}).status == 0);
  const History history = load_checkpoint(run + "/last.h5").state.history;
  std::vector<std::int64_t> rows, samples;
  for (const Event& event : events_in(folder, "run")) (event.text.empty() ? rows : samples).push_back(event.step);
  REQUIRE(rows.size() == history.size());
  for (std::size_t row = 0; row < rows.size(); ++row) CHECK(rows[row] == history.step(row));
  CHECK(static_cast<std::int64_t>(samples.size()) == (step + 40) / 10);
  CHECK(std::adjacent_find(samples.begin(), samples.end(), std::greater_equal()) == samples.end());
  REQUIRE(train(folder, "run", {"--train.steps=2", "--run.overwrite=true"}).status == 0);
  CHECK(event_files(run).empty());  // the earlier run's is gone with it, and this one was asked for none
}

}  // namespace heddle
