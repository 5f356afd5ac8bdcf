#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "data/images/picture.h"
#include "framework/check.h"

namespace heddle {

/// What is cut off anywhere is refused in one line that names the file; any other byte in a place of `bytes` either
/// gives a picture of the size that it says or is refused so.
template <class Decode>
void check_hard_bytes(const std::string& bytes, const Decode& decode) {
  const auto refusal = [&](const std::string& changed) -> std::string {
    try {
      const Picture picture = decode(changed, "some.file");
      CHECK(std::ssize(picture.pixels) == picture.channels * picture.height * picture.width);
      CHECK(picture.pixels.size() > 0);
    } catch (const Error& e) {
      const std::string line = e.what();
      CHECK(line.find("some.file") != line.npos);
      CHECK(line.find('\n') == line.npos);
      return line;
    }
    return "";
  };
  REQUIRE(refusal(bytes).empty());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    INFO(size << " bytes of " << bytes.size());
    CHECK_FALSE(refusal(bytes.substr(0, size)).empty());
  }
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
      INFO("byte " << at << " changed by " << flip);
      std::string changed = bytes;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flip);
      refused += refusal(changed).empty() ? 0 : 1;
    }
  }
  CHECK(refused > 0);
}

}  // namespace heddle
