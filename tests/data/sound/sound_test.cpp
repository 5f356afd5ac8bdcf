#include <map>
#include <set>

#include "data/sound/log_mel.h"
#include "tests/data/sound/sound_data.h"
#include "tests/real_data.h"

namespace heddle {

TEST_CASE("a frame of 20 ms has 882 samples at 44,100 a second, and frames touch unless a hop is given") {
  SoundConfig config;
  config.sample_rate = 44100;
  CHECK(config.frame() == 882);
  CHECK(config.hop() == 882);
  config.hop_ms = 10;
  CHECK(config.hop() == 441);
  config.sample_rate = 11025;
  CHECK(config.frame() == 221);  // 220.5
  const TemporaryFolder folder;
  write_sound(folder, "a_1.wav", tone(440, 882 * 3, 44100), {44100});
  write_sound(folder, "b_val_1.wav", tone(440, 882 * 3 + 1, 44100), {44100});
  SoundConfig raw = raw_at(folder.path());
  raw.sample_rate = 44100;
  raw.frame_ms = 20;
  CHECK_THROWS_WITH(load(raw), Contains("class 'b', which no training example has"));
  write_sound(folder, "b_1.wav", tone(440, 882, 44100), {44100});
  const auto dataset = load(raw);
  CHECK(dataset->state().features == std::vector<std::int64_t>{0, 882});
  CHECK(dataset->length(Split::val, 0) == 4);
  CHECK(dataset->length(Split::train, 0) + dataset->length(Split::train, 1) == 3 + 1);
}

TEST_CASE("a sound's frames hold its samples, the last one zeros behind them, every hop") {
  const TemporaryFolder folder;
  const index_t hop = GENERATE(10, 4, 7), length = GENERATE(1, 9, 10, 11, 20, 37);
  const std::vector<float> x = noise(static_cast<std::size_t>(length), 1);
  write_sound(folder, "a_1.wav", noise(300, 2), kExact);
  write_sound(folder, "a_val_1.wav", x, kExact);
  SoundConfig config = raw_at(folder.path());
  config.hop_ms = static_cast<double>(hop);
  const auto dataset = load(config);
  const Batch batch = all_of(*dataset, Split::val);
  index_t frames = 1;
  while ((frames - 1) * hop + 10 < length) ++frames;
  REQUIRE(batch.features.shape() == Shape{1, frames, 10});
  for (index_t t = 0; t < frames; ++t) {
    for (index_t i = 0; i < 10; ++i) {
      const index_t at = t * hop + i;
      const double wanted = at < length ? static_cast<double>(x[static_cast<std::size_t>(at)]) : 0;
      CHECK(feature(*dataset, batch, 0, t, i) == Approx(wanted).margin(1e-6));
    }
  }
}

TEST_CASE("rows are padded with 0 to the longest of the batch, and the mask says where") {
  const TemporaryFolder folder;
  const std::vector<std::size_t> lengths = {35, 10, 62, 17};  // 4, 1, 7 and 2 frames
  for (std::size_t i = 0; i < lengths.size(); ++i)
    write_sound(folder, std::string(1, static_cast<char>('a' + i)) + "_1.wav", noise(lengths[i], i), kExact);
  write_sound(folder, "a_val_1.wav", noise(10, 9), kExact);
  const auto dataset = load(raw_at(folder.path()));
  REQUIRE(dataset->size(Split::train) == 4);
  const Batch batch = all_of(*dataset, Split::train);
  REQUIRE(batch.features.shape() == Shape{4, 7, 10});
  REQUIRE(batch.mask.shape() == Shape{4, 7});
  const std::array<index_t, 4> frames = {4, 1, 7, 2};
  std::set<std::int32_t> seen;
  for (index_t row = 0; row < 4; ++row) {
    const index_t length = frames[static_cast<std::size_t>(batch.targets[row])];
    seen.insert(batch.targets[row]);
    CHECK(dataset->length(Split::train, row) == length);
    for (index_t t = 0; t < 7; ++t) {
      CHECK(batch.mask.data()[row * 7 + t] == (t < length ? 1 : 0));
      for (index_t f = 0; f < 10 && t >= length; ++f) CHECK(batch.features.data()[(row * 7 + t) * 10 + f] == 0);
    }
  }
  CHECK(seen.size() == 4);
  const std::vector<index_t> two = {2, 0};
  const Batch some = dataset->get(Split::train, two);
  CHECK(some.targets[0] == batch.targets[2]);
  CHECK(some.features.size(1) == std::max(dataset->length(Split::train, 2), dataset->length(Split::train, 0)));
  CHECK(all_of(*dataset, Split::val).mask.defined());  // given always
  CHECK_THAT(dataset->describe(), Contains("one channel at 1000 samples a second, frames of 10 ms: 10 samples") &&
                                      Contains("4 classes; 4 train, 1 validate"));
}

TEST_CASE("features are standardized over the frames of the training sounds alone") {
  const TemporaryFolder folder;
  const std::vector<float> a = noise(40, 1), b = noise(30, 2);
  write_sound(folder, "a_1.wav", a, kExact);
  write_sound(folder, "a_2.wav", b, kExact);
  write_sound(folder, "a_val_1.wav", std::vector<float>(20, 0.75F), kExact);
  const auto dataset = load(raw_at(folder.path()));
  for (std::size_t f = 0; f < 10; ++f) {
    double sum = 0, squares = 0;
    for (std::size_t i = f; i < 40; i += 10) sum += static_cast<double>(a[i]);
    for (std::size_t i = f; i < 30; i += 10) sum += static_cast<double>(b[i]);
    const double mean = sum / 7;
    for (std::size_t i = f; i < 40; i += 10) squares += std::pow(static_cast<double>(a[i]) - mean, 2);
    for (std::size_t i = f; i < 30; i += 10) squares += std::pow(static_cast<double>(b[i]) - mean, 2);
    const double deviation = std::sqrt(squares / 7);
    CHECK(dataset->state().mean[f] == Approx(mean));
    CHECK(dataset->state().deviation[f] == Approx(deviation));
    CHECK(static_cast<double>(all_of(*dataset, Split::val).features.data()[f]) == Approx((0.75 - mean) / deviation));
  }
}

TEST_CASE("log-mel features are those of the frames, and silence alone is not divided by nothing") {
  const TemporaryFolder folder;
  const std::vector<float> x = tone(500, 1600);
  for (const char* name : {"a_1.wav", "a_2.wav"}) write_sound(folder, name, std::vector<float>(1600, 0));
  write_sound(folder, "a_val_1.wav", x, {8000, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT});
  SoundConfig config = tones_at(folder.path());
  config.split.val_files = {"*_val_*"};
  const auto dataset = load(config);
  const Batch silence = all_of(*dataset, Split::train), batch = all_of(*dataset, Split::val);
  for (const real feature_of_silence : silence.features.span()) CHECK(feature_of_silence == 0);
  const std::vector<float> wanted = LogMel(8000, 160, 20)(x);
  REQUIRE(batch.features.shape() == Shape{1, 10, 20});
  for (index_t i = 0; i < 200; ++i)
    CHECK(feature(*dataset, batch, 0, i / 20, i % 20) ==
          Approx(static_cast<double>(wanted[static_cast<std::size_t>(i)])).epsilon(1e-5));
}

TEST_CASE("sounds may be normalized each by itself: then neither loudness nor a filter tells them apart") {
  const TemporaryFolder folder;
  const std::vector<float> x = noise(1600, 1);
  std::vector<float> quiet(1600), filtered(1600);
  for (std::size_t i = 0; i < x.size(); ++i) quiet[i] = x[i] / 8;
  write_sound(folder, "a_1.wav", x, {8000, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT});
  write_sound(folder, "a_2.wav", tone(500, 2000));
  write_sound(folder, "a_val_1.wav", quiet, {8000, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT});
  write_sound(folder, "a_val_2.wav", x, {8000, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT});
  SoundConfig config = tones_at(folder.path());
  config.split.val_files = {"*_val_*"};
  const auto difference = [&](ClipNorm norm) {
    config.clip_norm = norm;
    const Batch batch = all_of(*load(config), Split::val);
    double most = 0;
    for (index_t i = 0; i < 200; ++i)
      most = std::max(most, std::abs(static_cast<double>(batch.features.data()[i] - batch.features.data()[200 + i])));
    return most;
  };
  CHECK(difference(ClipNorm::none) > 0.5);
  CHECK(difference(ClipNorm::mean) < 1e-4);
  CHECK(difference(ClipNorm::mean_deviation) < 1e-4);
  for (const ClipNorm norm : {ClipNorm::mean, ClipNorm::mean_deviation}) {
    config.clip_norm = norm;
    const auto dataset = load(config);
    const Batch batch = all_of(*dataset, Split::val);
    for (index_t f = 0; f < 20; ++f) {
      double sum = 0, squares = 0;
      for (index_t t = 0; t < 10; ++t) {
        const double own = feature(*dataset, batch, 0, t, f);
        sum += own;
        squares += own * own;
      }
      CHECK(sum / 10 == Approx(0).margin(1e-5));
      if (norm == ClipNorm::mean_deviation) CHECK(squares / 10 == Approx(1).epsilon(1e-4));
      if (norm == ClipNorm::mean) CHECK(std::abs(squares / 10 - 1) > 1e-3);
    }
  }
}

TEST_CASE("training sounds are changed as is asked, those that are judged are not") {
  const TemporaryFolder folder;
  SoundConfig config = tones_at(write_tones(folder, 24));
  const auto plain = load(config);
  config.augment.speed = 0.3;
  const auto changing = load(config, 16);
  Batch batch = all_of(*changing, Split::train);
  const Batch before = all_of(*plain, Split::train);
  CHECK(std::equal(batch.features.span().begin(), batch.features.span().end(), before.features.span().begin()));
  changing->augment(batch, Rng(1));
  CHECK(batch.features.size(1) <= 16);
  CHECK_FALSE(std::equal(batch.mask.span().begin(), batch.mask.span().end(), before.mask.span().begin(),
                         before.mask.span().end()));
  Batch same = before;
  plain->augment(same, Rng(1));
  CHECK(std::equal(same.features.span().begin(), same.features.span().end(), before.features.span().begin()));
}

TEST_CASE("a sound's class is told by its name or by its folder") {
  const TemporaryFolder folder;
  for (int i = 0; i < 8; ++i) {
    const std::string name = std::to_string(i) + ".wav";
    write_sound(folder, (i % 2 == 0 ? "x/cat/" : "x/dog/") + name, noise(20, 1), kExact);
    write_sound(folder, "y/v_" + std::to_string(9 + i % 2) + "_" + name, noise(20, 1), kExact);
  }
  SoundConfig config = raw_at(folder.path("x"));
  config.split.val_files = config.split.test_files = {};
  config.split.val_fraction = 0.25;
  config.label = "folder";
  CHECK(load(config)->state().labels == std::vector<std::string>{"cat", "dog"});
  config.split.path = {folder.path("y")};
  config.label = "v_{}_*.wav";
  CHECK(load(config)->state().labels == std::vector<std::string>{"9", "10"});
  config.label = "w_{}_*.wav";
  CHECK_THROWS_WITH(load(config), Contains("data.label = w_{}_*.wav does not fit"));
}

TEST_CASE("shares of a folder's sounds hold every class, and are the same each time") {
  const TemporaryFolder folder;
  const std::string tones = write_tones(folder, 48);
  SoundConfig config = tones_at(tones);
  config.split.test_fraction = 0.25;
  const auto dataset = load(config), again = load(config);
  CHECK(dataset->size(Split::train) == 24);
  for (const Split split : {Split::train, Split::val, Split::test}) {
    const Batch batch = all_of(*dataset, split), same = all_of(*again, split);
    const std::set<std::int32_t> classes(batch.targets.data(), batch.targets.data() + batch.targets.numel());
    CHECK(classes.size() == 3);
    CHECK(std::equal(batch.features.span().begin(), batch.features.span().end(), same.features.span().begin()));
  }
}

TEST_CASE("sounds give the same bits on one, two and three threads, and it is told how far reading is") {
  const TemporaryFolder folder;
  const SoundConfig config = tones_at(write_tones(folder, 150));
  const int before = threads();
  std::vector<std::vector<real>> all;
  std::uint64_t done = 0, of = 0;
  int told = 0;
  LoadOptions options;
  options.progress = [&](const char*, std::uint64_t bytes, std::uint64_t all_bytes) {
    CHECK(bytes > done);
    done = bytes;
    of = all_bytes;
    ++told;
  };
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    done = 0;
    const Batch batch = all_of(*config.load(options), Split::train);
    all.emplace_back(batch.features.span().begin(), batch.features.span().end());
  }
  set_threads(before);
  CHECK(all[0] == all[1]);
  CHECK(all[0] == all[2]);
  CHECK(done == of);
  CHECK(told == 3 * 3);  // 64 files, 128, 150
}

