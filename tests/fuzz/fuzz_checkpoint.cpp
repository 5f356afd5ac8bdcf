#include <fcntl.h>

#include <charconv>
#include <cstring>
#include <map>
#include <vector>

#include "data/dataset.h"
#include "data/text/token_file.h"
#include "data/text/tokens.h"
#include "framework/archive/archive.h"
#include "framework/archive/digest.h"
#include "framework/archive/hdf5.h"
#include "framework/archive/writer.h"
#include "tests/fuzz/fuzz.h"
#include "train/run/checkpoint.h"

/// What must hold of the reader of archives, and of token files and the parts of checkpoints that do not depend on a
/// model. Checksums refuse almost any change, so two laws look behind them: they are made right again, or the file is
/// written of what the input says.
namespace heddle {
namespace {

using boost::serialization::make_nvp;
using detail::Item;
using detail::NumberType;
using fuzz::check;
using fuzz::unless_error;
using fuzz::write_input;

constexpr int kFormat = 5;  ///< of checkpoints and token files

struct Part {
  std::int32_t number = 0;
  std::string text;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(number) & BOOST_SERIALIZATION_NVP(text);
  }
};

/// A member of each kind that an archive reads, each where the file has one.
struct Everything {
  std::int64_t number = 0;
  float real_number = 0;
  bool flag = false;
  std::string text;
  std::vector<double> doubles;
  std::vector<std::string> words;
  Tensor tensor, tied, sized = Tensor::zeros({2, 3});
  IdTensor ids;
  MappedNumbers mapped;
  std::vector<Part> parts;

