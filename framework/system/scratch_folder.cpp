#include "framework/system/scratch_folder.h"

#include <stdlib.h>

#include "framework/check.h"

namespace heddle {
namespace fs = std::filesystem;

ScratchFolder::ScratchFolder() {
  std::string name = (fs::temp_directory_path() / "heddle-XXXXXX").string();
  ensure(::mkdtemp(name.data()) != nullptr, "no folder can be made in ", fs::temp_directory_path().string(),
         "; give another with TMPDIR");
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace heddle
