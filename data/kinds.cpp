#include "data/kinds.h"

#include "data/images/images.h"
#include "data/labels/labelled_text.h"
#include "data/pairs/pairs.h"
#include "data/repeats/repeats.h"
#include "data/sound/sound.h"
#include "data/table/table.h"
#include "data/text/dataset.h"

namespace heddle {
const std::vector<DataKind>& data_kinds() {
  static const std::vector<DataKind> rows = {
      {"text", Content::tokens, make_part<DataConfig, TextConfig>},
      {"images", Content::classes, make_part<DataConfig, ImagesConfig>},
      {"sound", Content::classes, make_part<DataConfig, SoundConfig>},
      {"table", Content::classes, make_part<DataConfig, TableConfig>},
      {"labelled_text", Content::labelled_text, make_part<DataConfig, LabelledTextConfig>},
      {"repeats", Content::recall, make_part<DataConfig, RepeatsConfig>},
      {"pairs", Content::pairs, make_part<DataConfig, PairsConfig>},
  };
  return rows;
}

const DataKind& data_kind(const std::string& name) { return row_named(data_kinds(), name, "data.kind"); }

}  // namespace heddle
