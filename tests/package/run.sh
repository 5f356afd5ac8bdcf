#!/usr/bin/env bash
# run.sh BUILD: the library as its users meet it. Installs what BUILD holds, builds the project in this folder with it,
# and a program that includes every installed header; then the project once more with our sources as a part of it. Runs
# what that gives, and compares the README's copy of spirals.cpp.
set -euo pipefail
build=$(realpath "${1:?usage: run.sh BUILD}")
package=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
project=$(realpath "$package/../..")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$project; fi
export CMAKE_GENERATOR=Ninja
fail() {
  echo "$*" >&2
  exit 1
}

echo "== README.md shows spirals.cpp"
awk '/^```cpp/ { inside = 1; next } /^```/ { inside = 0 } inside' "$project/README.md" | diff - "$package/spirals.cpp"

echo "== installed"
cmake --install "$build" --prefix "$folder/prefix" >/dev/null
"$folder/prefix/bin/heddle" --version
{
  (cd "$folder/prefix/include/heddle" && find . -name '*.h' | sed 's|^\./\(.*\)|#include "\1"|' | sort)
  echo 'int main() { return heddle::Origin::version_text().empty(); }'
} >"$folder/everything.cpp"
cmake -S "$package" -B "$folder/installed" -DCMAKE_PREFIX_PATH="$folder/prefix" \
  -DCMAKE_CXX_FLAGS='-O1 -Wall -Wextra -Werror' -DEVERYTHING="$folder/everything.cpp" >/dev/null
cmake --build "$folder/installed"
for program in spirals spirals_double everything; do "$folder/installed/$program"; done

echo "== as a part of another project"
cmake -S "$package" -B "$folder/part" -DHEDDLE_SOURCES="$project" >/dev/null
grep -q '^CMAKE_BUILD_TYPE:STRING=$' "$folder/part/CMakeCache.txt" || fail "the build type of the other project has changed"
cmake --build "$folder/part" --target spirals
"$folder/part/spirals"
[[ ! -e $folder/part/heddle/heddle ]] || fail "the program was built, which nobody asked for"
