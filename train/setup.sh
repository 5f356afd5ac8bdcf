# shellcheck shell=bash
# Sourced by train/quickstart.sh and tests/run.sh: installs what is missing and builds.
# Wants the current folder to be the project's.

packages=(cmake ninja-build g++ pkg-config libtbb-dev libdnnl-dev libboost-dev libboost-program-options-dev
          libboost-serialization-dev libhdf5-dev hdf5-tools catch2 nlohmann-json3-dev libfmt-dev libutf8proc-dev
          libpcre2-dev libeigen3-dev zlib1g-dev libzstd-dev libpng-dev libturbojpeg0-dev libsndfile1-dev
          libsamplerate0-dev libfftw3-dev)

# Debian and its kin: installs the packages that are missing. Elsewhere: names them and stops.
install_packages() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "This system has no apt-get. Install what these Debian packages hold, then build with cmake and run" >&2
    echo "build/heddle by hand, as the end of this script does:" >&2
    echo "  ${packages[*]}" >&2
    exit 1
  fi
  local missing=() package
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  echo "installing ${missing[*]}"
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "as root, run: apt-get install ${missing[*]}" >&2
      exit 1
    fi
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build FOLDER TARGET [cmake options]
build() {
  local folder=$1 target=$2
  shift 2
  local options=("$@")
  [ -f "$folder/CMakeCache.txt" ] || options+=(-G Ninja)  # a folder that is there keeps its generator
  if command -v ccache >/dev/null; then
    export CCACHE_BASEDIR=$PWD  # another copy of the project finds what this one compiled
    options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  cmake -S . -B "$folder" "${options[@]}" >/dev/null
  cmake --build "$folder" --target "$target"
}
