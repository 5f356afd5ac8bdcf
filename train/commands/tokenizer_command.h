#pragma once

#include <string>
#include <vector>

namespace heddle {

/// The parts of `heddle tokenizer`; each takes what follows its name.
int tokenizer_train(const std::vector<std::string>& arguments);
int tokenizer_encode(const std::vector<std::string>& arguments);
int tokenizer_decode(const std::vector<std::string>& arguments);
int tokenizer_show(const std::vector<std::string>& arguments);
int tokenizer_stats(const std::vector<std::string>& arguments);

}  // namespace heddle
