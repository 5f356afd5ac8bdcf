#include <nlohmann/json.hpp>

#include "data/images/png.h"
#include "tests/data/images/idx.h"
#include "tests/train/run_program.h"

namespace heddle {
namespace {

/// A network of 120 images that was trained for a step alone; the last 40 are the test.
void train_badly(const TemporaryFolder& folder, const Quarters& quarters) {
  folder.write("quarters/labels", quarters.labels);
  const std::string config = folder.write(
      "bad.cfg",
      "[data]\nkind = images\npath = " + folder.write("quarters/images", quarters.images) +
          "\nval_fraction = 0.3334\ntest_fraction = 0.3333\n[model]\nkind = mlp\nhidden = 8\n[train]\nsteps = 1\n"
          "sample_tokens = 0\n");
  const Outcome outcome = run_program(folder, {"train", config, "--run.dir=" + folder.path("run")});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
}

}  // namespace

TEST_CASE("eval lists the examples that were most surely wrong, the surest first, and shows them in a sheet") {
  const TemporaryFolder folder;
  const Quarters quarters(120);
  train_badly(folder, quarters);
  const std::string sheet = folder.path("wrong.png");
  const Outcome outcome =
      run_program(folder, {"eval", folder.path("run"), "--split=test", "--json", "--worst=7", "--output", sheet});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  const nlohmann::json found = nlohmann::json::parse(outcome.out), &worst = found["worst"];
  REQUIRE(worst.size() == 7);
  const Picture picture = decode_png(read_bytes(sheet), sheet);
  REQUIRE(picture.channels == 1);
  REQUIRE(picture.width == 3 * (10 * 8 + 2) + 2);
  REQUIRE(picture.height == 3 * (10 * 8 + 2) + 2);
  double before = 1;
  for (std::size_t i = 0; i < 7; ++i) {
    const nlohmann::json& one = worst[i];
    CHECK(one["probability"].get<double>() <= before);
    before = one["probability"].get<double>();
    const auto image = one["example"].get<std::size_t>() + 80;  // those before it are trained on and validate
    CHECK(one["class"] == std::to_string(static_cast<int>(quarters.labels[8 + image])));
    CHECK(one["found"] != one["class"]);
    CHECK(one["source"] == folder.path("quarters/images") + " #" + std::to_string(image));
    CHECK(one["row"] == i / 3 + 1);
    CHECK(one["column"] == i % 3 + 1);
    for (std::size_t y = 0; y < 8; ++y) {
      for (std::size_t x = 0; x < 8; ++x) {
        const std::size_t at =
            (2 + i / 3 * 82 + 10 * y) * static_cast<std::size_t>(picture.width) + 2 + i % 3 * 82 + 10 * x;
        CHECK(picture.pixels[at] == static_cast<std::uint8_t>(quarters.images[16 + 64 * image + 8 * y + x]));
      }
    }
  }
  // as many as were wrong at most, and none of them is surer than those that are listed
  const Outcome more = run_program(folder, {"eval", folder.path("run"), "--split=test", "--json", "--worst=1000"});
  const nlohmann::json all = nlohmann::json::parse(more.out);
  const auto& counts = all["confusion"]["counts"];
  std::size_t wrong = 0;
  for (std::size_t is = 0; is < 4; ++is) {
    for (std::size_t as = 0; as < 4; ++as) wrong += is == as ? 0 : counts[is][as].get<std::size_t>();
  }
  REQUIRE(wrong > 7);
  REQUIRE(all["worst"].size() == wrong);
  CHECK(all["worst"][6]["example"] == worst[6]["example"]);
  CHECK_FALSE(all["worst"][0].contains("row"));
  const Outcome text = run_program(folder, {"eval", folder.path("run"), "--split=test", "--worst=2"});
  CHECK_THAT(text.out, Catch::Contains("confusion (a row for each class") &&
                           Catch::Contains("the 2 most surely taken for another class:\n") &&
                           Catch::Contains("quarters/images #"));
}

TEST_CASE("what is wrong is listed of any classes, shown of images alone, and refused where there are no classes") {
  const TemporaryFolder folder;
  const std::string config = folder.write("table.cfg",
                                          "[data]\nkind = table\npath = builtin:xor\n[model]\nkind = mlp\nhidden "
                                          "=\n[train]\nsteps = 1\nsample_tokens = 0\n");
  const std::string run = folder.path("run"), output = "--output=" + folder.path("a.png");
  REQUIRE(run_program(folder, {"train", config, "--run.dir=" + run}).status == 0);
  const Outcome json = run_program(folder, {"eval", run, "--split=train", "--json", "--worst=50"});
  const nlohmann::json worst = nlohmann::json::parse(json.out)["worst"];
  REQUIRE(!worst.empty());
  CHECK_FALSE(worst[0].contains("source"));
  CHECK_THAT(run_program(folder, {"eval", run, "--split=train", "--worst=1"}).out, Catch::Contains("example "));
  check_one_line(run_program(folder, {"eval", run, "--worst=1", output}), 1,
                 "eval: --output shows images, and data.kind = table has none");
  check_one_line(run_program(folder, {"eval", run, output}), 2, "--output wants --worst");
  check_one_line(run_program(folder, {"eval", run, "--worst=1", "--output=a.jpg"}), 2,
                 "wants a name that ends in .png");

  REQUIRE(run_program(folder, {"train", tiny_config(folder), "--run.dir=" + folder.path("text"), "--train.steps=2"})
              .status == 0);
  check_one_line(run_program(folder, {"eval", folder.path("text"), "--worst=1"}), 1,
                 "--worst wants a model that tells classes, and model.kind = gpt does not");
}

}  // namespace heddle
