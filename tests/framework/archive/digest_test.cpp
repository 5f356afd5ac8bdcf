#include "framework/archive/digest.h"

#include "framework/archive/item.h"
#include "tests/framework/archive/archive_fixture.h"

namespace heddle::detail {
namespace {

std::uint64_t digest_of(const std::string& bytes) { return detail::digest_of(bytes.data(), bytes.size()); }

TEST_CASE("a digest tells bytes apart that differ in a bit, in order or in number", "[archive]") {
  const std::string zero(1, '\0');
  CHECK(digest_of("ab") != digest_of("ab" + zero));
  CHECK(digest_of("") != digest_of(zero));
  CHECK(digest_of("12345678abcdefgh") != digest_of("abcdefgh12345678"));
  const std::string text = "twenty-three bytes long";
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string other = text;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    CHECK(digest_of(other) != digest_of(text));
  }
}

TEST_CASE("a digest in one call is that of the words in turn", "[archive]") {
  Digest once, twice;
  once.add("12345678abc", 11);
  twice.add("12345678", 8);
  twice.add("abc", 3);
  CHECK(once.value() == twice.value());
}

TEST_CASE("a digest of many blocks does not depend on threads, and each of its bytes counts", "[archive]") {
  std::string bytes(3 * kDigestBlock + 5, 'x');
  const int before = threads();
  set_threads(1);
  const std::uint64_t one = digest_of(bytes);
  set_threads(3);
  CHECK(digest_of(bytes) == one);
  set_threads(before);
  for (const std::size_t at : {std::size_t{0}, kDigestBlock - 1, kDigestBlock, 2 * kDigestBlock, bytes.size() - 1}) {
    bytes[at] = 'y';
    CHECK(digest_of(bytes) != one);
    bytes[at] = 'x';
  }
}

TEST_CASE("HDF5's checksum gives its author's value", "[archive]") {
  CHECK(metadata_checksum("Four score and seven years ago", 30) == 0x17770551U);
  CHECK(metadata_checksum("", 0) == 0xdeadbeefU);
}

TEST_CASE("items whose bytes mean other things have other forms", "[archive]") {
  const auto form = [](Item::Kind kind, NumberType type, std::vector<index_t> sizes) {
    return Item::of(kind, type, std::move(sizes)).form();
  };
  using Kind = Item::Kind;
  CHECK(form(Kind::dataset, NumberType::f32, {2, 3}) == "dataset float32 [2, 3]");
  CHECK(form(Kind::dataset, NumberType::f32, {3, 2}) == "dataset float32 [3, 2]");
  CHECK(form(Kind::dataset, NumberType::i32, {}) == "dataset int32");
  CHECK(form(Kind::attribute, NumberType::i32, {}) == "attribute int32");
  CHECK(Item{}.form() == "group");
  CHECK(Item{Kind::dataset, kTextType, 4, {2}, 8}.form() == "dataset text [2] of 4 bytes");
  CHECK(Item{Kind::dataset, kTextType, 2, {4}, 8}.form() == "dataset text [4] of 2 bytes");
}

TEST_CASE("a list of checksums reads as it was written, and nothing else reads as one", "[archive]") {
  const std::vector<Checksum> list = {{0, "group", "/a b"}, {~std::uint64_t{0}, "dataset float32 [2, 3]", "/a b/c\td"}};
  const std::string text = to_text(list);
  CHECK(text == "0000000000000000\tgroup\t/a b\nffffffffffffffff\tdataset float32 [2, 3]\t/a b/c\td\n");
  const auto again = parse_checksums(text);
  REQUIRE(again.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK((again[i].digest == list[i].digest && again[i].form == list[i].form && again[i].path == list[i].path));
  }
  CHECK(parse_checksums("").empty());
  for (const char* wrong : {"\n", "x", "0000000000000000\tgroup\n", "0000000000000000\tgroup\t/a",
                            "000000000000000\tgroup\t/a\n", "000000000000000x\tgroup\t/a\n"}) {
    CHECK_THAT(error_of([&] { parse_checksums(wrong); }), Contains("line 1 of its checksums is none"));
  }
}

}  // namespace
}  // namespace heddle::detail
