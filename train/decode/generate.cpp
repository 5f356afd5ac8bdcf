#include "train/decode/generate.h"

#include <algorithm>
#include <utility>

#include "framework/autograd.h"
#include "framework/nn/decode_state.h"

namespace heddle {
namespace {

void check_prompt(const std::vector<std::int32_t>& ids) {
  ensure(!ids.empty(), "generate: the prompt holds no token; give a longer one");
}

}  // namespace

void generate(NextToken& model, const std::vector<std::vector<std::int32_t>>& prompts, index_t count,
              const SamplingConfig& sampling, const OnToken& on_token, bool cached) {
  const NoGradGuard no_grad;
  const index_t window = model.context_size();
  struct Row {
    std::vector<std::int32_t> tokens;  // of the prompt at first
    Rng rng;
    index_t written = 0;
    bool done = false;
  };
  std::vector<Row> rows;
  for (const auto& prompt : prompts) {
    check_prompt(prompt);
    const auto skipped = std::max<std::ptrdiff_t>(0, std::ssize(prompt) - window);
    rows.push_back({{prompt.begin() + skipped, prompt.end()},
                    Rng(static_cast<std::uint64_t>(sampling.seed) + rows.size()),
                    0,
                    count == 0});
  }
  // All texts begin at position 0 and grow together. While one is still within its prompt when another is past its own,
  // the next token of the one is the prompt's (as Llama's published program does it).
  index_t size = window;
  for (const Row& row : rows) size = std::min(size, static_cast<index_t>(row.tokens.size()));
  index_t start = 0;  // where the window begins
  DecodeState state(std::max<index_t>(1, std::ssize(rows)), window);
  for (; std::any_of(rows.begin(), rows.end(), [](const Row& row) { return !row.done; }); ++size) {
    if (size - start > window) {
      start = size - std::max<index_t>(1, window / 2);
      state.reset();
    }
    const index_t from = cached ? start + state.length() : start;
    IdTensor inputs({static_cast<index_t>(rows.size()), size - from});
    for (std::size_t r = 0; r < rows.size(); ++r) {
      std::copy(rows[r].tokens.begin() + from, rows[r].tokens.begin() + size,
                inputs.data() + static_cast<index_t>(r) * (size - from));
    }
    Context context;
    context.state = cached ? &state : nullptr;
    context.last_only = true;
    const Tensor logits = model.logits(inputs, context);
    const auto vocabulary = static_cast<std::size_t>(logits.size(-1));
    for (std::size_t r = 0; r < rows.size(); ++r) {
      Row& row = rows[r];
      if (static_cast<index_t>(row.tokens.size()) > size) continue;
      const auto scores = logits.span().subspan(r * vocabulary, vocabulary);
      row.tokens.push_back(row.done ? 0 : sample(scores, sampling, row.rng, static_cast<std::uint64_t>(row.written)));
      if (!row.done) row.done = !on_token(r, row.tokens.back()) || ++row.written == count;
    }
  }
}

void round_weights(Model& model) {
  for (Tensor& weight : multiplied_weights(model)) weight.round_to_bf16();
}

std::string sample_text(NextToken& model, const Tokenizer& tokenizer, index_t count) {
  Prompt prompt = encode_prompt(tokenizer, "");
  std::int32_t before = prompt.ids.back();
  generate(model, {prompt.ids}, count, SamplingConfig(), [&](std::size_t, std::int32_t id) {
    tokenizer.decode_next(prompt.text, before, id);
    before = id;
    return true;
  });
  return prompt.text;
}

namespace {

/// The tokens of blanks; none if they are no tokens of the vocabulary, or unknown ones.
std::vector<std::int32_t> encode_blanks(const Tokenizer& tokenizer, const std::string& blanks) {
  try {
    auto ids = tokenizer.encode(blanks);
    if (tokenizer.unknown() && std::find(ids.begin(), ids.end(), *tokenizer.unknown()) != ids.end()) ids.clear();
    return ids;
  } catch (const Error&) {
    return {};
  }
}

/// Beside the unknown one, which is the first where there are counts.
std::int32_t commonest_token(const Tokenizer& tokenizer) {
  const auto& counts = tokenizer.state().counts;
  if (counts.size() < 2) return 0;
  return static_cast<std::int32_t>(std::max_element(counts.begin() + 1, counts.end()) - counts.begin());
}

}  // namespace

Prompt encode_prompt(const Tokenizer& tokenizer, const std::string& prompt) {
  if (prompt.find_first_not_of(" \t\n\v\f\r") != std::string::npos) {
    auto ids = tokenizer.encode(prompt, Specials::allowed);
    check_prompt(ids);
    return {std::move(ids), prompt};
  }
  if (auto ids = encode_blanks(tokenizer, prompt); !ids.empty()) return {std::move(ids), prompt};
  if (auto ids = encode_blanks(tokenizer, "\n"); !ids.empty()) return {std::move(ids), ""};
  const std::int32_t first = commonest_token(tokenizer);
  return {{first}, tokenizer.piece(first)};
}

}  // namespace heddle
