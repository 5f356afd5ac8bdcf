#!/usr/bin/env bash
# includes.sh ROOT: checks that the #include lines of the tree at ROOT keep to the layers and to the third parties' doors
# below, that no layers form a loop, and that neither a source file nor a folder grows too long. Prints each breach as
# FILE:LINE and fails if there is one.
set -euo pipefail
cd "${1:?usage: includes.sh ROOT}"

# Each layer: its name, its files, and the layers it may include beside itself; patterns are extended regular expressions
# on paths from the root, and the first that fits a file decides.
layers=(
  'base      framework/((bf16|check|clock|format|rng|hash|keys|names|profile)\.|system/)  -'
  'parallel  framework/parallel\.       base'
  'tensor    framework/(tensor|rows)\.  base|parallel'
  'gemm      framework/gemm(_plain|_tiling)?\. base|parallel|tensor'
  'autograd  framework/autograd\.       base|parallel|tensor'
  'testing   framework/testing/         base|parallel|tensor|autograd'
  'ops       framework/ops(\.h|/)       base|parallel|tensor|gemm|autograd'
  'nn        framework/nn/              base|parallel|tensor|gemm|autograd|ops'
  'optim     framework/optim\.          base|parallel|tensor|gemm|autograd|ops|nn'
  'archive   framework/archive/         base|parallel|tensor'
  'io        data/io/                   base'
  'batch     data/batch\.h              base|parallel|tensor'
  'tokenizer data/tokenizer/            base|parallel|tensor|io'
  'dataset   data/(dataset|split|sampler|classes)\.  base|parallel|tensor|archive|io|batch|tokenizer'
  'text      data/text/                 base|parallel|tensor|archive|io|batch|tokenizer|dataset'
  'images    data/images/               base|parallel|tensor|io|batch|dataset'
  'sound     data/sound/                base|parallel|tensor|io|batch|dataset'
  'table     data/table/                base|parallel|tensor|io|batch|dataset'
  'labels    data/labels/               base|parallel|tensor|io|batch|tokenizer|dataset'
  'pairs     data/pairs/               base|parallel|tensor|io|batch|tokenizer|dataset'
  'repeats   data/repeats/              base|parallel|tensor|io|batch|tokenizer|dataset'
  'vectors   data/vectors/              base|parallel|tensor|io|tokenizer'
  'kinds     data/kinds\.               base|dataset|text|images|sound|table|labels|repeats|pairs'
  'model     models/(model|capabilities)\.  base|parallel|tensor|nn|batch'
  'word2vec  models/word2vec/           base|parallel|tensor|nn|ops|batch|model'
  'models    models/                    base|parallel|tensor|gemm|autograd|ops|nn|optim|batch|model|word2vec'
  'picture   train/analysis/picture/    base|io'
  'geometry  train/analysis/geometry/   base|parallel|tensor|autograd|ops|optim|io|picture'
  'space     train/analysis/space/      base|parallel|tensor|autograd|ops|geometry'
  'translation train/analysis/translation/ base|parallel|io'
  'predict   train/analysis/predict/    base|parallel|tensor|autograd|ops|nn|batch|dataset|tokenizer|model'
  'attention train/analysis/attention/  base|parallel|tensor|autograd|ops|nn|batch|dataset|tokenizer|model'
  'circuits  train/analysis/circuits/   base|parallel|tensor|autograd|ops|nn|geometry|attention'
  'words     train/analysis/words/      base|parallel|tensor|gemm|autograd|nn|io|tokenizer|text|vectors|model|geometry'
  'seeds     train/analysis/seeds/      -'
  'report    train/export/report/       base|io'
  'decode    train/decode/              base|parallel|tensor|autograd|ops|gemm|nn|tokenizer|model'
  'metric    train/metric\.h            base'
  'learners  train/learners/            base|parallel|tensor|gemm|autograd|nn|optim|archive|batch|dataset|model|word2vec|metric'
  'tasks     train/tasks/               base|parallel|tensor|autograd|ops|nn|batch|dataset|kinds|tokenizer|io|text|pairs|labels|model|models|word2vec|decode|words|translation|learners|metric'
  'log       train/log/                 base|io|metric'
  'tensorboard train/export/tensorboard/ base|io|metric|log'
  'config    train/config/              base|io'
  'run       train/run/                 config|base|parallel|tensor|gemm|autograd|nn|optim|archive|io|batch|dataset|kinds|tokenizer|text|model|models|metric|learners|tasks|log|tensorboard'
  'doctor    train/commands/doctor/     config|base|parallel|tensor|autograd|batch|tokenizer|dataset|model|geometry|picture|metric|learners|tasks|log|run|commands|bench'
  'commands  train/commands/            config|base|parallel|tensor|gemm|autograd|nn|io|batch|tokenizer|dataset|text|pairs|images|vectors|model|models|geometry|picture|seeds|space|predict|attention|circuits|words|report|decode|metric|tasks|log|tensorboard|run'
  'bench     train/bench/               learners|config|base|parallel|tensor|gemm|autograd|nn|io|batch|dataset|tokenizer|text|vectors|model|models|geometry|picture|words|decode|tasks|log|run|commands'
  'main      train/(main|startup)\.cpp  base|config|run|commands|doctor|bench'
  'tests     tests/                     .*'
)
# Each third party: how its headers begin, and the one place that may include them.
doors=(
  '(oneapi/)?tbb/         framework/parallel\.cpp'
  '(oneapi/)?dnnl|omp\.h  framework/gemm\.cpp'
  'hdf5|H5                framework/archive/hdf5\.h'
  'boost/program_options  train/config/config\.cpp'
  'utf8proc               data/io/utf8\.cpp'
  'pcre2                  data/tokenizer/split/expression\.cpp'
  'z(lib|std|std_errors)\.h (data/io/input_file\.cpp|tests/packed\.h)'
  'png\.h                 data/images/png\.cpp'
  '(turbojpeg|jpeglib)\.h data/images/jpeg\.cpp'
  'sndfile                (data/sound/sound_file\.cpp|tests/data/sound/sounds\.h)'
  'samplerate             data/sound/resample\.cpp'
  'fftw3                  data/sound/log_mel\.cpp'
  'catch2/                tests/.*'
  'boost/math             train/analysis/seeds/seeds\.cpp'
  'mpi\.h                 framework/system/ranks\.cpp'
  'Eigen/                 train/analysis/geometry/linear_algebra\.cpp'
)
most_lines=400 most_files=25

breaches=0
edges=  # of layers: "from to" a line
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
  elif [[ $layer != "$from" ]]; then
    edges+="$from $layer"$'\n'
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
  ((lines <= most_lines)) || breach "$file:$lines: longer than $most_lines lines; split it"
done

while read -r count folder; do
  ((count <= most_files)) || breach "$folder: $count sources, at most $most_files a folder; divide it"
done < <(printf '%s\n' "${sources[@]%/*}" | sort | uniq -c)

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

# A header means the same whatever processor it is compiled for (see CMakeLists.txt).
while read -r line; do
  breach "${line%%:*}:$(cut -d: -f2 <<< "$line"): depends on the processor; keep it in a source file"
done < <(grep -nE 'alignas|intrin\.h|vector_size|__(AVX|SSE|FMA|BMI|F16C)' "${sources[@]}" | grep -E '^[^:]*\.h:' || true)

# No two layers know each other, neither directly nor through others.
loop=$(sort -u <<< "$edges" | tsort 2>&1 >/dev/null) || breach "a loop of layers: ${loop//$'\n'/ }"

echo "includes: ${#sources[@]} files, $breaches breaches"
((breaches == 0))