  void read(Hdf5IArchive& ar) {
    const auto get = [&](const char* name, auto& member) {
      if (ar.contains(name)) ar >> make_nvp(name, member);
    };
    get("number", number), get("real_number", real_number), get("flag", flag), get("text", text);
    get("doubles", doubles), get("words", words), get("tensor", tensor), get("tied", tied), get("sized", sized);
    get("ids", ids), get("mapped", mapped), get("parts", parts);
  }
  std::uint64_t bytes() const {
    std::uint64_t all = text.size() + doubles.size() * sizeof(float) + mapped.count * mapped.element_size;
    for (const std::string& word : words) all += word.size();
    for (const Tensor& t : {tensor, tied}) all = std::max(all, t.defined() ? t.span().size_bytes() / 2 : 0);
    return all;
  }
};

/// Reads a file as what it says it is. What it gives has come from it, so it is not larger.
void check_file(const std::string& path) {
  const std::uint64_t size = std::filesystem::file_size(path);
  check(is_hdf5(path) == (read_bytes(path).substr(0, 8) == "\x89HDF\r\n\x1a\n"),
        "HDF5 files are told by how they begin");
  const auto kind = unless_error([&] { return file_kind(path); });
  if (!kind) return;
  if (const auto text = unless_error([&] { return load_tokens(path); })) {
    check(text->tokens.count * text->tokens.element_size <= size, "tokens lie in their file");
    for (const std::int32_t id : Tokens(text->tokens).ids())
      check(id >= 0 && static_cast<std::size_t>(id) < text->tokenizer.pieces.size(), "tokens are of the vocabulary");
    unless_error([&] { return make_tokenizer(text->tokenizer)->encode("a text"); });
  }
  RunState state;
  DataState data;
  Origin origin;
  const auto loaded = unless_error([&] {
    load_file(path, "checkpoint", kFormat, [&](Hdf5IArchive& ar) {
      ar& make_nvp("origin", origin) & make_nvp("data", data) & make_nvp("state", state);
    });
    return true;
  });
  if (loaded) {
    check(History::from_csv(state.history.csv(), "csv").size() == state.history.size(), "a history has its rows");
    unless_error([&] { return make_tokenizer(data.tokenizer)->encode("a text"); });
    unless_error([&] { return data.spec().features.numel(); });
  }
  Everything all;
  const auto read = unless_error([&] {
    load_file(path, "test", 1, [&](Hdf5IArchive& ar) { all.read(ar); });
    return true;
  });
  if (read) check(all.bytes() <= size && all.parts.size() <= size, "values lie in their file");
}

/// Makes the checksums of HDF5's headers, and that of the list of checksums, right again.
void repair(std::string& file) {
  const auto seal = [&](std::size_t begin, std::size_t end) {
    if (begin >= end || end > file.size() || file.size() - end < 4) return;
    const std::uint32_t sum = detail::metadata_checksum(file.data() + begin, end - begin);
    std::memcpy(&file[end], &sum, 4);
  };
  const auto number = [&](std::size_t at, std::size_t width) {
    std::uint64_t value = 0;
    if (at <= file.size() && width <= file.size() - at) std::memcpy(&value, file.data() + at, width);
    return static_cast<std::size_t>(value);
  };
  const std::size_t list = file.find("\tgroup\t/"), all = file.find(std::string("all\0", 4));
  constexpr std::size_t kBeforeValue = 4 + 12 + 4;  // the attribute's name, type and shape
  if (list != file.npos && list >= 16 && all != file.npos && file.size() - all >= kBeforeValue + 8) {
    const std::size_t begin = file.rfind('\0', list) + 1, end = std::min(file.size() - 1, file.find('\0', list)) + 1;
    const std::uint64_t digest = detail::digest_of(file.data() + begin, end - begin);
    std::memcpy(&file[all + kBeforeValue], &digest, 8);
  }
  seal(0, 44);
  for (std::size_t at = file.find("OHDR\2"); at != file.npos; at = file.find("OHDR\2", at + 1)) {
    const std::size_t flags = number(at + 5, 1), width = std::size_t{1} << (flags & 3U);
    const std::size_t size_at = at + 6 + ((flags & 32U) != 0 ? 16 : 0) + ((flags & 16U) != 0 ? 4 : 0);
    std::size_t message = size_at + width, end = message + std::min(file.size(), number(size_at, width));
    const std::size_t head = (flags & 4U) != 0 ? 6 : 4;
    for (int piece = 0; piece < 8; ++piece) {  // a header goes on elsewhere, where its last message says so
      std::size_t next = 0, count = 0;
      for (; message + head <= std::min(end, file.size()); message += head + number(message + 1, 2)) {
        constexpr std::size_t kContinuation = 16;
        if (number(message, 1) != kContinuation) continue;
        next = number(message + head, 8);
        count = number(message + head + 8, 8);
      }
      seal(piece == 0 ? at : end, end);
      if (next == 0 || next > file.size() || count < 8 || count > file.size() - next) break;
      seal(next, next + count - 4);
      message = next + 4;
      end = next + count - 4;
    }
  }
}

/// What a line says of an item: "KIND TYPE SIZES NAME=VALUES" without the blanks before SIZES: "df2x3 weight=0.5,1".
class Writer {
 public:
  explicit Writer(detail::ArchiveWriter& file) : file_(file) {}

  void add(std::string_view line) {
    const std::size_t blank = line.find(' '), equals = std::min(line.size(), line.find('=', blank));
    if (blank == line.npos || blank == 0) return;
    const std::string path = '/' + std::string(line.substr(blank + 1, equals - blank - 1));
    const std::string parts = path + '/';
    if (path.size() < 2 || parts.find("//") != parts.npos || parts.find("/./") != parts.npos) return;
    const std::string_view form = line.substr(0, blank), values = line.substr(std::min(line.size(), equals + 1));
    if (form[0] == 'g') return file_.make_group(path);
    if (form[0] == 'l') return link(path, '/' + std::string(values));
    const auto kind = form[0] == 'a' ? Item::Kind::attribute : Item::Kind::dataset;
    const int type = form.size() < 2 ? 0 : static_cast<unsigned char>(form[1] - 'a') % (detail::kTextType + 1);
    const std::string_view sizes = form.substr(std::min<std::size_t>(form.size(), 2));
    Written made = type == detail::kTextType ? text(kind, sizes, values)
                                             : numbers(kind, static_cast<NumberType>(type), sizes, values);
    file_.put(path, made.item, made.bytes.data());
    if (kind == Item::Kind::dataset) written_[path] = std::move(made);
  }

 private:
  struct Written {
    Item item;
    std::string bytes;
  };

