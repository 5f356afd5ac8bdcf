#include "data/kinds.h"

#include "data/images/images.h"
#include "data/pairs/pairs.h"
#include "data/table/table.h"
#include "data/text/dataset.h"

namespace heddle {
namespace {

template <class Config>
std::unique_ptr<DataConfig> make() {
  return std::make_unique<Config>();
}

}  // namespace

const std::vector<DataKind>& data_kinds() {
  static const std::vector<DataKind> rows = {
      {"text", Content::tokens, make<TextConfig>},
      {"images", Content::classes, make<ImagesConfig>},
      {"table", Content::classes, make<TableConfig>},
      {"pairs", Content::pairs, make<PairsConfig>},
  };
  return rows;
}

const DataKind& data_kind(const std::string& name) {
  std::string known;
  for (const DataKind& row : data_kinds()) {
    if (name == row.name) return row;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  throw Error(concat_text("data.kind = ", name, ": no such kind of data; choose one of: ", known));
}

}  // namespace heddle
