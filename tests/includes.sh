#!/usr/bin/env bash
# Reads the #include lines and fails where a part knows what it may not, or a library is used beside its one door.
#   tests/includes.sh ROOT
set -euo pipefail
cd "$1"
status=0

# forbid REGEX REASON FILES...: no line of the files may match.
forbid() {
  local regex=$1 reason=$2
  shift 2
  [ $# -gt 0 ] || return 0
  if grep -nE "$regex" "$@" /dev/null; then
    echo "  ^ $reason" >&2
    status=1
  fi
}

mapfile -t all < <(find framework models data train tests -name '*.h' -o -name '*.cpp' | sort)
of() { printf '%s\n' "${all[@]}" | grep -E "$1" || true; }
but() { printf '%s\n' "${all[@]}" | grep -vE "$1" || true; }

# shellcheck disable=SC2046  # names of files hold no spaces
{
  forbid '^#include "(models|data|train|tests)/' 'framework knows only itself' $(of '^framework/')
  forbid '^#include "framework/(autograd|ops|nn/|optim|archive)' 'the engine'\''s ground floor knows nothing above it' \
    $(of '^framework/(check|hash|keys|rng|parallel|gemm|tensor)\.')
  forbid '^#include "framework/(nn/|optim|archive)' 'ops know no modules' $(of '^framework/(autograd|ops)')
  forbid '^#include "(train|tests)/' 'models know framework and data/batch.h' $(of '^models/')
  forbid '^#include "data/([^b]|b[^a]|bat[^c])' 'models know nothing of data but data/batch.h' $(of '^models/')
  forbid '^#include "(models|train|tests)/' 'data knows the tensors alone' $(of '^data/')
  forbid '^#include "framework/(autograd|ops|nn/|optim|archive|gemm)' 'data knows the tensors alone' $(of '^data/')
  forbid '^#include "tests/' 'the program knows no tests' $(of '^train/')
  forbid '^#include <(oneapi/)?tbb' 'oneTBB is used in framework/parallel.cpp alone' $(but '^framework/parallel\.cpp')
  forbid '^#include <(dnnl|omp|oneapi/dnnl)' 'oneDNN is used in framework/gemm.cpp alone' $(but '^framework/gemm\.cpp')
  forbid '^#include <(hdf5|H5)' 'HDF5 is used in framework/archive.cpp alone' $(but '^framework/archive\.cpp')
  forbid '^#include <boost/program_options' 'program_options is used in train/config.cpp alone' $(but '^train/config\.cpp')
  forbid '^#include <utf8proc' 'utf8proc is used in data/utf8.cpp alone' $(but '^data/utf8\.cpp')
  forbid '^#include "[^"/]+"' 'includes are written from the root' "${all[@]}"
}

for file in "${all[@]}"; do
  lines=$(wc -l < "$file")
  if [ "$lines" -gt 500 ]; then
    echo "$file: $lines lines; split it before 500" >&2
    status=1
  fi
done
exit $status
