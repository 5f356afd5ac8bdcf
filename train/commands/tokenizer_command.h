#pragma once

#include "data/text/text_source.h"
#include "train/run/checkpoint.h"

namespace heddle {

/// Says on standard error what TextSource::notices has to say.
void tell_notices(const TextSource& source);

/// Says on standard error what an answer is about to come from, where that is a checkpoint, and what a tokenizer's file
/// asks for in vain.
void tell_source(const LoadedTokenizer& loaded);

}  // namespace heddle
