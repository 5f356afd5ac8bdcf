#include "data/vectors/word_vectors.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <unordered_set>

#include "data/io/file.h"
#include "data/io/other_kind.h"
#include "data/io/utf8.h"
#include "framework/parallel.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little && sizeof(real) == 4, "rows are copied from binary files");

/// Text of the file as a message shows it: printable and short.
struct Shown {
  std::string_view text;
  friend std::ostream& operator<<(std::ostream& out, const Shown& shown) {
    return out << '\'' << visible_start(shown.text) << '\'';
  }
};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Takes the first line off `text`, and its end off the line.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Takes the last field off `line`, with the blanks behind it; those before it stay.
std::string_view take_last_field(std::string_view& line) {
  std::size_t end = line.size();
  while (end > 0 && is_blank(line[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && !is_blank(line[begin - 1])) --begin;
  const std::string_view field = line.substr(begin, end - begin);
  line = line.substr(0, begin);
  return field;
}

/// The number that a field is, perhaps not a finite one; nothing where it is none.
std::optional<real> number_of(std::string_view field) {
  const char* const end = field.data() + field.size();
  real value = 0;
  const auto [stop, error] = std::from_chars(field.data(), end, value);
  if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) {  // too small is not wrong: it is next to zero
    double wide = 0;
    const bool small = std::from_chars(field.data(), end, wide).ec == std::errc() && std::abs(wide) < 1;
    value = small ? static_cast<real>(wide) : std::numeric_limits<real>::infinity();
  }
  return value;
}

/// How many numbers end a line; its first field is a word, whatever it is.
index_t count_numbers(std::string_view line) {
  index_t count = 0;
  for (; number_of(take_last_field(line)) && !line.empty(); ++count) {
  }
  return count;
}

// --- text ---

/// Puts the numbers of a line into row[0, width) and returns its word.
std::string_view parse_line(std::string_view line, index_t width, real* row) {
  const std::string_view whole = line;
  for (index_t i = width; i-- > 0;) {
    const std::string_view field = take_last_field(line);
    ensure(!line.empty(), "wanted ", width, " numbers, found ", width - 1 - i);
    const std::optional<real> number = number_of(field);
    ensure(number && std::isfinite(*number), Shown{field}, " is not a finite number");
    row[i] = *number;
  }
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  ensure(!line.empty() && !is_blank(line.front()), "it begins with a blank, wanted a word");
  ensure(line.size() <= kLongestWord, "a word of ", line.size(), " bytes, wanted at most ", kLongestWord);
  if (std::any_of(line.begin(), line.end(), is_blank)) {
    std::string_view word = line;
    ensure(!number_of(take_last_field(word)), "wanted ", width, " numbers, found ", count_numbers(whole));
  }
  return line;
}

struct Header {
  index_t words, width;
};

/// A first line that is two whole numbers, however absurd.
std::optional<Header> header_of(std::string_view line) {
  const auto take_number = [&line]() -> std::optional<index_t> {
    const std::string_view field = take_last_field(line);
    const char* const end = field.data() + field.size();
    index_t value = 0;
    const auto [stop, error] = std::from_chars(field.data(), end, value);
    if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
    if (error == std::errc::result_out_of_range) value = std::numeric_limits<index_t>::max();
    return value;
  };
  const std::optional<index_t> width = take_number(), words = take_number();
  if (!width || !words || !std::all_of(line.begin(), line.end(), is_blank)) return std::nullopt;
  return Header{*words, *width};
}

/// Errors: a header that says more than `size` bytes can hold; so the numbers take at most twice their memory.
void check_header(const Header& header, std::size_t size) {
  ensure(header.words >= 1 && header.width >= 1, "the header says ", header.words, " words of ", header.width,
         " numbers, wanted 1 or more of each");
  const auto bytes = static_cast<index_t>(size) + 1;  // the last line may lack its end
  ensure(header.width <= bytes && header.words <= bytes / (2 * header.width + 2), "the header says ", header.words,
         " words of ", header.width, " numbers, but only ", size, " bytes follow; is the file cut off?");
}

using Words = std::vector<std::string>;

bool holds(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// A line of words' numbers, and its own number in the file.
struct Line {
  std::string_view text;
  index_t number;
};

/// The lines of a text by what can be made of them.
struct Lines {
  std::vector<Line> whole;               ///< those that are long enough for a word and its numbers
  std::optional<Line> first_short;       ///< the first of the others
  index_t shorter = 0;                   ///< how many those are
  index_t within = 0, whole_within = 0;  ///< the limit: all lines, and those of `whole`
};

/// The lines of `text`, at most `limit` (0: all), and of those that follow the ones that begin with a word of `asked`.
/// Those that are kept are long enough for a word and `width` numbers of a blank and a digit, so that the numbers take
/// at most twice the text's memory. `first` is the first one's number.
Lines split_lines(std::string_view text, index_t first, index_t width, index_t limit, const Words& asked) {
  Lines lines;
  const auto is_asked = [&](std::string_view line) {
    return std::any_of(asked.begin(), asked.end(), [&](const std::string& word) {
      return line.starts_with(word) && line.size() > word.size() && is_blank(line[word.size()]);
    });
  };
  for (index_t number = first; !text.empty(); ++number) {
    const bool within = limit == 0 || number - first < limit;
    if (!within && asked.empty()) break;
    const Line line{take_line(text), number};
    if (!within && !is_asked(line.text)) continue;
    lines.within += within ? 1 : 0;
    if (static_cast<index_t>(line.text.size()) / 2 < width) {
      ++lines.shorter;
      if (!lines.first_short) lines.first_short = line;
    } else {
      lines.whole_within += within ? 1 : 0;
      lines.whole.push_back(line);
    }
  }
  return lines;
}

/// What is wrong with a line that cannot be read.
std::string fault_of(const Line& line, index_t width) {
  try {
    std::vector<real> row(static_cast<std::size_t>(width));
    parse_line(line.text, width, row.data());
  } catch (const Error& e) {
    return concat_text("line ", line.number, ": ", e.what());
  }
  return {};
}

/// Keeps those rows of which `keep` is true and whose word did not stand before; counts the others of these. `within`
/// rows are not there to be asked for alone.
void keep_rows(WordVectors& all, const std::vector<char>& keep, index_t within) {
  const index_t width = all.vectors.size(1);
  std::unordered_set<std::string_view> seen;
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < all.words.size(); ++i) {
    if (!keep[i]) continue;
    const bool is_new = seen.insert(all.words[i]).second;
    if (is_new) rows.push_back(i);
    all.repeated += is_new ? 0 : 1;
    all.asked += is_new && static_cast<index_t>(i) >= within ? 1 : 0;
  }
  if (rows.size() == all.words.size()) return;
  Tensor vectors({std::ssize(rows), width});
  Words words;
  for (const std::size_t i : rows) {
    std::copy_n(all.vectors.data() + static_cast<index_t>(i) * width, width,
                vectors.mutable_data() + std::ssize(words) * width);
    words.push_back(all.words[i]);
  }
  all.words = std::move(words);
  all.vectors = std::move(vectors);
}

/// Lines of words; `header`, if there is one, stood before them.
WordVectors parse_lines(std::string_view text, const std::optional<Header>& header, index_t limit, const Words& asked) {
  text = text.substr(0, text.find_last_not_of(kWhiteSpace) + 1);
  ensure(header || !text.empty(), "it is empty");
  std::string_view rest = text;
  const index_t width = header ? header->width : count_numbers(take_line(rest)), first = header ? 2 : 1;
  ensure(width > 0, "line 1 is neither a word and its numbers nor a header; is this a file of word vectors?");
  const Lines lines = split_lines(text, first, width, limit, asked);
  if (header) {
    const index_t wanted = limit == 0 ? header->words : std::min(limit, header->words);
    ensure(lines.within == wanted, "the header says ", header->words, " words, but ", lines.within,
           lines.within < wanted ? " follow; is the file cut off?" : " or more follow; is the file damaged?");
  }

  const index_t count = std::ssize(lines.whole);
  WordVectors result{Words(lines.whole.size()), Tensor({count, width})};
  std::vector<char> good(lines.whole.size());
  parallel_for(count, row_grain(count, width), [&, to = result.vectors.mutable_data()](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) {
      const auto at = static_cast<std::size_t>(i);
      try {
        result.words[at] = parse_line(lines.whole[at].text, width, to + i * width);
        good[at] = true;
      } catch (const Error&) {  // told below, of the first
      }
    }
  });
  const auto bad = std::find(good.begin(), good.end(), char{false});
  result.unreadable = lines.shorter + std::count(bad, good.end(), char{false});
  if (result.unreadable > 0) {
    std::optional<Line> worst = lines.first_short;
    if (bad != good.end()) {
      const Line& line = lines.whole[static_cast<std::size_t>(bad - good.begin())];
      if (!worst || line.number < worst->number) worst = line;
    }
    result.first_unreadable = fault_of(*worst, width);
    ensure(2 * result.unreadable <= count + lines.shorter, result.first_unreadable);
  }
  for (index_t i = lines.whole_within; i < count; ++i) {  // "new york" where "new" is asked for
    const auto at = static_cast<std::size_t>(i);
    good[at] = good[at] && holds(asked, result.words[at]);
  }
  keep_rows(result, good, lines.whole_within);
  return result;
}

