#include "train/analysis/circuits/head_weights.h"

#include <cmath>
#include <map>

#include "framework/ops.h"

namespace heddle {
namespace {

constexpr std::string_view kProjection = "/proj/weight";

Tensor centred(const Tensor& x) { return x - mean(x, {1}, true); }

}  // namespace

Tensor fold_norm(const Tensor& w, const Tensor& weight, NormKind kind) {
  const Tensor scaled = weight.defined() ? w * weight : w;
  return kind == NormKind::layer ? centred(scaled) : scaled;
}

Tensor scale_rows(const Tensor& x, const Tensor& weight, NormKind kind) {
  const Tensor shifted = kind == NormKind::layer ? centred(x) : x;
  return weight.defined() ? shifted * weight : shifted;
}

std::vector<HeadWeights> head_weights(const std::vector<NamedParameter>& parameters,
                                      const TransformerOptions& options) {
  std::map<std::string, Tensor> named;
  for (const NamedParameter& parameter : parameters) named[parameter.name] = parameter.tensor.detach();
  const auto weight_of = [&](const std::string& name) {
    const auto found = named.find(name + "/weight");
    return found != named.end() ? found->second : Tensor();
  };
  const auto rows = [](const Tensor& x, index_t begin, index_t count) { return slice(x, 0, begin, begin + count); };
  const index_t size = options.n_embd / options.n_head, groups = options.n_kv_head;
  std::vector<HeadWeights> heads;
  for (const NamedParameter& parameter : parameters) {
    if (!parameter.name.ends_with("attention" + std::string(kProjection))) continue;
    HeadWeights of;
    of.attention = parameter.name.substr(0, parameter.name.size() - kProjection.size());
    of.layer = layer_of(of.attention);
    of.scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(size)));
    const bool cross = of.cross();
    const Tensor norm = weight_of(concat_text(of.path(), "blocks/", of.layer, cross ? "/norm_cross" : "/norm1"));
    const auto reads_stream = [&](const Tensor& w) {
      return options.norm_position == NormPosition::pre ? fold_norm(w, norm, options.norm.kind) : w;
    };
    const Tensor packed = weight_of(of.attention + (cross ? "/q" : "/qkv"));
    const Tensor others = cross ? weight_of(of.attention + "/kv") : rows(packed, options.n_embd, 2 * groups * size);
    for (index_t head = 0; head < options.n_head; ++head) {
      const index_t group = head / (options.n_head / groups);
      of.head = head;
      of.query = reads_stream(rows(packed, head * size, size));
      const Tensor key = rows(others, group * size, size), value = rows(others, (groups + group) * size, size);
      of.key = cross ? key : reads_stream(key);
      of.value = cross ? value : reads_stream(value);
      of.output = slice(named[parameter.name], 1, head * size, (head + 1) * size);
      heads.push_back(of);
    }
  }
  ensure(!heads.empty(), "circuits: the model has no attention; choose a run of a transformer");
  return heads;
}

}  // namespace heddle
