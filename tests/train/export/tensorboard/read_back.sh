#!/usr/bin/env bash
# read_back.sh HEDDLE PYTHON: runs read_back.py, or says what is missing for it and skips.
set -euo pipefail
if [[ ! -x $2 ]] || ! "$2" -c 'import tensorboard' 2>/dev/null; then
  echo "skipped: ${2%-NOTFOUND} has no tensorboard; have it in a virtual environment (pip install tensorboard), and"
  echo "configure with -DHEDDLE_TENSORBOARD_PYTHON=FOLDER/bin/python"
  exit 77
fi
exec "$2" "$(dirname "${BASH_SOURCE[0]}")/read_back.py" "$1"
