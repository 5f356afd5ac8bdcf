#include "train/analysis/words/token_statistics.h"

#include <catch2/catch.hpp>

#include "data/tokenizer/byte.h"

namespace heddle {
namespace {

TokenStatistics of(const std::string& text) {
  std::size_t at = 0;
  return token_statistics(*make_byte_tokenizer(train_byte_tokenizer({}, {})),
                          [&](std::string& into, std::size_t count) {
                            into += text.substr(at, count);
                            at = std::min(text.size(), at + count);
                            return at < text.size();
                          });
}

}  // namespace

TEST_CASE("a text's bytes, characters, words and tokens are counted, and the tokens that it leaves out") {
  const TokenStatistics found = of("aaaa aaaaaa\tnaïve\n bb");
  CHECK(found.bytes == 22);
  CHECK(found.characters == 21);  // ï is two bytes
  CHECK(found.words == 4);
  CHECK(found.tokens == 22);
  CHECK(found.bytes_per_token() == 1);
  CHECK(found.frequencies['a'] == 11);
  CHECK(found.frequencies['b'] == 2);
  CHECK(found.unused == 256 - 10);
  CHECK(found.rare == 9);  // all but a, which stands there more than nine times
  CHECK(found.most_used(3) == std::vector<std::int32_t>{'a', ' ', 'b'});
  CHECK(found.most_used(1000).size() == 10);    // of those that are used
  CHECK(of("bbbbbbbbbb ccccccccc").rare == 2);  // ten times is not rare
}

}  // namespace heddle
