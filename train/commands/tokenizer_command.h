#pragma once

#include "train/run/checkpoint.h"

namespace heddle {

/// Says on standard error what an answer is about to come from, where that is a checkpoint, and what a tokenizer's file
/// asks for in vain.
void tell_source(const LoadedTokenizer& loaded);

}  // namespace heddle
