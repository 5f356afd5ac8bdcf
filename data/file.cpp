#include "data/file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "framework/check.h"

namespace heddle {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  ensure(in.good(), "'", path.string(), "' cannot be opened (", std::strerror(errno), ")");
  std::string text, block(1 << 16, '\0');
  while (in.read(block.data(), std::ssize(block)), in.gcount() > 0)
    text.append(block, 0, static_cast<std::size_t>(in.gcount()));
  ensure(!in.bad(), "'", path.string(), "' cannot be read (", std::strerror(errno), ")");
  return text;
}

namespace {

/// Where a file's bytes go, and where they are written first.
struct Place {
  fs::path target, beside;
};

/// Links are followed, and what is no file, as a pipe or /dev/stdout, is written to as it is.
Place place_of(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_directory(status))  // renaming would find it out too, but after other files are renamed
    throw fs::filesystem_error("", std::make_error_code(std::errc::is_a_directory));
  if (fs::exists(status) && !fs::is_regular_file(status)) return {path, path};
  const fs::path target = fs::exists(status) ? fs::canonical(path) : path;
  return {target, target.string() + ".tmp-" + std::to_string(::getpid())};
}

}  // namespace

void write_files(const std::vector<NewFile>& files) {
  std::vector<Place> places;
  const auto clean_up = [&] {
    std::error_code ignored;
    for (const Place& place : places) {
      if (place.beside != place.target) fs::remove(place.beside, ignored);
    }
  };
  std::error_code error;
  fs::path at;
  try {
    for (const auto& [path, write] : files) {
      places.push_back(place_of(at = path));
      std::ofstream out;
      out.exceptions(std::ios::badbit | std::ios::failbit);
      out.open(places.back().beside, std::ios::binary);
      write(out);
      out.close();
    }
    for (const Place& place : places) {
      if (place.beside != place.target) fs::rename(place.beside, at = place.target);
    }
    return;
  } catch (const std::ios_base::failure&) {  // its own code is the same for all reasons
    error.assign(errno != 0 ? errno : EIO, std::generic_category());
  } catch (const fs::filesystem_error& e) {
    error = e.code();
  } catch (...) {
    clean_up();
    throw;
  }
  clean_up();
  throw Error(
      concat_text("cannot write '", at.string(), "': ", error.message(), "; choose a place that can be written to"));
}

void write_file(const fs::path& path, std::string_view text) {
  write_files({{path, [text](std::ostream& out) { out << text; }}});
}

}  // namespace heddle
