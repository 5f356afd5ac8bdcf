#include "framework/system/map_file.h"

#include <sys/mman.h>
#include <unistd.h>

namespace heddle {

std::shared_ptr<const std::byte> map_file(int fd, std::uint64_t at, std::size_t count) {
  if (count == 0) return nullptr;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t begin = at / page * page, size = at - begin + count;
  void* const pages = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(begin));
  if (pages == MAP_FAILED) return nullptr;
  return {static_cast<const std::byte*>(pages) + (at - begin), [pages, size](const void*) { ::munmap(pages, size); }};
}

}  // namespace heddle