// --- binary ---

WordVectors parse_records(std::string_view bytes, const Header& header, index_t limit, const Words& asked) {
  const index_t within = limit == 0 ? header.words : std::min(limit, header.words);
  const auto row_bytes = static_cast<std::size_t>(header.width) * sizeof(real);
  const auto skip_line_end = [&bytes] { bytes.remove_prefix(bytes.starts_with('\n') ? 1 : 0); };
  Words words;
  std::vector<std::string_view> rows;
  index_t count = 0;
  for (; count < within || (count < header.words && !asked.empty()); ++count) {
    skip_line_end();
    ensure(!bytes.empty(), "the header says ", header.words, " words, but ", count, " follow; is the file cut off?");
    const std::size_t space = bytes.substr(0, kLongestWord + 1).find(' ');
    ensure(space != bytes.npos, "word ", count + 1, ": no space ends it within ",
           std::min(bytes.size(), kLongestWord + 1), " bytes; is the file damaged?");
    const std::string_view word = bytes.substr(0, space);
    ensure(!word.empty(), "word ", count + 1, " is empty; is the file damaged?");
    ensure(word.find_first_of(kWhiteSpace) == word.npos, "word ", count + 1, " (", Shown{word},
           ") holds white space; is the file damaged?");
    bytes.remove_prefix(space + 1);
    ensure(bytes.size() >= row_bytes, "word ", count + 1, " (", Shown{word}, "): the file ends within its ",
           header.width, " numbers; is it cut off?");
    if (count < within || holds(asked, word)) {
      words.emplace_back(word);
      rows.push_back(bytes.substr(0, row_bytes));
    }
    bytes.remove_prefix(row_bytes);
  }
  skip_line_end();
  ensure(count < header.words || bytes.empty(), "the header says ", header.words, " words, but ", bytes.size(),
         " bytes follow the last; is the file damaged?");
  WordVectors result{std::move(words), Tensor({std::ssize(rows), header.width})};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    real* const row = result.vectors.mutable_data() + static_cast<index_t>(i) * header.width;
    std::memcpy(row, rows[i].data(), row_bytes);
    ensure(std::all_of(row, row + header.width, [](real x) { return std::isfinite(x); }), "word ", i + 1, " (",
           Shown{result.words[i]}, ") has a number that is not finite");
  }
  keep_rows(result, std::vector<char>(rows.size(), true), within);
  return result;
}

