#include "train/run/origin.h"

#include <algorithm>
#include <boost/version.hpp>
#include <fstream>

#include "framework/archive/file.h"
#include "framework/gemm.h"
#include "framework/parallel.h"

namespace heddle {
namespace {

std::string processor_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  }
  return "unknown";
}

}  // namespace

std::string Origin::command_line() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
  std::string text;
  for (std::string word; std::getline(in, word, '\0');) {
    if (word.empty() || word.find_first_not_of(kPlain) != word.npos) {
      std::string quoted;
      for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
      word = '\'' + quoted + '\'';
    }
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

Origin Origin::here(const Experiment& experiment) {
  return {HEDDLE_VERSION, HEDDLE_COMMIT, processor_name(), heddle::instruction_set(),
          experiment.precision() == Precision::bf16 ? "bf16" : "f32"};
}

std::vector<std::string> Origin::differences(const Origin& now) const {
  std::vector<std::string> lines;
  const auto compare = [&](const char* what, const std::string& was, const std::string& is, const char* follows) {
    if (was != is) lines.push_back(concat_text(what, " was ", was, " and is ", is, " now: ", follows));
  };
  compare("precision", precision, now.precision, "the run goes on with other bits; run.precision says which");
  compare("the instruction set", instruction_set, now.instruction_set, "the run goes on with other bits");
  compare("heddle", program + " (" + commit + ")", now.program + " (" + now.commit + ")",
          "the run may go on with other bits");
  return lines;
}

std::string Origin::version_text() {
  return concat_text("heddle ", HEDDLE_VERSION, " (", HEDDLE_COMMIT, "), ", heddle::instruction_set());
}

std::string Origin::libraries_text() {
  std::string boost = BOOST_LIB_VERSION;
  std::replace(boost.begin(), boost.end(), '_', '.');
  return concat_text(gemm_library(), ", ", threads_library(), ", ", file_library(), ", Boost ", boost);
}

}  // namespace heddle