  static std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= text.size(); begin += parts.back().size() + 1)
      parts.push_back(text.substr(begin, text.find(separator, begin) - begin));
    return parts;
  }
  static std::vector<index_t> sizes_of(std::string_view text) {
    std::vector<index_t> sizes;
    index_t all = 1;
    for (const std::string_view part : split(text, 'x')) {
      constexpr index_t kMost = 4096;
      index_t size = 0;
      std::from_chars(part.data(), part.data() + part.size(), size);
      size = std::clamp<index_t>(size, 0, kMost / std::max<index_t>(1, all));
      all *= size;
      sizes.push_back(size);
    }
    sizes.resize(std::min<std::size_t>(sizes.size(), 10));
    return sizes;
  }

  static Written numbers(Item::Kind kind, NumberType type, std::string_view sizes, std::string_view values) {
    Written made{
        Item::of(kind, type, kind == Item::Kind::attribute || sizes.empty() ? std::vector<index_t>() : sizes_of(sizes)),
        {}};
    const std::vector<std::string_view> list = split(values, ',');
    for (std::size_t i = 0; made.bytes.size() < made.item.bytes; ++i) {
      const std::string_view text = list[i % list.size()];
      std::array<char, 8> bytes{};
      const auto put = [&](auto value) {
        std::from_chars(text.data(), text.data() + text.size(), value);
        std::memcpy(bytes.data(), &value, sizeof(value));
      };
      type == NumberType::f32 ? put(0.0F) : type == NumberType::f64 ? put(0.0) : put(std::int64_t{0});
      made.bytes.append(bytes.data(), made.item.element_size);
    }
    return made;
  }

  /// One text, or with sizes as many as there are commas between.
  static Written text(Item::Kind kind, std::string_view sizes, std::string_view values) {
    if (kind == Item::Kind::attribute || sizes.empty()) {
      const std::size_t size = values.size() + 1;
      return {{kind, detail::kTextType, size, {}, size}, std::string(values) + '\0'};
    }
    const std::vector<std::string_view> list = split(values, ',');
    std::size_t longest = 1;
    for (const std::string_view one : list) longest = std::max(longest, one.size());
    Written made{{kind, detail::kTextType, longest, {std::ssize(list)}, longest * list.size()}, {}};
    for (const std::string_view one : list) made.bytes.append(one).append(longest - one.size(), '\0');
    return made;
  }

  void link(const std::string& path, const std::string& first) {
    const auto known = written_.find(first);
    if (known != written_.end()) file_.link(path, first, known->second.item, known->second.bytes.data());
  }

  detail::ArchiveWriter& file_;
  std::map<std::string, Written> written_;
};

// --- one law each ---

void test_bytes(std::string_view bytes) { check_file(write_input("a.h5", bytes)); }

void test_repaired(std::string_view bytes) {
  std::string file(bytes);
  repair(file);
  check_file(write_input("a.h5", file));
}

/// The input is a line for each item of the file; see Writer.
void test_written(std::string_view lines) {
  const std::string path = write_input("a.h5", "");
  const auto written = unless_error([&] {
    const detail::Quiet quiet;
    Disk disk(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    detail::ArchiveWriter file(path, disk);
    Writer writer(file);
    for (std::string_view rest = lines; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      writer.add(line);
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
    return file.finish();
  });
  if (written) check_file(path);
}

void test_checksums(std::string_view text) {
  const auto list = unless_error([&] { return detail::parse_checksums(text); });
  if (!list) return;
  const auto again = detail::parse_checksums(detail::to_text(*list));
  const auto same = [](const detail::Checksum& a, const detail::Checksum& b) {
    return a.digest == b.digest && a.form == b.form && a.path == b.path;
  };
  check(std::equal(list->begin(), list->end(), again.begin(), again.end(), same), "checksums are read as written");
}

// clang-format off
constexpr std::array<void (*)(std::string_view), 4> kTests = {
    test_bytes,      // a
    test_repaired,   // b
    test_written,    // c
    test_checksums,  // d
};
// clang-format on

}  // namespace
}  // namespace heddle

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return heddle::fuzz::try_law(heddle::kTests, data, size);
}
