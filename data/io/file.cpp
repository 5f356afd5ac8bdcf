#include "data/io/file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "data/io/scratch.h"
#include "framework/check.h"
#include "framework/system/beside.h"

namespace heddle {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path, Contents wanted, const std::string& name) {
  constexpr std::size_t kBlock = 1 << 16, kMost = 1 << 30;
  InputFile in(path, wanted, name);
  std::string text;
  while (in.read(text, kBlock) > 0)
    ensure(text.size() <= kMost, in.name(), " holds more than 1 GiB, too much for a file of its kind; is it the one?");
  return text;
}

FileBytes map_contents(const fs::path& path, const std::string& name) {
  InputFile in(path, Contents::bytes, name);
  if (const auto size = in.size()) return {in.map(), *size};
  Scratch unpacked(fs::temp_directory_path(), in.name());
  std::string block;
  for (; in.read(block, 1 << 20) > 0; block.clear()) unpacked.write(block.data(), block.size());
  return {unpacked.map(), unpacked.size()};
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
  return {target, heddle::beside(target)};
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
      if (place.beside == place.target) continue;
      remove_leftovers(place.target);
      fs::rename(place.beside, at = place.target);
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
