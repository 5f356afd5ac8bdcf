#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace heddle {

class Hdf5IArchive;
class Hdf5OArchive;

/// Writes what `write` gives to a temporary file beside `target` (`target.tmp-<pid>`), flushes it to the disk, reads it
/// back and compares it with what was written, and only then renames it to `target`. The root's attributes
/// `heddle_kind` and `heddle_format` say what it is. What proves it whole lies in the group `checksums`: a line for
/// every name, type, shape and value that was written. So other programs may add to the file and take away again what
/// is theirs; what heddle wrote they may read, not change. Errors: the disk is full or fails, the folder is missing or
/// read-only; then the temporary is removed and a file that `target` named before is as it was. What `write` throws
/// comes through.
void save_file(const std::filesystem::path& target, const std::string& kind, int format_version,
               const std::function<void(Hdf5OArchive&)>& write);

/// What writes and reads these files: "HDF5 1.10.8".
std::string file_library();

/// Whether `path` is a file that begins as HDF5 does.
bool is_hdf5(const std::filesystem::path& path);

/// What kind of file `path` is, as save_file was told; of the rest it checks nothing. Errors: it is missing, not HDF5,
/// cut off, none of heddle's.
std::string file_kind(const std::filesystem::path& path);

/// Calls `read`. Each value is checked against what was saved before `read` gets it, and what `read` did not ask for is
/// checked after it; so all bytes are read once. Errors: the file is missing, not HDF5, cut off, of another kind, of
/// another format than `format_version`, damaged or changed anywhere, which is named. What `read` throws comes through.
void load_file(const std::filesystem::path& path, const std::string& kind, int format_version,
               const std::function<void(Hdf5IArchive&)>& read);

/// The paths of all that two files hold otherwise, or that one alone holds, in order; nothing: they are equal. All of both
/// is read and compared. Errors: as load_file.
std::vector<std::string> differing_values(const std::filesystem::path& one, const std::filesystem::path& other);

}  // namespace heddle
