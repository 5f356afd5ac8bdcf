#include "train/commands/inspect/inspect_command.h"

#include <algorithm>

#include "data/pairs/pairs.h"
#include "data/sampler.h"
#include "models/capabilities.h"
#include "models/transformer_config.h"
#include "train/commands/commands.h"
#include "train/decode/beam.h"

namespace heddle {

std::vector<Key> InspectOptions::keys() {
  return {
      {"text", text, "what the model is shown: a text, of a model that translates the source"},
      {"target", target, "of a model that translates: the translation; none: its own"},
  };
}

namespace {

using Ids = Tokenizer::Ids;

IdTensor one_row(const Ids& ids) { return IdTensor(ids, {1, std::ssize(ids)}); }

std::vector<std::string> pieces_of(const Tokenizer& tokenizer, const IdTensor& ids) {
  std::vector<std::string> names;
  for (index_t i = 0; i < ids.numel(); ++i) names.push_back(tokenizer.piece(ids[i]));
  return names;
}

void check_length(const Ids& ids, index_t longest) {
  ensure(!ids.empty(), "inspect: the text holds no token; give a longer one");
  ensure(std::ssize(ids) <= longest, "inspect: the text has ", ids.size(), " tokens, the model sees ", longest,
         "; give a shorter one");
}

Batch pair_batch(const LoadedRun& run, Translator& model, const InspectOptions& options) {
  const auto tokenizer = run.tokenizer();
  const SentenceEnds ends = sentence_ends(tokenizer->state());
  index_t cut = 0;
  const auto tokens_of = [&](const std::string& text) {
    Ids ids = encode_sentences(*tokenizer, std::vector{text}, 0, cut)[0];
    check_length(ids, model.context_size() - 1);
    return ids;
  };
  Batch batch;
  Ids source = tokens_of(options.text), target;
  set_source(batch, {source}, ends);
  if (options.target.empty()) {
    source.push_back(ends.end);
    target = beam_search(model, {source}, {ends.begin, ends.end}, {}, Precision::f32, 1, true)[0].tokens;
    if (std::ssize(target) >= model.context_size()) target.resize(static_cast<std::size_t>(model.context_size() - 1));
  } else {
    target = tokens_of(options.target);
  }
  target.insert(target.begin(), ends.begin);
  batch.inputs = one_row(target);
  return batch;
}

Batch text_batch(const LoadedRun& run, index_t longest, bool both_ways, const std::string& text,
                 std::vector<std::string>& notices) {
  const auto tokenizer = run.tokenizer();
  Ids ids = tokenizer->encode(text, Specials::allowed);
  if (both_ways) ids = between_ends(tokenizer->state(), std::move(ids));
  check_length(ids, longest);
  notices.push_back(unknown_notice("the text", *tokenizer, ids));
  Batch batch;
  batch.inputs = one_row(ids);
  return batch;
}

Batch class_batch(const LoadedRun& run, const InspectOptions& options, std::vector<std::string>& notices) {
  LoadOptions load;
  load.known = &run.data;
  load.block_size = run.experiment->model->block_size();
  const std::vector<std::string> texts = options.text.empty() ? std::vector<std::string>() : std::vector{options.text};
  const Examples examples = run.experiment->data->examples(options.files, texts, load);
  notices = examples.dataset->notices();
  if (examples.names.size() > 1)
    notices.push_back(
        concat_text("of ", examples.names.size(), " examples the first is looked at: ", examples.names[0]));
  return get_examples(*examples.dataset, Split::test, 0, 1);
}

}  // namespace

InspectedExample inspected_example(const LoadedRun& run, const InspectOptions& options,
                                   std::shared_ptr<const Dataset> dataset) {
  Model& model = *run.model;
  auto* const writer = find_capability<NextToken>(model);
  auto* const translator = find_capability<Translator>(model);
  auto* const filler = find_capability<TokenFiller>(model);
  const bool classifies = !run.data.labels.empty() && find_capability<Classifier>(model) != nullptr;
  ensure(classifies || options.files.empty(), "inspect: this model is shown texts, not files; give --text");
  ensure(translator != nullptr || options.target.empty(),
         "inspect: --target is of a model that translates; leave it out");
  InspectedExample example;
  if (options.text.empty() && options.files.empty()) {
    ensure(options.target.empty(), "inspect: --target is the translation of a --text; give that too");
    if (dataset == nullptr) dataset = run.experiment->load_data(&run.data);
    ensure(dataset->size(Split::val) > 0, "inspect: no example validates; give --text");
    example.batch = get_examples(*dataset, Split::val, 0, 1);
    example.notices.emplace_back("the first example that validates is looked at; --text or a file shows another");
  } else if (classifies) {
    example.batch = class_batch(run, options, example.notices);
  } else if (translator != nullptr) {
    example.batch = pair_batch(run, *translator, options);
  } else {
    ensure_attention(run, writer != nullptr || filler != nullptr);
    example.batch = text_batch(run, writer != nullptr ? writer->context_size() : filler->context_size(),
                               writer == nullptr, options.text, example.notices);
  }
  if (example.batch.inputs.numel() > 0) example.inputs = pieces_of(*run.tokenizer(), example.batch.inputs);
  if (example.batch.source.numel() > 0) example.source = pieces_of(*run.tokenizer(), example.batch.source);
  return example;
}

std::vector<Batch> validating_batches(const Dataset& dataset, index_t tokens) {
  constexpr index_t kRowOfNumbers = 64;
  const index_t examples = dataset.size(Split::val);
  ensure(examples > 0, "inspect: no example validates; choose a run whose data has a validation split");
  std::vector<Batch> batches;
  for (index_t i = 0, shown = 0; i < examples && shown < tokens; ++i) {
    const Batch& batch = batches.emplace_back(get_examples(dataset, Split::val, i, 1));
    shown += batch.features.defined() ? kRowOfNumbers : batch.inputs_shown();
  }
  return batches;
}

void ensure_attention(const LoadedRun& run, bool has_attention) {
  ensure(has_attention, "inspect: model.kind = ", run.experiment->model_kind,
         " has no attention; choose a run of a transformer");
}

std::vector<std::string> captured_attentions(const LoadedRun& run, const Capture& capture) {
  std::vector<std::string> all = attentions(capture);
  ensure_attention(run, !all.empty());
  return all;
}

HeadView captured_head(const LoadedRun& run, const Capture& capture, const std::string& attention, index_t head) {
  const auto parameters = run.model->named_parameters();
  const auto projection = std::find_if(parameters.begin(), parameters.end(), [&](const NamedParameter& parameter) {
    return parameter.name == attention + "/proj/weight";
  });
  ensure(projection != parameters.end(), "inspect: ", attention, " has no projection");
  const auto* const config = dynamic_cast<const TransformerConfig*>(run.experiment->model.get());
  const double scale = config != nullptr ? config->transformer_options().scale.value_or(0) : 0;
  return view_head(capture, attention, projection->tensor, scale, head);
}

CommandFunction inspect_attention, inspect_heads, inspect_circuits, inspect_geometry, inspect_lens, inspect_scaling;

int inspect_command(const std::vector<std::string>& arguments) {
  static const std::vector<Command> parts = {
      {"attention", "one head's attention in five steps, with the model's own numbers", inspect_attention},
      {"heads", "what each head looks at, and how much the loss rises without it", inspect_heads},
      {"scaling", "why scores are divided by the root of the dimension: on random vectors, and in a run",
       inspect_scaling},
      {"circuits", "what heads do by their weights: spectra, copying, token pairs, composition", inspect_circuits},
      {"geometry", "how vectors lie in the spaces of a run, beside an untrained model; laws of high dimensions",
       inspect_geometry},
      {"lens", "one prediction layer by layer, and what heads, MLPs and embeddings add to it", inspect_lens},
  };
  return run_part("inspect", parts, arguments);
}

}  // namespace heddle
