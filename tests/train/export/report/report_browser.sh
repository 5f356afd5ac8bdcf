#!/usr/bin/env bash
# report_browser.sh HEDDLE PYTHON CHROMIUM CHROMEDRIVER: runs report_browser.py, or says what is missing for it and skips.
set -euo pipefail
for program in "${@:2}"; do
  if [[ $program == *NOTFOUND ]] || [[ ! -x $program ]]; then
    echo "skipped: no ${program%-NOTFOUND}; install chromium, chromium-driver and python3-selenium"
    exit 77
  fi
done
if ! "$2" -c 'import selenium' 2>/dev/null; then
  echo "skipped: $2 has no selenium; install python3-selenium"
  exit 77
fi
exec "$2" "$(dirname "${BASH_SOURCE[0]}")/report_browser.py" "$1" "$3" "$4"
