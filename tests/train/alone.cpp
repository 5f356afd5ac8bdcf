// The program's beginning, as if it were built without MPI.

#include <cstdio>

#include "framework/check.h"
#include "framework/system/ranks.h"

int main() {
  try {
    const heddle::JoinedRanks joined;
    std::puts("alone");
    return 0;
  } catch (const heddle::Error& e) {
    heddle::abort_ranks(e.what(), 1);
  }
}
