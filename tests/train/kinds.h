#pragma once

#include <string>
#include <vector>

#include "tests/data/images/idx.h"
#include "tests/data/sound/sounds.h"
#include "tests/temporary_folder.h"

namespace heddle {

using Arguments = std::vector<std::string>;

struct Kinds {
  std::string model, data;
  Arguments sizes;
};

inline const Arguments kTransformer = {"--model.n_layer=1", "--model.n_head=2", "--model.n_embd=16",
                                       "--model.dropout=0.1"};

inline Arguments with(Arguments some, const Arguments& more) {
  some.insert(some.end(), more.begin(), more.end());
  return some;
}

/// A row for each kind of model with each kind of data that it has a task for.
inline std::vector<Kinds> all_kinds() {
  return {
      {"gpt", "text", with(kTransformer, {"--model.block_size=16"})},
      {"bert", "text", with(kTransformer, {"--model.block_size=16", "--data.special_tokens=[MASK]"})},
      {"bert", "labelled_text", with(kTransformer, {"--model.block_size=16"})},
      {"recurrent",
       "text",
       {"--model.n_embd=12", "--model.n_hidden=20", "--model.block_size=16", "--model.dropout=0.1",
        "--model.embedding_dropout=0.1", "--train.order=contiguous"}},
      {"word2vec", "text", {"--data.tokenizer=letters", "--model.block_size=16", "--model.n_embd=12"}},
      {"gpt", "repeats", with(kTransformer, {"--model.block_size=16"})},
      {"recurrent", "repeats", {"--model.n_embd=12", "--model.n_hidden=20", "--model.block_size=16"}},
      {"seq2seq", "pairs",
       with(kTransformer, {"--model.mlp_width=16", "--model.block_size=16", "--train.order=lengths"})},
      {"mlp", "table", {"--model.hidden=8", "--model.dropout=0.1"}},
      {"cnn", "images", {"--model.hidden=8", "--model.dropout=0.1", "--data.shift=1"}},
      {"vit", "images", with(kTransformer, {"--data.flip=true"})},
      {"audio", "sound", with(kTransformer, {"--model.channels=4", "--model.block_size=32", "--data.speed=0.2"})},
  };
}

/// A little data of a kind, as the arguments that name it.
inline Arguments some_data(const TemporaryFolder& folder, const std::string& kind) {
  std::string path = "builtin:kingdom";
  Arguments more = {"--data.size=20000"};
  if (kind == "repeats") {
    path = "builtin:repeats";
    more = {"--data.size=60", "--data.min_period=3", "--data.max_period=7"};
  } else if (kind == "table") {
    path = "builtin:xor";
    more = {"--data.size=64", "--data.val_fraction=0.25"};
  } else if (kind == "images") {
    const Quarters quarters(40);
    folder.write("quarters/labels", quarters.labels);
    path = folder.write("quarters/images", quarters.images);
    more = {"--data.val_fraction=0.3"};
  } else if (kind == "sound") {
    path = write_tones(folder, 40);
    more = {"--data.label={}_*.wav", "--data.sample_rate=8000", "--data.mels=8", "--data.val_fraction=0.3"};
  } else if (kind != "text") {
    std::string rows;
    for (int i = 0; i < 40; ++i)
      rows += std::string(static_cast<std::size_t>(1 + i % 5), 'a') + (i % 3 == 0 ? " b\tyes\n" : " c d\tno\n");
    path = folder.write("rows.tsv", rows);
    more = {"--data.vocab_size=270", "--data.val_fraction=0.3"};
    if (kind == "pairs") more = with(more, {"--data.source=1", "--data.target=2"});
  }
  return with({"--data.kind=" + kind, "--data.path=" + path}, more);
}

}  // namespace heddle
