#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "framework/check.h"
#include "tests/temporary_folder.h"

/// What the searches for bytes that a reader does not stand have in common. Each is a file fuzz_NAME.cpp with the
/// inputs in corpus/NAME; an input's first byte, a letter, picks the law that is tried with the rest. A reader of bytes
/// may refuse them with Error, in one line, or give what keeps its law: nothing else.
///
/// replay_test.cpp tries all of them on their inputs and changes of these. To search for new ones, with the NAME of
/// one:
///
///   cmake -B build-fuzz -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DHEDDLE_FUZZ=ON
///   cd build-fuzz && ninja && mkdir found
///   TMPDIR=/dev/shm ./fuzz_NAME -max_len=4000 -timeout=5 -malloc_limit_mb=200 -detect_leaks=0 found
///   ../tests/fuzz/corpus/NAME
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace heddle::fuzz {

inline void check(bool ok, const char* law, std::string_view shown = {}) {
  if (ok) return;
  std::fprintf(stderr, "law broken: %s %s\n", law, std::string(shown).c_str());
  std::abort();
}

/// What `body` returns; nothing where it refuses with Error, the only exception that it may throw.
template <class Body>
std::optional<std::invoke_result_t<Body>> unless_error(const Body& body) {
  try {
    return body();
  } catch (const Error& e) {
    const std::string_view line = e.what();
    check(!line.empty() && line.find('\n') == line.npos, "an Error is one line:", line);
    return std::nullopt;
  }
}

/// Takes a byte from the front of an input; 0 where it has none.
inline unsigned next_byte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<unsigned char>(input[0]);
  input.remove_prefix(1);
  return byte;
}

/// Takes what stands before the next 0 byte, and that byte.
inline std::string_view next_part(std::string_view& input) {
  const std::string_view part = input.substr(0, input.find('\0'));
  input.remove_prefix(std::min(part.size() + 1, input.size()));
  return part;
}

/// Puts a file with an input's bytes where readers look for it, and returns its path.
inline std::string write_input(const std::string& name, std::string_view bytes) {
  static const TemporaryFolder folder;
  return folder.write(name, std::string(bytes));
}

/// Tries the law that the first byte picks: 'a' the first.
template <std::size_t count>
int try_law(const std::array<void (*)(std::string_view), count>& laws, const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  laws[static_cast<std::uint8_t>(data[0] - 'a') % count](input.substr(1));
  return 0;
}

}  // namespace heddle::fuzz