TEST_CASE(
    "sounds of another rate, of two channels, too short or too long are made to fit, and it is told of each kind") {
  const TemporaryFolder folder;
  write_tones(folder, 24);
  SoundConfig config = tones_at(folder.path("tones"));
  CHECK(load(config, 14)->notices().empty());  // all have 4 to 14 frames
  write_sound(folder, "tones/low_fast.wav", tone(300, 4410, 44100), {44100});
  write_sound(folder, "tones/low_twice.wav", tone(300, 1600, 4000), {8000, 2});
  write_sound(folder, "tones/low_short.wav", tone(300, 159));
  write_sound(folder, "tones/low_long.flac", tone(300, 15 * 160), {8000, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16});
  config.label = "{}_*";
  const auto dataset = load(config, 14);
  const std::vector<std::string> notices = dataset->notices();
  REQUIRE(notices.size() == 4);
  CHECK_THAT(notices[0],
             Contains("1 of the sounds (") && Contains("low_fast.wav) had another rate: resampled to 8000"));
  CHECK_THAT(notices[1], Contains("low_twice.wav) had several channels: mixed to one"));
  CHECK_THAT(notices[2], Contains("low_long.flac) had more than 14 frames (model.block_size): cut"));
  CHECK_THAT(notices[3], Contains("low_short.wav) had less than a frame of 20 ms: padded"));
  std::multiset<index_t> lengths;
  for (const Split split : {Split::train, Split::val}) {
    for (index_t i = 0; i < dataset->size(split); ++i) lengths.insert(dataset->length(split, i));
  }
  CHECK(*lengths.begin() == 1);
  CHECK(*lengths.rbegin() == 14);
  const auto whole = load(config);  // whatever their length
  CHECK(whole->notices().size() == 3);
  index_t longest = 0;
  for (index_t i = 0; i < whole->size(Split::train); ++i) longest = std::max(longest, whole->length(Split::train, i));
  CHECK(longest == 15);
}

TEST_CASE("the 3,000 spoken digits are split by their names, every class in each part") {
  const std::string path = real_data("fsdd");
  if (path.empty()) return;
  SoundConfig config;
  config.split.path = {path};
  config.split.test_files = {"*_[0-4].wav"};
  config.label = "{}_*.wav";
  config.sample_rate = 8000;
  const auto dataset = load(config, 64);
  CHECK(dataset->size(Split::train) == 2430);
  CHECK(dataset->size(Split::val) == 270);
  CHECK(dataset->size(Split::test) == 300);
  CHECK(dataset->state().features == std::vector<std::int64_t>{0, 40});
  CHECK(dataset->state().labels == std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
  REQUIRE(dataset->notices().size() == 1);  // a few are long
  for (const Split split : {Split::val, Split::test}) {
    const Batch batch = all_of(*dataset, split);
    std::map<std::int32_t, int> counts;
    for (index_t i = 0; i < batch.targets.numel(); ++i) ++counts[batch.targets[i]];
    CHECK(counts.size() == 10);
    if (split == Split::test) CHECK(counts[7] == 30);
  }
}

}  // namespace heddle