// --- which of them ---

/// Whether text begins as `text` does: in UTF-8 without control characters, for longer than a word.
bool begins_printable(std::string_view text) {
  for (std::size_t at = 0; at < std::min(text.size(), 2 * kLongestWord);) {
    const CodePoint c = decode_utf8(text.substr(at));
    const bool control = c.value < ' ' && kWhiteSpace.find(static_cast<char>(c.value)) == kWhiteSpace.npos;
    if (c.length == 0 || control) return false;
    at += c.length;
  }
  return true;
}

/// Whether a line is one field and `width` numbers.
bool is_plain_line(std::string_view line, index_t width) {
  for (index_t i = 0; i < width; ++i) {
    if (!number_of(take_last_field(line))) return false;
  }
  return !take_last_field(line).empty() && line.empty();
}

/// Two signs of text. Where they disagree, words may hold spaces or not be UTF-8, the first line may be damaged, or the
/// bytes of floats look like text, as 0.7's do ("333?"): then it is binary if it fits to the byte as that and not as
/// text.
bool is_text(std::string_view after_header, const Header& header) {
  std::string_view rest = after_header;
  const bool plain = is_plain_line(take_line(rest), header.width);
  if (plain == begins_printable(after_header)) return plain;
  const auto fits = [&](const auto& parse) {
    try {
      return parse(after_header, header, 0, {}).unreadable == 0;
    } catch (const Error&) {
      return false;
    }
  };
  return !fits(parse_records) || (plain && fits(parse_lines));
}

}  // namespace

WordVectors parse_word_vectors(std::string_view bytes, index_t limit, const std::vector<std::string>& asked) {
  ensure(limit >= 0, "a limit of ", limit, " words, wanted 0 (all) or more");
  std::string_view rest = bytes;
  const std::optional<Header> header = header_of(take_line(rest));
  if (!header) return parse_lines(bytes, {}, limit, asked);
  check_header(*header, rest.size());
  return is_text(rest, *header) ? parse_lines(rest, header, limit, asked) : parse_records(rest, *header, limit, asked);
}

WordVectors read_word_vectors(const fs::path& path, index_t limit, const std::vector<std::string>& asked) {
  try {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    ensure(fs::exists(status), "it does not exist");
    ensure(fs::is_regular_file(status), "it is not a regular file");
    const FileBytes bytes = map_contents(path, "it");
    try {
      return parse_word_vectors(bytes.view(), limit, asked);
    } catch (const Error&) {  // only now, for a word may begin as other files do
      ensure(!bytes.view().starts_with("\xBA\x16\x4F\x2F"),
             "it is a fastText model; read the .vec file that lies beside it");
      const std::string kind = other_kind(bytes.view().substr(0, 4096), path.string());
      ensure(kind.empty(), "it ", kind);
      throw;
    }
  } catch (const Error& e) {
    throw Error(concat_text("word vectors: '", path.string(), "': ", e.what()));
  }
}

}  // namespace heddle
