#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test.
#   tests/run.sh [FOLDER [cmake options]]     FOLDER is where to build: build
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source train/setup.sh

folder=${1:-build}
packages+=(chromium chromium-driver python3-selenium)  # the browser that tests the page of heddle report
packages+=(libopenmpi-dev openmpi-bin)  # processes that train together
install_packages
build "$folder" all "${@:2}"
ctest --test-dir "$folder" --output-on-failure -j "$(nproc)"
