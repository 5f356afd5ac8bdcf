#!/usr/bin/env bash
# From nothing to a small trained model and its text: installs what is missing, builds, trains, writes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source train/setup.sh

install_packages
build build heddle
build/heddle train configs/quickstart.cfg --run.overwrite=true
echo
echo "build/heddle generate runs/quickstart --prompt 'once there was a queen'"
build/heddle generate runs/quickstart --prompt 'once there was a queen' --tokens 100
echo
echo "build/heddle embed analogy runs/quickstart king - man + woman"
build/heddle embed analogy runs/quickstart king - man + woman --count 3
cat <<'END'

What to try next:
  build/heddle generate runs/quickstart --temperature 0.5 --seed 2
  build/heddle train configs/quickstart.cfg --run.name=mine --data.path=YOUR_TEXT.txt
  build/heddle resume runs/quickstart --train.steps=2000
  build/heddle embed evaluate runs/quickstart
  build/heddle train configs/kingdom_word2vec.cfg
  build/heddle config --help
END
