#include "data/io/other_kind.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "framework/check.h"

namespace heddle {
namespace {

using namespace std::string_view_literals;

/// A kind of file: its first bytes, those at another place where they alone may be text, and what to tell. "@" stands
/// for the path.
struct Kind {
  std::string_view begin;
  std::size_t at;
  std::string_view there;
  std::string_view is, advice;
};

// The special ones of zip stand before it.
constexpr Kind kKinds[] = {
    {"BZh", 4, "\x31\x41\x59\x26\x53\x59"sv, "is compressed with bzip2", "; unpack it first: bunzip2 -k @"},
    {"BZh", 4, "\x17\x72\x45\x38\x50\x90"sv, "is compressed with bzip2", "; unpack it first: bunzip2 -k @"},
    {"\xFD\x37zXZ\0"sv, 0, "", "is compressed with xz", "; unpack it first: unxz -k @"},
    {"\x04\x22\x4D\x18"sv, 0, "", "is compressed with lz4", "; unpack it first: lz4 -d @"},
    {"PK\x03\x04", 30, "mimetypeapplication/epub", "is a book (EPUB)", "; convert it: pandoc -t plain @ -o @.txt"},
    {"PK\x03\x04", 30, "mimetypeapplication/vnd.oasis", "is an OpenDocument file",
     "; convert it: pandoc -t plain @ -o @.txt"},
    {"PK\x03\x04", 30, "[Content_Types].xml", "is a Word document or its kin",
     "; convert it: pandoc -t plain @ -o @.txt"},
    {"PK\x03\x04", 0, "", "is a zip archive", "; unpack it first: unzip @ -d @.d"},
    {"PK\x05\x06", 0, "", "is an empty zip archive", "; choose another file"},
    {"7z\xBC\xAF\x27\x1C", 0, "", "is a 7z archive", "; unpack it first: 7z x @"},
    {"Rar!\x1A\x07", 0, "", "is a RAR archive", "; unpack it first: unrar x @"},
    {"", 257, "ustar", "is a tar archive", "; unpack it first: tar xf @"},
    {"%PDF-", 0, "", "is a PDF", "; convert it: pdftotext @ @.txt"},
    {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 0, "", "is an old Office document",
     "; convert it: soffice --headless --convert-to txt:Text @"},
    {"PAR1\x15", 0, "", "is a Parquet table",
     "; write its column of text (here: text) out: python3 -c 'import pandas, sys; "
     "print(*pandas.read_parquet(sys.argv[1])[\"text\"], sep=\"\\n\")' @ > @.txt"},
    {"ARROW1\0\0"sv, 0, "", "is an Arrow table",
     "; write its column of text (here: text) out: python3 -c 'import pandas, sys; "
     "print(*pandas.read_feather(sys.argv[1])[\"text\"], sep=\"\\n\")' @ > @.txt"},
    {"\x89HDF\r\n\x1A\n", 0, "", "is an HDF5 file", "; see what it holds: h5ls -r @"},
    {"\x89PNG\r\n\x1A\n", 0, "", "is an image (PNG)", "; read the words in it: tesseract @ @"},
    {"\xFF\xD8\xFF", 0, "", "is an image (JPEG)", "; read the words in it: tesseract @ @"},
    {"GIF8", 4, "7a", "is an image (GIF)", "; read the words in it: tesseract @ @"},
    {"GIF8", 4, "9a", "is an image (GIF)", "; read the words in it: tesseract @ @"},
    {"RIFF", 8, "WEBP", "is an image (WebP)", "; read the words in it: tesseract @ @"},
    {"II*\0"sv, 0, "", "is an image (TIFF)", "; read the words in it: tesseract @ @"},
    {"MM\0*"sv, 0, "", "is an image (TIFF)", "; read the words in it: tesseract @ @"},
};

/// The unit of `size` bytes at `at`.
std::uint32_t unit(std::string_view bytes, std::size_t at, std::size_t size, std::endian order) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t place = order == std::endian::big ? i : size - 1 - i;
    value = value << 8U | static_cast<unsigned char>(bytes[at + place]);
  }
  return value;
}

/// Whether the bytes are text in units of 2 or 4 of them: at least two, of which none is a control character or stands
/// for nothing (a pair of surrogates may be cut off at the end). Other text passes for such in units of 2 where it
/// holds a zero; but then its high bytes are letters, not one in eight zero and most of the others one script's.
bool is_wide_text(std::string_view bytes, std::size_t size, std::endian order) {
  constexpr std::uint32_t kPlanes = 4;  // of 65536 code points each: the others hold no characters that are read
  std::size_t count = 0;
  std::array<std::size_t, kPlanes << 8U> blocks{};  // of 256 code points each
  bool high = false;                                // the unit before is the first of a pair
  for (std::size_t at = 0; at + size <= bytes.size(); at += size, ++count) {
    const std::uint32_t value = unit(bytes, at, size, order);
    const bool control = (value < ' ' && (value < '\t' || value > '\r')) || (value >= 0x7F && value < 0xA0);
    const bool surrogate = value >= 0xD800 && value < 0xE000, low = value >= 0xDC00 && surrogate;
    if (control || value >= kPlanes << 16U || (value & 0xFFFEU) == 0xFFFEU) return false;
    if (size == 4 ? surrogate : low != high) return false;
    high = surrogate && !low;
    ++blocks[value >> 8U];
  }
  const std::size_t latin = blocks[0], script = *std::max_element(blocks.begin() + 1, blocks.end());
  return count >= 2 && (size == 4 || (latin * 8 >= count && (latin + script) * 4 >= count * 3));
}

/// The name that iconv knows it by.
std::optional<std::string_view> wide_encoding(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE\0\0"sv) || bytes.starts_with("\0\0\xFE\xFF"sv)) return "UTF-32";
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) return "UTF-16";
  if (is_wide_text(bytes, 4, std::endian::little)) return "UTF-32LE";
  if (is_wide_text(bytes, 4, std::endian::big)) return "UTF-32BE";
  if (is_wide_text(bytes, 2, std::endian::little)) return "UTF-16LE";
  if (is_wide_text(bytes, 2, std::endian::big)) return "UTF-16BE";
  return std::nullopt;
}

}  // namespace

std::string shell_quoted(const std::string& path) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=:,./";
  if (!path.empty() && path.find_first_not_of(kPlain) == path.npos) return path;
  std::string quoted = "'";
  for (const char c : path) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string other_kind(std::string_view first, const std::string& path) {
  const std::string file = shell_quoted(path);
  for (const Kind& kind : kKinds) {
    if (!first.starts_with(kind.begin) || !first.substr(std::min(kind.at, first.size())).starts_with(kind.there))
      continue;
    std::string text = concat_text(kind.is, kind.advice);
    for (std::size_t at = text.find('@'); at != text.npos; at = text.find('@', at + file.size()))
      text.replace(at, 1, file);
    return text;
  }
  if (const auto encoding = wide_encoding(first))
    return concat_text("is ", *encoding, "; convert it: iconv -f ", *encoding, " -t UTF-8 ", file, " > ", file,
                       ".utf8");
  return {};
}

}  // namespace heddle
