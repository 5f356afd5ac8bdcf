#include "framework/archive/reader.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <vector>

#include "framework/archive/digest.h"

namespace heddle::detail {

Error damage_error(const std::string& name, const std::string& what) {
  return Error(concat_text("'", name, "' is cut off or damaged: ", what, "; use another copy of it"));
}

const Item& ArchiveReader::find(const std::string& path, std::string_view wanted) const {
  const auto found = items.find(path);
  ensure(found != items.end(), "'", name, "' has no '", path.substr(1), "' (", wanted,
         "): it was written for another model or by another version; read it with the settings that wrote it");
  return found->second;
}

void ArchiveReader::refuse(const std::string& path, std::string_view wanted) const {
  throw Error(concat_text("'", name, "': '", path.substr(1), "' is ", find(path, wanted).describe(), ", wanted ",
                          wanted, "; read it with the settings that wrote it"));
}

void ArchiveReader::compare(const std::string& path, const Item& item, std::uint64_t digest) {
  if (digest != item.digest)
    throw damage_error(name, "'" + path + "' was changed (its values are not those that were saved)");
  checked.insert(path);
}

void ArchiveReader::read_blocks(const std::string& path, char* to, const Use& use) {
  const Item& item = find(path, "a value");
  if (item.kind == Item::Kind::attribute) {  // whose value was checked when it was found
    if (to != nullptr) std::copy(item.value.begin(), item.value.end(), to);
    return use(0, item.value.data(), item.value.size());
  }
  std::vector<std::uint64_t> sums((item.bytes + kDigestBlock - 1) / kDigestBlock);
  std::vector<std::vector<char>> scratch(static_cast<std::size_t>(threads()));
  std::atomic<int> failure = 0;
  parallel_for(static_cast<index_t>(sums.size()), 1, [&](index_t begin, index_t end) {
    std::vector<char>& own = scratch[static_cast<std::size_t>(thread_index())];
    if (to == nullptr) own.resize(std::min<std::uint64_t>(item.bytes, kDigestBlock));
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const std::uint64_t at = i * kDigestBlock;
      const std::size_t count = std::min<std::uint64_t>(kDigestBlock, item.bytes - at);
      char* const block = to == nullptr ? own.data() : to + at;
      if (!disk.read(item.offset + at, block, count)) failure = errno;
      Digest digest;
      digest.add(block, count);
      sums[i] = digest.value();
      use(at, block, count);
    }
  });
  ensure(failure == 0, "cannot read '", name, "': ", std::strerror(failure), "; try again, or use a copy of the file");
  const std::uint64_t digest = digest_of(sums);
  digests[{item.offset, item.bytes}] = digest;
  compare(path, item, digest);
}

void ArchiveReader::read(const std::string& path, void* to) {
  read_blocks(path, static_cast<char*>(to), [](std::uint64_t, const char*, std::size_t) {});
}

void ArchiveReader::read(const std::string& path, const Use& use) { read_blocks(path, nullptr, use); }

void ArchiveReader::check(const std::string& path) {
  if (checked.contains(path)) return;
  const Item& item = find(path, "a value");
  const auto known = digests.find({item.offset, item.bytes});
  if (known != digests.end()) return compare(path, item, known->second);
  read(path, [](std::uint64_t, const char*, std::size_t) {});
}

void ArchiveReader::check_rest() {
  for (const auto& [path, item] : items) {
    if (item.kind == Item::Kind::dataset) check(path);
  }
}

}  // namespace heddle::detail
