#!/usr/bin/env bash
# includes.sh ROOT: checks that the #include lines of the tree at ROOT keep to the layers and to the third parties' doors
# below, and that no source file outgrows 500 lines. Prints each breach as FILE:LINE and fails if there is one.
set -euo pipefail
cd "${1:?usage: includes.sh ROOT}"

# Each layer: its name, its files, and the layers it may include beside itself; patterns are extended regular expressions
# on paths from the root, and the first that fits a file decides.
layers=(
  'base      framework/(bf16|check|rng|hash|keys|profile)\. -'
  'parallel  framework/parallel\.                   base'
  'tensor    framework/(tensor|rows)\.              base|parallel'
  'gemm      framework/gemm\.                       base|parallel|tensor'
  'archive   framework/archive[a-z_]*\.             base|parallel|tensor'
  'autograd  framework/autograd\.                   base|parallel|tensor'
  'ops       framework/ops(\.h|/)                   base|parallel|tensor|gemm|autograd'
  'nn        framework/nn/                          base|parallel|tensor|gemm|autograd|ops'
  'optim     framework/optim\.                      base|parallel|tensor|gemm|autograd|ops|nn'
  'batch     data/batch\.h                          base|parallel|tensor'
  'data      data/                                  base|parallel|tensor|archive|batch'
  'models    models/                                base|parallel|tensor|gemm|autograd|ops|nn|optim|batch'
  'train     train/                                 base|parallel|tensor|gemm|archive|autograd|ops|nn|optim|batch|data|models'
  'tests     tests/                                 .*'
)
# Each third party: how its headers begin, and the one place that may include them.
doors=(
  '(oneapi/)?tbb/         framework/parallel\.cpp'
  '(oneapi/)?dnnl|omp\.h  framework/gemm\.cpp'
  'hdf5|H5                framework/archive\.cpp'
  'boost/program_options  train/config\.cpp'
  'utf8proc               data/utf8\.cpp'
  'Eigen/                 train/analysis/linear_algebra\.cpp'
)

breaches=0
breach() {
  echo "$1"
  breaches=$((breaches + 1))
}

# layer_of FILE: sets `layer` and `allowed`; fails where no layer holds the file.
layer_of() {
  local row files
  for row in "${layers[@]}"; do
    read -r layer files allowed <<< "$row"
    [[ $1 =~ ^$files ]] && return
  done
  return 1
}

# check_quoted FILE LINE HEADER: an include of our own.
check_quoted() {
  local from may
  layer_of "$1" || return 0  # said once, below
  from=$layer may=$allowed
  if [[ ! -f $3 ]] || ! layer_of "$3"; then
    breach "$1:$2: \"$3\" is no header of ours; write the path from the root, and <...> for others' headers"
  elif [[ $layer != "$from" && ! $layer =~ ^($may)$ ]]; then
    breach "$1:$2: $from may not include $layer (\"$3\")"
  fi
}

# check_angled FILE LINE HEADER: an include of the standard library or of a third party.
check_angled() {
  local row headers place
  for row in "${doors[@]}"; do
    read -r headers place <<< "$row"
    if [[ $3 =~ ^($headers) && ! $1 =~ ^$place$ ]]; then breach "$1:$2: <$3> belongs in ${place//\\/} alone"; fi
  done
  if [[ -f $3 ]]; then breach "$1:$2: <$3> is a header of ours; write it in quotes"; fi
}

mapfile -t sources < <(find framework models data train tests -type f \( -name '*.h' -o -name '*.cpp' \) | sort)
if ((${#sources[@]} == 0)); then
  echo "$PWD: no sources; is this the root of the project?"
  exit 1
fi

for file in "${sources[@]}"; do
  layer_of "$file" || breach "$file:1: stands in no layer; give it a row in tests/includes.sh"
  lines=$(wc -l < "$file")
  ((lines <= 500)) || breach "$file:$lines: longer than 500 lines; split it"
done

form='^([^:]+):([0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*(["<])([^">]+)[">]'
while read -r include; do
  if [[ ! $include =~ $form ]]; then
    breach "$include: neither \"...\" nor <...>"
  elif [[ ${BASH_REMATCH[3]} == '"' ]]; then
    check_quoted "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[4]}"
  else
    check_angled "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[4]}"
  fi
done < <(grep -nHE '^[[:space:]]*#[[:space:]]*include' "${sources[@]}")

echo "includes: ${#sources[@]} files, $breaches breaches"
((breaches == 0))
