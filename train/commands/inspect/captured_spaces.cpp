#include "train/commands/inspect/captured_spaces.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "train/analysis/geometry/random_order.h"

namespace heddle {
namespace {

/// Where a space stands among the others: streams first, then by stack, layer and what of an attention it is.
std::tuple<bool, std::string, index_t, std::string, std::size_t> place_of(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  const std::string last = name.substr(slash + 1), path = name.substr(0, slash);
  if (path.ends_with("hidden_states")) return {false, path, std::stoll(last), "", 0};
  const std::size_t layer = path.find("blocks/") + 7;
  const std::size_t part = last == "queries" ? 0 : last == "keys" ? 1 : 2;
  return {true, path.substr(0, layer), std::stoll(path.substr(layer)), path, part};
}

/// Whether what stands at a place is of the source: of a model with two sides.
bool of_source(const std::string& name) {
  const bool keys = name.ends_with("/keys") || name.ends_with("/values");
  return keys ? keys_of_source(name.substr(0, name.rfind('/'))) : queries_of_source(name);
}

/// What passed through a place so far: [N, heads, D].
struct Rows {
  std::string name;
  std::vector<real> values;
  std::vector<std::int32_t> ids;
  index_t heads = 1, dims = 0;

  CapturedSpace space() && {
    CapturedSpace space{name, {}, std::move(ids)};
    const index_t count = std::ssize(values) / (heads * dims);
    if (std::ssize(space.ids) != count) space.ids.clear();  // a place is no token
    for (index_t head = 0; head < heads; ++head) {
      Tensor& vectors = space.heads.emplace_back(Shape{count, dims});
      real* const to = vectors.mutable_data();
      for (index_t i = 0; i < count; ++i) std::copy_n(values.data() + (i * heads + head) * dims, dims, to + i * dims);
    }
    return space;
  }
};

}  // namespace

std::vector<CapturedSpace> captured_spaces(Model& model, const DataState& data, const std::vector<Batch>& batches) {
  std::map<decltype(place_of("")), Rows> found;
  for (const Batch& batch : batches) {
    ensure(batch.rows() == 1, "geometry: a batch of ", batch.rows(), " rows may hold padding; show one row at a time");
    Capture capture;
    for (const char* const wanted : {"*hidden_states/*", "*attention/queries", "*attention/keys", "*attention/values"})
      capture.want(wanted);
    run_captured(model, data, batch, capture);
    for (const auto& [name, passed] : capture.kept()) {
      Rows& rows = found[place_of(name)];
      rows.name = name;
      if (rows.values.empty())
        rows.values.reserve(batches.size() * passed.span().size());  // for all, if all are as long
      rows.values.insert(rows.values.end(), passed.span().begin(), passed.span().end());
      rows.heads = passed.ndim() == 4 ? passed.size(2) : 1;
      rows.dims = passed.size(-1);
      const IdTensor& ids = of_source(name) ? batch.source : batch.inputs;
      if (ids.numel() == passed.size(1)) rows.ids.insert(rows.ids.end(), ids.data(), ids.data() + ids.numel());
    }
  }
  std::vector<CapturedSpace> spaces;
  for (auto& [place, rows] : found) {
    spaces.push_back(std::move(rows).space());
    rows = {};  // the largest thing here
  }
  return spaces;
}

std::vector<Batch> with_shuffled_tokens(std::vector<Batch> batches, const Rng& rng) {
  std::uint64_t side = 0;
  for (IdTensor Batch::*const ids : {&Batch::inputs, &Batch::source}) {
    std::vector<std::int32_t> all;
    for (const Batch& batch : batches)
      all.insert(all.end(), (batch.*ids).data(), (batch.*ids).data() + (batch.*ids).numel());
    const std::vector<std::size_t> order = random_order(all.size(), rng.fork(side++));
    std::size_t next = 0;
    for (Batch& batch : batches) {
      for (index_t i = 0; i < (batch.*ids).numel(); ++i) (batch.*ids)[i] = all[order[next++]];
    }
  }
  return batches;
}

}  // namespace heddle
