#include "models/vit.h"

#include <cmath>
#include <numeric>

#include "models/classifier.h"

namespace heddle {
namespace {

/// Sizes that divide height and width: "1, 2, 4, 7, 14, 28".
std::string common_divisors(index_t height, index_t width) {
  const index_t all = std::gcd(height, width);
  std::string list;
  for (index_t i = 1; i <= all; ++i) {
    if (all % i == 0) list += (i > 1 ? ", " : "") + std::to_string(i);
  }
  return list;
}

/// Images [B, C, H, W] as the pixels of their patches [B, H / size * W / size, C * size * size].
Tensor patches_of(const Tensor& images, index_t size) {
  const index_t batch = images.size(0), channels = images.size(1);
  const index_t rows = images.size(2) / size, columns = images.size(3) / size;
  const Tensor parts = reshape(images, Shape{batch, channels, rows, size, columns, size});
  return reshape(permute(parts, {0, 2, 4, 1, 3, 5}), Shape{batch, rows * columns, channels * size * size});
}

}  // namespace

std::vector<Key> ViTConfig::keys() {
  std::vector<Key> all = transformer_keys();
  all.emplace_back("patch_size", patch_size, "pixels a side of the square patches that are tokens; divides the images",
                   1, 4096);
  return all;
}

std::unique_ptr<Model> ViTConfig::build(const DataSpec& data, Initializer init) const {
  return std::make_unique<ViT>(*this, data, init);
}

ViT::ViT(const ViTConfig& config, const DataSpec& data, Initializer init)
    : patch_size_(config.patch_size), dropout_{config.dropout} {
  ensure(data.features.ndim() == 3 && data.labels.size() >= 2,
         "vit: wants images [channels, height, width] of at least two classes; the data has rows of ", data.features,
         " and ", data.labels.size(), " classes");
  const index_t channels = data.features[0], height = data.features[1], width = data.features[2];
  ensure(height % patch_size_ == 0 && width % patch_size_ == 0, "model.patch_size = ", patch_size_,
         " does not divide images of ", width, " x ", height, "; choose one of ", common_divisors(height, width),
         ", or another data.image_size");
  const TransformerOptions options = config.transformer_options();
  const index_t pixels = channels * patch_size_ * patch_size_;
  const index_t patches = height / patch_size_ * (width / patch_size_), tokens = patches + 1;
  // pixels are standardized: so patches, their positions and the class token begin equally large
  patch_embedding =
      Linear(pixels, config.n_embd, true, init, options.stddev() / std::sqrt(static_cast<double>(pixels)));
  class_token = Embedding(1, config.n_embd, init, options.stddev());
  position_embedding = PositionEmbedding(config.positions, tokens, config.n_embd, init, options.stddev());
  transformer = Transformer(options, init);
  const double head = static_cast<double>(config.n_embd) * static_cast<double>(data.labels.size());
  index_t block_weights = 0;
  for (const NamedParameter& p : heddle::named_parameters(transformer))
    block_weights += p.multiplied ? p.tensor.numel() : 0;
  classifier = Linear(config.n_embd, std::ssize(data.labels), true, init, options.stddev(), Role::table);
  // A product, its weight's gradient and its input's; but for the patches, since an image needs no gradient.
  row_flops_ = static_cast<double>(tokens) * transformer_flops(block_weights, config, tokens) +
               4.0 * static_cast<double>(patches * pixels * config.n_embd) + 6.0 * head;
}

Tensor ViT::class_scores(const Batch& batch, Context& context) {
  const Tensor patches = patch_embedding.forward(patches_of(batch.features, patch_size_), context);
  const Tensor first = class_token.forward(IdTensor(Shape{batch.rows(), 1}));
  Tensor x = position_embedding.forward(concat({first, patches}, 1));
  x = transformer.forward(dropout_.forward(x, context), context, AttentionOptions());
  return classifier.forward(reshape(slice(x, 1, 0, 1), Shape{batch.rows(), x.size(2)}), context);
}

Loss ViT::loss(const Batch& batch, index_t divisor, Context& context) {
  return class_loss(class_scores(batch, context), batch, divisor);
}

double ViT::flops(const Batch& batch) { return row_flops_ * static_cast<double>(batch.rows()); }

}  // namespace heddle
