#include "train/generate.h"

namespace heddle {

void generate(Model& model, std::vector<std::int32_t> prompt, index_t count, const SamplingConfig& sampling,
              const std::function<bool(std::int32_t)>& on_token, bool cached) {
  ensure(!prompt.empty(), "generate: the prompt is empty");
  const NoGradGuard no_grad;
  const Rng rng(static_cast<std::uint64_t>(sampling.seed));
  const index_t window = model.block_size();
  std::vector<std::int32_t>& tokens = prompt;
  const auto size = [&] { return static_cast<index_t>(tokens.size()); };
  index_t start = std::max<index_t>(0, size() - window);  // where the window begins
  KeyValueCache cache;
  for (index_t i = 0; i < count; ++i) {
    if (size() - start > window) {
      start = size() - std::max<index_t>(1, window / 2);
      cache = {};
    }
    const index_t from = cached ? start + cache.length : start;
    IdTensor inputs({1, size() - from});
    std::copy(tokens.begin() + from, tokens.end(), inputs.data());
    Context context;
    context.cache = cached ? &cache : nullptr;
    const Tensor logits = model.logits(inputs, context);
    const index_t vocabulary = logits.size(-1);
    const auto last = logits.span().last(static_cast<std::size_t>(vocabulary));
    tokens.push_back(sample(last, sampling, rng, static_cast<std::uint64_t>(i)));
    if (!on_token(tokens.back())) return;
  }
}

std::string sample_text(Model& model, const Tokenizer& tokenizer, index_t count) {
  std::string text;
  std::int32_t before = -1;
  generate(model, encode_prompt(tokenizer, ""), count, SamplingConfig(), [&](std::int32_t id) {
    tokenizer.decode_next(text, before, id);
    before = id;
    return true;
  });
  return text;
}

std::vector<std::int32_t> encode_prompt(const Tokenizer& tokenizer, const std::string& prompt) {
  if (!prompt.empty()) return tokenizer.encode(prompt, Specials::allowed);
  try {
    return tokenizer.encode("\n");
  } catch (const Error&) {
    return {0};
  }
}

}  // namespace heddle
